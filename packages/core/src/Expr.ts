/**
 * Expressions: immutable program fragments, and the combinators that build them.
 *
 * **Details**
 *
 * Every binary combinator can be called as `Expr.add(x, y)` and as `x.pipe(Expr.add(y))`. Numbers and tensors are lifted to
 * constants. Shapes are tracked in types where they are literal and checked when the expression is built otherwise; a mismatch throws
 * a `ShapeError`.
 *
 * @since 0.1.0
 */
export * as checked from "./expr/checked.ts"
export * from "./expr/contraction.ts"
export * from "./expr/controlFlow.ts"
export * from "./expr/customRules.ts"
export * from "./expr/derived.ts"
export * from "./expr/elementwise.ts"
export * from "./expr/guard.ts"
export * from "./expr/implicit.ts"
export * from "./expr/linalg.ts"
export * from "./expr/model.ts"
export * from "./expr/param.ts"
export * as random from "./expr/random.ts"
export * from "./expr/reduction.ts"
export * from "./expr/structural.ts"
