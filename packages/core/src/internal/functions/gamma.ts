import {
  absSinPi,
  add,
  divide,
  type DoubleDouble,
  fromNumber,
  log,
  multiply,
  ONE,
  PI,
  polynomial,
  subtract,
  twoSum
} from "./double-double.ts"
import { evaluateNear, findZero, type Zero } from "./zeros.ts"

const HALF_LOG_TWO_PI: DoubleDouble = { hi: 0.9189385332046728, lo: -3.8782941580672414e-17 }

// B(2k) / (2k (2k - 1)), k = 1 ... 7, then k = 8 ... 18: the Stirling series.
const STIRLING_LEADING: ReadonlyArray<DoubleDouble> = [
  { hi: 0.08333333333333333, lo: 4.625929269271485e-18 },
  { hi: -0.002777777777777778, lo: 1.0601087908747154e-19 },
  { hi: 0.0007936507936507937, lo: 6.883823317368282e-22 },
  { hi: -0.0005952380952380953, lo: 5.36938218754726e-20 },
  { hi: 0.0008417508417508417, lo: 3.6870174889237694e-20 },
  { hi: -0.0019175269175269176, lo: 1.0675702776872475e-19 },
  { hi: 0.00641025641025641, lo: 2.2240044563805217e-19 }
]
const STIRLING_TAIL: ReadonlyArray<number> = [
  -0.029550653594771242, 0.17964437236883057, -1.3924322169059011, 13.402864044168393, -156.84828462600203,
  2193.1033333333335, -36108.77125372499, 691472.268851313, -15238221.539407415, 382900751.39141417, -10882266035.784391
]

// Taylor expansions of log|Gamma| about its zeros 1 and 2 and the negative ones above -8,
// where the general double-double path would leave too few digits.
const ZEROS: ReadonlyArray<Zero> = [
  {
    zero: { hi: 1, lo: 0 },
    radius: 2 ** -11,
    slope: { hi: -0.5772156649015329, lo: 4.942915152430645e-18 },
    higher: [0.8224670334241132, -0.40068563438653143, 0.27058080842778454, -0.20738555102867398]
  },
  {
    zero: { hi: 2, lo: 0 },
    radius: 2 ** -11,
    slope: { hi: 0.42278433509846713, lo: 4.942915152430645e-18 },
    higher: [0.3224670334241132, -0.0673523010531981, 0.020580808427784546, -0.007385551028673986]
  },
  {
    zero: { hi: -2.4570247382208006, lo: -3.7075610815513266e-17 },
    radius: 2 ** -13,
    slope: { hi: 1.5156034480216574, lo: -4.0695290379659363e-17 },
    higher: [4.8583209516339965, 1.41129114307798, 8.721782583815346, 5.800414566599873]
  },
  {
    zero: { hi: -2.7476826467274127, lo: 9.055340329338315e-17 },
    radius: 2 ** -13,
    slope: { hi: -1.9143501856115988, lo: -6.288473508186805e-17 },
    higher: [9.575189475709667, -20.095134916842603, 62.627282713513715, -194.76615530344623]
  },
  {
    zero: { hi: -3.14358088834998, lo: -2.1818179852331714e-16 },
    radius: 2 ** -14,
    slope: { hi: 7.781884658131351, lo: -1.2366266971852707e-16 },
    higher: [25.831338372387957, 112.268986297176, 588.8907422380014, 3277.1937854953417]
  },
  {
    zero: { hi: -3.955294284858598, lo: -1.999428391746348e-17 },
    radius: 2 ** -16,
    slope: { hi: -20.725060845803707, lo: 1.4319348367658305e-15 },
    higher: [251.7146825868894, -3730.6047156806126, 62588.08191876606, -1119991.501665522]
  },
  {
    zero: { hi: -4.039361839740537, lo: 2.1143995503980602e-16 },
    radius: 2 ** -16,
    slope: { hi: 26.790480886140593, lo: 7.29303362861673e-16 },
    higher: [324.25532293784715, 5465.691820777134, 104145.55520145541, 2116669.417577535]
  },
  {
    zero: { hi: -4.991544640560048, lo: 1.5174411760571722e-16 },
    radius: 2 ** -18,
    slope: { hi: -116.53578161624363, lo: -5.71604654736871e-15 },
    higher: [6995.235954894064, -551419.9978512884, 48911582.709059045, -4627747171.739249]
  },
  {
    zero: { hi: -5.0082181683225935, lo: -4.3926353491015815e-17 },
    radius: 2 ** -18,
    slope: { hi: 123.3621845633534, lo: -1.7685712092825869e-15 },
    higher: [7404.762432228682, 600556.168452811, 54807486.35665586, 5335250743.384385]
  },
  {
    zero: { hi: -5.998607480080875, lo: -3.311862478893795e-16 },
    radius: 2 ** -21,
    slope: { hi: -716.2454304275473, lo: -2.978324292002825e-14 },
    higher: [257851.58963956262, -123445282.15783688, 66486633581.99334, -38196442388133.234]
  },
  {
    zero: { hi: -6.001385294453155, lo: 6.415847287933042e-17 },
    radius: 2 ** -21,
    slope: { hi: 723.7366299252801, lo: 1.1249184125179834e-14 },
    higher: [260548.41030309396, 125386984.94090366, 67884656938.77096, 39203019565186.83]
  },
  {
    zero: { hi: -6.999801507890638, lo: 1.0550130037400023e-17 },
    radius: 2 ** -24,
    slope: { hi: -5035.967373768125, lo: -3.431412146498085e-13 },
    higher: [12690641.16604718, -42623489764.75812, 161052333144473.78, -6.491032158885829e17]
  },
  {
    zero: { hi: -7.000198333407325, lo: 2.504354173632409e-16 },
    radius: 2 ** -24,
    slope: { hi: 5044.029941110829, lo: 2.1055091809068177e-13 },
    higher: [12710958.833951395, 42725890801.879196, 161568434353282.84, 6.517043660273723e17]
  },
  {
    zero: { hi: -7.999975197095821, lo: -5.261737128572354e-17 },
    radius: 2 ** -27,
    slope: { hi: -40315.71854218779, lo: -1.3528231836249092e-12 },
    higher: [812764889.3354839, -21845960238437.15, 6.605867627581421e17, -2.1306755305163004e22]
  }
]

// log Gamma(y) for 20 <= y <= 2^100 by the Stirling series.
const stirling = (y: DoubleDouble): DoubleDouble => {
  const inverse = divide(ONE, y)
  const series = multiply(inverse, polynomial(multiply(inverse, inverse), STIRLING_LEADING, STIRLING_TAIL))
  const main = subtract(multiply(add(y, fromNumber(-0.5)), log(y)), y)
  return add(main, add(HALF_LOG_TWO_PI, series))
}

// Gamma(y) = Gamma(argument) / product with argument >= 20.
const shiftUp = (y: number): { readonly argument: DoubleDouble; readonly product: DoubleDouble } => {
  let argument = fromNumber(y)
  let product = ONE
  for (let shift = 1; argument.hi < 20; shift++) {
    product = multiply(product, argument)
    argument = twoSum(y, shift)
  }
  return { argument, product }
}

/**
 * The logarithm of the absolute value of the gamma function.
 *
 * Defined for every real `x` but the poles 0, -1, -2, ..., where it is `Infinity`, as at
 * `±Infinity` (C99); NaN gives NaN. Every double below -2^52 is an integer, hence a pole.
 * At most 1 ULP from the correctly rounded value, near all zeros too.
 *
 * Stirling series from 20 (Abramowitz and Stegun 6.1.41), reached by the recurrence
 * `Gamma(y + 1) = y Gamma(y)`; reflection `Gamma(-y) Gamma(y) = -pi / (y sin(pi y))` for
 * negative arguments; both in double-double, because the terms cancel. Close to the zeros
 * Taylor expansions whose centre is known to 106 bits.
 */
export const lgamma = (x: number): number => {
  if (Number.isNaN(x)) return x
  if (!Number.isFinite(x) || (x <= 0 && Number.isInteger(x))) return Infinity
  const y = Math.abs(x)
  // log|Gamma(x)| = -log|x| - 0.577 x + ...
  if (y < 2 ** -60) return -Math.log(y)
  // log Gamma(x) = x (log x - 1) - log(x)/2 + ...
  if (y > 2 ** 100) {
    const logarithm = log(fromNumber(y))
    return y * (logarithm.hi - 1 + logarithm.lo)
  }
  const zero = findZero(ZEROS, x)
  if (zero !== undefined) return evaluateNear(zero, x)
  const { argument, product } = shiftUp(y)
  if (x > 0) {
    return (y < 20 ? subtract(stirling(argument), log(product)) : stirling(argument)).hi
  }
  const reflected = divide(multiply(PI, product), multiply(fromNumber(y), absSinPi(y)))
  return subtract(log(reflected), stirling(argument)).hi
}
