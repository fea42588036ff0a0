// What differences say of the derivatives of a program: slopes from both sides, jumps, and the primitives that make them.

import { type Fn, Tensor } from "@fluxion/core"
import type { Options } from "../Numeric.ts"
import { automaticStep, type Curve, noiseOf, type Side, slopes, slopesByRichardson } from "./differences.ts"
import { type Flat, noiseOfProgram } from "./flatProgram.ts"
import { type Border, bordersBetween } from "./pieces.ts"

/** Of one output along one input. */
export interface Witness {
  readonly numeric: number
  readonly error: number
  readonly step: number
  readonly left: number
  readonly right: number
  readonly leftError: number
  readonly rightError: number
  /** By how much the value at the point differs from the limit from the left, and the limit from the right from it. */
  readonly jumps: readonly [left: number, right: number]
  readonly borders: () => ReadonlyArray<Border>
}

/** The distance, relative to the input, in which what happens counts as happening at the point itself. */
const nearness = 2 ** -30

/** Witnesses for each output, for one element of the inputs after the other: `[leaf][element][output]`. */
export const witnesses = (
  f: Fn.Any,
  flat: Flat,
  options: Options | undefined
): ReadonlyArray<ReadonlyArray<ReadonlyArray<Witness>>> => {
  const noise = noiseOfProgram(flat, options)
  const scale = options?.scale ?? 1
  const moved = (leaf: number, element: number, x: number): ReadonlyArray<Tensor.Any> =>
    flat.primals.map((tensor, i) => {
      if (i !== leaf) return tensor
      const data = (tensor.data as Float64Array).slice()
      data[element] = x
      return Tensor.fromArray(data, tensor.shape)
    })
  return flat.sizes.map((size, leaf) =>
    Array.from({ length: size }, (_, element) => {
      const x = flat.primals[leaf]!.data[element]!
      const curve = flat.moved(leaf, element)
      const { error, step, value } = slopes(curve, x, options, noise)
      const near = nearness * Math.max(Math.abs(x), scale)
      const first = options?.step ?? automaticStep("richardson", x, scale)
      const sideOf = (side: Side) => sideSlopes(curve, x, side, near, first, noise)
      const [left, right] = [sideOf("left"), sideOf("right")]
      const borders = lazy(() =>
        bordersBetween(f, flat.primals, [moved(leaf, element, x - near), moved(leaf, element, x + near)])
      )
      return Array.from(value, (numeric, i) => ({
        numeric,
        error: error[i]!,
        step: step[i]!,
        left: left.value[i]!,
        right: right.value[i]!,
        leftError: left.error[i]!,
        rightError: right.error[i]!,
        jumps: [-left.jump[i]!, right.jump[i]!] as const,
        borders
      }))
    })
  )
}

const lazy = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}

/** The slopes on one side; where the value jumps, those of the piece that ends there. */
const sideSlopes = (curve: Curve, x: number, side: Side, near: number, first: number, noise: Float64Array) => {
  const own = slopesByRichardson(curve, x, first, noise, side)
  const sense = side === "left" ? -1 : 1
  const [here, close, far] = [curve(x), curve(x + sense * near), curve(x + 2 * sense * near)]
  // At the point itself a jump looks like noise.
  const quiet = lazy(() => noiseOf(curve, x + (sense * near) / nearness / 512, near / nearness))
  const jump = here.map((value, i) => {
    const difference = 2 * close[i]! - far[i]! - value
    const allowed = 8 * Math.abs(far[i]! - close[i]!) + 2 ** -40 * Math.abs(value)
    return Math.abs(difference) > allowed && Math.abs(difference) > allowed + 64 * quiet()[i]! ? difference : 0
  })
  if (jump.every((d) => d === 0)) return { ...own, jump }
  const [piece, beyond] = [near, 2 * near].map((away) =>
    slopesByRichardson(curve, x + sense * away, first, quiet(), side)
  ) as [typeof own, typeof own]
  return {
    value: own.value.map((slope, i) => (jump[i] === 0 ? slope : piece.value[i]!)),
    error: own.error.map((error, i) =>
      jump[i] === 0 ? error : piece.error[i]! + 2 * Math.abs(piece.value[i]! - beyond.value[i]!)
    ),
    step: own.step,
    jump
  }
}
