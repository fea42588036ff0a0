// Jacobians over any algebra: the outputs of a program, and for each real output the blocks of all real inputs, `[...output, ...input]`.

import { type Algebra, Fn, Operations, Shape, Tensor, type Tree } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { elementsOf, isReal } from "./passes.ts"

export interface Blocks<A> {
  readonly outputs: ReadonlyArray<A>
  /** One row for each real output, one block for each real input. */
  readonly rows: ReadonlyArray<ReadonlyArray<A>>
}

const unit = (size: number, k: number, shape: Shape.Shape): Tensor.Any => {
  const data = new Float64Array(size)
  data[k] = 1
  return Tensor.fromArray(data, shape)
}

const sizeOf = (leaf: Tree.PathAndType): number => (isReal(leaf) ? Shape.size(leaf.type.shape) : 0)

/** Slices of a block along its leading or trailing elements, put together. */
const assemble = <A>(
  ops: Operations.Operations<A>,
  slices: ReadonlyArray<A | Zero>,
  shape: Shape.Shape,
  axis: number,
  block: Shape.Shape
): A =>
  slices.every((slice) => slice === Zero)
    ? ops.zeros(block)
    : ops.reshape(
        ops.stack(
          slices.map((slice) => (slice === Zero ? ops.zeros(shape) : slice)),
          axis
        ),
        block
      )

export const forwardBlocks = <A>(f: Fn.Any, algebra: Algebra<A>, primals: ReadonlyArray<A>): Blocks<A> => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  const ops = Operations.make(algebra)
  const count = elementsOf(inputLeaves)
  let first = 0
  const offsets = inputLeaves.map((leaf) => (first += sizeOf(leaf)) - sizeOf(leaf))
  const carriers = inputLeaves.map((leaf, i) => {
    const size = sizeOf(leaf)
    if (size === 0) return { primal: primals[i]!, tangents: undefined }
    const tangents = new Array<A | Zero>(count).fill(Zero)
    for (let k = 0; k < size; k++) tangents[offsets[i]! + k] = ops.constant(unit(size, k, leaf.type.shape))
    return { primal: primals[i]!, tangents }
  })
  const results = Fn.interpret(f, Forward.vectorDual(algebra, count), carriers)
  return {
    outputs: results.map(({ primal }) => primal),
    rows: results.flatMap(({ tangents }, o) => {
      if (!isReal(outputLeaves[o]!)) return []
      const { shape } = outputLeaves[o]!.type
      return [
        inputLeaves.flatMap((input, i) => {
          if (!isReal(input)) return []
          const own = tangents === undefined ? [] : tangents.slice(offsets[i]!, offsets[i]! + sizeOf(input))
          return [assemble(ops, own, shape, shape.length, [...shape, ...input.type.shape])]
        })
      ]
    })
  }
}

export const reverseBlocks = <A>(f: Fn.Any, algebra: Algebra<A>, primals: ReadonlyArray<A>): Blocks<A> => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  const ops = Operations.make(algebra)
  const tape = Reverse.traced(algebra)
  const carriers = inputLeaves.map((leaf, i) =>
    isReal(leaf) ? tape.input(primals[i]!) : { primal: primals[i]!, entry: undefined }
  )
  const outputs = Fn.interpret(f, tape.algebra, carriers)
  const inputs = inputLeaves.filter(isReal)
  const wanted = carriers.filter((_, i) => isReal(inputLeaves[i]!))
  return {
    outputs: outputs.map(({ primal }) => primal),
    rows: outputLeaves.flatMap((output, o) => {
      if (!isReal(output)) return []
      const { shape } = output.type
      const size = Shape.size(shape)
      const pulled = Array.from({ length: size }, (_, k) =>
        tape.pullback(
          outputs,
          outputs.map((_, i) => (i === o ? ops.constant(unit(size, k, shape)) : Zero)),
          wanted
        )
      )
      return [
        inputs.map((input, i) =>
          assemble(
            ops,
            pulled.map((row) => row[i] as A | Zero),
            input.type.shape,
            0,
            [...shape, ...input.type.shape]
          )
        )
      ]
    })
  }
}

export const blocksBy = {
  forward: forwardBlocks,
  reverse: reverseBlocks
}

/** The product of two Jacobians in blocks: the chain rule. Zeros in them stay zeros beside infinities. */
export const multiply = <A>(
  algebra: Algebra<A>,
  rows: ReadonlyArray<ReadonlyArray<A>>,
  between: ReadonlyArray<Shape.Shape>,
  columns: ReadonlyArray<ReadonlyArray<A>>
): ReadonlyArray<ReadonlyArray<A>> => {
  const ops = Operations.make(algebra)
  const rank = (x: A): number => ops.shapeOf(x).length
  return rows.map((row) =>
    columns[0]!.map((_, i) =>
      row
        .map((left, c) => {
          const right = columns[c]![i]!
          const shared = between[c]!.length
          const outer = rank(left) - shared
          const labels = (start: number, count: number) => Array.from({ length: count }, (_, k) => start + k)
          const inner = rank(right) - shared
          return ops.dot(left, right, {
            left: labels(0, outer + shared),
            right: labels(outer, shared + inner),
            output: [...labels(0, outer), ...labels(outer + shared, inner)],
            strongZero: true
          })
        })
        .reduce((a, b) => ops.add(a, b))
    )
  )
}
