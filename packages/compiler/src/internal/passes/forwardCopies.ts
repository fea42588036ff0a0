// Computes results of reductions and loops where they are wanted, instead of copying them there.

import * as Affine from "../loops/affine.ts"
import {
  type Access,
  access,
  type Buffer,
  type Loop,
  type LoopProgram,
  type Statement,
  storageOf
} from "../loops/model.ts"
import { nestOf } from "../loops/nest.ts"
import { forEachAccess, rewrite } from "../loops/walk.ts"

interface Copy {
  readonly source: Buffer
  /** The place of an element of the source in the target. */
  readonly place: (at: ReadonlyArray<Affine.Affine>) => Access
  readonly target: Buffer
}

/** Reads a statement as a copy of all of a temporary buffer, in order. */
const copyOf = (statement: Statement): Copy | undefined => {
  const { body, loops } = nestOf(statement)
  const [only] = body
  if (body.length !== 1 || only!._tag !== "Assign" || only!.operation !== "copy" || only!.combine !== undefined) return
  const [operand] = only!.operands
  const { target } = only!
  if (operand!._tag !== "Access" || operand!.buffer.role !== "temporary" || operand!.buffer.storage !== undefined)
    return
  if (target.buffer.storage !== undefined || target.buffer.role === "tape") return
  const source = operand!.buffer
  const own = new Map<Loop, number>()
  for (let axis = 0; axis < source.shape.length; axis++) {
    const subscript = operand!.at[axis]!
    if (source.shape[axis] === 1 && Affine.isConstant(subscript)) continue
    const loop = subscript.terms[0]?.loop
    if (loop === undefined || own.has(loop) || loop.extent !== source.shape[axis]) return
    if (!Affine.equals(subscript, Affine.ofLoop(loop))) return
    own.set(loop, axis)
  }
  if (own.size !== loops.length || loops.some(({ loop }) => !own.has(loop))) return
  if (target.at.some(({ dynamic }) => dynamic.length > 0)) return
  return {
    source,
    target: target.buffer,
    place: (at) =>
      access(
        target.buffer,
        target.at.map((subscript) =>
          Affine.substitute(subscript, (loop) => {
            const axis = own.get(loop)
            return axis === undefined ? undefined : at[axis]
          })
        )
      )
  }
}

export const forwardCopies = (program: LoopProgram): LoopProgram => {
  const total = new Map<Buffer, number>()
  const aliased = new Set<Buffer>()
  const writes = new Map<Buffer, number>()
  const combined = new Set<Buffer>()
  const inKernels = new Set<Buffer>()
  forEachAccess(program.statements, ({ at, buffer }, role) => {
    const storage = storageOf(buffer)
    if (storage !== buffer) aliased.add(storage)
    total.set(storage, (total.get(storage) ?? 0) + 1)
    if (role !== "read") writes.set(storage, (writes.get(storage) ?? 0) + 1)
    if (role !== "read" && role !== "write") combined.add(storage)
    if (at.length !== buffer.shape.length) inKernels.add(storage)
  })
  const block = (statements: ReadonlyArray<Statement>): ReadonlyArray<Statement> => {
    let own = statements.map(inside)
    // Which of the statements access a buffer.
    const accesses = (statement: Statement): Map<Buffer, number> => {
      const counts = new Map<Buffer, number>()
      forEachAccess([statement], ({ buffer }) => {
        counts.set(storageOf(buffer), (counts.get(storageOf(buffer)) ?? 0) + 1)
      })
      return counts
    }
    const candidates = own.flatMap((statement, i) => {
      const copy = copyOf(statement)
      if (copy === undefined) return []
      const { source, target } = copy
      if (aliased.has(source) || aliased.has(target) || inKernels.has(source) || inKernels.has(target)) return []
      return combined.has(source) && writes.get(target) === 1 ? [{ i, copy }] : []
    })
    if (candidates.length === 0) return own
    const counts = own.map(accesses)
    const removed = new Set<number>()
    for (const { copy, i } of candidates) {
      const { place, source, target } = copy
      const users = counts.flatMap((count, k) => (count.has(source) ? [k] : []))
      const inBlock = users.reduce((sum, k) => sum + counts[k]!.get(source)!, 0)
      // All uses are in this block, and nothing reads the target before the copy.
      if (inBlock !== total.get(source)) continue
      if (counts.slice(0, i).some((count) => count.has(target))) continue
      // The place must not vary inside of the block.
      own = own.map((statement, k) =>
        k === i || !users.includes(k)
          ? statement
          : rewrite([statement], {
              access: (a) => (a.buffer === source ? place(a.at) : a)
            })[0]!
      )
      for (const k of users) {
        if (k !== i) counts[k] = accesses(own[k]!)
      }
      removed.add(i)
    }
    return own.filter((_, i) => !removed.has(i))
  }
  const inside = (statement: Statement): Statement => {
    switch (statement._tag) {
      case "For":
        return { ...statement, body: block(statement.body) }
      case "If":
        return { ...statement, whenTrue: block(statement.whenTrue), whenFalse: block(statement.whenFalse) }
      case "While":
        return { ...statement, test: block(statement.test), body: block(statement.body) }
      default:
        return statement
    }
  }
  return { ...program, statements: block(program.statements) }
}
