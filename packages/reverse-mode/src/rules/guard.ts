/**
 * VJP rules of the guards: the identity in the first operand.
 *
 * @since 0.1.0
 */
import { Zero } from "@fluxion/core/Rule"
import type { VjpRules } from "../VjpRule.ts"

/**
 * The rules of the guards.
 *
 * @category tables
 * @since 0.1.0
 */
export const guard: VjpRules<"ensure" | "after"> = {
  ensure: [(cotangent) => cotangent, Zero],
  after: [(cotangent) => cotangent, Zero]
}
