// Tapes: arrays that grow along their first axis.

import type { Buffer, Operand } from "../../loops/model.ts"
import { bytesOf, shiftOf, tapeOf } from "./memory.ts"
import type { Printer } from "./Printer.ts"
import { pushElement } from "./scalars.ts"

/** What `run` gives where tapes find no memory to grow into. */
export const OUT_OF_MEMORY = -1

export const outOfMemory = (p: Printer): void => {
  p.code.i32Const(OUT_OF_MEMORY)
  p.code.op("return")
}

/** A tape that is full moves to the end of memory, with twice the room. */
export const reserve = (p: Printer, tape: Buffer, index: Operand): void => {
  const { code } = p
  const { base, capacity } = tapeOf(p, tape)
  const size = tape.shape.slice(1).reduce((a, b) => a * b, 1) * bytesOf[tape.elementType]
  const needed = code.local("i32")
  pushElement(p, index)
  code.i32Const(1)
  code.op("i32.add")
  code.i32Const(size)
  code.op("i32.mul")
  code.tee(needed)
  code.i32Const(0)
  code.memory("i32.load", capacity)
  code.op("i32.gt_u")
  code.if(() => {
    // Twice the room stays below 2^32, and subscripts in units of `STEP` below 2^31.
    code.get(needed)
    code.i32Const((2 ** 29) >> shiftOf[tape.elementType])
    code.op("i32.gt_u")
    code.if(() => outOfMemory(p))
    const room = code.local("i32")
    const start = code.local("i32")
    code.get(needed)
    code.i32Const(2)
    code.op("i32.mul")
    code.i32Const(1024)
    code.op("i32.add")
    code.i32Const(-16)
    code.op("i32.and")
    code.set(room)
    code.globalGet(p.heapTop)
    code.tee(start)
    code.get(room)
    code.op("i32.add")
    code.globalSet(p.heapTop)
    // Pages for what is above the end.
    code.globalGet(p.heapTop)
    code.i32Const(65535)
    code.op("i32.add")
    code.i32Const(16)
    code.op("i32.shr_u")
    code.memorySize()
    code.op("i32.gt_u")
    code.if(() => {
      code.globalGet(p.heapTop)
      code.i32Const(65535)
      code.op("i32.add")
      code.i32Const(16)
      code.op("i32.shr_u")
      code.memorySize()
      code.op("i32.sub")
      code.memoryGrow()
      code.i32Const(0)
      code.op("i32.lt_s")
      code.if(() => outOfMemory(p))
    })
    code.get(start)
    code.i32Const(0)
    code.memory("i32.load", base)
    code.i32Const(0)
    code.memory("i32.load", capacity)
    code.memoryCopy()
    code.i32Const(0)
    code.get(start)
    code.memory("i32.store", base)
    code.i32Const(0)
    code.get(room)
    code.memory("i32.store", capacity)
    code.release(room)
    code.release(start)
  })
  code.release(needed)
}
