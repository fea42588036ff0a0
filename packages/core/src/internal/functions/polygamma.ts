import {
  add,
  cotPi,
  divide,
  type DoubleDouble,
  fromNumber,
  log,
  multiply,
  ONE,
  PI,
  polynomial,
  type Scaled,
  scale,
  subtract,
  twoSum
} from "./double-double.ts"
import { evaluateNear, findZero, type Zero } from "./zeros.ts"

// B(2k) / (2k), k = 1 ... 7, then k = 8 ... 18: the asymptotic series of digamma.
const DIGAMMA_LEADING: ReadonlyArray<DoubleDouble> = [
  { hi: 0.08333333333333333, lo: 4.625929269271485e-18 },
  { hi: -0.008333333333333333, lo: -1.1564823173178714e-19 },
  { hi: 0.003968253968253968, lo: 2.20282346155785e-19 },
  { hi: -0.004166666666666667, lo: -5.782411586589357e-20 },
  { hi: 0.007575757575757576, lo: -2.1026951223961299e-19 },
  { hi: -0.021092796092796094, lo: 1.3911677399530732e-18 },
  { hi: 0.08333333333333333, lo: 4.625929269271485e-18 }
]
const DIGAMMA_TAIL: ReadonlyArray<number> = [
  -0.4432598039215686, 3.0539543302701198, -26.456212121212122, 281.46014492753625, -3607.5105463980462,
  54827.583333333336, -974936.8238505747, 20052695.79668808, -472384867.7216299, 12635724795.916666, -380879311252.4537
]

// B(2k) / (2k)!, k = 1 ... 20: the Euler-Maclaurin corrections.
const EULER_MACLAURIN: ReadonlyArray<DoubleDouble> = [
  { hi: 0.08333333333333333, lo: 4.625929269271485e-18 },
  { hi: -0.001388888888888889, lo: 5.300543954373577e-20 },
  { hi: 3.306878306878307e-5, lo: -2.2300719288557665e-21 },
  { hi: -8.267195767195768e-7, lo: 3.457597454003665e-23 },
  { hi: 2.08767569878681e-8, lo: -1.2073450591132599e-24 },
  { hi: -5.284190138687493e-10, lo: 3.517096671929869e-27 },
  { hi: 1.3382536530684679e-11, lo: -2.828354019907999e-29 },
  { hi: -3.3896802963225827e-13, lo: -1.4986928409964295e-29 },
  { hi: 8.586062056277845e-15, lo: -6.05252374381974e-31 },
  { hi: -2.174868698558062e-16, lo: 4.961617782549996e-33 },
  { hi: 5.5090028283602295e-18, lo: -1.49827152194499e-35 },
  { hi: -1.3954464685812522e-19, lo: -1.0350590497256251e-35 },
  { hi: 3.534707039629467e-21, lo: 1.894231142684204e-37 },
  { hi: -8.953517427037546e-23, lo: -5.728752743153026e-39 },
  { hi: 2.267952452337683e-24, lo: 1.3043458462619563e-40 },
  { hi: -5.744790668872202e-26, lo: 1.663242973708004e-43 },
  { hi: 1.455172475614865e-27, lo: -5.613265715443096e-44 },
  { hi: -3.6859949406653103e-29, lo: 1.0778256413554197e-45 },
  { hi: 9.336734257095045e-31, lo: -3.9347970210731877e-47 },
  { hi: -2.36502241570063e-32, lo: 2.0347170931532494e-49 }
]

// Taylor expansions of digamma about its positive zero and the first ten negative ones.
const ZEROS: ReadonlyArray<Zero> = [
  {
    zero: { hi: 1.4616321449683622, lo: 9.549995429965697e-17 },
    radius: 2 ** -11,
    slope: { hi: 0.9676722454476212, lo: -3.387874303038943e-17 },
    higher: [-0.4427631689835921, 0.258499760955651, -0.16394270544240652, 0.10782405069126237]
  },
  {
    zero: { hi: -0.5040830082644554, lo: -8.15428206243813e-18 },
    radius: 2 ** -13,
    slope: { hi: 8.939798558792134, lo: 4.661730805438714e-16 },
    higher: [-0.8093454625306507, 32.258572064915505, -2.761011648790828, 128.27342343090902]
  },
  {
    zero: { hi: -1.5734984731623904, lo: -1.574185691077347e-17 },
    radius: 2 ** -13,
    slope: { hi: 9.941513615924176, lo: -3.5066551522020224e-16 },
    higher: [-7.802593974782628, 39.911910808498966, -54.82093287162743, 194.4376179574295]
  },
  {
    zero: { hi: -2.6107208684441447, lo: 9.881960746978353e-17 },
    radius: 2 ** -13,
    slope: { hi: 10.84832879920919, lo: -8.536942638820942e-16 },
    higher: [-12.770725694247192, 51.217352382808855, -100.2036323192089, 306.843080795829]
  },
  {
    zero: { hi: -3.635293366436901, lo: 5.454396163173039e-17 },
    radius: 2 ** -13,
    slope: { hi: 11.650939359651861, lo: 2.7717347428725115e-16 },
    higher: [-16.938337607821335, 63.16205964241572, -145.45199182008608, 440.37818718162464]
  },
  {
    zero: { hi: -4.653237761743142, lo: -2.5492686201468193e-16 },
    radius: 2 ** -13,
    slope: { hi: 12.369637994669782, lo: 3.8877487536134796e-17 },
    higher: [-20.636997462381604, 75.16701278577447, -191.19880243991764, 588.2838897926692]
  },
  {
    zero: { hi: -5.6671624415568855, lo: -3.2153051074948335e-18 },
    radius: 2 ** -13,
    slope: { hi: 13.021406387509394, lo: -6.965089235370473e-16 },
    higher: [-24.0108335669899, 87.05344839974758, -237.41817939113608, 747.1149127904746]
  },
  {
    zero: { hi: -6.678418213073427, lo: 3.470798723495241e-16 },
    radius: 2 ** -13,
    slope: { hi: 13.61885190419576, lo: -7.135780553752631e-16 },
    higher: [-27.138720475450622, 98.75629029391955, -283.9889360971214, 914.6724839741158]
  },
  {
    zero: { hi: -7.687788325031626, lo: -1.351562494643672e-16 },
    radius: 2 ** -13,
    slope: { hi: 14.17134063324115, lo: -6.249516188433109e-16 },
    higher: [-30.070057845407266, 110.25217734518726, -330.7928072979211, 1089.4014901692478]
  },
  {
    zero: { hi: -8.695764163816401, lo: -3.2859903716289447e-16 },
    radius: 2 ** -13,
    slope: { hi: 14.685967981672645, lo: -5.723133091848305e-16 },
    higher: [-32.83860036635177, 121.5353573419734, -377.731730126488, 1270.1370712167277]
  },
  {
    zero: { hi: -9.702672540001863, lo: -3.2563178405401477e-16 },
    radius: 2 ** -13,
    slope: { hi: 15.168227153977934, lo: 6.378153190846254e-16 },
    higher: [-35.4688400421718, 132.60808169720988, -424.727902889821, 1455.973780241242]
  }
]

const isPole = (x: number): boolean => x <= 0 && Number.isInteger(x)

// digamma(y) for 2^-60 < y <= 2^100.
const positiveDigamma = (y: DoubleDouble): DoubleDouble => {
  let argument = y
  let sum = fromNumber(0)
  for (let shift = 1; argument.hi < 20; shift++) {
    sum = add(sum, divide(ONE, argument))
    argument = add(y, fromNumber(shift))
  }
  const inverse = divide(ONE, argument)
  const square = multiply(inverse, inverse)
  const series = multiply(square, polynomial(square, DIGAMMA_LEADING, DIGAMMA_TAIL))
  const half = { hi: 0.5 * inverse.hi, lo: 0.5 * inverse.lo }
  return subtract(log(argument), add(sum, add(half, series)))
}

/**
 * The digamma function, the derivative of `lgamma`.
 *
 * Defined for every real `x` but the poles 0, -1, -2, ..., where it is NaN (its limits from
 * the two sides are opposite infinities); `digamma(Infinity)` is `Infinity`,
 * `digamma(-Infinity)` and `digamma(NaN)` are NaN. At most 1 ULP from the correctly
 * rounded value, near its zeros too.
 *
 * Asymptotic series from 20 (Abramowitz and Stegun 6.3.18), reached by the recurrence
 * `digamma(y + 1) = digamma(y) + 1/y`; reflection
 * `digamma(x) = digamma(1 - x) - pi cot(pi x)` for negative arguments; both in
 * double-double, because the terms cancel. Close to the zero 1.46 and the first ten
 * negative ones Taylor expansions whose centre is known to 106 bits.
 */
export const digamma = (x: number): number => {
  if (Number.isNaN(x) || x === -Infinity || isPole(x)) return NaN
  // digamma(x) = -1/x - 0.577 + ... near 0, log x - 1/(2x) - ... far away.
  if (Math.abs(x) < 2 ** -60) return -1 / x
  if (x > 2 ** 100) return Math.log(x)
  const zero = findZero(ZEROS, x)
  if (zero !== undefined) return evaluateNear(zero, x)
  if (x > 0) return positiveDigamma(fromNumber(x)).hi
  return subtract(positiveDigamma(twoSum(1, -x)), multiply(PI, cotPi(x))).hi
}

const power = (base: DoubleDouble, exponent: number): DoubleDouble => {
  let result = ONE
  let square = base
  for (let rest = exponent; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = multiply(result, square)
    if (rest > 1) square = multiply(square, square)
  }
  return result
}

// Brings the leading part to [0.7, 1.5] by an exact power of two.
const normalize = (value: DoubleDouble, exponent: number): Scaled => {
  const shift = Math.round(Math.log2(value.hi))
  return { value: { hi: scale(value.hi, -shift), lo: scale(value.lo, -shift) }, exponent: exponent + shift }
}

// factor order! / y^(order + 1) for positive finite y.
const leadingTerm = (order: number, y: DoubleDouble, factor: DoubleDouble): Scaled => {
  const unit = normalize(y, 0)
  let result = normalize(divide(factor, unit.value), 0)
  for (let j = 1; j <= order; j++) {
    result = normalize(multiply(result.value, divide(fromNumber(j), unit.value)), result.exponent)
  }
  return { value: result.value, exponent: result.exponent - (order + 1) * unit.exponent }
}

// order! zeta(order + 1, y), the absolute value of polygamma(order, y), for
// 2^-60 < y <= 2^100: the terms 1/(y + i)^(order + 1) up to an argument where the
// Euler-Maclaurin formula for the rest converges to double-double accuracy. Everything is
// taken relative to y^-(order + 1), so that only the result can overflow or underflow.
const hurwitzZeta = (order: number, y: DoubleDouble): Scaled => {
  const s = order + 1
  const start = 18 + s
  let argument = y
  let sum = fromNumber(0)
  for (let shift = 1; argument.hi < start; shift++) {
    sum = add(sum, power(divide(y, argument), s))
    argument = add(y, fromNumber(shift))
  }
  const inverse = divide(ONE, argument)
  const square = multiply(inverse, inverse)
  // s (s + 1) ... (s + 2k) / argument^(2k + 1)
  let rising = multiply(fromNumber(s), inverse)
  let rest = add(divide(argument, fromNumber(order)), fromNumber(0.5))
  EULER_MACLAURIN.forEach((coefficient, k) => {
    rest = add(rest, multiply(coefficient, rising))
    rising = multiply(rising, multiply(fromNumber((s + 2 * k + 1) * (s + 2 * k + 2)), square))
  })
  const zeta = add(sum, multiply(power(divide(y, argument), s), rest))
  return leadingTerm(order, y, zeta)
}

// a - b, rounded to 106 bits of the larger.
const difference = (a: Scaled, b: Scaled): Scaled => {
  const exponent = Math.max(a.exponent, b.exponent)
  const aligned = (x: Scaled): DoubleDouble => {
    const factor = 2 ** (x.exponent - exponent)
    return { hi: x.value.hi * factor, lo: x.value.lo * factor }
  }
  return { value: subtract(aligned(a), aligned(b)), exponent }
}

const toNumber = (x: Scaled): number => scale(x.value.hi, x.exponent)

/**
 * The polygamma function: the derivative of order `order` of `digamma`. Order 1 is the
 * trigamma, order 2 the tetragamma function; order 0 is `digamma` itself.
 *
 * `order` must be a non-negative integer, else the result is NaN. At the poles
 * 0, -1, -2, ... an odd order gives `Infinity` and an even one NaN (opposite limits); at
 * `Infinity` the result is a zero of the sign of the function; `-Infinity` and NaN give
 * NaN. At most 1 ULP from the correctly rounded value for orders 1 to 3, measured so up to order 150.
 *
 * `polygamma(n, y) = (-1)^(n + 1) n! zeta(n + 1, y)`: the Hurwitz zeta function by its
 * series and the Euler-Maclaurin formula (Abramowitz and Stegun 6.4.10 and 23.1.30), in
 * double-double. A negative argument is moved to both sides of a pole: the sum of
 * `1/(x + i)^(n + 1)` over `i >= 0` splits into three such functions of positive arguments
 * (for n = 1 that is the reflection formula, with the cosecant as a sum over its poles).
 */
export const polygamma = (order: number, x: number): number => {
  if (!Number.isInteger(order) || order < 0 || Number.isNaN(x)) return NaN
  if (order === 0) return digamma(x)
  const odd = order % 2 === 1
  if (isPole(x)) return odd ? Infinity : NaN
  if (x === -Infinity) return NaN
  const y = Math.abs(x)
  if (x === Infinity) return odd ? 0 : -0
  if (x > 0 || y < 2 ** -60) {
    // For x far away (-1)^(n + 1) (n - 1)! / x^n, near 0 (-1)^(n + 1) n! / x^(n + 1).
    const magnitude =
      y < 2 ** -60
        ? leadingTerm(order, fromNumber(y), ONE)
        : y > 2 ** 100
          ? leadingTerm(order - 1, fromNumber(y), ONE)
          : hurwitzZeta(order, fromNumber(y))
    return odd || x < 0 ? toNumber(magnitude) : -toNumber(magnitude)
  }
  // With x = below - count and 0 < below < 1 the terms are 1/(below + i)^(n + 1) for i >= 0
  // and (-1)^(n + 1) / (above + i)^(n + 1) for i = 0 ... count - 1, above = 1 - below.
  const above = fromNumber(Math.ceil(x) - x)
  const right = hurwitzZeta(order, subtract(ONE, above))
  const left = hurwitzZeta(order, above)
  const beyond = hurwitzZeta(order, twoSum(1, y))
  // An even order cancels almost completely near x = -1/2, -3/2, ...: right and left first.
  return odd
    ? toNumber(difference(right, difference(beyond, left)))
    : toNumber(difference(difference(left, right), beyond))
}
