import type { Tree } from "@fluxion/core"
import { Effect } from "effect"
import { compareEntries, define, type Entries, relativeOf } from "../internal/law.ts"
import { alternating, chosen, magnitudes, pull, push, tangentSpecs, type Tensors, zeros } from "../internal/passes.ts"
import { combine, forCotangents, forTangents } from "../internal/tolerance.ts"
import type { Comparison, DirectionOptions, Directions, Law } from "./model.ts"

// Of both signs, exact, and with a sum other than 1, so that a constant that is added shows.
const [a, b] = [1.5, -0.75]

interface Side {
  readonly what: string
  readonly from: Tree.Spec
  readonly to: Tree.Spec
  readonly whole: string
  readonly given: unknown
}

const linear = (
  { from, given, to, what, whole }: Side,
  derivative: (direction: Tensors) => Tensors,
  toleranceFor: (scale: Tensors) => Entries["tolerance"]
): ReadonlyArray<Comparison> => {
  const [u, other] = [chosen(from, given), alternating(from)]
  const combined = compareEntries({
    spec: to,
    left: derivative(combine(a, u, b, other)),
    right: combine(a, derivative(u), b, derivative(other)),
    tolerance: toleranceFor(combine(Math.abs(a), magnitudes(u), Math.abs(b), magnitudes(other))),
    what: `${what} of `,
    whole
  })
  const along = compareEntries({
    spec: to,
    left: derivative(zeros(from)),
    right: zeros(to),
    tolerance: () => 0,
    what: `${what} along zero of `,
    whole
  })
  return [
    ...combined.map((entry) =>
      Number.isFinite(entry.right) ? entry : { ...entry, agrees: !Number.isFinite(entry.left) }
    ),
    ...along
  ]
}

/**
 * Derivatives are linear maps: J (a u + b u') = a J u + b J u', and the same of Jᵀ; and the derivative along the direction zero is zero.
 *
 * **Details**
 *
 * What a rule of one's own may break: one that clips, adds a constant, or takes a square. `u` is the `tangents`, `v` the `cotangents`, `u'` and `v'` are fixed patterns with
 * both signs. Entries are compared one by one, within `tolerance` (1e-12 by default) times the scale of their terms (see `modesAgree`). Where J u or J u' is not finite, nor may the
 * combination be. Four passes of each mode.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Laws } from "@fluxion/testing"
 * import { Effect } from "effect"
 *
 * const f = Fn.make([3], (x) => Expr.softmax(x))
 * const at = Tensor.make([1, 2, 3])
 * console.log(Effect.runSync(Laws.linearity(f, at)).verdict) // holds
 *
 * const clipped = Expr.customJvp(f, ({ tangents }) => Expr.clamp(tangents, -1, 1))
 * const program = Laws.linearity(clipped, at).pipe(Effect.catchTag("LawViolation", ({ worst }) => Effect.succeed(worst?.place)))
 * console.log(Effect.runSync(program)) // tangent of the output[1]
 * ```
 *
 * @category laws
 * @since 0.1.0
 */
export const linearity: Law<Directions> = define({
  title: "J (a u + b u') = a J u + b J u'",
  sides: ["of the combination", "combined"],
  examine: (f, at, given) =>
    Effect.sync(() => {
      const options = given as DirectionOptions<never, never> | undefined
      const { inputs, outputs } = tangentSpecs(f)
      const relative = relativeOf(options)
      const tangent: Side = {
        what: "tangent",
        from: inputs,
        to: outputs,
        whole: "the output",
        given: options?.tangents
      }
      const cotangent: Side = {
        what: "cotangent",
        from: outputs,
        to: inputs,
        whole: "the input",
        given: options?.cotangents
      }
      return {
        comparisons: [
          ...linear(
            tangent,
            (u) => push(f, at, u),
            (scale) => forTangents(f, at, scale, relative)
          ),
          ...linear(
            cotangent,
            (v) => pull(f, at, v),
            (scale) => forCotangents(f, at, scale, relative)
          )
        ]
      }
    })
})
