// Places for temporary arrays in one stretch of memory: arrays that are not needed at the same time share it, and a nest that reads an array for the last time, element
// by element, writes its result in its place.

import * as Affine from "./loops/affine.ts"
import { type Access, type Buffer, type LoopProgram, type Statement, storageOf } from "./loops/model.ts"
import { nestOf } from "./loops/nest.ts"
import { isLocal, scopes } from "./loops/scopes.ts"
import { forEachAccess } from "./loops/walk.ts"

export interface Arena {
  /** In bytes. */
  readonly size: number
  /** Where each temporary array begins, in bytes. */
  readonly offsets: ReadonlyMap<Buffer, number>
}

/** Arrays begin at multiples of a vector's size. */
const ALIGNMENT = 16

interface Life {
  readonly bytes: number
  readonly first: number
  last: number
}

/** The arrays with the first and the last of the statements that uses each. */
const livesOf = (
  program: LoopProgram,
  statements: ReadonlyArray<Statement>,
  bytesOf: (buffer: Buffer) => number
): ReadonlyMap<Buffer, Life> => {
  const { inMemory } = scopes(program)
  const lives = new Map<Buffer, Life>()
  statements.forEach((statement, place) =>
    forEachAccess([statement], ({ buffer }) => {
      const storage = storageOf(buffer)
      if (storage.role !== "temporary" || (isLocal(storage) && !inMemory.has(storage))) return
      const known = lives.get(storage)
      if (known !== undefined) known.last = place
      else {
        const bytes = Math.ceil(Math.max(1, bytesOf(storage)) / ALIGNMENT) * ALIGNMENT
        lives.set(storage, { bytes, first: place, last: place })
      }
    })
  )
  return lives
}

/** Stretches of memory that nothing uses, in the order of their addresses. */
class Free {
  private readonly stretches: Array<{ offset: number; bytes: number }> = []
  size = 0

  /** Takes the smallest stretch that is large enough, or what is at the end. */
  take(bytes: number): number {
    let best = -1
    this.stretches.forEach((own, i) => {
      if (own.bytes >= bytes && (best < 0 || own.bytes < this.stretches[best]!.bytes)) best = i
    })
    if (best >= 0) {
      const own = this.stretches[best]!
      const { offset } = own
      if (own.bytes === bytes) this.stretches.splice(best, 1)
      else {
        own.offset += bytes
        own.bytes -= bytes
      }
      return offset
    }
    const last = this.stretches.at(-1)
    const offset = last !== undefined && last.offset + last.bytes === this.size ? last.offset : this.size
    if (offset < this.size) this.stretches.pop()
    this.size = offset + bytes
    return offset
  }

  give(offset: number, bytes: number): void {
    let place = this.stretches.findIndex((own) => own.offset > offset)
    if (place < 0) place = this.stretches.length
    this.stretches.splice(place, 0, { offset, bytes })
    for (const i of [place, place - 1]) {
      const [own, next] = [this.stretches[i], this.stretches[i + 1]]
      if (own === undefined || next === undefined || own.offset + own.bytes !== next.offset) continue
      own.bytes += next.bytes
      this.stretches.splice(i + 1, 1)
    }
  }
}

/** The place of the element that a nest of loops accesses in each iteration, if it is another one in each. */
const isEach = ({ at }: Access, loops: ReadonlySet<unknown>): boolean => {
  const own = new Set<unknown>()
  const fits = at.every((subscript) => {
    if (Affine.isConstant(subscript)) return subscript.constant === 0
    const [term] = subscript.terms
    if (term === undefined || own.has(term.loop) || !Affine.equals(subscript, Affine.ofLoop(term.loop))) return false
    own.add(term.loop)
    return true
  })
  return fits && own.size === loops.size && [...loops].every((loop) => own.has(loop))
}

/** Whether a statement reads each element of one array before it writes the same element of another, and does nothing else with them. */
const isInPlace = (statement: Statement, from: Buffer, to: Buffer): boolean => {
  if (from.shape.length !== to.shape.length || from.shape.some((extent, axis) => extent !== to.shape[axis]))
    return false
  const nest = nestOf(statement)
  const loops = new Set(nest.loops.map(({ loop }) => loop))
  let place: Access | undefined
  let isWritten = false
  return nest.body.every((inner) => {
    if (inner._tag !== "Assign") return false
    let fits = true
    forEachAccess([inner], (access, role) => {
      const storage = storageOf(access.buffer)
      if (storage !== from && storage !== to) return
      place ??= access
      const isSame =
        access.at.length === place.at.length && access.at.every((at, i) => Affine.equals(at, place!.at[i]!))
      if (access.buffer !== storage || !isSame || !isEach(access, loops)) fits = false
      if (storage === to) {
        isWritten = true
        if (role !== "write") fits = false
      } else if (role !== "read" || isWritten) fits = false
    })
    return fits
  })
}

/** Plans the temporary arrays of a program by when they are used, first come, first served. */
export const plan = (program: LoopProgram, bytesOf: (buffer: Buffer) => number): Arena => {
  const statements = program.statements.flatMap((statement) =>
    statement._tag === "Part" ? statement.body : [statement]
  )
  const offsets = new Map<Buffer, number>()
  const free = new Free()
  /** By their last statements. */
  const ending = new Map<number, Set<Buffer>>()
  const lives = livesOf(program, statements, bytesOf)
  let released = 0
  for (const [buffer, { bytes, first, last }] of lives) {
    // What a statement uses is free after it.
    for (; released < first; released++) {
      for (const other of ending.get(released) ?? []) free.give(offsets.get(other)!, lives.get(other)!.bytes)
    }
    const own = ending.get(first)
    const replaced = [...(own ?? [])].find(
      (other) => lives.get(other)!.bytes === bytes && isInPlace(statements[first]!, other, buffer)
    )
    if (replaced !== undefined) own!.delete(replaced)
    offsets.set(buffer, replaced === undefined ? free.take(bytes) : offsets.get(replaced)!)
    const list = ending.get(last)
    if (list === undefined) ending.set(last, new Set([buffer]))
    else list.add(buffer)
  }
  return { size: free.size, offsets }
}
