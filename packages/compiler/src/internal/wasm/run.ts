// Makes a printed module executable.

import { type Backend, type Failure, Tensor } from "@fluxion/core"
import { Result } from "effect"
import type { Sized } from "../cache.ts"
import { allocate } from "../javascript/run.ts"
import type { Buffer, LoopProgram } from "../loops/model.ts"
import { Refused, renderBytes } from "../refusal.ts"
import type { Printed } from "./print.ts"
import { PAGE } from "./print/memory.ts"
import { OUT_OF_MEMORY } from "./print/tapes.ts"

// The part of the JavaScript interface of WebAssembly that is used here; TypeScript has it among the types of browsers only.
interface Memory {
  readonly buffer: ArrayBuffer
}

interface Global {
  value: number
}

interface WasmModule {
  readonly "~Module": unknown
}

interface WebAssemblyInterface {
  readonly CompileError: new () => Error
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule
  readonly Instance: new (
    module: WasmModule,
    imports: object
  ) => { readonly exports: Readonly<Record<string, unknown>> }
}

const engine = (): WebAssemblyInterface => {
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyInterface | undefined }
  if (WebAssembly === undefined) throw new Refused("this environment has no WebAssembly")
  return WebAssembly
}

type Data = Tensor.Any["data"]

export interface Instance {
  /** The elements of a buffer in the memory of the module, as long as that does not grow. */
  readonly view: (buffer: Buffer) => Data
  readonly run: () => Failure.GuardFailure | undefined
  /** The bytes of its memory now. */
  readonly size: () => number
}

/** Hands the bytes of a module to the engine. */
const compile = ({ bytes }: Printed): WasmModule => {
  const { CompileError, Module } = engine()
  try {
    return new Module(bytes)
  } catch (problem) {
    // Too large for the engine, without vectors, or forbidden by a content-security policy without 'wasm-unsafe-eval'.
    if (!(problem instanceof CompileError || problem instanceof RangeError)) throw problem
    throw new Refused(`the engine refuses the module of ${renderBytes(bytes.length)}: ${problem.message}`)
  }
}

/** A module with memory of its own. */
const instantiateModule = (module: WasmModule, printed: Printed): Instance => {
  const { addressOf, checks, failure, kernels, pages } = printed
  const view = ({ elementType, shape }: Buffer, address: number): Data => {
    const { buffer } = memory
    const size = shape.reduce((a, b) => a * b, 1)
    return elementType === "real"
      ? new Float64Array(buffer, address, size)
      : elementType === "index"
        ? new Int32Array(buffer, address, size)
        : new Uint8Array(buffer, address, size)
  }
  const host = {
    kernel: (index: number): void => {
      const { operands, results, run } = kernels[index]!
      const computed = run(
        operands.map((operand) =>
          Tensor.fromData(operand.elementType, view(operand, addressOf(operand)).slice(), operand.shape)
        )
      )
      results.forEach((result, i) => view(result, addressOf(result)).set(computed[i]!.data))
    }
  }
  const { Instance } = engine()
  const instance = withMemory(pages, () => new Instance(module, { host }))
  const memory = instance.exports["memory"] as Memory
  const heap = instance.exports["heap"] as Global | undefined
  if (heap !== undefined) heap.value = pages * PAGE
  const execute = instance.exports["run"] as () => number
  return {
    view: (buffer) => view(buffer, addressOf(buffer)),
    size: () => memory.buffer.byteLength,
    run: () => {
      const status = execute()
      if (status === 0) return undefined
      if (status === OUT_OF_MEMORY) throw new OutOfMemory(printed.memoryLimit, memory.buffer.byteLength)
      const { guard, index, path, site, value } = checks[status - 1]!
      const places = new Int32Array(memory.buffer, failure.places, index.length + path.length)
      const raw = new Float64Array(memory.buffer, failure.value, 1)[0]!
      const isBool =
        value._tag === "Access"
          ? value.buffer.elementType === "bool"
          : value._tag === "Literal" && value.elementType === "bool"
      return {
        guard,
        site,
        value: isBool ? raw === 1 : raw,
        index: [...places.subarray(0, index.length)],
        path: path.map(({ control }, i) => ({ control, index: places[index.length + i]! }))
      }
    }
  }
}

const withMemory = <A>(pages: number, make: () => A): A => {
  try {
    return make()
  } catch (problem) {
    if (!(problem instanceof RangeError)) throw problem
    throw new Refused(`there is no room for ${renderBytes(pages * PAGE)} of memory (${problem.message})`)
  }
}

/** The defect of a program whose tapes outgrow its memory: how large they become is known at run time only. */
class OutOfMemory extends Error {
  override readonly name = "OutOfMemory"
  constructor(limit: number, used: number) {
    super(
      `wasm: the record of a whileLoop that reverse mode keeps does not fit into memory: ${renderBytes(used)} are in use, ` +
        `the memoryLimit is ${renderBytes(limit)}`
    )
  }
}

/** A module with memory of its own. */
export const instantiate = (printed: Printed): Instance => instantiateModule(compile(printed), printed)

/** A program as backends offer it. */
export const executable = (program: LoopProgram, printed: Printed): Backend.Executable & Sized => {
  const module = compile(printed)
  // Memory that there is no room for is found out now.
  let spare: Instance | undefined = instantiateModule(module, printed)
  const take = (): Instance => {
    const taken = spare ?? instantiateModule(module, printed)
    spare = undefined
    return taken
  }
  let own: Instance | undefined
  const readOutput = (instance: Instance, output: Buffer): Tensor.Any => {
    const data = allocate(output)
    data.set(instance.view(output))
    return Tensor.fromData(output.elementType, data, output.shape)
  }
  return {
    size: printed.bytes.length + printed.pages * PAGE,
    execute: (inputs) => {
      const instance = (own ??= take())
      inputs.forEach(({ data }, i) => instance.view(program.inputs[i]!).set(data))
      const failed = instance.run()
      if (failed !== undefined) return Result.fail(failed)
      return Result.succeed(program.outputs.map((output) => readOutput(instance, output)))
    },
    bind: () => {
      const instance = take()
      return printed.isGrowing ? bindCopies(program, instance) : bindViews(program, instance)
    }
  }
}

/** Memory that never grows is there to be written to. */
const bindViews = ({ inputs, outputs }: LoopProgram, instance: Instance): Backend.Binding => ({
  inputs: inputs.map(instance.view),
  outputs: outputs.map(instance.view),
  run: instance.run
})

/** Memory that grows takes all views of it along, so arrays outside of it are bound, and copied at each run. */
const bindCopies = (program: LoopProgram, instance: Instance): Backend.Binding => {
  const inputs = program.inputs.map(allocate)
  const outputs = program.outputs.map(allocate)
  let from = program.inputs.map(instance.view)
  let to = program.outputs.map(instance.view)
  let size = instance.size()
  const refresh = (): void => {
    if (instance.size() === size) return
    size = instance.size()
    from = program.inputs.map(instance.view)
    to = program.outputs.map(instance.view)
  }
  return {
    inputs,
    outputs,
    run: () => {
      refresh()
      for (let i = 0; i < inputs.length; i++) from[i]!.set(inputs[i]!)
      const failed = instance.run()
      if (failed !== undefined) return failed
      refresh()
      for (let i = 0; i < outputs.length; i++) outputs[i]!.set(to[i]!)
      return undefined
    }
  }
}
