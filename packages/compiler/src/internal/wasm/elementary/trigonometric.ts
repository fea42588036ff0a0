import type { Value, Variable, VectorFunction, Vectors } from "../vector.ts"
import { type Angle, reduceAngle } from "./angle.ts"

// The kernels for |y| <= pi / 4 and their coefficients: fdlibm, k_sin.c and k_cos.c (Sun Microsystems, 1993).

const SINE = [
  8.33333333332248946124e-3, -1.98412698298579493134e-4, 2.75573137070700676789e-6, -2.50507602534068634195e-8,
  1.58969099521155010221e-10
]
const SINE_3 = -1.66666666666666324348e-1
const COSINE = [
  4.16666666666666019037e-2, -1.38888888888741095749e-3, 2.48015872894767294178e-5, -2.75573143513906633035e-7,
  2.0875723212981748279e-9, -1.13596475577881948265e-11
]

/** The value is `first - rest`: a difference, because -0 - 0 is -0. */
interface Kernel {
  readonly first: Value
  readonly rest: Variable
}

const sine = (v: Vectors, { high, low }: Angle, square: Variable): Kernel => {
  const cube = v.let(v.mul(square, high))
  const r = v.horner(SINE, square)
  const rest = v.sub(v.sub(v.mul(square, v.sub(v.mul(0.5, low), v.mul(cube, r))), low), v.mul(cube, SINE_3))
  return { first: high, rest: v.let(rest) }
}

const cosine = (v: Vectors, { high, low }: Angle, square: Variable): Kernel => {
  const half = v.let(v.mul(0.5, square))
  const first = v.let(v.sub(1, half))
  const r = v.mul(square, v.horner(COSINE, square))
  const rest = v.sub(v.sub(v.mul(high, low), v.mul(square, r)), v.sub(v.sub(1, first), half))
  return { first, rest: v.let(rest) }
}

/** All bits where the quadrant is odd. */
const isOdd = (v: Vectors, quadrant: Value): Value => v.integerEq(v.and(quadrant, v.bits(1n)), v.bits(1n))

/** The sine of the angle, `quarters` quadrants further. */
const sineOf = (v: Vectors, x: Variable, quarters: bigint): Value => {
  const angle = reduceAngle(v, x)
  const square = v.let(v.mul(angle.high, angle.high))
  const s = sine(v, angle, square)
  const c = cosine(v, angle, square)
  const quadrant = quarters === 0n ? angle.quadrant : v.let(v.integerAdd(angle.quadrant, v.bits(quarters)))
  const odd = v.let(isOdd(v, quadrant))
  const value = v.sub(v.select(odd, c.first, s.first), v.select(odd, c.rest, s.rest))
  return v.xor(value, v.and(v.shiftLeft(quadrant, 62), v.signBit))
}

/** At most 1 ULP from the correctly rounded value, for huge arguments too. */
export const sin: VectorFunction = { arity: 1, build: (v, x) => sineOf(v, x, 0n) }

/** At most 1 ULP from the correctly rounded value, for huge arguments too. */
export const cos: VectorFunction = { arity: 1, build: (v, x) => sineOf(v, x, 1n) }

/** sin / cos or -cos / sin, corrected by what the roundings of both lost. At most 2 ULP from the correctly rounded value. */
export const tan: VectorFunction = {
  arity: 1,
  build: (v, x) => {
    const angle = reduceAngle(v, x)
    const square = v.let(v.mul(angle.high, angle.high))
    const exact = ({ first, rest }: Kernel) => {
      const high = v.let(v.sub(first, rest))
      return { high, low: v.let(v.sub(v.sub(first, high), rest)) }
    }
    const s = exact(sine(v, angle, square))
    const c = exact(cosine(v, angle, square))
    const odd = v.let(isOdd(v, angle.quadrant))
    const numerator = v.select(odd, c.high, s.high)
    const denominator = v.let(v.select(odd, s.high, c.high))
    const quotient = v.let(v.div(numerator, denominator))
    const lost = v.sub(v.select(odd, c.low, s.low), v.mul(quotient, v.select(odd, s.low, c.low)))
    const value = v.add(quotient, v.div(lost, denominator))
    return v.select(v.eq(x, 0), x, v.xor(value, v.and(odd, v.signBit)))
  }
}
