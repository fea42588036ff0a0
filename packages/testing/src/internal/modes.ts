// Gradients by both modes.

import { Fn, Tensor, Tree } from "@fluxion/core"
import { basis, inner, patterned, pull, push, tangentSpecs, type Tensors } from "./passes.ts"

export interface Gradients {
  readonly spec: Tree.Spec
  /** `undefined` for a program that supports reverse mode only. */
  readonly forward: Tensors | undefined
  readonly reverse: Tensors
  readonly weights: Tensors
}

/** The gradient of a weighted sum of the outputs, by both modes: one forward pass for each input element, one reverse sweep. */
export const bothModes = (f: Fn.Any, at: unknown): Gradients => {
  const { inputs: spec, outputs } = tangentSpecs(f)
  const scalar = Tree.isLeaf(outputs) && Tree.typeOfLeaf(outputs).shape.length === 0
  const weights = scalar ? [Tensor.full([], 1)] : patterned(outputs)
  const reverse = pull(f, at, weights)
  if (!Fn.supportsForward(f)) return { spec, forward: undefined, reverse, weights }
  const elements = basis(spec).map((direction) => inner(weights, push(f, at, direction)))
  let next = 0
  const forward = Tree.leaves(spec).map(({ type }) =>
    Tensor.fromArray(
      Tensor.zeros(type.shape).data.map(() => elements[next++]!),
      type.shape
    )
  )
  return { spec, forward, reverse, weights }
}
