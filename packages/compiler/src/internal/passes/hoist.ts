// Loop-invariant code: what a loop computes in each iteration again is computed once before it.

import type { Affine } from "../loops/affine.ts"
import { type Access, type Buffer, type LoopProgram, type Operand, type Statement, storageOf } from "../loops/model.ts"
import { isLocal } from "../loops/scopes.ts"
import { forEachAccess, mapBlocks } from "../loops/walk.ts"

export const hoist = (program: LoopProgram): LoopProgram => {
  const writes = new Map<Buffer, number>()
  forEachAccess(program.statements, ({ buffer }, role) => {
    if (role === "read") return
    const storage = storageOf(buffer)
    writes.set(storage, (writes.get(storage) ?? 0) + (role === "write" ? 1 : 2))
  })
  const block = (statements: ReadonlyArray<Statement>): ReadonlyArray<Statement> => statements.flatMap(within)
  const within = (statement: Statement): ReadonlyArray<Statement> => {
    switch (statement._tag) {
      case "For": {
        const { loop } = statement
        const body = block(statement.body)
        if (typeof loop.extent !== "number" || loop.extent < 1) return [{ ...statement, body }]
        const changed = new Set<Buffer>()
        forEachAccess(body, ({ buffer }, role) => {
          if (role !== "read") changed.add(storageOf(buffer))
        })
        const isFixedAffine = (a: Affine): boolean =>
          a.terms.every((term) => term.loop !== loop) && a.dynamic.every(({ index }) => isFixedAccess(index))
        const isFixedAccess = ({ at, buffer }: Access): boolean =>
          buffer.role !== "tape" && !changed.has(storageOf(buffer)) && at.every(isFixedAffine)
        const isFixed = (operand: Operand): boolean =>
          operand._tag === "Literal" ||
          (operand._tag === "Position" ? isFixedAffine(operand.index) : isFixedAccess(operand))
        const before: Array<Statement> = []
        const rest = body.filter((inner) => {
          if (inner._tag !== "Assign" || inner.combine !== undefined) return true
          const { buffer } = inner.target
          if (!isLocal(buffer) || writes.get(buffer) !== 1 || !inner.operands.every(isFixed)) return true
          before.push(inner)
          changed.delete(buffer)
          return false
        })
        return rest.length === 0 ? before : [...before, { ...statement, body: rest }]
      }
      default:
        return [mapBlocks(statement, block)]
    }
  }
  return { ...program, statements: block(program.statements) }
}
