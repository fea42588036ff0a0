import { Shape, Tensor } from "@fluxion/core"
import * as fc from "fast-check"

/**
 * Constraints of `tensor` and `element`.
 *
 * **Details**
 *
 * - `min` and `max` bound the elements; -3 and 3 by default.
 * - `special` mixes in, whatever the bounds: zeros of both signs, infinities, NaN, subnormals, the smallest and largest numbers, and
 *   numbers one unit in the last place from 1.
 *
 * @category options
 * @since 0.1.0
 */
export interface TensorConstraints {
  readonly min?: number
  readonly max?: number
  readonly special?: boolean
}

/**
 * The numbers at which rules break: zeros, infinities, NaN, the ends of the range of doubles, and the neighbours of 1.
 *
 * @example
 * ```ts
 * import { Arbitraries } from "@fluxion/testing"
 *
 * console.log(Arbitraries.specialValues.includes(Infinity)) // true
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const specialValues: ReadonlyArray<number> = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  2,
  -2,
  Infinity,
  -Infinity,
  NaN,
  5e-324,
  -5e-324,
  1e-310,
  2 ** -1022,
  -(2 ** -1022),
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  1 + 2 ** -52,
  1 - 2 ** -53,
  1e-160,
  1e160,
  710,
  -746
]

/**
 * An arbitrary element: round numbers first, so that what shrinks is readable.
 *
 * @example
 * ```ts
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const inside = fc.property(Arbitraries.element({ min: 0, max: 1 }), (x) => x >= 0 && x <= 1)
 * console.log(fc.check(inside).failed) // false
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const element = (constraints: TensorConstraints = {}): fc.Arbitrary<number> => {
  const { max = 3, min = -3, special = false } = constraints
  const steps = 64
  const round = fc
    .integer({ min: Math.ceil(min * steps), max: Math.floor(max * steps) })
    .map((n) => n / steps || 0)
    .filter((x) => x >= min && x <= max)
  // All digits, without the many tiny numbers that `fc.double` favours.
  const any = fc
    .integer({ min: -(2 ** 31), max: 2 ** 31 })
    .map((n) => Math.min(max, Math.max(min, (min + max) / 2 + ((max - min) / 2) * (n / 2 ** 31))) || 0)
  const finite =
    Math.ceil(min * steps) <= Math.floor(max * steps) ? fc.oneof({ weight: 3, arbitrary: round }, any) : any
  return special ? fc.oneof({ weight: 2, arbitrary: finite }, fc.constantFrom(...specialValues)) : finite
}

/**
 * An arbitrary tensor of reals of a shape.
 *
 * @example
 * ```ts
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const fits = fc.property(Arbitraries.tensor([2, 3], { special: true }), (x) => x.data.length === 6)
 * console.log(fc.check(fits).failed) // false
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const tensor = <const S extends Shape.Shape>(
  shape: S,
  constraints?: TensorConstraints
): fc.Arbitrary<Tensor.Tensor<S>> => {
  const size = Shape.size(shape)
  return fc
    .array(element(constraints), { minLength: size, maxLength: size })
    .map((data) => Tensor.fromArray(data, shape))
}
