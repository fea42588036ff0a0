import { Expr } from "@fluxion/core"
import type { CountState } from "./Chain.ts"
import type * as Hyperparameter from "./Hyperparameter.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Parameters from "./Parameters.ts"

/**
 * Gradient descent (stochastic when the gradients are those of mini-batches): the update is `-rate * gradient`.
 *
 * **Details**
 *
 * The rate is a number, a scalar expression or a schedule. State: the number of updates made. Robbins and Monro (1951).
 *
 * @example
 * ```ts
 * import { Fn } from "@fluxion/core"
 * import { Optimizer, sgd } from "@fluxion/optim"
 *
 * const { update } = Optimizer.instantiate(sgd(0.25), { w: [] })
 * const result = Fn.runSync(update, { gradients: { w: 4 }, state: { count: 0 }, parameters: { w: 1 } })
 * console.log(result) // { updates: { w: -1 }, state: { count: 1 } }
 * ```
 *
 * @category optimisers
 * @since 0.1.0
 */
export const sgd = <const H extends Hyperparameter.Hyperparameter>(
  rate: H
): Optimizer.Optimizer<CountState, Hyperparameter.ErrorOf<H>, Hyperparameter.RequirementsOf<H>> =>
  Optimizer.make<CountState>()({
    name: "sgd",
    hyperparameters: { rate },
    init: () => ({ count: Expr.constant(0) }),
    update: (spec, { gradients, hyperparameters, state: { count } }) => {
      const step = Expr.neg(hyperparameters(count).rate)
      return {
        updates: Parameters.map(spec, (gradient) => Expr.mul(step, gradient), gradients),
        state: { count: Expr.add(count, 1) }
      }
    }
  })
