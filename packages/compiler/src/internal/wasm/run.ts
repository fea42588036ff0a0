// Makes a printed module executable.

import { type Backend, Elementwise, type Failure, Tensor } from "@fluxion/core"
import { Result } from "effect"
import { allocate } from "../javascript/run.ts"
import type { Buffer, LoopProgram } from "../loops/model.ts"
import type { Printed } from "./print.ts"

// The part of the JavaScript interface of WebAssembly that is used here; TypeScript has it among the types of browsers only.
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array<ArrayBuffer>)
  }
  class Instance {
    constructor(module: Module, imports: object)
    readonly exports: Readonly<Record<string, unknown>>
  }
  interface Memory {
    readonly buffer: ArrayBuffer
  }
  interface Global {
    value: number
  }
}

type Data = Tensor.Any["data"]

export interface Instance {
  /** The elements of a buffer in the memory of the module, as long as that does not grow. */
  readonly view: (buffer: Buffer) => Data
  readonly run: () => Failure.GuardFailure | undefined
}

export const instantiate = (printed: Printed): Instance => {
  const { addressOf, bytes, checks, failure, imports, kernels, pages } = printed
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
    },
    ...Object.fromEntries(imports.map((name) => [name, (Elementwise.functions as Record<string, unknown>)[name]]))
  }
  const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host })
  const memory = instance.exports["memory"] as WebAssembly.Memory
  const heap = instance.exports["heap"] as WebAssembly.Global | undefined
  if (heap !== undefined) heap.value = pages * 65536
  const execute = instance.exports["run"] as () => number
  return {
    view: (buffer) => view(buffer, addressOf(buffer)),
    run: () => {
      const status = execute()
      if (status === 0) return undefined
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

export const executable = (program: LoopProgram, instance: Instance): Backend.Executable => ({
  execute: (inputs) => {
    inputs.forEach(({ data }, i) => instance.view(program.inputs[i]!).set(data))
    const failed = instance.run()
    if (failed !== undefined) return Result.fail(failed)
    return Result.succeed(
      program.outputs.map((output) => {
        const data = allocate(output)
        data.set(instance.view(output))
        return Tensor.fromData(output.elementType, data, output.shape)
      })
    )
  }
})
