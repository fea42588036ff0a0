// Writes a loop program as a WebAssembly module. Buffers have fixed places in memory 0; loops that the vectoriser has chosen run on vectors, with what is
// left over on single elements.

import type { Tensor } from "@fluxion/core"
import * as Affine from "../loops/affine.ts"
import {
  type Access,
  type Assign,
  type Buffer,
  type Check,
  type Combine,
  elementTypeOf,
  type For,
  type Kernel,
  type Loop,
  type LoopProgram,
  type Operand,
  type Statement,
  storageOf
} from "../loops/model.ts"
import { isLocal, scopes } from "../loops/scopes.ts"
import { forEachAccess } from "../loops/walk.ts"
import { Refused, renderBytes } from "../refusal.ts"
import { type Vectorisation, vectorise, type VectorLoop } from "../passes/vectorise.ts"
import type { Code, Local } from "./Code.ts"
import { type ElementaryFunction, elementaryFunctions, polygammaFunction } from "./elementaryFunctions.ts"
import type { Plain } from "./instructions.ts"
import { Module } from "./Module.ts"
import { print as printText } from "./text.ts"

/** Where things are in the memory of a module. */
export interface Printed {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly kernels: ReadonlyArray<Kernel>
  readonly checks: ReadonlyArray<Check>
  readonly addressOf: (buffer: Buffer) => number
  /** Where a failing check leaves its value, its index and its path. */
  readonly failure: { readonly value: number; readonly places: number }
  /** Pages of memory at the start. */
  readonly pages: number
  /** Bytes of memory at most. */
  readonly memoryLimit: number
  /** Whether tapes make memory grow. */
  readonly isGrowing: boolean
  readonly isVector: (loop: Loop) => boolean
  /** The function `run` in text format. */
  readonly text: () => string
}

export interface Options {
  /** Bytes of memory at most. */
  readonly memoryLimit: number
}

/** Bytes of a page of memory. */
export const PAGE = 65536

/** The most memory that addresses reach, which are signed. */
export const MOST_MEMORY = 2 ** 31

/** What `run` gives where tapes find no memory to grow into. */
export const OUT_OF_MEMORY = -1

/** Subscripts and trip counts in units of `STEP` are below 2^31. */
const MOST_ELEMENTS = 2 ** 28

/** How many subscripts and places in control flow a failing check reports. */
const MOST_PLACES = 256

const bytesOf = { real: 8, index: 4, bool: 1 } as const
/** How far to shift a place in eighths of a byte count. */
const shiftOf = { real: 0, index: 1, bool: 3 } as const

/** Loop variables count in the bytes of a real, so that the commonest subscript is an address. */
const STEP = 8

type Mode =
  | { readonly _tag: "Scalar" }
  | { readonly _tag: "Vector"; readonly loop: Loop; readonly needs: VectorLoop }
  | { readonly _tag: "Lane"; readonly lane: number; readonly vector: Extract<Mode, { readonly _tag: "Vector" }> }

const scalarMode: Mode = { _tag: "Scalar" }

const comparisons: Partial<Record<Assign["operation"], string>> = {
  eq: "eq",
  ne: "ne",
  lt: "lt",
  le: "le",
  gt: "gt",
  ge: "ge"
}

/** Operations that both f64 and f64x2 have under the same name. */
const common: Partial<Record<Assign["operation"], string>> = {
  neg: "neg",
  abs: "abs",
  sqrt: "sqrt",
  floor: "floor",
  ceil: "ceil",
  round: "nearest",
  add: "add",
  sub: "sub",
  mul: "mul",
  div: "div",
  max: "max",
  min: "min"
}

const identities: Readonly<Record<Combine, number>> = {
  add: -0,
  mul: 1,
  max: -Infinity,
  min: Infinity,
  and: 1,
  or: 0
}

/** Functions that are short enough to stand where they are used, and so common that a call would cost. */
const inlined: ReadonlySet<string> = new Set(["exp", "log", "tanh", "sigmoid", "sin", "cos"])

/** How often they stand in one module, at most. */
const MOST_INLINED = 16

class Printer {
  private readonly module = new Module()
  private readonly kernels: Array<Kernel> = []
  private readonly checks: Array<Check> = []
  private readonly addresses = new Map<Buffer, number>()
  private readonly expandedAddresses = new Map<Buffer, number>()
  private readonly vectorisation: Vectorisation
  private readonly inMemory: ReadonlySet<Buffer>
  private inlinedCount = 0
  private readonly kernelImport: number
  private readonly tapeLengths = new Map<Buffer, { readonly base: number; readonly capacity: number }>()
  private heapTop = -1
  private code!: Code
  private mode: Mode = scalarMode
  private scalars = new Map<Buffer, Local>()
  private vectors = new Map<Buffer, Local>()
  private pairs = new Map<Buffer, readonly [Local, Local]>()
  private loops = new Map<Loop, Local>()
  /** Sums of the terms of subscripts that are known already: innermost scope last. */
  private prefixes: Array<Map<string, Local>> = [new Map()]
  private order = new Map<Loop, number>()
  private readonly program: LoopProgram
  private readonly failureValue: number
  private readonly failurePlaces: number

  private readonly options: Options

  constructor(program: LoopProgram, options: Options) {
    this.program = program
    this.options = options
    this.vectorisation = vectorise(program, 2)
    this.inMemory = scopes(program).inMemory
    this.kernelImport = this.module.importFunction(
      { module: "host", name: "kernel" },
      { parameters: ["i32"], results: [] }
    )
    this.failureValue = this.module.reserve(8)
    this.failurePlaces = this.module.reserve(4 * MOST_PLACES)
  }

  print(): Printed {
    for (const buffer of [...this.program.inputs, ...this.program.outputs]) this.addressOf(buffer)
    if (hasTapes(this.program.statements)) this.heapTop = this.module.global("i32", { mutable: true, initial: 0 })
    const run = this.module.declare("run", { parameters: [], results: ["i32"] })
    this.module.define(run, (code) => {
      this.code = code
      this.block(this.program.statements)
      code.i32Const(0)
    })
    this.module.export("run", "function", run)
    const pages = Math.max(1, Math.ceil(this.module.staticSize / PAGE))
    const { memoryLimit } = this.options
    if (pages * PAGE > memoryLimit) {
      throw new Refused(
        `it needs ${renderBytes(this.module.staticSize)} of memory (${this.module.staticSize} bytes), ` +
          `the memoryLimit is ${renderBytes(memoryLimit)} (${memoryLimit} bytes)`
      )
    }
    this.module.memory({ initial: pages, maximum: Math.floor(memoryLimit / PAGE) })
    this.module.export("memory", "memory", 0)
    if (this.heapTop >= 0) this.module.export("heap", "global", this.heapTop)
    return {
      bytes: this.module.toBytes(),
      kernels: this.kernels,
      checks: this.checks,
      addressOf: (buffer) => this.addressOf(buffer),
      failure: { value: this.failureValue, places: this.failurePlaces },
      pages,
      memoryLimit,
      isGrowing: this.heapTop >= 0,
      isVector: (loop) => this.vectorisation.has(loop),
      text: () => printText(this.module, run)
    }
  }

  // ---------------------------------------------------------------------------
  // Memory
  // ---------------------------------------------------------------------------

  private addressOf(buffer: Buffer): number {
    const storage = storageOf(buffer)
    const known = this.addresses.get(storage)
    if (known !== undefined) return known
    const size = storage.shape.reduce((a, b) => a * b, 1)
    if (size >= MOST_ELEMENTS) {
      throw new Refused(`it has an array of ${size} elements, and ${MOST_ELEMENTS} are the most`)
    }
    const address =
      storage.role === "constant"
        ? this.module.data(bytesIn(storage.data!), 16)
        : this.module.reserve(Math.max(1, size) * bytesOf[storage.elementType], 16)
    this.addresses.set(storage, address)
    return address
  }

  /** Where each lane of a vector loop has an array of its own, or what it combines into one. */
  private expandedAddress(buffer: Buffer): number {
    let address = this.expandedAddresses.get(buffer)
    if (address === undefined) {
      address = this.module.reserve(
        Math.max(
          1,
          buffer.shape.reduce((a, b) => a * b, 1)
        ) * 16,
        16
      )
      this.expandedAddresses.set(buffer, address)
    }
    return address
  }

  private isVariable(buffer: Buffer): boolean {
    return isLocal(buffer) && !this.inMemory.has(buffer)
  }

  /** The mode in which one of the lanes, or all of them, is a vector's. */
  private get vectorMode(): Extract<Mode, { readonly _tag: "Vector" }> | undefined {
    return this.mode._tag === "Vector" ? this.mode : this.mode._tag === "Lane" ? this.mode.vector : undefined
  }

  private isExpanded(buffer: Buffer): boolean {
    return this.vectorMode?.needs.expanded.has(buffer) === true
  }

  // ---------------------------------------------------------------------------
  // Subscripts
  // ---------------------------------------------------------------------------

  private multiply(local: Local, factor: number): void {
    const { code } = this
    code.get(local)
    if (factor === 1) return
    code.i32Const(factor)
    code.op("i32.mul")
  }

  /** The terms of loops, outermost first. */
  private sorted(a: Affine.Affine): ReadonlyArray<{ readonly loop: Loop; readonly factor: number }> {
    return a.terms.length < 2
      ? a.terms
      : a.terms.toSorted((x, y) => (this.order.get(x.loop) ?? 1e9) - (this.order.get(y.loop) ?? 1e9))
  }

  private known(key: string): Local | undefined {
    for (let i = this.prefixes.length - 1; i >= 0; i--) {
      const local = this.prefixes[i]!.get(key)
      if (local !== undefined) return local
    }
    return undefined
  }

  /** Leaves the sum of terms on the stack, in units of `STEP`. Sums up to the innermost loop are kept by `prepare`. */
  private terms(terms: ReadonlyArray<{ readonly loop: Loop; readonly factor: number }>): void {
    const { code } = this
    if (terms.length === 1 && terms[0]!.factor === 1) {
      code.get(this.loops.get(terms[0]!.loop)!)
      return
    }
    const local = this.known(keyOf(terms))
    if (local !== undefined) {
      code.get(local)
      return
    }
    const last = terms.at(-1)!
    this.multiply(this.loops.get(last.loop)!, last.factor)
    if (terms.length > 1) {
      this.terms(terms.slice(0, -1))
      code.op("i32.add")
    }
  }

  /** At the start of a loop: the sums of terms that end with it, for all subscripts inside. */
  private prepare(statement: For, wide: ReadonlySet<Buffer>): void {
    const { loop } = statement
    const own = this.prefixes.at(-1)!
    forEachAccess(statement.body, (access) => {
      if (this.isVariable(access.buffer)) return
      const linear = Affine.linear(access)
      if (linear.terms.length < 1 || Affine.factorOf(linear, loop) === 0) return
      const scale = wide.has(access.buffer) ? 2 : 1
      const terms = this.sorted(scale === 1 ? linear : Affine.scale(linear, scale))
      const place = terms.findIndex((term) => term.loop === loop)
      const prefix = terms.slice(0, place + 1)
      if (prefix.length === 1 && prefix[0]!.factor === 1) return
      const key = keyOf(prefix)
      if (own.has(key)) return
      this.terms(prefix)
      const local = this.code.local("i32")
      this.code.set(local)
      own.set(key, local)
    })
  }

  /** Leaves the part of an address that is not fixed on the stack; gives the fixed part. */
  private address(
    access: Access,
    options: { readonly base: number; readonly scale: number; readonly shift: number; readonly lane: number }
  ): number {
    const { code } = this
    const { base, lane, scale, shift } = options
    const bytes = STEP >> shift
    const linear = Affine.scale(Affine.linear(access), scale)
    const vector = this.vectorMode
    // The place of another lane.
    const offset = lane === 0 || vector === undefined ? 0 : Affine.factorOf(linear, vector.loop) * lane
    const fixed = base + (linear.constant + offset) * bytes
    const terms = this.sorted(linear)
    const isSmall = terms.every(({ factor }) => factor > 0) && linear.dynamic.length === 0 && fixed >= 0
    let parts = 0
    if (terms.length > 0) {
      this.terms(terms)
      if (shift > 0) {
        code.i32Const(shift)
        code.op("i32.shr_s")
      }
      parts++
    }
    for (const { factor, index } of linear.dynamic) {
      this.readIndex(index, lane)
      if (factor * bytes !== 1) {
        code.i32Const(factor * bytes)
        code.op("i32.mul")
      }
      if (parts++ > 0) code.op("i32.add")
    }
    const tape = access.buffer.role === "tape" ? this.tape(access.buffer) : undefined
    if (tape !== undefined) {
      code.i32Const(0)
      code.memory("i32.load", tape.base)
      if (parts++ > 0) code.op("i32.add")
    }
    if (parts === 0) {
      code.i32Const(fixed)
      return 0
    }
    if (isSmall) return fixed
    if (fixed !== 0) {
      code.i32Const(fixed)
      code.op("i32.add")
    }
    return 0
  }

  private place(access: Access, lane = 0): number {
    const { buffer } = access
    if (this.isExpanded(buffer)) {
      return this.address(access, { base: this.expandedAddress(buffer) + 8 * lane, scale: 2, shift: 0, lane: 0 })
    }
    const base = buffer.role === "tape" ? 0 : this.addressOf(buffer)
    return this.address(access, { base, scale: 1, shift: shiftOf[buffer.elementType], lane })
  }

  /** Leaves the value of a subscript on the stack. */
  private subscript(a: Affine.Affine, lane: number): void {
    const { code } = this
    code.i32Const(a.constant)
    for (const { factor, loop } of a.terms) {
      this.multiply(this.loops.get(loop)!, factor)
      code.i32Const(3)
      code.op("i32.shr_s")
      if (lane > 0 && this.vectorMode?.loop === loop) {
        code.i32Const(lane * factor)
        code.op("i32.add")
      }
      code.op("i32.add")
    }
    for (const { factor, index } of a.dynamic) {
      this.readIndex(index, lane)
      if (factor !== 1) {
        code.i32Const(factor)
        code.op("i32.mul")
      }
      code.op("i32.add")
    }
  }

  // ---------------------------------------------------------------------------
  // Single elements
  // ---------------------------------------------------------------------------

  private scalarLocal(buffer: Buffer): Local {
    let local = this.scalars.get(buffer)
    if (local === undefined) {
      local = this.code.local(buffer.elementType === "real" ? "f64" : "i32")
      this.scalars.set(buffer, local)
    }
    return local
  }

  private loadScalar(access: Access, lane: number): void {
    const offset = this.place(access, lane)
    const { elementType } = access.buffer
    const instruction = elementType === "real" ? "f64.load" : elementType === "index" ? "i32.load" : "i32.load8_u"
    this.code.memory(instruction, offset)
    this.fromMask(access.buffer)
  }

  /** A truth value of a lane is all ones in memory of its own: makes it one of zero and one. */
  private fromMask(buffer: Buffer): void {
    if (buffer.elementType !== "bool" || !this.isExpanded(buffer)) return
    this.code.i32Const(1)
    this.code.op("i32.and")
  }

  /** Computes a truth value, as it is stored: where each lane has memory of its own, as a mask. */
  private storing(buffer: Buffer, emit: () => void): void {
    const isMask = buffer.elementType === "bool" && this.isExpanded(buffer)
    if (isMask) this.code.i32Const(0)
    emit()
    if (!isMask) return
    this.code.op("i32.sub")
    this.code.op("i64.extend_i32_s")
  }

  private readIndex(access: Access, lane: number): void {
    if (!this.isVariable(access.buffer)) return this.loadScalar(access, lane)
    const pair = this.vectorMode === undefined ? undefined : this.pairs.get(access.buffer)
    this.code.get(pair === undefined ? this.scalarLocal(access.buffer) : pair[lane]!)
  }

  /** Leaves an operand on the stack as one element: that of a lane where it is in a vector loop. */
  private operand(o: Operand): void {
    const { code } = this
    const lane = this.mode._tag === "Lane" ? this.mode.lane : 0
    switch (o._tag) {
      case "Literal":
        if (o.elementType === "real") code.f64Const(o.value)
        else code.i32Const(o.value)
        return
      case "Position":
        return this.subscript(o.index, lane)
      case "Access": {
        const { buffer } = o
        if (!this.isVariable(buffer)) return this.loadScalar(o, lane)
        if (buffer.elementType === "index") return this.readIndex(o, lane)
        const vector = this.mode._tag === "Lane" ? this.vectors.get(buffer) : undefined
        if (vector === undefined) {
          code.get(this.scalarLocal(buffer))
          return
        }
        code.get(vector)
        if (buffer.elementType === "real") code.lane("f64x2.extract_lane", lane)
        else {
          code.lane("i64x2.extract_lane", lane)
          code.op("i32.wrap_i64")
          code.i32Const(1)
          code.op("i32.and")
        }
      }
    }
  }

  /** An elementary function of vectors. */
  private elementary({ operation, order }: Assign): ElementaryFunction {
    if (operation === "polygamma" && order !== 0) return polygammaFunction("f64x2", order!)
    const name = operation === "polygamma" ? "digamma" : operation
    return (elementaryFunctions.f64x2 as Readonly<Record<string, ElementaryFunction>>)[name]!
  }

  /** Leaves the result of an operation on single elements on the stack. */
  private scalarOperation(statement: Assign): void {
    const { code } = this
    const { operands, operation } = statement
    const [x, y, z] = operands as readonly [Operand, Operand, Operand]
    const from = elementTypeOf(operation === "select" ? y : x)
    if (comparisons[operation] !== undefined) {
      this.operand(x)
      this.operand(y)
      const suffix = from === "index" && operation !== "eq" && operation !== "ne" ? "_s" : ""
      code.op(`${from === "real" ? "f64" : "i32"}.${operation}${suffix}` as Plain)
      return
    }
    if (from === "index" && operation !== "copy" && operation !== "toReal" && operation !== "select") {
      this.operand(x)
      this.operand(y)
      if (operation === "max" || operation === "min") {
        this.operand(x)
        this.operand(y)
        code.op(operation === "max" ? "i32.gt_s" : "i32.lt_s")
        code.op("select")
      } else code.op(`i32.${operation}` as Plain)
      return
    }
    if (common[operation] !== undefined) {
      for (const o of operands) this.operand(o)
      code.op(`f64.${common[operation]}` as Plain)
      return
    }
    switch (operation) {
      case "copy":
        return this.operand(x)
      case "sign":
        code.f64Const(1)
        this.operand(x)
        code.op("f64.copysign")
        this.operand(x)
        this.operand(x)
        code.op("f64.abs")
        code.f64Const(0)
        code.op("f64.gt")
        code.op("select")
        return
      case "relu":
        this.operand(x)
        code.f64Const(0)
        code.op("f64.max")
        return
      case "clamp":
        this.operand(x)
        this.operand(y)
        code.op("f64.max")
        this.operand(z)
        code.op("f64.min")
        return
      case "select":
        this.operand(y)
        this.operand(z)
        this.operand(x)
        code.op("select")
        return
      case "mulStrongZero": {
        const product = code.local("f64")
        this.operand(x)
        this.operand(y)
        code.op("f64.mul")
        code.set(product)
        code.f64Const(0)
        code.get(product)
        code.get(product)
        code.get(product)
        code.op("f64.ne")
        this.operand(x)
        code.f64Const(0)
        code.op("f64.eq")
        this.operand(y)
        code.f64Const(0)
        code.op("f64.eq")
        code.op("i32.or")
        code.op("i32.and")
        code.op("select")
        code.release(product)
        return
      }
      case "isFinite":
        this.operand(x)
        code.op("f64.abs")
        code.f64Const(Infinity)
        code.op("f64.lt")
        return
      case "toReal":
        this.operand(x)
        code.op("f64.convert_i32_s")
        return
      case "toIndex":
        this.operand(x)
        code.op("i32.trunc_sat_f64_s")
        return
      case "and":
      case "or":
        this.operand(x)
        this.operand(y)
        code.op(`i32.${operation}`)
        return
      case "not":
        this.operand(x)
        code.op("i32.eqz")
        return
      default: {
        for (const o of operands) {
          this.operand(o)
          code.op("f64x2.splat")
        }
        code.call(this.elementary(statement).emit(this.module))
        code.lane("f64x2.extract_lane", 0)
      }
    }
  }

  private combineScalar(combine: Combine, elementType: "real" | "index" | "bool"): void {
    const { code } = this
    if (elementType === "index" && (combine === "max" || combine === "min")) {
      const b = code.local("i32")
      const a = code.local("i32")
      code.set(b)
      code.set(a)
      code.get(a)
      code.get(b)
      code.get(a)
      code.get(b)
      code.op(combine === "max" ? "i32.gt_s" : "i32.lt_s")
      code.op("select")
      code.release(a)
      code.release(b)
      return
    }
    code.op(`${elementType === "real" ? "f64" : "i32"}.${combine}` as Plain)
  }

  private assignScalar(statement: Assign): void {
    const { code } = this
    const { combine, target } = statement
    const { buffer } = target
    const { elementType } = buffer
    if (this.isVariable(buffer)) {
      const local = this.scalarLocal(buffer)
      if (combine !== undefined) code.get(local)
      this.scalarOperation(statement)
      if (combine !== undefined) this.combineScalar(combine, elementType)
      code.set(local)
      return
    }
    const lane = this.mode._tag === "Lane" ? this.mode.lane : 0
    const store =
      elementType === "real"
        ? "f64.store"
        : elementType === "index"
          ? "i32.store"
          : this.isExpanded(buffer)
            ? "i64.store"
            : "i32.store8"
    if (combine === undefined) {
      const offset = this.place(target, lane)
      this.storing(buffer, () => this.scalarOperation(statement))
      code.memory(store, offset)
      return
    }
    const offset = this.place(target, lane)
    const address = code.local("i32")
    code.tee(address)
    this.storing(buffer, () => {
      code.get(address)
      code.memory(elementType === "real" ? "f64.load" : elementType === "index" ? "i32.load" : "i32.load8_u", offset)
      this.fromMask(buffer)
      this.scalarOperation(statement)
      this.combineScalar(combine, elementType)
    })
    code.memory(store, offset)
    code.release(address)
  }

  // ---------------------------------------------------------------------------
  // Vectors
  // ---------------------------------------------------------------------------

  private inLane<A>(lane: number, emit: () => A): A {
    const before = this.mode
    this.mode = { _tag: "Lane", lane, vector: this.vectorMode! }
    try {
      return emit()
    } finally {
      this.mode = before
    }
  }

  private isFixedPlace(a: Affine.Affine, loop: Loop): boolean {
    return (
      Affine.factorOf(a, loop) === 0 &&
      a.dynamic.every(({ index }) =>
        this.isVariable(index.buffer)
          ? !this.pairs.has(index.buffer)
          : index.at.every((at) => this.isFixedPlace(at, loop))
      )
    )
  }

  /** Leaves an operand on the stack as a vector. */
  private vectorOperand(o: Operand): void {
    const { code } = this
    const { loop } = this.vectorMode!
    if (o._tag === "Literal") {
      if (o.elementType === "bool") {
        code.v128Const(new Uint8Array(16).fill(o.value === 0 ? 0 : 255))
        return
      }
      const address = this.module.internedData(
        `literal:${Object.is(o.value, -0) ? "-0" : o.value}`,
        () => new Uint8Array(Float64Array.of(o.value).buffer),
        8
      )
      code.i32Const(0)
      code.memory("v128.load64_splat", address)
      return
    }
    if (o._tag === "Position") throw new Error("an index is no vector")
    const { buffer } = o
    if (this.isVariable(buffer)) {
      code.get(this.vectorLocal(buffer))
      return
    }
    if (this.isExpanded(buffer)) {
      code.memory("v128.load", this.place(o))
      return
    }
    if (buffer.elementType === "bool") {
      for (const lane of [0, 1]) {
        this.inLane(lane, () => this.loadScalar(o, lane))
        code.op("i64.extend_i32_u")
        if (lane === 0) code.op("i64x2.splat")
        else code.lane("i64x2.replace_lane", 1)
      }
      code.op("i64x2.neg")
      return
    }
    const linear = Affine.linear(o)
    const factor = Affine.factorOf(linear, loop)
    const isFixed = this.isFixedPlace({ ...linear, terms: [] }, loop)
    if (isFixed && factor === 1) code.memory("v128.load", this.place(o), 8)
    else if (isFixed && factor === 0) code.memory("v128.load64_splat", this.place(o))
    else {
      // The second address is pushed first.
      const second = this.inLane(1, () => this.place(o, 1))
      const first = this.inLane(0, () => this.place(o, 0))
      code.memory("v128.load64_zero", first)
      code.memoryLane("v128.load64_lane", 1, second)
    }
  }

  /** The local vector of a buffer: in the loop, or that of a number from outside. */
  private vectorLocal(buffer: Buffer): Local {
    let local = this.vectors.get(buffer)
    if (local === undefined) {
      local = this.code.local("v128")
      this.vectors.set(buffer, local)
    }
    return local
  }

  private pairLocal(buffer: Buffer): readonly [Local, Local] {
    let pair = this.pairs.get(buffer)
    if (pair === undefined) {
      pair = [this.code.local("i32"), this.code.local("i32")]
      this.pairs.set(buffer, pair)
    }
    return pair
  }

  private fromLanes(emit: (lane: number) => void, isMask: boolean): void {
    const { code } = this
    for (const lane of [0, 1]) {
      this.inLane(lane, () => emit(lane))
      if (isMask) code.op("i64.extend_i32_u")
      if (lane === 0) code.op(isMask ? "i64x2.splat" : "f64x2.splat")
      else code.lane(isMask ? "i64x2.replace_lane" : "f64x2.replace_lane", 1)
    }
    if (isMask) code.op("i64x2.neg")
  }

  private vectorOperation(statement: Assign): void {
    const { code } = this
    const { operands, operation } = statement
    const [x, y, z] = operands as readonly [Operand, Operand, Operand]
    const isMask = statement.target.buffer.elementType === "bool"
    if (operands.some((o) => elementTypeOf(o) === "index")) {
      this.fromLanes(() => this.scalarOperation(statement), isMask)
      return
    }
    if (comparisons[operation] !== undefined) {
      this.vectorOperand(x)
      this.vectorOperand(y)
      code.op(`f64x2.${operation}` as Plain)
      return
    }
    if (common[operation] !== undefined) {
      for (const o of operands) this.vectorOperand(o)
      code.op(`f64x2.${common[operation]}` as Plain)
      return
    }
    switch (operation) {
      case "copy":
        return this.vectorOperand(x)
      case "sign":
        // The sign bit on one, where the magnitude is above zero; the operand itself elsewhere.
        this.vectorOperand({ _tag: "Literal", elementType: "real", value: 1 })
        this.vectorOperand(x)
        this.vectorOperand({ _tag: "Literal", elementType: "real", value: -0 })
        code.op("v128.and")
        code.op("v128.or")
        this.vectorOperand(x)
        this.vectorOperand(x)
        code.op("f64x2.abs")
        this.vectorOperand({ _tag: "Literal", elementType: "real", value: 0 })
        code.op("f64x2.gt")
        code.op("v128.bitselect")
        return
      case "relu":
        this.vectorOperand(x)
        this.vectorOperand({ _tag: "Literal", elementType: "real", value: 0 })
        code.op("f64x2.max")
        return
      case "clamp":
        this.vectorOperand(x)
        this.vectorOperand(y)
        code.op("f64x2.max")
        this.vectorOperand(z)
        code.op("f64x2.min")
        return
      case "select":
        this.vectorOperand(y)
        this.vectorOperand(z)
        this.vectorOperand(x)
        code.op("v128.bitselect")
        return
      case "mulStrongZero": {
        const product = code.local("v128")
        const undefinedLanes = code.local("v128")
        this.vectorOperand(x)
        this.vectorOperand(y)
        code.op("f64x2.mul")
        code.tee(product)
        code.get(product)
        code.op("f64x2.ne")
        code.tee(undefinedLanes)
        code.op("v128.any_true")
        code.if(() => {
          code.get(product)
          code.get(undefinedLanes)
          this.vectorOperand(x)
          code.v128Const(new Uint8Array(16))
          code.op("f64x2.eq")
          this.vectorOperand(y)
          code.v128Const(new Uint8Array(16))
          code.op("f64x2.eq")
          code.op("v128.or")
          code.op("v128.and")
          code.op("v128.andnot")
          code.set(product)
        })
        code.get(product)
        code.release(product)
        code.release(undefinedLanes)
        return
      }
      case "isFinite":
        this.vectorOperand(x)
        code.op("f64x2.abs")
        this.vectorOperand({ _tag: "Literal", elementType: "real", value: Infinity })
        code.op("f64x2.lt")
        return
      case "toReal":
        // A truth value: one where the mask is set.
        this.vectorOperand(x)
        this.vectorOperand({ _tag: "Literal", elementType: "real", value: 1 })
        code.op("v128.and")
        return
      case "and":
      case "or":
        this.vectorOperand(x)
        this.vectorOperand(y)
        code.op(`v128.${operation}`)
        return
      case "not":
        this.vectorOperand(x)
        code.op("v128.not")
        return
      default:
        this.elementaryOfVectors(statement)
    }
  }

  private elementaryOfVectors(statement: Assign): void {
    const { code } = this
    const { operands, operation } = statement
    const definition = this.elementary(statement)
    for (const o of operands) this.vectorOperand(o)
    if (!inlined.has(operation) || this.inlinedCount >= MOST_INLINED) {
      code.call(definition.emit(this.module))
      return
    }
    this.inlinedCount++
    const x = code.local("v128")
    code.set(x)
    definition.inline(this.module, code, x)
    code.release(x)
  }

  private assignVector(statement: Assign): void {
    const { code } = this
    const { combine, target } = statement
    const { buffer } = target
    const { accumulated } = this.vectorMode!.needs
    const { loop } = this.vectorMode!
    if (this.isVariable(buffer)) {
      if (buffer.elementType === "index") {
        const pair = this.pairLocal(buffer)
        // The operands may be the variable itself.
        for (const lane of [0, 1]) {
          this.inLane(lane, () => {
            if (combine !== undefined) code.get(pair[lane]!)
            this.scalarOperation(statement)
            if (combine !== undefined) this.combineScalar(combine, "index")
          })
        }
        code.set(pair[1])
        code.set(pair[0])
        return
      }
      const local = this.vectorLocal(buffer)
      if (combine !== undefined) code.get(local)
      this.vectorOperation(statement)
      if (combine !== undefined) this.combineVector(combine, buffer)
      code.set(local)
      return
    }
    if (accumulated.has(buffer) || this.isExpanded(buffer)) {
      const isAccumulated = accumulated.has(buffer)
      const offset = isAccumulated
        ? this.address(target, { base: this.expandedAddress(buffer), scale: 2, shift: 0, lane: 0 })
        : this.place(target)
      if (combine === undefined) this.vectorOperation(statement)
      else {
        const address = code.local("i32")
        code.tee(address)
        code.get(address)
        code.memory("v128.load", offset)
        this.vectorOperation(statement)
        this.combineVector(combine, buffer)
        code.release(address)
      }
      code.memory("v128.store", offset)
      return
    }
    const linear = Affine.linear(target)
    const isDirect =
      buffer.elementType === "real" &&
      Affine.factorOf(linear, loop) === 1 &&
      this.isFixedPlace({ ...linear, terms: [] }, loop)
    if (isDirect) {
      const offset = this.place(target)
      if (combine === undefined) this.vectorOperation(statement)
      else {
        const address = code.local("i32")
        code.tee(address)
        code.get(address)
        code.memory("v128.load", offset, 8)
        this.vectorOperation(statement)
        this.combineVector(combine, buffer)
        code.release(address)
      }
      code.memory("v128.store", offset, 8)
      return
    }
    // To places apart: one lane after the other.
    if (buffer.elementType === "real") {
      const value = code.local("v128")
      this.vectorOperation(statement)
      code.set(value)
      for (const lane of [0, 1]) {
        this.inLane(lane, () => {
          const offset = this.place(target, lane)
          if (combine !== undefined) {
            const address = code.local("i32")
            code.tee(address)
            code.get(address)
            code.memory("f64.load", offset)
            code.get(value)
            code.lane("f64x2.extract_lane", lane)
            this.combineScalar(combine, "real")
            code.memory("f64.store", offset)
            code.release(address)
            return
          }
          code.get(value)
          code.memoryLane("v128.store64_lane", lane, offset)
        })
      }
      code.release(value)
      return
    }
    for (const lane of [0, 1]) this.inLane(lane, () => this.assignScalar(statement))
  }

  private combineVector(combine: Combine, buffer: Buffer): void {
    this.code.op((buffer.elementType === "bool" ? `v128.${combine}` : `f64x2.${combine}`) as Plain)
  }

  // ---------------------------------------------------------------------------
  // Statements
  // ---------------------------------------------------------------------------

  private block(statements: ReadonlyArray<Statement>): void {
    for (const statement of statements) this.statement(statement)
  }

  private statement(statement: Statement): void {
    const { code } = this
    switch (statement._tag) {
      case "Assign":
        if (this.mode._tag === "Vector") this.assignVector(statement)
        else this.assignScalar(statement)
        return
      case "For":
        return this.loop(statement)
      case "If":
        if (this.mode._tag === "Vector") {
          for (const lane of [0, 1]) this.inLane(lane, () => this.branch(statement))
        } else this.branch(statement)
        return
      case "While":
        code.block((end) => {
          code.loop((again) => {
            this.block(statement.test)
            this.operand(statement.condition)
            code.op("i32.eqz")
            code.brIf(end)
            this.block(statement.body)
            code.br(again)
          })
        })
        return
      case "Reserve":
        for (const tape of statement.tapes) this.reserve(tape, statement.index)
        return
      case "Check":
        this.operand(statement.condition)
        code.op("i32.eqz")
        code.if(() => {
          code.i32Const(0)
          this.operand(statement.value)
          if (elementTypeOf(statement.value) !== "real") code.op("f64.convert_i32_s")
          code.memory("f64.store", this.failureValue)
          const places = [
            ...statement.index.map((index): Operand => ({ _tag: "Position", index })),
            ...statement.path.map(({ index }) => index)
          ]
          if (places.length > MOST_PLACES) throw new Refused("a guard is nested too deeply in maps and loops")
          places.forEach((place, i) => {
            code.i32Const(0)
            this.operand(place)
            code.memory("i32.store", this.failurePlaces + 4 * i)
          })
          code.i32Const(this.checks.length + 1)
          code.op("return")
        })
        this.checks.push(statement)
        return
      case "Kernel":
        code.i32Const(this.kernels.length)
        code.call(this.kernelImport)
        for (const buffer of [...statement.operands, ...statement.results]) this.addressOf(buffer)
        this.kernels.push(statement)
        return
    }
  }

  private branch({ condition, whenFalse, whenTrue }: Extract<Statement, { readonly _tag: "If" }>): void {
    this.operand(condition)
    this.code.if(() => this.block(whenTrue), whenFalse.length === 0 ? undefined : () => this.block(whenFalse))
  }

  /** Runs the variable of a loop over a range, in steps of `by`; both in elements. */
  private counted(statement: For, from: number, to: number, by: number, body: () => void): void {
    const { code } = this
    if (from >= to) return
    const { isReverse, loop } = statement
    const variable = this.loops.get(loop)!
    const first = isReverse ? to - 1 : from
    code.i32Const(first * STEP)
    code.set(variable)
    code.loop((again) => {
      body()
      code.get(variable)
      code.i32Const((isReverse ? -by : by) * STEP)
      code.op("i32.add")
      code.tee(variable)
      code.i32Const((isReverse ? from : to) * STEP)
      code.op(isReverse ? "i32.ge_s" : "i32.lt_s")
      code.brIf(again)
    })
  }

  private loop(statement: For): void {
    const { code } = this
    const { loop } = statement
    if (typeof loop.extent === "number" && loop.extent >= MOST_ELEMENTS) {
      throw new Refused(`it has a loop of ${loop.extent} iterations, and ${MOST_ELEMENTS} are the most`)
    }
    this.loops.set(loop, code.local("i32"))
    // A loop is written twice where elements are left over from vectors.
    if (!this.order.has(loop)) this.order.set(loop, this.order.size)
    const needs = this.mode._tag === "Scalar" ? this.vectorisation.get(loop) : undefined
    const inside = (wide: ReadonlySet<Buffer>) => (): void => {
      this.prefixes.push(new Map())
      this.prepare(statement, wide)
      this.block(statement.body)
      this.prefixes.pop()
    }
    if (typeof loop.extent !== "number") this.dynamicLoop(statement, inside(new Set()))
    else if (needs === undefined) {
      this.counted(statement, 0, loop.extent, 1, inside(this.vectorMode?.needs.expanded ?? new Set()))
    } else this.vectorLoop(statement, loop.extent, needs, inside)
  }

  private dynamicLoop(statement: For, body: () => void): void {
    const { code } = this
    const { isReverse, loop } = statement
    const variable = this.loops.get(loop)!
    const bound = code.local("i32")
    this.operand(loop.extent as Operand)
    code.i32Const(MOST_ELEMENTS)
    code.op("i32.ge_u")
    code.if(() => this.outOfMemory())
    this.operand(loop.extent as Operand)
    code.i32Const(STEP)
    code.op("i32.mul")
    code.set(bound)
    if (isReverse) {
      code.get(bound)
      code.i32Const(STEP)
      code.op("i32.sub")
    } else code.i32Const(0)
    code.set(variable)
    code.block((end) => {
      code.loop((again) => {
        code.get(variable)
        if (isReverse) {
          code.i32Const(0)
          code.op("i32.lt_s")
        } else {
          code.get(bound)
          code.op("i32.ge_s")
        }
        code.brIf(end)
        body()
        code.get(variable)
        code.i32Const(isReverse ? -STEP : STEP)
        code.op("i32.add")
        code.set(variable)
        code.br(again)
      })
    })
    code.release(bound)
  }

  private vectorLoop(
    statement: For,
    extent: number,
    needs: VectorLoop,
    inside: (wide: ReadonlySet<Buffer>) => () => void
  ): void {
    const { code } = this
    const { loop } = statement
    const whole = extent - (extent % 2)
    // What the loop assigns, reads from outside, and combines into.
    const assigned = new Set<Buffer>()
    const combined = new Map<Buffer, Combine>()
    const arrays = new Map<Buffer, Combine>()
    const outside = new Set<Buffer>()
    forEachAccess(statement.body, ({ buffer }, role) => {
      if (this.isVariable(buffer)) {
        if (role === "write") assigned.add(buffer)
        else if (role !== "read") combined.set(buffer, role)
      } else if (needs.accumulated.has(buffer) && role !== "read" && role !== "write") arrays.set(buffer, role)
    })
    forEachAccess(statement.body, ({ buffer }, role) => {
      if (this.isVariable(buffer) && role === "read" && !assigned.has(buffer) && !combined.has(buffer))
        outside.add(buffer)
    })
    for (const buffer of assigned) combined.delete(buffer)
    const before = { vectors: this.vectors, pairs: this.pairs }
    this.vectors = new Map()
    this.pairs = new Map()
    for (const buffer of outside) {
      if (buffer.elementType === "index") continue
      const local = this.vectorLocal(buffer)
      code.get(this.scalarLocal(buffer))
      if (buffer.elementType === "real") code.op("f64x2.splat")
      else {
        code.op("i64.extend_i32_u")
        code.op("i64x2.splat")
        code.op("i64x2.neg")
      }
      code.set(local)
    }
    for (const [buffer, combine] of combined) {
      const local = this.vectorLocal(buffer)
      code.f64Const(identities[combine])
      code.op("f64x2.splat")
      code.get(this.scalarLocal(buffer))
      code.lane("f64x2.replace_lane", 0)
      code.set(local)
    }
    for (const [buffer, combine] of arrays) this.clear(buffer, combine)
    this.mode = { _tag: "Vector", loop, needs }
    // Index variables that the loop assigns differ from lane to lane.
    for (const buffer of assigned) if (buffer.elementType === "index") this.pairLocal(buffer)
    this.counted(
      { ...statement, isReverse: false },
      0,
      whole,
      2,
      inside(new Set([...needs.expanded, ...needs.accumulated]))
    )
    this.mode = scalarMode
    for (const [buffer, combine] of combined) {
      const local = this.vectors.get(buffer)!
      code.get(local)
      code.lane("f64x2.extract_lane", 0)
      code.get(local)
      code.lane("f64x2.extract_lane", 1)
      this.combineScalar(combine, "real")
      code.set(this.scalarLocal(buffer))
    }
    for (const [buffer, combine] of arrays) this.gatherUp(buffer, combine)
    this.vectors = before.vectors
    this.pairs = before.pairs
    if (whole < extent) this.counted({ ...statement, isReverse: false }, whole, extent, 1, inside(new Set()))
  }

  /** Sets the array of vectors into which a loop combines to what leaves values as they are. */
  private clear(buffer: Buffer, combine: Combine): void {
    const { code } = this
    const base = this.expandedAddress(buffer)
    this.over(buffer, (place) => {
      code.get(place)
      code.f64Const(identities[combine])
      code.op("f64x2.splat")
      code.memory("v128.store", base)
    })
  }

  /** Combines the lanes of that array into the buffer itself. */
  private gatherUp(buffer: Buffer, combine: Combine): void {
    const { code } = this
    const base = this.expandedAddress(buffer)
    this.over(buffer, (place) => {
      const half = (): void => {
        code.get(place)
        code.i32Const(1)
        code.op("i32.shr_u")
      }
      half()
      half()
      code.memory("f64.load", this.addressOf(buffer))
      code.get(place)
      code.memory("f64.load", base)
      code.get(place)
      code.memory("f64.load", base + 8)
      this.combineScalar(combine, "real")
      this.combineScalar(combine, "real")
      code.memory("f64.store", this.addressOf(buffer))
    })
  }

  /** Visits the places of an array of vectors. */
  private over(buffer: Buffer, visit: (place: Local) => void): void {
    const { code } = this
    const size = buffer.shape.reduce((a, b) => a * b, 1)
    if (size === 0) return
    const place = code.local("i32")
    code.i32Const(0)
    code.set(place)
    code.loop((again) => {
      visit(place)
      code.get(place)
      code.i32Const(16)
      code.op("i32.add")
      code.tee(place)
      code.i32Const(16 * size)
      code.op("i32.lt_s")
      code.brIf(again)
    })
    code.release(place)
  }

  // ---------------------------------------------------------------------------
  // Tapes
  // ---------------------------------------------------------------------------

  /** Where the address and the capacity (in bytes) of a tape are. */
  private tape(buffer: Buffer): { readonly base: number; readonly capacity: number } {
    let known = this.tapeLengths.get(buffer)
    if (known === undefined) {
      known = { base: this.module.reserve(4, 4), capacity: this.module.reserve(4, 4) }
      this.tapeLengths.set(buffer, known)
    }
    return known
  }

  private outOfMemory(): void {
    this.code.i32Const(OUT_OF_MEMORY)
    this.code.op("return")
  }

  /** A tape that is full moves to the end of memory, with twice the room. */
  private reserve(tape: Buffer, index: Operand): void {
    const { code } = this
    const { base, capacity } = this.tape(tape)
    const size = tape.shape.slice(1).reduce((a, b) => a * b, 1) * bytesOf[tape.elementType]
    const needed = code.local("i32")
    this.operand(index)
    code.i32Const(1)
    code.op("i32.add")
    code.i32Const(size)
    code.op("i32.mul")
    code.tee(needed)
    code.i32Const(0)
    code.memory("i32.load", capacity)
    code.op("i32.gt_u")
    code.if(() => {
      // Twice the room stays below 2^32, and subscripts in units of `STEP` below 2^31.
      code.get(needed)
      code.i32Const((2 ** 29) >> shiftOf[tape.elementType])
      code.op("i32.gt_u")
      code.if(() => this.outOfMemory())
      const room = code.local("i32")
      const start = code.local("i32")
      code.get(needed)
      code.i32Const(2)
      code.op("i32.mul")
      code.i32Const(1024)
      code.op("i32.add")
      code.i32Const(-16)
      code.op("i32.and")
      code.set(room)
      code.globalGet(this.heapTop)
      code.tee(start)
      code.get(room)
      code.op("i32.add")
      code.globalSet(this.heapTop)
      // Pages for what is above the end.
      code.globalGet(this.heapTop)
      code.i32Const(65535)
      code.op("i32.add")
      code.i32Const(16)
      code.op("i32.shr_u")
      code.memorySize()
      code.op("i32.gt_u")
      code.if(() => {
        code.globalGet(this.heapTop)
        code.i32Const(65535)
        code.op("i32.add")
        code.i32Const(16)
        code.op("i32.shr_u")
        code.memorySize()
        code.op("i32.sub")
        code.memoryGrow()
        code.i32Const(0)
        code.op("i32.lt_s")
        code.if(() => this.outOfMemory())
      })
      code.get(start)
      code.i32Const(0)
      code.memory("i32.load", base)
      code.i32Const(0)
      code.memory("i32.load", capacity)
      code.memoryCopy()
      code.i32Const(0)
      code.get(start)
      code.memory("i32.store", base)
      code.i32Const(0)
      code.get(room)
      code.memory("i32.store", capacity)
      code.release(room)
      code.release(start)
    })
    code.release(needed)
  }
}

const keyOf = (terms: ReadonlyArray<{ readonly loop: Loop; readonly factor: number }>): string => {
  let key = ""
  for (const { factor, loop } of terms) key += `+${factor}l${loop.id}`
  return key
}

const bytesIn = (data: Tensor.Any["data"]): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

const hasTapes = (statements: ReadonlyArray<Statement>): boolean => {
  let found = false
  forEachAccess(statements, ({ buffer }) => {
    if (buffer.role === "tape") found = true
  })
  return found
}

export const print = (program: LoopProgram, options: Options = { memoryLimit: MOST_MEMORY }): Printed =>
  new Printer(program, options).print()
