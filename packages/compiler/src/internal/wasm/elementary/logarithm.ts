import { aside, type Operand, type Value, type Variable, type VectorFunction, type Vectors } from "../vector.ts"

// log x = k log 2 + log(1 + f) with x = 2^k (1 + f) and 1 + f in [sqrt(1/2), sqrt 2), where log(1 + f) = f - f^2 / 2 + s (f^2 / 2 + R(s^2))
// and s = f / (2 + f). fdlibm, e_log.c and s_log1p.c (K. C. Ng, Sun Microsystems): the formula, the coefficients of R and
// the two parts of log 2.

const R = [
  6.66666666666673513e-1, 3.999999999940941908e-1, 2.857142874366239149e-1, 2.222219843214978396e-1,
  1.818357216161805012e-1, 1.531383769920937332e-1, 1.479819860511658591e-1
]
const LN2_HI = 6.9314718036912381649e-1
const LN2_LO = 1.90821492927058770002e-10

const SQRT_HALF = 0x3fe6a09e667f3bcdn
const ONE = 0x3ff0000000000000n

interface Split {
  /** x = 2^k (1 + f) */
  readonly f: Value
  readonly k: Value
}

/** For positive normal numbers; `bias` is 2^52 + 1023 plus what k is too large by. */
const split = (v: Vectors, x: Value, bias: Operand): Split => {
  const shifted = v.let(v.integerAdd(x, v.bits(ONE - SQRT_HALF)))
  const k = v.sub(v.or(v.shiftRight(shifted, 52), 2 ** 52), bias)
  const mantissa = v.integerAdd(v.and(shifted, v.bits((1n << 52n) - 1n)), v.bits(SQRT_HALF))
  return { f: v.sub(mantissa, 1), k }
}

/** k log 2 + low + log(1 + f). */
const combine = (v: Vectors, f: Variable, k: Variable, low?: Value): Value => {
  const s = v.let(v.div(f, v.add(2, f)))
  const z = v.let(v.mul(s, s))
  const w = v.let(v.mul(z, z))
  const r = v.add(v.mul(w, v.horner([R[1]!, R[3]!, R[5]!], w)), v.mul(z, v.horner([R[0]!, R[2]!, R[4]!, R[6]!], w)))
  const half = v.let(v.mul(v.mul(0.5, f), f))
  const lowPart = low === undefined ? v.mul(k, LN2_LO) : v.add(v.mul(k, LN2_LO), low)
  return v.sub(v.mul(k, LN2_HI), v.sub(v.sub(half, v.add(v.mul(s, v.add(half, r)), lowPart)), f))
}

const BIAS = 2 ** 52 + 1023

/** log x for every x; subnormal numbers are scaled first. */
const special = (v: Vectors, x: Variable): Value => {
  const { f, k } = split(v, v.let(v.mul(x, 2 ** 54)), BIAS + 54)
  const value = v.let(combine(v, v.let(f), v.let(k)))
  v.assign(value, v.select(v.eq(x, 0), -Infinity, value))
  v.assign(value, v.select(v.lt(x, 0), NaN, value))
  return v.select(v.or(v.eq(x, Infinity), v.ne(x, x)), x, value)
}

const SMALLEST_NORMAL_BITS = 1n << 52n
const INFINITY_BITS = 0x7ffn << 52n
const LEAST = 1n << 63n

/** Where x is not a positive normal number: an unsigned comparison, made of a signed one. */
const extraordinary = (v: Vectors, x: Value): Value =>
  v.integerGt(
    v.integerAdd(x, v.bits(LEAST - SMALLEST_NORMAL_BITS)),
    v.bits(INFINITY_BITS - SMALLEST_NORMAL_BITS - 1n - LEAST)
  )

/** log x as part of another function. */
export const logOf = (v: Vectors, x: Variable): Value => {
  const { f, k } = split(v, x, BIAS)
  const value = v.let(combine(v, v.let(f), v.let(k)))
  const mask = v.let(extraordinary(v, x))
  v.if(v.any(mask), () => {
    v.assign(value, v.select(mask, v.call(aside(v, "log.special", special), x), value))
  })
  return value
}

/** log x. At most 1 ULP from the correctly rounded value. */
export const log: VectorFunction = { arity: 1, build: (v, x) => logOf(v, x) }

/** log(1 + x), or log(1 + x + xLow), as part of another function. */
export const log1pOf = (v: Vectors, x: Variable, xLow?: Value): Value => {
  const u = v.let(v.add(1, x))
  const parts = split(v, u, BIAS)
  const k = v.let(parts.k)
  const near = v.let(v.eq(k, 0))
  // Where k is 0 the fraction is x itself; elsewhere what 1 + x lost is added to the logarithm.
  const f = v.let(v.select(near, x, parts.f))
  const lost = v.let(v.select(v.ge(u, 2), v.sub(1, v.sub(u, x)), v.sub(x, v.sub(u, 1))))
  const exact = v.without(lost, near)
  const value = v.let(combine(v, f, k, v.div(xLow === undefined ? exact : v.add(exact, xLow), u)))
  const ordinary = v.let(v.and(v.gt(x, -1), v.lt(x, Infinity)))
  v.unless(v.all(ordinary), () => {
    v.assign(value, v.select(ordinary, value, v.select(v.eq(x, -1), -Infinity, v.select(v.lt(x, -1), NaN, x))))
  })
  return v.select(v.eq(x, 0), x, value)
}

/** log(1 + x). At most 1 ULP from the correctly rounded value. */
export const log1p: VectorFunction = { arity: 1, build: (v, x) => log1pOf(v, x) }
