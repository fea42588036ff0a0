import type { Fn, Tree } from "@fluxion/core"
import * as Programs from "./internal/programs.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Parameters from "./Parameters.ts"

/**
 * The inputs of a training step.
 *
 * @category models
 * @since 0.1.0
 */
export type TrainingStepInputs<P extends Parameters.Spec, S extends Tree.Spec, B extends Tree.Spec> = {
  readonly parameters: P
  readonly state: S
  readonly batch: B
}

/**
 * The outputs of a training step: the loss and the norm of its gradient before the update, parameters and state after it.
 *
 * @category models
 * @since 0.1.0
 */
export type TrainingStepOutputs<P extends Parameters.Spec, S extends Tree.Spec> = {
  readonly loss: readonly []
  readonly gradientNorm: readonly []
  readonly parameters: P
  readonly state: S
}

/**
 * One step of training as a program: the gradient of a loss, an update by an optimiser, the next parameters and state.
 *
 * **Details**
 *
 * The loss is a program of one scalar output from `{ parameters, batch }`. The step is a program like any other: its derivative with respect
 * to a learning rate that is an input of an outer program, or with respect to the batch, is one more differentiation. Failures and requirements
 * are those of the loss and of the optimiser. The cost is that of one evaluation and one backward sweep of the loss, plus a
 * few operations per parameter.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Reverse from "@fluxion/reverse-mode"
 * import { sgd, trainingStep } from "@fluxion/optim"
 *
 * const loss = Fn.make({ parameters: [], batch: [] }, ({ batch, parameters }) => Expr.square(Expr.sub(parameters, batch)))
 *
 * // The loss after one step from 0 towards 3, as a function of the learning rate.
 * const after = Fn.make({ rate: [] }, ({ rate }) => {
 *   const { parameters } = Fn.apply(trainingStep(sgd(rate), loss), { parameters: 0, state: { count: 0 }, batch: 3 })
 *   return Fn.apply(loss, { parameters, batch: 3 })
 * })
 * console.log(Fn.runSync(Reverse.valueAndGrad(after), { rate: 0.25 })) // { value: 2.25, grad: { rate: -18 } }
 * ```
 *
 * @category programs
 * @since 0.1.0
 */
export const trainingStep: <S, E, R, P extends Parameters.Spec, B extends Tree.Spec, E2, R2>(
  optimizer: Optimizer.Optimizer<S, E, R>,
  loss: Fn.Fn<{ readonly parameters: P; readonly batch: B }, readonly [], E2, R2>
) => Fn.Fn<
  TrainingStepInputs<P, Optimizer.StateSpec<S, P>, B>,
  TrainingStepOutputs<P, Optimizer.StateSpec<S, P>>,
  E | E2,
  R | R2
> = ((optimizer: Optimizer.Any, loss: Fn.Any): Fn.Any => {
  const { batch, parameters } = loss.inputs as { readonly parameters: Parameters.Spec; readonly batch: Tree.Spec }
  const { state, update } = Optimizer.instantiateUntyped(optimizer, parameters)
  const valueAndGrad = Programs.valueAndGrad(loss, { wrt: ["parameters"] })
  return Programs.make({ parameters, state, batch }, ({ batch, parameters: before, state }) => {
    const { grad, value } = Programs.apply(valueAndGrad)({ parameters: before, batch }) as Programs.Untyped
    const { parameters: gradients } = grad as Programs.Untyped
    const next = Programs.apply(update)({ gradients, state, parameters: before }) as Programs.Untyped
    return {
      loss: value,
      gradientNorm: Programs.apply(Parameters.globalNorm(parameters))(gradients),
      parameters: Programs.apply(Parameters.applyUpdates(parameters))({
        parameters: before,
        updates: next["updates"]
      }),
      state: next["state"]
    }
  })
}) as never
