import { ByteWriter } from "./ByteWriter.ts"
import {
  lane as laneInstructions,
  type LaneAccess,
  memory as memoryInstructions,
  type MemoryAccess,
  memoryLane as memoryLaneInstructions,
  type MemoryLaneAccess,
  type Plain,
  plain,
  special,
  type ValueType,
  valueTypes
} from "./instructions.ts"

export interface Signature {
  readonly parameters: ReadonlyArray<ValueType>
  readonly results: ReadonlyArray<ValueType>
}

/** Where a branch leads: the end of a `block` or an `if`, the head of a `loop`. */
export type Label = number & { readonly Label: unique symbol }

/** A local variable: its index in the function. Parameters are the first ones. */
export type Local = number

/**
 * The body of a function: each method appends one instruction to its bytes. Operands are on the stack, so they are appended
 * before the instruction that uses them. Types are not checked here: tests validate modules with WABT.
 */
export class Code {
  readonly signature: Signature
  private readonly body = new ByteWriter()
  private readonly types: Array<ValueType>
  private readonly names: Array<string | undefined>
  private readonly free = new Map<ValueType, Array<Local>>()
  private depth = 0

  constructor(signature: Signature) {
    this.signature = signature
    this.types = [...signature.parameters]
    this.names = signature.parameters.map(() => undefined)
  }

  private opcode(code: number): void {
    if (code < 0x100) this.body.byte(code)
    else {
      this.body.byte(code >>> 16)
      this.body.unsigned(code & 0xffff)
    }
  }

  /** An instruction without immediates, such as `"f64.add"`. */
  op(name: Plain): void {
    this.opcode(plain[name])
  }

  // Constants

  i32Const(value: number): void {
    this.opcode(special["i32.const"])
    this.body.signed(value)
  }
  i64Const(value: bigint): void {
    this.opcode(special["i64.const"])
    this.body.signed64(value)
  }
  f32Const(value: number): void {
    this.opcode(special["f32.const"])
    this.body.float32(value)
  }
  f64Const(value: number): void {
    this.opcode(special["f64.const"])
    this.body.float64(value)
  }
  /** The sixteen bytes of a vector, lane 0 first, each lane little-endian. */
  v128Const(bytes: ArrayLike<number>): void {
    this.opcode(special["v128.const"])
    this.body.raw(bytes)
  }

  // Memory

  /** A load or store. `alignment` in bytes is a hint (a power of two up to the width, which is the default). */
  memory(name: MemoryAccess, offset = 0, alignment: number = memoryInstructions[name].width): void {
    this.opcode(memoryInstructions[name].code)
    this.body.unsigned(31 - Math.clz32(alignment))
    this.body.unsigned(offset)
  }
  memoryLane(
    name: MemoryLaneAccess,
    lane: number,
    offset = 0,
    alignment: number = memoryLaneInstructions[name].width
  ): void {
    this.opcode(memoryLaneInstructions[name].code)
    this.body.unsigned(31 - Math.clz32(alignment))
    this.body.unsigned(offset)
    this.body.byte(lane)
  }
  memorySize(): void {
    this.opcode(special["memory.size"])
    this.body.byte(0)
  }
  memoryGrow(): void {
    this.opcode(special["memory.grow"])
    this.body.byte(0)
  }
  /** Takes destination, source and count of bytes. */
  memoryCopy(): void {
    this.opcode(special["memory.copy"])
    this.body.byte(0)
    this.body.byte(0)
  }
  /** Takes destination, byte and count of bytes. */
  memoryFill(): void {
    this.opcode(special["memory.fill"])
    this.body.byte(0)
  }

  // Lanes

  /** `extract_lane` and `replace_lane`. */
  lane(name: LaneAccess, lane: number): void {
    this.opcode(laneInstructions[name])
    this.body.byte(lane)
  }
  /** `i8x16.shuffle`: for each byte of the result its place among the 32 of both operands. */
  shuffle(lanes: ArrayLike<number>): void {
    this.opcode(special["i8x16.shuffle"])
    this.body.raw(lanes)
  }

  // Variables

  /** A variable, zero at the start of the function (or what a released one held before). */
  local(type: ValueType, name?: string): Local {
    const released = this.free.get(type)?.pop()
    if (released !== undefined) {
      this.names[released] = undefined
      return released
    }
    this.names.push(name)
    return this.types.push(type) - 1
  }
  /** Allows `local` to hand out a variable again. */
  release(local: Local): void {
    const type = this.types[local]!
    const list = this.free.get(type)
    if (list === undefined) this.free.set(type, [local])
    else list.push(local)
  }
  typeOf(local: Local): ValueType {
    return this.types[local]!
  }
  nameOf(local: Local): string | undefined {
    return this.names[local]
  }
  get(local: Local): void {
    this.opcode(special["local.get"])
    this.body.unsigned(local)
  }
  set(local: Local): void {
    this.opcode(special["local.set"])
    this.body.unsigned(local)
  }
  tee(local: Local): void {
    this.opcode(special["local.tee"])
    this.body.unsigned(local)
  }
  globalGet(index: number): void {
    this.opcode(special["global.get"])
    this.body.unsigned(index)
  }
  globalSet(index: number): void {
    this.opcode(special["global.set"])
    this.body.unsigned(index)
  }

  // Control

  private open(code: number, result: ValueType | undefined): Label {
    this.opcode(code)
    this.body.byte(result === undefined ? 0x40 : valueTypes[result])
    return this.depth++ as Label
  }
  private close(): void {
    this.depth--
    this.opcode(special["end"])
  }
  /** A branch to its label goes to its end. */
  block(body: (label: Label) => void, result?: ValueType): void {
    body(this.open(special["block"], result))
    this.close()
  }
  /** A branch to its label starts the next turn; without one the loop is left at its end. */
  loop(body: (label: Label) => void, result?: ValueType): void {
    body(this.open(special["loop"], result))
    this.close()
  }
  /** Takes the condition (i32) from the stack. */
  if(whenTrue: (label: Label) => void, whenFalse?: (label: Label) => void, result?: ValueType): void {
    const label = this.open(special["if"], result)
    whenTrue(label)
    if (whenFalse !== undefined) {
      this.opcode(special["else"])
      whenFalse(label)
    }
    this.close()
  }
  br(label: Label): void {
    this.opcode(special["br"])
    this.body.unsigned(this.depth - 1 - label)
  }
  /** Takes the condition (i32) from the stack. */
  brIf(label: Label): void {
    this.opcode(special["br_if"])
    this.body.unsigned(this.depth - 1 - label)
  }
  /** Takes an index (i32) from the stack: the label of that place, the last one for every other index. */
  brTable(labels: ReadonlyArray<Label>, otherwise: Label): void {
    this.opcode(special["br_table"])
    this.body.unsigned(labels.length)
    for (const label of labels) this.body.unsigned(this.depth - 1 - label)
    this.body.unsigned(this.depth - 1 - otherwise)
  }
  call(functionIndex: number): void {
    this.opcode(special["call"])
    this.body.unsigned(functionIndex)
  }

  /** The number of bytes so far. */
  get size(): number {
    return this.body.length
  }
  get localCount(): number {
    return this.types.length
  }

  /** The instructions, with the final `end`. */
  instructions(): Uint8Array<ArrayBuffer> {
    const end = special["end"]
    const copy = new Uint8Array(this.body.length + 1)
    copy.set(this.body.written())
    copy[this.body.length] = end
    return copy
  }

  /** The variables in runs of one type. */
  locals(): ReadonlyArray<readonly [count: number, type: ValueType]> {
    const runs: Array<[number, ValueType]> = []
    for (let i = this.signature.parameters.length; i < this.types.length; i++) {
      const last = runs.at(-1)
      if (last !== undefined && last[1] === this.types[i]) last[0]++
      else runs.push([1, this.types[i]!])
    }
    return runs
  }
}
