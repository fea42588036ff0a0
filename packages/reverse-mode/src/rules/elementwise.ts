/**
 * VJP rules of the elementwise primitives.
 *
 * **Details**
 *
 * A rule multiplies the cotangent by the partial derivative with `mulStrongZero`, so that the zero cotangent of a
 * branch not taken stays zero through a partial that is infinite or NaN. Partials are themselves built from primitives,
 * with care that they are accurate over the whole range of the function and that *their* derivatives are too (and so
 * on, to any order). Where the accurate formula of a partial has inaccurate derivatives, it is combined with a model
 * that has good ones: see `fallingAs`.
 *
 * Conventions at kinks: `relu'(0) = abs'(0) = 0`; ties in `max`, `min` and `clamp` share the derivative equally;
 * `pow(x, 0)` has derivative 0 in `x`, and `pow(0, y)` with `y > 0` has derivative 0 in `y`; `hypot` and `atan2` have
 * derivatives 0 at the origin.
 *
 * The derivatives of the elementary functions are those of the NIST Digital Library of Mathematical Functions,
 * https://dlmf.nist.gov, sections 4.7 (exponential and logarithm), 4.20 and 4.24 (trigonometric), 4.34 and 4.37
 * (hyperbolic), 5.2 and 5.15 (gamma) and 7.10 (error functions). The conventions of reverse mode are those of A.
 * Griewank and A. Walther, "Evaluating Derivatives", second edition, SIAM 2008, chapters 3 and 14.
 *
 * @since 0.1.0
 */
import type { Operations, Primitive } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { VjpRules } from "../VjpRule.ts"

type Ops<A> = Operations.Operations<A>

/** What the pullbacks of a primitive without attributes are told: the part of `Context` that does not depend on its name. */
interface Point<A, Operands extends ReadonlyArray<A>> {
  readonly ops: Ops<A>
  readonly operands: Operands
  readonly result: A
}

type Unary = readonly [<A>(ct: A, context: Point<A, readonly [A]>) => A]
type BinaryPullback = <A>(ct: A, context: Point<A, readonly [A, A]>) => A
type Binary = readonly [BinaryPullback, BinaryPullback]

/** The rule of a function of one real, from its derivative at `x`; `y` is the primal result. */
const unary = (partial: <A>(ops: Ops<A>, x: A, y: A) => A): Unary => [
  (ct, { ops, operands: [x], result }) => ops.mulStrongZero(ct, partial(ops, x, result))
]

/** The rule of a function of two reals, from its partial derivatives; `z` is the primal result. */
const binary = (
  first: <A>(ops: Ops<A>, x: A, y: A, z: A) => A,
  second: <A>(ops: Ops<A>, x: A, y: A, z: A) => A
): Binary => [
  (ct, { ops, operands: [x, y], result }) => ops.mulStrongZero(ct, first(ops, x, y, result)),
  (ct, { ops, operands: [x, y], result }) => ops.mulStrongZero(ct, second(ops, x, y, result))
]

/**
 * The value of `value` with the derivatives of `-model`.
 *
 * The model, which must be finite, adds an exact zero, so its rounding errors do not matter, nor do the derivatives of
 * `value`.
 */
const fallingAs = <A>(ops: Ops<A>, value: A, model: A): A =>
  ops.add(ops.stopGradient(value), ops.sub(ops.stopGradient(model), model))

/** `1 - x^2` without cancellation near one, with a derivative `-2 x` without cancellation near zero. */
const oneMinusSquare = <A>(ops: Ops<A>, x: A): A => fallingAs(ops, ops.mul(ops.sub(1, x), ops.add(1, x)), ops.mul(x, x))

const asinDerivative = <A>(ops: Ops<A>, x: A): A => ops.div(1, ops.sqrt(oneMinusSquare(ops, x)))

/** The value of the derivative of `sigmoid`, `e^-|x| / (1 + e^-|x|)^2`, accurate in both tails. */
const logisticDensity = <A>(ops: Ops<A>, x: A): A => {
  const tail = ops.exp(ops.neg(ops.abs(x)))
  const whole = ops.add(1, tail)
  return ops.div(tail, ops.mul(whole, whole))
}

/**
 * `scale * exp(-x^2)`. The rounding error of `x * x`, which the exponential would amplify by up to `x^2`, is put back
 * as a factor `1 - error`. It comes from splitting `x` into a head of at most 26 bits, whose square is exact, and the
 * rest (T. J. Dekker, "A floating-point technique for extending the available precision", Numer. Math. 18, 1971).
 * Beyond 32 the exponential is zero.
 */
const gaussian = <A>(ops: Ops<A>, x: A, scale: number): A => {
  const near = ops.clamp(x, -32, 32)
  const head = ops.div(ops.round(ops.mul(near, 1048576)), 1048576)
  const rest = ops.sub(near, head)
  const error = ops.add(ops.sub(ops.mul(head, head), ops.mul(near, near)), ops.mul(rest, ops.add(near, head)))
  const corrected = ops.stopGradient(ops.mul(ops.sub(1, error), scale))
  return ops.mul(ops.exp(ops.neg(ops.mul(x, x))), corrected)
}

/** The share of `own` in the derivative of `max` or `min`: 1 where it is the result, 1/2 in a tie, NaN where that is. */
const share = <A>(ops: Ops<A>, own: A, other: A, result: A): A => {
  const mine = ops.toReal(ops.eq(own, result))
  return ops.div(mine, ops.add(mine, ops.toReal(ops.eq(other, result))))
}

const extremum = binary(
  (ops, x, y, z) => share(ops, x, y, z),
  (ops, x, y, z) => share(ops, y, x, z)
)

/** `value`, but 0 (with all its derivatives) where `radius` is. */
const zeroAtOrigin = <A>(ops: Ops<A>, radius: A, value: A): A => ops.select(ops.eq(radius, 0), 0, value)

/** `x / (x^2 + y^2)`, 0 at the origin. */
const overSquaredRadius = <A>(ops: Ops<A>, x: A, y: A): A => {
  const radius = ops.hypot(x, y)
  const reciprocal = ops.div(1, radius)
  return zeroAtOrigin(ops, radius, ops.mulStrongZero(ops.mulStrongZero(x, reciprocal), reciprocal))
}

const hypotPartial = <A>(ops: Ops<A>, x: A, radius: A): A => zeroAtOrigin(ops, radius, ops.div(x, radius))

const product = binary(
  (_, _x, y) => y,
  (_, x) => x
)

const flat1: readonly [Zero] = [Zero]
const flat2: readonly [Zero, Zero] = [Zero, Zero]

/**
 * The VJP rules of the elementwise primitives.
 *
 * **Details**
 *
 * Pullbacks return cotangents of the broadcast shape; the backward sweep sums them back to the shape of the operand.
 * Outside the domain of a function its rule gives whatever the formula of the derivative gives there, NaN or not.
 *
 * @example
 * ```ts
 * import { Interpreter, Operations, Tensor } from "@fluxion/core"
 * import { rules } from "@fluxion/reverse-mode/VjpRules"
 *
 * const ops = Operations.make(Interpreter.algebra)
 * const x = Tensor.make([-1, 0, 3])
 * const context = { ops, attributes: {}, operands: [x], result: ops.relu(x), type: ops.typeOf(x) } as const
 * const [pullback] = rules.relu
 * if (typeof pullback === "function") console.log(`${pullback(Tensor.make([10, 10, 10]), context)}`) // [0, 0, 10]
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const elementwise = {
  neg: [(ct, { ops }) => ops.neg(ct)],
  abs: unary((ops, x) => ops.sign(x)),
  sign: flat1,
  exp: unary((_, _x, y) => y),
  expm1: unary((ops, x) => ops.exp(x)),
  log: unary((ops, x) => ops.div(1, x)),
  log1p: unary((ops, x) => ops.div(1, ops.add(1, x))),
  sqrt: unary((ops, _, y) => ops.div(0.5, y)),
  // Divided twice, the second derivative at zero is the one-sided limit; 1 / (3 y^2) would give 0 * Infinity there.
  cbrt: unary((ops, _, y) => ops.div(ops.div(1 / 3, y), y)),
  sin: unary((ops, x) => ops.cos(x)),
  cos: unary((ops, x) => ops.neg(ops.sin(x))),
  tan: unary((ops, _, y) => ops.add(1, ops.mul(y, y))),
  asin: unary((ops, x) => asinDerivative(ops, x)),
  acos: unary((ops, x) => ops.neg(asinDerivative(ops, x))),
  // 1 / (1 + x^2); but 1 + x^2 overflows before that underflows, and in its derivative much earlier.
  atan: unary((ops, x) => {
    const secant = ops.hypot(1, x)
    return ops.div(ops.div(1, secant), secant)
  }),
  sinh: unary((ops, x) => ops.cosh(x)),
  cosh: unary((ops, x) => ops.sinh(x)),
  // 1 - y^2 has lost all digits for |x| > 19, but has the right derivatives.
  tanh: unary((ops, x, y) => fallingAs(ops, ops.mul(4, logisticDensity(ops, ops.mul(2, x))), ops.mul(y, y))),
  asinh: unary((ops, x) => ops.div(1, ops.hypot(1, x))),
  acosh: unary((ops, x) => ops.div(1, ops.mul(ops.sqrt(ops.sub(x, 1)), ops.sqrt(ops.add(x, 1))))),
  atanh: unary((ops, x) => ops.div(1, oneMinusSquare(ops, x))),
  erf: unary((ops, x) => gaussian(ops, x, 2 / Math.sqrt(Math.PI))),
  erfc: unary((ops, x) => gaussian(ops, x, -2 / Math.sqrt(Math.PI))),
  lgamma: unary((ops, x) => ops.digamma(x)),
  digamma: unary((ops, x) => ops.polygamma(x, 1)),
  polygamma: [
    (ct, { attributes, operands: [x], ops }) => ops.mulStrongZero(ct, ops.polygamma(x, attributes.order + 1))
  ],
  // The derivative of s(x) s(-x) cancels near zero; that of s' = (1 - tanh(x/2)^2) / 4 is -s' tanh(x/2).
  sigmoid: unary((ops, x) => {
    const half = ops.tanh(ops.mul(0.5, x))
    return fallingAs(ops, logisticDensity(ops, x), ops.mul(0.25, ops.mul(half, half)))
  }),
  softplus: unary((ops, x) => ops.sigmoid(x)),
  // relu(x) is never negative, so its sign is 1, 0 or NaN.
  relu: unary((ops, _, y) => ops.sign(y)),
  floor: flat1,
  ceil: flat1,
  round: flat1,
  isFinite: flat1,
  toReal: flat1,
  toIndex: flat1,
  add: [(ct) => ct, (ct) => ct],
  sub: [(ct) => ct, (ct, { ops }) => ops.neg(ct)],
  mul: product,
  mulStrongZero: product,
  div: binary(
    (ops, _, y) => ops.div(1, y),
    (ops, _, y, z) => ops.neg(ops.div(z, y))
  ),
  pow: binary(
    (ops, x, y) => ops.mulStrongZero(y, ops.pow(x, ops.sub(y, 1))),
    (ops, x, _, z) => ops.mulStrongZero(z, ops.log(x))
  ),
  // The operands of atan2 are (y, x): the angle of the point (x, y).
  atan2: binary(
    (ops, y, x) => overSquaredRadius(ops, x, y),
    (ops, y, x) => ops.neg(overSquaredRadius(ops, y, x))
  ),
  hypot: binary(
    (ops, x, _, z) => hypotPartial(ops, x, z),
    (ops, _, y, z) => hypotPartial(ops, y, z)
  ),
  max: extremum,
  min: extremum,
  // x = n y + rem(x, y) with n = trunc(x / y) in exact arithmetic; the rounded quotient may be off by one, this n is
  // not.
  rem: [
    (ct) => ct,
    (ct, { operands: [x, y], ops, result }) => ops.mulStrongZero(ct, ops.neg(ops.round(ops.div(ops.sub(x, result), y))))
  ],
  eq: flat2,
  ne: flat2,
  lt: flat2,
  le: flat2,
  gt: flat2,
  ge: flat2,
  and: flat2,
  or: flat2,
  not: flat1,
  select: [
    Zero,
    (ct, { operands: [predicate], ops }) => ops.select(predicate, ct, 0),
    (ct, { operands: [predicate], ops }) => ops.select(predicate, 0, ct)
  ],
  // clamp(x, low, high) = min(max(x, low), high), ties included.
  clamp: [
    (ct, { operands: [x, low, high], ops, result }) => {
      const raised = ops.max(x, low)
      return ops.mulStrongZero(ct, ops.mul(share(ops, x, low, raised), share(ops, raised, high, result)))
    },
    (ct, { operands: [x, low, high], ops, result }) => {
      const raised = ops.max(x, low)
      return ops.mulStrongZero(ct, ops.mul(share(ops, low, x, raised), share(ops, raised, high, result)))
    },
    (ct, { operands: [x, low, high], ops, result }) => ops.mulStrongZero(ct, share(ops, high, ops.max(x, low), result))
  ],
  stopGradient: flat1
} satisfies Partial<VjpRules<Primitive.Name>>
