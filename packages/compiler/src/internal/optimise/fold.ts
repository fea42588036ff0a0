// Constant folding: operations on constants are evaluated by the interpreter's kernels. Nothing that can fail, nothing that is drawn, and no array
// that is larger than what it is made of and than 4096 elements.

import { Interpreter, Primitive, type Tensor, type Type } from "@fluxion/core"
import type { Rule } from "./graph.ts"
import { MOST_ELEMENTS, sizeOf, type Term } from "./term.ts"

const evaluate = Interpreter.algebra.apply as unknown as (
  primitive: Primitive.Name,
  attributes: object,
  operands: ReadonlyArray<Tensor.Any>,
  type: Type.Type
) => Tensor.Any

/** How many terms a folded sum may have, and a folded product of matrices. */
const MOST_TERMS = 2 ** 16

const sizeOfValue = (operands: ReadonlyArray<Term>): number => Math.max(0, ...operands.map(sizeOf))

const terms = (primitive: Primitive.Name, attributes: object, operands: ReadonlyArray<Term>): number => {
  if (primitive !== "dot") return 0
  const { left, right } = attributes as Primitive.DotAttributes
  const sizes = new Map<number, number>()
  left.forEach((label, axis) => sizes.set(label, operands[0]!.shape[axis]!))
  right.forEach((label, axis) => sizes.set(label, operands[1]!.shape[axis]!))
  return Array.from(sizes.values()).reduce((a, b) => a * b, 1)
}

export const fold: Rule = (graph, primitive, attributes, operands, type) => {
  const { family } = Primitive.definitions[primitive]
  if (family === "guard" || family === "random") return undefined
  if (family === "elementwise" && operands.every(({ fill }) => fill !== undefined)) {
    const scalars = operands.map(({ elementType, fill }) => graph.scalar(elementType, fill!).value!)
    const result = evaluate(primitive, attributes, scalars, { elementType: type.elementType, shape: [] })
    return graph.fill(type, result.data[0]!)
  }
  if (!operands.every(({ value }) => value !== undefined)) return undefined
  // A constant that repeats is kept as it is and repeated where it is read.
  if (primitive === "broadcastTo" && sizeOf(operands[0]!) !== sizeOf(type)) {
    const { fill } = operands[0]!
    return fill === undefined || sizeOf(type) > MOST_ELEMENTS ? undefined : graph.fill(type, fill)
  }
  if (sizeOf(type) > Math.max(MOST_ELEMENTS, sizeOfValue(operands))) return undefined
  if (family === "linalg" && sizeOfValue(operands) > 256) return undefined
  if (terms(primitive, attributes, operands) > MOST_TERMS) return undefined
  return graph.constant(
    evaluate(
      primitive,
      attributes,
      operands.map(({ value }) => value!),
      { elementType: type.elementType, shape: type.shape }
    )
  )
}
