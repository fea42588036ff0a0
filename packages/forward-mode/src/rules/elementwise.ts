/**
 * JVP rules of the elementwise primitives.
 *
 * **Details**
 *
 * A tangent meets a partial derivative through `mulStrongZero`, so a zero tangent stays zero beside an infinite or NaN
 * partial (a branch not taken never poisons). No rule looks at a number: what depends on where the point lies is a
 * `select`, so that each rule is a program and is differentiated again by the same rules. The forms of the partials are
 * chosen for the accuracy of the partial *and* of its own derivative (see `oneMinusSquare`, `gaussian` and the comments
 * beside the rules).
 *
 * Outside its domain a function's derivative is what its formula gives there: `1/x` for `log`, also at negative `x`
 * where the value is NaN; NaN for `sqrt`, `asin`, `acos` and `acosh`, whose formulas hold a square root.
 *
 * Sources: Griewank & Walther, Evaluating Derivatives (2nd ed., 2008), chapter 2 and section 3.1 for forward mode;
 * Baydin et al., Automatic Differentiation in Machine Learning: a Survey (JMLR 18, 2018), section 3.1; the derivatives
 * themselves are those of the DLMF (4.7, 4.20, 4.24, 4.34, 4.38, 5.2(i), 5.15, 7.2).
 *
 * @since 0.1.0
 */
import type { Operations, Primitive } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { JvpRules } from "../JvpRule.ts"

/** 2/sqrt(pi). */
const twoOverSqrtPi = 1.1283791670955126

/** Numbers up to `gaussianRange` on the grid 1/`gaussianGrid` have at most 26 bits: their squares are exact. */
const gaussianGrid = 2 ** 20

/** exp(-x^2) is zero from about 27.3 on. */
const gaussianRange = 32

/** From here on 1 + x^2 and x^2 differ by less than a hundredth of an ULP. */
const atanLarge = 2 ** 28

/**
 * 1 - x^2. The factored form keeps all digits near 1 and -1; the derivative of the factored form, (1 - x) - (1 + x),
 * would lose them all near 0, where the plain form is as good.
 */
const oneMinusSquare = <A>(ops: Operations.Operations<A>, x: A): A =>
  ops.select(ops.lt(ops.abs(x), 0.5), ops.sub(1, ops.mul(x, x)), ops.mul(ops.sub(1, x), ops.add(1, x)))

/** 1/sqrt(1 - x^2), the derivative of asin (DLMF 4.24.7). */
const asinPartial = <A>(ops: Operations.Operations<A>, x: A): A => ops.div(1, ops.sqrt(oneMinusSquare(ops, x)))

/**
 * 2/sqrt(pi) exp(-x^2), the derivative of erf (DLMF 7.2.1).
 *
 * The rounding error e of x*x would cost a relative error of e, up to 512 ULP. So e is computed (with hi, x rounded to
 * 26 bits, x^2 = hi^2 + (x - hi)(x + hi), and hi^2 is exact) and the factor 1 - e is given back. That factor belongs to
 * the value at this point: it is constant under differentiation, which keeps the derivative at exactly -2x times the
 * value, to any order.
 */
const gaussian = <A>(ops: Operations.Operations<A>, x: A): A => {
  const near = ops.clamp(x, -gaussianRange, gaussianRange)
  const hi = ops.mul(ops.round(ops.mul(near, gaussianGrid)), 1 / gaussianGrid)
  const error = ops.add(ops.sub(ops.mul(hi, hi), ops.mul(near, near)), ops.mul(ops.sub(near, hi), ops.add(near, hi)))
  const factor = ops.stopGradient(ops.sub(twoOverSqrtPi, ops.mul(error, twoOverSqrtPi)))
  return ops.mul(ops.exp(ops.neg(ops.mul(x, x))), factor)
}

/** `scale` / cosh(x)^2, without the square, which would overflow long before the quotient is zero. */
const squaredSech = <A>(ops: Operations.Operations<A>, x: A, scale: number): A => {
  const cosh = ops.cosh(x)
  return ops.div(ops.div(scale, cosh), cosh)
}

/** The share of `max` that falls to x: 1 above y, 0 below, one half at a tie, NaN beside a NaN. */
const above = <A>(ops: Operations.Operations<A>, x: A, y: A): A =>
  ops.select(ops.gt(x, y), 1, ops.select(ops.lt(x, y), 0, ops.select(ops.eq(x, y), 0.5, Number.NaN)))

/** `value`, or 0 at the origin, which is where the distance from it is zero. */
const exceptAtOrigin = <A>(ops: Operations.Operations<A>, distance: A, value: A): A =>
  ops.select(ops.eq(distance, 0), 0, value)

/** `value`, or 0 at infinity, where Infinity/Infinity would be NaN: an angle does not vary there. */
const exceptAtInfinity = <A>(ops: Operations.Operations<A>, distance: A, value: A): A =>
  ops.select(ops.eq(distance, Number.POSITIVE_INFINITY), 0, value)

/**
 * The JVP rules of the elementwise primitives.
 *
 * **Details**
 *
 * Conventions at kinks: `relu'(0) = 0`, `abs'(0) = 0`; ties of `max` and `min` share equally, and `clamp` is
 * `min(max(x, low), high)`; `pow(x, 0)` has derivative 0 in x also at 0, `pow(0, y)` has derivative 0 in y for positive
 * y, and minus infinity for y = 0; `hypot` and `atan2` have derivative 0 (of every order) at the origin; `sqrt`, `cbrt`
 * and `log` have derivative infinity at 0. A NaN operand gives `relu`, `abs`, `max`, `min` and `clamp` a NaN
 * derivative. `sign`, `floor`, `ceil` and `round` do not vary.
 *
 * The derivative of `pow` in x takes x to the rounded power y - 1. That difference is exact for y >= 1/2; below, its
 * rounding may cost |log(x)| ULP, and |log(x)| |y - 1| ULP for y < 0. Where `hypot(x, y)` overflows, the derivatives of
 * `hypot` and `atan2` come out as 0.
 *
 * @category tables
 * @since 0.1.0
 */
export const elementwise = {
  neg: [(t, { ops }) => ops.neg(t)],
  abs: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.sign(x))],
  sign: [Zero],
  exp: [(t, { ops, result }) => ops.mulStrongZero(t, result)],
  // Not 1 + expm1(x), which has no digits left for x far below 0.
  expm1: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.exp(x))],
  log: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.div(1, x))],
  log1p: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.div(1, ops.add(1, x)))],
  sqrt: [(t, { ops, result }) => ops.mulStrongZero(t, ops.div(0.5, result))],
  cbrt: [(t, { ops, result }) => ops.mulStrongZero(t, ops.div(ops.div(1 / 3, result), result))],
  sin: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.cos(x))],
  cos: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.neg(ops.sin(x)))],
  tan: [(t, { ops, result }) => ops.mulStrongZero(t, ops.add(1, ops.mul(result, result)))],
  asin: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, asinPartial(ops, x))],
  acos: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.neg(asinPartial(ops, x)))],
  // 1/(1 + x^2), and for large x, whose square or whose derivative's denominator may overflow, 1/x/x.
  atan: [
    (t, { ops, operands: [x] }) => {
      const near = ops.div(1, ops.add(1, ops.mul(x, x)))
      return ops.mulStrongZero(t, ops.select(ops.lt(ops.abs(x), atanLarge), near, ops.div(ops.div(1, x), x)))
    }
  ],
  sinh: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.cosh(x))],
  cosh: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.sinh(x))],
  // 1 - tanh(x)^2 would lose all digits in the tails.
  tanh: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, squaredSech(ops, x, 1))],
  asinh: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.div(1, ops.hypot(1, x)))],
  // The square root of the product would overflow, and be real below -1.
  acosh: [
    (t, { ops, operands: [x] }) =>
      ops.mulStrongZero(t, ops.div(1, ops.mul(ops.sqrt(ops.sub(x, 1)), ops.sqrt(ops.add(x, 1)))))
  ],
  atanh: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.div(1, oneMinusSquare(ops, x)))],
  erf: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, gaussian(ops, x))],
  erfc: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.neg(gaussian(ops, x)))],
  lgamma: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.digamma(x))],
  digamma: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.polygamma(x, 1))],
  polygamma: [(t, { ops, attributes: { order }, operands: [x] }) => ops.mulStrongZero(t, ops.polygamma(x, order + 1))],
  // As 1/4 / cosh(x/2)^2: the derivative of sigmoid(x) sigmoid(-x) would be a difference that cancels near 0.
  sigmoid: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, squaredSech(ops, ops.mul(x, 0.5), 0.25))],
  softplus: [(t, { ops, operands: [x] }) => ops.mulStrongZero(t, ops.sigmoid(x))],
  // The sign of the result is 1 above 0, 0 at 0 and below, NaN at NaN.
  relu: [(t, { ops, result }) => ops.mulStrongZero(t, ops.sign(result))],
  floor: [Zero],
  ceil: [Zero],
  round: [Zero],
  isFinite: [Zero],
  toReal: [Zero],
  toIndex: [Zero],
  add: [(t) => t, (t) => t],
  sub: [(t) => t, (t, { ops }) => ops.neg(t)],
  mul: [
    (t, { ops, operands: [, y] }) => ops.mulStrongZero(t, y),
    (t, { ops, operands: [x] }) => ops.mulStrongZero(t, x)
  ],
  // Bilinear.
  mulStrongZero: [
    (t, { ops, operands: [, y] }) => ops.mulStrongZero(t, y),
    (t, { ops, operands: [x] }) => ops.mulStrongZero(t, x)
  ],
  // In y: the relative change t/y times the result. Through result/y the derivative of 1/(1 + x^2) would underflow from
  // x = 1e77 on.
  div: [
    (t, { ops, operands: [, y] }) => ops.mulStrongZero(t, ops.div(1, y)),
    (t, { ops, operands: [, y], result }) => ops.mulStrongZero(ops.mulStrongZero(t, ops.div(1, y)), ops.neg(result))
  ],
  // Strong zeros inside the partials: y x^(y-1) is 0 at y = 0 where 0^(-1) is infinite, x^y log(x) is 0 where x^y is.
  pow: [
    (t, { ops, operands: [x, y] }) => ops.mulStrongZero(t, ops.mulStrongZero(y, ops.pow(x, ops.sub(y, 1)))),
    (t, { ops, operands: [x], result }) => ops.mulStrongZero(t, ops.mulStrongZero(result, ops.log(x)))
  ],
  // atan2(y, x): x/(x^2 + y^2) and -y/(x^2 + y^2).
  atan2: [
    (t, { ops, operands: [y, x] }) => {
      const r = ops.hypot(y, x)
      return ops.mulStrongZero(t, exceptAtOrigin(ops, r, exceptAtInfinity(ops, r, ops.div(ops.div(x, r), r))))
    },
    (t, { ops, operands: [y, x] }) => {
      const r = ops.hypot(y, x)
      return ops.mulStrongZero(t, exceptAtOrigin(ops, r, exceptAtInfinity(ops, r, ops.neg(ops.div(ops.div(y, r), r)))))
    }
  ],
  hypot: [
    (t, { ops, operands: [x], result }) => ops.mulStrongZero(t, exceptAtOrigin(ops, result, ops.div(x, result))),
    (t, { ops, operands: [, y], result }) => ops.mulStrongZero(t, exceptAtOrigin(ops, result, ops.div(y, result)))
  ],
  max: [
    (t, { ops, operands: [x, y] }) => ops.mulStrongZero(t, above(ops, x, y)),
    (t, { ops, operands: [x, y] }) => ops.mulStrongZero(t, above(ops, y, x))
  ],
  min: [
    (t, { ops, operands: [x, y] }) => ops.mulStrongZero(t, above(ops, y, x)),
    (t, { ops, operands: [x, y] }) => ops.mulStrongZero(t, above(ops, x, y))
  ],
  // x = n y + rem(x, y). The integer n is recovered from the exact remainder: x/y may round up to the next one.
  rem: [
    (t) => t,
    (t, { ops, operands: [x, y], result }) => ops.mulStrongZero(t, ops.neg(ops.round(ops.div(ops.sub(x, result), y))))
  ],
  eq: [Zero, Zero],
  ne: [Zero, Zero],
  lt: [Zero, Zero],
  le: [Zero, Zero],
  gt: [Zero, Zero],
  ge: [Zero, Zero],
  and: [Zero, Zero],
  or: [Zero, Zero],
  not: [Zero],
  select: [
    Zero,
    (t, { ops, operands: [predicate] }) => ops.select(predicate, t, 0),
    (t, { ops, operands: [predicate] }) => ops.select(predicate, 0, t)
  ],
  clamp: [
    (t, { ops, operands: [x, low, high] }) =>
      ops.mulStrongZero(t, ops.mul(above(ops, x, low), above(ops, high, ops.max(x, low)))),
    (t, { ops, operands: [x, low, high] }) =>
      ops.mulStrongZero(t, ops.mul(above(ops, low, x), above(ops, high, ops.max(x, low)))),
    (t, { ops, operands: [x, low, high] }) => ops.mulStrongZero(t, above(ops, ops.max(x, low), high))
  ],
  stopGradient: [Zero]
} satisfies Partial<JvpRules<Primitive.Name>>
