/**
 * Calculus on differentiable programs: what needs both modes, and numerical derivatives as the witness of both.
 *
 * @since 0.1.0
 */
export { compareModes, type CompareModesOptions } from "./CompareModes.ts"
export * as Comparison from "./Comparison.ts"
export * as Cost from "./Cost.ts"
export {
  type Border,
  checkGradient,
  type Coordinate,
  type Entry,
  type GradientCheckOptions,
  type GradientReport,
  type HigherCheckOptions,
  type HigherEntry,
  type HigherReport,
  type Kink,
  renderGradientReport,
  type Verdict
} from "./GradientCheck.ts"
export * as Graph from "./Graph.ts"
export { diagonalHessian, hessian, hvp, vhp } from "./Hessian.ts"
export {
  type CheckMode,
  chooseMode,
  jacobian,
  type JacobianOptions,
  type MixedCost,
  type Mode,
  type ModeChoice,
  type ModeCost
} from "./Jacobian.ts"
export { colourColumns, type Colouring, colourSymmetric } from "./Colouring.ts"
export { type Linearization, linearize, linearTranspose } from "./Linear.ts"
export * as Numeric from "./Numeric.ts"
export { type SparseDerivative, sparseHessian, sparseJacobian, type SparseOptions, toDense } from "./Sparse.ts"
export { hessianSparsity, type NonReal, sparsity, type SparsityPattern, transposePattern } from "./SparsityPattern.ts"
export { jet, type Jet, taylor, type TaylorInputs } from "./Taylor.ts"
export * as Trace from "./Trace.ts"
export {
  type CheckField,
  curl,
  divergence,
  type EstimateOptions,
  gradientNorm,
  laplacian,
  laplacianEstimate
} from "./VectorCalculus.ts"
export { directional, jvp } from "@fluxion/forward-mode"
export { vjp } from "@fluxion/reverse-mode"
