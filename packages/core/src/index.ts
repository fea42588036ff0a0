/**
 * @since 0.1.0
 */
export type { Algebra } from "./Algebra.ts"
export * as Backend from "./Backend.ts"
export * as Basis from "./Basis.ts"
export * as Body from "./Body.ts"
export * as Expr from "./Expr.ts"
export * as Fn from "./Fn.ts"
export * as Formula from "./Formula.ts"
export * as Interpreter from "./Interpreter.ts"
export * as Operations from "./Operations.ts"
export * as Primitive from "./Primitive.ts"
export * as Serialization from "./Serialization.ts"
export * as Rule from "./Rule.ts"
export * as Shape from "./Shape.ts"
export * as Tensor from "./Tensor.ts"
export * as Tree from "./Tree.ts"
export * as Type from "./Type.ts"
