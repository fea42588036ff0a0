import { aside, type Operand, type Value, type Variable, type VectorFunction, type Vectors } from "../vector.ts"
import { add, divide, type DoubleDouble, multiply, once } from "./doubleDouble.ts"
import { fastTwoSumError, twoProductError, upper } from "./exact.ts"
import { ORDINARY, ordinaryExp, scaledExp } from "./exponential.ts"

const CBRT = [
  1.87595182427177009643, -1.88497979543377169875, 1.62142972010535446614, -0.758397934778766047437,
  0.145996192886612446982
]

/**
 * The cube root: a third of the exponent, a polynomial, and one step of Newton's method in which the product is exact. At most 1
 * ULP from the correctly rounded value. FreeBSD, s_cbrt.c (Sun Microsystems, S. G. Kargl, B. D. Evans): method and coefficients.
 */
export const cbrt: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const magnitude = v.let(v.abs(x))
    const subnormal = v.let(v.lt(magnitude, 2 ** -1022))
    const scaled = v.let(v.mul(magnitude, v.select(subnormal, 2 ** 54, 1)))
    // The upper half of the bits, divided by three as a double.
    const upper = v.sub(v.or(v.shiftRight(scaled, 32), 2 ** 52), 2 ** 52)
    const third = v.add(v.mul(upper, 1 / 3), 2 ** 52 + 715094163)
    const guess = v.let(v.shiftLeft(third, 32))
    const r = v.let(v.mul(v.mul(guess, guess), v.div(guess, scaled)))
    const cube = v.mul(v.mul(r, r), r)
    const [p0, p1, p2, p3, p4] = CBRT
    const factor = v.add(v.horner([p0!, p1!, p2!], r), v.mul(cube, v.horner([p3!, p4!], r)))
    const rough = v.mul(guess, factor)
    const t = v.let(v.and(v.integerAdd(rough, v.bits(0x80000000n)), v.bits(-(1n << 30n))))
    const ratio = v.let(v.div(scaled, v.mul(t, t)))
    const correction = v.div(v.sub(ratio, t), v.add(v.add(t, t), ratio))
    const root = v.mul(v.add(t, v.mul(t, correction)), v.select(subnormal, 2 ** -18, 1))
    const ordinary = v.and(v.gt(magnitude, 0), v.lt(magnitude, Infinity))
    return v.or(v.select(ordinary, root, magnitude), v.and(x, v.signBit))
  }
}

/**
 * sqrt(x^2 + y^2) without premature overflow or underflow: squares and their sum exact, and one step of Newton's method. At most 1 ULP
 * from the correctly rounded value. C. F. Borges, "An improved algorithm for hypot(a, b)", ACM TOMS 47 (2021).
 */
export const hypot: VectorFunction = {
  arity: 2,
  build: (v, x, y) => {
    const a = v.let(v.abs(x))
    const b = v.let(v.abs(y))
    const large = v.let(v.pmax(a, b))
    const small = v.let(v.pmin(a, b))
    const factor = v.let(v.select(v.gt(large, 2 ** 500), 2 ** -600, v.select(v.lt(large, 2 ** -400), 2 ** 600, 1)))
    const p = v.let(v.mul(large, factor))
    const q = v.let(v.mul(small, factor))
    const pp = v.let(v.mul(p, p))
    const qq = v.let(v.mul(q, q))
    const sum = v.let(v.add(pp, qq))
    const sumLow = v.add(v.sub(qq, v.sub(sum, pp)), v.add(twoProductError(v, p, p, pp), twoProductError(v, q, q, qq)))
    const root = v.let(v.sqrt(sum))
    const square = v.let(v.mul(root, root))
    const residual = v.add(v.sub(v.sub(sum, square), twoProductError(v, root, root, square)), sumLow)
    const refined: Value = v.add(root, v.div(residual, v.add(root, root)))
    // One of the factors is a power of two, and its inverse is exact.
    const value = v.let(v.div(refined, factor))
    const apart = v.le(small, v.mul(large, 2 ** -30))
    v.assign(value, v.select(apart, large, value))
    v.assign(value, v.select(v.or(v.ne(x, x), v.ne(y, y)), NaN, value))
    return v.select(v.or(v.eq(a, Infinity), v.eq(b, Infinity)), Infinity, value)
  }
}

// x^y = e^(y log x) with log x as the sum of two doubles: x = 2^k z, a table of 1/c for c near z, r = z/c - 1, and
// log x = k log 2 + log c + log(1 + r). Table and splitting (every product of high parts is exact) as in the ARM Optimized
// Routines, pow.c (S. Nagy, 2018), which improve on P. T. P. Tang, ACM TOMS 16 (1990); table and coefficients computed for this
// file.

/** Below this z would be below 0.704..., chosen so that 1 is in the middle of an interval. */
const Z_START = 0x3fe68aab00000000n
const LN2_HI = 0.6931471805598903
const LN2_LO = 5.497923018708371e-14

/** (log(1 + r) - r + r^2 / 2) / r^3 for |r| <= 0.0051: Chebyshev interpolation, relative error of the logarithm 2^-68. */
const LOG = [
  0.33333333333333337, -0.25000000000000006, 0.1999999999577162, -0.1666666666286112, 0.14286147796092952,
  -0.1250039015951378
]

/** 2 / n for odd n from 45 down to 1. */
const ATANH = Array.from({ length: 23 }, (_, i) => divide({ hi: 2, lo: 0 }, { hi: 45 - 2 * i, lo: 0 }))

/** log x for x near 1, by the series of 2 atanh((x - 1) / (x + 1)). */
const preciseLog = (x: number): DoubleDouble => {
  const s = divide({ hi: x - 1, lo: 0 }, { hi: x + 1, lo: 0 })
  const square = multiply(s, s)
  let sum: DoubleDouble = { hi: 0, lo: 0 }
  for (const coefficient of ATANH) sum = add(multiply(sum, square), coefficient)
  return multiply(s, sum)
}

/** For each of 128 intervals of z: 1/c of at most 10 bits, zero, log c as a multiple of 2^-42, and the rest of it. */
const logTable = once(() => {
  const bits = new DataView(new ArrayBuffer(8))
  const from = (i: number): number => {
    bits.setBigUint64(0, Z_START + (BigInt(i) << 45n))
    return bits.getFloat64(0)
  }
  const rows = Array.from({ length: 128 }, (_, i) => {
    const centre = (from(i) + from(i + 1)) / 2
    const unit = centre < 1 ? 512 : 1024
    const inverse = from(i) < 1 && from(i + 1) > 1 ? 1 : Math.round(unit / centre) / unit
    const log = preciseLog(inverse)
    const high = Math.round(-log.hi * 2 ** 42) / 2 ** 42
    return [inverse, 0, high, -log.hi - high - log.lo]
  })
  return new Uint8Array(new Float64Array(rows.flat()).buffer)
})

interface LogRow {
  /** x = 2^k z, and log 2 = high + low; k times high is exact. */
  readonly k: { readonly value: Variable; readonly high: number; readonly low: number }
  /** 2^-k */
  readonly scale: Value
  /** 1 / c, and z / c - 1 = rHigh + rLow, exactly. */
  readonly inverse: Variable
  readonly rHigh: Variable
  readonly rLow: Variable
  /** log c */
  readonly logHigh: Value
  readonly logLow: Value
}

/** What the logarithm of a positive normal number is made of. `bias` is 1023 plus what k is too large by. */
export const logRow = (v: Vectors, x: Variable, bias: Operand): LogRow => {
  const shifted = v.let(v.integerSub(x, v.bits(Z_START)))
  const base = v.module.internedData("log c", logTable)
  const offsets = v.let(v.shiftLeft(v.and(v.shiftRight(shifted, 45), v.bits(127n)), 5))
  const exponent = v.let(v.shiftRight(v.integerAdd(shifted, v.bits(1023n << 52n)), 52))
  const k = v.let(v.sub(v.or(exponent, 2 ** 52), v.add(bias, 2 ** 52)))
  const z = v.let(v.integerAdd(v.and(shifted, v.bits((1n << 52n) - 1n)), v.bits(Z_START)))
  const inverse = v.let(v.lows(v.loadAt(offsets, 0, base), v.loadAt(offsets, 2, base)))
  const first = v.let(v.loadAt(offsets, 0, base + 16))
  const second = v.let(v.loadAt(offsets, 2, base + 16))
  const zHigh = v.let(v.and(v.integerAdd(z, v.bits(1n << 31n)), v.bits(-(1n << 32n))))
  return {
    k: { value: k, high: LN2_HI, low: LN2_LO },
    scale: v.shiftLeft(v.integerSub(v.bits(2046n), exponent), 52),
    inverse,
    rHigh: v.let(v.sub(v.mul(zHigh, inverse), 1)),
    rLow: v.let(v.mul(v.sub(z, zHigh), inverse)),
    logHigh: v.lows(first, second),
    logLow: v.highs(first, second)
  }
}

/** log x of a positive normal number, as the sum of two doubles; `bias` as above. */
const exactLog = (v: Vectors, x: Variable, bias: Operand): readonly [high: Variable, low: Variable] => {
  const { k, logHigh, logLow, rHigh, rLow } = logRow(v, x, bias)
  const r = v.let(v.add(rHigh, rLow))
  const t1 = v.let(v.add(v.mul(k.value, k.high), logHigh))
  const t2 = v.let(v.add(t1, r))
  const low1 = v.add(v.mul(k.value, k.low), logLow)
  const low2 = v.add(v.add(v.sub(t1, t2), r), v.add(v.sub(rHigh, r), rLow))
  // -r^2 / 2, of which the part of the high part is exact.
  const half = v.let(v.mul(-0.5, r))
  const halfHigh = v.let(v.mul(-0.5, rHigh))
  const square = v.let(v.mul(rHigh, halfHigh))
  const sum = v.let(v.add(t2, square))
  const low3 = v.mul(rLow, v.add(half, halfHigh))
  const low4 = v.add(v.sub(t2, sum), square)
  const rSquare = v.let(v.mul(r, r))
  const p = v.mul(v.mul(r, rSquare), v.polynomial(LOG, r))
  const low = v.let(v.add(v.add(v.add(v.add(low1, low2), low3), low4), p))
  const high = v.let(v.add(sum, low), "log")
  return [high, v.let(fastTwoSumError(v, sum, low, high), "logLow")]
}

/** y (high + low), as the sum of two doubles. */
const exactProduct = (
  v: Vectors,
  y: Variable,
  high: Variable,
  low: Variable
): readonly [high: Variable, low: Variable] => {
  const yHigh = v.let(upper(v, y))
  const logHigh = v.let(upper(v, high))
  const logLow = v.add(v.sub(high, logHigh), low)
  const product = v.let(v.mul(yHigh, logHigh))
  const rest = v.let(v.add(v.mul(v.sub(y, yHigh), logHigh), v.mul(y, logLow)))
  const sum = v.let(v.add(product, rest), "exponent")
  return [sum, v.let(fastTwoSumError(v, product, rest, sum), "exponentLow")]
}

const INTEGER = 2 ** 65

/** x^y for all arguments. */
const anyPow = (v: Vectors, x: Variable, y: Variable): Value => {
  const magnitude = v.let(v.abs(x))
  const subnormal = v.let(v.lt(magnitude, 2 ** -1022))
  const scaled = v.let(v.mul(magnitude, v.select(subnormal, 2 ** 54, 1)))
  const [high, low] = exactLog(v, scaled, v.select(subnormal, 1023 + 54, 1023))
  // Beyond 2^65 every power is 1, 0 or infinite.
  const bounded = v.let(v.pmax(v.pmin(y, INTEGER), -INTEGER))
  const [exponent, exponentLow] = exactProduct(v, bounded, high, low)
  const value = v.let(scaledExp(v, exponent, 0, exponentLow))
  const grows = v.let(v.gt(y, 0))
  v.assign(value, v.select(v.eq(magnitude, 0), v.select(grows, 0, Infinity), value))
  v.assign(value, v.select(v.eq(magnitude, Infinity), v.select(grows, Infinity, 0), value))
  const integer = v.let(v.eq(v.trunc(bounded), bounded))
  const half = v.let(v.mul(0.5, bounded))
  const odd = v.and(integer, v.ne(v.trunc(half), half))
  v.assign(value, v.or(value, v.and(v.and(x, v.signBit), odd)))
  const negative = v.and(v.lt(x, 0), v.ne(magnitude, Infinity))
  v.assign(value, v.select(v.without(negative, integer), NaN, value))
  v.assign(value, v.select(v.or(v.ne(x, x), v.ne(y, y)), NaN, value))
  return v.select(v.or(v.eq(y, 0), v.eq(x, 1)), 1, value)
}

/** x^y as in C: 1 for y = 0 and for x = 1, even beside NaN. At most 1 ULP from the correctly rounded value. */
export const pow: VectorFunction = {
  arity: 2,
  build: (v, x, y) => {
    const [high, low] = exactLog(v, x, 1023)
    const [exponent, exponentLow] = exactProduct(v, y, high, low)
    const value = v.let(ordinaryExp(v, exponent, exponentLow))
    const normal = v.and(v.ge(x, 2 ** -1022), v.lt(x, Infinity))
    const ordinary = v.let(v.and(normal, v.lt(v.abs(exponent), ORDINARY)))
    v.unless(v.all(ordinary), () => {
      v.assign(value, v.select(ordinary, value, v.call(aside(v, "pow.any", anyPow, 2), x, y)))
    })
    return value
  }
}
