// The order in which the nodes of a program are visited, worked out once for each program.

import type { Node } from "./node.ts"

export interface Body {
  readonly inputNodes: ReadonlyArray<Node>
  readonly outputNodes: ReadonlyArray<Node>
}

export interface Schedule {
  /** Nodes in topological order (ascending ids). */
  readonly nodes: ReadonlyArray<Node>
  /** Per node and operand, the position of the operand in `nodes`. */
  readonly operands: ReadonlyArray<ReadonlyArray<number>>
  /** Per node, the position of the last node that uses it; `nodes.length` for outputs. */
  readonly lastUse: Int32Array
  /** Per node, the index of the program's input it is, or -1. */
  readonly inputIndex: Int32Array
  /** Per node, 1 when it depends on an input of the program. */
  readonly dependent: Uint8Array
  readonly outputs: ReadonlyArray<number>
}

const none: ReadonlyArray<number> = []

/**
 * Visits what the outputs need. With `prune`, nodes older than the program's inputs are leaves: they cannot depend on them,
 * so a captured expression is not descended into.
 */
const build = (body: Body, prune: boolean): Schedule => {
  const oldest = body.inputNodes.length === 0 ? Infinity : body.inputNodes[0]!.id
  const isLeaf = (node: Node) => prune && node.id < oldest
  const seen = new Set<Node>()
  const pending: Array<Node> = []
  const visit = (node: Node) => {
    if (!seen.has(node)) {
      seen.add(node)
      pending.push(node)
    }
  }
  body.inputNodes.forEach(visit)
  body.outputNodes.forEach(visit)
  while (pending.length > 0) {
    const node = pending.pop()!
    if (!isLeaf(node)) for (let i = 0; i < node.operands.length; i++) visit(node.operands[i]!)
  }
  const nodes = Array.from(seen).sort((a, b) => a.id - b.id)
  const position = new Map<Node, number>()
  for (let i = 0; i < nodes.length; i++) position.set(nodes[i]!, i)
  const lastUse = new Int32Array(nodes.length).fill(-1)
  const dependent = new Uint8Array(nodes.length)
  const inputIndex = new Int32Array(nodes.length).fill(-1)
  body.inputNodes.forEach((node, i) => {
    inputIndex[position.get(node)!] = i
    dependent[position.get(node)!] = 1
  })
  const operands = nodes.map((node, i) => {
    if (isLeaf(node) || node.operands.length === 0) return none
    return node.operands.map((operand) => {
      const p = position.get(operand)!
      lastUse[p] = i
      if (dependent[p] === 1) dependent[i] = 1
      return p
    })
  })
  const outputs = body.outputNodes.map((node) => position.get(node)!)
  for (const p of outputs) lastUse[p] = nodes.length
  return { nodes, operands, lastUse, inputIndex, dependent, outputs }
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
