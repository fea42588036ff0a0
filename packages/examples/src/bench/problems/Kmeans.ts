/**
 * Clustering: distances of all points to all centroids, and a minimum of each row.
 *
 * @since 0.1.0
 */
import { Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { cost, type Sizes } from "../../gradbench/modules/Kmeans.ts"
import * as Draws from "../Draws.ts"
import * as Problem from "../Problem.ts"
import * as Program from "../Program.ts"
import type { Subject } from "../Subject.ts"

const directional = (size: Sizes) => {
  const { d, k, n } = size
  const spec = { points: [n, d], centroids: [k, d], direction: [k, d] } as const
  return Fn.make(spec, ({ centroids, direction, points }) => {
    const ofCentroids = Fn.make([k, d], (at) => Fn.apply(cost(size), { points, centroids: at }))
    return Fn.apply(Forward.jvp(ofCentroids), { primals: centroids, tangents: direction })
  })
}

const byHand = ({ d, k, n }: Sizes, points: Float64Array, centroids: Float64Array): Subject => {
  const gradient = new Float64Array(k * d)
  let value = 0
  const run = (): void => {
    gradient.fill(0)
    let sum = 0
    for (let i = 0; i < n; i++) {
      const from = i * d
      let least = Infinity
      let nearest = 0
      for (let c = 0; c < k; c++) {
        const at = c * d
        let distance = 0
        for (let j = 0; j < d; j++) {
          const difference = centroids[at + j]! - points[from + j]!
          distance += difference * difference
        }
        if (distance < least) {
          least = distance
          nearest = at
        }
      }
      sum += least
      for (let j = 0; j < d; j++) gradient[nearest + j]! += 2 * (centroids[nearest + j]! - points[from + j]!)
    }
    value = sum
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
  const { d, k, n } = size
  const draws = Draws.make(5)
  const ofPoints = draws.uniform(n * d, 0, 1)
  const ofCentroids = draws.uniform(k * d, 0, 1)
  const points = Tensor.fromArray(ofPoints, [n, d])
  const centroids = Tensor.fromArray(ofCentroids, [k, d])
  const f = cost(size)
  return {
    size: `k = ${k}, n = ${n}, d = ${d}`,
    n,
    programs: {
      primal: Program.make(f, { points, centroids }),
      forward: Program.make(directional(size), {
        points,
        centroids,
        direction: Tensor.fromArray(draws.normal(k * d), [k, d])
      }),
      reverse: Program.make(Reverse.valueAndGrad(f, { wrt: ["centroids"] }), { points, centroids })
    },
    byHand: () => byHand(size, ofPoints, ofCentroids),
    inputs: { points, centroids }
  }
}

const main = { k: 100, n: 10_000, d: 8 }

/**
 * The problem.
 *
 * @category problems
 * @since 0.1.0
 */
export const kmeans = Problem.make(
  "kmeans",
  { sizes: [{ k: 100, n: 1000, d: 8 }, main], main, quick: { k: 3, n: 11, d: 2 } },
  instance
)
