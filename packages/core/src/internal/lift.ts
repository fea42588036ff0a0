// From what stands for an expression in an argument to nodes, and back.

import { dual } from "effect/Function"
import type { Any, AnyOperand, Unary } from "../expr/model.ts"
import type * as Primitive from "../Primitive.ts"
import * as Tensor from "../Tensor.ts"
import type * as Type from "../Type.ts"
import { apply } from "./apply.ts"
import * as Internal from "./node.ts"

export const toNode = (self: Any): Internal.Node => self as unknown as Internal.Node

export const fromNode = <X>(node: Internal.Node): X => node as unknown as X

export const liftNode = (x: AnyOperand, like?: Type.ElementType): Internal.Node => {
  if (x instanceof Internal.Node) return x
  if (typeof x === "number") {
    return Internal.constant(like === "index" ? Tensor.index(x) : Tensor.full([], x))
  }
  if (typeof x === "boolean") return Internal.constant(Tensor.bool(x))
  if (Tensor.isTensor(x)) return Internal.constant(x)
  return toNode(x as Any)
}

export const unary =
  (primitive: Primitive.Name): Unary =>
  (x) =>
    fromNode(apply(primitive, {}, [liftNode(x)]))

export const binaryNodes = (primitive: Primitive.Name, x: AnyOperand, y: AnyOperand): Internal.Node => {
  const like = (other: AnyOperand) => (typeof other === "object" ? other.elementType : undefined)
  return apply(primitive, {}, [liftNode(x, like(y)), liftNode(y, like(x))])
}

export const binary = <Signature>(primitive: Primitive.Name): Signature =>
  dual(2, (x: AnyOperand, y: AnyOperand) => binaryNodes(primitive, x, y)) as Signature

export const isOperand = (u: unknown): boolean =>
  typeof u === "number" || typeof u === "boolean" || u instanceof Internal.Node || Tensor.isTensor(u)
