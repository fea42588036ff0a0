import { Effect } from "effect"
import { compareEntries, define, relativeOf } from "../internal/law.ts"
import { bothModes } from "../internal/modes.ts"
import { forCotangents } from "../internal/tolerance.ts"
import type { Law, Plain } from "./model.ts"

/**
 * Forward and reverse mode give the same gradient.
 *
 * **Details**
 *
 * Compares the gradient of the output (of a weighted sum of the outputs, where there are several) by one forward pass for each element of the inputs with
 * that of one reverse sweep. They may differ by `tolerance` (1e-12 by default) times the scale of the terms: the sum over all paths from the input
 * element to the output of the absolute product of partial derivatives along the path. Both modes add up those same products, in different orders; a scale taken from
 * the result alone would forbid any cancellation. (And by 2^-1000, near which products lose digits to underflow.) NaN agrees with NaN and zeros agree whatever their sign; nothing else that is not finite agrees with a number.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Laws } from "@fluxion/testing"
 * import { Effect } from "effect"
 * import * as fc from "fast-check"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.atan2(Expr.sin(x), y))
 * const report = Effect.runSync(Laws.modesAgree(f, { x: 1, y: 2 }))
 * console.log(report.comparisons.map(({ place }) => place)) // [ 'x', 'y' ]
 *
 * // Under a runner that knows no effects; and at a hundred points.
 * console.log(Laws.modesAgree(f).assert({ x: 1, y: 2 }).verdict) // holds
 * fc.assert(Laws.modesAgree(f).property())
 * ```
 *
 * @category laws
 * @since 0.1.0
 */
export const modesAgree: Law<Plain> = define({
  title: "forward = reverse",
  sides: ["forward", "reverse"],
  examine: (f, at, options) =>
    Effect.sync(() => {
      const { forward, reverse, spec, weights } = bothModes(f, at)
      const tolerance = forCotangents(f, at, weights, relativeOf(options))
      return { comparisons: compareEntries({ spec, left: forward!, right: reverse, tolerance, whole: "the input" }) }
    })
})
