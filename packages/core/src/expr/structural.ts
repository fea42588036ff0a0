import { dual } from "effect/Function"
import { apply } from "../internal/apply.ts"
import * as Shape from "../Shape.ts"
import { fromNode, isOperand, liftNode } from "../internal/lift.ts"
import type {
  AnyOperand,
  ElementTypeOf,
  IndexOperand,
  OfElementType,
  Operand,
  Real,
  ShapeOf,
  DataLast
} from "./model.ts"

/**
 * Repeats an array up to a shape by NumPy's broadcasting rule.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.broadcastTo(Expr.constant([1, 2]), [2, 2]))}`) // [[1, 2], [1, 2]]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const broadcastTo: {
  <const S extends Shape.Shape>(
    shape: S
  ): DataLast<
    S,
    <X extends AnyOperand>(self: X & Shape.CheckBroadcastTo<ShapeOf<X>, S>) => OfElementType<ElementTypeOf<X>, S, X>
  >
  <X extends AnyOperand, const S extends Shape.Shape>(
    self: X & Shape.CheckBroadcastTo<ShapeOf<X>, S>,
    shape: S
  ): OfElementType<ElementTypeOf<X>, S, X>
} = dual(2, (self: AnyOperand, shape: Shape.Shape) => fromNode(apply("broadcastTo", { shape }, [liftNode(self)])))

/**
 * The same elements in row-major order under another shape; one dimension may be -1 and is inferred.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.reshape(Expr.constant([[1, 2, 3], [4, 5, 6]]), [3, -1]))}`) // [[1, 2], [3, 4], [5, 6]]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const reshape: {
  <const S extends Shape.Shape>(
    shape: S
  ): DataLast<
    S,
    <X extends AnyOperand>(
      self: X & Shape.CheckReshape<ShapeOf<X>, S>
    ) => OfElementType<ElementTypeOf<X>, Shape.Reshape<S>, X>
  >
  <X extends AnyOperand, const S extends Shape.Shape>(
    self: X & Shape.CheckReshape<ShapeOf<X>, S>,
    shape: S
  ): OfElementType<ElementTypeOf<X>, Shape.Reshape<S>, X>
} = dual(2, (self: AnyOperand, shape: Shape.Shape) => {
  const node = liftNode(self)
  return fromNode(apply("reshape", { shape: Shape.reshape("reshape", node.shape, shape) }, [node]))
})

/**
 * Permutes the axes; reverses them when no permutation is given.
 *
 * **Details**
 *
 * Axis `i` of the result is axis `permutation[i]` of the argument; negative axes count from the end.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.transpose(Expr.constant([[1, 2, 3], [4, 5, 6]])))}`) // [[1, 4], [2, 5], [3, 6]]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const transpose: {
  <const P extends Shape.Shape | undefined = undefined>(
    permutation?: P
  ): DataLast<
    P,
    <X extends AnyOperand>(
      self: X & Shape.CheckPermutation<ShapeOf<X>, P>
    ) => OfElementType<ElementTypeOf<X>, Shape.Transpose<ShapeOf<X>, P>, X>
  >
  <X extends AnyOperand, const P extends Shape.Shape | undefined = undefined>(
    self: X & Shape.CheckPermutation<ShapeOf<X>, P>,
    permutation?: P
  ): OfElementType<ElementTypeOf<X>, Shape.Transpose<ShapeOf<X>, P>, X>
} = dual(
  (args) => isOperand(args[0]),
  (self: AnyOperand, permutation?: Shape.Shape) => {
    const node = liftNode(self)
    const axes =
      permutation === undefined
        ? node.shape.map((_, i) => node.shape.length - 1 - i)
        : permutation.map((axis) => Shape.normalizeAxis("transpose", node.shape, axis))
    return fromNode(apply("transpose", { permutation: axes }, [node]))
  }
)

/**
 * A window per axis. Absent, `starts` are 0, `limits` the ends, `strides` 1; negative bounds count from the end.
 *
 * @category options
 * @since 0.1.0
 */
export interface SliceOptions<Starts extends Shape.Shape = Shape.Shape, Limits extends Shape.Shape = Shape.Shape> {
  readonly starts: Starts
  readonly limits: Limits
  readonly strides?: ReadonlyArray<number>
}

type Sliced<S extends Shape.Shape, O> = O extends { readonly strides: ReadonlyArray<number> }
  ? Shape.SameRank<S>
  : O extends { readonly starts: infer Starts extends Shape.Shape; readonly limits: infer Limits extends Shape.Shape }
    ? number extends Limits["length"]
      ? Shape.SameRank<S>
      : Shape.Window<Starts, Limits>
    : Shape.SameRank<S>

/**
 * The elements of a (strided) window: `start, start + stride, ...` below `limit` on each axis.
 *
 * **Details**
 *
 * Bounds are static; see `dynamicSlice` for starts that are computed. Bounds outside the array throw a `ShapeError`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.slice(Expr.constant([1, 2, 3, 4]), { starts: [1], limits: [4], strides: [2] }))}`) // [2, 4]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const slice: {
  <const O extends SliceOptions>(
    options: O
  ): DataLast<O, <X extends AnyOperand>(self: X) => OfElementType<ElementTypeOf<X>, Sliced<ShapeOf<X>, O>, X>>
  <X extends AnyOperand, const O extends SliceOptions>(
    self: X,
    options: O
  ): OfElementType<ElementTypeOf<X>, Sliced<ShapeOf<X>, O>, X>
} = dual(2, (self: AnyOperand, options: SliceOptions) => {
  const node = liftNode(self)
  const bound = (value: number, axis: number) => (value < 0 ? value + (node.shape[axis] ?? 0) : value)
  return fromNode(
    apply(
      "slice",
      {
        starts: options.starts.map(bound),
        limits: options.limits.map(bound),
        strides: options.strides ?? node.shape.map(() => 1)
      },
      [node]
    )
  )
})

/**
 * The sub-array at one position of an axis, which is removed.
 *
 * **Details**
 *
 * `at(x, i)` is row `i`; `at(x, i, axis)` takes another axis. Negative positions count from the end.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.at(Expr.constant([[1, 2, 3], [4, 5, 6]]), 1))}`) // [4, 5, 6]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const at: {
  <const A extends number = 0>(
    position: number,
    axis?: A
  ): DataLast<
    A,
    <X extends AnyOperand>(
      self: X & Shape.CheckAxes<ShapeOf<X>, A>
    ) => OfElementType<ElementTypeOf<X>, Shape.Splice<ShapeOf<X>, A, readonly []>, X>
  >
  <X extends AnyOperand, const A extends number = 0>(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    position: number,
    axis?: A
  ): OfElementType<ElementTypeOf<X>, Shape.Splice<ShapeOf<X>, A, readonly []>, X>
} = dual(
  (args) => isOperand(args[0]) && (args.length === 3 || typeof args[0] !== "number"),
  (self: AnyOperand, position: number, axis = 0) => {
    const node = liftNode(self)
    const along = Shape.normalizeAxis("at", node.shape, axis)
    const start = position < 0 ? position + node.shape[along]! : position
    if (!Number.isInteger(start) || start < 0 || start >= node.shape[along]!) {
      throw Shape.error(
        "at",
        [node.shape],
        `position ${position} is out of range for axis ${axis} of ${Shape.render(node.shape)}`
      )
    }
    const window = apply(
      "slice",
      {
        starts: node.shape.map((_, i) => (i === along ? start : 0)),
        limits: node.shape.map((n, i) => (i === along ? start + 1 : n)),
        strides: node.shape.map(() => 1)
      },
      [node]
    )
    return fromNode(apply("reshape", { shape: node.shape.filter((_, i) => i !== along) }, [window]))
  }
)

/**
 * The window of static sizes at computed starts (an array of indices, one per axis).
 *
 * **Details**
 *
 * Starts are clamped so that the window fits, as in XLA.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const starts = Expr.constant(Tensor.index([2]))
 * console.log(`${Fn.evaluate(Expr.dynamicSlice(Expr.constant([1, 2, 3, 4]), starts, [2]))}`) // [3, 4]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const dynamicSlice: {
  <I extends IndexOperand, const S extends Shape.Shape>(
    starts: I,
    sizes: S
  ): DataLast<I, <X extends AnyOperand>(self: X) => OfElementType<ElementTypeOf<X>, S, X | I>>
  <X extends AnyOperand, I extends IndexOperand, const S extends Shape.Shape>(
    self: X,
    starts: I,
    sizes: S
  ): OfElementType<ElementTypeOf<X>, S, X | I>
} = dual(3, (self: AnyOperand, starts: IndexOperand, sizes: Shape.Shape) =>
  fromNode(apply("dynamicSlice", { sizes }, [liftNode(self), liftNode(starts)]))
)

/**
 * A copy of an array with the window at computed starts replaced by `update`.
 *
 * **Details**
 *
 * Starts are clamped so that the window fits, as in XLA.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const starts = Expr.constant(Tensor.index([1]))
 * console.log(`${Fn.evaluate(Expr.dynamicUpdateSlice(Expr.constant([1, 2, 3, 4]), Expr.constant([9, 9]), starts))}`) // [1, 9, 9, 4]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const dynamicUpdateSlice: {
  <U extends AnyOperand, I extends IndexOperand>(
    update: U,
    starts: I
  ): DataLast<U, <X extends AnyOperand>(self: X) => OfElementType<ElementTypeOf<X>, ShapeOf<X>, X | U | I>>
  <X extends AnyOperand, U extends AnyOperand, I extends IndexOperand>(
    self: X,
    update: U,
    starts: I
  ): OfElementType<ElementTypeOf<X>, ShapeOf<X>, X | U | I>
} = dual(3, (self: AnyOperand, update: AnyOperand, starts: IndexOperand) =>
  fromNode(apply("dynamicUpdateSlice", {}, [liftNode(self), liftNode(update), liftNode(starts)]))
)

/**
 * Padding per axis: `low` before, `high` after, `interior` between neighbours; 0 where absent. `value` fills (default 0).
 *
 * @category options
 * @since 0.1.0
 */
export interface PadOptions {
  readonly low?: ReadonlyArray<number>
  readonly high?: ReadonlyArray<number>
  readonly interior?: ReadonlyArray<number>
  readonly value?: number
}

/**
 * Surrounds (and interleaves) an array with a constant.
 *
 * **Details**
 *
 * Widths are non-negative; use `slice` to cut.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.pad(Expr.constant([1, 2]), { low: [1], high: [2] }))}`) // [0, 1, 2, 0, 0]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const pad: {
  (options: PadOptions): <X extends Operand>(self: X) => Real<Shape.SameRank<ShapeOf<X>>, X>
  <X extends Operand>(self: X, options: PadOptions): Real<Shape.SameRank<ShapeOf<X>>, X>
} = dual(2, (self: Operand, options: PadOptions) => {
  const node = liftNode(self)
  const zeros = node.shape.map(() => 0)
  return fromNode(
    apply(
      "pad",
      {
        low: options.low ?? zeros,
        high: options.high ?? zeros,
        interior: options.interior ?? zeros,
        value: options.value ?? 0
      },
      [node]
    )
  )
})

type Shapes<Xs extends ReadonlyArray<AnyOperand>> = { readonly [I in keyof Xs]: ShapeOf<Xs[I]> }

/**
 * Joins arrays along an existing axis (the first by default).
 *
 * **Details**
 *
 * All other dimensions must agree.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.concat([Expr.constant([1, 2]), Expr.constant([3])]))}`) // [1, 2, 3]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const concat: <const Xs extends ReadonlyArray<AnyOperand>, const A extends number = 0>(
  operands: Xs & Shape.CheckConcat<Shapes<Xs>, A>,
  axis?: A
) => OfElementType<ElementTypeOf<Xs[0]>, Shape.Concat<Shapes<Xs>, A>, Xs[number]> = (
  operands: ReadonlyArray<AnyOperand>,
  axis: number = 0
): never => {
  if (operands.length === 0) throw Shape.error("concat", [], "expected at least one array, got none")
  const nodes = operands.map((operand) => liftNode(operand))
  const along = Shape.normalizeAxis("concat", nodes[0]!.shape, axis)
  return fromNode(apply("concat", { axis: along }, nodes))
}

type CheckStack<Xs extends ReadonlyArray<AnyOperand>> = Xs extends readonly [
  infer First,
  infer Second,
  ...infer Rest extends ReadonlyArray<AnyOperand>
]
  ? unknown extends Shape.CheckSame<ShapeOf<First>, ShapeOf<Second>, "stack">
    ? Second extends AnyOperand
      ? CheckStack<readonly [Second, ...Rest]>
      : unknown
    : Shape.CheckSame<ShapeOf<First>, ShapeOf<Second>, "stack">
  : unknown

/**
 * Joins arrays of one shape along a new axis (the first by default).
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.stack([Expr.constant([1, 2]), Expr.constant([3, 4])], 1))}`) // [[1, 3], [2, 4]]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const stack: <const Xs extends ReadonlyArray<AnyOperand>, const A extends number = 0>(
  operands: Xs & CheckStack<Xs>,
  axis?: A
) => OfElementType<ElementTypeOf<Xs[0]>, Shape.Insert<ShapeOf<Xs[0]>, A, Xs["length"]>, Xs[number]> = (
  operands: ReadonlyArray<AnyOperand>,
  axis: number = 0
): never => {
  if (operands.length === 0) throw Shape.error("stack", [], "expected at least one array, got none")
  const nodes = operands.map((operand) => liftNode(operand))
  const along = Shape.normalizeAxis("stack", [...nodes[0]!.shape, nodes.length], axis)
  return fromNode(apply("stack", { axis: along }, nodes))
}

/**
 * The elements in reverse order along axes (all by default).
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.reverse(Expr.constant([1, 2, 3])))}`) // [3, 2, 1]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const reverse: {
  <const A extends Shape.Axes | undefined = undefined>(
    axes?: A
  ): DataLast<
    A,
    <X extends AnyOperand>(self: X & Shape.CheckAxes<ShapeOf<X>, A>) => OfElementType<ElementTypeOf<X>, ShapeOf<X>, X>
  >
  <X extends AnyOperand, const A extends Shape.Axes | undefined = undefined>(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    axes?: A
  ): OfElementType<ElementTypeOf<X>, ShapeOf<X>, X>
} = dual(
  (args) => isOperand(args[0]) && typeof args[0] !== "number",
  (self: AnyOperand, axes?: Shape.Axes) => {
    const node = liftNode(self)
    return fromNode(apply("reverse", { axes: Shape.normalizeAxes("reverse", node.shape, axes) }, [node]))
  }
)

/**
 * The sub-arrays at computed positions of an axis (the first by default).
 *
 * **Details**
 *
 * The axis is replaced by the shape of the indices. An index out of range reads NaN (-1 for indices, `false` for truth values).
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const rows = Expr.constant(Tensor.index([1, 1, 0]))
 * console.log(`${Fn.evaluate(Expr.gather(Expr.constant([[1, 2, 3], [4, 5, 6]]), rows))}`) // [[4, 5, 6], [4, 5, 6], [1, 2, 3]]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const gather: {
  <X extends AnyOperand, I extends IndexOperand, const A extends number = 0>(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    indices: I,
    axis?: A
  ): OfElementType<ElementTypeOf<X>, Shape.Splice<ShapeOf<X>, A, ShapeOf<I>>, X | I>
  <I extends IndexOperand>(
    indices: I
  ): DataLast<
    I,
    <X extends AnyOperand>(
      self: X & Shape.CheckAxes<ShapeOf<X>, 0>
    ) => OfElementType<ElementTypeOf<X>, Shape.Splice<ShapeOf<X>, 0, ShapeOf<I>>, X | I>
  >
} = dual(
  (args) => args.length >= 2,
  (self: AnyOperand, indices: IndexOperand, axis = 0) => {
    const node = liftNode(self)
    const along = Shape.normalizeAxis("gather", node.shape, axis)
    return fromNode(apply("gather", { axis: along }, [node, liftNode(indices)]))
  }
)

/**
 * A copy of an array with `updates` added at computed positions of an axis (the first by default).
 *
 * **Details**
 *
 * The transpose of `gather`: repeated positions accumulate in order, positions out of range are dropped.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const rows = Expr.constant(Tensor.index([0, 2, 0]))
 * console.log(`${Fn.evaluate(Expr.scatterAdd(Expr.constant([0, 0, 0]), rows, Expr.constant([1, 2, 3])))}`) // [4, 0, 2]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const scatterAdd: {
  <X extends Operand, I extends IndexOperand, U extends Operand, const A extends number = 0>(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    indices: I,
    updates: U & Shape.CheckSame<ShapeOf<U>, Shape.Splice<ShapeOf<X>, A, ShapeOf<I>>, "scatterAdd">,
    axis?: A
  ): Real<ShapeOf<X>, X | I | U>
  <I extends IndexOperand, U extends Operand>(
    indices: I,
    updates: U
  ): DataLast<I, <X extends Operand>(self: X & Shape.CheckAxes<ShapeOf<X>, 0>) => Real<ShapeOf<X>, X | I | U>>
} = dual(
  (args) => args.length >= 3,
  (self: Operand, indices: IndexOperand, updates: Operand, axis = 0) => {
    const node = liftNode(self)
    const along = Shape.normalizeAxis("scatterAdd", node.shape, axis)
    return fromNode(apply("scatterAdd", { axis: along }, [node, liftNode(indices), liftNode(updates)]))
  }
)

type CheckMatrix<S extends Shape.Shape> = number extends S["length"]
  ? unknown
  : S extends readonly [] | readonly [number]
    ? Shape.Mismatch<`expected at least two axes, got ${Shape.Render<S>}`>
    : unknown

/**
 * The type of `lower` and `upper`, in both call styles.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface Triangle {
  (diagonal?: number): <X extends Operand>(self: X & CheckMatrix<ShapeOf<X>>) => Real<ShapeOf<X>, X>
  <X extends Operand>(self: X & CheckMatrix<ShapeOf<X>>, diagonal?: number): Real<ShapeOf<X>, X>
}

const triangle = (upper: boolean): Triangle =>
  dual(
    (args) => isOperand(args[0]) && typeof args[0] !== "number",
    (self: Operand, diagonal = 0) => fromNode(apply("triangle", { upper, diagonal }, [liftNode(self)]))
  )

/**
 * The lower triangle of matrices (the last two axes): entries with `column - row <= diagonal`, zeros elsewhere.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.tril(Expr.constant([[1, 2], [3, 4]])))}`) // [[1, 0], [3, 4]]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const tril: Triangle = triangle(false)

/**
 * The upper triangle of matrices (the last two axes): entries with `column - row >= diagonal`, zeros elsewhere.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.triu(Expr.constant([[1, 2], [3, 4]])))}`) // [[1, 2], [0, 4]]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const triu: Triangle = triangle(true)

type Squeezed<S extends Shape.Shape, A extends number> = Shape.Splice<S, A, readonly []>

/**
 * Inserts a dimension of 1 so that it stands at `axis` of the result.
 *
 * @example
 * ```ts
 * import { Expr } from "@fluxion/core"
 *
 * console.log(Expr.expandDims(Expr.constant([1, 2]), 1).shape) // [ 2, 1 ]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const expandDims: {
  <const A extends number>(
    axis: A
  ): DataLast<A, <X extends AnyOperand>(self: X) => OfElementType<ElementTypeOf<X>, Shape.Insert<ShapeOf<X>, A, 1>, X>>
  <X extends AnyOperand, const A extends number>(
    self: X,
    axis: A
  ): OfElementType<ElementTypeOf<X>, Shape.Insert<ShapeOf<X>, A, 1>, X>
} = dual(2, (self: AnyOperand, axis: number) => {
  const node = liftNode(self)
  const along = Shape.normalizeAxis("expandDims", [...node.shape, 1], axis)
  return fromNode(apply("reshape", { shape: node.shape.toSpliced(along, 0, 1) }, [node]))
})

/**
 * Removes a dimension of 1; any other dimension throws a `ShapeError`.
 *
 * @example
 * ```ts
 * import { Expr } from "@fluxion/core"
 *
 * console.log(Expr.squeeze(Expr.constant([[1, 2]]), 0).shape) // [ 2 ]
 * ```
 *
 * @category structure
 * @since 0.1.0
 */
export const squeeze: {
  <const A extends number>(
    axis: A
  ): DataLast<
    A,
    <X extends AnyOperand>(
      self: X & Shape.CheckAxes<ShapeOf<X>, A>
    ) => OfElementType<ElementTypeOf<X>, Squeezed<ShapeOf<X>, A>, X>
  >
  <X extends AnyOperand, const A extends number>(
    self: X & Shape.CheckAxes<ShapeOf<X>, A>,
    axis: A
  ): OfElementType<ElementTypeOf<X>, Squeezed<ShapeOf<X>, A>, X>
} = dual(2, (self: AnyOperand, axis: number) => {
  const node = liftNode(self)
  const along = Shape.normalizeAxis("squeeze", node.shape, axis)
  if (node.shape[along] !== 1) {
    throw Shape.error("squeeze", [node.shape], `axis ${axis} of ${Shape.render(node.shape)} is not 1`)
  }
  return fromNode(apply("reshape", { shape: node.shape.toSpliced(along, 1) }, [node]))
})
