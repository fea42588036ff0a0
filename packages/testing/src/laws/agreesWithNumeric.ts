import * as Numeric from "@fluxion/calculus/Numeric"
import { type Fn, Tree } from "@fluxion/core"
import { Effect } from "effect"
import { compareEntries, define } from "../internal/law.ts"
import { bothModes } from "../internal/modes.ts"
import { forCotangents } from "../internal/tolerance.ts"
import type { Kind, Law } from "./model.ts"

/**
 * Options of `agreesWithNumeric`: those of numerical derivatives, and by how much their estimated error is multiplied (4 by default).
 *
 * @category options
 * @since 0.1.0
 */
export interface NumericOptions extends Numeric.Options {
  readonly safety?: number
}

/**
 * `NumericOptions` whatever the program, and its failures.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface ByNumbers extends Kind {
  readonly options: NumericOptions
  readonly errors: this["E"]
}

/**
 * Both modes agree with numerical derivatives, for a program of one scalar output.
 *
 * **Details**
 *
 * The tolerance of each entry is the error that the numerical derivative estimates for itself, times `safety`, plus 1e-12 of the scale of
 * the terms (see `modesAgree`) for the rounding of the modes. A program that supports reverse mode only (see `Expr.customVjp`) is compared by that. Do not ask this at
 * kinks or at the edge of a domain, where no two-sided derivative exists.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Laws } from "@fluxion/testing"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.exp(Expr.sin(x)))
 * const report = Effect.runSync(Laws.agreesWithNumeric(f, { x: 1 }))
 * console.log(report.worst !== undefined && report.worst.tolerance < 1e-10) // true
 * ```
 *
 * @category laws
 * @since 0.1.0
 */
export const agreesWithNumeric: Law<ByNumbers, readonly [], Fn.ReverseOnly> = define({
  title: "both modes = numerical derivative",
  sides: ["derivative", "numerical"],
  examine: (f, at, given) =>
    Effect.sync(() => {
      const options = given as NumericOptions | undefined
      const { forward, reverse, spec, weights } = bothModes(f, at)
      const numeric = Numeric.gradient(f as Fn.Fn<Tree.Spec, readonly []>, at as never, options)
      const value = Tree.toTensors("Laws", spec, numeric.value)
      const error = Tree.toTensors("Laws", spec, numeric.error)
      const rounding = forCotangents(f, at, weights, 1e-12)
      const tolerance = (leaf: number, i: number, a: number, b: number): number => {
        const own = (options?.safety ?? 4) * error[leaf]!.data[i]!
        return Math.abs(a - b) <= own ? own : own + rounding(leaf, i, a, b)
      }
      const by = (mode: string, left: typeof reverse) =>
        compareEntries({ spec, left, right: value, tolerance, what: `${mode}: `, whole: "the input" })
      return { comparisons: [...(forward === undefined ? [] : by("forward", forward)), ...by("reverse", reverse)] }
    })
})
