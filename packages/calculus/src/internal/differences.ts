// Difference quotients of functions from one number to many, each with an estimate of its error.

/** A function of one real variable with a fixed number of values. */
export type Curve = (x: number) => Float64Array

/** The derivative of every value of a curve, the estimated absolute error of each, and the step each was taken with. */
export interface Slopes {
  readonly value: Float64Array
  readonly error: Float64Array
  readonly step: Float64Array
}

export type Method = "forward" | "central" | "fivePoint" | "richardson"

export interface SlopeOptions {
  readonly method?: Method
  readonly step?: number
  readonly scale?: number
}

export type Side = "left" | "right"

const epsilon = 2 ** -52

// Where truncation grows as h^p and rounding as 1/h, the best step is about eps^(1/(p+1)).
const roots: Record<Method, number> = { forward: 2, central: 3, fivePoint: 5, richardson: 10 }

/** A power of two near eps^(1/k) times the size of `x`. */
export const automaticStep = (method: Method, x: number, scale: number): number =>
  2 ** Math.round(Math.log2(epsilon ** (1 / roots[method]) * Math.max(Math.abs(x), scale)))

/** The step nearest to `h` for which `|x| + h`, and so `x + h` and `x - h`, are exact. */
const exactStep = (x: number, h: number): number => {
  const size = Math.abs(x)
  const rounded = size + h - size
  return rounded > 0 && Number.isFinite(rounded) ? rounded : Math.max(h, size * epsilon * 2, Number.MIN_VALUE)
}

const filled = (count: number, value: number): Float64Array => new Float64Array(count).fill(value)

/** A grid of unit spacing, shaken a little: rounding errors that repeat from point to point would not be seen. */
const grid = [-5.9817, -4.9921, -4.0138, -3.0271, -1.9837, -1.0169, 0, 0.9891, 2.0233, 2.9749, 4.0181, 4.9873, 6.0207]

/** The spacing of the finest grid, as a power of two. */
const finest = -40

/** A fourth divided difference leaves nothing of a smooth function on a fine grid. */
const window = 5

/**
 * The noise of each value of a curve near `x`: how much rounding moves it. After J. J. Moré and S. M. Wild, "Estimating
 * computational noise", SIAM J. Sci. Comput. 33 (2011), section 3: of values on a fine grid, high differences leave nothing of a smooth
 * curve, only its noise. Here they are divided differences, so that the grid need be neither regular nor rounded. Three standard deviations, and at
 * least half a unit in the last place. The deviation is taken from the median of nine differences, only three of which
 * see a kink at `x` itself. A value that stands still on a very fine grid is tried on a coarser one. `thorough` tries coarser ones too where it moves: part of
 * it may stand still.
 */
export const noiseOf = (curve: Curve, x: number, scale: number, thorough = false): Float64Array => {
  const centre = curve(x)
  const noise = centre.map((y) => (epsilon / 2) * Math.abs(y) || 0)
  for (const exponent of [finest, -30, -21, -12]) {
    const spacing = Math.max(Math.abs(x), scale) * 2 ** exponent
    const points = grid.map((t) => x + t * spacing)
    const samples = points.map((point) => curve(point))
    const windows = Array.from({ length: points.length - window + 1 }, (_, start) =>
      points
        .slice(start, start + window)
        .map((a, i, near) => near.reduce((w, b, j) => (i === j ? w : (w * spacing) / (a - b)), 1))
    )
    const norms = windows.map((weights) => Math.hypot(...weights))
    let still = false
    for (let i = 0; i < centre.length; i++) {
      const moves = samples.filter((sample, j) => j > 0 && sample[i] !== samples[j - 1]![i]).length
      if (moves < grid.length / 2) still = true
      const differences = windows.map((weights, start) => {
        let difference = 0
        for (let j = 0; j < window; j++) difference += weights[j]! * (samples[start + j]![i]! - centre[i]!)
        return Math.abs(difference / norms[start]!)
      })
      // The median of |z| for a standard normal z is 0.6745.
      const deviation = differences.sort((a, b) => a - b)[Math.floor(windows.length / 2)]! / 0.6745
      if (Number.isFinite(deviation)) noise[i] = Math.max(noise[i]!, 3 * deviation)
    }
    if (!still && !(thorough && exponent < finest + 19)) break
  }
  return noise
}

/**
 * The largest noise at `x` and a little to both sides: where the function is flat, errors of its argument go unseen at `x` itself, but
 * not where differences sample it.
 */
export const noiseAround = (curve: Curve, x: number, scale: number): Float64Array => {
  const aside = Math.max(Math.abs(x), scale) * 2 ** -9
  const [here, left, right] = [
    noiseOf(curve, x, scale),
    noiseOf(curve, x - aside, scale),
    noiseOf(curve, x + aside, scale)
  ]
  // Outside the domain there is none.
  return here.map((noise, i) => Math.max(noise, left[i]! || 0, right[i]! || 0))
}

/** A plain difference quotient with step `h`, and the factor by which it amplifies noise. */
const quotients = {
  forward: {
    amplification: 2,
    at: (curve: Curve, x: number, h: number, centre: Float64Array) => {
      const right = curve(x + h)
      return centre.map((y, i) => (right[i]! - y) / h)
    }
  },
  central: {
    amplification: 1,
    at: (curve: Curve, x: number, h: number) => {
      const [left, right] = [curve(x - h), curve(x + h)]
      return left.map((y, i) => (right[i]! - y) / (2 * h))
    }
  },
  fivePoint: {
    amplification: 1.5,
    at: (curve: Curve, x: number, h: number) => {
      const [left, right, farLeft, farRight] = [curve(x - h), curve(x + h), curve(x - 2 * h), curve(x + 2 * h)]
      return left.map((y, i) => (8 * (right[i]! - y) - (farRight[i]! - farLeft[i]!)) / (12 * h))
    }
  }
} as const

/** The derivative by one formula. Its error is what doubling the step changes, and the amplified noise. */
export const slopesByFormula = (
  method: "forward" | "central" | "fivePoint",
  curve: Curve,
  x: number,
  step: number,
  noise: Float64Array
): Slopes => {
  const { amplification, at } = quotients[method]
  const h = exactStep(x, step)
  const twice = exactStep(x, 2 * step)
  const centre = curve(x)
  const value = at(curve, x, h, centre)
  const coarse = at(curve, x, twice, centre)
  return {
    value,
    error: value.map((d, i) => Math.abs(coarse[i]! - d) + (amplification * noise[i]!) / h),
    step: filled(value.length, h)
  }
}

/** The order of truncation: it grows as `h^p`. */
const orders = { forward: 1, central: 2, fivePoint: 4 } as const

/** How often the automatic step may be halved and doubled. */
const halvings = 10
const doublings = 5

/**
 * The derivative by one formula, with the step for which the estimated error is least: truncation falls and noise grows as steps are halved. So the step
 * follows the function's own scale and noise (P. E. Gill, W. Murray, M. A. Saunders and M. H. Wright, "Computing forward-difference intervals for numerical
 * optimization", SIAM J. Sci. Stat. Comput. 4, 1983, balance the same two). Truncation is what doubling the step changes, or what doubling it once more does by its order: one
 * comparison alone may vanish by chance.
 */
const slopesByBestStep = (
  method: "forward" | "central" | "fivePoint",
  curve: Curve,
  x: number,
  middle: number,
  noise: Float64Array
): Slopes => {
  const { amplification, at } = quotients[method]
  const known = new Map<number, Float64Array>()
  const remembered: Curve = (point) => {
    const value = known.get(point) ?? curve(point)
    known.set(point, value)
    return value
  }
  const centre = remembered(x)
  const steps: Array<number> = []
  for (let k = doublings + 2; k >= -halvings; k--) steps.push(exactStep(x, middle * 2 ** k))
  const values = steps.map((h) => at(remembered, x, h, centre))
  const value = new Float64Array(centre.length).fill(Number.NaN)
  const error = filled(centre.length, Number.POSITIVE_INFINITY)
  const step = new Float64Array(centre.length).fill(Number.NaN)
  const own = new Float64Array(steps.length)
  for (let i = 0; i < centre.length; i++) {
    // From the smallest step on.
    for (let k = steps.length - 1; k >= 2; k--) {
      const [farther, far, near] = [values[k - 2]![i]!, values[k - 1]![i]!, values[k]![i]!]
      const truncation = Math.max(Math.abs(near - far), Math.abs(far - farther) / 2 ** orders[method])
      own[k] = truncation + (amplification * noise[i]!) / steps[k]! + epsilon * Math.abs(near)
      // Steps so long that they pass over the function's own scale agree with each other, but not with shorter ones.
      let contradicted = own[k]!
      for (let j = k + 1; j < steps.length; j++) {
        contradicted = Math.max(contradicted, Math.abs(values[j]![i]! - near) - own[j]!)
      }
      if (contradicted < error[i]!) {
        value[i] = near
        error[i] = contradicted
        step[i] = steps[k]!
      }
    }
  }
  return { value, error, step }
}

/** The last row of Neville's scheme, with the steps of its columns and the noise that each entry inherits. */
interface Tableau {
  steps: Array<number>
  row: Array<number>
  noise: Array<number>
  /** The best entry of each row so far. */
  readonly best: Array<{ readonly value: number; readonly error: number; readonly step: number }>
}

/** More columns gain nothing at 53 bits. */
const columns = 7

/** Far more steps than convergence takes, so that a first one much too large does no harm. */
const levels = 80

/** Not a simple fraction, so that no period of the function is sampled in step with itself. */
const contraction = (Math.sqrt(5) - 1) / 2

/** The entry of least error; smaller steps that contradict it raise its error. */
const select = ({ best }: Tableau) => {
  let chosen = 0
  for (let j = 1; j < best.length; j++) if (best[j]!.error < best[chosen]!.error) chosen = j
  if (best.length === 0) return { value: Number.NaN, error: Number.POSITIVE_INFINITY, step: Number.NaN }
  const { step, value } = best[chosen]!
  let { error } = best[chosen]!
  for (let j = chosen + 1; j < best.length; j++) {
    error = Math.max(error, Math.abs(best[j]!.value - value) - best[j]!.error)
  }
  return { value, error, step }
}

/**
 * The derivative by Richardson's extrapolation of difference quotients to step zero: C. J. F. Ridders, "Accurate computation of F'(x)
 * and F'(x)F''(x)", Advances in Engineering Software 4 (1982), with the noise that each entry of the scheme inherits added to Ridders'
 * estimate of its truncation error. Central differences are polynomials in h^2, one-sided ones in h.
 *
 * Steps that reach outside the domain (values not finite) are passed over. It ends when noise alone exceeds the best estimate.
 */
export const slopesByRichardson = (
  curve: Curve,
  x: number,
  first: number,
  noise: Float64Array,
  side?: Side
): Slopes => {
  const centre = curve(x)
  const tableaux = Array.from(centre, (): Tableau => ({ steps: [], row: [], noise: [], best: [] }))
  const order = side === undefined ? 2 : 1
  const smallest = Math.max(Math.abs(x) * epsilon * 16, Number.MIN_VALUE * 16)
  for (let level = 0, h0 = first; level < levels && (level === 0 || h0 >= smallest); level++, h0 *= contraction) {
    const h = exactStep(x, h0)
    const right = side === "left" ? centre : curve(x + h)
    const left = side === "right" ? centre : curve(x - h)
    const width = side === undefined ? 2 * h : h
    let open = false
    for (let i = 0; i < tableaux.length; i++) {
      const tableau = tableaux[i]!
      const [a, b] = [left[i]!, right[i]!]
      const quotient = (b - a) / width
      if (!Number.isFinite(quotient)) {
        tableau.steps = []
        tableau.row = []
        tableau.noise = []
        open = true
        continue
      }
      const steps = [h, ...tableau.steps.slice(0, columns - 1)]
      const row = [quotient]
      const rounding = Math.max(noise[i]!, (epsilon / 2) * Math.max(Math.abs(a), Math.abs(b)))
      const inherited = [(2 * rounding) / width + epsilon * Math.abs(quotient)]
      let best = { value: quotient, error: Number.POSITIVE_INFINITY, step: h }
      for (let k = 1; k < steps.length; k++) {
        const ratio = (steps[k]! / h) ** order
        const [finer, coarser] = [row[k - 1]!, tableau.row[k - 1]!]
        const value = finer + (finer - coarser) / (ratio - 1)
        const amplified = (ratio * inherited[k - 1]! + tableau.noise[k - 1]!) / (ratio - 1)
        row.push(value)
        inherited.push(amplified)
        const truncation = Math.max(Math.abs(value - finer), Math.abs(value - coarser))
        const error = truncation + amplified
        if (error < best.error) best = { value, error, step: h }
      }
      tableau.steps = steps
      tableau.row = row
      tableau.noise = inherited
      if (best.error < Number.POSITIVE_INFINITY) tableau.best.push(best)
      if (steps.length < 4 || inherited[0]! < select(tableau).error) open = true
    }
    if (!open) break
  }
  const chosen = tableaux.map(select)
  return {
    value: Float64Array.from(chosen, ({ value }) => value),
    error: Float64Array.from(chosen, ({ error }) => error),
    step: Float64Array.from(chosen, ({ step }) => step)
  }
}

/** The derivative as the options say. */
export const slopes = (curve: Curve, x: number, options: SlopeOptions | undefined, noise: Float64Array): Slopes => {
  const method = options?.method ?? "richardson"
  const h = options?.step ?? automaticStep(method, x, options?.scale ?? 1)
  if (method === "richardson") return slopesByRichardson(curve, x, h, noise)
  return options?.step === undefined
    ? slopesByBestStep(method, curve, x, h, noise)
    : slopesByFormula(method, curve, x, h, noise)
}
