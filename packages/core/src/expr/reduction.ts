import { dual } from "effect/Function"
import { apply } from "../internal/apply.ts"
import * as Shape from "../Shape.ts"
import { fromNode, isOperand, liftNode } from "../internal/lift.ts"
import type {
  Bool,
  BoolOperand,
  ElementTypeOf,
  Index,
  NumericOperand,
  OfElementType,
  Operand,
  Real,
  ShapeOf,
  DataLast
} from "./model.ts"

/**
 * Which axes a reduction runs over, and whether they stay as dimensions of 1.
 *
 * **Details**
 *
 * `axis` is one axis or several, negative ones from the end; all axes when absent.
 *
 * @category options
 * @since 0.1.0
 */
export interface ReductionOptions<
  A extends Shape.Axes | undefined = Shape.Axes | undefined,
  KeepDims extends boolean = boolean
> {
  readonly axis?: A
  readonly keepDims?: KeepDims
}

/**
 * The type of a reduction of reals, in both call styles: `sum(x, { axis: 0 })` and `x.pipe(sum({ axis: 0 }))`.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface Reduction {
  <const A extends Shape.Axes | undefined = undefined, const KeepDims extends boolean = false>(
    options?: ReductionOptions<A, KeepDims>
  ): DataLast<
    A,
    <X extends Operand>(self: X & Shape.CheckAxes<ShapeOf<X>, A>) => Real<Shape.Reduce<ShapeOf<X>, A, KeepDims>, X>
  >
  <X extends Operand, const A extends Shape.Axes | undefined = undefined, const KeepDims extends boolean = false>(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    options?: ReductionOptions<A, KeepDims>
  ): Real<Shape.Reduce<ShapeOf<X>, A, KeepDims>, X>
}

/**
 * The type of a reduction of reals or indices.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface NumericReduction {
  <const A extends Shape.Axes | undefined = undefined, const KeepDims extends boolean = false>(
    options?: ReductionOptions<A, KeepDims>
  ): DataLast<
    A,
    <X extends NumericOperand>(
      self: X & Shape.CheckAxes<ShapeOf<X>, A>
    ) => OfElementType<ElementTypeOf<X>, Shape.Reduce<ShapeOf<X>, A, KeepDims>, X>
  >
  <
    X extends NumericOperand,
    const A extends Shape.Axes | undefined = undefined,
    const KeepDims extends boolean = false
  >(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    options?: ReductionOptions<A, KeepDims>
  ): OfElementType<ElementTypeOf<X>, Shape.Reduce<ShapeOf<X>, A, KeepDims>, X>
}

/**
 * The type of a reduction of truth values.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface LogicalReduction {
  <const A extends Shape.Axes | undefined = undefined, const KeepDims extends boolean = false>(
    options?: ReductionOptions<A, KeepDims>
  ): DataLast<
    A,
    <X extends BoolOperand>(self: X & Shape.CheckAxes<ShapeOf<X>, A>) => Bool<Shape.Reduce<ShapeOf<X>, A, KeepDims>, X>
  >
  <X extends BoolOperand, const A extends Shape.Axes | undefined = undefined, const KeepDims extends boolean = false>(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    options?: ReductionOptions<A, KeepDims>
  ): Bool<Shape.Reduce<ShapeOf<X>, A, KeepDims>, X>
}

type ReductionName = "sum" | "prod" | "reduceMax" | "reduceMin" | "any" | "all"

const reduction = <Signature>(primitive: ReductionName): Signature =>
  dual(
    (args) => isOperand(args[0]),
    (self: NumericOperand | BoolOperand, options?: ReductionOptions) => {
      const node = liftNode(self)
      const axes = Shape.normalizeAxes(primitive, node.shape, options?.axis)
      const reduced = apply(primitive, { axes }, [node])
      return fromNode(
        options?.keepDims === true && axes.length > 0
          ? apply("reshape", { shape: Shape.reduce(node.shape, axes, true) }, [reduced])
          : reduced
      )
    }
  ) as Signature

/**
 * The sum over axes.
 *
 * **Details**
 *
 * Sums pairwise, so the rounding error grows with the logarithm of the number of terms. The sum of nothing is 0.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.sum(Expr.constant([[1, 2], [3, 4]]), { axis: 0 }))}`) // [4, 6]
 * ```
 *
 * @category reductions
 * @since 0.1.0
 */
export const sum: NumericReduction = reduction("sum")

/**
 * The product over axes.
 *
 * **Details**
 *
 * The product of nothing is 1. Derivatives are exact also where elements are zero.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.prod(Expr.constant([[1, 2], [3, 4]]), { axis: 0 }))}`) // [3, 8]
 * ```
 *
 * @category reductions
 * @since 0.1.0
 */
export const prod: Reduction = reduction("prod")

/**
 * The largest element over axes; NaN if any is.
 *
 * **Details**
 *
 * Ties share the derivative equally. The maximum of nothing is `-Infinity`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.reduceMax(Expr.constant([[1, 2], [3, 4]]), { axis: 0 }))}`) // [3, 4]
 * ```
 *
 * @category reductions
 * @since 0.1.0
 */
export const reduceMax: NumericReduction = reduction("reduceMax")

/**
 * The smallest element over axes; NaN if any is.
 *
 * **Details**
 *
 * Ties share the derivative equally. The minimum of nothing is `Infinity`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.reduceMin(Expr.constant([[1, 2], [3, 4]]), { axis: 0 }))}`) // [1, 2]
 * ```
 *
 * @category reductions
 * @since 0.1.0
 */
export const reduceMin: NumericReduction = reduction("reduceMin")

/**
 * Whether any element holds, over axes.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.any(Expr.gt(Expr.constant([[1, 2], [3, 4]]), 2)))}`) // true
 * ```
 *
 * @category reductions
 * @since 0.1.0
 */
export const any: LogicalReduction = reduction("any")

/**
 * Whether all elements hold, over axes.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.all(Expr.gt(Expr.constant([[1, 2], [3, 4]]), 2)))}`) // false
 * ```
 *
 * @category reductions
 * @since 0.1.0
 */
export const all: LogicalReduction = reduction("all")

/**
 * The type of a reduction of one axis to the index of an element.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface ArgReduction {
  <const A extends number>(
    axis: A
  ): DataLast<
    A,
    <X extends NumericOperand>(self: X & Shape.CheckAxes<ShapeOf<X>, A>) => Index<Shape.Reduce<ShapeOf<X>, A>, X>
  >
  <X extends NumericOperand, const A extends number>(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    axis: A
  ): Index<Shape.Reduce<ShapeOf<X>, A>, X>
}

const argReduction = (primitive: "argmax" | "argmin"): ArgReduction =>
  dual(2, (self: NumericOperand, axis: number) => {
    const node = liftNode(self)
    return fromNode(apply(primitive, { axis: Shape.normalizeAxis(primitive, node.shape, axis) }, [node]))
  })

/**
 * The index of the first largest element along an axis.
 *
 * **Details**
 *
 * NaN counts as the largest. An empty axis throws a `ShapeError`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.argmax(Expr.constant([[1, 2], [3, 4]]), 1))}`) // [1, 1]
 * ```
 *
 * @category reductions
 * @since 0.1.0
 */
export const argmax: ArgReduction = argReduction("argmax")

/**
 * The index of the first smallest element along an axis.
 *
 * **Details**
 *
 * NaN counts as the smallest. An empty axis throws a `ShapeError`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.argmin(Expr.constant([[1, 2], [3, 4]]), 1))}`) // [0, 0]
 * ```
 *
 * @category reductions
 * @since 0.1.0
 */
export const argmin: ArgReduction = argReduction("argmin")

/**
 * The axis of a cumulative operation (the last one when absent), and whether it runs from the end.
 *
 * @category options
 * @since 0.1.0
 */
export interface CumulativeOptions<A extends number = number> {
  readonly axis?: A
  readonly reverse?: boolean
}

/**
 * The type of a cumulative operation, in both call styles.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface Cumulative {
  <const A extends number = -1>(
    options?: CumulativeOptions<A>
  ): DataLast<A, <X extends Operand>(self: X & Shape.CheckAxes<ShapeOf<X>, A>) => Real<ShapeOf<X>, X>>
  <X extends Operand, const A extends number = -1>(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    options?: CumulativeOptions<A>
  ): Real<ShapeOf<X>, X>
}

const cumulative = (primitive: "cumsum" | "cumprod"): Cumulative =>
  dual(
    (args) => isOperand(args[0]),
    (self: Operand, options?: CumulativeOptions) => {
      const node = liftNode(self)
      const axis = Shape.normalizeAxis(primitive, node.shape, options?.axis ?? -1)
      return fromNode(apply(primitive, { axis, reverse: options?.reverse ?? false }, [node]))
    }
  ) as Cumulative

/**
 * The running sum along an axis.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.cumsum(Expr.constant([1, 2, 3])))}`) // [1, 3, 6]
 * ```
 *
 * @category cumulative
 * @since 0.1.0
 */
export const cumsum: Cumulative = cumulative("cumsum")

/**
 * The running product along an axis.
 *
 * **Details**
 *
 * Derivatives are exact also where elements are zero.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.cumprod(Expr.constant([1, 2, 3]), { reverse: true }))}`) // [6, 6, 3]
 * ```
 *
 * @category cumulative
 * @since 0.1.0
 */
export const cumprod: Cumulative = cumulative("cumprod")
