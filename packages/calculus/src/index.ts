/**
 * Calculus on differentiable programs: what needs both modes, and numerical derivatives as the witness of both.
 *
 * @since 0.1.0
 */
export {
  checkGradient,
  type Entry,
  type GradientCheckOptions,
  type GradientReport,
  type Kink,
  renderGradientReport,
  type Verdict
} from "./GradientCheck.ts"
export { hessian, hvp } from "./Hessian.ts"
export { type CheckMode, chooseMode, jacobian, type JacobianOptions, type Mode, type ModeChoice } from "./Jacobian.ts"
export * as Numeric from "./Numeric.ts"
