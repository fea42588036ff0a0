import type { Value, Variable, VectorFunction, Vectors } from "../vector.ts"
import { exp as exactExp } from "./exponential.ts"
import { log as exactLog } from "./logarithm.ts"
import { promoted, throughDoubles } from "./promoted.ts"
import { cos as exactCos, sin as exactSin } from "./trigonometric.ts"

// Functions that matter, in single precision itself. Polynomials: Chebyshev interpolation, rounded to single precision. What is
// rare goes through doubles.

/** The lanes in `mask` by the function of doubles instead. */
const orThroughDoubles = (
  v: Vectors,
  x: Variable,
  result: Value,
  mask: Value,
  name: string,
  definition: VectorFunction
): Value => {
  const value = v.let(result)
  const rare = v.let(mask)
  v.if(v.any(rare), () => {
    const exact = v.let(promoted(name, definition).build(v, x, x))
    v.assign(value, v.select(rare, exact, value))
  })
  return value
}

/** Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits. */
const ROUND = 12582912
const LOG2_E = 1.4426950408889634
/** log 2 as nine bits and the rest. */
const LN2_HI = 0.693359375
const LN2_LO = -0.00021219444005469057

/** (e^r - 1 - r) / r^2 for |r| <= log 2 / 2. */
const EXP = [0.5, 0.16666576266288757, 0.04166655242443085, 0.00836323294788599, 0.0013926250394433737]

/** e^x for |x| <= 87. */
const ordinaryExp = (v: Vectors, x: Value): Value => {
  const rounded = v.let(v.add(v.mul(x, LOG2_E), ROUND))
  const k = v.let(v.sub(rounded, ROUND))
  const r = v.let(v.sub(v.sub(x, v.mul(k, LN2_HI)), v.mul(k, LN2_LO)))
  const value = v.add(1, v.add(r, v.mul(v.mul(r, r), v.polynomial(EXP, r))))
  return v.integerAdd(value, v.shiftLeft(rounded, 23))
}

const expOf = (v: Vectors, x: Variable): Value =>
  orThroughDoubles(v, x, ordinaryExp(v, x), v.beyond(v.abs(x), 87), "exp", exactExp)

/** At most 2 ULP from the correctly rounded value. */
const exp: VectorFunction = { arity: 1, build: (v, x) => expOf(v, x) }

/** (log(1 + f) - f + f^2 / 2) / f^3 for 1 + f between the square roots of 1/2 and 2. */
const LOG = [
  0.3333333134651184, -0.2499999701976776, 0.20000715553760529, -0.1666780263185501, 0.14249058067798615,
  -0.12425687164068222, 0.11685419827699661, -0.11479733884334564, 0.06971611827611923
]
const SQRT_HALF = 0x3f3504f3n
const ONE = 0x3f800000n
const LEAST = 1n << 31n
const SMALLEST_NORMAL = 1n << 23n
const INFINITY_BITS = 0xffn << 23n

/** At most 2 ULP from the correctly rounded value. */
const log: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const shifted = v.let(v.integerAdd(x, v.bits(ONE - SQRT_HALF)))
    const k = v.let(v.sub(v.or(v.shiftRight(shifted, 23), 2 ** 23), 2 ** 23 + 127))
    const mantissa = v.integerAdd(v.and(shifted, v.bits((1n << 23n) - 1n)), v.bits(SQRT_HALF))
    const f = v.let(v.sub(mantissa, 1))
    const square = v.let(v.mul(f, f))
    const cubic = v.mul(v.mul(f, square), v.polynomial(LOG, f))
    const small = v.sub(v.add(cubic, v.mul(k, LN2_LO)), v.mul(0.5, square))
    const value = v.add(v.add(f, small), v.mul(k, LN2_HI))
    const rare = v.integerGt(
      v.integerAdd(x, v.bits(LEAST - SMALLEST_NORMAL)),
      v.bits(INFINITY_BITS - SMALLEST_NORMAL - 1n - LEAST)
    )
    return orThroughDoubles(v, x, value, rare, "log", exactLog)
  }
}

/** (tanh(x) / x - 1) / x^2 in powers of x^2 up to 0.4. */
const TANH = [
  -0.3333333432674408, 0.1333329975605011, -0.053958460688591, 0.021762503311038017, -0.0083231870085001,
  0.0022695017978548505
]

/** At most 2 ULP from the correctly rounded value. */
const tanh: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const magnitude = v.let(v.abs(x))
    const square = v.let(v.mul(x, x))
    const small = v.add(magnitude, v.mul(v.mul(magnitude, square), v.polynomial(TANH, square)))
    const doubled = v.let(v.pmin(v.add(magnitude, magnitude), 40))
    const large = v.sub(1, v.div(2, v.add(ordinaryExp(v, doubled), 1)))
    const value = v.withSign(v.abs(v.select(v.lt(magnitude, 0.625), small, large)), x)
    return v.select(v.ne(x, x), x, value)
  }
}

/** As that of doubles. At most 2 ULP from the correctly rounded value. */
const sigmoid: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const negative = v.let(v.or(x, v.signBit))
    const e = v.let(expOf(v, negative))
    const denominator = v.let(v.add(1, e))
    const lost = v.sub(e, v.sub(denominator, 1))
    const quotient = v.let(v.div(v.select(v.lt(x, 0), e, 1), denominator))
    return v.sub(quotient, v.mul(v.mul(quotient, lost), v.pmax(quotient, v.sub(1, quotient))))
  }
}

const SINE = [-0.166666641831398, 0.008332747034728527, -0.00019587638962548226]
const COSINE = [0.0416666641831398, -0.0013888301327824593, 2.4547689463361166e-5]
const TWO_OVER_PI = 0.6366197723675814
/** pi / 2 as 40 bits and the rest. */
const HALF_PI = [1.5707963267941523, 7.443547480486623e-13] as const
const ROUND_DOUBLE = 6755399441055744
const LIMIT = 8192
const lowWords = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]

/** The sine of x and so many quarter turns. The angle is reduced in double precision. */
const sineOf = (quarters: bigint, name: string, definition: VectorFunction): VectorFunction => ({
  arity: 1,
  build: (v, x) => {
    const w = v.of("f64x2")
    const quadrants: Array<Variable> = []
    const reduced = throughDoubles(
      v,
      (half) => {
        const wide = w.let(half!)
        const quadrant = w.let(w.add(w.mul(wide, TWO_OVER_PI), ROUND_DOUBLE))
        quadrants.push(quadrant)
        const q = w.let(w.sub(quadrant, ROUND_DOUBLE))
        return w.let(w.sub(w.sub(wide, w.mul(q, HALF_PI[0])), w.mul(q, HALF_PI[1])))
      },
      x
    )
    const y = v.let(reduced)
    const whole = v.shuffle(quadrants[0]!, quadrants[1]!, lowWords)
    const quadrant = v.let(quarters === 0n ? whole : v.integerAdd(whole, v.bits(quarters)))
    const square = v.let(v.mul(y, y))
    const sine = v.add(y, v.mul(v.mul(y, square), v.horner(SINE, square)))
    const cosine = v.add(v.sub(1, v.mul(0.5, square)), v.mul(v.mul(square, square), v.horner(COSINE, square)))
    const odd = v.integerEq(v.and(quadrant, v.bits(1n)), v.bits(1n))
    // The sine has the sign of y; -0 would be lost in the sum.
    const value = v.select(odd, cosine, v.or(sine, v.and(y, v.signBit)))
    const turned = v.xor(value, v.and(v.shiftLeft(quadrant, 30), v.signBit))
    return orThroughDoubles(v, x, turned, v.beyond(v.abs(x), LIMIT), name, definition)
  }
})

/** At most 2 ULP from the correctly rounded value, as is `cos`. */
const sin = sineOf(0n, "sin", exactSin)
const cos = sineOf(1n, "cos", exactCos)

/** The functions of four singles that do not go through doubles. */
export const natives = { exp, log, tanh, sigmoid, sin, cos }
