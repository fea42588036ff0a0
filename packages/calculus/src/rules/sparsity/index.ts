/**
 * How the primitives carry sparsity: which elements of the operands each element of the result varies with.
 *
 * @since 0.1.0
 */
import type { Primitive } from "@fluxion/core"

/**
 * How a primitive carries index sets.
 *
 * **Details**
 *
 * - `"constant"`: the result does not vary.
 * - `"elementwise"`: each element varies with those in its place. `"product"`: but not with those beside a known zero. `"select"`: of the branch taken, where it
 *   is known which.
 * - `"move"`: each element is one of the elements of the operands (or a constant).
 * - `"scatter"`: each element varies with those that are added to it.
 * - `"reduce"`: each element varies with those it reduces. `"cumulative"`: with those before it along the axis.
 * - `"contract"`: each element varies with those whose products it sums.
 * - `"first"`: each element is that of the first operand in its place.
 * - `"batch"`: on matrices in the last two axes; each result varies with all of its matrix.
 *
 * @category models
 * @since 0.1.0
 */
export type SparsityRule =
  | "constant"
  | "elementwise"
  | "product"
  | "select"
  | "move"
  | "scatter"
  | "reduce"
  | "cumulative"
  | "contract"
  | "batch"
  | "first"

/**
 * The sparsity rules of all primitives; total, so a primitive without a rule is a compile error.
 *
 * @category tables
 * @since 0.1.0
 */
export const rules: { readonly [K in Primitive.Name]: SparsityRule } = {
  neg: "elementwise",
  abs: "elementwise",
  sign: "constant",
  exp: "elementwise",
  expm1: "elementwise",
  log: "elementwise",
  log1p: "elementwise",
  sqrt: "elementwise",
  cbrt: "elementwise",
  sin: "elementwise",
  cos: "elementwise",
  tan: "elementwise",
  asin: "elementwise",
  acos: "elementwise",
  atan: "elementwise",
  sinh: "elementwise",
  cosh: "elementwise",
  tanh: "elementwise",
  asinh: "elementwise",
  acosh: "elementwise",
  atanh: "elementwise",
  erf: "elementwise",
  erfc: "elementwise",
  lgamma: "elementwise",
  digamma: "elementwise",
  polygamma: "elementwise",
  sigmoid: "elementwise",
  softplus: "elementwise",
  relu: "elementwise",
  floor: "constant",
  ceil: "constant",
  round: "constant",
  isFinite: "constant",
  toReal: "constant",
  toIndex: "constant",
  add: "elementwise",
  sub: "elementwise",
  mul: "product",
  mulStrongZero: "product",
  div: "elementwise",
  pow: "elementwise",
  atan2: "elementwise",
  hypot: "elementwise",
  max: "elementwise",
  min: "elementwise",
  rem: "elementwise",
  eq: "constant",
  ne: "constant",
  lt: "constant",
  le: "constant",
  gt: "constant",
  ge: "constant",
  and: "constant",
  or: "constant",
  not: "constant",
  select: "select",
  clamp: "elementwise",
  sum: "reduce",
  prod: "reduce",
  reduceMax: "reduce",
  reduceMin: "reduce",
  argmax: "constant",
  argmin: "constant",
  any: "constant",
  all: "constant",
  cumsum: "cumulative",
  cumprod: "cumulative",
  dot: "contract",
  broadcastTo: "move",
  reshape: "move",
  transpose: "move",
  slice: "move",
  dynamicSlice: "move",
  dynamicUpdateSlice: "move",
  pad: "move",
  concat: "move",
  stack: "move",
  reverse: "move",
  gather: "move",
  scatterAdd: "scatter",
  triangle: "move",
  cholesky: "batch",
  triangularSolve: "batch",
  solve: "batch",
  lstsq: "batch",
  inverse: "batch",
  adjugate: "batch",
  det: "batch",
  detSign: "constant",
  logdet: "batch",
  stopGradient: "constant",
  foldIn: "constant",
  randomUniform: "constant",
  randomPermutation: "constant",
  ensure: "first",
  after: "first"
}
