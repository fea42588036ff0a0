// The imaginary parts of elementary and special functions of complex numbers near the real axis.
//
// Each function takes a point a + ib, with the value at a, and gives the imaginary part there: the formulas are those of the complex functions, arranged
// so that an imaginary part that is many orders smaller than the real part loses no digit. None is a derivative of a real function.

/** Stops where the function is not analytic; gives what is to be taken there if the caller goes on. */
export type Stop = (reason: string) => number

export type Imaginary1 = (a: number, b: number, value: number, stop: Stop) => number
export type Imaginary2 = (a: number, b: number, c: number, d: number, value: number, stop: Stop) => number

/** The principal square root. */
const root = (x: number, y: number): readonly [number, number] => {
  const r = Math.sqrt(Math.hypot(x / 2, y / 2) + Math.abs(x) / 2)
  if (r === 0) return [0, 0]
  return x >= 0 ? [r, y / (2 * r)] : [Math.abs(y) / (2 * r), y < 0 ? -r : r]
}

/** Of an angle so small, sine and tangent are the angle itself. */
const negligible = 2 ** -30

/** exp(-a²), with the rounding error of the square given back. */
const gaussian = (a: number): number => {
  if (Math.abs(a) > 30) return 0
  const high = Math.round(a * 2 ** 20) / 2 ** 20
  return Math.exp(-high * high) * Math.exp(-(a - high) * (a + high))
}

/** `erf` is the integral of 2/√π exp(-t²): from a to a + ib the exponential factor is exp(b²) (cos 2ab - i sin 2ab) and changes only to second order. */
const errorFunction = (a: number, b: number): number => {
  const density = (2 / Math.sqrt(Math.PI)) * gaussian(a)
  const turn = 2 * a * b
  return density * b * (density === 0 || Math.abs(turn) < negligible ? 1 : Math.sin(turn) / turn)
}

/** B₂ₖ, k = 1, 2, … */
const bernoulli = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330]

/** The asymptotic series below are good to 53 bits from here on. */
const farEnough = 15

/** The imaginary part of (x + ib)^-m. */
const inversePower = (x: number, b: number, m: number): number =>
  x < 0 ? (m % 2 === 0 ? 1 : -1) * inversePower(-x, -b, m) : -(Math.hypot(x, b) ** -m) * Math.sin(m * Math.atan2(b, x))

const isPole = (a: number): boolean => a <= 0 && Number.isInteger(a)

/** Stirling's series of log Γ (DLMF 5.11.1) after the recurrence Γ(z + 1) = z Γ(z); below 1/2 the reflection formula (DLMF 5.5.3). */
const logGamma = (a: number, b: number): number => {
  if (a < 0.5) {
    // That of log sin πz turns with the cotangent, whose period is 1.
    const turn = Math.atan(Math.tanh(Math.PI * b) / Math.tan(Math.PI * (a - Math.round(a))))
    return -turn - logGamma(1 - a, -b)
  }
  let x = a
  let shifted = 0
  for (; x < farEnough; x++) shifted += Math.atan2(b, x)
  const angle = Math.atan2(b, x)
  let series = 0
  for (let k = bernoulli.length; k >= 1; k--) {
    series += (bernoulli[k - 1]! / (2 * k * (2 * k - 1))) * inversePower(x, b, 2 * k - 1)
  }
  // The angle itself may underflow where its product does not.
  const product = Math.abs(b) < negligible * x ? -b / (2 * x) : (x - 0.5) * angle - b
  return b * Math.log(x) + product + series - shifted
}

/** The asymptotic series of ψ (DLMF 5.11.2), after the recurrence ψ(z + 1) = ψ(z) + 1/z; below 1/2 the reflection formula (DLMF 5.5.4). */
const digamma = (a: number, b: number): number => {
  if (a < 0.5) {
    const turn = Math.sinh(Math.PI * b)
    const sine = Math.sin(Math.PI * (a - Math.round(a)))
    return digamma(1 - a, -b) + (Math.PI * turn * Math.cosh(Math.PI * b)) / (sine * sine + turn * turn)
  }
  let x = a
  let shifted = 0
  for (; x < farEnough; x++) shifted += inversePower(x, b, 1)
  let series = inversePower(x, b, 1) / 2
  for (let k = bernoulli.length; k >= 1; k--) series += (bernoulli[k - 1]! / (2 * k)) * inversePower(x, b, 2 * k)
  return Math.atan2(b, x) - series - shifted
}

/** Below this many steps of the recurrence take too long. */
const furthestBelow = -1e6

/** Of (-1)^(n+1) ψ⁽ⁿ⁾: n! times the sum of (z + k)^-(n+1), after enough terms by its asymptotic series (DLMF 5.15.8, 5.15.5). */
const polygamma = (order: number, a: number, b: number, stop: Stop): number => {
  if (a < furthestBelow) return stop(`order ${order} is not continued below ${furthestBelow}`)
  let x = a
  let sum = 0
  for (; x < farEnough + order; x++) sum += inversePower(x, b, order + 1)
  // The rest over n!: z^-n / n + z^-(n+1) / 2 + Σ B₂ₖ (2k + n - 1)! / ((2k)! n!) z^-(2k+n).
  let rest = inversePower(x, b, order) / order + inversePower(x, b, order + 1) / 2
  // (2k + n - 1)! / ((2k)! n!), from k = 0, where it is 1 / n.
  let factor = 1 / order
  for (let k = 1; k <= bernoulli.length; k++) {
    factor *= ((2 * k + order - 1) * (2 * k + order - 2)) / (2 * k * (2 * k - 1))
    rest += bernoulli[k - 1]! * factor * inversePower(x, b, 2 * k + order)
  }
  let factorial = order % 2 === 1 ? 1 : -1
  for (let k = 2; k <= order; k++) factorial *= k
  return factorial * (sum + rest)
}

const atPole: string = "a pole"
const atBranchPoint: string = "a branch point"
const atOrigin: string = "the origin"
const atCorner: string = "a corner"
const atJump: string = "a jump"

/** Whether derivatives are unbounded there: then a variation of higher order counts too. */
export const isSingularity = (reason: string): boolean =>
  reason === atPole || reason === atBranchPoint || reason === atOrigin

const jumpsWhere =
  (holds: (a: number) => boolean): Imaginary1 =>
  (a, _b, _value, stop) =>
    holds(a) ? stop(atJump) : 0

/** Sources: W. Kahan, "Branch cuts for complex elementary functions" (1987), for the inverse functions; DLMF 4.21.37-38 and 4.35.34-36 for the others. */
export const unary = {
  neg: (_a, b) => -b,
  abs: (a, b, _value, stop) => (a === 0 ? stop(atCorner) : a < 0 ? -b : b),
  sign: jumpsWhere((a) => a === 0),
  exp: (_a, b, value) => value * Math.sin(b),
  expm1: (a, b) => Math.exp(a) * Math.sin(b),
  log: (a, b, _value, stop) => (a === 0 ? stop(atBranchPoint) : Math.atan2(b, a)),
  log1p: (a, b, _value, stop) => (a === -1 ? stop(atBranchPoint) : Math.atan2(b, 1 + a)),
  sqrt: (a, b, _value, stop) => (a === 0 ? stop(atBranchPoint) : root(a, b)[1]),
  // The real root of a negative number is minus that of the positive one.
  cbrt: (a, b, value, stop) => {
    if (a === 0) return stop(atBranchPoint)
    if (Math.abs(b) < negligible * Math.abs(a)) return ((value / a) * b) / 3
    return Math.abs(value) * Math.sin(Math.atan2(b, Math.abs(a)) / 3)
  },
  sin: (a, b) => Math.cos(a) * Math.sinh(b),
  cos: (a, b) => -Math.sin(a) * Math.sinh(b),
  tan: (a, b) => (Math.sinh(b) * Math.cosh(b)) / (Math.cos(a) ** 2 + Math.sinh(b) ** 2),
  asin: (a, b, _value, stop) => {
    if (Math.abs(a) === 1) return stop(atBranchPoint)
    const [p, q] = root(1 - a, -b)
    const [r, s] = root(1 + a, b)
    return Math.asinh(p * s - q * r)
  },
  acos: (a, b, _value, stop) => {
    if (Math.abs(a) === 1) return stop(atBranchPoint)
    const [p, q] = root(1 - a, -b)
    const [r, s] = root(1 + a, b)
    return Math.asinh(r * q - s * p)
  },
  atan: (a, b) => {
    // Where the square would overflow, and little else is left of the sum.
    if (Math.abs(a) > 2 ** 500) return b / a / a
    return Math.log1p((4 * b) / (a * a + (1 - b) ** 2)) / 4
  },
  sinh: (a, b) => Math.cosh(a) * Math.sin(b),
  cosh: (a, b) => Math.sinh(a) * Math.sin(b),
  tanh: (a, b) => {
    const cosh = Math.cosh(a)
    // |cosh z|² = sinh² a + cos² b = cosh² a - sin² b.
    return (Math.sin(b) * Math.cos(b)) / cosh / (cosh - Math.sin(b) ** 2 / cosh)
  },
  asinh: (a, b) => {
    const [p, q] = root(1 - b, a)
    const [r, s] = root(1 + b, -a)
    return Math.atan2(b, p * r - q * s)
  },
  acosh: (a, b, _value, stop) => (a === 1 ? stop(atBranchPoint) : 2 * Math.atan2(root(a - 1, b)[1], root(a + 1, b)[0])),
  atanh: (a, b, _value, stop) =>
    Math.abs(a) === 1 ? stop(atBranchPoint) : (Math.atan2(b, 1 + a) + Math.atan2(b, 1 - a)) / 2,
  erf: (a, b) => errorFunction(a, b),
  erfc: (a, b) => -errorFunction(a, b),
  lgamma: (a, b, _value, stop) => (isPole(a) ? stop(atPole) : logGamma(a, b)),
  digamma: (a, b, _value, stop) => (isPole(a) ? stop(atPole) : digamma(a, b)),
  sigmoid: (a, b) => {
    const t = Math.exp(-Math.abs(a))
    return (t * Math.sin(b)) / (1 + t * (2 * Math.cos(b) + t))
  },
  softplus: (a, b) => {
    const t = Math.exp(-Math.abs(a))
    const log = Math.atan2(t * Math.sin(b), 1 + t * Math.cos(b))
    return a < 0 ? log : b - log
  },
  relu: (a, b, _value, stop) => (a === 0 ? stop(atCorner) : a > 0 ? b : 0),
  floor: jumpsWhere(Number.isInteger),
  ceil: jumpsWhere(Number.isInteger),
  round: jumpsWhere((a) => Number.isInteger(a - 0.5))
} satisfies Record<string, Imaginary1>

export const polygammaOf =
  (order: number): Imaginary1 =>
  (a, b, _value, stop) =>
    isPole(a) ? stop(atPole) : order === 0 ? digamma(a, b) : polygamma(order, a, b, stop)

/** The one that gives the value; at a tie both must vary alike. */
const chosen =
  (first: (a: number, c: number) => boolean): Imaginary2 =>
  (a, b, c, d, _value, stop) =>
    a === c ? (b === d ? b : stop("a tie")) : first(a, c) ? b : d

const quotient = (a: number, b: number, c: number, d: number): number => {
  if (d === 0) return b / c
  const ratio = a / c
  return (b - ratio * d) / c
}

export const binary = {
  add: (_a, b, _c, d) => b + d,
  sub: (_a, b, _c, d) => b - d,
  mul: (a, b, c, d) => (b === 0 ? 0 : b * c) + (d === 0 ? 0 : a * d),
  mulStrongZero: (a, b, c, d) => (b === 0 ? 0 : b * c) + (d === 0 ? 0 : a * d),
  div: (a, b, c, d, _value, stop) => (c === 0 && d !== 0 ? stop(atPole) : quotient(a, b, c, d)),
  // |z|^c exp(-dθ) and the angle cθ + d log |z|; the integer power of a negative number by the power of the positive one.
  pow: (a, b, c, d, value, stop) => {
    const whole = d === 0 && Number.isInteger(c)
    if (d === 0 && c === 0) return 0
    if (a === 0) {
      if (b === 0) return c > 0 ? 0 : stop(atPole)
      if (!whole) return stop(atBranchPoint)
      return c < 0 ? stop(atPole) : c === 1 ? b : 0
    }
    if (a < 0 && !whole) return Number.NaN
    const growth = d === 0 ? 0 : d * Math.log(a)
    const angle = b === 0 ? 0 : Math.atan2(b, Math.abs(a)) * (a < 0 ? -1 : 1)
    const turn = (angle === 0 ? 0 : c * angle) + growth
    if (Math.abs(turn) >= negligible) return value * Math.sin(turn)
    return (b === 0 ? 0 : (value / a) * c * b) + value * growth
  },
  // The imaginary part of arctan(y / x), or of arccot(x / y).
  atan2: (y, b, x, d, _value, stop) => {
    if (y === 0 && x === 0) return stop(atOrigin)
    const steep = Math.abs(y) > Math.abs(x)
    const [w, v] = steep ? [x / y, quotient(x, d, y, b)] : [y / x, quotient(y, b, x, d)]
    const turned = unary.atan(w, v)
    return steep ? -turned : turned
  },
  hypot: (a, b, c, d, value, stop) => {
    if (a === 0 && c === 0) return stop(atOrigin)
    const [x, y] = [
      Math.abs(a) === Infinity ? Math.sign(a) : a / value,
      Math.abs(c) === Infinity ? Math.sign(c) : c / value
    ]
    return (b === 0 ? 0 : x * b) + (d === 0 ? 0 : y * d)
  },
  max: chosen((a, c) => a > c),
  min: chosen((a, c) => a < c),
  // z - nw, n the whole number of times that w fits in.
  rem: (a, b, c, d, value, stop) => {
    if (value === 0 && a !== 0) return stop(atJump)
    return d === 0 ? b : b - Math.round((a - value) / c) * d
  }
} satisfies Record<string, Imaginary2>
