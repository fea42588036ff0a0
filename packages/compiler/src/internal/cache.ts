// What was compiled before: for the same program as long as it lives, and for programs of the same structure while there is room.

import type { Body } from "@fluxion/core"
import { structureOf } from "./structure.ts"

/** How many bytes are held for programs that may come again. */
const MOST_BYTES = 2 ** 26

export interface Sized {
  /** The bytes that it keeps alive, roughly. */
  readonly size: number
}

export const cached = <A extends Sized>(compile: (body: Body.Body) => A): ((body: Body.Body) => A) => {
  const byBody = new WeakMap<Body.Body, A>()
  // The least recently used first.
  const byStructure = new Map<string, A>()
  let held = 0
  const sizeOf = (key: string, made: A): number => made.size + 2 * key.length
  return (body) => {
    const known = byBody.get(body)
    if (known !== undefined) return known
    const key = structureOf(body)
    const same = byStructure.get(key)
    const made = same ?? compile(body)
    if (same === undefined) held += sizeOf(key, made)
    else byStructure.delete(key)
    byStructure.set(key, made)
    for (const [oldest, dropped] of byStructure) {
      if (held <= MOST_BYTES) break
      byStructure.delete(oldest)
      held -= sizeOf(oldest, dropped)
    }
    byBody.set(body, made)
    return made
  }
}
