import type { Code, Local } from "./Code.ts"
import type { Plain, ValueType } from "./instructions.ts"
import type { Module } from "./Module.ts"

/** An expression: `emit` appends the instructions that leave its value on the stack. Emitting twice computes twice; `let` shares. */
export interface Value {
  readonly type: ValueType
  readonly emit: () => void
}

export interface Variable extends Value {
  readonly local: Local
}

/** A number stands for a vector with this number in each lane. */
export type Operand = Value | number

/** The two kinds of vectors: of doubles and of singles. */
export type Floats = "f64x2" | "f32x4"

const buffer = new DataView(new ArrayBuffer(8))
const doubleBits = (x: number): bigint => {
  buffer.setFloat64(0, x)
  return buffer.getBigUint64(0)
}
const singleBits = (x: number): bigint => {
  buffer.setFloat32(0, x)
  return BigInt(buffer.getUint32(0))
}

const lowHalves = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
const highHalves = lowHalves.map((place) => place + 8)

/**
 * Expressions of vectors of one element type over the instructions of `code`: what elementary functions are written in.
 * Integer operations act on lanes as wide as the floating-point ones.
 */
export class Vectors {
  readonly module: Module
  readonly code: Code
  readonly floats: Floats
  private readonly integers: "i64x2" | "i32x4"

  constructor(module: Module, code: Code, floats: Floats) {
    this.module = module
    this.code = code
    this.floats = floats
    this.integers = floats === "f64x2" ? "i64x2" : "i32x4"
  }

  /** The same code seen as of vectors of another type. */
  of(floats: Floats): Vectors {
    return new Vectors(this.module, this.code, floats)
  }

  // Values and variables

  private value(type: ValueType, emit: () => void): Value {
    return { type, emit }
  }
  /** Any instruction without immediates. */
  apply(instruction: Plain, type: ValueType, ...operands: ReadonlyArray<Operand>): Value {
    const values = operands.map((operand) => this.lift(operand))
    return this.value(type, () => {
      for (const value of values) value.emit()
      this.code.op(instruction)
    })
  }
  private float(name: string, ...operands: ReadonlyArray<Operand>): Value {
    return this.apply(`${this.floats}.${name}` as Plain, "v128", ...operands)
  }
  private integer(name: string, ...operands: ReadonlyArray<Operand>): Value {
    return this.apply(`${this.integers}.${name}` as Plain, "v128", ...operands)
  }
  private lift(operand: Operand): Value {
    return typeof operand === "number"
      ? this.bits(this.floats === "f64x2" ? doubleBits(operand) : singleBits(operand))
      : operand
  }

  i32(value: number): Value {
    return this.value("i32", () => this.code.i32Const(value))
  }
  i64(value: bigint): Value {
    return this.value("i64", () => this.code.i64Const(value))
  }

  /** Each lane has this bit pattern. Constants are loaded from memory: engines make others with two to four instructions. */
  bits(pattern: bigint): Value {
    return this.value("v128", () => {
      const wide = this.floats === "f64x2"
      const width = wide ? 8 : 4
      const address = this.module.internedData(
        `${width}:${BigInt.asUintN(8 * width, pattern)}`,
        () =>
          new Uint8Array(
            (wide ? new BigInt64Array([pattern]) : new Int32Array([Number(BigInt.asIntN(32, pattern))])).buffer
          ),
        width
      )
      this.code.i32Const(0)
      this.code.memory(wide ? "v128.load64_splat" : "v128.load32_splat", address)
    })
  }

  /** The variable as a value: a parameter, or what someone else keeps. */
  variable(local: Local): Variable {
    return { type: this.code.typeOf(local), local, emit: () => this.code.get(local) }
  }
  /** Computes now, and keeps the result in a new variable. */
  let(value: Operand, name?: string): Variable {
    const lifted = this.lift(value)
    const local = this.code.local(lifted.type, name)
    lifted.emit()
    this.code.set(local)
    return this.variable(local)
  }
  assign(variable: Variable, value: Operand): void {
    this.lift(value).emit()
    this.code.set(variable.local)
  }
  call(functionIndex: number, ...operands: ReadonlyArray<Operand>): Value {
    const values = operands.map((operand) => this.lift(operand))
    return this.value("v128", () => {
      for (const value of values) value.emit()
      this.code.call(functionIndex)
    })
  }

  // Floating point

  add = (x: Operand, y: Operand): Value => this.float("add", x, y)
  sub = (x: Operand, y: Operand): Value => this.float("sub", x, y)
  mul = (x: Operand, y: Operand): Value => this.float("mul", x, y)
  div = (x: Operand, y: Operand): Value => this.float("div", x, y)
  sqrt = (x: Operand): Value => this.float("sqrt", x)
  neg = (x: Operand): Value => this.float("neg", x)
  abs = (x: Operand): Value => this.float("abs", x)
  nearest = (x: Operand): Value => this.float("nearest", x)
  floor = (x: Operand): Value => this.float("floor", x)
  ceil = (x: Operand): Value => this.float("ceil", x)
  trunc = (x: Operand): Value => this.float("trunc", x)
  /** `y < x ? y : x`, hence `x` where either is NaN. */
  pmin = (x: Operand, y: Operand): Value => this.float("pmin", x, y)
  /** `x < y ? y : x`, hence `x` where either is NaN. */
  pmax = (x: Operand, y: Operand): Value => this.float("pmax", x, y)

  // Comparisons give masks: all bits of a lane or none.

  eq = (x: Operand, y: Operand): Value => this.float("eq", x, y)
  ne = (x: Operand, y: Operand): Value => this.float("ne", x, y)
  lt = (x: Operand, y: Operand): Value => this.float("lt", x, y)
  le = (x: Operand, y: Operand): Value => this.float("le", x, y)
  gt = (x: Operand, y: Operand): Value => this.float("gt", x, y)
  ge = (x: Operand, y: Operand): Value => this.float("ge", x, y)

  /** Where `magnitude`, which has no sign bit, is above `limit`, or NaN: one comparison of integers. */
  beyond = (magnitude: Operand, limit: number): Value => this.integerGt(magnitude, limit)

  // Bits and integers

  and = (x: Operand, y: Operand): Value => this.apply("v128.and", "v128", x, y)
  or = (x: Operand, y: Operand): Value => this.apply("v128.or", "v128", x, y)
  xor = (x: Operand, y: Operand): Value => this.apply("v128.xor", "v128", x, y)
  not = (x: Operand): Value => this.apply("v128.not", "v128", x)
  /** `x` without the bits of `y`. */
  without = (x: Operand, y: Operand): Value => this.apply("v128.andnot", "v128", x, y)
  select = (mask: Operand, whenTrue: Operand, whenFalse: Operand): Value =>
    this.apply("v128.bitselect", "v128", whenTrue, whenFalse, mask)
  integerAdd = (x: Operand, y: Operand): Value => this.integer("add", x, y)
  integerSub = (x: Operand, y: Operand): Value => this.integer("sub", x, y)
  integerEq = (x: Operand, y: Operand): Value => this.integer("eq", x, y)
  /** Signed. */
  integerGt = (x: Operand, y: Operand): Value => this.integer("gt_s", x, y)
  private shift(name: string, x: Operand, count: number): Value {
    const lifted = this.lift(x)
    return this.value("v128", () => {
      lifted.emit()
      this.code.i32Const(count)
      this.code.op(`${this.integers}.${name}` as Plain)
    })
  }
  shiftLeft = (x: Operand, count: number): Value => this.shift("shl", x, count)
  /** Fills with zeros. */
  shiftRight = (x: Operand, count: number): Value => this.shift("shr_u", x, count)

  get signBit(): Value {
    return this.bits(this.floats === "f64x2" ? 1n << 63n : 1n << 31n)
  }
  /** `magnitude`, which must not be negative, with the sign of `sign`. */
  withSign = (magnitude: Operand, sign: Operand): Value => this.or(magnitude, this.and(sign, this.signBit))

  // Decisions on all lanes

  any = (mask: Operand): Value => this.apply("v128.any_true", "i32", mask)
  all = (mask: Operand): Value => this.apply(`${this.integers}.all_true`, "i32", mask)
  if(condition: Value, whenTrue: () => void, whenFalse?: () => void): void {
    condition.emit()
    this.code.if(whenTrue, whenFalse)
  }
  unless(condition: Value, whenFalse: () => void): void {
    condition.emit()
    this.code.op("i32.eqz")
    this.code.if(whenFalse)
  }
  /** Repeats the body while the condition holds. */
  while(condition: () => Value, body: () => void): void {
    this.code.loop((again) => {
      condition().emit()
      this.code.if(() => {
        body()
        this.code.br(again)
      })
    })
  }

  // Halves

  /** Lane 0 of two vectors of doubles. */
  lows = (x: Value, y: Value): Value => this.shuffle(x, y, lowHalves)
  /** Lane 1 of two vectors of doubles. */
  highs = (x: Value, y: Value): Value => this.shuffle(x, y, highHalves)
  shuffle(x: Value, y: Value, places: ReadonlyArray<number>): Value {
    return this.value("v128", () => {
      x.emit()
      y.emit()
      this.code.shuffle(places)
    })
  }
  extract(x: Value, lane: number): Value {
    const double = this.floats === "f64x2"
    return this.value(double ? "f64" : "f32", () => {
      x.emit()
      this.code.lane(double ? "f64x2.extract_lane" : "f32x4.extract_lane", lane)
    })
  }
  /** The sixteen bytes at a fixed address. */
  load(address: number): Value {
    return this.value("v128", () => {
      this.code.i32Const(0)
      this.code.memory("v128.load", address)
    })
  }
  /** Sixteen bytes of constant data at `base` plus the offset that lane `lane` (of 32-bit ones) holds. */
  loadAt(offsets: Value, lane: number, base: number): Value {
    return this.value("v128", () => {
      offsets.emit()
      this.code.lane("i32x4.extract_lane", lane)
      this.code.memory("v128.load", base, 8)
    })
  }

  // Polynomials

  /** `c0 + c1 x + c2 x^2 + ...`: even and odd powers apart, which halves the chain of dependent operations. */
  polynomial(coefficients: ReadonlyArray<Operand>, x: Value): Value {
    if (coefficients.length < 5) return this.horner(coefficients, x)
    const square = this.let(this.mul(x, x))
    const even = this.horner(
      coefficients.filter((_, i) => i % 2 === 0),
      square
    )
    const odd = this.horner(
      coefficients.filter((_, i) => i % 2 === 1),
      square
    )
    return this.add(even, this.mul(x, odd))
  }
  horner(coefficients: ReadonlyArray<Operand>, x: Value): Value {
    return coefficients
      .slice(0, -1)
      .reduceRight<Value>((sum, c) => this.add(c, this.mul(x, sum)), this.lift(coefficients.at(-1)!))
  }
}

/** An elementary function of vectors. */
export interface VectorFunction {
  readonly arity: 1 | 2
  /** The result for arguments that are variables; may append instructions of its own. */
  readonly build: (v: Vectors, x: Variable, y: Variable) => Value
}

const signatures = {
  1: { parameters: ["v128"], results: ["v128"] },
  2: { parameters: ["v128", "v128"], results: ["v128"] }
} as const

/** The function as one of the module's, which is written when it is first asked for. */
export const emit = (module: Module, floats: Floats, name: string, { arity, build }: VectorFunction): number =>
  module.once(`${floats}.${name}`, () =>
    module.function(`${floats}.${name}`, signatures[arity], (code) => {
      const v = new Vectors(module, code, floats)
      const x = v.variable(0)
      build(v, x, arity === 2 ? v.variable(1) : x).emit()
    })
  )

/** A function of the module for what is rarely needed, so that it takes no room where it is. */
export const aside = (
  v: Vectors,
  name: string,
  build: (v: Vectors, x: Variable, y: Variable) => Value,
  arity: 1 | 2 = 1
): number => emit(v.module, v.floats, name, { arity, build })
