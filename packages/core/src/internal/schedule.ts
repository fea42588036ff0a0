// The order in which the nodes of a program are visited, worked out once for each program.

import type { Node } from "./node.ts"

export interface Body {
  readonly inputNodes: ReadonlyArray<Node>
  readonly outputNodes: ReadonlyArray<Node>
}

export interface Schedule {
  /** Nodes in topological order (ascending ids). */
  readonly nodes: ReadonlyArray<Node>
  /** Positions of operands in `nodes`: those of node `i` are `operands[first[i]] … operands[first[i + 1] - 1]`. */
  readonly operands: Int32Array
  readonly first: Int32Array
  /** Per node, the position of the last node that uses it; `nodes.length` for outputs. */
  readonly lastUse: Int32Array
  /** Per node, the index of the program's input it is, or -1. */
  readonly inputIndex: Int32Array
  /** Per node, 1 when it depends on an input of the program. */
  readonly dependent: Uint8Array
  readonly outputs: ReadonlyArray<number>
}

let visits = 0

/**
 * Visits what the outputs need; an input is a leaf, whatever it was made of. With `prune`, nodes older than the program's inputs are leaves: they cannot depend on them,
 * so a captured expression is not descended into.
 */
const build = (body: Body, prune: boolean): Schedule => {
  let oldest = Infinity
  for (const node of body.inputNodes) if (node.id < oldest) oldest = node.id
  const visit = ++visits
  const nodes: Array<Node> = []
  let operandCount = 0
  for (const node of body.inputNodes) {
    node.visit = visit
    nodes.push(node)
  }
  const pending: Array<Node> = [...body.outputNodes]
  while (pending.length > 0) {
    const node = pending.pop()!
    if (node.visit === visit) continue
    node.visit = visit
    nodes.push(node)
    if (prune && node.id < oldest) continue
    operandCount += node.operands.length
    for (let i = 0; i < node.operands.length; i++) {
      if (node.operands[i]!.visit !== visit) pending.push(node.operands[i]!)
    }
  }
  nodes.sort((a, b) => a.id - b.id)
  for (let i = 0; i < nodes.length; i++) nodes[i]!.position = i
  const operands = new Int32Array(operandCount)
  const first = new Int32Array(nodes.length + 1)
  const lastUse = new Int32Array(nodes.length).fill(-1)
  const dependent = new Uint8Array(nodes.length)
  const inputIndex = new Int32Array(nodes.length).fill(-1)
  body.inputNodes.forEach((node, i) => {
    inputIndex[node.position] = i
    dependent[node.position] = 1
  })
  let next = 0
  for (let i = 0; i < nodes.length; i++) {
    first[i] = next
    const node = nodes[i]!
    if (inputIndex[i]! >= 0 || (prune && node.id < oldest)) continue
    for (let j = 0; j < node.operands.length; j++) {
      const p = node.operands[j]!.position
      operands[next++] = p
      lastUse[p] = i
      if (dependent[p] === 1) dependent[i] = 1
    }
  }
  first[nodes.length] = next
  const outputs = body.outputNodes.map((node) => node.position)
  for (const p of outputs) lastUse[p] = nodes.length
  return { nodes, operands, first, lastUse, inputIndex, dependent, outputs }
}

const whole = new WeakMap<Body, Schedule>()
const pruned = new WeakMap<Body, Schedule>()

export const schedule = (body: Body, prune: boolean): Schedule => {
  const cache = prune ? pruned : whole
  const known = cache.get(body)
  if (known !== undefined) return known
  const made = build(body, prune)
  cache.set(body, made)
  return made
}

/** Which inputs of a body its outputs depend on. */
export const usedInputs = (body: Body): ReadonlyArray<boolean> => {
  const { inputIndex, lastUse } = schedule(body, false)
  const used = new Array<boolean>(body.inputNodes.length).fill(false)
  inputIndex.forEach((input, i) => {
    if (input >= 0 && lastUse[i]! >= 0) used[input] = true
  })
  return used
}
