// Takes the initial values of sums out of sequential loops, so that what is left can be interchanged with other loops.

import * as Affine from "../loops/affine.ts"
import { type Buffer, type For, type LoopProgram, makeLoop, type Statement, storageOf } from "../loops/model.ts"
import { nestOf } from "../loops/nest.ts"
import { forEachAccess, rewrite } from "../loops/walk.ts"

/** The buffer that a statement fills with one number. */
const filled = (statement: Statement): Buffer | undefined => {
  const { body } = nestOf(statement)
  const [only] = body
  if (body.length !== 1 || only!._tag !== "Assign" || only!.combine !== undefined || only!.operation !== "copy") return
  return only!.operands[0]!._tag === "Literal" ? only!.target.buffer : undefined
}

export const distributeFills = (program: LoopProgram): LoopProgram => {
  const block = (statements: ReadonlyArray<Statement>): ReadonlyArray<Statement> =>
    statements.flatMap((statement): ReadonlyArray<Statement> => {
      switch (statement._tag) {
        case "For": {
          const own: For = { ...statement, body: block(statement.body) }
          return own.isParallel || typeof own.loop.extent !== "number" ? [own] : split(own)
        }
        case "If":
          return [{ ...statement, whenTrue: block(statement.whenTrue), whenFalse: block(statement.whenFalse) }]
        case "While":
          return [{ ...statement, test: block(statement.test), body: block(statement.body) }]
        default:
          return [statement]
      }
    })
  return { ...program, statements: block(program.statements) }
}

const split = (statement: For): ReadonlyArray<Statement> => {
  const { body, loop } = statement
  const fills = body.map(filled)
  if (fills.every((buffer) => buffer === undefined)) return [statement]
  // A buffer may be filled beforehand when the loop otherwise only adds to it, each iteration to its own part.
  const bad = new Set<Buffer>()
  const times = new Map<Buffer, number>()
  body.forEach((inner, i) =>
    forEachAccess([inner], ({ at, buffer }, role) => {
      const storage = storageOf(buffer)
      if (fills[i] === buffer && role === "write") times.set(storage, (times.get(storage) ?? 0) + 1)
      else if (role === "read" || role === "write") bad.add(storage)
      if (storage !== buffer || !at.some((subscript) => Affine.equals(subscript, Affine.ofLoop(loop)))) bad.add(storage)
    })
  )
  const isMoved = (i: number): boolean => fills[i] !== undefined && !bad.has(fills[i]) && times.get(fills[i]) === 1
  const moved = body.filter((_, i) => isMoved(i))
  if (moved.length === 0) return [statement]
  const before = moved.map((fill): Statement => {
    const own = makeLoop(loop.extent)
    const filling = rewrite([fill], {
      affine: (a) => Affine.substitute(a, (other) => (other === loop ? Affine.ofLoop(own) : undefined))
    })
    return { _tag: "For", loop: own, body: filling, isParallel: true, isReverse: false }
  })
  const rest = body.filter((_, i) => !isMoved(i))
  return rest.length === 0 ? before : [...before, { ...statement, body: rest }]
}
