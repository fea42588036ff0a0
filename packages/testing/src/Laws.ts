/**
 * Laws that differentiable programs keep, as checks with typed reports.
 *
 * **Details**
 *
 * Each law is an `Effect` that succeeds with a `Report` where it holds, and fails with a `LawViolation` that names the worst entry where it does not, or with the program's own failure at the point.
 * So it works under any runner: `Effect.runSync(Laws.modesAgree(f, at))` in a property throws what a person can read.
 *
 * @since 0.1.0
 */
import * as Numeric from "@fluxion/calculus/Numeric"
import { Fn, type Requirement, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect, Schema } from "effect"
import { pathScale } from "./internal/pathScale.ts"
import { same } from "./Ulp.ts"

/**
 * Two numbers that a law compares: where, both values, their difference, and how much is allowed.
 *
 * @example
 * ```ts
 * import { Laws } from "@fluxion/testing"
 * import { Schema } from "effect"
 *
 * const comparison = { place: "w[0]", left: 1, right: 1.5, difference: 0.5, tolerance: 1e-12 }
 * console.log(Schema.is(Laws.Comparison)(comparison)) // true
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export const Comparison = Schema.Struct({
  /** Where: the path of the input (or output) and the index of its element, e.g. `params.w[0,2]`. */
  place: Schema.String,
  left: Schema.Number,
  right: Schema.Number,
  difference: Schema.Number,
  tolerance: Schema.Number
})

/**
 * See the value of the same name.
 *
 * @category models
 * @since 0.1.0
 */
export type Comparison = typeof Comparison.Type

/**
 * What was compared when a law was checked; `worst` is the entry nearest to (or furthest beyond) its tolerance.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  readonly law: string
  readonly comparisons: ReadonlyArray<Comparison>
  readonly worst: Comparison | undefined
}

/**
 * A law that does not hold.
 *
 * @example
 * ```ts
 * import { Laws } from "@fluxion/testing"
 *
 * const worst = { place: "x", left: 1, right: 2, difference: 1, tolerance: 1e-12 }
 * const violation = new Laws.LawViolation({ law: "forward = reverse", worst, violations: 1, of: 3 })
 * console.log(violation.message) // forward = reverse: 1 of 3 entries differ; at x: 1 and 2, difference 1, allowed 1e-12
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class LawViolation extends Schema.TaggedError<LawViolation>()("LawViolation", {
  law: Schema.String,
  worst: Comparison,
  violations: Schema.Number,
  of: Schema.Number
}) {
  override get message(): string {
    const { difference, left, place, right, tolerance } = this.worst
    return (
      `${this.law}: ${this.violations} of ${this.of} entries differ; ` +
      `at ${place}: ${left} and ${right}, difference ${difference}, allowed ${tolerance}`
    )
  }
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

const excess = ({ difference, left, right, tolerance }: Comparison): number =>
  same(left, right) ? 0 : difference <= tolerance ? difference / (tolerance || 1) : Number.POSITIVE_INFINITY

const conclude = (law: string, comparisons: ReadonlyArray<Comparison>): Effect.Effect<Report, LawViolation> => {
  let worst: Comparison | undefined
  for (const c of comparisons) {
    const beyond = (x: Comparison) =>
      Number.isNaN(x.difference) ? Number.POSITIVE_INFINITY : x.difference / (x.tolerance || Number.MIN_VALUE)
    if (worst === undefined || excess(c) > excess(worst) || (excess(c) === excess(worst) && beyond(c) > beyond(worst)))
      worst = c
  }
  const violations = comparisons.filter((c) => excess(c) === Number.POSITIVE_INFINITY).length
  return violations === 0
    ? Effect.succeed({ law, comparisons, worst })
    : Effect.fail(new LawViolation({ law, worst: worst!, violations, of: comparisons.length }))
}

/** Where the program fails at the point there is nothing to compare; derivatives fail where it does. */
const afterRun = (
  f: Fn.Any,
  at: unknown,
  check: () => Effect.Effect<Report, LawViolation>
): Effect.Effect<Report, never> => Effect.flatMap(Fn.run(f as Fn.Fn<Tree.Spec, Tree.Spec>, at as never), check) as never

const placeOf = (path: string, shape: ReadonlyArray<number>, flat: number): string => {
  const index: Array<number> = []
  let rest = flat
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!)
    rest = Math.floor(rest / shape[axis]!)
  }
  const name = path === "" ? "the input" : path
  return shape.length === 0 ? name : `${name}[${index.join(",")}]`
}

interface Gradients {
  readonly spec: Tree.Spec
  readonly forward: ReadonlyArray<Float64Array>
  readonly reverse: ReadonlyArray<Float64Array>
  readonly weights: ReadonlyArray<Tensor.Any>
}

/** Not all ones, so that errors do not cancel. */
const pattern = (i: number): number => 1 + ((i * 5) % 7) / 8

const patterned = (spec: Tree.Spec): Array<Tensor.Any> => {
  let next = 0
  return Tree.leaves(spec).map(({ type }) => {
    const zeros = Tensor.zeros(type.shape)
    return Tensor.fromArray(
      zeros.data.map(() => pattern(next++)),
      type.shape
    )
  })
}

/** The gradient of a weighted sum of the outputs, by both modes: one forward pass for each input element, one reverse sweep. */
const bothModes = (f: Fn.Any, at: unknown, given: unknown): Gradients => {
  const program = f as Fn.Fn<Tree.Spec, Tree.Spec>
  const { inputs, outputs } = Fn.specs(f)
  const spec = Tree.tangentSpec(inputs)
  const outputSpec = Tree.tangentSpec(outputs)
  const scalar = Tree.isLeaf(outputs) && Tree.typeOfLeaf(outputs).shape.length === 0
  const weights =
    given !== undefined
      ? Tree.toTensors("Laws", outputSpec, given)
      : scalar
        ? [Tensor.full([], 1)]
        : patterned(outputSpec)
  const cotangents = Tree.fromTensors(outputSpec, weights) as never
  const pulled = Reverse.evaluate(program, { primals: at as never, cotangents }).cotangents
  const reverse = Tree.toTensors("Laws", spec, pulled).map(({ data }) => data as Float64Array)
  const zeros = Tree.leaves(spec).map(({ type }) => Tensor.zeros(type.shape))
  const forward = zeros.map((zero, leaf) =>
    Float64Array.from({ length: zero.data.length }, (_, i) => {
      const data = new Float64Array(zero.data.length)
      data[i] = 1
      const tangents = Tree.fromTensors(spec, zeros.with(leaf, Tensor.fromArray(data, zero.shape))) as never
      const pushed = Forward.evaluate(program, { primals: at as never, tangents }).tangents
      let sum = 0
      Tree.toTensors("Laws", outputSpec, pushed).forEach((tensor, o) => {
        const weight = weights[o]!.data
        tensor.data.forEach((d, j) => (sum += weight[j] === 0 || d === 0 ? 0 : weight[j]! * d))
      })
      return sum
    })
  )
  return { spec, forward, reverse, weights }
}

const comparisonsOf = (
  spec: Tree.Spec,
  left: ReadonlyArray<ArrayLike<number>>,
  right: ReadonlyArray<ArrayLike<number>>,
  tolerance: (leaf: number, i: number, left: number, right: number) => number
): Array<Comparison> =>
  Tree.leaves(spec).flatMap(({ path, type }, leaf) =>
    Array.from(left[leaf]!, (a, i) => {
      const b = right[leaf]![i]!
      return {
        place: placeOf(path, type.shape, i),
        left: a,
        right: b,
        difference: same(a, b) ? 0 : Math.abs(a - b),
        tolerance: tolerance(leaf, i, a, b)
      }
    })
  )

/** Products below this have lost digits to gradual underflow. */
const underflow = 2 ** -1000

/** `options.tolerance` times the scale of paths, which is only computed where the larger result is not scale enough. */
const relativeToPaths = (f: Fn.Any, at: unknown, weights: ReadonlyArray<Tensor.Any>, relative: number) => {
  let scales: ReadonlyArray<Float64Array> | undefined
  return (leaf: number, i: number, a: number, b: number): number => {
    const simple = relative * Math.max(Math.abs(a), Math.abs(b)) + underflow
    if (same(a, b) || Math.abs(a - b) <= simple) return simple
    scales ??= pathScale(f, at, weights)
    return relative * scales[leaf]![i]! + underflow
  }
}

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
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.atan2(Expr.sin(x), y))
 * const report = Effect.runSync(Laws.modesAgree(f, { x: 1, y: 2 }))
 * console.log(report.comparisons.map(({ place }) => place)) // [ 'x', 'y' ]
 * ```
 *
 * @category laws
 * @since 0.1.0
 */
export const modesAgree: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & Requirement.CheckNone<R> & Forward.CheckForward<R>,
  at: Tree.Value<I>,
  options?: Options
) => Effect.Effect<Report, E | LawViolation> = (f: Fn.Any, at: unknown, options?: Options) =>
  afterRun(f, at, () => {
    const { forward, reverse, spec, weights } = bothModes(f, at, undefined)
    const tolerance = relativeToPaths(f, at, weights, options?.tolerance ?? 1e-12)
    return conclude("forward = reverse", comparisonsOf(spec, forward, reverse, tolerance))
  })

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
 * Both modes agree with numerical derivatives, for a program of one scalar output.
 *
 * **Details**
 *
 * The tolerance of each entry is the error that the numerical derivative estimates for itself, times `safety`, plus 1e-12 of the scale of
 * the terms (see `modesAgree`) for the rounding of the modes. Do not ask this at kinks or at the
 * edge of a domain, where no two-sided derivative exists.
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
export const agreesWithNumeric: <I extends Tree.Spec, E, R>(
  f: Fn.Fn<I, readonly [], E, R> & Requirement.CheckNone<R> & Forward.CheckForward<R>,
  at: Tree.Value<I>,
  options?: NumericOptions
) => Effect.Effect<Report, E | LawViolation> = (f: Fn.Any, at: unknown, options?: NumericOptions) =>
  afterRun(f, at, () => {
    const { forward, reverse, spec, weights } = bothModes(f, at, undefined)
    const numeric = Numeric.gradient(f as Fn.Fn<Tree.Spec, readonly []>, at as never, options)
    const value = Tree.toTensors("Laws", spec, numeric.value).map(({ data }) => data)
    const error = Tree.toTensors("Laws", spec, numeric.error).map(({ data }) => data)
    const rounding = relativeToPaths(f, at, weights, 1e-12)
    const allowed = (leaf: number, i: number, a: number, b: number): number => {
      const own = (options?.safety ?? 4) * error[leaf]![i]!
      return Math.abs(a - b) <= own ? own : own + rounding(leaf, i, a, b)
    }
    return conclude("both modes = numerical derivative", [
      ...comparisonsOf(spec, forward, value, allowed),
      ...comparisonsOf(spec, reverse, value, allowed)
    ])
  })

/**
 * Options of `transpose`: the direction `u` of inputs and the direction `v` of outputs. By default fixed patterns without symmetry.
 *
 * @category options
 * @since 0.1.0
 */
export interface TransposeOptions<I, O> extends Options {
  readonly tangents?: Tree.Value<Tree.Tangent<I>>
  readonly cotangents?: Tree.Value<Tree.Tangent<O>>
}

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
export const transpose: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & Requirement.CheckNone<R> & Forward.CheckForward<R>,
  at: Tree.Value<I>,
  options?: TransposeOptions<I, O>
) => Effect.Effect<Report, E | LawViolation> = (
  f: Fn.Any,
  at: unknown,
  options?: { readonly tangents?: unknown; readonly cotangents?: unknown; readonly tolerance?: number }
) =>
  afterRun(f, at, () => {
    const program = f as Fn.Fn<Tree.Spec, Tree.Spec>
    const { inputs, outputs } = Fn.specs(f)
    const [inputSpec, outputSpec] = [Tree.tangentSpec(inputs), Tree.tangentSpec(outputs)]
    const chosen = (spec: Tree.Spec, given: unknown): Array<Tensor.Any> =>
      given === undefined ? patterned(spec) : Tree.toTensors("Laws.transpose", spec, given)
    const u = chosen(inputSpec, options?.tangents)
    const v = chosen(outputSpec, options?.cotangents)
    const primals = at as never
    const pushed = Forward.evaluate(program, { primals, tangents: Tree.fromTensors(inputSpec, u) as never }).tangents
    const pulled = Reverse.evaluate(program, {
      primals,
      cotangents: Tree.fromTensors(outputSpec, v) as never
    }).cotangents
    const inner = (
      a: ReadonlyArray<{ readonly data: ArrayLike<number> }>,
      b: ReadonlyArray<{ readonly data: ArrayLike<number> }>
    ): number =>
      a.reduce((sum, { data }, leaf) => {
        let own = sum
        for (let i = 0; i < data.length; i++) {
          const [p, q] = [data[i]!, b[leaf]!.data[i]!]
          own += p === 0 || q === 0 ? 0 : p * q
        }
        return own
      }, 0)
    const left = inner(v, Tree.toTensors("Laws.transpose", outputSpec, pushed))
    const right = inner(u, Tree.toTensors("Laws.transpose", inputSpec, pulled))
    const relative = options?.tolerance ?? 1e-12
    const absolute = (tensors: ReadonlyArray<Tensor.Any>) =>
      tensors.map(({ data }) => ({ data: Array.from(data, Math.abs) }))
    const difference = same(left, right) ? 0 : Math.abs(left - right)
    const simple = relative * Math.max(Math.abs(left), Math.abs(right)) + underflow
    const tolerance =
      difference <= simple
        ? simple
        : relative *
            inner(
              absolute(u),
              pathScale(f, at, v).map((data) => ({ data }))
            ) +
          underflow
    return conclude("<v, J u> = <J' v, u>", [{ place: "the inner products", left, right, difference, tolerance }])
  })
