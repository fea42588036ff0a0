/**
 * Taylor rules of the reductions and of the cumulative primitives.
 *
 * @since 0.1.0
 */
import type { Primitive } from "@fluxion/core"
import type { TaylorRules } from "../../TaylorRule.ts"

/**
 * The Taylor rules of the reductions: sums and extrema are linear around each point; products go by their derivative.
 *
 * @category tables
 * @since 0.1.0
 */
export const reduction = {
  sum: "linear",
  prod: "byDerivative",
  reduceMax: "linear",
  reduceMin: "linear",
  argmax: "linear",
  argmin: "linear",
  any: "linear",
  all: "linear",
  cumsum: "linear",
  cumprod: "byDerivative"
} satisfies Partial<TaylorRules<Primitive.Name>>
