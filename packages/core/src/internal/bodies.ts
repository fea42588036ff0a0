// The bodies inside the attributes of control primitives, wherever they stand: finding and replacing them.

import { type Body, schedule } from "./schedule.ts"

export const isBody = (u: unknown): u is Body =>
  typeof u === "object" && u !== null && "inputNodes" in u && "outputNodes" in u

const isRecord = (u: unknown): u is { [key: string]: unknown } =>
  typeof u === "object" && u !== null && Object.getPrototypeOf(u) === Object.prototype

type Path = ReadonlyArray<string | number>

/** A copy of attributes with some of what is in their lists and records replaced, in the order of the names of attributes. */
export const replaceIn = <X>(
  value: unknown,
  is: (u: unknown) => u is X,
  replace: (x: X, path: Path) => unknown,
  path: Path = []
): unknown => {
  if (is(value)) return replace(value, path)
  if (Array.isArray(value)) return value.map((child, i) => replaceIn(child, is, replace, [...path, i]))
  if (!isRecord(value)) return value
  const copy = { ...value }
  for (const key of Object.keys(value).sort()) copy[key] = replaceIn(value[key], is, replace, [...path, key])
  return copy
}

/** The bodies that attributes hold, in an order that depends on nothing but the names of the attributes. */
export const bodiesOf = (attributes: object): ReadonlyArray<Body> => {
  const found: Array<Body> = []
  replaceIn(attributes, isBody, (body) => found.push(body))
  return found
}

/** The bodies that a program holds at any depth, each once and after those it holds itself. A body cannot hold itself, so this ends. */
export const bodiesWithin = (program: Body): ReadonlyArray<Body> => {
  const ordered = new Set<Body>()
  const pending: Array<{ readonly body: Body; visited: boolean }> = [{ body: program, visited: false }]
  while (pending.length > 0) {
    const top = pending.at(-1)!
    if (top.visited || ordered.has(top.body)) {
      pending.pop()
      if (top.body !== program) ordered.add(top.body)
      continue
    }
    top.visited = true
    const held = heldBy(top.body)
    for (let i = held.length - 1; i >= 0; i--) {
      if (!ordered.has(held[i]!)) pending.push({ body: held[i]!, visited: false })
    }
  }
  return [...ordered]
}

const heldBy = (body: Body): ReadonlyArray<Body> =>
  schedule(body, false).nodes.flatMap((node) => (node._tag === "Control" ? bodiesOf(node.attributes!) : []))
