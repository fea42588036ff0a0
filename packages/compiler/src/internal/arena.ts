// Places for temporary arrays in one stretch of memory: arrays that are not needed at the same time share it.

import { type Buffer, type LoopProgram, storageOf } from "./loops/model.ts"
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

/** The arrays with the first and the last statement of the program that uses each. */
const livesOf = (program: LoopProgram, bytesOf: (buffer: Buffer) => number): ReadonlyMap<Buffer, Life> => {
  const { inMemory } = scopes(program)
  const lives = new Map<Buffer, Life>()
  const statements = program.statements.flatMap((statement) => (statement._tag === "Part" ? statement.body : [statement]))
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

/** Plans the temporary arrays of a program by when they are used, first come, first served. */
export const plan = (program: LoopProgram, bytesOf: (buffer: Buffer) => number): Arena => {
  const offsets = new Map<Buffer, number>()
  const free = new Free()
  const ending = new Map<number, Array<() => void>>()
  let released = 0
  for (const [buffer, { bytes, first, last }] of livesOf(program, bytesOf)) {
    // What a statement uses is free after it.
    for (; released < first; released++) for (const release of ending.get(released) ?? []) release()
    const offset = free.take(bytes)
    offsets.set(buffer, offset)
    const release = (): void => free.give(offset, bytes)
    const list = ending.get(last)
    if (list === undefined) ending.set(last, [release])
    else list.push(release)
  }
  return { size: free.size, offsets }
}
