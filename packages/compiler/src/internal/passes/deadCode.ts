// Drops what nothing reads.

import { type Access, type Buffer, type LoopProgram, type Statement, storageOf } from "../loops/model.ts"
import { forEachAccess } from "../loops/walk.ts"

const isKept = (buffer: Buffer): boolean => buffer.role === "output" || buffer.role === "input"

/** Drops assignments to buffers that are never read, and what only they needed; checks stay. */
export const dropDeadCode = (program: LoopProgram): LoopProgram => {
  // How often each buffer is read other than by assignments to itself.
  const reads = new Map<Buffer, number>()
  const count = (statement: Statement, by: number): void =>
    forEachAccess([statement], ({ buffer }, role) => {
      if (role === "read") add(buffer, by)
    })
  const add = (buffer: Buffer, by: number): void => {
    const storage = storageOf(buffer)
    reads.set(storage, (reads.get(storage) ?? 0) + by)
  }
  const writers = new Map<Buffer, Array<Extract<Statement, { _tag: "Assign" }>>>()
  const readsOf = (statement: Extract<Statement, { _tag: "Assign" }>): Map<Buffer, number> => {
    const own = new Map<Buffer, number>()
    forEachAccess([statement], ({ buffer }: Access, role) => {
      if (role === "read") own.set(storageOf(buffer), (own.get(storageOf(buffer)) ?? 0) + 1)
    })
    return own
  }
  const selfReads = new Map<Buffer, number>()
  const visit = (statement: Statement): void => {
    switch (statement._tag) {
      case "Assign": {
        const target = storageOf(statement.target.buffer)
        const own = writers.get(target)
        if (own === undefined) writers.set(target, [statement])
        else own.push(statement)
        count(statement, 1)
        const self = readsOf(statement).get(target)
        if (self !== undefined) selfReads.set(target, (selfReads.get(target) ?? 0) + self)
        return
      }
      case "For":
        count({ ...statement, body: [] }, 1)
        statement.body.forEach(visit)
        return
      case "If":
        count({ ...statement, whenTrue: [], whenFalse: [] }, 1)
        statement.whenTrue.forEach(visit)
        statement.whenFalse.forEach(visit)
        return
      case "While":
        statement.test.forEach(visit)
        count({ ...statement, test: [], body: [] }, 1)
        statement.body.forEach(visit)
        return
      default:
        count(statement, 1)
    }
  }
  program.statements.forEach(visit)
  const dead = new Set<Buffer>()
  const pending = [...writers.keys()]
  while (pending.length > 0) {
    const buffer = pending.pop()!
    if (dead.has(buffer) || isKept(buffer) || (reads.get(buffer) ?? 0) > (selfReads.get(buffer) ?? 0)) continue
    dead.add(buffer)
    for (const writer of writers.get(buffer) ?? []) {
      for (const [operand, times] of readsOf(writer)) {
        if (operand === buffer) continue
        add(operand, -times)
        pending.push(operand)
      }
    }
  }
  if (dead.size === 0) return program
  return { ...program, statements: prune(program.statements, dead) }
}

const prune = (statements: ReadonlyArray<Statement>, dead: ReadonlySet<Buffer>): ReadonlyArray<Statement> =>
  statements.flatMap((statement): ReadonlyArray<Statement> => {
    switch (statement._tag) {
      case "Assign":
        return dead.has(storageOf(statement.target.buffer)) ? [] : [statement]
      case "For": {
        const body = prune(statement.body, dead)
        return body.length === 0 ? [] : [{ ...statement, body }]
      }
      case "If": {
        const whenTrue = prune(statement.whenTrue, dead)
        const whenFalse = prune(statement.whenFalse, dead)
        return whenTrue.length + whenFalse.length === 0 ? [] : [{ ...statement, whenTrue, whenFalse }]
      }
      case "While":
        return [{ ...statement, test: prune(statement.test, dead), body: prune(statement.body, dead) }]
      default:
        return [statement]
    }
  })
