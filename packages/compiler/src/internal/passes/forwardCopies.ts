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
import { forEachAccess, kernelBuffers, mapBlocks, rewrite } from "../loops/walk.ts"

interface Copy {
  /** The buffer, by the name under which it is read. */
  readonly source: Buffer
  readonly to: Access
  /** The place of an element of the source in the target. */
  readonly place: (at: ReadonlyArray<Affine.Affine>) => Access
  readonly target: Buffer
  /** Whether the elements are added to those of the target. */
  readonly isAdded: boolean
}

/** Reads a statement as a copy of all of a temporary buffer, in order. */
const copyOf = (statement: Statement): Copy | undefined => {
  const { body, loops } = nestOf(statement)
  const [only] = body
  if (body.length !== 1 || only!._tag !== "Assign" || only!.operation !== "copy") return
  if (only!.combine !== undefined && only!.combine !== "add") return
  const [operand] = only!.operands
  const { target } = only!
  if (operand!._tag !== "Access" || operand!.buffer.role !== "temporary") return
  const source = operand!.buffer
  // Under another name only as a list of all elements, which has a place for each of any shape.
  if (source.storage !== undefined && source.shape.length !== 1) return
  if (target.buffer.storage !== undefined || target.buffer.role === "tape") return
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
    to: target,
    target: target.buffer,
    isAdded: only!.combine === "add",
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

/** Whether a statement fills all of a buffer with zeros. */
const isZeros = (statement: Statement, buffer: Buffer): boolean => {
  const { body, loops } = nestOf(statement)
  const [only] = body
  if (body.length !== 1 || only!._tag !== "Assign" || only!.target.buffer !== buffer || only!.combine !== undefined) {
    return false
  }
  const [operand] = only!.operands
  const size = buffer.shape.reduce((a, b) => a * b, 1)
  const covered = loops.reduce((a, { loop }) => a * (typeof loop.extent === "number" ? loop.extent : NaN), 1)
  return only!.operation === "copy" && operand!._tag === "Literal" && operand!.value === 0 && covered === size
}

/** Whether a statement accesses other elements of a buffer than another access. */
const isApart = (statement: Statement, to: Access): boolean => {
  let fits = true
  forEachAccess([statement], (a) => {
    if (a.buffer !== to.buffer) return
    const isOther = a.at.some((subscript, axis) => {
      const own = Affine.range(subscript)
      const other = Affine.range(to.at[axis]!)
      return own !== undefined && other !== undefined && (own[1] < other[0] || own[0] > other[1])
    })
    if (!isOther) fits = false
  })
  return fits
}

/** Whether all accesses of a statement to a buffer add to it. */
const isAddedTo = (statement: Statement, buffer: Buffer): boolean => {
  let fits = true
  forEachAccess([statement], (a, role) => {
    if (a.buffer === buffer && role !== "add") fits = false
  })
  return fits
}

export const forwardCopies = (program: LoopProgram): LoopProgram => {
  const total = new Map<Buffer, number>()
  const aliased = new Set<Buffer>()
  const writes = new Map<Buffer, number>()
  const reads = new Map<Buffer, number>()
  const combined = new Set<Buffer>()
  const inKernels = new Set(kernelBuffers(program.statements))
  forEachAccess(program.statements, ({ buffer }, role) => {
    const storage = storageOf(buffer)
    if (storage !== buffer) aliased.add(storage)
    total.set(storage, (total.get(storage) ?? 0) + 1)
    const counts = role === "read" ? reads : writes
    counts.set(storage, (counts.get(storage) ?? 0) + 1)
    if (role !== "read" && role !== "write") combined.add(storage)
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
      const { target } = copy
      const source = storageOf(copy.source)
      if (aliased.has(target) || inKernels.has(source) || inKernels.has(target)) return []
      if (reads.get(source) === 1 && !copy.isAdded) return [{ i, copy }]
      if (aliased.has(source)) return []
      return combined.has(source) && (copy.isAdded || writes.get(target) === 1) ? [{ i, copy }] : []
    })
    if (candidates.length === 0) return own
    const counts = own.map(accesses)
    const removed = new Set<number>()
    for (const { copy, i } of candidates) {
      const { place, target, to } = copy
      const source = storageOf(copy.source)
      const users = counts.flatMap((count, k) => (count.has(source) ? [k] : []))
      const inBlock = users.reduce((sum, k) => sum + counts[k]!.get(source)!, 0)
      // All uses are in this block, and nothing reads the target before the copy.
      if (inBlock !== total.get(source)) continue
      if (copy.isAdded) {
        // A sum that starts from nothing and is only added to, like the target that takes it: its terms can go there at once.
        const before = own.filter((_, k) => k !== i && users.includes(k))
        const fills = before.filter((statement) => isZeros(statement, source))
        if (fills.length !== 1) continue
        if (!before.every((statement) => fills.includes(statement) || isAddedTo(statement, source))) continue
        if (!own.every((statement, k) => k === i || !counts[k]!.has(target) || isAddedTo(statement, target))) continue
        removed.add(own.indexOf(fills[0]!))
      } else if (
        own.some((statement, k) => k < i && !removed.has(k) && counts[k]!.has(target) && !isApart(statement, to))
      ) {
        continue
      }
      own = own.map((statement, k) =>
        k === i || !users.includes(k)
          ? statement
          : rewrite([statement], {
              access: (a) =>
                storageOf(a.buffer) !== source ? a : place(a.buffer === copy.source ? a.at : [Affine.linear(a)])
            })[0]!
      )
      for (const k of users) {
        if (k !== i) counts[k] = accesses(own[k]!)
      }
      removed.add(i)
    }
    return own.filter((_, i) => !removed.has(i))
  }
  const inside = (statement: Statement): Statement => mapBlocks(statement, block)
  return { ...program, statements: block(program.statements) }
}
