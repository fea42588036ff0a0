import { aside, type Value, type Variable, type VectorFunction, type Vectors } from "../vector.ts"
import { type DoubleDouble, multiply, once } from "./doubleDouble.ts"
import { fastTwoSumError, twoSumError } from "./exact.ts"

// e^x = 2^(k / 128) e^r with k the integer nearest to 128 x / log 2, so |r| <= log 2 / 256: a table of 2^(i / 128) and a
// polynomial of low degree. P. T. P. Tang, "Table-driven implementation of the exponential function in IEEE floating-point
// arithmetic", ACM TOMS 15 (1989).

/** Below this magnitude e^x and e^-x are normal numbers. */
export const ORDINARY = 708

const INVERSE = 184.6649652337873
/** Adding 1.5 * 2^52 rounds to an integer and leaves it in the low bits. */
const ROUND = 6755399441055744
/** log 2 / 128: 35 bits, so that products with k are exact, and the rest. */
const STEP_HI = 0.005415212347998022
const STEP_LO = 1.2655086083325438e-13

/** (e^r - 1 - r) / r^2 for |r| <= log 2 / 256: Chebyshev interpolation, error 2^-63 in e^r. */
const REMAINDER = [0.4999999999999907, 0.16666666666666533, 0.041666676850831016, 0.008333334788213917] as const

/** The same, relative error 2^-64 in e^r - 1. */
const RELATIVE = [0.5, 0.16666666666666333, 0.04166666666666625, 0.008333335151934088, 0.0013888891162139785]

/** 2^(1/2), 2^(1/4), ..., 2^(1/128). */
const ROOTS: ReadonlyArray<DoubleDouble> = [
  { hi: 1.4142135623730951, lo: -9.667293313452913e-17 },
  { hi: 1.189207115002721, lo: 3.982015231465646e-17 },
  { hi: 1.0905077326652577, lo: -3.046782079812471e-17 },
  { hi: 1.0442737824274138, lo: 8.551889705537965e-17 },
  { hi: 1.0218971486541166, lo: 5.109225028973444e-17 },
  { hi: 1.0108892860517005, lo: -1.5234778603368577e-17 },
  { hi: 1.0054299011128027, lo: 9.499186535455032e-17 }
]

/**
 * For i = 0 ... 127 two doubles: lo / hi of 2^(i / 128) = hi + lo, and the bits of hi without what i contributes to
 * `k << 45`, so that adding the latter gives 2^(k / 128).
 */
const table = once(() => {
  const bytes = new DataView(new ArrayBuffer(128 * 16))
  for (let i = 0; i < 128; i++) {
    const power = ROOTS.reduce((product, root, j) => (i & (64 >> j) ? multiply(product, root) : product), {
      hi: 1,
      lo: 0
    })
    bytes.setFloat64(16 * i, power.lo / power.hi, true)
    bytes.setFloat64(16 * i + 8, power.hi, true)
    bytes.setBigUint64(16 * i + 8, bytes.getBigUint64(16 * i + 8, true) - (BigInt(i) << 45n), true)
  }
  return new Uint8Array(bytes.buffer)
})

interface Reduced {
  /** 2^(k / 128), rounded; multiplied by `1 + tail` it is exact to 106 bits. */
  readonly scale: Variable
  readonly tail: Variable
  /** `x - k log 2 / 128`, rounded. */
  readonly rest: Variable
  /** What the rounding of `rest` lost; only if asked for. */
  readonly restLow: Value
}

/** For |x| < 708, or, with `bias`, the scale times 2^-bias for larger ones. NaN gives numbers without meaning. */
const reduce = (v: Vectors, x: Value, bias?: Value): Reduced => {
  const rounded = v.let(v.add(v.mul(x, INVERSE), ROUND), "rounded")
  const k = v.let(v.sub(rounded, ROUND), "k")
  const high = v.let(v.sub(x, v.mul(k, STEP_HI)))
  const low = v.let(v.mul(k, STEP_LO))
  const rest = v.let(v.sub(high, low), "rest")
  const offsets = v.let(v.shiftLeft(v.and(rounded, v.bits(127n)), 4))
  const base = v.module.internedData("2^(i/128)", table)
  const first = v.let(v.loadAt(offsets, 0, base))
  const second = v.let(v.loadAt(offsets, 2, base))
  const exponent = v.shiftLeft(rounded, 45)
  const bits = v.integerAdd(v.highs(first, second), exponent)
  return {
    scale: v.let(bias === undefined ? bits : v.integerSub(bits, v.shiftLeft(bias, 52)), "scale"),
    tail: v.let(v.lows(first, second), "tail"),
    rest,
    restLow: v.sub(v.sub(high, rest), low)
  }
}

/** e^r - 1 - r. */
const remainder = (v: Vectors, r: Value): Value => {
  const [c2, c3, c4, c5] = REMAINDER
  const square = v.let(v.mul(r, r))
  return v.mul(square, v.add(v.add(c2, v.mul(c3, r)), v.mul(square, v.add(c4, v.mul(c5, r)))))
}

/** e^x - scale, as a multiple of the scale. */
const growth = (v: Vectors, { rest, tail }: Reduced, low?: Value): Value => {
  const sum = low === undefined ? rest : v.let(v.add(rest, low))
  return v.add(v.add(tail, sum), remainder(v, sum))
}

/** e^x, or e^(x + xLow), for |x| < 708; numbers without meaning elsewhere. */
export const ordinaryExp = (v: Vectors, x: Value, xLow?: Value): Value => {
  const reduced = reduce(v, x)
  return v.add(reduced.scale, v.mul(reduced.scale, growth(v, reduced, xLow)))
}

/** e^(x + xLow) 2^-bias, where that is a normal number, as the sum of its rounded value and a correction. */
export const exactExp = (v: Vectors, x: Value, xLow: Value, bias: Value): readonly [high: Variable, low: Variable] => {
  const reduced = reduce(v, x, bias)
  const low = v.let(xLow)
  const rest = v.add(reduced.restLow, v.add(low, v.mul(low, reduced.rest)))
  const small = v.let(v.add(v.add(reduced.tail, rest), remainder(v, reduced.rest)))
  const { scale } = reduced
  // scale (1 + rest + small): the product with rest is not exact, its error 2^-61.
  const correction = v.let(v.mul(scale, v.add(reduced.rest, small)))
  const high = v.let(v.add(scale, correction), "high")
  return [high, v.let(v.sub(correction, v.sub(high, scale)), "low")]
}

/** 2^-halvings e^x for every x: scaled down so that neither overflow nor underflow comes before the last product. */
export const scaledExp = (v: Vectors, x: Variable, halvings: number, xLow?: Value): Value => {
  const inside = v.let(v.pmax(v.pmin(x, 720), -760))
  const negative = v.let(v.lt(inside, 0))
  const reduced = reduce(v, inside, v.select(negative, v.bits(-1000n), v.bits(1000n)))
  const low = xLow === undefined ? undefined : v.without(xLow, v.ne(inside, x))
  const value = v.add(reduced.scale, v.mul(reduced.scale, growth(v, reduced, low)))
  const factor = v.select(negative, 2 ** (-1000 - halvings), 2 ** (1000 - halvings))
  return v.select(v.ne(x, x), x, v.mul(value, factor))
}

/** Where every |x| < 708 the result, elsewhere 2^-halvings e^x for the lanes that are not. */
export const orScaledExp = (v: Vectors, x: Variable, result: Value, halvings = 0): Value => {
  const value = v.let(result)
  const beyond = v.let(v.beyond(v.abs(x), ORDINARY))
  v.if(v.any(beyond), () => {
    const special = aside(v, `exp.${halvings}`, (w, y) => scaledExp(w, y, halvings))
    v.assign(value, v.select(beyond, v.call(special, x), value))
  })
  return value
}

/** e^x for every x. At most 1 ULP from the correctly rounded value. */
export const exp: VectorFunction = { arity: 1, build: (v, x) => orScaledExp(v, x, ordinaryExp(v, x)) }

/** e^x - 1 for |x| < 708 as the sum of two doubles, the first of which is the rounded sum. */
export const exactExpm1 = (v: Vectors, x: Value): readonly [high: Variable, low: Value] => {
  const reduced = reduce(v, x)
  const { rest, scale, tail } = reduced
  const square = v.let(v.mul(rest, rest))
  const small = v.let(
    v.add(v.add(reduced.restLow, v.mul(square, v.horner(RELATIVE, rest))), v.add(tail, v.mul(tail, rest)))
  )
  // scale (1 + rest + small) - 1 = (scale - 1) + rest + (small + (scale - 1) (rest + small)), where rest is 0 or the larger
  // unless the first term is.
  const first = v.let(v.sub(scale, 1))
  const lost = twoSumError(v, scale, -1, first)
  const high = v.let(v.add(first, rest))
  const low = v.let(v.add(v.sub(rest, v.sub(high, first)), v.add(v.add(small, lost), v.mul(first, v.add(rest, small)))))
  const sum = v.let(v.add(high, low), "expm1")
  return [sum, fastTwoSumError(v, high, low, sum)]
}

/** e^x - 1. At most 1 ULP from the correctly rounded value. */
export const expm1: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const [high] = exactExpm1(v, x)
    // The sign of x is that of the result; -0 would be lost in the sum.
    const value = v.let(v.or(high, v.and(x, v.signBit)))
    const beyond = v.let(v.beyond(v.abs(x), ORDINARY))
    v.if(v.any(beyond), () => {
      const special = aside(v, "exp.0", (w, y) => scaledExp(w, y, 0))
      v.assign(value, v.select(beyond, v.sub(v.call(special, x), 1), value))
    })
    return value
  }
}
