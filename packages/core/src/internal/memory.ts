// What was made of bodies before. Making something of a body makes the same of the bodies inside it, so calls nest as deep as bodies do;
// beyond some depth they are put off instead, and made first.

import type { Body } from "./schedule.ts"

export interface Memory {
  <X>(body: Body, key: string, make: () => X): X
}

/** How deep calls nest on the stack. */
const deepest = 32

/** How often a call begins again because something inside it was put off; then it may use the stack. */
const patience = 1000

/** Unwinds the stack to the outermost call, which makes what is missing. */
class PutOff {
  readonly make: () => unknown
  constructor(make: () => unknown) {
    this.make = make
  }
}

let depth = 0
let limit = deepest

const outermost = (make: () => unknown): void => {
  const pending: Array<{ readonly make: () => unknown; begun: number }> = [{ make, begun: 0 }]
  while (pending.length > 0) {
    const top = pending.at(-1)!
    limit = top.begun++ < patience ? deepest : Infinity
    depth = 1
    try {
      top.make()
      pending.pop()
    } catch (problem) {
      if (!(problem instanceof PutOff)) throw problem
      pending.push({ make: problem.make, begun: 0 })
    } finally {
      depth = 0
      limit = deepest
    }
  }
}

export const memory = (): Memory => {
  const made = new WeakMap<Body, Map<string, unknown>>()
  return <X>(body: Body, key: string, make: () => X): X => {
    const known = made.get(body) ?? new Map<string, unknown>()
    made.set(body, known)
    const makeIt = (): void => {
      if (!known.has(key)) known.set(key, make())
    }
    if (known.has(key)) return known.get(key) as X
    if (depth === 0) outermost(makeIt)
    else if (depth >= limit) throw new PutOff(makeIt)
    else {
      depth++
      try {
        makeIt()
      } finally {
        depth--
      }
    }
    return known.get(key) as X
  }
}
