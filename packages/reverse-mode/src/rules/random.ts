/**
 * VJP rules of randomness.
 *
 * @since 0.1.0
 */
import { Zero } from "@fluxion/core/Rule"
import type { VjpRules } from "../VjpRule.ts"

/**
 * The VJP rules of randomness: keys are indices, so nothing is pulled back to them.
 *
 * **Details**
 *
 * Distributions are made of these and of ordinary primitives, so cotangents of their parameters are pathwise.
 *
 * @category tables
 * @since 0.1.0
 */
export const random = {
  foldIn: [Zero, Zero],
  randomUniform: [Zero],
  randomPermutation: [Zero]
} satisfies VjpRules<"foldIn" | "randomUniform" | "randomPermutation">
