/**
 * Reverse-mode automatic differentiation: traced values, VJP rules, reverse operators.
 *
 * @since 0.1.0
 */
export { type Context, Zero } from "@fluxion/core/Rule"
export {
  type CheckKeys,
  type CheckScalarOutput,
  type DifferentiableKeys,
  evaluate,
  evaluateResult,
  grad,
  type GradOptions,
  jacobian,
  valueAndGrad,
  vjp
} from "./Operators.ts"
export type { Tape, TapeEntry, TapeStep, Traced } from "./Tape.ts"
export { traced } from "./TracedAlgebra.ts"
export {
  type ControlContext,
  type ControlVjpRule,
  type ControlVjpRules,
  type Evaluated,
  type VjpRule,
  type VjpRules
} from "./VjpRule.ts"
export { controlRules, rules } from "./VjpRules.ts"
