import { add, divide, exp, fromNumber, multiply, ONE, scale, twoSum } from "./double-double.ts"

/**
 * The logistic function `1 / (1 + e^-x)`.
 *
 * `sigmoid(-Infinity)` is 0, `sigmoid(Infinity)` is 1, NaN gives NaN; the left tail is
 * `e^x`, subnormal from -708.4 on. At most 1 ULP from the correctly rounded value:
 * the rounding error of the denominator is carried along.
 */
export const sigmoid = (x: number): number => {
  if (x < -40) return Math.exp(x)
  const denominator = twoSum(1, Math.exp(-x))
  const quotient = 1 / denominator.hi
  return quotient - quotient * (denominator.lo / denominator.hi)
}

/**
 * The smooth ramp `log(1 + e^x)`, whose derivative is `sigmoid`.
 *
 * `softplus(-Infinity)` is 0, `softplus(Infinity)` is `Infinity`, NaN gives NaN; the left tail
 * is `e^x`, subnormal from -708.4 on, the right one `x`. At most 1 ULP from the
 * correctly rounded value.
 */
export const softplus = (x: number): number => {
  if (x < -40) return Math.exp(x)
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))
}

/**
 * The hyperbolic secant `1 / cosh x`, whose square is the derivative of `tanh`.
 *
 * Even; 0 at `±Infinity`, NaN gives NaN; subnormal from |x| = 709.1 on, where `1 / cosh(x)`
 * overflows to zero from 710.5 on. At most 1 ULP from the correctly rounded value, so
 * that its square is good to 2: `2 e^-|x| / (1 + e^(-2|x|))` in double-double.
 */
export const sech = (x: number): number => {
  if (Number.isNaN(x)) return x
  const y = Math.abs(x)
  if (y > 750) return 0
  const { value, exponent } = exp(fromNumber(-y))
  const factor = 2 ** Math.max(exponent, -200)
  const e = { hi: value.hi * factor, lo: value.lo * factor }
  return scale(divide(value, add(ONE, multiply(e, e))).hi, exponent + 1)
}
