import { Expr } from "@fluxion/core"
import type * as Hyperparameter from "./Hyperparameter.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Vector from "./Vector.ts"

/**
 * The state of `scale`: the number of updates made.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScaleState {
  readonly count: readonly []
}

/**
 * Multiplies gradients by a factor: a number, a scalar expression or a schedule.
 *
 * **Details**
 *
 * `scale(-1)` turns ascent into descent at the end of a chain.
 *
 * @example
 * ```ts
 * import { Fn } from "@fluxion/core"
 * import { Optimizer, scale } from "@fluxion/optim"
 *
 * const { update } = Optimizer.instantiate(scale(-0.5), { w: [] })
 * console.log(Fn.runSync(update, { gradients: { w: 4 }, state: { count: 0 }, parameters: { w: 1 } }).updates) // { w: -2 }
 * ```
 *
 * @category optimisers
 * @since 0.1.0
 */
export const scale = <const H extends Hyperparameter.Hyperparameter>(
  factor: H
): Optimizer.Optimizer<ScaleState, Hyperparameter.ErrorOf<H>, Hyperparameter.RequirementsOf<H>> =>
  Optimizer.make({
    name: "scale",
    hyperparameters: { factor },
    init: () => ({ count: Expr.constant(0) }),
    update: ({ gradients, hyperparameters, state: { count } }) => ({
      updates: Vector.scale(gradients, hyperparameters(count).factor),
      state: { count: Expr.add(count, 1) }
    })
  })
