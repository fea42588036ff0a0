import type { Value, Variable, VectorFunction, Vectors } from "../vector.ts"
import { twoProductError } from "./exact.ts"
import { exactExp } from "./exponential.ts"

// As the reference: packages/core/src/internal/functions/erf.ts, whose coefficients these are.

/** erf(x) / x - 1 on [0, 0.75] in powers of x^2. */
const ERF = [
  0.1283791670955126, -0.37612638903183754, 0.11283791670955087, -0.026866170645118446, 0.005223977625222192,
  -0.0008548327001135946, 0.00012055331545294116, -1.4925589383821143e-5, 1.646038320985815e-6, -1.63332293434337e-7,
  1.4413879289095029e-8, -9.502840894774706e-10
]

/** (1 + 2x) e^(x^2) erfc(x) in powers of (x - 3.75) / (x + 3.75), 1/2 <= x <= 28; the constant term apart. */
const SCALED_CONSTANT = { hi: 1.2375126308378275, lo: 1.0546160249725448e-16 }
const SCALED = [
  -0.14024059858554702, 0.003585415485463661, 0.08227673849015014, -0.10880393014170647, 0.09230432116023841,
  -0.05869339859054205, 0.028362277420679913, -0.009746579548218493, 0.0017556258420810696, 0.0002937136047844516,
  -0.0002901540474276619, 5.1649324354456515e-5, 2.2384220752172453e-5, -1.1444632989035388e-5, -9.737679932985856e-7,
  1.7521277342387254e-6, -5.6473809455592105e-8, -2.5847412181276515e-7, 2.2080532158895838e-8, 3.756256462567092e-8,
  -2.7961475889264196e-9, -4.014164369009667e-9
]

/** erf(x) - x for |x| <= 3/4. */
const minusIdentity = (v: Vectors, x: Variable): Value => v.mul(x, v.polynomial(ERF, v.let(v.mul(x, x))))

/** erfc of |x|, at least 1/2: e^(-x^2), with an exact square, times a slowly varying function. */
const tail = (v: Vectors, magnitude: Value): Value => {
  const x = v.let(v.pmax(v.pmin(magnitude, 28), 0.5))
  const square = v.let(v.mul(x, x))
  // From 26 on the result may be subnormal: it is scaled down in the end.
  const far = v.let(v.gt(x, 26))
  const squareLow = v.neg(twoProductError(v, x, x, square))
  const [e, eLow] = exactExp(v, v.let(v.neg(square)), squareLow, v.select(far, v.bits(-500n), v.bits(0n)))
  const t = v.let(v.div(v.sub(x, 3.75), v.add(x, 3.75)))
  const variation = v.let(v.add(v.mul(t, v.polynomial(SCALED, t)), SCALED_CONSTANT.lo))
  const g = v.let(v.add(SCALED_CONSTANT.hi, variation))
  const gLow = v.sub(variation, v.sub(g, SCALED_CONSTANT.hi))
  const doubled = v.let(v.add(x, x))
  const denominator = v.let(v.add(1, doubled))
  const denominatorLow = v.sub(1, v.sub(denominator, doubled))
  const quotient = v.let(v.div(g, denominator))
  const product = v.let(v.mul(quotient, denominator))
  const residual = v.sub(v.sub(g, product), twoProductError(v, quotient, denominator, product))
  const quotientLow = v.div(v.add(residual, v.sub(gLow, v.mul(quotient, denominatorLow))), denominator)
  const value = v.add(v.mul(e, quotient), v.add(v.mul(e, quotientLow), v.mul(eLow, quotient)))
  return v.mul(value, v.select(far, 2 ** -500, 1))
}

/** At most 1 ULP from the correctly rounded value. */
export const erf: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const value = v.let(v.add(x, minusIdentity(v, x)))
    const magnitude = v.let(v.abs(x))
    const far = v.let(v.gt(magnitude, 0.75))
    v.if(v.any(far), () => v.assign(value, v.select(far, v.sub(1, tail(v, magnitude)), value)))
    return v.or(value, v.and(x, v.signBit))
  }
}

/** At most 2 ULP from the correctly rounded value. */
export const erfc: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const difference = v.let(minusIdentity(v, x))
    const right = v.sub(0.5, v.add(v.sub(x, 0.5), difference))
    const middle = v.sub(1, v.add(x, difference))
    const value = v.let(v.select(v.ge(x, 0.25), right, middle))
    const far = v.let(v.or(v.ge(x, 0.5), v.lt(x, -0.75)))
    v.if(v.any(far), () => {
      const t = v.let(tail(v, v.abs(x)))
      v.assign(value, v.select(far, v.select(v.lt(x, 0), v.sub(2, t), t), value))
    })
    return value
  }
}
