import type { VectorFunction } from "../vector.ts"
import { ordinaryExp, orScaledExp } from "./exponential.ts"
import { log1pOf } from "./logarithm.ts"

/** 1 / (1 + e^-x), as e / (1 + e) with e = e^-|x| for negative x. At most 2 ULP from the correctly rounded value. */
export const sigmoid: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const negative = v.let(v.neg(v.abs(x)))
    const e = v.let(orScaledExp(v, negative, ordinaryExp(v, negative)))
    const denominator = v.let(v.add(1, e))
    const lost = v.sub(e, v.sub(denominator, 1))
    const quotient = v.let(v.div(v.select(v.lt(x, 0), e, 1), denominator))
    // 1 / (1 + e) is the quotient or its complement to 1.
    return v.sub(quotient, v.mul(v.mul(quotient, lost), v.pmax(quotient, v.sub(1, quotient))))
  }
}

/** log(1 + e^x) = max(x, 0) + log1p(e^-|x|). At most 2 ULP from the correctly rounded value. */
export const softplus: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const negative = v.let(v.neg(v.abs(x)))
    const e = v.let(orScaledExp(v, negative, ordinaryExp(v, negative)))
    return v.add(v.select(v.gt(x, 0), x, 0), log1pOf(v, e))
  }
}
