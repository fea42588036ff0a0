// Programs as functions of flat real inputs to flat real outputs.

import { Fn, Shape, Tensor, Tree } from "@fluxion/core"
import { Result } from "effect"
import type { Options } from "../Numeric.ts"
import { type Curve, noiseAround, type Slopes } from "./differences.ts"

export const isReal = ({ type }: Tree.PathAndType): boolean => type.elementType === "real"

/** A program at a point, as a function of flat real inputs to flat real outputs. */
export const flatten = (operation: string, f: Fn.Any, at: unknown) => {
  const { inputLeaves, inputs: inputSpec, outputLeaves, outputs: outputSpec } = Fn.specs(f)
  const primals = Tree.toTensors(operation, inputSpec, at)
  const sizes = primals.map((tensor, i) => (isReal(inputLeaves[i]!) ? tensor.data.length : 0))
  const outputs = outputLeaves.filter(isReal)
  const program = f as Fn.Fn<Tree.Spec, unknown>
  /** The outputs after every real input element was replaced. */
  const evaluate = (replace: (leaf: number, data: Float64Array) => Float64Array): Float64Array => {
    const tensors = primals.map((tensor, i) =>
      sizes[i] === 0 ? tensor : Tensor.fromArray(replace(i, tensor.data as Float64Array), tensor.shape)
    )
    const flat = new Float64Array(outputs.reduce((sum, { type }) => sum + Shape.size(type.shape), 0))
    const run = Fn.runResult(program, Tree.fromTensors(inputSpec, tensors) as never)
    if (Result.isFailure(run)) return flat.fill(NaN)
    const results = Tree.toTensors(operation, outputSpec, run.success)
    let offset = 0
    results.forEach((tensor, i) => {
      if (!isReal(outputLeaves[i]!)) return
      flat.set(tensor.data as Float64Array, offset)
      offset += tensor.data.length
    })
    return flat
  }
  const moved =
    (leaf: number, element: number): Curve =>
    (x) =>
      evaluate((i, data) => {
        if (i !== leaf) return data
        const copy = data.slice()
        copy[element] = x
        return copy
      })
  return { evaluate, inputSpec, isReal: inputLeaves.map(isReal), moved, outputSpec, outputs, primals, sizes }
}

export type Flat = ReturnType<typeof flatten>

const senses = [1, -0.75, 0.5, -1, 0.25]

/** The noise of all outputs at once: all real inputs move together, each by its own size and in its own sense. */
export const noiseOfProgram = ({ evaluate }: Flat, options: Options | undefined): Float64Array => {
  if (options?.noise !== undefined) return evaluate((_, data) => data).fill(options.noise)
  const scale = options?.scale ?? 1
  return noiseAround(
    (t) =>
      evaluate((leaf, data) =>
        data.map((x, i) => x + t * Math.max(Math.abs(x), scale) * senses[(leaf + i) % senses.length]!)
      ),
    0,
    1
  )
}

/** One set of slopes for every real input element. */
export const columnsOf = (
  flat: Flat,
  take: (curve: Curve, x: number, noise: Float64Array) => Slopes,
  noise: Float64Array
) =>
  flat.sizes.map((size, leaf) =>
    Array.from({ length: size }, (_, i) => take(flat.moved(leaf, i), flat.primals[leaf]!.data[i]!, noise))
  )

/** Puts columns together to the Jacobian's blocks, in the order of its leaves. */
export const blocks = (
  flat: Flat,
  columns: ReadonlyArray<ReadonlyArray<Slopes>>,
  field: keyof Slopes
): Array<Tensor.Any> => {
  const inputs = Tree.leaves(flat.inputSpec)
  let offset = 0
  return flat.outputs.flatMap(({ type }) => {
    const rows = Shape.size(type.shape)
    const start = offset
    offset += rows
    return inputs.flatMap((input, leaf) => {
      if (!isReal(input)) return []
      const own = columns[leaf]!
      const data = new Float64Array(rows * own.length)
      own.forEach((column, j) => {
        for (let i = 0; i < rows; i++) data[i * own.length + j] = column[field][start + i]!
      })
      return [Tensor.fromArray(data, [...type.shape, ...input.type.shape])]
    })
  })
}

export const estimates = (spec: Tree.Spec, tensors: (field: keyof Slopes) => Array<Tensor.Any>): never =>
  ({
    value: Tree.fromTensors(spec, tensors("value")),
    error: Tree.fromTensors(spec, tensors("error")),
    step: Tree.fromTensors(spec, tensors("step"))
  }) as never

export const jacobianSpec = (flat: Flat): Tree.Spec => {
  const inputs = Tree.tangentSpec(flat.inputSpec)
  return Tree.mapSpec(Tree.tangentSpec(flat.outputSpec), (output) =>
    Tree.mapSpec(inputs, (input) => [...output.type.shape, ...input.type.shape])
  )
}
