import { Shape, Tensor } from "@fluxion/core"
import * as fc from "fast-check"
import { printed } from "../internal/code.ts"
import { listOf } from "../internal/lists.ts"

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

/** How many binary digits a number has after its point; more than can be for what is not finite, and for -0. */
const digits = (x: number): number => {
  if (!Number.isFinite(x) || Object.is(x, -0)) return 2000
  let count = 0
  for (let y = x; !Number.isInteger(y); y *= 2) count++
  return count
}

/** How finely numbers are rounded on their way to integers. */
const finest = 20

/** Elements that shrink to fewer digits, then towards a simplest number. */
class ElementArbitrary extends fc.Arbitrary<number> {
  readonly source: fc.Arbitrary<number>
  readonly min: number
  readonly max: number

  constructor(source: fc.Arbitrary<number>, min: number, max: number) {
    super()
    this.source = source
    this.min = min
    this.max = max
  }

  override generate(random: fc.Random, bias: number | undefined): fc.Value<number> {
    return new fc.Value(this.source.generate(random, bias).value, undefined)
  }

  override canShrinkWithoutContext(value: unknown): value is number {
    return typeof value === "number" && (specialValues.includes(value) || (value >= this.min && value <= this.max))
  }

  override shrink(x: number): fc.Stream<fc.Value<number>> {
    const { max, min } = this
    const own = digits(x)
    // Zero, or else one, or else the bound that is nearest to zero.
    const origin = min <= 0 && max >= 0 ? 0 : min <= 1 && max >= 1 ? 1 : min > 0 ? min : max
    if (Object.is(x, origin)) return fc.Stream.nil()
    const simpler = (y: number): boolean => {
      if (y < min || y > max) return false
      return y === origin || digits(y) < own || (digits(y) === own && Math.abs(y) < Math.abs(x))
    }
    const finite = Math.min(Number.MAX_SAFE_INTEGER, Math.max(-Number.MAX_SAFE_INTEGER, Number.isNaN(x) ? 0 : x))
    const rounded = Array.from({ length: Math.min(own, finest) }, (_, k) => 2 ** k).flatMap((steps) => [
      Math.trunc(finite * steps) / steps,
      Math.floor(finite * steps) / steps,
      Math.ceil(finite * steps) / steps
    ])
    // Halfway to the origin, and nearer.
    const nearer = Array.from({ length: finest }, (_, k) => {
      const steps = 2 ** Math.min(own, finest)
      return (Math.trunc((finite - (finite - origin) / 2 ** (k + 1)) * steps) || 0) / steps
    })
    const opposite = x < 0 && -x <= max ? [-x] : []
    const candidates = [origin, ...rounded, ...nearer].map((y) => y || 0).filter(simpler)
    return fc.stream([...opposite, ...new Set(candidates)].map((y) => new fc.Value(y, undefined)).values())
  }
}

/**
 * An arbitrary element: round numbers first, so that what shrinks is readable.
 *
 * **Details**
 *
 * Shrinks to 0 (or else to 1, or else to the bound that is nearest to 0), and on the way there to integers and to numbers of few binary digits.
 *
 * @example
 * ```ts
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const inside = fc.property(Arbitraries.element({ min: 0, max: 1 }), (x) => x >= 0 && x <= 1)
 * console.log(fc.check(inside).failed) // false
 *
 * const small = fc.check(fc.property(Arbitraries.element({ max: 10 }), (x) => x * x < 6.1), { numRuns: 1000 })
 * console.log(small.counterexample) // [ 3 ]
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const element = (constraints: TensorConstraints = {}): fc.Arbitrary<number> => {
  const { finite = false, max = 3, positive = false, special = false } = constraints
  const min = Math.max(
    constraints.min ?? (positive ? Math.min(1 / 64, max) : -3),
    positive ? Number.MIN_VALUE : -Infinity
  )
  if (!(min <= max)) throw new RangeError(`Arbitraries.element: expected min <= max, got ${min} and ${max}`)
  /** Multiples of `1 / steps`, where there are any. */
  const multiples = (steps: number, weight: number) => {
    const [low, high] = [Math.ceil(min * steps), Math.floor(max * steps)]
    return low > high ? [] : [{ weight, arbitrary: fc.integer({ min: low, max: high }).map((n) => n / steps || 0) }]
  }
  // All digits, without the many tiny numbers that `fc.double` favours.
  const any = fc
    .noBias(fc.integer({ min: -(2 ** 31), max: 2 ** 31 }))
    .map((n) => Math.min(max, Math.max(min, (min + max) / 2 + ((max - min) / 2) * (n / 2 ** 31))) || 0)
  const inRange = fc.oneof(...multiples(1, 1), ...multiples(64, 5), { weight: 2, arbitrary: any })
  const allowed = specialValues.filter((x) => (!finite || Number.isFinite(x)) && (!positive || x > 0))
  const source = special ? fc.oneof({ weight: 2, arbitrary: inRange }, fc.constantFrom(...allowed)) : inRange
  return new ElementArbitrary(source, min, max)
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
  const bases = listOf(element({ min, max: min + room }), size, size)
  const places = listOf(fc.nat({ max: Math.max(0, size - 1) }), size, size)
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
 * const scores = Arbitraries.tensor([4], { distinct: 0.25 })
 * const shrunk = fc.check(fc.property(scores, ({ data }) => data.length < 4))
 * console.log(fc.stringify(shrunk.counterexample?.[0])) // Tensor.make([0, 0.25, 0.5, 0.75])
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
  const { distinct = false } = constraints
  if (distinct !== false && size > 1 && (constraints.min ?? -Infinity) >= (constraints.max ?? 3)) {
    throw new RangeError(`Arbitraries.tensor: there is no room for ${size} distinct elements`)
  }
  const elements =
    typeof distinct === "number"
      ? apart(size, distinct, constraints)
      : distinct
        ? fc.uniqueArray(element(constraints), { minLength: size, maxLength: size, comparator: "SameValueZero" })
        : listOf(element(constraints), size, size)
  return elements.map((data) => printed(Tensor.fromArray(data, shape)))
}
