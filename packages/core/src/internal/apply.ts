// Applying a primitive to nodes: checks the types, then makes the node (for a control primitive: and its projections).

import * as Primitive from "../Primitive.ts"
import type * as Type from "../Type.ts"
import { applyTyped, control, type Node } from "./node.ts"

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

type AnyControlDefinition = {
  readonly types: (attributes: object, operands: ReadonlyArray<Type.Type>) => ReadonlyArray<Type.Type>
}

export const applyMany = <K extends Primitive.ControlName>(
  primitive: K,
  attributes: Primitive.ControlAttributes<K>,
  operands: ReadonlyArray<Node>
): ReadonlyArray<Node> => {
  const definition = Primitive.controlDefinitions[primitive] as unknown as AnyControlDefinition
  return control(primitive, attributes, operands, definition.types(attributes, operands))
}
