import { Expr } from "@fluxion/core"
import type * as Hyperparameter from "./Hyperparameter.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Parameters from "./Parameters.ts"

/**
 * The specification of the state of `momentum` for parameters `P`: the number of updates made, and the velocity.
 *
 * @category models
 * @since 0.1.0
 */
export type MomentumState<P> = { readonly count: readonly []; readonly velocity: P }

/**
 * `MomentumState` as a function of types.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface MomentumStateType extends Optimizer.StateType {
  readonly state: MomentumState<this["parameters"]>
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
): Optimizer.Optimizer<MomentumStateType, Hyperparameter.ErrorOf<H | D>, Hyperparameter.RequirementsOf<H | D>> => {
  const nesterov = options?.nesterov ?? false
  const optimizer = Optimizer.make<MomentumStateType>()({
    name: nesterov ? "nesterov" : "momentum",
    hyperparameters: { rate: rate as Hyperparameter.Hyperparameter, decay: options?.decay ?? 0.9 },
    init: (spec) => ({ count: Expr.constant(0), velocity: Parameters.zeros(spec) }),
    update: (spec, { gradients, hyperparameters, state: { count, velocity: previous } }) => {
      const { decay, rate } = hyperparameters(count)
      const step = Expr.neg(rate)
      const decayed = (gradient: Expr.Expr, velocity: Expr.Expr) => Expr.add(gradient, Expr.mul(decay, velocity))
      const velocity = Parameters.map(spec, decayed, gradients, previous)
      const direction = nesterov ? Parameters.map(spec, decayed, gradients, velocity) : velocity
      return {
        updates: Parameters.map(spec, (d) => Expr.mul(step, d), direction),
        state: { count: Expr.add(count, 1), velocity }
      }
    }
  })
  return optimizer as never
}
