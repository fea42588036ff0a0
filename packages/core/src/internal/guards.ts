// How guards survive transformations. A derivative need not use what a guard guards (of `a + ensure(b)` with respect to `a`, nothing is left of `b`),
// but fails exactly where the program fails. So what a transformation makes is watched: guards that the results do not
// reach are tied to the first result by `after`.

import type { Guard } from "../Failure.ts"
import { apply } from "./apply.ts"
import { applyTyped, type Node } from "./node.ts"

/** An array behind a guard. */
export const ensured = (x: Node, ok: Node, guard: Guard): Node => apply("ensure", { guard }, [x, ok])

/** The guards made while a function runs, innermost function last; `undefined` where nobody watches. */
let watching: Array<Node> | undefined

/** Notes a node that a transformation makes or reads, if it can fail. */
export const noteGuard = (node: Node): void => {
  if (node.guarded && watching !== undefined) watching.push(node)
}

const watched = <A>(list: Array<Node> | undefined, f: () => A): A => {
  const before = watching
  watching = list
  try {
    return f()
  } finally {
    watching = before
  }
}

/** Calls a function that builds a program of its own: nobody watches what it makes. */
export const unwatched = <A>(f: () => A): A => (watching === undefined ? f() : watched(undefined, f))

/** Calls a function that transforms programs, and ties the guards it made to what it gives. */
export const keepingGuards = (inputs: ReadonlyArray<Node>, build: () => ReadonlyArray<Node>): ReadonlyArray<Node> => {
  const made: Array<Node> = []
  const outputs = watched(made, build)
  return made.length === 0 ? outputs : tie(inputs, outputs, made)
}

/** The nodes that can fail among those that some nodes need; `inputs` need nothing. */
export const guardsFrom = (inputs: ReadonlyArray<Node>) => {
  const reached = new Set<Node>(inputs)
  const reach = (from: ReadonlyArray<Node>): void => {
    const pending = from.slice()
    while (pending.length > 0) {
      const node = pending.pop()!
      // Below a node that cannot fail there is no guard.
      if (!node.guarded || reached.has(node)) continue
      reached.add(node)
      for (const operand of node.operands) pending.push(operand)
    }
  }
  return { reached, reach }
}

/** The outputs, the first of them after those of the guarded nodes that no output needs. */
export const tie = (
  inputs: ReadonlyArray<Node>,
  outputs: ReadonlyArray<Node>,
  guarded: ReadonlyArray<Node>
): ReadonlyArray<Node> => {
  if (outputs.length === 0) return outputs
  const { reach, reached } = guardsFrom(inputs)
  reach(outputs)
  let [first, ...others] = outputs as [Node, ...Array<Node>]
  const latestFirst = Array.from(new Set(guarded)).sort((a, b) => b.id - a.id)
  const untied: Array<Node> = []
  for (const node of latestFirst) {
    // Of a control node any result will do.
    if (reached.has(node) || (node._tag === "Project" && reached.has(node.operands[0]!))) continue
    reach([node])
    untied.push(node)
  }
  for (const node of untied.reverse()) first = applyTyped("after", {}, [first, node], first)
  return [first, ...others]
}

/** The results of a program that is applied: where one of them fails, so do the others, which may be used without it. */
export const failingTogether = (results: ReadonlyArray<Node>): ReadonlyArray<Node> => {
  const [first, ...others] = Array.from(new Set(results)).filter((node) => node.guarded)
  if (first === undefined || results.length === 1) return results
  const all = others.reduce((before, node) => applyTyped("after", {}, [before, node], before), first)
  return results.map((node) => (node === all ? node : applyTyped("after", {}, [node, all], node)))
}
