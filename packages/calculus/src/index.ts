/**
 * Calculus on differentiable programs: what needs both modes, and numerical derivatives as the witness of both.
 *
 * @since 0.1.0
 */
export * as Numeric from "./Numeric.ts"
