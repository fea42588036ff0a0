// The expression algebra: applying a primitive builds a node. Derivative programs are made through it, so it
// leaves out what is known to do nothing and computes what is known already; a program that a user writes is kept as written.

import type { Algebra } from "../Algebra.ts"
import { definitions } from "../Primitive.ts"
import type * as Primitive from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import type * as Tensor from "../Tensor.ts"
import type * as Type from "../Type.ts"
import { apply as applyChecked, applyMany } from "./apply.ts"
import { noteGuard } from "./guards.ts"
import { applyTyped, constant, control, type Node } from "./node.ts"

const scalarValue = (node: Node): number | undefined =>
  node._tag === "Constant" && node.elementType === "real" && node.value!.data.length === 1
    ? node.value!.data[0]
    : undefined

// `x` stands for the result when it already has the result's shape.
const unlessBroadcast = (x: Node, other: Node): Node | undefined =>
  Shape.broadcastsTo(other.shape, x.shape) ? x : undefined

const isScalarConstant = (node: Node): boolean => node._tag === "Constant" && node.shape.length === 0

type Evaluate = (attributes: object, operands: ReadonlyArray<Tensor.Any>, type: Type.Type) => Tensor.Any
type Typing = (attributes: object, operands: ReadonlyArray<Type.Type>) => Type.Type

const fold = (primitive: Primitive.Name, attributes: object, operands: ReadonlyArray<Node>): Node | undefined => {
  const definition = definitions[primitive]
  if (definition.family !== "elementwise" || !operands.every(isScalarConstant)) return undefined
  const values = operands.map((operand) => operand.value!)
  const type = (definition.type as Typing)(attributes, values)
  return constant((definition.evaluate as unknown as Evaluate)(attributes, values, type))
}

const simplify = (primitive: Primitive.Name, attributes: object, operands: ReadonlyArray<Node>): Node | undefined => {
  const folded = fold(primitive, attributes, operands)
  if (folded !== undefined) return folded
  const [x, y] = operands as [Node, Node]
  switch (primitive) {
    case "pow":
      return y.shape.length === 0 && scalarValue(y) === 1 ? x : undefined
    case "mul":
    case "mulStrongZero": {
      const a = scalarValue(x)
      const b = scalarValue(y)
      if (a === 1) return unlessBroadcast(y, x)
      if (b === 1) return unlessBroadcast(x, y)
      if (a === -1 && unlessBroadcast(y, x)) return simplify("neg", {}, [y]) ?? applyChecked("neg", {}, [y])
      if (b === -1 && unlessBroadcast(x, y)) return simplify("neg", {}, [x]) ?? applyChecked("neg", {}, [x])
      // A finite constant other than zero cannot make an invalid product, so the ordinary one serves.
      if (primitive === "mulStrongZero" && isFiniteNonZero(a ?? b)) return applyChecked("mul", {}, [x, y])
      return undefined
    }
    case "neg":
      return x.primitive === "neg" ? x.operands[0] : undefined
    case "broadcastTo":
    case "reshape":
      return Shape.equals((attributes as Primitive.ShapeAttributes).shape, x.shape) ? x : undefined
    case "stopGradient":
      return x._tag === "Constant" || x.primitive === "stopGradient" ? x : undefined
    default:
      return undefined
  }
}

const isFiniteNonZero = (value: number | undefined): boolean =>
  value !== undefined && value !== 0 && Number.isFinite(value)

export const expressionAlgebra: Algebra<Node> = {
  apply: (primitive, attributes, operands, type) => {
    const nodes = operands as ReadonlyArray<Node>
    const node =
      simplify(primitive, attributes, nodes) ??
      (type === undefined
        ? applyChecked(primitive, attributes, nodes)
        : applyTyped(primitive, attributes, nodes, { elementType: type.elementType, shape: type.shape }))
    if (primitive === "ensure") noteGuard(node)
    return node
  },
  applyMany: (primitive, attributes, operands, types) => {
    const results =
      types === undefined ? applyMany(primitive, attributes, operands) : control(primitive, attributes, operands, types)
    if (results.length > 0) noteGuard(results[0]!)
    return results
  },
  constant,
  typeOf: (node: Node): Type.Type => node,
  free: (expr) => {
    const node = expr as unknown as Node
    noteGuard(node)
    return node
  }
}

/** The expression algebra that copies programs as they are written. */
export const copyingAlgebra: Algebra<Node> = {
  ...expressionAlgebra,
  apply: (primitive, attributes, operands, type) => {
    const node =
      type === undefined
        ? applyChecked(primitive, attributes, operands as ReadonlyArray<Node>)
        : applyTyped(primitive, attributes, operands as ReadonlyArray<Node>, type)
    if (primitive === "ensure") noteGuard(node)
    return node
  }
}
