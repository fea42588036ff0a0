/**
 * Dual numbers to play with: `a + bε` with `ε² = 0`, the arithmetic behind forward mode.
 *
 * **Details**
 *
 * Each operation goes through the same JVP rules as programs do, over scalars. Clifford (1873); Baydin, Pearlmutter, Radul and Siskind (2018),
 * section 3.1.1.
 *
 * @since 0.1.0
 */
import { Interpreter, type Primitive, Tensor } from "@fluxion/core"
import { dual as dualStyles } from "effect/Function"
import { Class as PipeableClass, type Pipeable } from "effect/Pipeable"
import { dual, type DualCarrier } from "./DualAlgebra.ts"
import { Zero } from "@fluxion/core/Rule"

const TypeId = "~@fluxion/forward-mode/Dual"

/**
 * The dual number `primal + tangent ε`: a value, and its derivative with respect to whatever was seeded with 1.
 *
 * @category models
 * @since 0.1.0
 */
export interface Dual extends Pipeable {
  readonly [TypeId]: typeof TypeId
  readonly primal: number
  readonly tangent: number
}

const render = (x: number): string => (Object.is(x, -0) ? "-0" : String(x))

class DualImpl extends PipeableClass implements Dual {
  readonly [TypeId] = TypeId
  readonly primal: number
  readonly tangent: number
  constructor(primal: number, tangent: number) {
    super()
    this.primal = primal
    this.tangent = tangent
  }
  override toString(): string {
    const negative = this.tangent < 0
    return `${render(this.primal)} ${negative ? "-" : "+"} ${render(Math.abs(this.tangent))}ε`
  }
  toJSON() {
    return { _id: "Dual", primal: this.primal, tangent: this.tangent }
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }
}

/**
 * Makes the dual number `primal + tangent ε`.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * const x = Dual.make(3, 1)
 * console.log(`${Dual.mul(x, x)}`) // 9 + 6ε
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (primal: number, tangent: number): Dual => new DualImpl(primal, tangent)

/**
 * A number as a dual number with tangent 0.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.constant(2)}`) // 2 + 0ε
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const constant = (value: number): Dual => make(value, 0)

/**
 * Whether a value is a dual number.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(Dual.isDual(Dual.make(3, 1))) // true
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const isDual = (u: unknown): u is Dual => typeof u === "object" && u !== null && TypeId in u

/**
 * What stands for a dual number in an argument: numbers are constants.
 *
 * @category models
 * @since 0.1.0
 */
export type Operand = Dual | number

const duals = dual(Interpreter.algebra)

const lift = (x: Operand): DualCarrier<Tensor.Any> =>
  typeof x === "number"
    ? { primal: Tensor.full([], x), tangent: Zero }
    : { primal: Tensor.full([], x.primal), tangent: Tensor.full([], x.tangent) }

const lower = ({ primal, tangent }: DualCarrier<Tensor.Any>): Dual =>
  make(Tensor.item(primal), tangent === Zero ? 0 : Tensor.item(tangent))

const unary =
  (primitive: Primitive.Name) =>
  (x: Operand): Dual =>
    lower(duals.apply(primitive, {}, [lift(x)] as never))

/**
 * The type of an operation on two dual numbers, in both call styles.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface Binary {
  (that: Operand): (self: Operand) => Dual
  (self: Operand, that: Operand): Dual
}

const binary = (primitive: Primitive.Name): Binary =>
  dualStyles(2, (self: Operand, that: Operand) => lower(duals.apply(primitive, {}, [lift(self), lift(that)] as never)))

/**
 * The derivative of a function of one dual number at a point: the tangent of its value at `at + 1ε`.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(Dual.derivative((x) => Dual.mul(x, Dual.sin(x)), 0)) // 0
 * ```
 *
 * @category differentiation
 * @since 0.1.0
 */
export const derivative = (f: (x: Dual) => Operand, at: number): number => {
  const result = f(make(at, 1))
  return typeof result === "number" ? 0 : result.tangent
}

/**
 * The sum.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.add(Dual.make(3, 1), 4)}`) // 7 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const add: Binary = binary("add")

/**
 * The difference.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.sub(4, Dual.make(3, 1))}`) // 1 - 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const sub: Binary = binary("sub")

/**
 * The product.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.mul(Dual.make(3, 1), Dual.make(4, 0))}`) // 12 + 4ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const mul: Binary = binary("mul")

/**
 * The quotient.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.div(1, Dual.make(2, 1))}`) // 0.5 - 0.25ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const div: Binary = binary("div")

/**
 * The power.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.pow(Dual.make(3, 1), 2)}`) // 9 + 6ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const pow: Binary = binary("pow")

/**
 * The angle of the point (`that`, `self`).
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.atan2(Dual.make(0, 1), 1)}`) // 0 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const atan2: Binary = binary("atan2")

/**
 * The Euclidean length of two numbers.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.hypot(Dual.make(3, 1), 4)}`) // 5 + 0.6ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const hypot: Binary = binary("hypot")

/**
 * The larger; ties share the derivative.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.max(Dual.make(2, 1), 2)}`) // 2 + 0.5ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const max: Binary = binary("max")

/**
 * The smaller; ties share the derivative.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.min(Dual.make(2, 1), 3)}`) // 2 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const min: Binary = binary("min")

/**
 * The negative.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.neg(Dual.make(3, 1))}`) // -3 - 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const neg: (x: Operand) => Dual = unary("neg")

/**
 * The absolute value; the derivative at 0 is 0.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.abs(Dual.make(-3, 1))}`) // 3 - 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const abs: (x: Operand) => Dual = unary("abs")

/**
 * The exponential.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.exp(Dual.make(0, 1))}`) // 1 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const exp: (x: Operand) => Dual = unary("exp")

/**
 * `exp(x) - 1`.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.expm1(Dual.make(0, 1))}`) // 0 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const expm1: (x: Operand) => Dual = unary("expm1")

/**
 * The natural logarithm.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.log(Dual.make(1, 1))}`) // 0 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const log: (x: Operand) => Dual = unary("log")

/**
 * `log(1 + x)`.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.log1p(Dual.make(0, 1))}`) // 0 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const log1p: (x: Operand) => Dual = unary("log1p")

/**
 * The square root.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.sqrt(Dual.make(4, 1))}`) // 2 + 0.25ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const sqrt: (x: Operand) => Dual = unary("sqrt")

/**
 * The cube root.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.cbrt(Dual.make(1, 3))}`) // 1 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const cbrt: (x: Operand) => Dual = unary("cbrt")

/**
 * The sine.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.sin(Dual.make(0, 1))}`) // 0 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const sin: (x: Operand) => Dual = unary("sin")

/**
 * The cosine.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.cos(Dual.make(0, 1))}`) // 1 + 0ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const cos: (x: Operand) => Dual = unary("cos")

/**
 * The tangent.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.tan(Dual.make(0, 1))}`) // 0 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const tan: (x: Operand) => Dual = unary("tan")

/**
 * The arcsine.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.asin(Dual.make(0, 1))}`) // 0 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const asin: (x: Operand) => Dual = unary("asin")

/**
 * The arccosine.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.acos(Dual.make(1, 0))}`) // 0 + 0ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const acos: (x: Operand) => Dual = unary("acos")

/**
 * The arctangent.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.atan(Dual.make(0, 1))}`) // 0 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const atan: (x: Operand) => Dual = unary("atan")

/**
 * The hyperbolic sine.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.sinh(Dual.make(0, 1))}`) // 0 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const sinh: (x: Operand) => Dual = unary("sinh")

/**
 * The hyperbolic cosine.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.cosh(Dual.make(0, 1))}`) // 1 + 0ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const cosh: (x: Operand) => Dual = unary("cosh")

/**
 * The hyperbolic tangent.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.tanh(Dual.make(0, 1))}`) // 0 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const tanh: (x: Operand) => Dual = unary("tanh")

/**
 * The inverse hyperbolic sine.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.asinh(Dual.make(0, 1))}`) // 0 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const asinh: (x: Operand) => Dual = unary("asinh")

/**
 * The inverse hyperbolic cosine.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.acosh(Dual.make(1, 0))}`) // 0 + 0ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const acosh: (x: Operand) => Dual = unary("acosh")

/**
 * The inverse hyperbolic tangent.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.atanh(Dual.make(0, 1))}`) // 0 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const atanh: (x: Operand) => Dual = unary("atanh")

/**
 * The error function.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.erf(Dual.make(0, 0))}`) // 0 + 0ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const erf: (x: Operand) => Dual = unary("erf")

/**
 * The complementary error function.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.erfc(Dual.make(0, 0))}`) // 1 + 0ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const erfc: (x: Operand) => Dual = unary("erfc")

/**
 * The logistic function.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.sigmoid(Dual.make(0, 1))}`) // 0.5 + 0.25ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const sigmoid: (x: Operand) => Dual = unary("sigmoid")

/**
 * `log(1 + exp(x))`.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.softplus(Dual.make(1000, 1))}`) // 1000 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const softplus: (x: Operand) => Dual = unary("softplus")

/**
 * `max(x, 0)`; the derivative at 0 is 0.
 *
 * @example
 * ```ts
 * import { Dual } from "@fluxion/forward-mode"
 *
 * console.log(`${Dual.relu(Dual.make(2, 1))}`) // 2 + 1ε
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const relu: (x: Operand) => Dual = unary("relu")
