import { Effect } from "effect"
import { compareEntries, define, relativeOf } from "../internal/law.ts"
import { chosen, inner, pull, push, tangentSpecs } from "../internal/passes.ts"
import { forProducts } from "../internal/tolerance.ts"
import type { DirectionOptions, Directions, Law } from "./model.ts"

/**
 * The reverse mode of a program is the transpose of its forward mode: ⟨v, J u⟩ = ⟨Jᵀ v, u⟩.
 *
 * **Details**
 *
 * One pass of each mode, whatever the number of inputs and outputs. The two sides may differ by `tolerance` (1e-12 by default) times the scale of
 * their terms: the sum over all paths of the absolute products of partial derivatives, times |u| and |v| at their ends.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Laws } from "@fluxion/testing"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [3] }, ({ x }) => Expr.cumprod(x))
 * const report = Effect.runSync(Laws.transpose(f, { x: Tensor.make([2, 0, 3]) }))
 * console.log(report.law) // <v, J u> = <J' v, u>
 * ```
 *
 * @category laws
 * @since 0.1.0
 */
export const transpose: Law<Directions> = define({
  title: "<v, J u> = <J' v, u>",
  sides: ["<v, J u>", "<J' v, u>"],
  examine: (f, at, given) =>
    Effect.sync(() => {
      const options = given as DirectionOptions<never, never> | undefined
      const { inputs, outputs } = tangentSpecs(f)
      const u = chosen(inputs, options?.tangents)
      const v = chosen(outputs, options?.cotangents)
      const left = inner(v, push(f, at, u))
      const right = inner(u, pull(f, at, v))
      const tolerance = forProducts(f, at, u, v, relativeOf(options))
      const one = (x: number) => [{ data: [x] }]
      return {
        comparisons: compareEntries({
          spec: [],
          left: one(left),
          right: one(right),
          tolerance,
          whole: "the inner products"
        })
      }
    })
})
