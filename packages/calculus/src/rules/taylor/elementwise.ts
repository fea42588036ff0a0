/**
 * Taylor rules of the elementwise primitives.
 *
 * **Details**
 *
 * Each recurrence comes from a differential equation that the function satisfies, `a(w) w' = b(w) u'`, by comparing coefficients: order k costs
 * O(k) products, all orders up to K cost O(K²) (A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed., 2008, section 13.2, table 13.2;
 * R. D. Neidinger, Introduction to automatic differentiation and MATLAB object-oriented programming, SIAM Review 52, 2010, section 5).
 *
 * @since 0.1.0
 */
import type { Operations, Primitive } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { TaylorRules } from "../../TaylorRule.ts"
import { at, type Coefficients, multiply, product, type Series, total } from "./series.ts"

/** From `w' = g u'`: `k w_k = Σ j u_j g_{k-j}`. `g` is asked for its coefficients in order, when those of `w` before are known. */
const integrate = <A>(
  c: Coefficients<A>,
  w0: A,
  u: Series<A>,
  order: number,
  g: (w: Series<A>, k: number) => A | Zero
): Series<A> => {
  const w: Array<A | Zero> = [w0]
  const gs: Array<A | Zero> = []
  for (let k = 1; k <= order; k++) {
    gs.push(g(w, k - 1))
    const sum = total(c, 1, k, (j) => c.scale(c.mul(at(u, j), gs[k - j]!), j))
    w.push(c.scale(sum, 1 / k))
  }
  return w
}

/** From `q w' = v'`: `q_0 w_k = v_k - 1/k Σ_{j<k} j w_j q_{k-j}`. */
const integrateQuotient = <A>(c: Coefficients<A>, w0: A, v: Series<A>, q: Series<A>, order: number): Series<A> => {
  const w: Array<A | Zero> = [w0]
  for (let k = 1; k <= order; k++) {
    const sum = total(c, 1, k - 1, (j) => c.scale(c.mul(w[j]!, at(q, k - j)), j))
    w.push(c.div(c.sub(at(v, k), c.scale(sum, 1 / k)), q[0] as A))
  }
  return w
}

/** From `w² = v`: `2 w_0 w_k = v_k - Σ_{0<j<k} w_j w_{k-j}`. */
const squareRoot = <A>(c: Coefficients<A>, w0: A, v: Series<A>, order: number): Series<A> => {
  const w: Array<A | Zero> = [w0]
  for (let k = 1; k <= order; k++) {
    const sum = total(c, 1, k - 1, (j) => c.mul(w[j]!, w[k - j]!))
    w.push(c.div(c.scale(c.sub(at(v, k), sum), 0.5), w0))
  }
  return w
}

/** A function by its own Taylor coefficients at u_0: Horner's scheme in `u - u_0`. */
const compose = <A>(c: Coefficients<A>, own: ReadonlyArray<A>, u: Series<A>, order: number): Series<A> => {
  const moved: Series<A> = [Zero, ...u.slice(1)]
  let w: Series<A> = [own[order]!]
  for (let m = order - 1; m >= 0; m--) {
    const next = multiply(c, w, moved, order)
    w = [own[m]!, ...next.slice(1)]
  }
  return w
}

/** `w' = s u'`, `s' = w u'` (times `sign`): a pair of functions that are each other's derivatives. */
const pair = <A>(
  c: Coefficients<A>,
  w0: A,
  s0: A,
  u: Series<A>,
  order: number,
  toW: number,
  toS: number
): Series<A> => {
  const w: Array<A | Zero> = [w0]
  const s: Array<A | Zero> = [s0]
  for (let k = 1; k <= order; k++) {
    const step = (other: Series<A>, sign: number): A | Zero =>
      c.scale(
        total(c, 1, k, (j) => c.scale(c.mul(at(u, j), other[k - j]!), j)),
        sign / k
      )
    const next = [step(s, toW), step(w, toS)] as const
    w.push(next[0])
    s.push(next[1])
  }
  return w
}

const square = <A>(c: Coefficients<A>, u: Series<A>, order: number): Series<A> => multiply(c, u, u, order)

/** `a + b u²`, at 0 as given. */
const quadratic = <A>(c: Coefficients<A>, q0: A, b: number, u: Series<A>, order: number): Series<A> => [
  q0,
  ...square(c, u, order)
    .slice(1)
    .map((x) => c.scale(x, b))
]

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))

/** Taylor coefficients of a polygamma function at a point; order -1 is lgamma. */
const gammaFamily = <A>(ops: Operations.Operations<A>, u0: A, w0: A, n: number, order: number): ReadonlyArray<A> =>
  Array.from({ length: order + 1 }, (_, m) => {
    if (m === 0) return w0
    const derivative = n + m === 0 ? ops.digamma(u0) : ops.polygamma(u0, n + m)
    return ops.mul(derivative, 1 / factorial(m))
  })

/** A power with a whole exponent, by squaring: right at 0 too. */
const wholePower = <A>(c: Coefficients<A>, one: A, u: Series<A>, exponent: number, order: number): Series<A> => {
  let result: Series<A> = [one]
  let base = u
  for (let n = exponent; n > 0; n = Math.floor(n / 2)) {
    if (n % 2 === 1) result = multiply(c, result, base, order)
    if (n > 1) base = multiply(c, base, base, order)
  }
  return result
}

/** Above this a power is taken by its recurrence. */
const largestWholePower = 64

/**
 * The Taylor rules of the elementwise primitives.
 *
 * **Details**
 *
 * At kinks the conventions are those of the first derivative, to all orders. `sqrt`, `cbrt`, `log` and powers with exponents that are not whole have
 * infinite or NaN coefficients at 0; a constant whole exponent up to 64 is exact there. `lgamma`, `digamma` and `polygamma` compose their own Taylor
 * coefficients, O(K³).
 *
 * @category tables
 * @since 0.1.0
 */
export const elementwise = {
  neg: "linear",
  abs: "linear",
  sign: "linear",
  exp: ({ c, order, result }, u) => integrate(c, result, u, order, (w, k) => at(w, k)),
  expm1: ({ c, ops, order, result, u0 }, u) => {
    const exp = ops.exp(u0)
    return integrate(c, result, u, order, (w, k) => (k === 0 ? exp : at(w, k)))
  },
  log: ({ c, order, result }, u) => integrateQuotient(c, result, u, u, order),
  log1p: ({ c, ops, order, result, u0 }, u) => integrateQuotient(c, result, u, [ops.add(1, u0), ...u.slice(1)], order),
  sqrt: ({ c, order, result }, u) => squareRoot(c, result, u, order),
  // 3 u w' = w u'.
  cbrt: ({ c, order, result, u0 }, u) => {
    const w: Array<typeof u0 | Zero> = [result]
    for (let k = 1; k <= order; k++) {
      const sum = total(c, 1, k, (j) => c.scale(c.mul(at(u, j), w[k - j]!), j))
      const own = total(c, 1, k - 1, (j) => c.scale(c.mul(w[j]!, at(u, k - j)), 3 * j))
      w.push(c.scale(c.div(c.sub(sum, own), u0), 1 / (3 * k)))
    }
    return w
  },
  sin: ({ c, ops, order, result, u0 }, u) => pair(c, result, ops.cos(u0), u, order, 1, -1),
  cos: ({ c, ops, order, result, u0 }, u) => pair(c, result, ops.sin(u0), u, order, -1, 1),
  sinh: ({ c, ops, order, result, u0 }, u) => pair(c, result, ops.cosh(u0), u, order, 1, 1),
  cosh: ({ c, ops, order, result, u0 }, u) => pair(c, result, ops.sinh(u0), u, order, 1, 1),
  // w' = (1 + w²) u'.
  tan: ({ c, ops, order, result }, u) => {
    const g0 = ops.add(1, ops.mul(result, result))
    return integrate(c, result, u, order, (w, k) => (k === 0 ? g0 : product(c, w, w, k)))
  },
  // w' = (1 - w²) u'.
  tanh: ({ c, ops, order, result, u0 }, u) => {
    const cosh = ops.cosh(u0)
    const g0 = ops.div(ops.div(1, cosh), cosh)
    return integrate(c, result, u, order, (w, k) => (k === 0 ? g0 : c.neg(product(c, w, w, k))))
  },
  // w' = w (1 - w) u'.
  sigmoid: (context, u) => sigmoidSeries(context, context.result, u),
  softplus: (context, u) => {
    const { c, ops, order, result, u0 } = context
    const g = sigmoidSeries({ ...context, order: Math.max(order - 1, 0) }, ops.sigmoid(u0), u)
    return integrate(c, result, u, order, (_, k) => at(g, k))
  },
  asin: ({ c, ops, order, result, u0 }, u) => {
    const q0 = ops.mul(ops.sub(1, u0), ops.add(1, u0))
    const q = squareRoot(c, ops.sqrt(q0), quadratic(c, q0, -1, u, order), order)
    return integrateQuotient(c, result, u, q, order)
  },
  acos: ({ c, ops, order, result, u0 }, u) => {
    const q0 = ops.mul(ops.sub(1, u0), ops.add(1, u0))
    const q = squareRoot(c, ops.sqrt(q0), quadratic(c, q0, -1, u, order), order)
    return integrateQuotient(c, result, u.map(c.neg), q, order)
  },
  atan: ({ c, ops, order, result, u0 }, u) =>
    integrateQuotient(c, result, u, quadratic(c, ops.add(1, ops.mul(u0, u0)), 1, u, order), order),
  asinh: ({ c, ops, order, result, u0 }, u) => {
    const q = squareRoot(c, ops.hypot(1, u0), quadratic(c, ops.add(1, ops.mul(u0, u0)), 1, u, order), order)
    return integrateQuotient(c, result, u, q, order)
  },
  acosh: ({ c, ops, order, result, u0 }, u) => {
    const q0 = ops.mul(ops.sqrt(ops.sub(u0, 1)), ops.sqrt(ops.add(u0, 1)))
    const q = squareRoot(c, q0, quadratic(c, ops.mul(q0, q0), 1, u, order), order)
    return integrateQuotient(c, result, u, q, order)
  },
  atanh: ({ c, ops, order, result, u0 }, u) =>
    integrateQuotient(c, result, u, quadratic(c, ops.mul(ops.sub(1, u0), ops.add(1, u0)), -1, u, order), order),
  erf: (context, u) => gaussianIntegral(context, u, 2 / Math.sqrt(Math.PI)),
  erfc: (context, u) => gaussianIntegral(context, u, -2 / Math.sqrt(Math.PI)),
  lgamma: ({ c, ops, order, result, u0 }, u) => compose(c, gammaFamily(ops, u0, result, -1, order), u, order),
  digamma: ({ c, ops, order, result, u0 }, u) => compose(c, gammaFamily(ops, u0, result, 0, order), u, order),
  polygamma: ({ attributes, c, ops, order, result, u0 }, u) =>
    compose(c, gammaFamily(ops, u0, result, attributes.order, order), u, order),
  relu: "linear",
  floor: "linear",
  ceil: "linear",
  round: "linear",
  isFinite: "linear",
  toReal: "linear",
  toIndex: "linear",
  add: "linear",
  sub: "linear",
  mul: ({ c, order }, u, v) => multiply(c, u, v, order),
  mulStrongZero: ({ c, order }, u, v) => multiply(c, u, v, order),
  // v w = u.
  div: ({ c, order, result }, u, v) => {
    const w: Array<typeof result | Zero> = [result]
    for (let k = 1; k <= order; k++) {
      const sum = total(c, 1, k, (j) => c.mul(at(v, j), w[k - j]!))
      w.push(c.div(c.sub(at(u, k), sum), v[0] as typeof result))
    }
    return w
  },
  pow: ({ c, constants, ops, order, result, u0 }, u, v) => {
    const exponent = constants[1]
    if (exponent !== undefined && Number.isInteger(exponent) && exponent >= 0 && exponent <= largestWholePower) {
      return wholePower(c, ops.scalar(1), u, exponent, order)
    }
    if (v.slice(1).every((x) => x === Zero)) {
      // u w' = v w u'.
      const exponent = v[0] as typeof result
      const w: Array<typeof result | Zero> = [result]
      for (let k = 1; k <= order; k++) {
        const sum = total(c, 1, k, (j) => c.mul(c.mul(at(u, j), w[k - j]!), ops.sub(ops.mul(exponent, j), k - j)))
        w.push(c.scale(c.div(sum, u0), 1 / k))
      }
      return w
    }
    // exp(v log(u)).
    const log = integrateQuotient(c, ops.log(u0), u, u, order)
    return integrate(c, result, multiply(c, v, log, order), order, (w, k) => at(w, k))
  },
  // (x² + y²) w' = x y' - y x'.
  atan2: ({ c, ops, order, result }, y, x) => {
    const [y0, x0] = [y[0] as typeof result, x[0] as typeof result]
    // Scaled by the distance from the origin, whose square might overflow.
    const r = ops.hypot(y0, x0)
    const scaled = (series: Series<typeof result>): Series<typeof result> => series.map((s) => c.div(s, r))
    const [a, b] = [scaled(y), scaled(x)]
    const q = [
      ops.add(ops.mul(a[0] as typeof r, a[0] as typeof r), ops.mul(b[0] as typeof r, b[0] as typeof r)),
      ...Array.from({ length: order }, (_, k) => c.add(product(c, a, a, k + 1), product(c, b, b, k + 1)))
    ]
    // The integral of x y' - y x'.
    const v = Array.from({ length: order + 1 }, (_, k) =>
      k === 0
        ? Zero
        : c.scale(
            total(c, 0, k, (j) => c.scale(c.mul(at(a, j), at(b, k - j)), j - (k - j))),
            1 / k
          )
    )
    return exceptAtOrigin(ops, r, integrateQuotient(c, result, v, q, order))
  },
  // w² = x² + y².
  hypot: ({ c, ops, order, result }, x, y) => {
    const scaled = (series: Series<typeof result>): Series<typeof result> => series.map((s) => c.div(s, result))
    const [a, b] = [scaled(x), scaled(y)]
    const squares = Array.from({ length: order + 1 }, (_, k) => c.add(product(c, a, a, k), product(c, b, b, k)))
    const one = ops.broadcastLike(ops.scalar(1), ops.shapeOf(result))
    const w = squareRoot(c, one, squares, order).map((s) => c.mul(s, result))
    return exceptAtOrigin(ops, result, w)
  },
  max: "linear",
  min: "linear",
  rem: "linear",
  eq: "linear",
  ne: "linear",
  lt: "linear",
  le: "linear",
  gt: "linear",
  ge: "linear",
  and: "linear",
  or: "linear",
  not: "linear",
  select: "linear",
  clamp: "linear",
  stopGradient: "linear"
} satisfies Partial<TaylorRules<Primitive.Name>>

interface UnaryContext<A> {
  readonly c: Coefficients<A>
  readonly ops: Operations.Operations<A>
  readonly order: number
  readonly result: A
  readonly u0: A
}

/** w' = w (1 - w) u'. */
const sigmoidSeries = <A>({ c, ops, order, u0 }: UnaryContext<A>, w0: A, u: Series<A>): Series<A> => {
  const g0 = ops.mul(w0, ops.sigmoid(ops.neg(u0)))
  return integrate(c, w0, u, order, (w, k) => (k === 0 ? g0 : c.sub(at(w, k), product(c, w, w, k))))
}

/** w' = factor exp(-u²) u'. */
const gaussianIntegral = <A>(
  { c, ops, order, result, u0 }: UnaryContext<A>,
  u: Series<A>,
  factor: number
): Series<A> => {
  const v = square(c, u, order).map(c.neg)
  const g0 = ops.mul(ops.exp(ops.neg(ops.mul(u0, u0))), factor)
  const g = integrate(c, g0, v, Math.max(order - 1, 0), (w, k) => at(w, k))
  return integrate(c, result, u, order, (_, k) => at(g, k))
}

/** At the origin angles and distances have derivative 0 of every order. */
const exceptAtOrigin = <A>(ops: Operations.Operations<A>, distance: A, w: Series<A>): Series<A> =>
  w.map((x, k) => (k === 0 || x === Zero ? x : ops.select(ops.eq(distance, 0), 0, x)))
