/**
 * Reverse-mode automatic differentiation: traced values, VJP rules, reverse operators.
 *
 * @since 0.1.0
 */
export {
  type CheckKeys,
  type CheckScalarOutput,
  type DifferentiableKeys,
  evaluate,
  grad,
  type GradOptions,
  jacobian,
  valueAndGrad,
  vjp
} from "./Operators.ts"
export { type Tape, type TapeEntry, type Traced, traced } from "./TracedAlgebra.ts"
export {
  type Context,
  type ControlContext,
  type ControlVjpRule,
  type ControlVjpRules,
  type Evaluated,
  type TapeStep,
  type VjpRule,
  type VjpRules,
  Zero
} from "./VjpRule.ts"
export { controlRules, rules } from "./VjpRules.ts"
