// Makes a printed program executable.

import { Backend, Elementwise, type Failure, Tensor } from "@fluxion/core"
import { Result } from "effect"
import type { Buffer, LoopProgram } from "../loops/model.ts"
import type { Printed } from "./print.ts"

type Data = Tensor.Any["data"]

interface Failed {
  readonly check: number
  readonly value: number | boolean
  readonly index: ReadonlyArray<number>
  readonly path: ReadonlyArray<number>
}

export const allocate = ({ elementType, shape }: Buffer): Data => {
  const size = shape.reduce((a, b) => a * b, 1)
  return elementType === "real"
    ? new Float64Array(size)
    : elementType === "index"
      ? new Int32Array(size)
      : new Uint8Array(size)
}

/** Runs a program on arrays; gives the guard that failed. */
export type Run = (inputs: ReadonlyArray<Data>, outputs: ReadonlyArray<Data>) => Failure.GuardFailure | undefined

export const instantiate = ({ checks, constants, kernels, source }: Printed): Run => {
  const ready = kernels.map(
    ({ operands, results, run }) =>
      (from: ReadonlyArray<Data>, to: ReadonlyArray<Data>): void => {
        const computed = run(operands.map(({ elementType, shape }, i) => Tensor.fromData(elementType, from[i]!, shape)))
        results.forEach((_, i) => to[i]!.set(computed[i]!.data))
      }
  )
  const fail = (
    check: number,
    value: number | boolean,
    index: ReadonlyArray<number>,
    path: ReadonlyArray<number>
  ): Failed => ({
    check,
    value,
    index,
    path
  })
  // Only generated identifiers and numbers are in the source.
  const make = new Function("constants", "kernels", "fail", "functions", source) as (
    ...context: ReadonlyArray<unknown>
  ) => (inputs: ReadonlyArray<Data>, outputs: ReadonlyArray<Data>) => Failed | undefined
  const execute = make(constants, ready, fail, Elementwise.functions)
  return (inputs, outputs) => {
    const failed = execute(inputs, outputs)
    if (failed === undefined) return undefined
    const { guard, path, site } = checks[failed.check]!
    return {
      guard,
      site,
      value: failed.value,
      index: failed.index,
      path: path.map(({ control }, i) => ({ control, index: failed.path[i]! }))
    }
  }
}

/** A run as backends offer it: results in arrays of their own. */
export const executable = (program: LoopProgram, run: Run): Backend.Executable => ({
  execute: (inputs) => {
    const outputs = program.outputs.map(allocate)
    const failure = run(
      inputs.map(({ data }) => data),
      outputs
    )
    if (failure !== undefined) return Result.fail(failure)
    return Result.succeed(
      program.outputs.map(({ elementType, shape }, i) => Tensor.fromData(elementType, outputs[i]!, shape))
    )
  }
})
