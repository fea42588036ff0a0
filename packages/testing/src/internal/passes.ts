// Passes of both modes over the tensors of trees, as the laws need them.

import { Fn, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"

export type Tensors = ReadonlyArray<Tensor.Any>

type Program = Fn.Fn<Tree.Spec, Tree.Spec>

/** The specifications of the tangents of the inputs and of the outputs. */
export const tangentSpecs = (f: Fn.Any): { readonly inputs: Tree.Spec; readonly outputs: Tree.Spec } => {
  const { inputs, outputs } = Fn.specs(f)
  return { inputs: Tree.tangentSpec(inputs), outputs: Tree.tangentSpec(outputs) }
}

/** `J u`. */
export const push = (f: Fn.Any, at: unknown, tangents: Tensors): Tensors => {
  const { inputs, outputs } = tangentSpecs(f)
  const given = { primals: at, tangents: Tree.fromTensors(inputs, tangents) } as never
  return Tree.toTensors("Laws", outputs, Forward.evaluate(f as Program, given).tangents)
}

/** `Jᵀ v`. */
export const pull = (f: Fn.Any, at: unknown, cotangents: Tensors): Tensors => {
  const { inputs, outputs } = tangentSpecs(f)
  const given = { primals: at, cotangents: Tree.fromTensors(outputs, cotangents) } as never
  return Tree.toTensors("Laws", inputs, Reverse.evaluate(f as Program, given).cotangents)
}

/** Tensors with elements that `element` gives by their position among all. */
const filled = (spec: Tree.Spec, element: (i: number) => number): Tensors => {
  let next = 0
  return Tree.leaves(spec).map(({ type }) =>
    Tensor.fromArray(
      Tensor.zeros(type.shape).data.map(() => element(next++)),
      type.shape
    )
  )
}

/** Not all ones, so that errors do not cancel. */
export const patterned = (spec: Tree.Spec): Tensors => filled(spec, (i) => 1 + ((i * 5) % 7) / 8)

/** Another pattern, with both signs. */
export const alternating = (spec: Tree.Spec): Tensors =>
  filled(spec, (i) => (i % 2 === 0 ? 1 : -1) * (1 + ((i * 3) % 5) / 4))

/** The tensors of the standard basis, one after the other. */
export const basis = (spec: Tree.Spec): ReadonlyArray<Tensors> => {
  const zeros = Tree.leaves(spec).map(({ type }) => Tensor.zeros(type.shape))
  return zeros.flatMap((zero, leaf) =>
    Array.from(zero.data, (_, i) => {
      const data = new Float64Array(zero.data.length)
      data[i] = 1
      return zeros.with(leaf, Tensor.fromArray(data, zero.shape))
    })
  )
}

/** The tensors of a tree, or a pattern where there is none. */
export const chosen = (spec: Tree.Spec, given: unknown, otherwise: (spec: Tree.Spec) => Tensors = patterned): Tensors =>
  given === undefined ? otherwise(spec) : Tree.toTensors("Laws", spec, given)

interface Numbers {
  readonly data: ArrayLike<number>
}

/** The inner product, in which zero times anything is zero. */
export const inner = (a: ReadonlyArray<Numbers>, b: ReadonlyArray<Numbers>): number =>
  a.reduce((sum, { data }, leaf) => {
    let own = sum
    for (let i = 0; i < data.length; i++) {
      const [p, q] = [data[i]!, b[leaf]!.data[i]!]
      own += p === 0 || q === 0 ? 0 : p * q
    }
    return own
  }, 0)

export const magnitudes = (tensors: Tensors): Tensors =>
  tensors.map(({ data, shape }) => Tensor.fromArray(Float64Array.from(data, Math.abs), shape))

export const zeros = (spec: Tree.Spec): Tensors => filled(spec, () => 0)
