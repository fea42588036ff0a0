/**
 * Calculus on differentiable programs: what needs both modes, and numerical derivatives as the witness of both.
 *
 * @since 0.1.0
 */
export { compareModes, type CompareModesOptions } from "./CompareModes.ts"
export * as Comparison from "./Comparison.ts"
export * as Cost from "./Cost.ts"
export {
  checkGradient,
  type Entry,
  type GradientCheckOptions,
  type GradientReport,
  type Kink,
  renderGradientReport,
  type Verdict
} from "./GradientCheck.ts"
export * as Graph from "./Graph.ts"
export { hessian, hvp } from "./Hessian.ts"
export {
  chooseMode,
  jacobian,
  type JacobianOptions,
  type MixedCost,
  type Mode,
  type ModeChoice,
  type ModeCost
} from "./Jacobian.ts"
export * as Numeric from "./Numeric.ts"
export * as Trace from "./Trace.ts"
