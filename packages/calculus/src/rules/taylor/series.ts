// Arithmetic on truncated power series whose coefficients may be zero by structure.

import type { Operations } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"

/** Coefficients of t⁰, t¹, … */
export type Series<A> = ReadonlyArray<A | Zero>

/** Operations on coefficients. A product with a zero coefficient is zero, whatever the other factor. */
export interface Coefficients<A> {
  readonly add: (a: A | Zero, b: A | Zero) => A | Zero
  readonly sub: (a: A | Zero, b: A | Zero) => A | Zero
  readonly neg: (a: A | Zero) => A | Zero
  readonly mul: (a: A | Zero, b: A | Zero) => A | Zero
  readonly scale: (a: A | Zero, factor: number) => A | Zero
  readonly div: (a: A | Zero, b: A) => A | Zero
}

export const coefficients = <A>(ops: Operations.Operations<A>): Coefficients<A> => {
  const neg = (a: A | Zero): A | Zero => (a === Zero ? Zero : ops.neg(a))
  return {
    add: (a, b) => (a === Zero ? b : b === Zero ? a : ops.add(a, b)),
    sub: (a, b) => (b === Zero ? a : a === Zero ? ops.neg(b) : ops.sub(a, b)),
    neg,
    mul: (a, b) => (a === Zero || b === Zero ? Zero : ops.mulStrongZero(a, b)),
    scale: (a, factor) => (a === Zero || factor === 0 ? Zero : factor === 1 ? a : ops.mul(a, factor)),
    div: (a, b) => (a === Zero ? Zero : ops.mulStrongZero(a, ops.div(1, b)))
  }
}

/** `Σ term(j)` for j from `first` to `last`. */
export const total = <A>(c: Coefficients<A>, first: number, last: number, term: (j: number) => A | Zero): A | Zero => {
  let sum: A | Zero = Zero
  for (let j = first; j <= last; j++) sum = c.add(sum, term(j))
  return sum
}

export const at = <A>(series: Series<A>, k: number): A | Zero => (k < series.length ? series[k]! : Zero)

/** Coefficient k of the product of two series (Cauchy's product). */
export const product = <A>(c: Coefficients<A>, u: Series<A>, v: Series<A>, k: number): A | Zero =>
  total(c, 0, k, (j) => c.mul(at(u, j), at(v, k - j)))

/** The product of two series up to t^order. */
export const multiply = <A>(c: Coefficients<A>, u: Series<A>, v: Series<A>, order: number): Series<A> =>
  Array.from({ length: order + 1 }, (_, k) => product(c, u, v, k))
