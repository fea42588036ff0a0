/**
 * The fit of a polynomial to the sign function: a recurrence at many points.
 *
 * @since 0.1.0
 */
import { Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { objective, type Sizes } from "../../gradbench/modules/Llsq.ts"
import * as Draws from "../Draws.ts"
import * as Problem from "../Problem.ts"
import * as Program from "../Program.ts"
import type { Subject } from "../Subject.ts"

const byHand = ({ m, n }: Sizes, x: Float64Array): Subject => {
  const gradient = new Float64Array(m)
  let value = 0
  const pointOf = (i: number): number => (2 * i) / (n - 1) - 1
  const run = (): void => {
    gradient.fill(0)
    let sum = 0
    let i = 0
    // Four points at a time: each step of Horner's scheme waits for the one before, but not for that of another point.
    for (; i + 3 < n; i += 4) {
      const t0 = pointOf(i)
      const t1 = pointOf(i + 1)
      const t2 = pointOf(i + 2)
      const t3 = pointOf(i + 3)
      let p0 = 0
      let p1 = 0
      let p2 = 0
      let p3 = 0
      for (let j = m - 1; j >= 0; j--) {
        const c = x[j]!
        p0 = p0 * t0 + c
        p1 = p1 * t1 + c
        p2 = p2 * t2 + c
        p3 = p3 * t3 + c
      }
      // From here the residuals, times the powers of the points.
      p0 -= Math.sign(t0)
      p1 -= Math.sign(t1)
      p2 -= Math.sign(t2)
      p3 -= Math.sign(t3)
      sum += p0 * p0 + p1 * p1 + (p2 * p2 + p3 * p3)
      for (let j = 0; j < m; j++) {
        gradient[j]! += p0 + p1 + (p2 + p3)
        p0 *= t0
        p1 *= t1
        p2 *= t2
        p3 *= t3
      }
    }
    for (; i < n; i++) {
      const t = pointOf(i)
      let p = 0
      for (let j = m - 1; j >= 0; j--) p = p * t + x[j]!
      p -= Math.sign(t)
      sum += p * p
      for (let j = 0; j < m; j++) {
        gradient[j]! += p
        p *= t
      }
    }
    value = sum / 2
  }
  return {
    run,
    answer: () => {
      run()
      return { value, derivative: [gradient.slice()] }
    }
  }
}

const instance = (size: Sizes): Problem.Instance => {
  const { m, n } = size
  const draws = Draws.make(4)
  const data = draws.normal(m)
  const x = Tensor.fromArray(data, [m])
  const f = objective(size)
  return {
    size: `n = ${n}, m = ${m}`,
    n,
    programs: {
      primal: Program.make(f, x),
      forward: Program.make(Forward.jvp(f), { primals: x, tangents: Tensor.fromArray(draws.normal(m), [m]) }),
      reverse: Program.make(Reverse.valueAndGrad(f), x)
    },
    byHand: () => byHand(size, data),
    inputs: { x, n: Tensor.index(n) }
  }
}

const main = { n: 4096, m: 128 }

/**
 * The problem.
 *
 * @category problems
 * @since 0.1.0
 */
export const llsq = Problem.make(
  "llsq",
  { sizes: [{ n: 256, m: 128 }, { n: 1024, m: 128 }, main, { n: 16_384, m: 128 }], main, quick: { n: 7, m: 3 } },
  instance
)
