/**
 * Functions that fail outside of their domain, with a `DomainError`, instead of computing NaN or an infinity.
 *
 * **Details**
 *
 * Values and derivatives are those of the functions of `Expr` with the same names. NaN is in no domain. The error carries the first argument (in row-major
 * order) outside of the domain, its index, where in maps and loops that was, and the line of the call. Arrays without elements never
 * fail. Each costs a comparison and a pass over its argument.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import type { DomainError } from "../Failure.ts"
import { ensured } from "../internal/guards.ts"
import { fromNode, liftNode } from "../internal/lift.ts"
import * as Shape from "../Shape.ts"
import * as derived from "./derived.ts"
import * as elementwise from "./elementwise.ts"
import { broadcastTo } from "./structural.ts"
export * from "./checkedLinalg.ts"
import type { BoolExpr, ErrorOf, Expr, Operand, Proto, RequirementsOf, ShapeOf, DataLast } from "./model.ts"

/**
 * An array of reals of shape `S` computed from the operands `X`, where they are in the domain.
 *
 * @category models
 * @since 0.1.0
 */
export type Checked<S extends Shape.Shape, X> = Expr<S, ErrorOf<X> | DomainError, RequirementsOf<X>>

/**
 * The type of an elementwise function of one array of reals that fails outside of its domain.
 *
 * @category models
 * @since 0.1.0
 */
export interface CheckedUnary {
  <X extends Operand>(x: X): Checked<ShapeOf<X>, X>
}

/**
 * The type of an elementwise function of two arrays of reals that fails outside of its domain, in both call styles.
 *
 * @category models
 * @since 0.1.0
 */
export interface CheckedBinary {
  <Y extends Operand>(
    that: Y
  ): DataLast<
    Y,
    <X extends Operand>(
      self: X & Shape.CheckBroadcast<ShapeOf<X>, ShapeOf<Y>>
    ) => Checked<Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>, X | Y>
  >
  // For functions that are generic in a shape: it is not known yet, but both operands have it.
  <S extends Shape.Shape, X extends Proto<"real", S, unknown, unknown>, Y extends Expr<S, unknown, unknown> | number>(
    self: X & Expr<S, unknown, unknown>,
    that: Y
  ): Checked<S, X | Y>
  <S extends Shape.Shape, Y extends Proto<"real", S, unknown, unknown>>(
    self: number,
    that: Y & Expr<S, unknown, unknown>
  ): Checked<S, Y>
  <X extends Operand, Y extends Operand>(
    self: X,
    that: Y & Shape.CheckBroadcast<ShapeOf<X>, ShapeOf<Y>>
  ): Checked<Shape.Broadcast<ShapeOf<X>, ShapeOf<Y>>, X | Y>
}

const { abs, and, eq, floor, ge, gt, isFinite, le, lt, or } = elementwise

const inDomain = (operation: string, domain: string, x: Operand, ok: BoolExpr): Expr =>
  fromNode(ensured(liftNode(x), liftNode(ok), { _tag: "Domain", operation, domain }))

const unary = (operation: string, domain: string, f: (x: Expr) => Expr, ok: (x: Expr) => BoolExpr): CheckedUnary =>
  ((x: Operand) => {
    const lifted: Expr = fromNode(liftNode(x))
    return f(inDomain(operation, domain, lifted, ok(lifted)))
  }) as never

// Comparisons that NaN fails, as `ne` is not.
const notZero = (x: Expr): BoolExpr => gt(abs(x), 0)
const notPole = (x: Expr): BoolExpr => or(gt(x, 0), lt(floor(x), x))
const isNumber = (x: Expr): BoolExpr => eq(x, x)

/**
 * The logarithm of a positive number.
 *
 * **Details**
 *
 * Domain: `x > 0`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.log(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 1))) // 0
 * console.log(Result.isFailure(Fn.runResult(f, 0))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const log: CheckedUnary = unary("log", "x > 0", elementwise.log, (x) => gt(x, 0))

/**
 * The logarithm to base 2 of a positive number.
 *
 * **Details**
 *
 * Domain: `x > 0`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.log2(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 8))) // 3
 * console.log(Result.isFailure(Fn.runResult(f, 0))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const log2: CheckedUnary = unary("log2", "x > 0", derived.log2, (x) => gt(x, 0))

/**
 * The logarithm to base 10 of a positive number.
 *
 * **Details**
 *
 * Domain: `x > 0`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.log10(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 10))) // 1
 * console.log(Result.isFailure(Fn.runResult(f, 0))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const log10: CheckedUnary = unary("log10", "x > 0", derived.log10, (x) => gt(x, 0))

/**
 * `log(1 + x)` for `x > -1`.
 *
 * **Details**
 *
 * Domain: `x > -1`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.log1p(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 0))) // 0
 * console.log(Result.isFailure(Fn.runResult(f, -1))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const log1p: CheckedUnary = unary("log1p", "x > -1", elementwise.log1p, (x) => gt(x, -1))

/**
 * The square root of a number that is not negative.
 *
 * **Details**
 *
 * Domain: `x >= 0`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.sqrt(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 9))) // 3
 * console.log(Result.isFailure(Fn.runResult(f, -4))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const sqrt: CheckedUnary = unary("sqrt", "x >= 0", elementwise.sqrt, (x) => ge(x, 0))

/**
 * `1 / x` for `x` other than zero.
 *
 * **Details**
 *
 * Domain: `x != 0`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.reciprocal(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 4))) // 0.25
 * console.log(Result.isFailure(Fn.runResult(f, 0))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const reciprocal: CheckedUnary = unary("reciprocal", "x != 0", derived.reciprocal, (x) => notZero(x))

/**
 * The sine of a finite number.
 *
 * **Details**
 *
 * Domain: `a finite x`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.sin(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 0))) // 0
 * console.log(Result.isFailure(Fn.runResult(f, Infinity))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const sin: CheckedUnary = unary("sin", "a finite x", elementwise.sin, (x) => isFinite(x))

/**
 * The cosine of a finite number.
 *
 * **Details**
 *
 * Domain: `a finite x`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.cos(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 0))) // 1
 * console.log(Result.isFailure(Fn.runResult(f, Infinity))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const cos: CheckedUnary = unary("cos", "a finite x", elementwise.cos, (x) => isFinite(x))

/**
 * The tangent of a finite number.
 *
 * **Details**
 *
 * Domain: `a finite x`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.tan(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 0))) // 0
 * console.log(Result.isFailure(Fn.runResult(f, Infinity))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const tan: CheckedUnary = unary("tan", "a finite x", elementwise.tan, (x) => isFinite(x))

/**
 * The inverse sine of a number between -1 and 1.
 *
 * **Details**
 *
 * Domain: `-1 <= x <= 1`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.asin(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 0))) // 0
 * console.log(Result.isFailure(Fn.runResult(f, 2))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const asin: CheckedUnary = unary("asin", "-1 <= x <= 1", elementwise.asin, (x) => le(abs(x), 1))

/**
 * The inverse cosine of a number between -1 and 1.
 *
 * **Details**
 *
 * Domain: `-1 <= x <= 1`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.acos(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 1))) // 0
 * console.log(Result.isFailure(Fn.runResult(f, 2))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const acos: CheckedUnary = unary("acos", "-1 <= x <= 1", elementwise.acos, (x) => le(abs(x), 1))

/**
 * The inverse hyperbolic cosine of a number not below 1.
 *
 * **Details**
 *
 * Domain: `x >= 1`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.acosh(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 1))) // 0
 * console.log(Result.isFailure(Fn.runResult(f, 0.5))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const acosh: CheckedUnary = unary("acosh", "x >= 1", elementwise.acosh, (x) => ge(x, 1))

/**
 * The inverse hyperbolic tangent of a number strictly between -1 and 1.
 *
 * **Details**
 *
 * Domain: `-1 < x < 1`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.atanh(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 0))) // 0
 * console.log(Result.isFailure(Fn.runResult(f, 1))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const atanh: CheckedUnary = unary("atanh", "-1 < x < 1", elementwise.atanh, (x) => lt(abs(x), 1))

/**
 * The logarithm of the absolute value of the gamma function, away from its poles.
 *
 * **Details**
 *
 * Domain: `x other than 0, -1, -2, ...`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.lgamma(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 1))) // 0
 * console.log(Result.isFailure(Fn.runResult(f, -2))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const lgamma: CheckedUnary = unary("lgamma", "x other than 0, -1, -2, ...", elementwise.lgamma, (x) =>
  notPole(x)
)

/**
 * The digamma function away from its poles.
 *
 * **Details**
 *
 * Domain: `x other than 0, -1, -2, ...`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.digamma(x))
 * console.log(Result.getOrThrow(Fn.runResult(f, 1))) // -0.5772156649015329
 * console.log(Result.isFailure(Fn.runResult(f, -2))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const digamma: CheckedUnary = unary("digamma", "x other than 0, -1, -2, ...", elementwise.digamma, (x) =>
  notPole(x)
)

const broadcastLike = (x: Expr, shape: Shape.Shape): Expr => broadcastTo(x, Shape.broadcast("pow", x.shape, shape))

const binary = (f: (x: Expr, y: Expr) => Expr): CheckedBinary =>
  dual(2, (x: Operand, y: Operand) => f(fromNode(liftNode(x)), fromNode(liftNode(y)))) as never

/**
 * `x / y` for `y` other than zero.
 *
 * **Details**
 *
 * Domain: `y != 0`, neither NaN.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.checked.div(x, y))
 * console.log(Result.getOrThrow(Fn.runResult(f, { x: 1, y: 2 }))) // 0.5
 * console.log(Result.isFailure(Fn.runResult(f, { x: 1, y: 0 }))) // true
 * ```
 *
 * @category binary
 * @since 0.1.0
 */
export const div: CheckedBinary = binary((x, y) =>
  elementwise.div(inDomain("div", "a number x", x, isNumber(x)), inDomain("div", "y != 0", y, notZero(y)))
)

/**
 * The remainder of `x / y` with the sign of `x`, for a finite `x` and `y` other than zero.
 *
 * **Details**
 *
 * Domain: `x` finite, `y != 0` and not NaN.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.checked.rem(x, y))
 * console.log(Result.getOrThrow(Fn.runResult(f, { x: 7, y: 4 }))) // 3
 * console.log(Result.isFailure(Fn.runResult(f, { x: 7, y: 0 }))) // true
 * ```
 *
 * @category binary
 * @since 0.1.0
 */
export const rem: CheckedBinary = binary((x, y) =>
  elementwise.rem(inDomain("rem", "a finite x", x, isFinite(x)), inDomain("rem", "y != 0", y, notZero(y)))
)

/**
 * `x` to the power `y`, where that is a real number.
 *
 * **Details**
 *
 * Domain: `x > 0`, or `x = 0` and `y >= 0`, or `x < 0` and an integer `y`; neither NaN. The error carries the base.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.checked.pow(x, y))
 * console.log(Result.getOrThrow(Fn.runResult(f, { x: -2, y: 3 }))) // -8
 * console.log(Result.isFailure(Fn.runResult(f, { x: -2, y: 0.5 }))) // true
 * ```
 *
 * @category binary
 * @since 0.1.0
 */
export const pow: CheckedBinary = binary((x, y) => {
  const exponent = inDomain("pow", "a number y", y, isNumber(y))
  const whole = and(isFinite(exponent), eq(floor(exponent), exponent))
  const ok = or(or(gt(x, 0), and(eq(x, 0), ge(exponent, 0))), and(lt(x, 0), whole))
  const base: Expr = broadcastLike(x, ok.shape)
  return elementwise.pow(inDomain("pow", "x > 0, or x = 0 and y >= 0, or x < 0 and an integer y", base, ok), exponent)
})

/**
 * The polygamma function of some order, away from its poles.
 *
 * **Details**
 *
 * Domain: `x other than 0, -1, -2, ...`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.polygamma(x, 1))
 * console.log(Result.isSuccess(Fn.runResult(f, 1))) // true
 * console.log(Result.isFailure(Fn.runResult(f, 0))) // true
 * ```
 *
 * @category unary
 * @since 0.1.0
 */
export const polygamma: {
  (order: number): CheckedUnary
  <X extends Operand>(x: X, order: number): Checked<ShapeOf<X>, X>
} = dual(2, (x: Operand, order: number) =>
  unary("polygamma", "x other than 0, -1, -2, ...", (y) => elementwise.polygamma(y, order), notPole)(x)
) as never
