import type { VectorFunction } from "../vector.ts"
import { exactExpm1, ordinaryExp, orScaledExp } from "./exponential.ts"
import { twoProductError, twoSumError } from "./exact.ts"
import { log1pOf, logOf } from "./logarithm.ts"

/** tanh x = -t / (t + 2) with t = e^(-2 |x|) - 1, corrected by what roundings lost. At most 1 ULP off. */
export const tanh: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const doubled = v.let(v.pmax(v.mul(v.abs(x), -2), -80))
    const [t, tRest] = exactExpm1(v, doubled)
    const tLow = v.let(tRest)
    const denominator = v.let(v.add(t, 2))
    const denominatorLow = v.add(v.sub(t, v.sub(denominator, 2)), tLow)
    const quotient = v.let(v.div(v.neg(t), denominator))
    // 1 / (t + 2) = (1 + quotient) / 2.
    const lost = v.add(tLow, v.mul(quotient, denominatorLow))
    const value = v.sub(quotient, v.mul(lost, v.add(0.5, v.mul(0.5, quotient))))
    return v.withSign(v.abs(value), x)
  }
}

/** sinh x = (t + t / (t + 1)) / 2 with t = e^|x| - 1. At most 1 ULP off. */
export const sinh: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const magnitude = v.let(v.abs(x))
    const [t, tRest] = exactExpm1(v, magnitude)
    const tLow = v.let(tRest)
    const denominator = v.let(v.add(t, 1))
    const quotient = v.let(v.div(t, denominator))
    const rest = v.let(v.sub(1, quotient))
    const denominatorLow = v.add(v.select(v.lt(t, 1), v.sub(t, v.sub(denominator, 1)), 0), tLow)
    const quotientLow = v.mul(v.sub(tLow, v.mul(quotient, denominatorLow)), rest)
    const value = v.mul(0.5, v.add(v.add(t, quotient), v.add(tLow, quotientLow)))
    return v.withSign(v.abs(orScaledExp(v, magnitude, value, 1)), x)
  }
}

/** cosh x = (e^|x| + e^-|x|) / 2. At most 1 ULP off. */
export const cosh: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const magnitude = v.let(v.abs(x))
    const e = v.let(ordinaryExp(v, magnitude))
    return orScaledExp(v, magnitude, v.add(v.mul(0.5, e), v.div(0.5, e)), 1)
  }
}

/** asinh x = log1p(|x| + x^2 / (1 + sqrt(1 + x^2))), log 2 |x| for large ones. At most 2 ULP off. After fdlibm (S_asinh.c). */
export const asinh: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const magnitude = v.let(v.abs(x))
    const large = v.let(v.ge(magnitude, 2 ** 28))
    const inside = v.let(v.select(large, 1, magnitude))
    const square = v.let(v.mul(inside, inside))
    const growth = v.add(inside, v.div(square, v.add(1, v.sqrt(v.add(1, square)))))
    const value = v.let(log1pOf(v, v.let(growth)))
    v.if(v.any(large), () => {
      v.assign(value, v.select(large, v.add(logOf(v, magnitude), Math.LN2), value))
    })
    return v.withSign(v.abs(value), x)
  }
}

/** acosh x = log1p(t + sqrt(t (t + 2))) with t = x - 1, log 2 x for large ones. At most 1 ULP off. */
export const acosh: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const large = v.let(v.ge(x, 2 ** 28))
    const t = v.let(v.sub(v.select(large, 2, x), 1))
    const u = v.let(v.add(t, 2))
    const square = v.let(v.mul(t, u))
    const root = v.let(v.sqrt(square))
    const sum = v.let(v.add(t, root))
    // What the roundings lost: of t + 2, of the product, of the root (one Newton step) and of the sum.
    const squareLow = v.add(v.mul(t, v.sub(t, v.sub(u, 2))), twoProductError(v, t, u, square))
    const rootSquare = v.let(v.mul(root, root))
    const residual = v.add(v.sub(v.sub(square, rootSquare), twoProductError(v, root, root, rootSquare)), squareLow)
    const rootLow = v.div(residual, v.pmax(v.add(root, root), 2 ** -500))
    const value = v.let(log1pOf(v, sum, v.let(v.add(rootLow, twoSumError(v, t, root, sum)))))
    v.assign(value, v.select(v.lt(x, 1), NaN, value))
    v.if(v.any(large), () => {
      v.assign(value, v.select(large, v.add(logOf(v, x), Math.LN2), value))
    })
    return value
  }
}

/** atanh x = log1p(2 |x| / (1 - |x|)) / 2. At most 2 ULP off. After fdlibm (e_atanh.c). */
export const atanh: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const magnitude = v.let(v.abs(x))
    const doubled = v.let(v.add(magnitude, magnitude))
    const complement = v.let(v.sub(1, magnitude))
    const small = v.add(doubled, v.div(v.mul(doubled, magnitude), complement))
    const argument = v.let(v.select(v.lt(magnitude, 0.5), small, v.div(doubled, complement)))
    return v.withSign(v.abs(v.mul(0.5, log1pOf(v, argument))), x)
  }
}
