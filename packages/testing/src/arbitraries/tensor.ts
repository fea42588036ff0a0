import { Shape, Tensor } from "@fluxion/core"
import * as fc from "fast-check"
import { printed } from "../internal/code.ts"

/**
 * Constraints of `tensor` and `element`.
 *
 * **Details**
 *
 * - `min` and `max` bound the elements; -3 and 3 by default.
 * - `positive` leaves out zeros and what is below: `min` is 1/64 by default then.
 * - `special` mixes in, whatever the bounds: zeros of both signs, infinities, NaN, subnormals, the smallest and largest numbers, and
 *   numbers one unit in the last place from 1; with `finite` or `positive` only those that are.
 * - `distinct` has no two equal elements in a tensor; a number has them at least that far apart (but for rounding), and without special values. A range that
 *   has no room for that is a `RangeError`.
 *
 * @category options
 * @since 0.1.0
 */
export interface TensorConstraints {
  readonly min?: number
  readonly max?: number
  readonly positive?: boolean
  readonly special?: boolean
  readonly finite?: boolean
  readonly distinct?: boolean | number
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
  const { finite = false, max = 3, positive = false, special = false } = constraints
  const min = Math.max(constraints.min ?? (positive ? Math.min(1 / 64, max) : -3), positive ? Number.MIN_VALUE : -Infinity)
  if (!(min <= max)) throw new RangeError(`Arbitraries.element: expected min <= max, got ${min} and ${max}`)
  /** Multiples of `1 / steps`, where there are any. They shrink to 0, or else to 1, or else to the bound that is nearest to 0. */
  const multiples = (steps: number): ReadonlyArray<fc.Arbitrary<number>> => {
    const [low, high] = [Math.ceil(min * steps), Math.floor(max * steps)]
    if (low > high) return []
    const origin = low > 0 && low <= steps && steps <= high ? steps : 0
    return [fc.integer({ min: low - origin, max: high - origin }).map((n) => (n + origin) / steps || 0)]
  }
  // All digits, without the many tiny numbers that `fc.double` favours.
  const any = fc
    .noBias(fc.integer({ min: -(2 ** 31), max: 2 ** 31 }))
    .map((n) => Math.min(max, Math.max(min, (min + max) / 2 + ((max - min) / 2) * (n / 2 ** 31))) || 0)
  const weights = [1, 5]
  const inRange = fc.oneof(
    { withCrossShrink: true },
    ...[1, 64].flatMap((steps, i) => multiples(steps).map((arbitrary) => ({ arbitrary, weight: weights[i]! }))),
    { arbitrary: any, weight: 2 }
  )
  if (!special) return inRange
  const allowed = specialValues.filter((x) => (!finite || Number.isFinite(x)) && (!positive || x > 0))
  return fc.oneof({ weight: 2, arbitrary: inRange }, fc.constantFrom(...allowed))
}

/** Numbers at least `distance` apart, in any order. */
const apart = (size: number, distance: number, constraints: TensorConstraints): fc.Arbitrary<Array<number>> => {
  const { max = 3, positive = false } = constraints
  const min = constraints.min ?? (positive ? 1 / 64 : -3)
  const room = max - min - (size - 1) * distance
  if (!(room >= 0)) {
    throw new RangeError(
      `Arbitraries.tensor: there is no room for ${size} elements at least ${distance} apart from ${min} to ${max}`
    )
  }
  const bases = fc.array(element({ min, max: min + room }), { minLength: size, maxLength: size })
  const places = fc.array(fc.nat({ max: Math.max(0, size - 1) }), { minLength: size, maxLength: size })
  return fc.tuple(bases, places).map(([lowest, order]) => {
    const result: Array<number> = []
    lowest
      .toSorted((x, y) => x - y)
      .map((base, i) => Math.min(max, base + i * distance))
      .forEach((x, i) => result.splice(i - Math.min(i, order[i]!), 0, x))
    return result
  })
}

/**
 * An arbitrary tensor of reals of a shape.
 *
 * **Details**
 *
 * Prints as the code that builds it: `Tensor.make([[0, 1], [0, 0]])`.
 *
 * @example
 * ```ts
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const fits = fc.property(Arbitraries.tensor([2, 3], { special: true }), (x) => x.data.length === 6)
 * console.log(fc.check(fits).failed) // false
 *
 * // No ties: differentiable under `reduceMax`.
 * const scores = Arbitraries.tensor([4], { distinct: 0.1 })
 * const small = fc.check(fc.property(scores, ({ data }) => data[0]! < data[1]!), { seed: 1 })
 * console.log(fc.stringify(small.counterexample?.[0])) // Tensor.make([-2.9, -3, -2.8, -2.7])
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const tensor = <const S extends Shape.Shape>(
  shape: S,
  constraints: TensorConstraints = {}
): fc.Arbitrary<Tensor.Tensor<S>> => {
  Shape.validate("Arbitraries.tensor", shape)
  const size = Shape.size(shape)
  const bounds = { minLength: size, maxLength: size }
  const { distinct = false } = constraints
  if (distinct !== false && size > 1 && (constraints.min ?? -Infinity) >= (constraints.max ?? 3)) {
    throw new RangeError(`Arbitraries.tensor: there is no room for ${size} distinct elements`)
  }
  const elements =
    typeof distinct === "number"
      ? apart(size, distinct, constraints)
      : distinct
        ? fc.uniqueArray(element(constraints), { ...bounds, comparator: "SameValueZero" })
        : fc.array(element(constraints), bounds)
  return elements.map((data) => printed(Tensor.fromArray(data, shape)))
}
