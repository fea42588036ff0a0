import * as Optimizer from "./Optimizer.ts"

/**
 * The state of a chain: the tuple of the states of its links.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ChainState<Os> = { readonly [K in keyof Os]: Optimizer.TemplateOfOptimizer<Os[K]> }

/**
 * Optimisers one after the other: each takes the updates of the one before as its gradients.
 *
 * **Details**
 *
 * The state is the tuple of their states. Associative up to the nesting of that tuple, with `identity` as its unit.
 *
 * @example
 * ```ts
 * import { chain, clipByGlobalNorm, momentum, Schedule } from "@fluxion/optim"
 *
 * const optimizer = chain(clipByGlobalNorm(1), momentum(Schedule.cosine(0.01, 1000)))
 * console.log(optimizer) // chain(clipByGlobalNorm(maximum: 1), momentum(rate: schedule, decay: 0.9))
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const chain = <const Os extends readonly [Optimizer.Any, ...ReadonlyArray<Optimizer.Any>]>(
  ...optimizers: Os
): Optimizer.Optimizer<ChainState<Os>, Optimizer.ErrorOf<Os[number]>, Optimizer.RequirementsOf<Os[number]>> => {
  const links = optimizers.map(Optimizer.definitionOf)
  return Optimizer.fromDefinition("chain", `chain(${optimizers.join(", ")})`, {
    init: (parameters) => links.map((link) => link.init(parameters)),
    update: ({ gradients, parameters, state }) => {
      const states = state as ReadonlyArray<unknown>
      const next: Array<unknown> = []
      let updates = gradients
      links.forEach((link, i) => {
        const outputs = link.update({ gradients: updates, state: states[i], parameters })
        updates = outputs.updates
        next.push(outputs.state)
      })
      return { updates, state: next }
    }
  })
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
export const identity: Optimizer.Optimizer<{}> = Optimizer.make({
  name: "identity",
  hyperparameters: {},
  init: () => ({}),
  update: ({ gradients, state }) => ({ updates: gradients, state })
})
