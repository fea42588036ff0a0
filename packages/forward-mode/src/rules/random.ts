/**
 * JVP rules of randomness.
 *
 * @since 0.1.0
 */
import { Zero } from "@fluxion/core/Rule"
import type { JvpRules } from "../JvpRule.ts"

/**
 * The JVP rules of randomness: what is drawn is a function of keys, which are indices and carry no tangents.
 *
 * **Details**
 *
 * Distributions are made of these and of ordinary primitives, so tangents of their parameters are pathwise.
 *
 * @category tables
 * @since 0.1.0
 */
export const random = {
  foldIn: [Zero, Zero],
  randomUniform: [Zero],
  randomPermutation: [Zero]
} satisfies JvpRules<"foldIn" | "randomUniform" | "randomPermutation">
