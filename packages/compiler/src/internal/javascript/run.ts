// Makes a printed program executable.

import { type Backend, Elementwise, type Failure } from "@fluxion/core"
import { Result } from "effect"
import { temporaryBytes } from "../buffers.ts"
import type { Sized } from "../cache.ts"
import type { LoopProgram } from "../loops/model.ts"
import { allocate, inPrecision, type Data, type Precision, toTensor } from "../precision.ts"
import { Refused, renderBytes } from "../refusal.ts"
import type { Printed } from "./print.ts"

interface Failed {
  readonly check: number
  readonly value: number | boolean
  readonly index: ReadonlyArray<number>
  readonly path: ReadonlyArray<number>
}

type Make = (
  ...context: ReadonlyArray<unknown>
) => (inputs: ReadonlyArray<Data>, outputs: ReadonlyArray<Data>) => Failed | undefined

/** Only generated identifiers and numbers are in the source. */
const evaluate = (source: string): Make => {
  try {
    return new Function("constants", "kernels", "fail", "functions", source) as Make
  } catch (problem) {
    if (!(problem instanceof EvalError)) throw problem
    throw new Refused(
      `this environment forbids code from strings (${problem.message}), as content-security policies without 'unsafe-eval' do; ` +
        "the WebAssembly backend and the interpreter work here"
    )
  }
}

/** Runs a program on arrays; gives the guard that failed. */
export type Run = (inputs: ReadonlyArray<Data>, outputs: ReadonlyArray<Data>) => Failure.GuardFailure | undefined

export const instantiate = ({ checks, constants, kernels, source }: Printed): Run => {
  const ready = kernels.map(
    ({ operands, results, run }) =>
      (from: ReadonlyArray<Data>, to: ReadonlyArray<Data>): void => {
        const computed = run(operands.map((operand, i) => toTensor(from[i]!, operand)))
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
  const execute = evaluate(source)(constants, ready, fail, Elementwise.functions)
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

/** A program as backends offer it. */
export const executable = (
  program: LoopProgram,
  printed: Printed,
  precision: Precision = "float64"
): Backend.Executable & Sized => {
  const size = temporaryBytes(precision, program)
  let run: Run
  try {
    run = instantiate(printed)
  } catch (problem) {
    if (!(problem instanceof RangeError) || problem.message.includes("stack")) throw problem
    throw new Refused(`there is no room for ${renderBytes(size)} of intermediate arrays (${problem.message})`)
  }
  return {
    size: size + 2 * printed.source.length,
    execute: (inputs) => {
      const outputs = program.outputs.map((output) => allocate(precision, output))
      const failure = run(
        inputs.map(({ data }) => inPrecision(precision, data)),
        outputs
      )
      if (failure !== undefined) return Result.fail(failure)
      return Result.succeed(program.outputs.map((output, i) => toTensor(outputs[i]!, output)))
    },
    // Runs end before others begin, so the intermediate arrays are shared.
    bind: () => {
      const inputs = program.inputs.map((input) => allocate(precision, input))
      const outputs = program.outputs.map((output) => allocate(precision, output))
      return { inputs, outputs, run: () => run(inputs, outputs) }
    }
  }
}
