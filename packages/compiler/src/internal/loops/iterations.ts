// Copies of the body of a loop, each for an iteration of its own.

import * as Affine from "./affine.ts"
import { type Access, access, type Buffer, type For, makeBuffer, type Statement } from "./model.ts"
import { isLocal } from "./scopes.ts"
import { forEachAccess, rewrite } from "./walk.ts"

export const countAccesses = (statements: ReadonlyArray<Statement>): ReadonlyMap<Buffer, number> => {
  const counts = new Map<Buffer, number>()
  forEachAccess(statements, ({ buffer }) => counts.set(buffer, (counts.get(buffer) ?? 0) + 1))
  return counts
}

/** Whether a local variable is one of a body only, which assigns it before it reads it; `totals` are the accesses in the whole program. */
export const isOfOneIteration = (
  body: ReadonlyArray<Statement>,
  totals: ReadonlyMap<Buffer, number>
): ((buffer: Buffer) => boolean) => {
  const counts = countAccesses(body)
  const first = new Map<Buffer, string>()
  forEachAccess(body, ({ buffer }, role) => {
    if (!first.has(buffer)) first.set(buffer, role)
  })
  return (buffer) => isLocal(buffer) && counts.get(buffer) === totals.get(buffer) && first.get(buffer) === "write"
}

/** The body of a loop for a place, with new names for the variables of one iteration. */
export const iteration = (
  { body, loop }: For,
  place: Affine.Affine,
  isOwn: (buffer: Buffer) => boolean,
  renamed: ReadonlyMap<Buffer, Access> = new Map()
): ReadonlyArray<Statement> => {
  const names = new Map(renamed)
  return rewrite(body, {
    affine: (a) => Affine.substitute(a, (other) => (other === loop ? place : undefined)),
    access: (a) => {
      const known = names.get(a.buffer)
      if (known !== undefined || !isOwn(a.buffer)) return known ?? a
      const name = access(makeBuffer("temporary", a.buffer))
      names.set(a.buffer, name)
      return name
    }
  })
}
