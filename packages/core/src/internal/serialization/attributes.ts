// How the attributes of each primitive are written as JSON: one row a primitive, total over `Primitive.Name`.

import { Schema, SchemaGetter } from "effect"
import type { Guard } from "../../Failure.ts"
import type * as Primitive from "../../Primitive.ts"
import { limits, type RealEncoded } from "./model.ts"

/** How attributes `A` are written. Encoding may fail where attributes hold what is not data. */
export interface Row<A extends object> {
  readonly schema: Schema.Codec<A, { readonly [name: string]: Schema.Json }>
}

export type Rows = { readonly [K in Primitive.Name]: Row<Primitive.Attributes<K>> }

// -----------------------------------------------------------------------------
// Values
// -----------------------------------------------------------------------------

/** An integer; -0 is 0. */
const integer = Schema.Int.pipe(
  Schema.decode({
    decode: SchemaGetter.transform((n: number) => n + 0),
    encode: SchemaGetter.transform((n: number) => n + 0)
  })
)

const least = (expected: string) => Schema.makeFilter((n: number) => n >= 0, { expected })
export const nonNegative = integer.check(least("a non-negative integer"))

/** One integer for each axis, or some axes. */
const integers = Schema.Array(nonNegative).check(Schema.isMaxLength(limits.rank))

const names = { NaN, Infinity, "-Infinity": -Infinity, "-0": -0 } as const

export const encodeReal = (x: number): RealEncoded =>
  Object.is(x, -0) ? "-0" : Number.isFinite(x) ? x : (String(x) as keyof typeof names)

/** The number that `encodeReal` wrote, or `undefined`. */
export const decodeReal = (value: unknown): number | undefined =>
  typeof value === "number"
    ? Number.isFinite(value)
      ? value
      : undefined
    : typeof value === "string" && Object.hasOwn(names, value)
      ? names[value as keyof typeof names]
      : undefined

const encodedReal = Schema.Union([Schema.Finite, Schema.Literals(["NaN", "Infinity", "-Infinity", "-0"])])
const real = encodedReal.pipe(
  Schema.decodeTo(Schema.Number, {
    decode: SchemaGetter.transform((x) => decodeReal(x)!),
    encode: SchemaGetter.transform(encodeReal)
  })
)

// -----------------------------------------------------------------------------
// Rows
// -----------------------------------------------------------------------------

/** The row of primitives without attributes. */
export const none: Row<{}> = { schema: Schema.Struct({}) as Row<{}>["schema"] }

const axes: Row<Primitive.ReductionAttributes> = { schema: Schema.Struct({ axes: integers }) }
const axis: Row<Primitive.AxisAttributes> = { schema: Schema.Struct({ axis: nonNegative }) }
const cumulative: Row<Primitive.CumulativeAttributes> = {
  schema: Schema.Struct({ axis: nonNegative, reverse: Schema.Boolean })
}
const shape: Row<Primitive.ShapeAttributes> = { schema: Schema.Struct({ shape: integers }) }

const solving: Row<Primitive.SolveAttributes> = {
  schema: Schema.Struct({ strongZero: Schema.Boolean })
}

/** The guards of the library. A guard of the caller's own holds a function of the caller's: it cannot be written. */
const guard = Schema.Union([
  Schema.TaggedStruct("Domain", { operation: Schema.String, domain: Schema.String }),
  Schema.TaggedStruct("NonFinite", {
    source: Schema.Literals(["operation", "input", "constant"]),
    name: Schema.String
  }),
  ...(["SingularMatrix", "NotPositiveDefinite", "NotConverged"] as const).map((tag) =>
    Schema.TaggedStruct(tag, { operation: Schema.String })
  )
]).annotate({ expected: "a guard of the library" }) as unknown as Schema.Codec<Guard, Schema.Json>

export const rows: Rows = {
  neg: none,
  abs: none,
  sign: none,
  exp: none,
  expm1: none,
  log: none,
  log1p: none,
  sqrt: none,
  cbrt: none,
  sin: none,
  cos: none,
  tan: none,
  asin: none,
  acos: none,
  atan: none,
  sinh: none,
  cosh: none,
  tanh: none,
  asinh: none,
  acosh: none,
  atanh: none,
  erf: none,
  erfc: none,
  lgamma: none,
  digamma: none,
  polygamma: { schema: Schema.Struct({ order: nonNegative }) },
  sigmoid: none,
  softplus: none,
  relu: none,
  floor: none,
  ceil: none,
  round: none,
  isFinite: none,
  toReal: none,
  toIndex: none,
  add: none,
  sub: none,
  mul: none,
  mulStrongZero: none,
  div: none,
  pow: none,
  atan2: none,
  hypot: none,
  max: none,
  min: none,
  rem: none,
  eq: none,
  ne: none,
  lt: none,
  le: none,
  gt: none,
  ge: none,
  and: none,
  or: none,
  not: none,
  select: none,
  clamp: none,
  sum: axes,
  prod: axes,
  reduceMax: axes,
  reduceMin: axes,
  argmax: axis,
  argmin: axis,
  any: axes,
  all: axes,
  cumsum: cumulative,
  cumprod: cumulative,
  dot: {
    schema: Schema.Struct({ left: integers, right: integers, output: integers, strongZero: Schema.Boolean })
  },
  broadcastTo: shape,
  reshape: shape,
  transpose: { schema: Schema.Struct({ permutation: integers }) },
  slice: { schema: Schema.Struct({ starts: integers, limits: integers, strides: integers }) },
  dynamicSlice: { schema: Schema.Struct({ sizes: integers }) },
  dynamicUpdateSlice: none,
  pad: { schema: Schema.Struct({ low: integers, high: integers, interior: integers, value: real }) },
  concat: axis,
  stack: axis,
  reverse: axes,
  gather: axis,
  scatterAdd: axis,
  triangle: { schema: Schema.Struct({ upper: Schema.Boolean, diagonal: integer }) },
  cholesky: none,
  triangularSolve: {
    schema: Schema.Struct({
      upper: Schema.Boolean,
      transposed: Schema.Boolean,
      unitDiagonal: Schema.Boolean,
      strongZero: Schema.Boolean
    })
  },
  solve: solving,
  lstsq: solving,
  inverse: none,
  adjugate: none,
  det: none,
  detSign: none,
  logdet: none,
  stopGradient: none,
  foldIn: none,
  randomUniform: shape,
  randomPermutation: { schema: Schema.Struct({ size: nonNegative }) },
  ensure: { schema: Schema.Struct({ guard }) },
  after: none
}
