// The arrays of a loop program, and their sizes.

import { type Buffer, type LoopProgram, storageOf } from "./loops/model.ts"
import { isLocal, scopes } from "./loops/scopes.ts"
import { forEachAccess } from "./loops/walk.ts"

const bytesOf = { real: 8, index: 4, bool: 1 } as const

export const sizeInBytes = ({ elementType, shape }: Buffer): number =>
  shape.reduce((a, b) => a * b, 1) * bytesOf[elementType]

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
