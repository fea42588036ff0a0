/**
 * The logarithm of a sum of exponentials: elementary functions and memory.
 *
 * @since 0.1.0
 */
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as Draws from "../Draws.ts"
import * as Problem from "../Problem.ts"
import * as Program from "../Program.ts"
import type { Subject } from "../Subject.ts"

/**
 * `log Σ exp(xᵢ)` of `n` numbers.
 *
 * @category programs
 * @since 0.1.0
 */
export const objective = (n: number) => Fn.make([n], (x) => Expr.logSumExp(x))

const byHand = (x: Float64Array): Subject => {
  const n = x.length
  const gradient = new Float64Array(n)
  let value = 0
  const run = (): void => {
    let largest = -Infinity
    for (let i = 0; i < n; i++) {
      const xi = x[i]!
      if (xi > largest) largest = xi
    }
    let sum = 0
    for (let i = 0; i < n; i++) {
      const e = Math.exp(x[i]! - largest)
      gradient[i] = e
      sum += e
    }
    value = largest + Math.log(sum)
    const scale = 1 / sum
    for (let i = 0; i < n; i++) gradient[i]! *= scale
  }
  return {
    run,
    answer: () => {
      run()
      return { value, derivative: [gradient.slice()] }
    }
  }
}

const instance = (n: number): Problem.Instance => {
  const draws = Draws.make(1)
  const data = draws.uniform(n, -4, 4)
  const x = Tensor.fromArray(data, [n])
  const f = objective(n)
  return {
    size: `n = ${n}`,
    n,
    programs: {
      primal: Program.make(f, x),
      forward: Program.make(Forward.jvp(f), { primals: x, tangents: Tensor.fromArray(draws.normal(n), [n]) }),
      reverse: Program.make(Reverse.valueAndGrad(f), x)
    },
    byHand: () => byHand(data),
    inputs: { x }
  }
}

/**
 * The problem.
 *
 * @category problems
 * @since 0.1.0
 */
export const lse = Problem.make(
  "lse",
  { sizes: [1000, 10_000, 100_000, 640_000, 1_000_000], main: 640_000, quick: 37 },
  instance
)
