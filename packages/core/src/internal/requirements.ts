// The free inputs that programs require: finding them, and putting something in their places.

import type { Algebra } from "../Algebra.ts"
import { copyingAlgebra } from "./expressionAlgebra.ts"
import { interpret } from "./interpret.ts"
import { type Node, requires } from "./node.ts"
import type { Body } from "./schedule.ts"
import { foldIn, isOpen } from "./scope.ts"
import * as Tensor from "../Tensor.ts"

const known = new WeakMap<Body, { readonly params: ReadonlyArray<Node>; readonly keys: ReadonlyArray<Node> }>()

const find = (body: Body) => {
  const params: Array<Node> = []
  const keys: Array<Node> = []
  const seen = new Set<Node>()
  const pending = body.outputNodes.slice()
  while (pending.length > 0) {
    const node = pending.pop()!
    if (node.requires === 0 || seen.has(node)) continue
    seen.add(node)
    if (node.requirement?._tag === "Param") params.push(node)
    else if (node.requirement?._tag === "Random") keys.push(node)
    for (const operand of node.operands) pending.push(operand)
  }
  const byAge = (a: Node, b: Node): number => a.id - b.id
  return { params: params.sort(byAge), keys: keys.sort(byAge) }
}

/** The parameters and keys that a program requires, each in the order in which they were made. */
export const requirementsOf = (body: Body): ReturnType<typeof find> => {
  const before = known.get(body)
  if (before !== undefined) return before as ReturnType<typeof find>
  const found = find(body)
  known.set(body, found)
  return found
}

/** The keys that a use of a program draws anew: those of programs still under construction stay what they are. */
export const closedKeys = (body: Body): ReadonlyArray<Node> =>
  body.outputNodes.some((node) => (node.requires & requires.random) !== 0)
    ? requirementsOf(body).keys.filter((key) => !isOpen(key))
    : []

/** One key in the place of several: itself, or one made of it for each. */
export const shareKey = (keys: ReadonlyArray<Node>, key: Node): ReadonlyArray<Node> =>
  keys.length === 1 ? [key] : keys.map((_, i) => foldIn(key, Tensor.index(i)))

/** The outputs of a program with inputs and requirements replaced. */
export const substitute = (
  body: Body,
  inputs: ReadonlyArray<Node>,
  requirements: ReadonlyArray<Node>,
  values: ReadonlyArray<Node>,
  algebra: Algebra<Node> = copyingAlgebra
): ReadonlyArray<Node> =>
  requirements.length === 0
    ? interpret(body, algebra, inputs)
    : interpret({ inputNodes: [...body.inputNodes, ...requirements], outputNodes: body.outputNodes }, algebra, [
        ...inputs,
        ...values
      ])
