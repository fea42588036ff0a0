/**
 * Shapes: tuples of dimensions, with the same rules in types and at run time.
 *
 * **Details**
 *
 * A shape is a tuple of non-negative integers, outermost axis first; `[]` is a scalar. Dimensions that are
 * literals are tracked by the type checker, dimensions of type `number` are checked when a program is built.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import type { Add, Multiply, Subtract } from "./internal/TypeArithmetic.ts"
import { callSite } from "./internal/callSite.ts"

// -----------------------------------------------------------------------------
// Types
// -----------------------------------------------------------------------------

/**
 * A tuple of dimensions; the empty tuple is the shape of a scalar.
 *
 * @category models
 * @since 0.1.0
 */
export type Shape = ReadonlyArray<number>

/**
 * The type that stands in an argument position when literal shapes do not fit; its parameter is the message.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface Mismatch<out Message extends string> {
  readonly "~@fluxion/core/ShapeMismatch": Message
}

/**
 * The text of a shape, e.g. `"[3,4]"`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Render<S extends Shape> = number extends S["length"] ? "[...]" : `[${Join<S>}]`

type Join<S extends Shape> = S extends readonly []
  ? ""
  : S extends readonly [infer Only extends number]
    ? `${Only}`
    : S extends readonly [infer Head extends number, ...infer Tail extends Shape]
      ? `${Head},${Join<Tail>}`
      : ""

type BroadcastDimension<A extends number, B extends number> = A extends B
  ? number extends B
    ? number extends A
      ? number
      : A extends 1
        ? number
        : A
    : A
  : A extends 1
    ? B
    : B extends 1
      ? A
      : number extends A
        ? B
        : never

type BroadcastFromEnd<A extends Shape, B extends Shape, Result extends Shape> = A extends readonly [
  ...infer RestA extends Shape,
  infer LastA extends number
]
  ? B extends readonly [...infer RestB extends Shape, infer LastB extends number]
    ? [BroadcastDimension<LastA, LastB>] extends [never]
      ? never
      : BroadcastFromEnd<RestA, RestB, readonly [BroadcastDimension<LastA, LastB>, ...Result]>
    : readonly [...A, ...Result]
  : readonly [...B, ...Result]

/**
 * The shape two operands broadcast to, by NumPy's rule: aligned at the trailing axis, equal or 1. `never` when they do not.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Broadcast<A extends Shape, B extends Shape> = B extends readonly []
  ? A
  : A extends readonly []
    ? B
    : number extends A["length"]
      ? Shape
      : number extends B["length"]
        ? Shape
        : BroadcastFromEnd<A, B, readonly []>

/**
 * `unknown` when `A` and `B` broadcast, otherwise a `Mismatch` that names both.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckBroadcast<A extends Shape, B extends Shape> = B extends readonly []
  ? unknown
  : [Broadcast<A, B>] extends [never]
    ? Mismatch<`cannot broadcast ${Render<A>} with ${Render<B>}`>
    : unknown

/**
 * `unknown` when `S` broadcasts to exactly `Target`, otherwise a `Mismatch` that names both.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckBroadcastTo<S extends Shape, Target extends Shape> = number extends S["length"] | Target["length"]
  ? unknown
  : [Broadcast<S, Target>] extends [never]
    ? Mismatch<`cannot broadcast ${Render<S>} to ${Render<Target>}`>
    : Broadcast<S, Target>["length"] extends Target["length"]
      ? BroadcastsInto<S, Target> extends true
        ? unknown
        : Mismatch<`cannot broadcast ${Render<S>} to ${Render<Target>}`>
      : Mismatch<`cannot broadcast ${Render<S>} to ${Render<Target>}`>

type BroadcastsInto<S extends Shape, Target extends Shape> = S extends readonly [
  ...infer RestS extends Shape,
  infer LastS extends number
]
  ? Target extends readonly [...infer RestT extends Shape, infer LastT extends number]
    ? number extends LastS
      ? BroadcastsInto<RestS, RestT>
      : number extends LastT
        ? BroadcastsInto<RestS, RestT>
        : LastS extends 1 | LastT
          ? BroadcastsInto<RestS, RestT>
          : false
    : false
  : true

/** One axis or several, as the user names them: negative axes count from the end. */
export type Axes = number | ReadonlyArray<number>

type AxisUnion<A extends Axes> = A extends number ? A : A extends ReadonlyArray<number> ? A[number] : never

type IsNamed<A extends Axes, Before extends Shape, FromHere extends Shape> =
  Extract<`${AxisUnion<A>}`, `${Before["length"]}` | `-${FromHere["length"]}`> extends never ? false : true

type ReduceWalk<
  S extends Shape,
  A extends Axes,
  KeepDims extends boolean,
  Before extends Shape,
  Result extends Shape
> = S extends readonly [infer Head extends number, ...infer Tail extends Shape]
  ? IsNamed<A, Before, S> extends true
    ? ReduceWalk<Tail, A, KeepDims, [...Before, Head], KeepDims extends true ? readonly [...Result, 1] : Result>
    : ReduceWalk<Tail, A, KeepDims, [...Before, Head], readonly [...Result, Head]>
  : Result

type AllOnes<S extends Shape> = { readonly [I in keyof S]: 1 }

/**
 * The shape left after reducing `S` over `A` (all axes when `A` is `undefined`); reduced axes become 1 with `KeepDims`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Reduce<
  S extends Shape,
  A extends Axes | undefined = undefined,
  KeepDims extends boolean = false
> = boolean extends KeepDims
  ? Shape
  : [A] extends [undefined]
    ? KeepDims extends true
      ? AllOnes<S>
      : readonly []
    : number extends S["length"]
      ? Shape
      : A extends Axes
        ? number extends AxisUnion<A>
          ? KeepDims extends true
            ? { readonly [I in keyof S]: number }
            : Shape
          : ReduceWalk<S, A, KeepDims, [], readonly []>
        : Shape

type AxisNames<S extends Shape, Before extends Shape = []> = S extends readonly [
  infer Head extends number,
  ...infer Tail extends Shape
]
  ? `${Before["length"]}` | `-${S["length"]}` | AxisNames<Tail, [...Before, Head]>
  : never

/**
 * `unknown` when every axis in `A` exists in `S`, otherwise a `Mismatch` that names the axis and the shape.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckAxes<S extends Shape, A extends Axes | undefined> = [A] extends [undefined]
  ? unknown
  : number extends S["length"]
    ? unknown
    : A extends Axes
      ? number extends AxisUnion<A>
        ? unknown
        : [Exclude<`${AxisUnion<A>}`, AxisNames<S>>] extends [never]
          ? unknown
          : Mismatch<`axis ${Exclude<`${AxisUnion<A>}`, AxisNames<S>>} is out of range for ${Render<S>}`>
      : unknown

/**
 * The dimension of `S` at axis `A` (negative axes count from the end); `number` when unknown.
 *
 * @category type-level
 * @since 0.1.0
 */
export type At<S extends Shape, A extends number> = number extends S["length"]
  ? number
  : number extends A
    ? number
    : AtWalk<S, A, []>

type AtWalk<S extends Shape, A extends number, Before extends Shape> = S extends readonly [
  infer Head extends number,
  ...infer Tail extends Shape
]
  ? IsNamed<A, Before, S> extends true
    ? Head
    : AtWalk<Tail, A, [...Before, Head]>
  : number

/**
 * `S` with the dimension at axis `A` replaced by the dimensions `By`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Splice<S extends Shape, A extends number, By extends Shape> = number extends S["length"] | By["length"]
  ? Shape
  : number extends A
    ? Shape
    : SpliceWalk<S, A, By, [], readonly []>

type SpliceWalk<
  S extends Shape,
  A extends number,
  By extends Shape,
  Before extends Shape,
  Result extends Shape
> = S extends readonly [infer Head extends number, ...infer Tail extends Shape]
  ? IsNamed<A, Before, S> extends true
    ? SpliceWalk<Tail, A, By, [...Before, Head], readonly [...Result, ...By]>
    : SpliceWalk<Tail, A, By, [...Before, Head], readonly [...Result, Head]>
  : Result

/**
 * `S` with a new dimension `N` inserted so that it stands at axis `A` of the result.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Insert<S extends Shape, A extends number, N extends number> = number extends S["length"]
  ? Shape
  : number extends A
    ? SameRank<readonly [...S, N]>
    : InsertWalk<S, A, N, readonly []>

// A virtual dimension is appended so that positions are those of the result.
type InsertWalk<S extends Shape, A extends number, N extends number, Before extends Shape> =
  IsNamed<A, Before, readonly [...S, 0]> extends true
    ? readonly [...Before, N, ...S]
    : S extends readonly [infer Head extends number, ...infer Tail extends Shape]
      ? InsertWalk<Tail, A, N, readonly [...Before, Head]>
      : Shape

/**
 * The shape of `S` with axes permuted; reversed when no permutation is given.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Transpose<S extends Shape, Permutation extends Shape | undefined = undefined> = number extends S["length"]
  ? Shape
  : Permutation extends Shape
    ? number extends Permutation["length"]
      ? { readonly [I in keyof S]: number }
      : { readonly [I in keyof Permutation]: Permutation[I] extends number ? At<S, Permutation[I]> : number }
    : Reversed<S>

type Reversed<S extends Shape> = S extends readonly [infer Head extends number, ...infer Tail extends Shape]
  ? readonly [...Reversed<Tail>, Head]
  : readonly []

/**
 * `unknown` when `Permutation` permutes the axes of `S`, otherwise a `Mismatch` that names both.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckPermutation<S extends Shape, Permutation extends Shape | undefined> = number extends S["length"]
  ? unknown
  : Permutation extends Shape
    ? number extends Permutation["length"]
      ? unknown
      : number extends Permutation[number]
        ? unknown
        : Permutation["length"] extends S["length"]
          ? CheckAxes<S, Permutation>
          : Mismatch<`permutation ${Render<Permutation>} does not fit ${Render<S>}`>
    : unknown

/**
 * The number of elements of a shape; `number` when a dimension is unknown.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Size<S extends Shape> = number extends S["length"] ? number : SizeWalk<S, 1>

type SizeWalk<S extends Shape, Product extends number> = S extends readonly [
  infer Head extends number,
  ...infer Tail extends Shape
]
  ? SizeWalk<Tail, Multiply<Product, Head>>
  : Product

/**
 * `unknown` when `S` can be reshaped to `Target`, otherwise a `Mismatch` that names both.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckReshape<S extends Shape, Target extends Shape> =
  number extends Size<S>
    ? unknown
    : number extends Size<Target>
      ? unknown
      : `${Target[number]}` extends `-${number}` | `${infer _}`
        ? HasWildcard<Target> extends true
          ? unknown
          : Size<S> extends Size<Target>
            ? unknown
            : Mismatch<`cannot reshape ${Render<S>} (${Size<S>} elements) to ${Render<Target>} (${Size<Target>} elements)`>
        : unknown

type HasWildcard<S extends Shape> = S extends readonly []
  ? false
  : Extract<`${S[number]}`, `-${string}`> extends never
    ? false
    : true

/**
 * `Target` with a dimension of `-1` (to be inferred at run time) read as `number`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Reshape<Target extends Shape> = { readonly [I in keyof Target]: Target[I] extends -1 ? number : Target[I] }

/**
 * The shape of the concatenation of shapes along axis `A`; `never` when the other axes differ.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Concat<Shapes extends ReadonlyArray<Shape>, A extends number> = number extends Shapes["length"]
  ? Shapes[number] extends infer S extends Shape
    ? Splice<S, A, readonly [number]>
    : Shape
  : Shapes extends readonly [infer First extends Shape, ...infer Rest extends ReadonlyArray<Shape>]
    ? ConcatWalk<First, Rest, A>
    : Shape

type ConcatWalk<Result extends Shape, Rest extends ReadonlyArray<Shape>, A extends number> = Rest extends readonly [
  infer Next extends Shape,
  ...infer More extends ReadonlyArray<Shape>
]
  ? number extends Result["length"] | Next["length"] | A
    ? Shape
    : Broadcast<Splice<Result, A, readonly []>, Splice<Next, A, readonly []>> extends infer Others
      ? [Others] extends [never]
        ? never
        : Result["length"] extends Next["length"]
          ? SameShape<Splice<Result, A, readonly []>, Splice<Next, A, readonly []>> extends true
            ? ConcatWalk<Splice<Result, A, readonly [Add<At<Result, A>, At<Next, A>>]>, More, A>
            : never
          : never
      : never
  : Result

type SameShape<A extends Shape, B extends Shape> = A extends readonly [
  infer X extends number,
  ...infer RestA extends Shape
]
  ? B extends readonly [infer Y extends number, ...infer RestB extends Shape]
    ? number extends X
      ? SameShape<RestA, RestB>
      : number extends Y
        ? SameShape<RestA, RestB>
        : X extends Y
          ? SameShape<RestA, RestB>
          : false
    : false
  : B extends readonly []
    ? true
    : false

type RenderAll<Shapes extends ReadonlyArray<Shape>> = Shapes extends readonly [infer Only extends Shape]
  ? Render<Only>
  : Shapes extends readonly [infer First extends Shape, ...infer Rest extends ReadonlyArray<Shape>]
    ? `${Render<First>} with ${RenderAll<Rest>}`
    : ""

/**
 * `unknown` when the shapes concatenate along axis `A`, otherwise a `Mismatch` that names them.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckConcat<Shapes extends ReadonlyArray<Shape>, A extends number> = [Concat<Shapes, A>] extends [never]
  ? Mismatch<`cannot concatenate ${RenderAll<Shapes>} along axis ${A}`>
  : unknown

/**
 * `unknown` when two shapes agree, otherwise a `Mismatch` that names both.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckSame<A extends Shape, B extends Shape, Operation extends string> = number extends
  | A["length"]
  | B["length"]
  ? unknown
  : SameShape<A, B> extends true
    ? unknown
    : Mismatch<`${Operation}: ${Render<A>} and ${Render<B>} differ`>

/**
 * The shape of `matmul`: matrices (rank 2 and up, leading axes broadcast) and vectors (rank 1), as NumPy's `@`. `never` when they do not fit.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Matmul<A extends Shape, B extends Shape> = number extends A["length"] | B["length"]
  ? Shape
  : A extends readonly [infer K extends number]
    ? B extends readonly [infer L extends number]
      ? Agree<K, L, readonly []>
      : B extends readonly [...infer Batch extends Shape, infer L extends number, infer N extends number]
        ? Agree<K, L, readonly [...Batch, N]>
        : never
    : A extends readonly [...infer BatchA extends Shape, infer M extends number, infer K extends number]
      ? B extends readonly [infer L extends number]
        ? Agree<K, L, readonly [...BatchA, M]>
        : B extends readonly [...infer BatchB extends Shape, infer L extends number, infer N extends number]
          ? [Broadcast<BatchA, BatchB>] extends [never]
            ? never
            : Agree<K, L, readonly [...Broadcast<BatchA, BatchB>, M, N]>
          : never
      : never

type Agree<K extends number, L extends number, Result extends Shape> = number extends K
  ? Result
  : number extends L
    ? Result
    : K extends L
      ? Result
      : never

/**
 * `unknown` when `A` and `B` multiply as matrices, otherwise a `Mismatch` that names both.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckMatmul<A extends Shape, B extends Shape> = [Matmul<A, B>] extends [never]
  ? Mismatch<`cannot multiply ${Render<A>} by ${Render<B>} as matrices`>
  : unknown

/**
 * The axes before the last two: the batch of an array of matrices.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Batch<S extends Shape> = number extends S["length"]
  ? Shape
  : S extends readonly [...infer Leading extends Shape, number, number]
    ? Readonly<Leading>
    : Shape

/**
 * `unknown` when the last two axes of `S` are equal, otherwise a `Mismatch` that names the shape.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckSquare<S extends Shape> = number extends S["length"]
  ? unknown
  : S extends readonly [...Shape, infer M extends number, infer N extends number]
    ? [Agree<M, N, readonly []>] extends [never]
      ? Mismatch<`expected square matrices, got ${Render<S>}`>
      : unknown
    : Mismatch<`expected square matrices, got ${Render<S>}`>

/**
 * `unknown` when `S` has the two axes of a matrix, otherwise a `Mismatch` that names the shape.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckMatrix<S extends Shape> = number extends S["length"]
  ? unknown
  : S extends readonly [...Shape, number, number]
    ? unknown
    : Mismatch<`expected matrices, got ${Render<S>}`>

/**
 * The shape of the diagonals of square matrices.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Diagonal<S extends Shape> = number extends S["length"]
  ? Shape
  : S extends readonly [...infer Leading extends Shape, number, infer N extends number]
    ? readonly [...Leading, N]
    : Shape

type Lesser<A extends number, B extends number> = number extends A | B
  ? number
  : [Subtract<A, B>] extends [never]
    ? A
    : B

/**
 * The shape of `q` in the reduced factorisation of matrices into `q r`: the smaller of rows and columns is left for the columns.
 *
 * @category type-level
 * @since 0.1.0
 */
export type OrthonormalFactor<S extends Shape> = number extends S["length"]
  ? Shape
  : S extends readonly [...infer Leading extends Shape, infer M extends number, infer N extends number]
    ? readonly [...Leading, M, Lesser<M, N>]
    : Shape

/**
 * The shape of `r` in the reduced factorisation of matrices into `q r`: the smaller of rows and columns is left for the rows.
 *
 * @category type-level
 * @since 0.1.0
 */
export type TriangularFactor<S extends Shape> = number extends S["length"]
  ? Shape
  : S extends readonly [...infer Leading extends Shape, infer M extends number, infer N extends number]
    ? readonly [...Leading, Lesser<M, N>, N]
    : Shape

type SwapLast<S extends Shape> = number extends S["length"]
  ? Shape
  : S extends readonly [...infer Leading extends Shape, infer M extends number, infer N extends number]
    ? readonly [...Leading, N, M]
    : never

/**
 * The shape of the least-squares solution of a system of equations: a vector for a vector on the right (rank 1), otherwise
 * matrices whose leading axes broadcast. `never` when the system does not fit.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Lstsq<A extends Shape, B extends Shape> = [SwapLast<A>] extends [never] ? never : Matmul<SwapLast<A>, B>

/**
 * `unknown` when `A` and `B` form a system of equations (as many rows, leading axes that broadcast), otherwise a `Mismatch`
 * that names both.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckLstsq<A extends Shape, B extends Shape> = [Lstsq<A, B>] extends [never]
  ? Mismatch<`cannot solve ${Render<A>} for ${Render<B>}`>
  : unknown

/**
 * `unknown` when `A` and `B` form a system of as many equations as unknowns, otherwise a `Mismatch` that names both.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckSolve<A extends Shape, B extends Shape> =
  unknown extends CheckSquare<A> ? CheckLstsq<A, B> : CheckSquare<A>

type Characters<Text extends string> = Text extends `${infer Head}${infer Tail}`
  ? readonly [Head, ...Characters<Tail>]
  : readonly []

type EinsumSpec<Subscripts extends string> = Subscripts extends `${infer Left},${infer Right}->${infer Output}`
  ? readonly [Characters<Left>, Characters<Right>, Characters<Output>]
  : never

type LookUp<Labels extends ReadonlyArray<string>, S extends Shape, Label> = Labels extends readonly [
  infer Head,
  ...infer RestLabels extends ReadonlyArray<string>
]
  ? S extends readonly [infer N extends number, ...infer RestS extends Shape]
    ? Head extends Label
      ? N
      : LookUp<RestLabels, RestS, Label>
    : never
  : never

type LabelsAgree<
  Labels extends ReadonlyArray<string>,
  S extends Shape,
  AllLabels extends ReadonlyArray<string>,
  AllSizes extends Shape
> = Labels extends readonly [infer Head extends string, ...infer RestLabels extends ReadonlyArray<string>]
  ? S extends readonly [infer N extends number, ...infer RestS extends Shape]
    ? number extends N
      ? LabelsAgree<RestLabels, RestS, AllLabels, AllSizes>
      : LookUp<AllLabels, AllSizes, Head> extends infer First extends number
        ? number extends First
          ? LabelsAgree<RestLabels, RestS, AllLabels, AllSizes>
          : N extends First
            ? LabelsAgree<RestLabels, RestS, AllLabels, AllSizes>
            : false
        : false
    : true
  : true

/**
 * The shape of a two-operand einsum such as `"ij,jk->ik"`; `never` when labels and shapes do not fit.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Einsum<Subscripts extends string, A extends Shape, B extends Shape> = string extends Subscripts
  ? Shape
  : number extends A["length"] | B["length"]
    ? Shape
    : EinsumSpec<Subscripts> extends readonly [
          infer L extends ReadonlyArray<string>,
          infer R extends ReadonlyArray<string>,
          infer O extends ReadonlyArray<string>
        ]
      ? [L["length"], R["length"]] extends [A["length"], B["length"]]
        ? LabelsAgree<[...L, ...R], [...A, ...B], [...L, ...R], [...A, ...B]> extends true
          ? EinsumOutput<O, [...L, ...R], [...A, ...B]>
          : never
        : never
      : never

type EinsumOutput<O extends ReadonlyArray<string>, Labels extends ReadonlyArray<string>, Sizes extends Shape> = {
  readonly [I in keyof O]: LookUp<Labels, Sizes, O[I]>
} extends infer Result extends Shape
  ? never extends Result[number]
    ? HasNever<Result> extends true
      ? never
      : Result
    : Result
  : never

type HasNever<S extends Shape> = S extends readonly [infer Head, ...infer Tail extends Shape]
  ? [Head] extends [never]
    ? true
    : HasNever<Tail>
  : false

/**
 * `unknown` when the einsum is well formed, otherwise a `Mismatch` that names subscripts and shapes.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckEinsum<Subscripts extends string, A extends Shape, B extends Shape> = [
  Einsum<Subscripts, A, B>
] extends [never]
  ? Mismatch<`einsum ${Subscripts} does not fit ${Render<A>} and ${Render<B>}`>
  : unknown

/**
 * The shape of a window `[starts, limits)` with unit strides; `number` where a bound is not a literal.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Window<Starts extends Shape, Limits extends Shape> = {
  readonly [I in keyof Limits]: I extends keyof Starts
    ? Starts[I] extends number
      ? `${Limits[I]}` extends `-${string}`
        ? number
        : `${Starts[I]}` extends `-${string}`
          ? number
          : Subtract<Limits[I], Starts[I]>
      : number
    : number
}

/**
 * `S` with dimensions widened to `number`, keeping the rank.
 *
 * @category type-level
 * @since 0.1.0
 */
export type SameRank<S extends Shape> = { readonly [I in keyof S]: number }

// -----------------------------------------------------------------------------
// Values
// -----------------------------------------------------------------------------

/**
 * Shapes that do not fit an operation.
 *
 * **Details**
 *
 * Building a program with wrong shapes is a defect: the error is thrown by the combinator, names the operation and the shapes,
 * and `site` is the line of the caller's code. Decoding a program from data returns the same error as a value.
 *
 * @example
 * ```ts
 * import { Expr, Shape } from "@fluxion/core"
 *
 * const rows: number = 5
 * const x = Expr.constant([[1, 2, 3], [4, 5, 6]])
 * try {
 *   Expr.add(x, Expr.reshape(Expr.constant([1, 2, 3, 4, 5]), [rows]))
 * } catch (error) {
 *   if (error instanceof Shape.ShapeError) console.log(error.problem) // cannot broadcast [2,3] with [5]
 * }
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class ShapeError extends Schema.TaggedError<ShapeError>()("ShapeError", {
  /** The operation that was asked for. */
  operation: Schema.String,
  /** The shapes it was given. */
  shapes: Schema.Array(Schema.Array(Schema.Number)),
  /** What is wrong with them. */
  problem: Schema.String,
  /** `file:line:column` of the caller, where known. */
  site: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `${this.operation}: ${this.problem}${this.site === undefined ? "" : `\n  at ${this.site}`}`
  }
}

/**
 * Makes a `ShapeError` that carries the line of the caller's code.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 *
 * console.log(Shape.error("add", [[2], [3]], "cannot broadcast [2] with [3]").operation) // add
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export const error = (operation: string, shapes: ReadonlyArray<Shape>, problem: string): ShapeError => {
  const site = callSite()
  return new ShapeError({ operation, shapes, problem, ...(site === undefined ? {} : { site }) })
}

/**
 * The number of elements: the product of the dimensions, 1 for a scalar.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 *
 * console.log(Shape.size([3, 4])) // 12
 * console.log(Shape.size([])) // 1
 * ```
 *
 * @category queries
 * @since 0.1.0
 */
export const size = (shape: Shape): number => {
  let product = 1
  for (let i = 0; i < shape.length; i++) product *= shape[i]!
  return product
}

/**
 * Whether two shapes are the same.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 *
 * console.log(Shape.equals([3, 4], [3, 4])) // true
 * console.log(Shape.equals([3, 4], [4, 3])) // false
 * ```
 *
 * @category queries
 * @since 0.1.0
 */
export const equals = (a: Shape, b: Shape): boolean => {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/**
 * Writes a shape as `[3,4]`.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 *
 * console.log(Shape.render([3, 4])) // [3,4]
 * ```
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (shape: Shape): string => `[${shape.join(",")}]`

/**
 * The distance in elements between neighbours along each axis of a row-major array.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 *
 * console.log(Shape.strides([2, 3, 4])) // [ 12, 4, 1 ]
 * ```
 *
 * @category queries
 * @since 0.1.0
 */
export const strides = (shape: Shape): Array<number> => {
  const result = new Array<number>(shape.length)
  let stride = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    result[i] = stride
    stride *= shape[i]!
  }
  return result
}

/**
 * Throws a `ShapeError` unless every dimension is a non-negative integer and the size is an exact one.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 *
 * try {
 *   Shape.validate("zeros", [2, -1])
 * } catch (error) {
 *   if (error instanceof Shape.ShapeError) console.log(error.problem) // dimension -1 of [2,-1] is not a non-negative integer
 * }
 * ```
 *
 * @category checks
 * @since 0.1.0
 */
export const validate = (operation: string, shape: Shape): void => {
  for (const n of shape) {
    if (!Number.isSafeInteger(n) || n < 0) {
      throw error(operation, [shape], `dimension ${n} of ${render(shape)} is not a non-negative integer`)
    }
  }
  if (!Number.isSafeInteger(size(shape))) {
    throw error(operation, [shape], `${render(shape)} has too many elements`)
  }
}

/**
 * The shape two operands broadcast to; throws a `ShapeError` naming `operation` when they do not.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 *
 * console.log(Shape.broadcast("add", [3, 1], [4])) // [ 3, 4 ]
 * ```
 *
 * @category rules
 * @since 0.1.0
 */
export const broadcast = (operation: string, a: Shape, b: Shape): Shape => {
  if (a === b || b.length === 0) return a
  if (a.length === 0) return b
  const rank = Math.max(a.length, b.length)
  const result = new Array<number>(rank)
  for (let i = 1; i <= rank; i++) {
    const m = i <= a.length ? a[a.length - i]! : 1
    const n = i <= b.length ? b[b.length - i]! : 1
    if (m !== n && m !== 1 && n !== 1) {
      throw error(operation, [a, b], `cannot broadcast ${render(a)} with ${render(b)}`)
    }
    result[rank - i] = m === 1 ? n : m
  }
  return result
}

/**
 * Whether `shape` broadcasts to exactly `target`.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 *
 * console.log(Shape.broadcastsTo([3, 1], [2, 3, 4])) // true
 * console.log(Shape.broadcastsTo([2], [1])) // false
 * ```
 *
 * @category rules
 * @since 0.1.0
 */
export const broadcastsTo = (shape: Shape, target: Shape): boolean => {
  if (shape.length > target.length) return false
  for (let i = 1; i <= shape.length; i++) {
    const n = shape[shape.length - i]!
    if (n !== 1 && n !== target[target.length - i]!) return false
  }
  return true
}

/**
 * Axes as written by a user (one, several or all; negative from the end) as a sorted list; throws a `ShapeError` for an axis
 * that does not exist or is named twice.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 *
 * console.log(Shape.normalizeAxes("sum", [2, 3, 4], [-1, 0])) // [ 0, 2 ]
 * console.log(Shape.normalizeAxes("sum", [2, 3, 4])) // [ 0, 1, 2 ]
 * ```
 *
 * @category rules
 * @since 0.1.0
 */
export const normalizeAxes = (operation: string, shape: Shape, axes?: Axes): ReadonlyArray<number> => {
  if (axes === undefined) return shape.map((_, i) => i)
  const list = typeof axes === "number" ? [axes] : axes
  const normalized = list.map((axis) => normalizeAxis(operation, shape, axis))
  if (new Set(normalized).size !== normalized.length) {
    throw error(operation, [shape], `an axis is named twice in ${render(list)} for ${render(shape)}`)
  }
  return normalized.sort((a, b) => a - b)
}

/**
 * One axis as written by a user (negative from the end) as a non-negative one; throws a `ShapeError` when it does not exist.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 *
 * console.log(Shape.normalizeAxis("cumsum", [2, 3], -1)) // 1
 * ```
 *
 * @category rules
 * @since 0.1.0
 */
export const normalizeAxis = (operation: string, shape: Shape, axis: number): number => {
  const normalized = axis < 0 ? axis + shape.length : axis
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= shape.length) {
    throw error(operation, [shape], `axis ${axis} is out of range for ${render(shape)}`)
  }
  return normalized
}

/**
 * The shape left after removing `axes` (sorted, non-negative), or after setting them to 1 with `keepDims`.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 *
 * console.log(Shape.reduce([2, 3, 4], [1])) // [ 2, 4 ]
 * console.log(Shape.reduce([2, 3, 4], [1], true)) // [ 2, 1, 4 ]
 * ```
 *
 * @category rules
 * @since 0.1.0
 */
export const reduce = (shape: Shape, axes: ReadonlyArray<number>, keepDims = false): Shape =>
  keepDims ? shape.map((n, i) => (axes.includes(i) ? 1 : n)) : shape.filter((_, i) => !axes.includes(i))

/**
 * `target` with a `-1` replaced by the dimension that makes the sizes agree; throws a `ShapeError` when none does.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 *
 * console.log(Shape.reshape("reshape", [2, 6], [3, -1])) // [ 3, 4 ]
 * ```
 *
 * @category rules
 * @since 0.1.0
 */
export const reshape = (operation: string, shape: Shape, target: Shape): Shape => {
  const wildcards = target.filter((n) => n === -1).length
  if (wildcards > 1) throw error(operation, [shape, target], `${render(target)} has more than one dimension of -1`)
  let result = target
  if (wildcards === 1) {
    const known = target.reduce((product, n) => (n === -1 ? product : product * n), 1)
    const inferred = size(shape) / known
    if (!Number.isInteger(inferred)) {
      throw error(
        operation,
        [shape, target],
        `cannot reshape ${render(shape)} (${size(shape)} elements) to ${render(target)}`
      )
    }
    result = target.map((n) => (n === -1 ? inferred : n))
  }
  validate(operation, result)
  if (size(result) !== size(shape)) {
    throw error(
      operation,
      [shape, target],
      `cannot reshape ${render(shape)} (${size(shape)} elements) to ${render(target)} (${size(result)} elements)`
    )
  }
  return result
}
