import { Expr } from "@fluxion/core"
import type * as Hyperparameter from "./Hyperparameter.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Vector from "./Vector.ts"

/**
 * The state of `adam`: the number of updates made, and running averages of the gradient and of its square.
 *
 * @category models
 * @since 0.1.0
 */
export interface AdamState {
  readonly count: readonly []
  readonly firstMoment: Optimizer.LikeParameters
  readonly secondMoment: Optimizer.LikeParameters
}

/**
 * The options of `adam`: by default `beta1` is 0.9, `beta2` 0.999 and `epsilon` 1e-8, as in the paper.
 *
 * @category options
 * @since 0.1.0
 */
export interface AdamOptions<B extends Hyperparameter.Hyperparameter = Hyperparameter.Hyperparameter> {
  readonly beta1?: B
  readonly beta2?: B
  readonly epsilon?: B
}

/**
 * Adam: steps of about `rate` in each coordinate, from bias-corrected running averages of the gradient and its square.
 *
 * **Details**
 *
 * With `t` the number of the update (from 1): `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g²`, and the update
 * is `-rate * (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)`; `epsilon` is outside of the root, as in algorithm 1. A coordinate
 * whose gradients have all been 0 stays where it is, and derivatives through it are 0.
 *
 * Kingma and Ba (2015), "Adam: a method for stochastic optimization", algorithm 1.
 *
 * @example
 * ```ts
 * import { Fn } from "@fluxion/core"
 * import { adam, Optimizer } from "@fluxion/optim"
 *
 * const { init, update } = Optimizer.instantiate(adam(0.5, { epsilon: 0 }), { w: [] })
 * const state = Fn.runSync(init, { w: 1 })
 * console.log(Fn.runSync(update, { gradients: { w: -64 }, state, parameters: { w: 1 } }).updates) // { w: 0.5 }
 * ```
 *
 * @category optimisers
 * @since 0.1.0
 */
export const adam = <
  const H extends Hyperparameter.Hyperparameter,
  const B extends Hyperparameter.Hyperparameter = number
>(
  rate: H,
  options?: AdamOptions<B>
): Optimizer.Optimizer<AdamState, Hyperparameter.ErrorOf<H | B>, Hyperparameter.RequirementsOf<H | B>> => {
  const given: AdamOptions | undefined = options
  const optimizer: Optimizer.Optimizer<AdamState, unknown, unknown> = Optimizer.make({
    name: "adam",
    hyperparameters: {
      rate,
      beta1: given?.beta1 ?? 0.9,
      beta2: given?.beta2 ?? 0.999,
      epsilon: given?.epsilon ?? 1e-8
    },
    init: (parameters) => ({
      count: Expr.constant(0),
      firstMoment: Vector.zerosLike(parameters),
      secondMoment: Vector.zerosLike(parameters)
    }),
    update: ({ gradients, hyperparameters, state }) => {
      const { beta1, beta2, epsilon, rate } = hyperparameters(state.count)
      const count = Expr.add(state.count, 1)
      const average = (beta: Expr.Expr<readonly []>, mean: Vector.Vector, sample: Vector.Vector) =>
        Vector.add(Vector.scale(mean, beta), Vector.scale(sample, Expr.sub(1, beta)))
      const squares = Vector.map(gradients, (gradient) => Expr.mul(gradient, gradient))
      const firstMoment = average(beta1, state.firstMoment, gradients)
      const secondMoment = average(beta2, state.secondMoment, squares)
      const correction1 = Expr.sub(1, Expr.pow(beta1, count))
      const correction2 = Expr.sub(1, Expr.pow(beta2, count))
      const step = Expr.neg(rate)
      const updates = Vector.zipWith(firstMoment, secondMoment, (m, v) => {
        const size = Expr.add(Expr.sqrt(Expr.div(v, correction2)), epsilon)
        return Expr.mul(step, Expr.div(Expr.div(m, correction1), size))
      })
      return { updates, state: { count, firstMoment, secondMoment } }
    }
  })
  return optimizer as never
}
