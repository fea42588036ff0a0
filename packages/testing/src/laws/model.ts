import type { Fn, Requirement, Tree } from "@fluxion/core"
import type * as Forward from "@fluxion/forward-mode"
import { type Effect, Schema } from "effect"
import type * as fc from "fast-check"
import { renderNumber } from "../internal/place.ts"

/**
 * Two numbers that a law compares: where, both values, their difference, how much is allowed, and whether they agree.
 *
 * @example
 * ```ts
 * import { Laws } from "@fluxion/testing"
 * import { Schema } from "effect"
 *
 * const comparison = {
 *   place: "w[0]", path: "w", index: [0], left: 1, right: 1.5, difference: 0.5, tolerance: 1e-12, agrees: false
 * }
 * console.log(Schema.is(Laws.Comparison)(comparison)) // true
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export const Comparison = Schema.Struct({
  /** Where, to be read: what it is, the path of the input or output and the index of its element, e.g. `params.w[0,2]`. */
  place: Schema.String,
  /** The path of the input or output; empty for a tree that is one leaf. */
  path: Schema.String,
  /** The index of the element. */
  index: Schema.Array(Schema.Number),
  left: Schema.Number,
  right: Schema.Number,
  difference: Schema.Number,
  tolerance: Schema.Number,
  agrees: Schema.Boolean
})

/**
 * See the value of the same name.
 *
 * @category models
 * @since 0.1.0
 */
export type Comparison = typeof Comparison.Type

const about = {
  /** The law, e.g. `forward = reverse`. */
  law: Schema.String,
  /** What the left and the right of a comparison are, e.g. `["forward", "reverse"]`. */
  sides: Schema.Tuple([Schema.String, Schema.String]),
  /** The program as text. */
  program: Schema.String,
  /** The point as text. */
  at: Schema.String
}

/**
 * What was compared where a law holds; `worst` is the entry nearest to its tolerance (`undefined` where there was none to compare).
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Laws } from "@fluxion/testing"
 * import { Effect, Schema } from "effect"
 *
 * const report = Effect.runSync(Laws.modesAgree(Fn.make({ x: [] }, ({ x }) => Expr.sin(x))).check({ x: 1 }))
 * console.log(Schema.is(Laws.Report)(report), report.verdict, report.comparisons.length) // true holds 1
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export const Report = Schema.Struct({
  ...about,
  verdict: Schema.Literal("holds"),
  comparisons: Schema.Array(Comparison),
  worst: Schema.UndefinedOr(Comparison)
})

/**
 * See the value of the same name.
 *
 * @category models
 * @since 0.1.0
 */
export type Report = typeof Report.Type

const renderComparison = (
  { difference, left, place, right, tolerance }: Comparison,
  sides: readonly [string, string]
): string =>
  `at ${place}: ${sides[0]} ${renderNumber(left)}, ${sides[1]} ${renderNumber(right)}, ` +
  `difference ${renderNumber(difference)}, allowed ${renderNumber(tolerance)}`

/**
 * A law that does not hold: the law, the program and the point as text, and the worst of the entries that differ (or, where there are no numbers to
 * compare, the reason).
 *
 * @example
 * ```ts
 * import { Laws } from "@fluxion/testing"
 *
 * const worst = {
 *   place: "x[2]", path: "x", index: [2], left: 1, right: 2, difference: 1, tolerance: 1e-12, agrees: false
 * }
 * const violation = new Laws.LawViolation({
 *   law: "forward = reverse", sides: ["forward", "reverse"], program: "f", at: "{ x: [1, 2, 3] }", worst, violations: 1, of: 3
 * })
 * console.log(violation.message.split("\n")[0])
 * // forward = reverse: 1 of 3 entries differs; at x[2]: forward 1, reverse 2, difference 1, allowed 1e-12
 * console.log(violation._tag) // LawViolation
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class LawViolation extends Schema.TaggedError<LawViolation>()("LawViolation", {
  ...about,
  worst: Schema.UndefinedOr(Comparison),
  /** What is wrong where it is not an entry: that a program cannot be written as JSON, or fails on one side only. */
  reason: Schema.optionalKey(Schema.String),
  /** How many entries differ, and of how many. */
  violations: Schema.Number,
  of: Schema.Number
}) {
  override get message(): string {
    return render(this)
  }
}

const counted = (n: number): string => `${n} ${n === 1 ? "entry" : "entries"}`

/**
 * Writes the report of a law that holds, or its violation: the law, the worst entry with both values, the program and the point.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Laws } from "@fluxion/testing"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.mul(3, x))
 * const text = Laws.render(Effect.runSync(Laws.modesAgree(f, { x: 0.5 })))
 * console.log(text.split("\n")[0])
 * // forward = reverse: holds for 1 entry; the nearest to its tolerance at x: forward 3, reverse 3, difference 0, allowed 3e-12
 * ```
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (result: Report | LawViolation): string => {
  const { at, law, program, sides, worst } = result
  const entry = worst === undefined ? "" : renderComparison(worst, sides)
  const said =
    "verdict" in result
      ? `holds for ${counted(result.comparisons.length)}${entry === "" ? "" : `; the nearest to its tolerance ${entry}`}`
      : (result.reason ??
        `${result.violations} of ${counted(result.of)} differ${result.violations === 1 ? "s" : ""}; ${entry}`)
  return `${law}: ${said}\n  program: ${program}\n  point: ${at}`
}

/**
 * Options of laws: how far results may differ, relative to the scale the law states.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly tolerance?: number
}

/**
 * Options of laws about directions: the tangents `u` of the inputs and the cotangents `v` of the outputs. By default fixed patterns without symmetry.
 *
 * @category options
 * @since 0.1.0
 */
export interface DirectionOptions<I, O> extends Options {
  readonly tangents?: Tree.Value<Tree.Tangent<I>>
  readonly cotangents?: Tree.Value<Tree.Tangent<O>>
}

/**
 * How a property draws points: by default numbers between -2 and 2, indices 0 to 2, and truth values.
 *
 * @category options
 * @since 0.1.0
 */
export interface PointOptions<I> {
  readonly points?: fc.Arbitrary<Tree.Value<I>>
}

/**
 * What a law says of one program.
 *
 * **Details**
 *
 * - `check`: the law at a point, as an `Effect` with a `Report`, or the `LawViolation`, or what the program itself fails with.
 * - `assert`: the same at once; throws the violation. For runners that know nothing of effects.
 * - `property`: the law at points drawn at random, for `fc.assert`; where the program fails is no point. `asyncProperty` for what cannot be run at once (a
 *   backend that compiles asynchronously).
 *
 * @category models
 * @since 0.1.0
 */
export interface Claim<I, Opts, E> {
  readonly law: string
  readonly program: Fn.Any
  readonly check: (at: Tree.Value<I>, options?: Opts) => Effect.Effect<Report, LawViolation | E>
  readonly assert: (at: Tree.Value<I>, options?: Opts) => Report
  readonly property: (options?: Opts & PointOptions<I>) => fc.IPropertyWithHooks<[Tree.Value<I>]>
  readonly asyncProperty: (options?: Opts & PointOptions<I>) => fc.IAsyncPropertyWithHooks<[Tree.Value<I>]>
}

/**
 * What depends on the program a law is about, as a function of types: the options, and what the check fails with besides a `LawViolation`.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface Kind {
  readonly I: unknown
  readonly O: unknown
  readonly E: unknown
  readonly options: unknown
  readonly errors: unknown
}

/**
 * The options of a law of kind `K` for programs from `I` to `O`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type OptionsOf<K extends Kind, I, O> = (K & { readonly I: I; readonly O: O })["options"]

/**
 * What a law of kind `K` fails with, besides a `LawViolation`, for programs that fail with `E`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ErrorsOf<K extends Kind, E> = (K & { readonly E: E })["errors"]

/**
 * `Options` whatever the program, and its failures.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface Plain extends Kind {
  readonly options: Options
  readonly errors: this["E"]
}

/**
 * `DirectionOptions` of the program, and its failures.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface Directions extends Kind {
  readonly options: DirectionOptions<this["I"], this["O"]>
  readonly errors: this["E"]
}

type CheckModes<R, Supported> = [Fn.ReverseOnly] extends [Supported] ? unknown : Forward.CheckForward<R>

/**
 * A law of programs with outputs `Out` that require `R` at most (`Fn.ReverseOnly` where reverse mode is enough).
 *
 * **Details**
 *
 * Called with a program it is a `Claim`, with a program and a point the check of it: `law(f, at)` is `law(f).check(at)`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Law<K extends Kind = Plain, Out = unknown, R = never> {
  readonly title: string
  <I extends Tree.Spec, O extends Out, E, Q>(
    f: Fn.Fn<I, O, E, Q> & Requirement.CheckNone<Q> & CheckModes<Q, R>
  ): Claim<I, OptionsOf<K, I, O>, ErrorsOf<K, E>>
  <I extends Tree.Spec, O extends Out, E, Q>(
    f: Fn.Fn<I, O, E, Q> & Requirement.CheckNone<Q> & CheckModes<Q, R>,
    at: Tree.Value<I>,
    options?: OptionsOf<K, I, O>
  ): Effect.Effect<Report, LawViolation | ErrorsOf<K, E>>
}
