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
export { diagonalHessian, hessian, hvp, vhp } from "./Hessian.ts"
export { chooseMode, jacobian, type JacobianOptions, type Mode, type ModeChoice } from "./Jacobian.ts"
export { colourColumns, type Colouring, colourSymmetric } from "./Colouring.ts"
export { type SparseDerivative, sparseHessian, sparseJacobian, type SparseOptions, toDense } from "./Sparse.ts"
export { hessianSparsity, type NonReal, sparsity, type SparsityPattern, transposePattern } from "./SparsityPattern.ts"
export { jet, type Jet, taylor, type TaylorInputs } from "./Taylor.ts"
export { type Linearization, linearize, linearTranspose } from "./Linear.ts"
export * as Numeric from "./Numeric.ts"
export { type CheckField, curl, divergence, gradientNorm, laplacian } from "./VectorCalculus.ts"
export { directional, jvp } from "@fluxion/forward-mode"
export { vjp } from "@fluxion/reverse-mode"
