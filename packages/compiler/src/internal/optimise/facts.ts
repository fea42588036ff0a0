// What holds for all elements of a result, from what holds for those of the operands. An array that is zero but for signs is as good as a zero
// wherever signs of zeros do not matter: in sums, which start from 0 and so are never -0, and beside what is never -0.

import type { Primitive } from "@fluxion/core"
import { isReal, type Term } from "./term.ts"

type Operands = ReadonlyArray<Term>
type Fact = (operands: Operands, attributes: object) => boolean

const zero = (term: Term | undefined): boolean => term!.isZero
const positive = (term: Term | undefined): boolean => term!.hasNoNegativeZero
const first: Fact = ([x]) => zero(x)
const every: Fact = (operands) => operands.every(zero)
const both: Fact = ([x, y]) => zero(x) && zero(y)
const padded: Fact = ([x], attributes) => zero(x) && (attributes as Primitive.PadAttributes).value === 0

/** Whether all elements are zeros, of either sign. A primitive without a row may compute anything. */
const zeros: { readonly [K in Primitive.Name]?: Fact } = {
  neg: first,
  abs: first,
  relu: first,
  sqrt: first,
  cbrt: first,
  sin: first,
  tan: first,
  sinh: first,
  tanh: first,
  asinh: first,
  atan: first,
  expm1: first,
  log1p: first,
  sign: first,
  floor: first,
  ceil: first,
  round: first,
  add: both,
  sub: both,
  mul: both,
  max: both,
  min: both,
  mulStrongZero: ([x, y]) => zero(x) || zero(y),
  select: ([, x, y]) => zero(x) && zero(y),
  sum: first,
  cumsum: first,
  dot: ([x, y], attributes) =>
    (attributes as Primitive.DotAttributes).strongZero ? zero(x) || zero(y) : zero(x) && zero(y),
  broadcastTo: first,
  reshape: first,
  transpose: first,
  slice: first,
  dynamicSlice: first,
  dynamicUpdateSlice: both,
  pad: padded,
  concat: every,
  stack: every,
  reverse: first,
  scatterAdd: ([x, , updates]) => zero(x) && zero(updates),
  triangle: first,
  stopGradient: first,
  ensure: first,
  after: first
}

const noneNegative: Fact = () => true
const firstPositive: Fact = ([x]) => positive(x)
const everyPositive: Fact = (operands) => operands.every(positive)
/** Of a reduction: over no axes it is the identity. */
const reduced: Fact = ([x], attributes) => (attributes as Primitive.ReductionAttributes).axes.length > 0 || positive(x)

/** Whether no element is -0. */
const positives: { readonly [K in Primitive.Name]?: Fact } = {
  abs: noneNegative,
  exp: noneNegative,
  cos: noneNegative,
  cosh: noneNegative,
  erfc: noneNegative,
  sigmoid: noneNegative,
  softplus: noneNegative,
  relu: noneNegative,
  toReal: firstPositive,
  sqrt: firstPositive,
  // A sum of two numbers is -0 only where both are.
  add: ([x, y]) => positive(x) || positive(y),
  mul: ([x, y]) => x === y,
  max: everyPositive,
  min: everyPositive,
  select: ([, x, y]) => positive(x) && positive(y),
  sum: reduced,
  cumsum: noneNegative,
  dot: noneNegative,
  broadcastTo: firstPositive,
  reshape: firstPositive,
  transpose: firstPositive,
  slice: firstPositive,
  dynamicSlice: firstPositive,
  dynamicUpdateSlice: ([x, update]) => positive(x) && positive(update),
  pad: ([x], attributes) => positive(x) && !Object.is((attributes as Primitive.PadAttributes).value, -0),
  concat: everyPositive,
  stack: everyPositive,
  reverse: firstPositive,
  gather: firstPositive,
  // A place that nothing is added to keeps its sign.
  scatterAdd: firstPositive,
  triangle: firstPositive,
  stopGradient: firstPositive,
  ensure: firstPositive,
  after: firstPositive
}

export const isZero = (primitive: Primitive.Name, attributes: object, operands: Operands): boolean =>
  zeros[primitive]?.(operands, attributes) === true

export const hasNoNegativeZero = (primitive: Primitive.Name, attributes: object, operands: Operands): boolean =>
  positives[primitive]?.(operands, attributes) === true

/** Whether `x` and a zero of unknown sign add up to `x`. */
export const absorbsZero = (x: Term, other: Term): boolean =>
  other.isZero && (isReal(x) ? x.hasNoNegativeZero || isNegativeZero(other) : true)

const isNegativeZero = (term: Term): boolean => Object.is(term.fill, -0)
