// Identities of reductions and contractions. Sums start from 0: what they are of zeros is 0, whatever the signs.

import { Interpreter, type Primitive, Shape, type Tensor, type Type } from "@fluxion/core"
import type { Graph, Rule } from "./graph.ts"
import { filled, isReal, sizeOf, type Term } from "./term.ts"

/** Sums of so many equal terms are worked out. */
const MOST_TERMS = 2 ** 16

const reduces = new Set<Primitive.Name>(["sum", "prod", "reduceMax", "reduceMin", "any", "all"])

/** The reductions for which the order of the elements is of no consequence. */
const merges = new Set<Primitive.Name>(["reduceMax", "reduceMin", "any", "all"])

const countOf = (x: Term, axes: ReadonlyArray<number>): number => Shape.size(axes.map((axis) => x.shape[axis]!))

const evaluate = Interpreter.algebra.apply as unknown as (
  primitive: Primitive.Name,
  attributes: object,
  operands: ReadonlyArray<Tensor.Any>
) => Tensor.Any

const reduction = (
  graph: Graph,
  primitive: Primitive.Name,
  { axes }: Primitive.ReductionAttributes,
  x: Term,
  type: Type.Type
): Term | undefined => {
  if (axes.length === 0) return x
  if (sizeOf(type) === 0) return undefined
  if (primitive === "sum" && x.isZero) return graph.fill(type, 0)
  const count = countOf(x, axes)
  if (x.fill !== undefined && count > 0 && count <= MOST_TERMS) {
    const value = filled({ elementType: x.elementType, shape: [count] }, x.fill)
    return graph.fill(type, evaluate(primitive, { axes: [0] }, [value]).data[0]!)
  }
  // Of one element: the sum starts from 0, which takes the sign of -0.
  if (count === 1 && (primitive !== "sum" || x.hasNoNegativeZero)) {
    return graph.apply("reshape", { shape: type.shape }, [x], type)
  }
  if (x.primitive === primitive && merges.has(primitive)) {
    const [inner] = x.operands as readonly [Term]
    const before = (x.attributes as Primitive.ReductionAttributes).axes
    const left = inner.shape.map((_, axis) => axis).filter((axis) => !before.includes(axis))
    const both = [...before, ...axes.map((axis) => left[axis]!)].sort((a, b) => a - b)
    return graph.apply(primitive, { axes: both }, [inner], type)
  }
  return undefined
}

const dot = (
  graph: Graph,
  attributes: Primitive.DotAttributes,
  [x, y]: readonly [Term, Term],
  type: Type.Type
): Term | undefined => {
  const { left, output, right, strongZero } = attributes
  if ((strongZero && (x.isZero || y.isZero)) || (x.isZero && y.isZero)) return graph.fill(type, 0)
  // The terms are added up in the order of the labels of the left operand.
  const permuted = (term: Term, labels: ReadonlyArray<number>): ReadonlyArray<number> => {
    const { permutation } = term.attributes as Primitive.Attributes<"transpose">
    const own = new Array<number>(labels.length)
    permutation.forEach((axis, i) => (own[axis] = labels[i]!))
    return own
  }
  if (y.primitive === "transpose") {
    return graph.apply("dot", { ...attributes, right: permuted(y, right) }, [x, y.operands[0]!], type)
  }
  if (x.primitive === "transpose" && left.filter((label) => !output.includes(label)).length < 2) {
    return graph.apply("dot", { ...attributes, left: permuted(x, left) }, [x.operands[0]!, y], type)
  }
  return undefined
}

export const reductions: Rule = (graph, primitive, attributes, operands, type) => {
  const [x] = operands as readonly [Term]
  if (reduces.has(primitive)) {
    return reduction(graph, primitive, attributes as Primitive.ReductionAttributes, x, type)
  }
  switch (primitive) {
    case "cumsum":
      return isReal(x) && x.isZero ? graph.fill(type, 0) : undefined
    case "dot":
      return dot(graph, attributes as Primitive.DotAttributes, operands as unknown as readonly [Term, Term], type)
    default:
      return undefined
  }
}
