import { type DoubleDouble, fastTwoSum, horner, multiply, twoSum } from "./double-double.ts"

/** The Taylor expansion of a function about one of its simple zeros, for `|x - zero| <= radius`. */
export interface Zero {
  readonly zero: DoubleDouble
  readonly radius: number
  /** The first derivative at the zero. */
  readonly slope: DoubleDouble
  /** The Taylor coefficients of degree 2, 3, ... */
  readonly higher: ReadonlyArray<number>
}

/** The expansion whose disc contains `x`, if any. */
export const findZero = (zeros: ReadonlyArray<Zero>, x: number): Zero | undefined =>
  zeros.find((entry) => Math.abs(x - entry.zero.hi) <= entry.radius)

/** The value at `x` of the function with this expansion, within one ULP. */
export const evaluateNear = (entry: Zero, x: number): number => {
  const offset = twoSum(x - entry.zero.hi, -entry.zero.lo)
  const slope = fastTwoSum(entry.slope.hi, offset.hi * horner(offset.hi, entry.higher) + entry.slope.lo)
  return multiply(offset, slope).hi
}
