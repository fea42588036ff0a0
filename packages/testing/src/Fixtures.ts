/**
 * Numerical problems with known answers: test functions of optimisers, nonlinear regressions.
 *
 * @since 0.1.0
 */
export { type LeastSquares, type LeastSquaresOptions, leastSquares } from "./fixtures/leastSquares.ts"
export { mgh } from "./fixtures/mgh.ts"
export { nist, type NistName, nistNames, type NistProblem } from "./fixtures/nist.ts"
