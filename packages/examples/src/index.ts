/**
 * Short runnable programs, and the demo: a linear regression from a table to its coefficients.
 *
 * @since 0.1.0
 */
export { type Example } from "./Example.ts"
export { find, list, UnknownExample } from "./Examples.ts"
export { examples } from "./programs/index.ts"
