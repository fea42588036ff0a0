// Bodies of control primitives, from functions that build them: what they use from outside (what they require included) is found and becomes an input.

import type * as Type from "../Type.ts"
import { copyingAlgebra } from "./expressionAlgebra.ts"
import { unwatched } from "./guards.ts"
import { interpret } from "./interpret.ts"
import { input, type Node, upcomingId } from "./node.ts"
import type { Body } from "./schedule.ts"
import { inScope, keyType, Scope } from "./scope.ts"

/** What a function built: outputs over fresh inputs, and what they use that was there before. */
export interface Captured {
  readonly inputs: ReadonlyArray<Node>
  readonly outputs: ReadonlyArray<Node>
  readonly captured: ReadonlyArray<Node>
}

/**
 * Calls a function once. What it makes has larger ids than whatever was there before; the older nodes that its outputs reach are captured, except
 * constants. So is what it requires, whenever that was made.
 */
export const capture = (
  inputs: ReadonlyArray<{ readonly label: string; readonly type: Type.Type }>,
  build: (inputs: ReadonlyArray<Node>) => ReadonlyArray<Node>
): Captured => {
  const start = upcomingId()
  const fresh = inputs.map(({ label, type }) => input(label, type))
  const outputs = unwatched(() => build(fresh))
  const captured: Array<Node> = []
  const seen = new Set<Node>(fresh)
  const pending = outputs.slice()
  while (pending.length > 0) {
    const node = pending.pop()!
    if (seen.has(node)) continue
    seen.add(node)
    if (node.id < start || node.requirement !== undefined) {
      if (node._tag !== "Constant") captured.push(node)
    } else {
      for (const operand of node.operands) if (!seen.has(operand)) pending.push(operand)
    }
  }
  return { inputs: fresh, outputs, captured }
}

/** Whether outputs depend on an input. */
const depends = ({ outputs }: Pick<Captured, "outputs">, on: Node): boolean => {
  const seen = new Set<Node>()
  const pending = outputs.slice()
  while (pending.length > 0) {
    const node = pending.pop()!
    if (node === on) return true
    if (node.id < on.id || seen.has(node)) continue
    seen.add(node)
    for (const operand of node.operands) pending.push(operand)
  }
  return false
}

/**
 * Calls a function once in a scope of its own, whose key is one more input, the last. A function that draws nothing is left without that input.
 */
export const captureDrawing = (
  inputs: ReadonlyArray<{ readonly label: string; readonly type: Type.Type }>,
  build: (inputs: ReadonlyArray<Node>) => ReadonlyArray<Node>
): Captured & { readonly draws: boolean } => {
  let asked = false
  const built = capture([...inputs, { label: "key", type: keyType }], (own) => {
    const scope = new Scope(() => {
      asked = true
      return own.at(-1)!
    })
    return inScope(scope, () => build(own.slice(0, -1)))
  })
  // What is drawn and not used needs no key.
  const draws = asked && depends(built, built.inputs.at(-1)!)
  return { ...built, inputs: draws ? built.inputs : built.inputs.slice(0, -1), draws }
}

/** What several functions captured, each node once. */
export const capturedBy = (...parts: ReadonlyArray<Captured>): ReadonlyArray<Node> =>
  Array.from(new Set(parts.flatMap(({ captured }) => captured))).sort((a, b) => a.id - b.id)

/** The closed body whose inputs are the captured nodes, then the function's own. */
export const close = ({ inputs, outputs }: Captured, captured: ReadonlyArray<Node>): Body => {
  if (captured.length === 0) return { inputNodes: inputs, outputNodes: outputs }
  const free = [...captured, ...inputs]
  const inputNodes = free.map((node, i) => input(node.label ?? `captured${i}`, node))
  const outputNodes = unwatched(() => interpret({ inputNodes: free, outputNodes: outputs }, copyingAlgebra, inputNodes))
  return { inputNodes, outputNodes }
}
