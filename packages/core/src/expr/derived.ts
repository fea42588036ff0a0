// Functions defined from the primitives, in the same way a user would.

import { dual } from "effect/Function"
import { apply } from "../internal/apply.ts"
import * as Shape from "../Shape.ts"
import * as Tensor from "../Tensor.ts"
import { einsum } from "./contraction.ts"
import {
  abs,
  add,
  and,
  div,
  eq,
  erfc,
  exp,
  expm1,
  floor,
  ge,
  gt,
  isFinite,
  le,
  log,
  lt,
  max,
  mul,
  mulStrongZero,
  neg,
  or,
  pow,
  select,
  sigmoid,
  sin,
  softplus,
  sqrt,
  stopGradient,
  sub,
  tanh,
  toReal
} from "./elementwise.ts"
import { fromNode, isOperand, liftNode } from "../internal/lift.ts"
import {
  type Binary,
  type DataLast,
  type Expr,
  type IndexOperand,
  type Operand,
  type Real,
  type ShapeOf,
  type Unary,
  constant
} from "./model.ts"
import { type Reduction, type ReductionOptions, reduceMax, sum } from "./reduction.ts"
import { expandDims, reshape } from "./structural.ts"

const lift = (x: Operand): Expr => fromNode(liftNode(x))

const unary =
  (define: (x: Expr) => Expr): Unary =>
  (x) =>
    define(lift(x)) as never

const binary = (define: (x: Expr, y: Expr) => Expr): Binary =>
  dual(2, (x: Operand, y: Operand) => define(lift(x), lift(y))) as Binary

const reducing = <O extends ReductionOptions>(define: (x: Expr, axes: ReadonlyArray<number>, options: O) => Expr) =>
  dual(
    (args) => isOperand(args[0]),
    (self: Operand, options?: O) => {
      const x = lift(self)
      const axes = Shape.normalizeAxes("reduction", x.shape, options?.axis)
      const kept = define(x, axes, options ?? ({} as O))
      return options?.keepDims === true ? kept : reshape(kept, Shape.reduce(x.shape, axes))
    }
  )

const alongAxis = (operation: string, define: (x: Expr, axis: number) => Expr): AlongAxis =>
  dual(
    (args) => isOperand(args[0]),
    (self: Operand, options?: AxisOptions) => {
      const x = lift(self)
      return define(x, Shape.normalizeAxis(operation, x.shape, options?.axis ?? -1))
    }
  ) as AlongAxis

/**
 * The axis a function works along; the last one when absent.
 *
 * @category options
 * @since 0.1.0
 */
export interface AxisOptions<A extends number = number> {
  readonly axis?: A
}

/**
 * The type of a function along one axis that keeps the shape, in both call styles.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface AlongAxis {
  <const A extends number = -1>(
    options?: AxisOptions<A>
  ): DataLast<A, <X extends Operand>(self: X & Shape.CheckAxes<ShapeOf<X>, A>) => Real<ShapeOf<X>, X>>
  <X extends Operand, const A extends number = -1>(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    options?: AxisOptions<A>
  ): Real<ShapeOf<X>, X>
}

/**
 * The square of each element.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.square(Expr.constant([2, 3])))}`) // [4, 9]
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const square: Unary = unary((x) => mul(x, x))

/**
 * `1 / x` for each element.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.reciprocal(4))}`) // 0.25
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const reciprocal: Unary = unary((x) => div(1, x))

/**
 * The base-2 logarithm of each element.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.log2(8))}`) // 3
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const log2: Unary = unary((x) => div(log(x), Math.LN2))

/**
 * The base-10 logarithm of each element.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.log10(100))}`) // 2
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const log10: Unary = unary((x) => div(log(x), Math.LN10))

/**
 * `log(sigmoid(x))`, accurate at both ends.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.logSigmoid(-1000))}`) // -1000
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const logSigmoid: Unary = unary((x) => neg(softplus(neg(x))))

/**
 * The sigmoid-weighted linear unit `x * sigmoid(x)` (swish).
 *
 * **Details**
 *
 * Elfwing, Uchibe and Doya (2018), eq. 1.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.silu(0))}`) // 0
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const silu: Unary = unary((x) => mulStrongZero(x, sigmoid(x)))

/**
 * The Gaussian error linear unit `x Φ(x)`, exact and accurate in the left tail.
 *
 * **Details**
 *
 * Hendrycks and Gimpel (2016). See `geluTanh` for the usual approximation.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.gelu(0))}`) // 0
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const gelu: Unary = unary((x) => mulStrongZero(mul(0.5, x), erfc(mul(x, -Math.SQRT1_2))))

/**
 * The tanh approximation of `gelu`.
 *
 * **Details**
 *
 * Hendrycks and Gimpel (2016), section 2.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.geluTanh(0))}`) // 0
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const geluTanh: Unary = unary((x) =>
  mul(mul(0.5, x), add(1, tanh(mul(Math.sqrt(2 / Math.PI), add(x, mul(0.044715, mul(x, mul(x, x))))))))
)

// sin(x)/x = Σ (-1)^k x^(2k) / (2k+1)!; thirteen terms serve for |x| < 1.5, and so do their derivatives.
const sincCoefficients = Array.from({ length: 13 }, (_, k) => {
  let factorial = 1
  for (let i = 2; i <= 2 * k + 1; i++) factorial *= i
  return (k % 2 === 0 ? 1 : -1) / factorial
})

/**
 * `sin(x) / x`, and 1 at 0 (unnormalised).
 *
 * **Details**
 *
 * A series near 0 keeps value and derivatives accurate there.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.sinc(0))}`) // 1
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const sinc: Unary = unary((x) => {
  const near = lt(abs(x), 1.5)
  const small = select(near, x, 0)
  const t = mul(small, small)
  const series = sincCoefficients.reduceRight<Expr>(
    (partial, c) => add(c, mul(t, partial)) as Expr,
    constant(0) as Expr
  )
  const away = select(near, 2, x)
  return select(near, series, div(sin(away), away)) as Expr
})

/**
 * `log(exp(x) + exp(y))` without overflow.
 *
 * **Details**
 *
 * Both branches of the definition are the same smooth function, so all derivatives are right at `x = y` too.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.logAddExp(1000, 1000))}`) // 1000.6931471805599
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const logAddExp: Binary = binary(
  (x, y) =>
    select(
      or(isFinite(x), isFinite(y)),
      select(ge(x, y), add(x, softplus(sub(y, x))), add(y, softplus(sub(x, y)))),
      max(x, y)
    ) as Expr
)

/**
 * `x * log(y)`, and 0 where `x` is 0 (unless `y` is NaN).
 *
 * **Details**
 *
 * The derivative in `x` at 0 is `log(y)`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.xlogy(0, 0))}`) // 0
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const xlogy: Binary = binary(
  (x, y) => select(and(eq(x, x), eq(y, y)), mulStrongZero(x, log(y)), mul(x, y)) as Expr
)

/**
 * `x` above 0 and `slope * x` elsewhere.
 *
 * **Details**
 *
 * The derivative at 0 is `slope` (0.01 by default).
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.leakyRelu(Expr.constant([-1, 2]), 0.1))}`) // [-0.1, 2]
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const leakyRelu: {
  (slope?: number): <X extends Operand>(self: X) => Real<ShapeOf<X>, X>
  <X extends Operand>(self: X, slope?: number): Real<ShapeOf<X>, X>
} = dual(
  (args) => isOperand(args[0]) && typeof args[0] !== "number",
  (self: Operand, slope: number = 0.01) => {
    const x = lift(self)
    return select(gt(x, 0), x, mul(slope, x))
  }
)

/**
 * `x` above 0 and `alpha * (exp(x) - 1)` elsewhere.
 *
 * **Details**
 *
 * Clevert, Unterthiner and Hochreiter (2016). `alpha` is 1 by default.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.elu(Expr.constant([0, 2])))}`) // [0, 2]
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const elu: {
  (alpha?: number): <X extends Operand>(self: X) => Real<ShapeOf<X>, X>
  <X extends Operand>(self: X, alpha?: number): Real<ShapeOf<X>, X>
} = dual(
  (args) => isOperand(args[0]) && typeof args[0] !== "number",
  (self: Operand, alpha: number = 1) => {
    const x = lift(self)
    return select(gt(x, 0), x, mul(alpha, expm1(x)))
  }
)

/**
 * The Huber loss of residuals: `r² / 2` up to `delta`, linear beyond.
 *
 * **Details**
 *
 * Huber (1964). The derivative is `clamp(r, -delta, delta)`; `delta` is 1 by default.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.huber(Expr.constant([0.5, 3]), 1))}`) // [0.125, 2.5]
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const huber: {
  (delta?: number): <X extends Operand>(residual: X) => Real<ShapeOf<X>, X>
  <X extends Operand>(residual: X, delta?: number): Real<ShapeOf<X>, X>
} = dual(
  (args) => isOperand(args[0]) && (typeof args[0] !== "number" || args.length === 2),
  (residual: Operand, delta: number = 1) => {
    const r = lift(residual)
    const size = abs(r)
    return select(le(size, delta), mul(0.5, mul(r, r)), mul(delta, sub(size, 0.5 * delta)))
  }
)

const countOf = (x: Expr, axes: ReadonlyArray<number>): number => axes.reduce((n, axis) => n * x.shape[axis]!, 1)

const meanKept = (x: Expr, axes: ReadonlyArray<number>): Expr =>
  div(sum(x, { axis: axes, keepDims: true }), countOf(x, axes)) as Expr

/**
 * The arithmetic mean over axes.
 *
 * **Details**
 *
 * The mean of nothing is NaN.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.mean(Expr.constant([1, 2, 6])))}`) // 3
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const mean: Reduction = reducing(meanKept) as Reduction

/**
 * Options of `variance` and `standardDeviation`: axes as for reductions, and what is subtracted from the count (0, or 1 for the unbiased estimate).
 *
 * @category options
 * @since 0.1.0
 */
export interface VarianceOptions<
  A extends Shape.Axes | undefined = Shape.Axes | undefined,
  KeepDims extends boolean = boolean
> extends ReductionOptions<A, KeepDims> {
  readonly correction?: number
}

/**
 * The type of `variance` and `standardDeviation`, in both call styles.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface VarianceReduction {
  <const A extends Shape.Axes | undefined = undefined, const KeepDims extends boolean = false>(
    options?: VarianceOptions<A, KeepDims>
  ): DataLast<
    A,
    <X extends Operand>(self: X & Shape.CheckAxes<ShapeOf<X>, A>) => Real<Shape.Reduce<ShapeOf<X>, A, KeepDims>, X>
  >
  <X extends Operand, const A extends Shape.Axes | undefined = undefined, const KeepDims extends boolean = false>(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    options?: VarianceOptions<A, KeepDims>
  ): Real<Shape.Reduce<ShapeOf<X>, A, KeepDims>, X>
}

const varianceKept = (x: Expr, axes: ReadonlyArray<number>, options: VarianceOptions): Expr => {
  const centred = sub(x, meanKept(x, axes))
  return div(
    sum(mul(centred, centred), { axis: axes, keepDims: true }),
    countOf(x, axes) - (options.correction ?? 0)
  ) as Expr
}

/**
 * The variance over axes, by two passes.
 *
 * **Details**
 *
 * `correction` is subtracted from the count: 0 (default) for the population, 1 for the unbiased estimate.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.variance(Expr.constant([1, 3]), { correction: 1 }))}`) // 2
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const variance: VarianceReduction = reducing(varianceKept) as VarianceReduction

/**
 * The standard deviation over axes: the square root of `variance`.
 *
 * **Details**
 *
 * The derivative where all elements are equal is 0.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.standardDeviation(Expr.constant([1, 3])))}`) // 1
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const standardDeviation: VarianceReduction = reducing<VarianceOptions>(
  (x, axes, options) => sqrt(varianceKept(x, axes, options)) as Expr
) as VarianceReduction

/**
 * The Euclidean norm over axes (all by default: the Frobenius norm of a matrix).
 *
 * **Details**
 *
 * Scaled by a power of two, so it neither overflows nor underflows early. The derivative at 0 is 0.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.norm(Expr.constant([3, 4])))}`) // 5
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const norm: Reduction = reducing((x, axes) => {
  // A power of two near the largest element: scaling by it is exact.
  const largest = stopGradient(reduceMax(abs(x), { axis: axes, keepDims: true }))
  const usable = and(gt(largest, 0), isFinite(largest))
  const exponent = max(floor(div(log(select(usable, largest, 1)), Math.LN2)), -1022)
  const scale = pow(2, exponent)
  const scaled = div(x, scale)
  return mul(scale, sqrt(sum(mul(scaled, scaled), { axis: axes, keepDims: true }))) as Expr
}) as Reduction

// The largest element as a constant shift; 0 where it is infinite, so that infinities keep their meaning.
const shiftOf = (x: Expr, axes: ReadonlyArray<number>): Expr => {
  const largest = stopGradient(reduceMax(x, { axis: axes, keepDims: true }))
  return select(isFinite(largest), largest, 0) as Expr
}

/**
 * `log(sum(exp(x)))` over axes, without overflow.
 *
 * **Details**
 *
 * Of nothing, or of `-Infinity` alone: `-Infinity`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.logSumExp(Expr.constant([1000, 1000])))}`) // 1000.6931471805599
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const logSumExp: Reduction = reducing((x, axes) => {
  const shift = shiftOf(x, axes)
  return add(shift, log(sum(exp(sub(x, shift)), { axis: axes, keepDims: true }))) as Expr
}) as Reduction

/**
 * `exp(x) / sum(exp(x))` along an axis (the last by default), without overflow.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.softmax(Expr.constant([1000, 1000])))}`) // [0.5, 0.5]
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const softmax: AlongAxis = alongAxis("softmax", (x, axis) => {
  const weights = exp(sub(x, shiftOf(x, [axis])))
  return div(weights, sum(weights, { axis: [axis], keepDims: true })) as Expr
})

/**
 * The logarithm of `softmax` along an axis (the last by default), accurate for large logits.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.logSoftmax(Expr.constant([0, 1000])))}`) // [-1000, 0]
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const logSoftmax: AlongAxis = alongAxis("logSoftmax", (x, axis) => {
  const shifted = sub(x, shiftOf(x, [axis]))
  return sub(shifted, log(sum(exp(shifted), { axis: [axis], keepDims: true }))) as Expr
})

/**
 * Options of `layerNorm`: the axis (the last by default) and what is added to the variance (1e-5 by default).
 *
 * @category options
 * @since 0.1.0
 */
export interface LayerNormOptions<A extends number = number> extends AxisOptions<A> {
  readonly epsilon?: number
}

/**
 * Elements along an axis shifted to mean 0 and scaled to variance 1.
 *
 * **Details**
 *
 * Ba, Kiros and Hinton (2016). Gain and bias are an ordinary `mul` and `add`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.layerNorm(Expr.constant([1, 3]), { epsilon: 0 }))}`) // [-1, 1]
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const layerNorm: {
  <const A extends number = -1>(
    options?: LayerNormOptions<A>
  ): DataLast<A, <X extends Operand>(self: X & Shape.CheckAxes<ShapeOf<X>, A>) => Real<ShapeOf<X>, X>>
  <X extends Operand, const A extends number = -1>(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    options?: LayerNormOptions<A>
  ): Real<ShapeOf<X>, X>
} = dual(
  (args) => isOperand(args[0]),
  (self: Operand, options?: LayerNormOptions) => {
    const x = lift(self)
    const axes = [Shape.normalizeAxis("layerNorm", x.shape, options?.axis ?? -1)]
    const centred = sub(x, meanKept(x, axes))
    return div(centred, sqrt(add(varianceKept(x, axes, {}), options?.epsilon ?? 1e-5)))
  }
) as never

/**
 * Labels as rows of 0 with a 1 at the label: a new last axis of length `classes`.
 *
 * **Details**
 *
 * A label out of range gives a row of zeros.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.oneHot(Expr.constant(Tensor.index([2, 0])), 3))}`) // [[0, 0, 1], [1, 0, 0]]
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const oneHot: {
  <const N extends number>(
    classes: N
  ): DataLast<N, <I extends IndexOperand>(labels: I) => Real<readonly [...ShapeOf<I>, N], I>>
  <I extends IndexOperand, const N extends number>(labels: I, classes: N): Real<readonly [...ShapeOf<I>, N], I>
} = dual(2, (labels: IndexOperand, classes: number) =>
  toReal(eq(expandDims(labels, -1), constant(Tensor.iota(classes))))
) as never

type CheckTargets<X, T> = T extends IndexOperand
  ? ShapeOf<X> extends readonly [...infer Rows extends Shape.Shape, number]
    ? Shape.CheckSame<Rows, ShapeOf<T>, "crossEntropy">
    : unknown
  : Shape.CheckSame<ShapeOf<X>, ShapeOf<T>, "crossEntropy">

/**
 * The cross-entropy of softmax along the last axis: one loss for each row of logits.
 *
 * **Details**
 *
 * Targets are labels (indices, without the last axis) or probabilities (of the shape of the logits). The gradient in the logits is
 * `softmax(logits) - target`. Take the `mean` for the usual training loss.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.crossEntropy(Expr.constant([[0, 0]]), Expr.constant(Tensor.index([1]))))}`) // [0.6931471805599453]
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const crossEntropy: {
  <T extends Operand | IndexOperand>(
    targets: T
  ): DataLast<T, <X extends Operand>(logits: X & CheckTargets<X, T>) => Real<Shape.Reduce<ShapeOf<X>, -1>, X | T>>
  <X extends Operand, T extends Operand | IndexOperand>(
    logits: X,
    targets: T & CheckTargets<X, T>
  ): Real<Shape.Reduce<ShapeOf<X>, -1>, X | T>
} = dual(2, (logits: Operand, targets: Operand | IndexOperand) => {
  const z = lift(logits)
  const classes = z.shape.at(-1)
  if (classes === undefined)
    throw Shape.error("crossEntropy", [z.shape], "expected logits with at least one axis, got []")
  const target = liftNode(targets)
  const weights: Expr =
    target.elementType === "index" ? lift(oneHot(fromNode<IndexOperand>(target), classes)) : fromNode<Expr>(target)
  if (!Shape.equals(weights.shape, z.shape)) {
    throw Shape.error(
      "crossEntropy",
      [z.shape, target.shape],
      `targets ${Shape.render(target.shape)} do not fit logits ${Shape.render(z.shape)}`
    )
  }
  // A target of 0 must not meet a log-probability of -Infinity as NaN.
  return neg(sum(mulStrongZero(weights, logSoftmax(z)), { axis: [z.shape.length - 1] }))
}) as never

/**
 * The diagonal of a square matrix.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.diagonal(Expr.constant([[1, 2], [3, 4]])))}`) // [1, 4]
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const diagonal = <X extends Operand>(
  x: X & Shape.CheckEinsum<"ii,->i", ShapeOf<X>, readonly []>
): Real<readonly [Shape.At<ShapeOf<X>, 0>], X> => einsum("ii,->i", lift(x), lift(1)) as never

/**
 * The sum of the diagonal of a square matrix.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.trace(Expr.constant([[1, 2], [3, 4]])))}`) // 5
 * ```
 *
 * @category derived
 * @since 0.1.0
 */
export const trace = <X extends Operand>(
  x: X & Shape.CheckEinsum<"ii,->", ShapeOf<X>, readonly []>
): Real<readonly [], X> => sum(diagonal(x as never)) as never

/**
 * An array of zeros.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.zeros([2]))}`) // [0, 0]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const zeros = <const S extends Shape.Shape>(shape: S): Expr<S> =>
  fromNode(apply("broadcastTo", { shape }, [liftNode(0)]))

/**
 * An array of ones.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.ones([2]))}`) // [1, 1]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const ones = <const S extends Shape.Shape>(shape: S): Expr<S> =>
  fromNode(apply("broadcastTo", { shape }, [liftNode(1)]))
