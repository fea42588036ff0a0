import type { Module } from "./Module.ts"
import { lane, memory, memoryLane, plain, special, valueTypes } from "./instructions.ts"

type Reader = { readonly bytes: Uint8Array; readonly view: DataView; at: number }

const unsigned = (reader: Reader): number => {
  let value = 0
  for (let shift = 0; ; shift += 7) {
    const byte = reader.bytes[reader.at++]!
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return value >>> 0
  }
}

const signed = (reader: Reader): bigint => {
  let value = 0n
  for (let shift = 0n; ;) {
    const byte = reader.bytes[reader.at++]!
    value |= BigInt(byte & 0x7f) << shift
    shift += 7n
    if (byte < 0x80) return byte & 0x40 ? value - (1n << shift) : value
  }
}

const float = (value: number): string =>
  Number.isNaN(value)
    ? "nan"
    : Object.is(value, -0)
      ? "-0"
      : Number.isFinite(value)
        ? String(value)
        : value > 0
          ? "inf"
          : "-inf"

/** A vector constant as the lanes that say most: a splat of one double, two doubles, or four integers. */
const vector = (reader: Reader): string => {
  const at = reader.at
  const f64 = [0, 8].map((k) => reader.view.getFloat64(at + k, true))
  const i32 = [0, 4, 8, 12].map((k) => reader.view.getUint32(at + k, true))
  const readable = f64.every((x) => x === 0 || (Math.abs(x) > 1e-200 && Math.abs(x) < 1e200))
  return readable
    ? `f64x2 ${f64.map(float).join(" ")}`
    : `i32x4 ${i32.map((x) => `0x${x.toString(16).padStart(8, "0")}`).join(" ")}`
}

const access =
  (name: string, width: number) =>
  (reader: Reader): string => {
    const alignment = 2 ** unsigned(reader)
    const offset = unsigned(reader)
    return `${name}${offset === 0 ? "" : ` offset=${offset}`}${alignment === width ? "" : ` align=${alignment}`}`
  }

const blockType = (reader: Reader): string => {
  const byte = reader.bytes[reader.at++]!
  const type = Object.entries(valueTypes).find(([, code]) => code === byte)
  return type === undefined ? "" : ` (result ${type[0]})`
}

interface Context {
  readonly local: (index: number) => string
  readonly function: (index: number) => string
}

type Format = (reader: Reader, context: Context) => string

const numbered =
  (name: keyof typeof special): Format =>
  (reader) =>
    `${name} ${unsigned(reader)}`
const variable =
  (name: keyof typeof special): Format =>
  (reader, context) =>
    `${name} ${context.local(unsigned(reader))}`
const bare =
  (name: keyof typeof special, zeros = 0): Format =>
  (reader) => {
    reader.at += zeros
    return name
  }

const specialFormats: { readonly [Name in keyof typeof special]: Format } = {
  block: (reader) => `block${blockType(reader)}`,
  loop: (reader) => `loop${blockType(reader)}`,
  if: (reader) => `if${blockType(reader)}`,
  else: bare("else"),
  end: bare("end"),
  br: numbered("br"),
  br_if: numbered("br_if"),
  br_table: (reader) => {
    const count = unsigned(reader) + 1
    return `br_table ${Array.from({ length: count }, () => unsigned(reader)).join(" ")}`
  },
  call: (reader, context) => `call ${context.function(unsigned(reader))}`,
  "local.get": variable("local.get"),
  "local.set": variable("local.set"),
  "local.tee": variable("local.tee"),
  "global.get": numbered("global.get"),
  "global.set": numbered("global.set"),
  "memory.size": bare("memory.size", 1),
  "memory.grow": bare("memory.grow", 1),
  "memory.copy": bare("memory.copy", 2),
  "memory.fill": bare("memory.fill", 1),
  "i32.const": (reader) => `i32.const ${signed(reader)}`,
  "i64.const": (reader) => `i64.const ${signed(reader)}`,
  "f32.const": (reader) => {
    reader.at += 4
    return `f32.const ${float(reader.view.getFloat32(reader.at - 4, true))}`
  },
  "f64.const": (reader) => {
    reader.at += 8
    return `f64.const ${float(reader.view.getFloat64(reader.at - 8, true))}`
  },
  "v128.const": (reader) => {
    const line = `v128.const ${vector(reader)}`
    reader.at += 16
    return line
  },
  "i8x16.shuffle": (reader) => {
    const lanes = reader.bytes.subarray(reader.at, (reader.at += 16))
    return `i8x16.shuffle ${lanes.join(" ")}`
  }
}

const formats: ReadonlyMap<number, Format> = new Map<number, Format>([
  ...Object.entries(plain).map(([name, code]) => [code, () => name] as const),
  ...Object.entries(memory).map(([name, { code, width }]) => [code, access(name, width)] as const),
  ...Object.entries(memoryLane).map(([name, { code, width }]): readonly [number, Format] => {
    const format = access(name, width)
    return [code, (reader) => `${format(reader)} ${reader.bytes[reader.at++]}`]
  }),
  ...Object.entries(lane).map(([name, code]): readonly [number, Format] => [
    code,
    (reader) => `${name} ${reader.bytes[reader.at++]}`
  ]),
  ...Object.entries(special).map(([name, code]) => [code, specialFormats[name as keyof typeof special]] as const)
])

/** A function in (flat) text format, read back from its bytes. */
export const print = (module: Module, functionIndex: number): string => {
  const code = module.codeOf(functionIndex)!
  const bytes = code.instructions()
  const reader: Reader = { bytes, view: new DataView(bytes.buffer), at: 0 }
  const context: Context = {
    local: (index) => {
      const name = code.nameOf(index)
      return name === undefined ? `${index}` : `$${name}.${index}`
    },
    function: (index) => `$${module.nameOfFunction(index)}`
  }
  const { parameters, results } = code.signature
  const header = [
    `(func $${module.nameOfFunction(functionIndex)}`,
    ...(parameters.length > 0 ? [`(param ${parameters.join(" ")})`] : []),
    ...(results.length > 0 ? [`(result ${results.join(" ")})`] : [])
  ].join(" ")
  const lines = [header]
  const runs = code.locals()
  if (runs.length > 0) {
    lines.push(
      `  (local ${runs.map(([count, type]) => (count === 1 ? type : Array(count).fill(type).join(" "))).join(" ")})`
    )
  }
  let indent = 1
  while (reader.at < bytes.length - 1) {
    let opcode = bytes[reader.at++]!
    if (opcode === 0xfc || opcode === 0xfd) opcode = (opcode << 16) | unsigned(reader)
    const line = formats.get(opcode)!(reader, context)
    const word = line.split(" ", 1)[0]
    if (word === "end" || word === "else") indent--
    lines.push("  ".repeat(indent) + line)
    if (word === "block" || word === "loop" || word === "if" || word === "else") indent++
  }
  return [...lines, ")"].join("\n")
}
