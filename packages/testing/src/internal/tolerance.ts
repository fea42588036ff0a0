// How far derivatives may differ by rounding: relative to the scale of the terms that they are sums of.

import { type Fn, Tensor } from "@fluxion/core"
import { same } from "../Ulp.ts"
import { basis, inner, magnitudes, tangentSpecs, type Tensors } from "./passes.ts"
import { pathScale } from "./pathScale.ts"

/** Products below this have lost digits to gradual underflow. */
const underflow = 2 ** -1000

type Tolerance = (leaf: number, i: number, a: number, b: number) => number

/** `relative` times the larger number, or where that is not scale enough, times the scale of paths: that is only computed there. */
const relativeTo =
  (relative: number, scale: (leaf: number, i: number) => number): Tolerance =>
  (leaf, i, a, b) => {
    const simple = relative * Math.max(Math.abs(a), Math.abs(b)) + underflow
    if (same(a, b) || Math.abs(a - b) <= simple) return simple
    return relative * scale(leaf, i) + underflow
  }

/** For `Jᵀ v`, entry by entry of the inputs. */
export const forCotangents = (f: Fn.Any, at: unknown, cotangents: Tensors, relative: number): Tolerance => {
  let scales: ReadonlyArray<Float64Array> | undefined
  return relativeTo(relative, (leaf, i) => (scales ??= pathScale(f, at, cotangents))[leaf]![i]!)
}

const scaleOf = (f: Fn.Any, at: unknown, tangents: Tensors, cotangents: Tensors): number =>
  inner(
    magnitudes(tangents),
    pathScale(f, at, cotangents).map((data) => ({ data }))
  )

/** For `J u`, entry by entry of the outputs. */
export const forTangents = (f: Fn.Any, at: unknown, tangents: Tensors, relative: number): Tolerance => {
  const { outputs } = tangentSpecs(f)
  const known = new Map<string, number>()
  return relativeTo(relative, (leaf, i) => {
    const key = `${leaf} ${i}`
    const scale =
      known.get(key) ??
      scaleOf(
        f,
        at,
        tangents,
        basis(outputs).find((e) => e[leaf]!.data[i] === 1)!
      )
    known.set(key, scale)
    return scale
  })
}

/** For `⟨v, J u⟩`. */
export const forProducts = (
  f: Fn.Any,
  at: unknown,
  tangents: Tensors,
  cotangents: Tensors,
  relative: number
): Tolerance => relativeTo(relative, () => scaleOf(f, at, tangents, cotangents))

/** Sums of tensors, leaf by leaf: `a x + b y`. */
export const combine = (a: number, x: Tensors, b: number, y: Tensors): Tensors =>
  x.map(({ data, shape }, leaf) =>
    Tensor.fromArray(
      Float64Array.from(data, (own, i) => a * own + b * y[leaf]!.data[i]!),
      shape
    )
  )
