import * as Optimizer from "./Optimizer.ts"

/**
 * The specification of the state of a chain: those of the states of its links.
 *
 * @category models
 * @since 0.1.0
 */
export type ChainState<Fs extends ReadonlyArray<Optimizer.StateType>, P> = {
  readonly [K in keyof Fs]: Optimizer.StateOf<Fs[K], P>
}

/**
 * `ChainState` as a function of types.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface ChainStateType<Fs extends ReadonlyArray<Optimizer.StateType>> extends Optimizer.StateType {
  readonly state: ChainState<Fs, this["parameters"]>
}

type StateTypes<Os> = { readonly [K in keyof Os]: Optimizer.StateTypeOf<Os[K]> } extends infer Fs extends
  ReadonlyArray<Optimizer.StateType>
  ? Fs
  : never

/**
 * Optimisers one after the other: each takes the updates of the one before as its gradients.
 *
 * **Details**
 *
 * The state is the tuple of their states. Associative up to the nesting of that tuple, with `identity` as its unit.
 *
 * @example
 * ```ts
 * import { adam, chain, clipByGlobalNorm, Schedule } from "@fluxion/optim"
 *
 * console.log(chain(clipByGlobalNorm(1), adam(Schedule.cosine(0.01, 1000))))
 * // chain(clipByGlobalNorm(maximum: 1), adam(rate: schedule, beta1: 0.9, beta2: 0.999, epsilon: 1e-8))
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const chain = <const Os extends readonly [Optimizer.Any, ...ReadonlyArray<Optimizer.Any>]>(
  ...optimizers: Os
): Optimizer.Optimizer<
  ChainStateType<StateTypes<Os>>,
  Optimizer.ErrorOf<Os[number]>,
  Optimizer.RequirementsOf<Os[number]>
> => {
  const links = optimizers.map(Optimizer.definitionOf)
  return Optimizer.fromDefinition("chain", `chain(${optimizers.join(", ")})`, {
    init: (spec, parameters) => links.map((link) => link.init(spec, parameters)),
    update: (spec, { gradients, parameters, state }) => {
      const states = state as ReadonlyArray<unknown>
      const next: Array<unknown> = []
      let updates = gradients
      links.forEach((link, i) => {
        const outputs = link.update(spec, { gradients: updates, state: states[i], parameters })
        updates = outputs.updates
        next.push(outputs.state)
      })
      return { updates, state: next }
    }
  })
}

/**
 * The state of an optimiser that remembers nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface NoState extends Optimizer.StateType {
  readonly state: {}
}

/**
 * The optimiser that passes its gradients on unchanged: the unit of `chain`.
 *
 * @example
 * ```ts
 * import { Fn } from "@fluxion/core"
 * import { identity, Optimizer } from "@fluxion/optim"
 *
 * const { update } = Optimizer.instantiate(identity, { w: [] })
 * console.log(Fn.runSync(update, { gradients: { w: 3 }, state: {}, parameters: { w: 0 } }).updates) // { w: 3 }
 * ```
 *
 * @category optimisers
 * @since 0.1.0
 */
export const identity: Optimizer.Optimizer<NoState> = Optimizer.make<NoState>()({
  name: "identity",
  hyperparameters: {},
  init: () => ({}),
  update: (_, { gradients, state }) => ({ updates: gradients, state })
})

/**
 * The state of an optimiser that remembers only how many updates it has made.
 *
 * @category models
 * @since 0.1.0
 */
export interface CountState extends Optimizer.StateType {
  readonly state: { readonly count: readonly [] }
}
