import { Expr } from "@fluxion/core"
import type * as Hyperparameter from "./Hyperparameter.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Vector from "./Vector.ts"

/**
 * The state of `sgd`: the number of updates made.
 *
 * @category models
 * @since 0.1.0
 */
export interface SgdState {
  readonly count: readonly []
}

/**
 * Gradient descent (stochastic when the gradients are those of mini-batches): the update is `-rate * gradient`.
 *
 * **Details**
 *
 * The rate is a number, a scalar expression or a schedule. Robbins and Monro (1951).
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
): Optimizer.Optimizer<SgdState, Hyperparameter.ErrorOf<H>, Hyperparameter.RequirementsOf<H>> =>
  Optimizer.make({
    name: "sgd",
    hyperparameters: { rate },
    init: () => ({ count: Expr.constant(0) }),
    update: ({ gradients, hyperparameters, state: { count } }) => ({
      updates: Vector.scale(gradients, Expr.neg(hyperparameters(count).rate)),
      state: { count: Expr.add(count, 1) }
    })
  })
