import { Expr } from "@fluxion/core"
import { InvalidOption } from "./Errors.ts"
import type * as Hyperparameter from "./Hyperparameter.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Vector from "./Vector.ts"

/**
 * Shortens gradients whose Euclidean norm, over all parameters together, exceeds a maximum; their direction stays.
 *
 * **Details**
 *
 * `gradient * min(1, maximum / norm)`, computed without overflow or underflow of the norm: gradients of 1e300 are clipped to the
 * maximum too. A gradient that holds NaN or infinity has no direction to keep and is passed on unchanged, so that divergence is
 * seen. The derivative at a norm of exactly the maximum is that of no clipping. A maximum that is a negative number or NaN throws `InvalidOption`.
 * It keeps no state.
 *
 * Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks", algorithm 1.
 *
 * @example
 * ```ts
 * import { Fn } from "@fluxion/core"
 * import { clipByGlobalNorm, Optimizer } from "@fluxion/optim"
 *
 * const { update } = Optimizer.instantiate(clipByGlobalNorm(1), { a: [], b: [] })
 * const inputs = { gradients: { a: 30, b: -40 }, state: {}, parameters: { a: 0, b: 0 } }
 * console.log(Fn.runSync(update, inputs).updates) // { a: 0.6, b: -0.8 }
 * ```
 *
 * @category optimisers
 * @since 0.1.0
 */
export const clipByGlobalNorm = <const H extends Hyperparameter.Fixed>(
  maximum: H
): Optimizer.Optimizer<{}, Hyperparameter.ErrorOf<H>, Hyperparameter.RequirementsOf<H>> => {
  if (typeof maximum === "number" && !(maximum >= 0)) {
    throw new InvalidOption({
      operation: "clipByGlobalNorm",
      option: "maximum",
      expected: "a non-negative number",
      actual: String(maximum)
    })
  }
  return Optimizer.make({
    name: "clipByGlobalNorm",
    hyperparameters: { maximum },
    init: () => ({}),
    update: ({ gradients, hyperparameters, state }) => {
      const all = Vector.flat(gradients)
      if (all.shape[0] === 0) return { updates: gradients, state }
      const maximum = hyperparameters(Expr.constant(0)).maximum
      // A power of two near the largest element: scaling by it is exact, and the result does not depend on it.
      const largest = Expr.stopGradient(Expr.reduceMax(Expr.abs(all)))
      const usable = Expr.and(Expr.gt(largest, 0), Expr.isFinite(largest))
      const exponent = Expr.floor(Expr.div(Expr.log(Expr.select(usable, largest, 1)), Math.LN2))
      const scale = Expr.pow(2, Expr.max(exponent, -1022))
      const scaled = Expr.div(all, scale)
      const norm = Expr.sqrt(Expr.sum(Expr.mul(scaled, scaled)))
      const tooLong = Expr.and(usable, Expr.gt(norm, Expr.div(maximum, scale)))
      const factor = Expr.div(maximum, norm)
      const clip = (gradient: Expr.Expr) => Expr.select(tooLong, Expr.mul(Expr.div(gradient, scale), factor), gradient)
      return { updates: Vector.map(gradients, clip), state }
    }
  })
}
