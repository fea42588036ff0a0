// Copies of statements that can stand beside the original.

import * as Affine from "./affine.ts"
import { type Buffer, type Loop, makeBuffer, makeLoop, type Statement } from "./model.ts"
import { rewrite } from "./walk.ts"

/** Copies statements, with loops of their own, and buffers of their own in the place of some. */
export const clone = (
  statements: ReadonlyArray<Statement>,
  isOwn: (buffer: Buffer) => boolean
): ReadonlyArray<Statement> => {
  const loops = new Map<Loop, Loop>()
  const buffers = new Map<Buffer, Buffer>()
  const renewed = (statement: Statement): Statement => {
    switch (statement._tag) {
      case "For": {
        const loop = makeLoop(statement.loop.extent)
        loops.set(statement.loop, loop)
        return { ...statement, loop, body: statement.body.map(renewed) }
      }
      case "Part":
        return { ...statement, body: statement.body.map(renewed) }
      case "If":
        return { ...statement, whenTrue: statement.whenTrue.map(renewed), whenFalse: statement.whenFalse.map(renewed) }
      case "While":
        return { ...statement, test: statement.test.map(renewed), body: statement.body.map(renewed) }
      default:
        return statement
    }
  }
  const own = (buffer: Buffer): Buffer => {
    if (!isOwn(buffer)) return buffer
    let made = buffers.get(buffer)
    if (made === undefined) buffers.set(buffer, (made = makeBuffer(buffer.role, buffer)))
    return made
  }
  return rewrite(statements.map(renewed), {
    access: (access) => ({ ...access, buffer: own(access.buffer) }),
    affine: (a) =>
      Affine.substitute(a, (loop) => {
        const made = loops.get(loop)
        return made === undefined ? undefined : Affine.ofLoop(made)
      })
  })
}
