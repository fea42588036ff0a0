/**
 * `kmeans`: clustering by Newton's method.
 *
 * @since 0.1.0
 */
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Schema } from "effect"
import * as Evaluation from "../Evaluation.ts"
import * as Numbers from "../Numbers.ts"

/**
 * `n` points and `k` centroids in `d` dimensions.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sizes {
  readonly n: number
  readonly k: number
  readonly d: number
}

/**
 * The sum of the squared distances of all points to their nearest centroids.
 *
 * **Details**
 *
 * Which centroid is nearest is an index, and indices carry no derivatives: the derivative of a point's share is with respect to one centroid only.
 *
 * @category programs
 * @since 0.1.0
 */
export const cost = ({ d, k, n }: Sizes) =>
  Fn.make({ points: [n, d], centroids: [k, d] }, ({ centroids, points }) => {
    const shares = Expr.map((point) => {
      const distances = Expr.sum(Expr.square(Expr.sub(centroids, point)), { axis: 1 })
      const nearest = Expr.gather(centroids, Expr.argmin(distances, 0))
      return Expr.sum(Expr.square(Expr.sub(nearest, point)))
    }, points)
    return Expr.sum(shares)
  })

/**
 * The direction of Newton's method: the gradient of the cost divided by the diagonal of its Hessian.
 *
 * **Details**
 *
 * The Hessian is diagonal, so that its product with a vector of ones is its diagonal: one pass of forward mode over the gradient gives both.
 *
 * @category programs
 * @since 0.1.0
 */
export const newtonDirection = (sizes: Sizes) =>
  Fn.make({ points: [sizes.n, sizes.d], centroids: [sizes.k, sizes.d] }, ({ centroids, points }) => {
    const ofCentroids = Fn.make([sizes.k, sizes.d], (at) => Fn.apply(cost(sizes), { points, centroids: at }))
    const { primals: gradient, tangents: curvature } = Fn.apply(Forward.jvp(Reverse.grad(ofCentroids)), {
      primals: centroids,
      tangents: Expr.ones([sizes.k, sizes.d])
    })
    return Expr.div(gradient, curvature)
  })

const Input = Schema.Struct({ points: Numbers.Matrix, centroids: Numbers.Matrix })

const sizes = ({ centroids, points }: typeof Input.Type): Sizes => ({
  n: points.shape[0],
  k: centroids.shape[0],
  d: points.shape[1]
})

/**
 * The module.
 *
 * @category modules
 * @since 0.1.0
 */
export const kmeans: Evaluation.Module = {
  name: "kmeans",
  functions: {
    cost: Evaluation.taking(Input, (input) => Evaluation.make(cost(sizes(input)), input, (value) => value)),
    dir: Evaluation.taking(Input, (input) => Evaluation.make(newtonDirection(sizes(input)), input, Tensor.toNested))
  }
}
