// Writes a loop program as a WebAssembly module. Buffers have fixed places in memory 0; loops that the vectoriser has chosen run on vectors, with what is
// left over on single elements.

import type { Buffer, Check, Kernel, Loop, LoopProgram, Statement } from "../loops/model.ts"
import { forEachAccess } from "../loops/walk.ts"
import { Refused, renderBytes } from "../refusal.ts"
import { addressOf, MOST_MEMORY, PAGE } from "./print/memory.ts"
import { type Options, Printer } from "./print/Printer.ts"
import { writeBlock } from "./print/statements.ts"
import { print as printText } from "./text.ts"

/** Where things are in the memory of a module. */
export interface Printed {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly kernels: ReadonlyArray<Kernel>
  readonly checks: ReadonlyArray<Check>
  readonly addressOf: (buffer: Buffer) => number
  /** Where a failing check leaves its value, its index and its path. */
  readonly failure: { readonly value: number; readonly places: number }
  /** Pages of memory at the start. */
  readonly pages: number
  /** Bytes of memory at most. */
  readonly memoryLimit: number
  /** Whether tapes make memory grow. */
  readonly isGrowing: boolean
  readonly isVector: (loop: Loop) => boolean
  /** The function `run`, and those of the parts, in text format. */
  readonly text: () => string
}

const hasTapes = (statements: ReadonlyArray<Statement>): boolean => {
  let found = false
  forEachAccess(statements, ({ buffer }) => {
    if (buffer.role === "tape") found = true
  })
  return found
}

export const print = (program: LoopProgram, options: Options = { memoryLimit: MOST_MEMORY }): Printed => {
  const p = new Printer(program, options)
  const { module } = p
  for (const buffer of [...program.inputs, ...program.outputs]) addressOf(p, buffer)
  if (hasTapes(program.statements)) p.heapTop = module.global("i32", { mutable: true, initial: 0 })
  const run = module.declare("run", { parameters: [], results: ["i32"] })
  module.define(run, (code) => {
    p.code = code
    writeBlock(p, program.statements)
    code.i32Const(0)
  })
  module.export("run", "function", run)
  const pages = Math.max(1, Math.ceil(module.staticSize / PAGE))
  const { memoryLimit } = options
  if (pages * PAGE > memoryLimit) {
    throw new Refused(
      `it needs ${renderBytes(module.staticSize)} of memory (${module.staticSize} bytes), ` +
        `the memoryLimit is ${renderBytes(memoryLimit)} (${memoryLimit} bytes)`
    )
  }
  module.memory({ initial: pages, maximum: Math.floor(memoryLimit / PAGE) })
  module.export("memory", "memory", 0)
  if (p.heapTop >= 0) module.export("heap", "global", p.heapTop)
  return {
    bytes: module.toBytes(),
    kernels: p.kernels,
    checks: p.checks,
    addressOf: (buffer) => addressOf(p, buffer),
    failure: { value: p.failureValue, places: p.failurePlaces },
    pages,
    memoryLimit,
    isGrowing: p.heapTop >= 0,
    isVector: (loop) => p.vectorisation.has(loop),
    text: () => [run, ...p.parts].map((index) => printText(module, index)).join("\n")
  }
}
