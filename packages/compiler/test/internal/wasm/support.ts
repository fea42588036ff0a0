import wabt from "wabt"
import { engine as optionalEngine, type Imports, type Memory } from "./engine.ts"
import type { Module } from "../../../src/internal/wasm/Module.ts"
import type { ElementaryFunction } from "../../../src/internal/wasm/elementaryFunctions.ts"

export const engine = optionalEngine!

const features = { simd: true, relaxed_simd: true, bulk_memory: true, sat_float_to_int: true, sign_extension: true }

const toolkit = await wabt()

/** The module as WABT reads it, in flat text. Throws where WABT finds it invalid. */
export const readByWabt = (module: Module): string => {
  const read = toolkit.readWasm(module.toBytes(), { ...features, readDebugNames: true })
  try {
    ;(read.validate as (options: object) => void)(features)
    return read.toText({})
  } finally {
    read.destroy()
  }
}

export const instantiate = (module: Module, imports: Imports = {}): Readonly<Record<string, unknown>> =>
  new engine.Instance(new engine.Module(module.toBytes()), imports).exports

type Floats = Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer>

/** Appends a function `run(bytes)` that applies an elementary function to the vectors at `x` (and `y`), in place of `x`. */
export const addLoop = (
  module: Module,
  definition: ElementaryFunction,
  addresses: { readonly x: number; readonly y: number },
  inline = false
): void => {
  const index = inline ? -1 : definition.emit(module)
  const run = module.function("run", { parameters: ["i32"], results: [] }, (code) => {
    const offset = code.local("i32", "offset")
    const x = code.local("v128", "x")
    const y = code.local("v128", "y")
    code.loop((again) => {
      code.get(offset)
      code.get(offset)
      code.memory("v128.load", addresses.x)
      code.set(x)
      code.get(offset)
      code.memory("v128.load", addresses.y)
      code.set(y)
      if (inline) definition.inline(module, code, x, y)
      else {
        code.get(x)
        if (definition.arity === 2) code.get(y)
        code.call(index)
      }
      code.memory("v128.store", addresses.x)
      code.get(offset)
      code.i32Const(16)
      code.op("i32.add")
      code.tee(offset)
      code.get(0)
      code.op("i32.lt_u")
      code.brIf(again)
    })
  })
  module.export("run", "function", run)
  module.memory({ initial: 64 })
  module.export("memory", "memory", 0)
}

const ADDRESSES = { x: 1 << 20, y: 1 << 21 }
const CHUNK = 1 << 16

/** The function of arrays: of any lengths, in chunks. */
export const overArrays = <A extends Floats>(
  make: () => Module,
  definition: ElementaryFunction,
  inline = false
): ((x: A, y?: A) => A) => {
  const module = make()
  addLoop(module, definition, ADDRESSES, inline)
  const exports = instantiate(module)
  const buffer = (exports["memory"] as Memory).buffer
  const run = exports["run"] as (bytes: number) => void
  return (x, y) => {
    const result = x.slice() as A
    const type = x.constructor as new (buffer: ArrayBuffer, at: number, length: number) => A
    for (let from = 0; from < x.length; from += CHUNK) {
      const count = Math.min(CHUNK, x.length - from)
      const first = new type(buffer, ADDRESSES.x, CHUNK)
      const second = new type(buffer, ADDRESSES.y, CHUNK)
      first.set(x.subarray(from, from + count) as never)
      if (y !== undefined) second.set(y.subarray(from, from + count) as never)
      run(count * x.BYTES_PER_ELEMENT)
      result.set(first.subarray(0, count) as never, from)
    }
    return result
  }
}
