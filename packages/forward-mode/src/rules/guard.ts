/**
 * JVP rules of the guards: the identity in the first operand.
 *
 * @since 0.1.0
 */
import { Zero } from "@fluxion/core/Rule"
import type { JvpRules } from "../JvpRule.ts"

/**
 * The rules of the guards.
 *
 * @category tables
 * @since 0.1.0
 */
export const guard: JvpRules<"ensure" | "after"> = {
  ensure: [(tangent) => tangent, Zero],
  after: [(tangent) => tangent, Zero]
}
