// Double-double arithmetic: a real number held as the unevaluated sum of two doubles,
// about 106 significant bits. The functions of this folder use it where an error of one
// unit in the last place of an intermediate would be amplified: in the tail of erfc, in
// reflection formulas, near the zeros of lgamma and digamma.
//
// Error-free transformations: T. J. Dekker, "A floating-point technique for extending
// the available precision", Numer. Math. 18 (1971); D. E. Knuth, TAOCP vol. 2, 4.2.2
// (two-sum). Error bounds of the compound operations: M. Joldes, J.-M. Muller and
// V. Popescu, "Tight and rigorous error bounds for basic building blocks of double-word
// arithmetic", ACM TOMS 44 (2017).
//
// JavaScript has no fused multiply-add, so a product is split by Veltkamp's method: an
// operand must stay below 2^996, and below 2^-960 the low part loses bits. Callers treat
// arguments of such size separately.

/** An unevaluated sum `hi + lo` with `|lo| <= ulp(hi) / 2`. */
export interface DoubleDouble {
  readonly hi: number
  readonly lo: number
}

export const PI: DoubleDouble = { hi: 3.141592653589793, lo: 1.2246467991473532e-16 }
export const LN2: DoubleDouble = { hi: 0.6931471805599453, lo: 2.3190468138462996e-17 }
export const ONE: DoubleDouble = { hi: 1, lo: 0 }

/** A double as a double-double. */
export const fromNumber = (x: number): DoubleDouble => ({ hi: x, lo: 0 })

/** The exact sum of two doubles of which the first is not smaller in magnitude. */
export const fastTwoSum = (a: number, b: number): DoubleDouble => {
  const hi = a + b
  return { hi, lo: b - (hi - a) }
}

/** The exact sum of two doubles (Knuth). */
export const twoSum = (a: number, b: number): DoubleDouble => {
  const hi = a + b
  const bRounded = hi - a
  return { hi, lo: a - (hi - bRounded) + (b - bRounded) }
}

const SPLITTER = 2 ** 27 + 1

/** The exact product of two doubles (Dekker and Veltkamp). */
export const twoProduct = (a: number, b: number): DoubleDouble => {
  const hi = a * b
  const aScaled = SPLITTER * a
  const aHigh = aScaled - (aScaled - a)
  const aLow = a - aHigh
  const bScaled = SPLITTER * b
  const bHigh = bScaled - (bScaled - b)
  const bLow = b - bHigh
  return { hi, lo: aLow * bLow - (hi - aHigh * bHigh - aLow * bHigh - aHigh * bLow) }
}

/** `a + b`, relative error below 2^-104 even when the operands cancel. */
export const add = (a: DoubleDouble, b: DoubleDouble): DoubleDouble => {
  const s = twoSum(a.hi, b.hi)
  const t = twoSum(a.lo, b.lo)
  const v = fastTwoSum(s.hi, s.lo + t.hi)
  return fastTwoSum(v.hi, t.lo + v.lo)
}

/** `-a`, exact. */
export const negate = (a: DoubleDouble): DoubleDouble => ({ hi: -a.hi, lo: -a.lo })

/** `a - b`, relative error below 2^-104 even when the operands cancel. */
export const subtract = (a: DoubleDouble, b: DoubleDouble): DoubleDouble => add(a, negate(b))

/** `a * b`, relative error below 2^-103. */
export const multiply = (a: DoubleDouble, b: DoubleDouble): DoubleDouble => {
  const p = twoProduct(a.hi, b.hi)
  return fastTwoSum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi))
}

/** `a / b`, relative error below 2^-101: a quotient of doubles corrected twice. */
export const divide = (a: DoubleDouble, b: DoubleDouble): DoubleDouble => {
  const first = a.hi / b.hi
  const remainder = subtract(a, multiply(b, fromNumber(first)))
  const second = remainder.hi / b.hi
  const rest = subtract(remainder, multiply(b, fromNumber(second)))
  const quotient = fastTwoSum(first, second)
  return fastTwoSum(quotient.hi, quotient.lo + rest.hi / b.hi)
}

/**
 * The polynomial with coefficients `leading` followed by `tail`, lowest degree first.
 * The tail, whose share of the sum must be below 2^-50, is summed in plain doubles.
 */
export const polynomial = (
  x: DoubleDouble,
  leading: ReadonlyArray<DoubleDouble>,
  tail: ReadonlyArray<number> = []
): DoubleDouble => {
  let sum = fromNumber(horner(x.hi, tail))
  for (let i = leading.length - 1; i >= 0; i--) sum = add(multiply(sum, x), leading[i]!)
  return sum
}

/** The polynomial with the given double coefficients, lowest degree first. */
export const horner = (x: number, coefficients: ReadonlyArray<number>): number => {
  let sum = 0
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i]!
  return sum
}

/** `x * 2^exponent` rounded once, for `|x|` near one and a result down to the subnormals. */
export const scale = (x: number, exponent: number): number =>
  exponent < -1000
    ? x * 2 ** (exponent + 200) * 2 ** -200
    : exponent > 1000
      ? x * 2 ** (exponent - 200) * 2 ** 200
      : x * 2 ** exponent

// ln(2) / 16 in three parts; the first two have 38 bits, so that their products with an
// integer below 2^15 are exact.
const LN2_OVER_16 = [0.04332169878489367, 1.0291218489291539e-13, 1.9136504600116575e-25] as const

// 2^(j/16), j = 0 ... 15.
const POWERS_OF_TWO: ReadonlyArray<DoubleDouble> = [
  { hi: 1, lo: 0 },
  { hi: 1.0442737824274138, lo: 8.551889705537965e-17 },
  { hi: 1.0905077326652577, lo: -3.046782079812471e-17 },
  { hi: 1.1387886347566916, lo: 8.912812676025408e-17 },
  { hi: 1.189207115002721, lo: 3.982015231465646e-17 },
  { hi: 1.241857812073484, lo: 4.658027591836937e-17 },
  { hi: 1.2968395546510096, lo: 2.5382502794888315e-17 },
  { hi: 1.3542555469368927, lo: 7.70094837980299e-17 },
  { hi: 1.4142135623730951, lo: -9.667293313452913e-17 },
  { hi: 1.4768261459394993, lo: -3.483994556892796e-17 },
  { hi: 1.5422108254079407, lo: 7.949834809697621e-17 },
  { hi: 1.6104903319492543, lo: 2.4707192569797888e-17 },
  { hi: 1.681792830507429, lo: 8.199010020581497e-17 },
  { hi: 1.7562521603732995, lo: 2.960140695448873e-17 },
  { hi: 1.8340080864093424, lo: 3.283107224245627e-17 },
  { hi: 1.9152065613971474, lo: -1.0619946056195963e-16 }
]

// 1/k!, k = 2 ... 8, then k = 9 ... 15.
const EXP_LEADING: ReadonlyArray<DoubleDouble> = [
  { hi: 0.5, lo: 0 },
  { hi: 0.16666666666666666, lo: 9.25185853854297e-18 },
  { hi: 0.041666666666666664, lo: 2.3129646346357427e-18 },
  { hi: 0.008333333333333333, lo: 1.1564823173178714e-19 },
  { hi: 0.001388888888888889, lo: -5.300543954373577e-20 },
  { hi: 0.0001984126984126984, lo: 1.7209558293420705e-22 },
  { hi: 2.48015873015873e-5, lo: 2.1511947866775882e-23 }
]
const EXP_TAIL: ReadonlyArray<number> = [
  2.7557319223985893e-6, 2.755731922398589e-7, 2.505210838544172e-8, 2.08767569878681e-9, 1.6059043836821613e-10,
  1.1470745597729725e-11, 7.647163731819816e-13
]

/** A double-double times a power of two, so that neither overflow nor underflow loses bits. */
export interface Scaled {
  readonly value: DoubleDouble
  readonly exponent: number
}

/**
 * `e^x` for `|x| <= 20000`, relative error below 2^-100, as `value * 2^exponent` with
 * `value` in `[0.9, 2.1]`. Reduction to `|r| <= ln(2)/32` with a table of `2^(j/16)`, then
 * the Taylor series.
 */
export const exp = (x: DoubleDouble): Scaled => {
  const k = Math.round(x.hi / LN2_OVER_16[0])
  const reduced = twoSum(x.hi, -k * LN2_OVER_16[0])
  const r = add(add(reduced, fromNumber(-k * LN2_OVER_16[1])), twoSum(x.lo, -k * LN2_OVER_16[2]))
  const quadratic = multiply(multiply(r, r), polynomial(r, EXP_LEADING, EXP_TAIL))
  const step = POWERS_OF_TWO[k & 15]!
  return { value: add(step, multiply(step, add(r, quadratic))), exponent: k >> 4 }
}

/**
 * `log x` for a normal positive `x`, absolute error below 2^-101 (1 + |log x|): one
 * Newton step `y + (x e^-y - 1)`, with its second-order term, from the double `y`
 * closest to the logarithm of the significand.
 */
export const log = (x: DoubleDouble): DoubleDouble => {
  const exponent = Math.round(Math.log2(x.hi))
  const significand = { hi: scale(x.hi, -exponent), lo: scale(x.lo, -exponent) }
  const approximation = Math.log(significand.hi)
  const inverse = exp(fromNumber(-approximation))
  const factor = 2 ** inverse.exponent
  const product = multiply(significand, { hi: inverse.value.hi * factor, lo: inverse.value.lo * factor })
  const residual = add(product, fromNumber(-1))
  const correction = add(residual, fromNumber(-0.5 * residual.hi * residual.hi))
  return add(multiply(LN2, fromNumber(exponent)), add(fromNumber(approximation), correction))
}

// (-1)^k / (2k + 1)!, k = 0 ... 14.
const SINE: ReadonlyArray<DoubleDouble> = [
  { hi: 1, lo: 0 },
  { hi: -0.16666666666666666, lo: -9.25185853854297e-18 },
  { hi: 0.008333333333333333, lo: 1.1564823173178714e-19 },
  { hi: -0.0001984126984126984, lo: -1.7209558293420705e-22 },
  { hi: 2.7557319223985893e-6, lo: -1.858393274046472e-22 },
  { hi: -2.505210838544172e-8, lo: 1.448814070935912e-24 },
  { hi: 1.6059043836821613e-10, lo: 1.2585294588752098e-26 },
  { hi: -7.647163731819816e-13, lo: -7.03872877733453e-30 },
  { hi: 2.8114572543455206e-15, lo: 1.6508842730861433e-31 },
  { hi: -8.22063524662433e-18, lo: -2.2141894119604265e-34 },
  { hi: 1.9572941063391263e-20, lo: -1.3643503830087908e-36 },
  { hi: -3.868170170630684e-23, lo: 8.843177655482344e-40 },
  { hi: 6.446950284384474e-26, lo: -1.9330404233703465e-42 },
  { hi: -9.183689863795546e-29, lo: -1.4303150396787322e-45 },
  { hi: 1.1309962886447716e-31, lo: 1.0498015412959506e-47 }
]

// (-1)^k / (2k)!, k = 0 ... 14.
const COSINE: ReadonlyArray<DoubleDouble> = [
  { hi: 1, lo: 0 },
  { hi: -0.5, lo: 0 },
  { hi: 0.041666666666666664, lo: 2.3129646346357427e-18 },
  { hi: -0.001388888888888889, lo: 5.300543954373577e-20 },
  { hi: 2.48015873015873e-5, lo: 2.1511947866775882e-23 },
  { hi: -2.755731922398589e-7, lo: -2.3767714622250297e-23 },
  { hi: 2.08767569878681e-9, lo: -1.20734505911326e-25 },
  { hi: -1.1470745597729725e-11, lo: -2.0655512752830745e-28 },
  { hi: 4.779477332387385e-14, lo: 4.399205485834081e-31 },
  { hi: -1.5619206968586225e-16, lo: -1.1910679660273754e-32 },
  { hi: 4.110317623312165e-19, lo: 1.4412973378659527e-36 },
  { hi: -8.896791392450574e-22, lo: 7.911402614872376e-38 },
  { hi: 1.6117375710961184e-24, lo: -3.6846573564509766e-41 },
  { hi: -2.4795962632247976e-27, lo: 1.2953730964765229e-43 },
  { hi: 3.279889237069838e-30, lo: 1.5117542744029879e-46 }
]

// Both for |r| <= 1/4.
const sinPiKernel = (r: number): DoubleDouble => {
  const angle = multiply(PI, fromNumber(r))
  return multiply(angle, polynomial(multiply(angle, angle), SINE))
}
const cosPiKernel = (r: number): DoubleDouble => {
  const angle = multiply(PI, fromNumber(r))
  return polynomial(multiply(angle, angle), COSINE)
}

/** `|sin(pi x)|`, relative error below 2^-99, for `|x| < 2^52` at least 2^-900 from an integer. */
export const absSinPi = (x: number): DoubleDouble => {
  const r = Math.abs(x - Math.round(x))
  return r <= 0.25 ? sinPiKernel(r) : cosPiKernel(0.5 - r)
}

/** `cot(pi x)`, relative error below 2^-98, for `|x| < 2^52` at least 2^-900 from an integer. */
export const cotPi = (x: number): DoubleDouble => {
  const r = x - Math.round(x)
  if (Math.abs(r) <= 0.25) return divide(cosPiKernel(r), sinPiKernel(r))
  const complement = (r < 0 ? -0.5 : 0.5) - r
  return divide(sinPiKernel(complement), cosPiKernel(complement))
}
