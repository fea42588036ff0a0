// What checks compare, and how far apart two numbers may be.

import { Fn, Tensor, Tree } from "@fluxion/core"
import type { Comparison } from "../../PrimitiveSuite.ts"
import { same } from "../../Ulp.ts"
import { pathScale } from "../pathScale.ts"
import type { Tensors } from "./programs.ts"

/** Comparisons made at one point. */
export interface Finding {
  /** The case and the point, for a person to read. */
  readonly where: () => string
  readonly comparisons: ReadonlyArray<Comparison>
}

export type Findings = Iterable<Finding>

export const isViolation = ({ difference, left, right, tolerance }: Comparison): boolean =>
  !same(left, right) && !(difference <= tolerance)

export const compare = (place: string, left: number, right: number, tolerance: number): Comparison => ({
  place,
  left,
  right,
  difference: same(left, right) ? 0 : Math.abs(left - right),
  tolerance
})

/** The name of an element: `a[0,2]`. */
export const placeOf = (path: string, shape: ReadonlyArray<number>, flat: number): string => {
  const index: Array<number> = []
  let rest = flat
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!)
    rest = Math.floor(rest / shape[axis]!)
  }
  return shape.length === 0 ? path : `${path}[${index.join(",")}]`
}

/** Compares the elements of arrays one by one. */
export const compareTensors = (
  leaves: ReadonlyArray<Tree.PathAndType>,
  left: Tensors,
  right: Tensors,
  tolerance: (leaf: number, i: number, a: number, b: number) => number,
  prefix = ""
): ReadonlyArray<Comparison> =>
  leaves.flatMap(({ path, type }, leaf) =>
    Array.from(left[leaf]!.data, (a, i) => {
      const b = right[leaf]!.data[i]!
      const allowed = same(a, b) ? 0 : tolerance(leaf, i, a, b)
      return compare(prefix + placeOf(path === "" ? "the output" : path, type.shape, i), a, b, allowed)
    })
  )

/** Products below this have lost digits to gradual underflow. */
const underflow = 2 ** -1000

export const largest = (...tensors: ReadonlyArray<Tensors>): number =>
  tensors
    .flatMap((list) => list.flatMap(({ data }) => Array.from(data, Math.abs)))
    .filter(Number.isFinite)
    .reduce((most, x) => Math.max(most, x), 0)

/**
 * What a derivative may be off: `relative` times its size or, where there is cancellation, times the scale of the paths that it is the sum of.
 */
export const scaleOfPaths = (f: Fn.Any, at: Tensors, relative: number) => {
  let scales: ReadonlyArray<Float64Array> | undefined
  const scale = (leaf: number, i: number): number => {
    try {
      scales ??= pathScale(f, Tree.fromTensors(Fn.specs(f).inputs, at), [Tensor.full([], 1)])
      return scales[leaf]![i]!
    } catch {
      // No paths are known through a rule of one's own.
      return 1
    }
  }
  return {
    /** For the derivative with respect to an element. */
    element: (leaf: number, i: number, a: number, b: number): number => {
      const simple = relative * Math.max(Math.abs(a), Math.abs(b)) + underflow
      return same(a, b) || Math.abs(a - b) <= simple ? simple : relative * scale(leaf, i) + simple
    },
    /** For the derivative along a direction. */
    direction: (direction: Tensors, a: number, b: number): number => {
      const simple = relative * Math.max(Math.abs(a), Math.abs(b)) + underflow
      if (same(a, b) || Math.abs(a - b) <= simple) return simple
      return (
        relative *
          direction.reduce(
            (sum, { data }, leaf) =>
              Array.from(data).reduce((own, d, i) => (d === 0 ? own : own + Math.abs(d) * scale(leaf, i)), sum),
            0
          ) +
        simple
      )
    }
  }
}

const shortened = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text)

/** The case and the point. */
export const describePoint = (label: string, f: Fn.Any, at: Tensors): string => {
  const inputs = Fn.specs(f).inputLeaves.map(({ path, type }, i) => {
    const shape = type.shape.length === 0 ? "" : `: [${type.shape.join(",")}]`
    return shortened(`${path}${shape} = ${at[i]}`)
  })
  return [label, ...inputs].filter((part) => part !== "").join(", ")
}
