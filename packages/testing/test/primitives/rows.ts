// How the tables of primitives are written: one row for each, named by its key. A row is a description for the suite, in short.

import { Expr, type Shape, Tensor } from "@fluxion/core"
import { PrimitiveSuite } from "@fluxion/testing"

export type Array64 = Expr.Expr
type Three = readonly [PrimitiveSuite.RealOperand, PrimitiveSuite.RealOperand, PrimitiveSuite.RealOperand]
type Exempt = NonNullable<PrimitiveSuite.Common<Three>["exempt"]>

/** A row without its name. */
type Nameless<D> = D extends unknown ? Omit<D, "name"> : never

export interface Row {
  readonly of: (name: string) => PrimitiveSuite.Described
}

export const named = <K extends string>(
  rows: Readonly<Record<K, Row>>
): Readonly<Record<K, PrimitiveSuite.Described>> =>
  Object.fromEntries(Object.entries<Row>(rows).map(([name, row]) => [name, row.of(name)])) as never

export const row = <const Operands extends ReadonlyArray<PrimitiveSuite.Operand>>(
  description: Nameless<PrimitiveSuite.Description<Operands>>
): Row => ({
  of: (name) => PrimitiveSuite.describe<Operands>({ ...description, name } as never)
})

export type Ranges = PrimitiveSuite.RealOperand["ranges"]

export const real = (...ranges: Ranges): PrimitiveSuite.RealOperand => ({ ranges })

// -----------------------------------------------------------------------------
// Elementwise
// -----------------------------------------------------------------------------

type Point = ReadonlyArray<number>

interface Options {
  /** Points where the derivatives are conventions: the partial derivatives there. */
  readonly conventions?: ReadonlyArray<readonly [at: Point, partials: Point]>
  readonly kinks?: ReadonlyArray<number>
  readonly smooth?: (...point: Array<number>) => boolean
  readonly value?: (...point: Array<number>) => number
  readonly references?: ReadonlyArray<PrimitiveSuite.Reference>
  readonly special?: PrimitiveSuite.Special
  readonly exempt?: Exempt
}

const optional = ({ conventions, exempt, references, smooth, special, value }: Options) => ({
  conventions: (conventions ?? []).map(([at, partials]) => ({ at, partials })),
  ...(exempt && { exempt }),
  ...(references && { references }),
  ...(smooth && { smooth }),
  ...(special && { special }),
  ...(value && { value })
})

export const unary = (build: (x: Array64) => Expr.Any, ranges: Ranges, options: Options = {}): Row =>
  row({ operands: [{ ranges, kinks: options.kinks ?? [] }], build, ...optional(options) })

export const binary = (
  build: (x: Array64, y: Array64) => Expr.Any,
  [x, y]: readonly [Ranges, Ranges],
  options: Options = {}
): Row => {
  const kinks = options.kinks ?? []
  return row({
    operands: [
      { ranges: x, kinks },
      { ranges: y, kinks }
    ],
    build,
    ...optional(options)
  })
}

// -----------------------------------------------------------------------------
// Of arrays
// -----------------------------------------------------------------------------

/** Shapes, and the function with its attributes. */
export type Cases = ReadonlyArray<
  readonly [shapes: ReadonlyArray<Shape.Shape>, f: (...operands: PrimitiveSuite.Exprs<Three>) => Expr.Any]
>

interface ArrayOptions {
  readonly kinks?: ReadonlyArray<
    readonly [
      f: (...operands: PrimitiveSuite.Exprs<Three>) => Expr.Any,
      at: Tensor.NestedOfUnknownRank,
      gradient: Tensor.NestedOfUnknownRank
    ]
  >
  readonly special?: PrimitiveSuite.Special
  readonly exempt?: Exempt
  readonly ranges?: Ranges
}

export const ofArrays = (
  cases: Cases,
  { exempt, kinks = [], ranges = [[-1.7, 1.7]], special }: ArrayOptions = {}
): Row => {
  const operand = { ranges }
  return row<Three>({
    operands: [operand, operand, operand],
    cases: cases.map(([shapes, build]) => ({ build, shapes: [shapes] })),
    conventions: kinks.map(([build, at, gradient]) => ({ build, at: [at], partials: [gradient] })),
    ...(special && { special }),
    ...(exempt && { exempt })
  })
}

/** For functions whose factors overflow and underflow one by one at the ends of the range, in an order that is each mode's own. */
export const moderate: ReadonlyArray<number> = [0, -0, 1, -1, 0.5, -0.5, 2, -2, Infinity, -Infinity, NaN, 710, -746]

// -----------------------------------------------------------------------------
// Shapes
// -----------------------------------------------------------------------------

/** Shapes of ranks 0 to 4, and empty ones. */
export const ranks: ReadonlyArray<Shape.Shape> = [[], [4], [2, 3], [2, 1, 3], [2, 1, 2, 2]]
export const empties: ReadonlyArray<Shape.Shape> = [[0], [2, 0], [0, 3, 2]]
export const withAxes = ranks.filter((shape) => shape.length > 0)

export const each = (shapes: ReadonlyArray<Shape.Shape>, f: (x: Array64) => Expr.Any): Cases =>
  shapes.map((shape) => [[shape], f] as const)

type AxisOptions = { readonly axis?: number | ReadonlyArray<number>; readonly keepDims?: boolean }

export const reduction = (reduce: (x: Array64, options?: AxisOptions) => Expr.Any, emptyToo = true): Cases => [
  ...ranks.map((shape) => [[shape], (x: Array64) => reduce(x)] as const),
  ...withAxes.flatMap((shape) =>
    shape.map(
      (_, axis) => [[shape], (x: Array64) => reduce(x, axis % 2 === 0 ? { axis } : { axis, keepDims: true })] as const
    )
  ),
  [[[2, 3, 2]], (x: Array64) => reduce(x, { axis: [0, 2] })],
  ...(emptyToo
    ? empties.map((shape) => [[shape], (x: Array64) => reduce(x)] as const)
    : [[[[2, 0]], (x: Array64) => reduce(x, { axis: 0 })] as const])
]

export const alongAxes = (
  f: (x: Array64, options: { readonly axis: number }) => Expr.Any,
  shapes: ReadonlyArray<Shape.Shape> = [...withAxes, [0], [2, 0]]
): Cases => shapes.flatMap((shape) => shape.map((_, axis) => [[shape], (x: Array64) => f(x, { axis })] as const))

export const indices = (
  values: ReadonlyArray<number> | ReadonlyArray<ReadonlyArray<number>> | number
): Expr.IndexExpr => Expr.constant(Tensor.index(values as ReadonlyArray<number>) as Tensor.Tensor<Shape.Shape, "index">)
