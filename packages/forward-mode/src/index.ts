/**
 * Forward-mode automatic differentiation: dual numbers, JVP rules, forward operators.
 *
 * @since 0.1.0
 */
export { type Context, Zero } from "@fluxion/core/Rule"
export * as Dual from "./Dual.ts"
export { dual, type DualCarrier, vectorDual, type VectorCarrier } from "./DualAlgebra.ts"
export {
  type ControlContext,
  type ControlJvpRule,
  type ControlJvpRules,
  type JvpRule,
  type JvpRules
} from "./JvpRule.ts"
export { controlRules, rules } from "./JvpRules.ts"
export {
  type CheckForward,
  type CheckOneScalar,
  derivative,
  directional,
  evaluate,
  evaluateResult,
  jacobian,
  jvp
} from "./Operators.ts"
