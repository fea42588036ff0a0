/**
 * Taylor rules of the guards, which let their first operand through.
 *
 * @since 0.1.0
 */
import type { TaylorRules } from "../../TaylorRule.ts"

/**
 * The Taylor rules of the guards.
 *
 * @category tables
 * @since 0.1.0
 */
export const guard = { ensure: "linear", after: "linear" } satisfies TaylorRules<"ensure" | "after">
