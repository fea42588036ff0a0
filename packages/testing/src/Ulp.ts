/**
 * Distances between doubles in units in the last place.
 *
 * @since 0.1.0
 */

const view = new DataView(new ArrayBuffer(8))

/** The position of a double on the line of all doubles; neighbours differ by one, and both zeros are 0. */
const ordinal = (x: number): bigint => {
  view.setFloat64(0, x)
  const bits = view.getBigInt64(0)
  return bits < 0n ? -(bits & 0x7fffffffffffffffn) : bits
}

/**
 * How many steps from double to neighbouring double lead from one number to the other.
 *
 * **Details**
 *
 * Zeros of either sign are the same, NaN is at distance 0 from NaN and infinitely far from every number. Infinity is the neighbour of the
 * largest finite number. Exact up to 2^53, rounded beyond.
 *
 * @example
 * ```ts
 * import * as Ulp from "@fluxion/testing/Ulp"
 *
 * console.log(Ulp.distance(1, 1 + Number.EPSILON)) // 1
 * console.log(Ulp.distance(0, -0)) // 0
 * console.log(Ulp.distance(NaN, 1)) // Infinity
 * ```
 *
 * @category distances
 * @since 0.1.0
 */
export const distance = (a: number, b: number): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b) ? 0 : Number.POSITIVE_INFINITY
  const steps = ordinal(a) - ordinal(b)
  return Number(steps < 0n ? -steps : steps)
}

/**
 * The unit in the last place of a number: the distance from its magnitude to the next larger double.
 *
 * **Details**
 *
 * 2^-1074 for zero and subnormals; NaN and infinities have none (NaN).
 *
 * @example
 * ```ts
 * import * as Ulp from "@fluxion/testing/Ulp"
 *
 * console.log(Ulp.of(1) === Number.EPSILON) // true
 * console.log(Ulp.of(0)) // 5e-324
 * ```
 *
 * @category distances
 * @since 0.1.0
 */
export const of = (x: number): number => {
  if (!Number.isFinite(x)) return Number.NaN
  view.setFloat64(0, x)
  const exponent = (view.getUint16(0) >> 4) & 0x7ff
  return 2 ** (Math.max(exponent, 1) - 1075)
}

/**
 * Whether two numbers are the same but for the sign of zero: equal, or both NaN.
 *
 * @example
 * ```ts
 * import * as Ulp from "@fluxion/testing/Ulp"
 *
 * console.log(Ulp.same(NaN, NaN), Ulp.same(0, -0), Ulp.same(1, 2)) // true true false
 * ```
 *
 * @category distances
 * @since 0.1.0
 */
export const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b))
