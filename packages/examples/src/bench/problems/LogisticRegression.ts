/**
 * Logistic regression: a product of a matrix and a vector, and elementary functions of the rows.
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

interface Size {
  readonly n: number
  readonly d: number
}

/**
 * The mean negative log likelihood of `n` labels, 0 or 1, of the weights of `d` features and the intercept.
 *
 * @category programs
 * @since 0.1.0
 */
export const objective = ({ d, n }: Size) =>
  Fn.make({ x: [n, d], y: [n], w: [d], b: [] }, ({ b, w, x, y }) => {
    const z = Expr.add(Expr.matmul(x, w), b)
    return Expr.mean(Expr.sub(Expr.softplus(z), Expr.mul(y, z)))
  })

const directional = (size: Size) => {
  const { d, n } = size
  const weights = { w: [d], b: [] } as const
  return Fn.make({ x: [n, d], y: [n], weights, direction: weights }, ({ direction, weights: at, x, y }) => {
    const ofWeights = Fn.make(weights, ({ b, w }) => Fn.apply(objective(size), { x, y, w, b }))
    return Fn.apply(Forward.jvp(ofWeights), { primals: at, tangents: direction })
  })
}

const byHand = ({ d, n }: Size, x: Float64Array, y: Float64Array, w: Float64Array, b: number): Subject => {
  const ofWeights = new Float64Array(d)
  let value = 0
  let ofIntercept = 0
  const run = (): void => {
    ofWeights.fill(0)
    let loss = 0
    let slope = 0
    for (let i = 0; i < n; i++) {
      const row = i * d
      // Two sums, because each addition waits for the one before.
      let z0 = b
      let z1 = 0
      let j = 0
      for (; j + 1 < d; j += 2) {
        z0 += x[row + j]! * w[j]!
        z1 += x[row + j + 1]! * w[j + 1]!
      }
      if (j < d) z0 += x[row + j]! * w[j]!
      const z = z0 + z1
      const e = Math.exp(z < 0 ? z : -z)
      loss += (z > 0 ? z : 0) + Math.log1p(e) - y[i]! * z
      const residual = (z < 0 ? e : 1) / (1 + e) - y[i]!
      slope += residual
      for (j = 0; j < d; j++) ofWeights[j]! += residual * x[row + j]!
    }
    value = loss / n
    ofIntercept = slope / n
    for (let j = 0; j < d; j++) ofWeights[j]! /= n
  }
  return {
    run,
    answer: () => {
      run()
      return { value, derivative: [ofWeights.slice(), [ofIntercept]] }
    }
  }
}

const instance = (size: Size): Problem.Instance => {
  const { d, n } = size
  const draws = Draws.make(2)
  const features = draws.normal(n * d)
  const labels = Float64Array.from(draws.integers(n, 2))
  const weights = draws.normal(d, 0.5)
  const b = 0.25
  const x = Tensor.fromArray(features, [n, d])
  const y = Tensor.fromArray(labels, [n])
  const w = Tensor.fromArray(weights, [d])
  const f = objective(size)
  return {
    size: `${n} × ${d}`,
    n,
    programs: {
      primal: Program.make(f, { x, y, w, b }),
      forward: Program.make(directional(size), {
        x,
        y,
        weights: { w, b },
        direction: { w: Tensor.fromArray(draws.normal(d), [d]), b: 1 }
      }),
      reverse: Program.make(Reverse.valueAndGrad(f, { wrt: ["w", "b"] }), { x, y, w, b })
    },
    byHand: () => byHand(size, features, labels, weights, b),
    inputs: { x, y, w, b: Tensor.fromArray([b], []) }
  }
}

const main = { n: 1000, d: 30 }

/**
 * The problem.
 *
 * @category problems
 * @since 0.1.0
 */
export const logisticRegression = Problem.make(
  "logistic",
  { sizes: [{ n: 100, d: 30 }, main, { n: 10_000, d: 30 }], main, quick: { n: 5, d: 3 } },
  instance
)
