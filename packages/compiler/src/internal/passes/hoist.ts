// What every iteration of a loop reads or computes alike is read and computed once, before the loop.

import * as Affine from "../loops/affine.ts"
import { type Buffer, type For, type LoopProgram, type Operand, type Statement, storageOf } from "../loops/model.ts"
import { fixedExtent } from "../loops/nest.ts"
import { isLocal } from "../loops/scopes.ts"
import { forEachAccess, kernelBuffers } from "../loops/walk.ts"

export const hoist = (program: LoopProgram): LoopProgram => {
  // Local variables that are assigned once.
  const writes = new Map<Buffer, number>()
  forEachAccess(program.statements, ({ buffer }, role) => {
    const storage = storageOf(buffer)
    if (role !== "read") writes.set(storage, (writes.get(storage) ?? 0) + (role === "write" ? 1 : 2))
    if (storage !== buffer) writes.set(storage, 2)
  })
  for (const buffer of kernelBuffers(program.statements)) writes.set(buffer, 2)

  /** The loop without what does not depend on its iterations, and that. */
  const split = (statement: For): { readonly before: ReadonlyArray<Statement>; readonly loop: For } => {
    const { body, loop } = statement
    const extent = fixedExtent(loop)
    if (extent === undefined || extent === 0) return { before: [], loop: statement }
    const written = new Set<Buffer>()
    forEachAccess(body, ({ buffer }, role) => {
      if (role !== "read") written.add(storageOf(buffer))
    })
    const isFixedPlace = (a: Affine.Affine): boolean =>
      Affine.factorOf(a, loop) === 0 && a.dynamic.every(({ index }) => isFixed(index))
    const isFixed = (operand: Operand): boolean => {
      if (operand._tag === "Literal") return true
      if (operand._tag === "Position") return isFixedPlace(operand.index)
      const { at, buffer } = operand
      return buffer.role !== "tape" && !written.has(storageOf(buffer)) && at.every(isFixedPlace)
    }
    const before: Array<Statement> = []
    const kept = body.filter((inner) => {
      if (inner._tag !== "Assign" || inner.combine !== undefined) return true
      const { buffer } = inner.target
      if (!isLocal(buffer) || writes.get(buffer) !== 1 || !inner.operands.every(isFixed)) return true
      written.delete(buffer)
      before.push(inner)
      return false
    })
    return { before, loop: { ...statement, body: kept } }
  }

  const block = (statements: ReadonlyArray<Statement>): ReadonlyArray<Statement> =>
    statements.flatMap((statement): ReadonlyArray<Statement> => {
      switch (statement._tag) {
        case "For": {
          const { before, loop } = split({ ...statement, body: block(statement.body) })
          return loop.body.length === 0 ? before : [...before, loop]
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
