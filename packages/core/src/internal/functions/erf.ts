import {
  type DoubleDouble,
  divide,
  exp,
  fastTwoSum,
  horner,
  multiply,
  scale,
  twoProduct,
  twoSum
} from "./double-double.ts"

// erf(x)/x - 1 on [0, 0.75] as a polynomial in x^2: Chebyshev interpolation at 12 nodes,
// truncation error 2^-60.
const ERF: ReadonlyArray<number> = [
  0.1283791670955126, -0.37612638903183754, 0.11283791670955087, -0.026866170645118446, 0.005223977625222192,
  -0.0008548327001135946, 0.00012055331545294116, -1.4925589383821143e-5, 1.646038320985815e-6, -1.63332293434337e-7,
  1.4413879289095029e-8, -9.502840894774706e-10
]

// The slowly varying g(t) = (1 + 2x) e^(x^2) erfc(x), t = (x - 3.75) / (x + 3.75), on
// 1/2 <= x <= 28: Chebyshev interpolation at 23 nodes, truncation error 2^-57. The
// constant term stands apart, because the sum of the others is below 0.1.
const SCALED_ERFC_CONSTANT: DoubleDouble = { hi: 1.2375126308378275, lo: 1.0546160249725448e-16 }
const SCALED_ERFC: ReadonlyArray<number> = [
  -0.14024059858554702, 0.003585415485463661, 0.08227673849015014, -0.10880393014170647, 0.09230432116023841,
  -0.05869339859054205, 0.028362277420679913, -0.009746579548218493, 0.0017556258420810696, 0.0002937136047844516,
  -0.0002901540474276619, 5.1649324354456515e-5, 2.2384220752172453e-5, -1.1444632989035388e-5, -9.737679932985856e-7,
  1.7521277342387254e-6, -5.6473809455592105e-8, -2.5847412181276515e-7, 2.2080532158895838e-8, 3.756256462567092e-8,
  -2.7961475889264196e-9, -4.014164369009667e-9
]

// erf(x) - x for |x| <= 3/4.
const erfMinusIdentity = (x: number): number => x * horner(x * x, ERF)

// erfc(x) for x >= 1/2. The exponential is taken in double-double because the rounding
// error of x^2 alone would be amplified by x^2, to hundreds of units in the last place.
const erfcTail = (x: number): number => {
  if (x > 27.3) return 0
  const t = (x - 3.75) / (x + 3.75)
  const g = fastTwoSum(SCALED_ERFC_CONSTANT.hi, t * horner(t, SCALED_ERFC) + SCALED_ERFC_CONSTANT.lo)
  const square = twoProduct(x, x)
  const gauss = exp({ hi: -square.hi, lo: -square.lo })
  const product = multiply(gauss.value, divide(g, twoSum(1, 2 * x)))
  return scale(product.hi, gauss.exponent)
}

/**
 * The error function, `2/sqrt(pi)` times the integral of `e^(-t^2)` from 0 to `x`.
 *
 * Odd; `erf(-0)` is `-0`, `erf(±Infinity)` is `±1`, NaN gives NaN. At most 1 ULP from
 * the correctly rounded value. Polynomial in `x^2` up to 3/4, `1 - erfc(x)` beyond; the
 * split of the line follows W. J. Cody, "Rational Chebyshev approximations for the error
 * function", Math. Comp. 23 (1969); coefficients computed for this file.
 */
export const erf = (x: number): number => {
  const magnitude = Math.abs(x)
  if (magnitude <= 0.75) return x + erfMinusIdentity(x)
  if (magnitude > 6) return Math.sign(x)
  const value = 1 - erfcTail(magnitude)
  return x < 0 ? -value : value
}

/**
 * The complementary error function `1 - erf(x)`, without cancellation.
 *
 * `erfc(Infinity)` is 0, `erfc(-Infinity)` is 2, NaN gives NaN; subnormal from `x` = 26.55,
 * zero from 27.23. At most 1 ULP from the correctly rounded value, in the tail too.
 * For `x >= 1/2` the product of `e^(-x^2)` and a slowly varying function of
 * `(x - 3.75)/(x + 3.75)` after M. M. Shepherd and J. G. Laframboise, "Chebyshev
 * approximation of (1 + 2x) exp(x^2) erfc x", Math. Comp. 36 (1981); coefficients computed
 * for this file.
 */
export const erfc = (x: number): number => {
  if (Number.isNaN(x)) return x
  if (x >= 0.5) return erfcTail(x)
  if (x >= 0.25) return 0.5 - (x - 0.5 + erfMinusIdentity(x))
  if (x >= -0.75) return 1 - (x + erfMinusIdentity(x))
  return 2 - erfcTail(-x)
}

/**
 * The Gauss function `e^(-x^2)`, which the derivatives of `erf` and `erfc` are made of.
 *
 * Even; 0 at `±Infinity`, NaN gives NaN. At most 1 ULP from the correctly rounded
 * value, where `exp(-x * x)` is wrong by up to 490 ULP: the rounding error of the square is
 * an absolute error of the exponent. The square is kept exact (Dekker's product).
 */
export const gaussian = (x: number): number => {
  if (Number.isNaN(x)) return x
  if (Math.abs(x) > 27.4) return 0
  const square = twoProduct(x, x)
  const gauss = exp({ hi: -square.hi, lo: -square.lo })
  return scale(gauss.value.hi, gauss.exponent)
}
