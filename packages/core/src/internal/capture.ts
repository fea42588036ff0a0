// Bodies of control primitives, from functions that build them: what they use from outside is found and becomes an input.

import type * as Type from "../Type.ts"
import { copyingAlgebra } from "./expressionAlgebra.ts"
import { interpret } from "./interpret.ts"
import { input, type Node, upcomingId } from "./node.ts"
import { type Body, schedule } from "./schedule.ts"

/** What a function built: outputs over fresh inputs, and what they use that was there before. */
export interface Captured {
  readonly inputs: ReadonlyArray<Node>
  readonly outputs: ReadonlyArray<Node>
  readonly captured: ReadonlyArray<Node>
}

/**
 * Calls a function once. What it makes has larger ids than whatever was there before; the older nodes that its outputs reach are captured, except
 * constants.
 */
export const capture = (
  inputs: ReadonlyArray<{ readonly label: string; readonly type: Type.Type }>,
  build: (inputs: ReadonlyArray<Node>) => ReadonlyArray<Node>
): Captured => {
  const start = upcomingId()
  const fresh = inputs.map(({ label, type }) => input(label, type))
  const outputs = build(fresh)
  const captured: Array<Node> = []
  const seen = new Set<Node>(fresh)
  const pending = outputs.slice()
  while (pending.length > 0) {
    const node = pending.pop()!
    if (seen.has(node)) continue
    seen.add(node)
    if (node.id < start) {
      if (node._tag !== "Constant") captured.push(node)
    } else {
      for (const operand of node.operands) if (!seen.has(operand)) pending.push(operand)
    }
  }
  return { inputs: fresh, outputs, captured }
}

/**
 * The outputs as a function of some inputs. What does not depend on these is captured as a whole, however it was built, except constants: so it is
 * computed once, outside.
 */
export const abstract = (inputs: ReadonlyArray<Node>, outputs: ReadonlyArray<Node>): Captured => {
  const {
    dependent,
    first,
    nodes,
    operands,
    outputs: positions
  } = schedule({ inputNodes: inputs, outputNodes: outputs }, true)
  const captured = new Set<Node>()
  const use = (position: number): void => {
    if (dependent[position] === 0 && nodes[position]!._tag !== "Constant") captured.add(nodes[position]!)
  }
  for (let i = 0; i < nodes.length; i++) {
    if (dependent[i] === 1) for (let j = first[i]!; j < first[i + 1]!; j++) use(operands[j]!)
  }
  for (const position of positions) use(position)
  return { inputs, outputs, captured: Array.from(captured) }
}

/** What several functions captured, each node once. */
export const capturedBy = (...parts: ReadonlyArray<Captured>): ReadonlyArray<Node> =>
  Array.from(new Set(parts.flatMap(({ captured }) => captured))).sort((a, b) => a.id - b.id)

/** The closed body whose inputs are the captured nodes, then the function's own. */
export const close = ({ inputs, outputs }: Captured, captured: ReadonlyArray<Node>): Body => {
  if (captured.length === 0) return { inputNodes: inputs, outputNodes: outputs }
  const free = [...captured, ...inputs]
  const inputNodes = free.map((node, i) => input(node.label ?? `captured${i}`, node))
  const outputNodes = interpret({ inputNodes: free, outputNodes: outputs }, copyingAlgebra, inputNodes)
  return { inputNodes, outputNodes }
}
