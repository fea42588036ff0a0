import { Expr } from "@fluxion/core"
import type * as Hyperparameter from "./Hyperparameter.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Parameters from "./Parameters.ts"

/**
 * The specification of the state of `adam` for parameters `P`: the number of updates made, and running averages of the gradient and of its square.
 *
 * @category models
 * @since 0.1.0
 */
export type AdamState<P> = {
  readonly count: readonly []
  readonly firstMoment: P
  readonly secondMoment: P
}

/**
 * `AdamState` as a function of types.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface AdamStateType extends Optimizer.StateType {
  readonly state: AdamState<this["parameters"]>
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
): Optimizer.Optimizer<AdamStateType, Hyperparameter.ErrorOf<H | B>, Hyperparameter.RequirementsOf<H | B>> => {
  const optimizer = Optimizer.make<AdamStateType>()({
    name: "adam",
    hyperparameters: {
      rate: rate as Hyperparameter.Hyperparameter,
      beta1: options?.beta1 ?? 0.9,
      beta2: options?.beta2 ?? 0.999,
      epsilon: options?.epsilon ?? 1e-8
    },
    init: (spec) => ({
      count: Expr.constant(0),
      firstMoment: Parameters.zeros(spec),
      secondMoment: Parameters.zeros(spec)
    }),
    update: (spec, { gradients, hyperparameters, state }) => {
      const { beta1, beta2, epsilon, rate } = hyperparameters(state.count)
      const count = Expr.add(state.count, 1)
      const average = (beta: Expr.Expr<readonly []>) => (mean: Expr.Expr, sample: Expr.Expr) =>
        Expr.add(Expr.mul(beta, mean), Expr.mul(Expr.sub(1, beta), sample))
      const square = (gradient: Expr.Expr) => Expr.mul(gradient, gradient)
      const firstMoment = Parameters.map(spec, average(beta1), state.firstMoment, gradients)
      const squares = Parameters.map(spec, square, gradients)
      const secondMoment = Parameters.map(spec, average(beta2), state.secondMoment, squares)
      const correction1 = Expr.sub(1, Expr.pow(beta1, count))
      const correction2 = Expr.sub(1, Expr.pow(beta2, count))
      const step = Expr.neg(rate)
      const updates = Parameters.map(
        spec,
        (m, v) => {
          const size = Expr.add(Expr.sqrt(Expr.div(v, correction2)), epsilon)
          return Expr.mul(step, Expr.div(Expr.div(m, correction1), size))
        },
        firstMoment,
        secondMoment
      )
      return { updates, state: { count, firstMoment, secondMoment } }
    }
  })
  return optimizer as never
}
