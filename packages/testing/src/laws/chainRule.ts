import { Expr, Fn, Tree } from "@fluxion/core"
import { Effect } from "effect"
import { compareEntries, define, relativeOf } from "../internal/law.ts"
import { chosen, inner, pull, push, tangentSpecs } from "../internal/passes.ts"
import { forCotangents, forProducts, forTangents } from "../internal/tolerance.ts"
import type { DirectionOptions, Kind, Law, Options } from "./model.ts"

/**
 * Options of `chainRule`: the `outer` program `g`, and directions, whose cotangents are those of the outputs of `g`.
 *
 * **Details**
 *
 * By default `g` is one that is not linear, keeps the outputs apart and stays finite: `sin(y) + y` of each real output `y`; other outputs are left out.
 *
 * @category options
 * @since 0.1.0
 */
export interface ChainRuleOptions<I, O> extends Options {
  readonly outer?: O extends Tree.Spec ? Fn.Fn<O, unknown> : never
  readonly tangents?: Tree.Value<Tree.Tangent<I>>
  readonly cotangents?: unknown
}

/**
 * `ChainRuleOptions` of the program, and its failures.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface Composing extends Kind {
  readonly options: ChainRuleOptions<this["I"], this["O"]>
  readonly errors: this["E"]
}

/** `sin(y) + y` of every real output. */
const usual = (outputs: Tree.Spec): Fn.Any =>
  Fn.unsafeFromLeaves(outputs, Tree.tangentSpec(outputs), (leaves) =>
    leaves
      .filter((_, i) => Tree.leaves(outputs)[i]!.type.elementType === "real")
      .map((leaf) => Expr.add(Expr.sin(leaf as Expr.Expr), leaf as Expr.Expr))
  )

/**
 * The derivative of a composition is the composition of the derivatives, whatever the mode: J(g ∘ f) u = J(g) J(f) u, and J(g ∘ f)ᵀ v = J(f)ᵀ J(g)ᵀ v.
 *
 * **Details**
 *
 * The left sides are those of the program `g ∘ f`, in one pass; the right sides take the derivatives of `f` and `g` on their own, at the values in between. Entries are compared one by one for
 * each mode, and ⟨v, J(g ∘ f) u⟩ of one mode with J(g) J(f) u of the other: so a rule that answers differently inside of a larger program is found, and one that is not the transpose of the other mode's.
 * Within `tolerance` (1e-12 by default) times the scale of the terms (see `modesAgree`).
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Laws } from "@fluxion/testing"
 * import { Effect } from "effect"
 *
 * const f = Fn.make([3], (x) => Expr.cumsum(x))
 * const g = Fn.make([3], (y) => Expr.logSumExp(y))
 * const report = Effect.runSync(Laws.chainRule(f, Tensor.make([1, 2, 3]), { outer: g }))
 * console.log(report.comparisons.length, report.comparisons.at(-1)?.place) // 5 both modes
 * ```
 *
 * @category laws
 * @since 0.1.0
 */
export const chainRule: Law<Composing> = define({
  title: "J(g . f) = J(g) J(f)",
  sides: ["of the composition", "composed"],
  examine: (f, at, given) =>
    Effect.sync(() => {
      const options = given as (DirectionOptions<never, never> & { readonly outer?: Fn.Any }) | undefined
      const first = f as Fn.Fn<Tree.Spec, Tree.Spec>
      const g = options?.outer ?? usual(Fn.specs(f).outputs)
      const composed: Fn.Any = Fn.andThen(first, g as Fn.Fn<Tree.Spec, Tree.Spec>)
      const between = Fn.runSync(first, at as never)
      const { inputs, outputs } = tangentSpecs(composed)
      const relative = relativeOf(options)
      const u = chosen(inputs, options?.tangents)
      const v = chosen(outputs, options?.cotangents)
      const pushed = { whole: push(composed, at, u), steps: push(g, between, push(f, at, u)) }
      const pulled = { whole: pull(composed, at, v), steps: pull(f, at, pull(g, between, v)) }
      const one = (x: number) => [{ data: [x] }]
      return {
        comparisons: [
          ...compareEntries({
            spec: outputs,
            left: pushed.whole,
            right: pushed.steps,
            tolerance: forTangents(composed, at, u, relative),
            what: "tangent of ",
            whole: "the output"
          }),
          ...compareEntries({
            spec: inputs,
            left: pulled.whole,
            right: pulled.steps,
            tolerance: forCotangents(composed, at, v, relative),
            what: "cotangent of ",
            whole: "the input"
          }),
          ...compareEntries({
            spec: [],
            left: one(inner(u, pulled.whole)),
            right: one(inner(v, pushed.steps)),
            tolerance: forProducts(composed, at, u, v, relative),
            whole: "both modes"
          })
        ]
      }
    })
})
