/**
 * Fixtures and oracles for testing differentiable programs: arbitraries, laws, distances.
 *
 * @since 0.1.0
 */
export * as Arbitraries from "./Arbitraries.ts"
export * as Fixtures from "./Fixtures.ts"
export * as Laws from "./Laws.ts"
export * as Matchers from "./Matchers.ts"
export * as Ulp from "./Ulp.ts"
export * as PrimitiveSuite from "./PrimitiveSuite.ts"
export { primitiveSuite } from "./PrimitiveSuite.ts"
