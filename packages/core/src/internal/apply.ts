// Applying a primitive to nodes: checks the types, then makes the node.

import * as Primitive from "../Primitive.ts"
import type * as Type from "../Type.ts"
import { applyTyped, type Node } from "./node.ts"

type AnyDefinition = {
  readonly type: (attributes: object, operands: ReadonlyArray<Type.Type>) => Type.Type
}

export const apply = <K extends Primitive.Name>(
  primitive: K,
  attributes: Primitive.Attributes<K>,
  operands: ReadonlyArray<Node>
): Node => {
  const definition = Primitive.definitions[primitive] as unknown as AnyDefinition
  return applyTyped(primitive, attributes, operands, definition.type(attributes, operands))
}
