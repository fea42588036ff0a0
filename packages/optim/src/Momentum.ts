import { Expr } from "@fluxion/core"
import type * as Hyperparameter from "./Hyperparameter.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Vector from "./Vector.ts"

/**
 * The state of `momentum`: the number of updates made, and the velocity.
 *
 * @category models
 * @since 0.1.0
 */
export interface MomentumState {
  readonly count: readonly []
  readonly velocity: Optimizer.LikeParameters
}

/**
 * The options of `momentum`: `decay` is 0.9 by default, `nesterov` false.
 *
 * @category options
 * @since 0.1.0
 */
export interface MomentumOptions<D extends Hyperparameter.Hyperparameter = Hyperparameter.Hyperparameter> {
  readonly decay?: D
  readonly nesterov?: boolean
}

/**
 * Gradient descent with momentum: the velocity `v` becomes `decay * v + gradient` and the update is `-rate * v`.
 *
 * **Details**
 *
 * With `nesterov` the update is `-rate * (gradient + decay * v)`, Nesterov's accelerated gradient written for the look-ahead
 * point. The rate multiplies the velocity when it is used, not when it is accumulated, so a schedule takes effect at once. With decay 0 it is `sgd`.
 *
 * Polyak (1964); Nesterov (1983) in the form of Sutskever, Martens, Dahl and Hinton (2013), section 2.
 *
 * @example
 * ```ts
 * import { Fn } from "@fluxion/core"
 * import { momentum, Optimizer } from "@fluxion/optim"
 *
 * const { update } = Optimizer.instantiate(momentum(0.5, { decay: 0.5 }), { w: [] })
 * const inputs = { gradients: { w: 4 }, state: { count: 3, velocity: { w: 8 } }, parameters: { w: 1 } }
 * console.log(Fn.runSync(update, inputs)) // { updates: { w: -4 }, state: { count: 4, velocity: { w: 8 } } }
 * ```
 *
 * @category optimisers
 * @since 0.1.0
 */
export const momentum = <
  const H extends Hyperparameter.Hyperparameter,
  const D extends Hyperparameter.Hyperparameter = number
>(
  rate: H,
  options?: MomentumOptions<D>
): Optimizer.Optimizer<MomentumState, Hyperparameter.ErrorOf<H | D>, Hyperparameter.RequirementsOf<H | D>> => {
  const nesterov = options?.nesterov ?? false
  const decay: Hyperparameter.Hyperparameter = options?.decay ?? 0.9
  const optimizer: Optimizer.Optimizer<MomentumState, unknown, unknown> = Optimizer.make({
    name: nesterov ? "nesterov" : "momentum",
    hyperparameters: { rate, decay },
    init: (parameters) => ({ count: Expr.constant(0), velocity: Vector.zerosLike(parameters) }),
    update: ({ gradients, hyperparameters, state: { count, velocity: previous } }) => {
      const { decay, rate } = hyperparameters(count)
      const velocity = Vector.add(gradients, Vector.scale(previous, decay))
      const direction = nesterov ? Vector.add(gradients, Vector.scale(velocity, decay)) : velocity
      return { updates: Vector.scale(direction, Expr.neg(rate)), state: { count: Expr.add(count, 1), velocity } }
    }
  })
  return optimizer as never
}
