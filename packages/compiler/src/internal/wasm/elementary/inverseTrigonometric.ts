import type { Value, Variable, VectorFunction, Vectors } from "../vector.ts"

// fdlibm, e_asin.c, e_acos.c, s_atan.c and e_atan2.c (Sun Microsystems, 1993): formulas and coefficients.

const HALF_PI_HI = 1.570796326794896558
const HALF_PI_LO = 6.12323399573676603587e-17
const PI_HI = 3.141592653589793116
const PI_LO = 1.2246467991473532e-16

const P = [
  1.66666666666666657415e-1, -3.25565818622400915405e-1, 2.01212532134862925881e-1, -4.00555345006794114027e-2,
  7.91534994289814532176e-4, 3.4793310759602116757e-5
]
const Q = [1, -2.40339491173441421878, 2.02094576023350569471, -6.8828397160545329303e-1, 7.70381505559019352791e-2]

interface ArcSine {
  readonly magnitude: Variable
  /** Where |x| < 1/2. */
  readonly small: Variable
  /** asin(s) = s + s r for s = |x| where that is small, else for s = sqrt((1 - |x|) / 2). */
  readonly r: Variable
  /** s = rootHigh + rootLow, of 26 digits and the rest. */
  readonly root: Variable
  readonly rootHigh: Variable
  readonly rootLow: Variable
}

const arcSine = (v: Vectors, x: Variable): ArcSine => {
  const magnitude = v.let(v.abs(x))
  const small = v.let(v.lt(magnitude, 0.5))
  const half = v.let(v.mul(0.5, v.sub(1, magnitude)))
  const z = v.let(v.select(small, v.mul(x, x), half))
  const r = v.let(v.div(v.mul(z, v.horner(P, z)), v.horner(Q, z)))
  const root = v.let(v.sqrt(half))
  const rootHigh = v.let(v.and(root, v.bits(-(1n << 32n))))
  // At x = 1 the root is 0, and 0 / 0 must not spoil it.
  const rootLow = v.let(v.div(v.sub(half, v.mul(rootHigh, rootHigh)), v.pmax(v.add(root, rootHigh), 2 ** -500)))
  return { magnitude, small, r, root, rootHigh, rootLow }
}

/** At most 1 ULP from the correctly rounded value. */
export const asin: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const { magnitude, r, root, rootHigh, rootLow, small } = arcSine(v, x)
    const near = v.add(magnitude, v.mul(magnitude, r))
    // pi / 2 - 2 asin(s)
    const p = v.sub(v.mul(v.mul(2, root), r), v.sub(HALF_PI_LO, v.mul(2, rootLow)))
    const q = v.sub(HALF_PI_HI / 2, v.mul(2, rootHigh))
    const far = v.sub(HALF_PI_HI / 2, v.sub(p, q))
    return v.or(v.select(small, near, far), v.and(x, v.signBit))
  }
}

/** At most 1 ULP from the correctly rounded value. */
export const acos: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const { r, root, rootHigh, rootLow, small } = arcSine(v, x)
    const near = v.sub(HALF_PI_HI, v.sub(x, v.sub(HALF_PI_LO, v.mul(x, r))))
    const right = v.mul(2, v.add(rootHigh, v.add(v.mul(r, root), rootLow)))
    const left = v.sub(PI_HI, v.mul(2, v.add(root, v.sub(v.mul(r, root), HALF_PI_LO))))
    return v.select(small, near, v.select(v.lt(x, 0), left, right))
  }
}

const ATAN = [
  3.33333333333329318027e-1, -1.99999999998764832476e-1, 1.42857142725034663711e-1, -1.1111110405462355788e-1,
  9.09088713343650656196e-2, -7.69187620504482999495e-2, 6.66107313738753120669e-2, -5.83357013379057348645e-2,
  4.97687799461593236017e-2, -3.6531572744216915527e-2, 1.62858201153657823623e-2
]
/** From `from` on: atan x = high + low + atan((x - c) / (1 + c x)), c infinite in the last row. */
const INTERVALS = [
  { from: 7 / 16, c: 0.5, high: 4.63647609000806093515e-1, low: 2.26987774529616870924e-17 },
  { from: 11 / 16, c: 1, high: 7.85398163397448278999e-1, low: 3.06161699786838301793e-17 },
  { from: 19 / 16, c: 1.5, high: 9.82793723247329054082e-1, low: 1.39033110312309984516e-17 }
]
const LAST = 39 / 16

/** atan of a number that is not negative, or of NaN. */
const arcTangent = (v: Vectors, x: Variable): Value => {
  const c = v.let(0)
  const high = v.let(0)
  const low = v.let(0)
  for (const interval of INTERVALS) {
    const mask = v.let(v.ge(x, interval.from))
    v.assign(c, v.select(mask, interval.c, c))
    v.assign(high, v.select(mask, interval.high, high))
    v.assign(low, v.select(mask, interval.low, low))
  }
  const last = v.let(v.ge(x, LAST))
  v.assign(high, v.select(last, HALF_PI_HI, high))
  v.assign(low, v.select(last, HALF_PI_LO, low))
  const numerator = v.select(last, -1, v.sub(x, c))
  const denominator = v.select(last, x, v.add(1, v.mul(c, x)))
  const t = v.let(v.div(numerator, denominator))
  const z = v.let(v.mul(t, t))
  const series = v.mul(t, v.mul(z, v.polynomial(ATAN, z)))
  // Where high and low are 0 this is t - series.
  return v.sub(high, v.sub(v.sub(series, low), t))
}

/** At most 1 ULP from the correctly rounded value. */
export const atan: VectorFunction = {
  arity: 1,
  build: (v, x) => v.or(arcTangent(v, v.let(v.abs(x))), v.and(x, v.signBit))
}

/** The angle of (x, y); y comes first. At most 2 ULP from the correctly rounded value. */
export const atan2: VectorFunction = {
  arity: 2,
  build: (v, y, x) => {
    const a = v.let(v.abs(y))
    const b = v.let(v.abs(x))
    const equal = v.let(v.eq(a, b))
    // 0 / 0 stands for 0, and infinity / infinity for 1.
    const ratio = v.select(equal, v.select(v.eq(a, 0), 0, 1), v.div(a, b))
    const angle = v.let(arcTangent(v, v.let(ratio)))
    // -0 counts as negative.
    const negative = v.integerGt(v.bits(0n), x)
    const turned = v.sub(PI_HI, v.sub(angle, PI_LO))
    return v.or(v.select(negative, turned, angle), v.and(y, v.signBit))
  }
}
