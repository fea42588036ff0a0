// The arrays of a loop program, and their sizes.

import { plan } from "./arena.ts"
import { type Buffer, type LoopProgram, storageOf } from "./loops/model.ts"
import { isLocal, scopes } from "./loops/scopes.ts"
import { forEachAccess } from "./loops/walk.ts"
import { bytesOf, type Precision } from "./precision.ts"

export const sizeInBytes = (precision: Precision, { elementType, shape }: Buffer): number =>
  shape.reduce((a, b) => a * b, 1) * bytesOf(precision, elementType)

/** The buffers of a program that are in memory, each once. */
export const buffersOf = (program: LoopProgram): ReadonlyArray<Buffer> => {
  const { inMemory } = scopes(program)
  const found = new Set<Buffer>([...program.inputs, ...program.outputs])
  const add = (buffer: Buffer): void => {
    const storage = storageOf(buffer)
    if (!isLocal(storage) || inMemory.has(storage)) found.add(storage)
  }
  forEachAccess(program.statements, ({ buffer }) => add(buffer))
  return [...found]
}

/** The memory that all arrays of fixed size take, in bytes. */
export const totalBytes = (precision: Precision, program: LoopProgram): number =>
  buffersOf(program)
    .filter(({ role }) => role !== "tape" && role !== "temporary")
    .reduce((sum, buffer) => sum + sizeInBytes(precision, buffer), temporaryBytes(precision, program))

/** The memory that temporary arrays share, in bytes. */
export const temporaryBytes = (precision: Precision, program: LoopProgram): number =>
  plan(program, (buffer) => sizeInBytes(precision, buffer)).size
