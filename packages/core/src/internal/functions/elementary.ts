import { add, twoProduct } from "./double-double.ts"

// The elementary functions. Those of `Math` stay within two ULP of the correctly rounded
// value in V8 (Node 26) and are exported unchanged; the ULP figures below are measured, as in
// docs/decisions/special-functions.md. ECMAScript leaves the accuracy of `Math` to the
// implementation, which is why the tests of this folder measure it again.

/**
 * The exponential function e^x.
 *
 * Subnormal below -708.4, zero below -745.13, `Infinity` above 709.78; NaN gives NaN. At most 1
 * ULP from the correctly rounded value. V8's `Math.exp`.
 */
export const exp: (x: number) => number = Math.exp

/**
 * `e^x - 1` without cancellation near 0.
 *
 * -1 at `-Infinity`, `Infinity` above 709.78; NaN gives NaN. At most 1 ULP from the correctly
 * rounded value. V8's `Math.expm1`.
 */
export const expm1: (x: number) => number = Math.expm1

/**
 * The natural logarithm.
 *
 * `-Infinity` at `±0`, NaN below 0; NaN gives NaN. At most 1 ULP from the correctly rounded value.
 * V8's `Math.log`.
 */
export const log: (x: number) => number = Math.log

/**
 * `log(1 + x)` without cancellation near 0.
 *
 * `-Infinity` at -1, NaN below -1; NaN gives NaN. At most 1 ULP from the correctly rounded value.
 * V8's `Math.log1p`.
 */
export const log1p: (x: number) => number = Math.log1p

/**
 * The logarithm to base 2.
 *
 * `-Infinity` at `±0`, NaN below 0; exact at powers of two; NaN gives NaN. At most 1 ULP from the
 * correctly rounded value. V8's `Math.log2`.
 */
export const log2: (x: number) => number = Math.log2

/**
 * The logarithm to base 10.
 *
 * `-Infinity` at `±0`, NaN below 0; NaN gives NaN. At most 2 ULP from the correctly rounded value.
 * V8's `Math.log10`.
 */
export const log10: (x: number) => number = Math.log10

/**
 * The square root.
 *
 * NaN below 0, `sqrt(-0)` is `-0`; NaN gives NaN. Correctly rounded. V8's `Math.sqrt`.
 */
export const sqrt: (x: number) => number = Math.sqrt

/**
 * The real cube root.
 *
 * Odd, keeps the sign of zero and infinities; NaN gives NaN. At most 1 ULP from the correctly
 * rounded value. V8's `Math.cbrt`.
 */
export const cbrt: (x: number) => number = Math.cbrt

/**
 * The sine of an angle in radians.
 *
 * Odd, NaN at `±Infinity`; NaN gives NaN. At most 1 ULP from the correctly rounded value. V8's
 * `Math.sin`.
 */
export const sin: (x: number) => number = Math.sin

/**
 * The cosine of an angle in radians.
 *
 * Even, NaN at `±Infinity`; NaN gives NaN. At most 1 ULP from the correctly rounded value. V8's
 * `Math.cos`.
 */
export const cos: (x: number) => number = Math.cos

/**
 * The tangent of an angle in radians.
 *
 * Odd, NaN at `±Infinity`; no double is a pole; NaN gives NaN. At most 1 ULP from the correctly
 * rounded value. V8's `Math.tan`.
 */
export const tan: (x: number) => number = Math.tan

/**
 * The inverse sine, in [-pi/2, pi/2].
 *
 * Odd, NaN outside [-1, 1]; NaN gives NaN. At most 1 ULP from the correctly rounded value. V8's
 * `Math.asin`.
 */
export const asin: (x: number) => number = Math.asin

/**
 * The inverse cosine, in [0, pi].
 *
 * NaN outside [-1, 1]; NaN gives NaN. At most 1 ULP from the correctly rounded value. V8's
 * `Math.acos`.
 */
export const acos: (x: number) => number = Math.acos

/**
 * The inverse tangent, in [-pi/2, pi/2].
 *
 * Odd, `±pi/2` at `±Infinity`; NaN gives NaN. At most 1 ULP from the correctly rounded value. V8's
 * `Math.atan`.
 */
export const atan: (x: number) => number = Math.atan

/**
 * The hyperbolic sine.
 *
 * Odd, `±Infinity` beyond ±710.48; NaN gives NaN. At most 1 ULP from the correctly rounded value.
 * V8's `Math.sinh`.
 */
export const sinh: (x: number) => number = Math.sinh

/**
 * The hyperbolic cosine.
 *
 * Even, `Infinity` beyond ±710.48; NaN gives NaN. At most 1 ULP from the correctly rounded value.
 * V8's `Math.cosh`.
 */
export const cosh: (x: number) => number = Math.cosh

/**
 * The hyperbolic tangent.
 *
 * Odd, `±1` at `±Infinity`; NaN gives NaN. At most 2 ULP from the correctly rounded value. V8's
 * `Math.tanh`.
 */
export const tanh: (x: number) => number = Math.tanh

/**
 * The inverse hyperbolic sine.
 *
 * Odd, keeps the sign of zero and infinities; NaN gives NaN. At most 1 ULP from the correctly
 * rounded value. V8's `Math.asinh`.
 */
export const asinh: (x: number) => number = Math.asinh

/**
 * The inverse hyperbolic cosine, non-negative.
 *
 * NaN below 1; NaN gives NaN. At most 1 ULP from the correctly rounded value. V8's `Math.acosh`.
 */
export const acosh: (x: number) => number = Math.acosh

/**
 * The inverse hyperbolic tangent.
 *
 * Odd, `±Infinity` at `±1`, NaN beyond; NaN gives NaN. At most 1 ULP from the correctly rounded
 * value. V8's `Math.atanh`.
 */
export const atanh: (x: number) => number = Math.atanh

/**
 * The sign of `x` as -1, 0 or 1.
 *
 * `sign(±0)` is `±0`, NaN gives NaN. Exact. `Math.sign`.
 */
export const sign: (x: number) => number = Math.sign

/**
 * `x` to the power `y`.
 *
 * NaN for negative `x` and fractional `y`; 1 for `y = ±0`, even if `x` is NaN. `1 ** NaN` and
 * `1 ** ±Infinity` are NaN as in ECMAScript, where IEEE 754 and C say 1. At most 1 ULP from
 * the correctly rounded value. V8's `Math.pow`.
 */
export const pow: (x: number, y: number) => number = Math.pow

/**
 * The angle of the point `(x, y)`, in [-pi, pi]; the ordinate comes first.
 *
 * Signed zeros pick the side of the cut along the negative `x` axis (IEEE 754); NaN gives
 * NaN. At most 1 ULP from the correctly rounded value. V8's `Math.atan2`.
 */
export const atan2: (y: number, x: number) => number = Math.atan2

/**
 * The nearest integer, ties to the even one (IEEE 754 roundToIntegralTiesToEven).
 *
 * Exact. Keeps the sign of zero (`round(-0.5)` is `-0`), infinities and NaN; `Math.round`
 * sends ties upwards instead. Adding 2^52 leaves no fraction bits, so the addition itself
 * rounds as required.
 */
export const round = (x: number): number => {
  const magnitude = Math.abs(x)
  if (!(magnitude > 0 && magnitude < 2 ** 52)) return x
  const rounded = magnitude + 2 ** 52 - 2 ** 52
  return x < 0 ? -rounded : rounded
}

/**
 * The remainder of `x / y` with the quotient truncated (C `fmod`), hence with the sign of `x`.
 *
 * Exact. NaN if either is NaN, `x` is infinite or `y` is zero; `x` if `y` is infinite.
 */
export const rem = (x: number, y: number): number => x % y

/**
 * `sqrt(x^2 + y^2)` without premature overflow or underflow.
 *
 * `Infinity` if either argument is infinite, even beside NaN (IEEE 754); else NaN if either
 * is NaN. At most 1 ULP from the correctly rounded value, where `Math.hypot` reaches 2:
 * the squares are exact (Dekker's product), and one Newton step corrects the square root
 * (C. F. Borges, "An improved algorithm for hypot(a, b)", ACM TOMS 47 (2021)).
 */
export const hypot = (x: number, y: number): number => {
  const large = Math.max(Math.abs(x), Math.abs(y))
  const small = Math.min(Math.abs(x), Math.abs(y))
  if (Math.abs(x) === Infinity || Math.abs(y) === Infinity) return Infinity
  if (!(small > large * 2 ** -30)) return large
  // An exact power of two brings the squares into range.
  const unit = large > 2 ** 500 ? 2 ** 600 : large < 2 ** -400 ? 2 ** -600 : 1
  const a = large / unit
  const b = small / unit
  const square = add(twoProduct(a, a), twoProduct(b, b))
  const root = Math.sqrt(square.hi)
  const rootSquare = twoProduct(root, root)
  const residual = square.hi - rootSquare.hi - rootSquare.lo + square.lo
  return (root + residual / (2 * root)) * unit
}
