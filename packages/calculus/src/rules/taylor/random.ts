/**
 * Taylor rules of randomness: keys are indices, so what is drawn has no coefficients but its value.
 *
 * @since 0.1.0
 */
import type { Primitive } from "@fluxion/core"
import type { TaylorRules } from "../../TaylorRule.ts"

/**
 * The Taylor rules of randomness.
 *
 * @category tables
 * @since 0.1.0
 */
export const random = {
  foldIn: "linear",
  randomUniform: "linear",
  randomPermutation: "linear"
} satisfies Partial<TaylorRules<Primitive.Name>>
