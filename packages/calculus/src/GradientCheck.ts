/**
 * Gradient checks: both modes against each other and against numerical derivatives, entry by entry.
 *
 * @since 0.1.0
 */
import { Fn, type Requirement, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect } from "effect"
import * as Numeric from "./Numeric.ts"

/**
 * What a check says of an entry, or of a whole gradient (its worst entry).
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = "correct" | "suspect" | "wrong"

/**
 * A point where the function has a corner in one direction: its slopes from both sides.
 *
 * @category models
 * @since 0.1.0
 */
export interface Kink {
  readonly left: number
  readonly right: number
}

/**
 * One entry of a gradient check.
 *
 * **Details**
 *
 * - `path` and `index` say which element of which input.
 * - `forward` is `undefined` where the program supports reverse mode only (see `Expr.customVjp`).
 * - `numericError` is the estimated absolute error of `numeric`, `step` the step it was taken with.
 * - `relativeError` is the larger difference of `forward` and `reverse` from `numeric`, over the largest of the three.
 * - `kink` is set where slopes from the left and from the right differ by more than their errors.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  readonly path: string
  readonly index: ReadonlyArray<number>
  readonly forward: number | undefined
  readonly reverse: number
  readonly numeric: number
  readonly numericError: number
  readonly step: number
  readonly relativeError: number
  readonly kink: Kink | undefined
  readonly verdict: Verdict
}

/**
 * The result of a gradient check: the value of the program, the entries of its gradient, and the worst verdict.
 *
 * @category models
 * @since 0.1.0
 */
export interface GradientReport {
  readonly value: number
  readonly entries: ReadonlyArray<Entry>
  readonly verdict: Verdict
}

/**
 * Relative errors up to `correct` (1e-7 by default) are correct, above `wrong` (1e-5) wrong, suspect between. Other options are those
 * of `Numeric`.
 *
 * @category options
 * @since 0.1.0
 */
export interface GradientCheckOptions extends Numeric.Options {
  readonly correct?: number
  readonly wrong?: number
}

const severity: Record<Verdict, number> = { correct: 0, suspect: 1, wrong: 2 }

const indexOf = (flat: number, shape: ReadonlyArray<number>): Array<number> => {
  const index = new Array<number>(shape.length)
  let rest = flat
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!
    rest = Math.floor(rest / shape[axis]!)
  }
  return index
}

/** Both are the same number or the same kind of no number. */
const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b))

/**
 * Checks the gradient of a program of one scalar output at a point: forward mode, reverse mode and numerical derivatives, entry by entry.
 *
 * **Details**
 *
 * An entry is `correct` when forward and reverse agree with the numerical derivative to 1e-7 relative, `wrong` when one is off by more than
 * 1e-5, `suspect` between. The estimated error of the numerical derivative is allowed for on top; where that error itself exceeds 1e-5 of the
 * largest entry, the check has seen too little to say `correct`, and says `suspect`.
 *
 * At a kink (slopes from left and right differ) any common answer of both modes between the two slopes is `correct`, and the entry
 * names both slopes. Disagreeing modes are `wrong`, as is an infinite or NaN answer where the numerical derivative exists. A program that supports
 * reverse mode only is checked by reverse mode and numerical derivatives.
 *
 * Costs one pass of forward mode and about 80 evaluations for each element of the inputs: a tool for tests. The program runs by the reference
 * interpreter.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(Expr.sin(x), Expr.relu(y)))
 * const report = Effect.runSync(Calculus.checkGradient(f, { x: 1, y: 0 }))
 * console.log(report.verdict) // correct
 * console.log(report.entries.map((entry) => entry.kink?.left)) // [ undefined, 0 ]
 * ```
 *
 * @category checks
 * @since 0.1.0
 */
export const checkGradient: <I extends Tree.Spec, E, R>(
  f: Fn.Fn<I, readonly [], E, R> & Requirement.CheckNone<R>,
  at: Tree.Value<I>,
  options?: GradientCheckOptions
) => Effect.Effect<GradientReport, E> = (f: Fn.Any, at: unknown, options?: GradientCheckOptions) => {
  // Failures of the program are those of running it once.
  const program = f as Fn.Fn<Tree.Spec, readonly []>
  return Effect.map(Fn.run(program, at as never), (value) => check(program, at as never, value, options))
}

const check = (
  f: Fn.Fn<Tree.Spec, readonly []>,
  at: never,
  value: number,
  options: GradientCheckOptions | undefined
): GradientReport => {
  const tangentSpec = Tree.tangentSpec(f.inputs)
  const leaves = Tree.leaves(tangentSpec)
  const flatten = (tree: unknown): Array<Tensor.Any> => Tree.toTensors("Calculus.checkGradient", tangentSpec, tree)
  const reverse = flatten(Reverse.evaluate(f, { primals: at, cotangents: 1 as never }).cotangents)
  const numeric = Numeric.gradient(f, at, options)
  const sides = Numeric.oneSidedGradient(f, at, options)
  const [values, errors, steps] = [flatten(numeric.value), flatten(numeric.error), flatten(numeric.step)]
  const [left, leftError] = [flatten(sides.left.value), flatten(sides.left.error)]
  const [right, rightError] = [flatten(sides.right.value), flatten(sides.right.error)]
  const zeros = leaves.map(({ type }) => Tensor.zeros(type.shape))
  const supportsForward = Fn.supportsForward(f)
  const along = (leaf: number, element: number): number | undefined => {
    if (!supportsForward) return undefined
    const direction = zeros.slice()
    const data = new Float64Array(zeros[leaf]!.data.length)
    data[element] = 1
    direction[leaf] = Tensor.fromArray(data, zeros[leaf]!.shape)
    return Forward.evaluate(f, { primals: at, tangents: Tree.fromTensors(tangentSpec, direction) as never })
      .tangents as unknown as number
  }
  const largest = values.reduce(
    (m, { data }) => Math.max(m, ...Array.from(data, Math.abs).filter(Number.isFinite)),
    Math.abs(value) || 1
  )
  const [correct, wrong] = [options?.correct ?? 1e-7, options?.wrong ?? 1e-5]
  const entries = leaves.flatMap(({ path, type }, leaf) =>
    Array.from({ length: values[leaf]!.data.length }, (_, i): Entry => {
      const [n, error] = [values[leaf]!.data[i]!, errors[leaf]!.data[i]!]
      const rev = reverse[leaf]!.data[i]!
      const forward = along(leaf, i)
      const fwd = forward ?? rev
      const [l, r] = [left[leaf]!.data[i]!, right[leaf]!.data[i]!]
      const slack = leftError[leaf]!.data[i]! + rightError[leaf]!.data[i]!
      const kink =
        Math.abs(l - r) > 4 * slack + wrong * Math.max(Math.abs(l), Math.abs(r)) ? { left: l, right: r } : undefined
      const scale = Math.max(Math.abs(fwd), Math.abs(rev), Math.abs(n))
      const difference = Math.max(Math.abs(fwd - n), Math.abs(rev - n))
      const apart = same(fwd, rev) ? 0 : Math.abs(fwd - rev)
      const judge = (): Verdict => {
        if (apart !== 0 && !(apart <= wrong * scale)) return "wrong"
        if (kink !== undefined) {
          const within = (d: number) => d >= Math.min(l, r) - 4 * slack && d <= Math.max(l, r) + 4 * slack
          return within(fwd) && within(rev) ? "correct" : "wrong"
        }
        // No numerical derivative, no witness.
        if (!Number.isFinite(n) || !Number.isFinite(error)) return "suspect"
        if (!(difference <= wrong * scale + error)) return "wrong"
        if (!(difference <= correct * scale + error) || apart > correct * scale) return "suspect"
        return error > wrong * Math.max(scale, largest) ? "suspect" : "correct"
      }
      return {
        path,
        index: indexOf(i, type.shape),
        forward,
        reverse: rev,
        numeric: n,
        numericError: error,
        step: steps[leaf]!.data[i]!,
        relativeError: difference === 0 ? 0 : difference / scale,
        kink,
        verdict: judge()
      }
    })
  )
  const verdict = entries.reduce<Verdict>(
    (worst, e) => (severity[e.verdict] > severity[worst] ? e.verdict : worst),
    "correct"
  )
  return { value, entries, verdict }
}

const cell = (x: number): string => (Number.isFinite(x) && x !== 0 ? x.toPrecision(8) : String(x))

/**
 * Writes the report of a gradient check as a plain-text table.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.abs(x))
 * const report = Effect.runSync(Calculus.checkGradient(f, { x: 0 }))
 * console.log(Calculus.renderGradientReport(report).split("\n")[1]) // x            0        0        0    0.0e+0  correct  kink: -1.0000000 from the left, 1.0000000 from the right
 * ```
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderGradientReport = (report: GradientReport): string => {
  const rows = report.entries.map((e) => [
    `${e.path === "" ? "input" : e.path}${e.index.length === 0 ? "" : `[${e.index.join(",")}]`}`,
    e.forward === undefined ? "none" : cell(e.forward),
    cell(e.reverse),
    cell(e.numeric),
    e.relativeError.toExponential(1),
    e.verdict,
    e.kink === undefined ? "" : `kink: ${cell(e.kink.left)} from the left, ${cell(e.kink.right)} from the right`
  ])
  const header = ["entry", "forward", "reverse", "numeric", "relative", "verdict", ""]
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)))
  const line = (row: ReadonlyArray<string>) =>
    row
      .map((text, i) => (i === 0 || i > 4 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join("  ")
      .trimEnd()
  return [line(header), ...rows.map(line)].join("\n")
}
