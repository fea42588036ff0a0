/**
 * Taylor rules of the contractions.
 *
 * @since 0.1.0
 */
import { Zero } from "@fluxion/core/Rule"
import type { TaylorContext, TaylorRules } from "../../TaylorRule.ts"
import { at, type Series, total } from "./series.ts"

/**
 * The Taylor rule of `dot`, which is bilinear: Cauchy's product with contractions.
 *
 * @category tables
 * @since 0.1.0
 */
export const contraction = {
  dot: <A>({ attributes, c, ops, order, result }: TaylorContext<"dot", A>, u: Series<A>, v: Series<A>): Series<A> => {
    const times = (left: A | Zero, right: A | Zero): A | Zero =>
      left === Zero || right === Zero ? Zero : ops.dot(left, right, { ...attributes, strongZero: true })
    return [
      result,
      ...Array.from({ length: order }, (_, i) => total(c, 0, i + 1, (j) => times(at(u, j), at(v, i + 1 - j))))
    ]
  }
} satisfies TaylorRules<"dot">
