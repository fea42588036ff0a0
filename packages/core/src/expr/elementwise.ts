import { dual } from "effect/Function"
import { apply } from "../internal/apply.ts"
import type * as Shape from "../Shape.ts"
import { binary, fromNode, liftNode, unary } from "../internal/lift.ts"
import type {
  AnyOperand,
  Arithmetic,
  Binary,
  Bool,
  BoolOperand,
  Comparison,
  ElementTypeOf,
  Index,
  Logic,
  OfElementType,
  Operand,
  Real,
  ShapeOf,
  Unary,
  DataLast
} from "./model.ts"

/**
 * The negative of each element.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.neg(Expr.constant([1, -2])))}`) // [-1, 2]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const neg: Unary = unary("neg")

/**
 * The absolute value of each element.
 *
 * **Details**
 *
 * The derivative is `sign(x)`; at the kink 0 it is 0, at NaN it is NaN.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.abs(Expr.constant([-3, 0, 2])))}`) // [3, 0, 2]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const abs: Unary = unary("abs")

/**
 * The sign of each element: -1, 0 or 1 (zeros keep their sign, NaN stays NaN).
 *
 * **Details**
 *
 * The derivative is zero everywhere, by structure.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.sign(Expr.constant([-3, 0, 2])))}`) // [-1, 0, 1]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const sign: Unary = unary("sign")

/**
 * The exponential of each element.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.exp(0))}`) // 1
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const exp: Unary = unary("exp")

/**
 * `exp(x) - 1`, accurate near zero.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.expm1(1e-20))}`) // 1e-20
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const expm1: Unary = unary("expm1")

/**
 * The natural logarithm of each element.
 *
 * **Details**
 *
 * NaN below 0, `-Infinity` at 0.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.log(1))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const log: Unary = unary("log")

/**
 * `log(1 + x)`, accurate near zero.
 *
 * **Details**
 *
 * NaN below -1, `-Infinity` at -1.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.log1p(1e-20))}`) // 1e-20
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const log1p: Unary = unary("log1p")

/**
 * The square root of each element.
 *
 * **Details**
 *
 * NaN below 0; the derivative at 0 is `Infinity`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.sqrt(Expr.constant([4, 9])))}`) // [2, 3]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const sqrt: Unary = unary("sqrt")

/**
 * The cube root of each element.
 *
 * **Details**
 *
 * Defined on the whole line; the derivative at 0 is `Infinity`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.cbrt(-8))}`) // -2
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const cbrt: Unary = unary("cbrt")

/**
 * The sine of each element, in radians.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.sin(0))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const sin: Unary = unary("sin")

/**
 * The cosine of each element, in radians.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.cos(0))}`) // 1
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const cos: Unary = unary("cos")

/**
 * The tangent of each element, in radians.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.tan(0))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const tan: Unary = unary("tan")

/**
 * The arcsine of each element, in radians.
 *
 * **Details**
 *
 * Domain [-1, 1], NaN outside; the derivative at the ends is `Infinity`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.asin(0))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const asin: Unary = unary("asin")

/**
 * The arccosine of each element, in radians.
 *
 * **Details**
 *
 * Domain [-1, 1], NaN outside; the derivative at the ends is `-Infinity`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.acos(1))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const acos: Unary = unary("acos")

/**
 * The arctangent of each element, in radians.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.atan(0))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const atan: Unary = unary("atan")

/**
 * The hyperbolic sine of each element.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.sinh(0))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const sinh: Unary = unary("sinh")

/**
 * The hyperbolic cosine of each element.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.cosh(0))}`) // 1
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const cosh: Unary = unary("cosh")

/**
 * The hyperbolic tangent of each element.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.tanh(0))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const tanh: Unary = unary("tanh")

/**
 * The inverse hyperbolic sine of each element.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.asinh(0))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const asinh: Unary = unary("asinh")

/**
 * The inverse hyperbolic cosine of each element.
 *
 * **Details**
 *
 * Domain [1, Infinity), NaN below; the derivative at 1 is `Infinity`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.acosh(1))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const acosh: Unary = unary("acosh")

/**
 * The inverse hyperbolic tangent of each element.
 *
 * **Details**
 *
 * Domain [-1, 1], NaN outside, infinite at the ends.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.atanh(0))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const atanh: Unary = unary("atanh")

/**
 * The error function of each element.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.erf(0))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const erf: Unary = unary("erf")

/**
 * The complementary error function `1 - erf(x)`, accurate in the tail.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.erfc(0))}`) // 1
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const erfc: Unary = unary("erfc")

/**
 * The logarithm of the absolute value of the gamma function.
 *
 * **Details**
 *
 * `Infinity` at the poles 0, -1, -2, …. The derivative is `digamma`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.lgamma(1))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const lgamma: Unary = unary("lgamma")

/**
 * The digamma function: the derivative of `lgamma`.
 *
 * **Details**
 *
 * Poles at 0, -1, -2, …, where the value is NaN (-1, -2, …) or infinite (0).
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.digamma(Expr.constant([Infinity])))}`) // [Infinity]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const digamma: Unary = unary("digamma")

/**
 * The logistic function `1 / (1 + exp(-x))`, accurate at both ends.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.sigmoid(0))}`) // 0.5
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const sigmoid: Unary = unary("sigmoid")

/**
 * `log(1 + exp(x))`, accurate at both ends and never overflowing.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.softplus(1000))}`) // 1000
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const softplus: Unary = unary("softplus")

/**
 * `max(x, 0)`.
 *
 * **Details**
 *
 * The derivative at the kink 0 is 0, at NaN it is NaN.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.relu(Expr.constant([-1, 0, 2])))}`) // [0, 0, 2]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const relu: Unary = unary("relu")

/**
 * The largest integer not above each element.
 *
 * **Details**
 *
 * The derivative is zero everywhere, by structure.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.floor(Expr.constant([1.5, -1.5])))}`) // [1, -2]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const floor: Unary = unary("floor")

/**
 * The smallest integer not below each element.
 *
 * **Details**
 *
 * The derivative is zero everywhere, by structure.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.ceil(Expr.constant([1.5, 2.5])))}`) // [2, 3]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const ceil: Unary = unary("ceil")

/**
 * Each element rounded to the nearest integer, ties to even.
 *
 * **Details**
 *
 * The derivative is zero everywhere, by structure.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.round(Expr.constant([0.5, 1.5, 2.5])))}`) // [0, 2, 2]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const round: Unary = unary("round")

/**
 * The same value, treated as a constant by every derivative.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.stopGradient(3))}`) // 3
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const stopGradient: Unary = unary("stopGradient")

/**
 * The polygamma function of an integer order of at least 1: the derivative of `digamma` taken `order` times.
 *
 * **Details**
 *
 * Order 1 is the trigamma function.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.polygamma(Infinity, 1))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const polygamma: {
  (order: number): <X extends Operand>(self: X) => Real<ShapeOf<X>, X>
  <X extends Operand>(self: X, order: number): Real<ShapeOf<X>, X>
} = dual(2, (self: Operand, order: number) => fromNode(apply("polygamma", { order }, [liftNode(self)])))

/**
 * The sum of two arrays, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.add(Expr.constant([1, 2]), 10))}`) // [11, 12]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const add: Arithmetic = binary("add")

/**
 * The difference `self - that`, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.sub(Expr.constant([1, 2]), 10))}`) // [-9, -8]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const sub: Arithmetic = binary("sub")

/**
 * The product of two arrays, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.mul(Expr.constant([1, 2]), 10))}`) // [10, 20]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const mul: Arithmetic = binary("mul")

/**
 * The product in which a zero factor makes zero, even beside an infinity or NaN.
 *
 * **Details**
 *
 * Derivatives are accumulated with this product, so a branch that was not taken never poisons a gradient
 * (the "strong zero" of Enzyme). Elsewhere it equals `mul`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.mulStrongZero(0, Infinity))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const mulStrongZero: Binary = binary("mulStrongZero")

/**
 * The quotient `self / that`, elementwise with broadcasting.
 *
 * **Details**
 *
 * IEEE semantics: division by zero gives infinities or NaN.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.div(Expr.constant([1, 2]), 4))}`) // [0.25, 0.5]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const div: Binary = binary("div")

/**
 * `self` raised to the power `that`, elementwise with broadcasting.
 *
 * **Details**
 *
 * `pow(x, 0)` is 1 with derivative 0 in `x`, also at 0; `pow(0, y)` with `y > 0` has derivative 0 in `y`. A negative base with a
 * power that is not an integer gives NaN.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.pow(Expr.constant([2, 3]), 2))}`) // [4, 9]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const pow: Binary = binary("pow")

/**
 * The angle of the point (`that`, `self`): `atan2(y, x)` in radians, in (-π, π].
 *
 * **Details**
 *
 * The derivative at the origin is 0 in both arguments.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.atan2(0, 1))}`) // 0
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const atan2: Binary = binary("atan2")

/**
 * `sqrt(self² + that²)` without undue overflow or underflow.
 *
 * **Details**
 *
 * The derivative at the origin is 0 in both arguments.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.hypot(3, 4))}`) // 5
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const hypot: Binary = binary("hypot")

/**
 * The larger of two elements; NaN if either is.
 *
 * **Details**
 *
 * Ties share the derivative equally. See `reduceMax` for the largest element of an array.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.max(Expr.constant([1, 5]), 3))}`) // [3, 5]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const max: Arithmetic = binary("max")

/**
 * The smaller of two elements; NaN if either is.
 *
 * **Details**
 *
 * Ties share the derivative equally. See `reduceMin` for the smallest element of an array.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.min(Expr.constant([1, 5]), 3))}`) // [1, 3]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const min: Arithmetic = binary("min")

/**
 * The remainder of `self / that` with the sign of `self` (JavaScript's `%`).
 *
 * **Details**
 *
 * The derivative is 1 in `self` and `-trunc(self / that)` in `that`; jumps carry no derivative.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.rem(Expr.constant([7, -7]), 3))}`) // [1, -1]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const rem: Binary = binary("rem")

/**
 * Whether elements are equal (NaN equals nothing).
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.eq(Expr.constant([1, 2]), 2))}`) // [false, true]
 * ```
 *
 * @category comparison
 * @since 0.1.0
 */
export const eq: Comparison = binary("eq")

/**
 * Whether elements differ (NaN differs from everything).
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.ne(Expr.constant([1, 2]), 2))}`) // [true, false]
 * ```
 *
 * @category comparison
 * @since 0.1.0
 */
export const ne: Comparison = binary("ne")

/**
 * Whether `self < that`, elementwise.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.lt(Expr.constant([1, 2]), 2))}`) // [true, false]
 * ```
 *
 * @category comparison
 * @since 0.1.0
 */
export const lt: Comparison = binary("lt")

/**
 * Whether `self <= that`, elementwise.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.le(Expr.constant([1, 3]), 2))}`) // [true, false]
 * ```
 *
 * @category comparison
 * @since 0.1.0
 */
export const le: Comparison = binary("le")

/**
 * Whether `self > that`, elementwise.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.gt(Expr.constant([1, 3]), 2))}`) // [false, true]
 * ```
 *
 * @category comparison
 * @since 0.1.0
 */
export const gt: Comparison = binary("gt")

/**
 * Whether `self >= that`, elementwise.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.ge(Expr.constant([1, 2]), 2))}`) // [false, true]
 * ```
 *
 * @category comparison
 * @since 0.1.0
 */
export const ge: Comparison = binary("ge")

/**
 * Logical conjunction, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.and(Expr.constant(Tensor.bool([true, false])), true))}`) // [true, false]
 * ```
 *
 * @category logic
 * @since 0.1.0
 */
export const and: Logic = binary("and")

/**
 * Logical disjunction, elementwise with broadcasting.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.or(Expr.constant(Tensor.bool([true, false])), false))}`) // [true, false]
 * ```
 *
 * @category logic
 * @since 0.1.0
 */
export const or: Logic = binary("or")

/**
 * Logical negation, elementwise.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.not(true))}`) // false
 * ```
 *
 * @category logic
 * @since 0.1.0
 */
export const not = <X extends BoolOperand>(x: X): Bool<ShapeOf<X>, X> => fromNode(apply("not", {}, [liftNode(x)]))

/**
 * Whether each element is neither infinite nor NaN.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.isFinite(Expr.constant([1, Infinity, NaN])))}`) // [true, false, false]
 * ```
 *
 * @category comparison
 * @since 0.1.0
 */
export const isFinite = <X extends Operand>(x: X): Bool<ShapeOf<X>, X> => fromNode(apply("isFinite", {}, [liftNode(x)]))

/**
 * Indices as reals, and truth values as 0 and 1.
 *
 * **Details**
 *
 * Derivatives do not pass.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.toReal(Expr.gt(Expr.constant([1, 3]), 2)))}`) // [0, 1]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const toReal = <X extends AnyOperand>(x: X): Real<ShapeOf<X>, X> => fromNode(apply("toReal", {}, [liftNode(x)]))

/**
 * Reals as indices: truncated toward zero, saturating, NaN as 0.
 *
 * **Details**
 *
 * Derivatives do not pass.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.toIndex(Expr.constant([2.7, -1.2])))}`) // [2, -1]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const toIndex = <X extends Operand>(x: X): Index<ShapeOf<X>, X> => fromNode(apply("toIndex", {}, [liftNode(x)]))

type Broadcast3<P, X, Y> = Shape.Broadcast<ShapeOf<P>, Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>>

type CheckBroadcast3<P, X, Y> = [Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>] extends [never]
  ? Shape.CheckBroadcast<ShapeOf<X>, ShapeOf<Y>>
  : Shape.CheckBroadcast<ShapeOf<P>, Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>>

/**
 * `whenTrue` where the predicate holds and `whenFalse` elsewhere, elementwise with broadcasting.
 *
 * **Details**
 *
 * The branch that is not taken never poisons a gradient: `select(p, log(x), 0)` has a finite gradient where `p` is false.
 * Data-last, the predicate is the piped argument.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.select(Expr.gt(Expr.constant([1, 3]), 2), 10, 20))}`) // [20, 10]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const select: {
  <X extends AnyOperand, Y extends AnyOperand>(
    whenTrue: X,
    whenFalse: Y & SameElement<X, Y>
  ): DataLast<
    X,
    <P extends BoolOperand>(
      predicate: P & CheckBroadcast3<P, X, Y>
    ) => OfElementType<SelectedElement<X, Y>, Broadcast3<P, X, Y>, P | X | Y>
  >
  <P extends BoolOperand, X extends AnyOperand, Y extends AnyOperand>(
    predicate: P,
    whenTrue: X,
    whenFalse: Y & CheckBroadcast3<P, X, Y> & SameElement<X, Y>
  ): OfElementType<SelectedElement<X, Y>, Broadcast3<P, X, Y>, P | X | Y>
} = dual(3, (predicate: BoolOperand, whenTrue: AnyOperand, whenFalse: AnyOperand) => {
  const like = (other: AnyOperand) => (typeof other === "object" ? other.elementType : undefined)
  return fromNode(
    apply("select", {}, [liftNode(predicate), liftNode(whenTrue, like(whenFalse)), liftNode(whenFalse, like(whenTrue))])
  )
})

type SelectedElement<X, Y> = X extends number ? ElementTypeOf<Y> : ElementTypeOf<X>

type SameElement<X, Y> = X extends number
  ? unknown
  : Y extends number
    ? unknown
    : [ElementTypeOf<X>, ElementTypeOf<Y>] extends [ElementTypeOf<Y>, ElementTypeOf<X>]
      ? unknown
      : Shape.Mismatch<`element types differ: ${ElementTypeOf<X>} and ${ElementTypeOf<Y>}`>

/**
 * `min(max(x, low), high)`: elements forced into [low, high].
 *
 * **Details**
 *
 * The derivative passes to the argument that gives the value; at a tie it is shared equally.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.clamp(Expr.constant([-5, 0.5, 5]), -1, 1))}`) // [-1, 0.5, 1]
 * ```
 *
 * @category elementwise
 * @since 0.1.0
 */
export const clamp: {
  <L extends Operand, H extends Operand>(
    low: L,
    high: H
  ): DataLast<L, <X extends Operand>(self: X & CheckBroadcast3<X, L, H>) => Real<Broadcast3<X, L, H>, X | L | H>>
  <X extends Operand, L extends Operand, H extends Operand>(
    self: X,
    low: L,
    high: H & CheckBroadcast3<X, L, H>
  ): Real<Broadcast3<X, L, H>, X | L | H>
} = dual(3, (self: Operand, low: Operand, high: Operand) =>
  fromNode(apply("clamp", {}, [liftNode(self), liftNode(low), liftNode(high)]))
)
