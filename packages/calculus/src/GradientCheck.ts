/**
 * Gradient checks: both modes against each other and against numerical derivatives, entry by entry.
 *
 * @since 0.1.0
 */
import { Expr, Failure, Fn, type Requirement, Shape, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect, Result } from "effect"
import { indexOf } from "./internal/complexAlgebra.ts"
import { flatten as flattenProgram } from "./internal/flatProgram.ts"
import { type Witness, witnesses } from "./internal/witness.ts"
import type * as Numeric from "./Numeric.ts"

/**
 * What a check says of an entry, or of a whole gradient (its worst entry).
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = "correct" | "suspect" | "wrong"

/**
 * An operation on the border between two of its pieces: `relu` at 0, `max` of equal operands, a comparison that changes its mind, `sqrt` at 0.
 *
 * **Details**
 *
 * `operands` are those at the element `index` of its result, `path` is the place in maps and loops, `site` the line of user code that built the operation.
 *
 * @category models
 * @since 0.1.0
 */
export interface Border {
  readonly primitive: string
  readonly operands: ReadonlyArray<number>
  readonly index: ReadonlyArray<number>
  readonly path: ReadonlyArray<Failure.PathSegment>
  readonly site: string | undefined
}

/**
 * A point where the function is not smooth in one direction: its slopes from both sides.
 *
 * **Details**
 *
 * - `left` and `right` are the slopes of the pieces that meet. They are NaN where there is none: outside of the domain, or where the slope grows without bound.
 * - `jump` is set where the function is not continuous: by how much its value at the point exceeds the limit from the left, and the limit from the right
 *   its value.
 * - `at` are the operations that are on a border between their pieces there, in the order of the program: those that make the kink, and those that depend on them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Kink {
  readonly left: number
  readonly right: number
  readonly jump: { readonly left: number; readonly right: number } | undefined
  readonly at: ReadonlyArray<Border>
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
 * - `kink` is set where slopes from the left and from the right differ by more than their errors, where the value jumps, and where there is no slope because an
 *   operation is singular.
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
 * An element of an input.
 *
 * @category models
 * @since 0.1.0
 */
export interface Coordinate {
  readonly path: string
  readonly index: ReadonlyArray<number>
}

/**
 * One entry of a check of higher order: a derivative with respect to two or more elements of the inputs.
 *
 * **Details**
 *
 * - `coordinates` are those elements, in the order in which derivatives are taken: there are as many as the order of the derivative.
 * - `derivatives` are its values by nested modes, the outermost first: `["forward", "reverse"]` is forward over reverse.
 * - `numeric` is the difference quotient, in the last coordinate, of the derivative of one order less that reverse mode computes; the other fields are those of `Entry`.
 *
 * @category models
 * @since 0.1.0
 */
export interface HigherEntry {
  readonly coordinates: ReadonlyArray<Coordinate>
  readonly derivatives: ReadonlyArray<{
    readonly modes: ReadonlyArray<"forward" | "reverse">
    readonly value: number
  }>
  readonly numeric: number
  readonly numericError: number
  readonly step: number
  readonly relativeError: number
  readonly kink: Kink | undefined
  readonly verdict: Verdict
}

/**
 * The result of a check of order 2 or more: the check of the gradient, the entries of all orders from 2 on, and the worst verdict of all.
 *
 * @category models
 * @since 0.1.0
 */
export interface HigherReport {
  readonly order: number
  readonly value: number
  readonly gradient: GradientReport
  readonly entries: ReadonlyArray<HigherEntry>
  readonly verdict: Verdict
}

/**
 * Relative errors up to `correct` (1e-7 by default) are correct, above `wrong` (1e-5) wrong, suspect between. Other options are those of `Numeric`.
 *
 * @category options
 * @since 0.1.0
 */
export interface GradientCheckOptions extends Numeric.Options {
  readonly correct?: number
  readonly wrong?: number
}

/**
 * Options of a check of derivatives up to `order`.
 *
 * @category options
 * @since 0.1.0
 */
export interface HigherCheckOptions<Order extends number = number> extends GradientCheckOptions {
  readonly order: Order
}

const severity: Record<Verdict, number> = { correct: 0, suspect: 1, wrong: 2 }

const worstOf = (entries: ReadonlyArray<{ readonly verdict: Verdict }>): Verdict =>
  entries.reduce<Verdict>((worst, { verdict }) => (severity[verdict] > severity[worst] ? verdict : worst), "correct")

/** Both are the same number or the same kind of no number. */
const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b))

/** A slope that differences have seen, to one digit at least. */
const seenSlope = (slope: number, error: number): number =>
  error <= 0.1 * Math.abs(slope) || error < 1e-3 ? slope : Number.NaN

const kinkOf = (
  { borders, error, jumps: [before, after], left, leftError, right, rightError }: Witness,
  wrong: number
): Kink | undefined => {
  const slack = leftError + rightError
  const jump = before === 0 && after === 0 ? undefined : { left: before, right: after }
  const corner = Math.abs(left - right) > 4 * slack + wrong * Math.max(Math.abs(left), Math.abs(right))
  if (jump === undefined && !corner && Number.isFinite(error)) return undefined
  const at = borders()
  // Where nothing is seen and no operation is on a border, it is not known what is there.
  if (jump === undefined && !corner && at.length === 0) return undefined
  return { left: seenSlope(left, leftError), right: seenSlope(right, rightError), jump, at }
}

interface Judgement {
  readonly relativeError: number
  readonly kink: Kink | undefined
  readonly verdict: Verdict
}

/** What differences say of the values of one derivative by several modes, among others of which the largest is so large. */
const judge = (
  derivatives: ReadonlyArray<number>,
  witness: Witness,
  largest: number,
  options: GradientCheckOptions | undefined
): Judgement => {
  const { error, left, leftError, numeric, right, rightError } = witness
  const slack = leftError + rightError
  const [correct, wrong] = [options?.correct ?? 1e-7, options?.wrong ?? 1e-5]
  const kink = kinkOf(witness, wrong)
  const scale = Math.max(...derivatives.map(Math.abs), Math.abs(numeric))
  const difference = Math.max(...derivatives.map((d) => Math.abs(d - numeric)))
  const [first, ...others] = derivatives
  const apart = Math.max(0, ...others.map((d) => (same(d, first!) ? 0 : Math.abs(d - first!))))
  const verdict = (): Verdict => {
    if (apart !== 0 && !(apart <= wrong * scale)) return "wrong"
    if (kink !== undefined && Number.isFinite(slack)) {
      const within = (d: number) => d >= Math.min(left, right) - 4 * slack && d <= Math.max(left, right) + 4 * slack
      return derivatives.every(within) ? "correct" : "wrong"
    }
    // No numerical derivative, no witness.
    if (!Number.isFinite(numeric) || !Number.isFinite(error)) return "suspect"
    if (!(difference <= wrong * scale + error)) return "wrong"
    if (!(difference <= correct * scale + error) || apart > correct * scale) return "suspect"
    return error > wrong * Math.max(scale, largest) ? "suspect" : "correct"
  }
  return { relativeError: difference === 0 ? 0 : difference / scale, kink, verdict: verdict() }
}

const largestOf = (values: ReadonlyArray<Witness>, least: number): number =>
  values.reduce((m, { numeric }) => (Number.isFinite(numeric) ? Math.max(m, Math.abs(numeric)) : m), least)

/**
 * Checks the gradient of a program of one scalar output at a point: forward mode, reverse mode and numerical derivatives, entry by entry.
 *
 * **Details**
 *
 * An entry is `correct` when forward and reverse agree with the numerical derivative to 1e-7 relative, `wrong` when one is off by more than
 * 1e-5, `suspect` between. The estimated error of the numerical derivative is allowed for on top; where that error itself exceeds 1e-5 of the
 * largest entry, the check has seen too little to say `correct`, and says `suspect`.
 *
 * At a kink any common answer of both modes between the two slopes is `correct`. The entry names both slopes, and the operations that are on the border between two of their
 * pieces: `relu`, `abs` and `norm` at 0, ties of `max` and `min`, edges of `clamp`, jumps of `sign` and `floor`, comparisons that `select` reads. Where the value jumps
 * the slopes are those of the pieces. Disagreeing modes are `wrong`, as is an infinite or NaN answer where the numerical derivative exists.
 * A program that supports reverse mode only is checked by reverse mode and numerical derivatives.
 *
 * With `{ order: k }` it checks all derivatives up to order k: after the gradient, each entry of the Hessian by forward over forward, forward over reverse, reverse over
 * forward and reverse over reverse against differences of the gradient, and so on with each order against differences of the one before. All n^k indices are checked, so
 * that symmetry is too. At a kink of a derivative (`relu(x)^2` at 0, the edge of `Expr.huber`) its entry says so.
 *
 * Costs one pass of forward mode and about 80 evaluations for each element of the inputs, of the derivative of order k - 1 for order k: a tool for tests. The program runs by the
 * reference interpreter.
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
 * console.log(report.entries[1]?.kink?.at.map((border) => border.primitive)) // [ 'relu' ]
 *
 * const second = Effect.runSync(Calculus.checkGradient(f, { x: 1, y: 2 }, { order: 2 }))
 * console.log(second.verdict, second.entries.length) // correct 4
 * console.log(second.entries[1]?.coordinates.map(({ path }) => path)) // [ 'x', 'y' ]
 * console.log(second.entries[1]?.derivatives[1]?.modes) // [ 'forward', 'reverse' ]
 * ```
 *
 * @category checks
 * @since 0.1.0
 */
export const checkGradient: {
  <I extends Tree.Spec, E, R>(
    f: Fn.Fn<I, readonly [], E, R> & Requirement.CheckNone<R>,
    at: Tree.Value<I>,
    options?: GradientCheckOptions | HigherCheckOptions<1>
  ): Effect.Effect<GradientReport, E>
  <I extends Tree.Spec, E, R>(
    f: Fn.Fn<I, readonly [], E, R> & Requirement.CheckNone<R>,
    at: Tree.Value<I>,
    options: HigherCheckOptions<2 | 3 | 4>
  ): Effect.Effect<HigherReport, E>
  <I extends Tree.Spec, E, R>(
    f: Fn.Fn<I, readonly [], E, R> & Requirement.CheckNone<R>,
    at: Tree.Value<I>,
    options: HigherCheckOptions
  ): Effect.Effect<GradientReport | HigherReport, E>
} = (
  f: Fn.Any,
  at: unknown,
  options?: GradientCheckOptions & { readonly order?: number }
): Effect.Effect<never, never> => {
  // Failures of the program are those of running it once.
  const program = f as Fn.Fn<Tree.Spec, readonly []>
  return Effect.map(Fn.run(program, at as never), (value) => {
    const gradient = check(program, at as never, value, options)
    const order = options?.order ?? 1
    return (order < 2 ? gradient : checkHigher(program, at, gradient, order, options)) as never
  })
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
  const flat = flattenProgram("Calculus.checkGradient", f, at)
  const seen = witnesses(f, flat, options).filter((_, leaf) => flat.isReal[leaf])
  const largest = largestOf(seen.flat(2), Math.abs(value) || 1)
  const entries = leaves.flatMap(({ path, type }, leaf) =>
    seen[leaf]!.map(([witness], i): Entry => {
      const [forward, rev] = [along(leaf, i), reverse[leaf]!.data[i]!]
      return {
        path,
        index: indexOf(i, type.shape),
        forward,
        reverse: rev,
        numeric: witness!.numeric,
        numericError: witness!.error,
        step: witness!.step,
        ...judge(forward === undefined ? [rev] : [forward, rev], witness!, largest, options)
      }
    })
  )
  return { value, entries, verdict: worstOf(entries) }
}

/** The program as one of a vector of all real elements of the inputs, the others being fixed. */
const vectorProgram = (f: Fn.Any, at: unknown) => {
  const { inputLeaves, inputs: spec } = Fn.specs(f)
  const tensors = Tree.toTensors("Calculus.checkGradient", spec, at)
  const isReal = inputLeaves.map(({ type }) => type.elementType === "real")
  const x = Float64Array.from(tensors.flatMap((tensor, i) => (isReal[i] ? Array.from(tensor.data) : [])))
  const program = Fn.make([x.length], (vector) => {
    let offset = 0
    const parts = tensors.map((tensor, i): unknown => {
      if (!isReal[i]) return Expr.constant(tensor)
      offset += tensor.data.length
      const own = Expr.slice(vector, { starts: [offset - tensor.data.length], limits: [offset] })
      return Expr.reshape(own, tensor.shape)
    })
    return Fn.apply(f as Fn.Fn<Tree.Spec, readonly []>, Tree.unflatten(spec, parts) as never) as Expr.Expr
  })
  const coordinates = inputLeaves.flatMap(({ path, type }, i): Array<Coordinate> =>
    isReal[i] ? Array.from({ length: Shape.size(type.shape) }, (_, e) => ({ path, index: indexOf(e, type.shape) })) : []
  )
  return { coordinates, program: program as Fn.Fn<readonly [number], Shape.Shape>, x: Tensor.fromArray(x, [x.length]) }
}

type Vector = Fn.Fn<readonly [number], Shape.Shape>

const derivatives = {
  forward: (f: Vector): Vector => Forward.jacobian(f) as unknown as Vector,
  reverse: (f: Vector): Vector => Reverse.jacobian(f) as unknown as Vector
}

const checkHigher = (
  f: Fn.Any,
  at: unknown,
  gradient: GradientReport,
  order: number,
  options: GradientCheckOptions | undefined
): HigherReport => {
  const { coordinates, program, x } = vectorProgram(f, at)
  const n = coordinates.length
  if (n === 0) return { order, value: gradient.value, gradient, entries: [], verdict: gradient.verdict }
  const modes = Fn.supportsForward(f) ? (["forward", "reverse"] as const) : (["reverse"] as const)
  const inner = { forward: program, reverse: program }
  const entries: Array<HigherEntry> = []
  for (let k = 2; k <= order; k++) {
    for (const mode of modes) inner[mode] = derivatives[mode](inner[mode])
    const values = modes.flatMap((outer) =>
      modes.map((within) => {
        const run = Fn.runResult(derivatives[outer](inner[within]) as Fn.Fn<readonly [number], readonly [number]>, x)
        return {
          modes: [outer, ...Array.from({ length: k - 1 }, () => within)],
          data: Result.isSuccess(run) ? run.success.data : undefined
        }
      })
    )
    const [seen] = witnesses(inner.reverse, flattenProgram("Calculus.checkGradient", inner.reverse, x), options)
    const largest = largestOf(seen!.flat(), Math.abs(gradient.value) || 1)
    for (let e = 0; e < n ** k; e++) {
      const own = values.map(({ data, modes: nested }) => ({ modes: nested, value: data?.[e] ?? Number.NaN }))
      const witness = seen![e % n]![Math.floor(e / n)]!
      entries.push({
        coordinates: indexOf(
          e,
          Array.from({ length: k }, () => n)
        ).map((i) => coordinates[i]!),
        derivatives: own,
        numeric: witness.numeric,
        numericError: witness.error,
        step: witness.step,
        ...judge(
          own.map(({ value }) => value),
          witness,
          largest,
          options
        )
      })
    }
  }
  return { order, value: gradient.value, gradient, entries, verdict: worstOf([gradient, ...entries]) }
}

const cell = (x: number): string => (Number.isFinite(x) && x !== 0 ? x.toPrecision(8) : String(x))

const placeOf = ({ index, path }: Coordinate): string =>
  `${path === "" ? "input" : path}${index.length === 0 ? "" : `[${index.join(",")}]`}`

const renderKink = (kink: Kink | undefined): string => {
  if (kink === undefined) return ""
  const { at, jump, left, right } = kink
  const jumps = jump === undefined ? "" : ` (jumps by ${cell(jump.left)} and ${cell(jump.right)})`
  const shown = at.slice(0, 3).map(({ index, operands, path, primitive }) => {
    const listed = operands.length > 4 ? [...operands.slice(0, 4), "…"] : operands
    const place = Failure.renderPlace({ index, path })
    return `${primitive}(${listed.join(", ")})${place === "" ? "" : ` ${place}`}`
  })
  const names = shown.length === 0 ? "" : `, at ${shown.join("; ")}${at.length > 3 ? "; …" : ""}`
  return `kink: ${cell(left)} from the left, ${cell(right)} from the right${jumps}${names}`
}

const table = (header: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)))
  const line = (row: ReadonlyArray<string>) =>
    row
      .map((text, i) => (i === 0 || i >= row.length - 2 ? text.padEnd(widths[i]!) : text.padStart(widths[i]!)))
      .join("  ")
      .trimEnd()
  return [line(header), ...rows.map(line)].join("\n")
}

/**
 * Writes the report of a gradient check as a plain-text table; of a check of higher order one table for each order.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.abs(x))
 * const report = Effect.runSync(Calculus.checkGradient(f, { x: 0 }))
 * console.log(Calculus.renderGradientReport(report).split("\n")[1]) // x            0        0        0    0.0e+0  correct  kink: -1.0000000 from the left, 1.0000000 from the right, at abs(0)
 * ```
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderGradientReport = (report: GradientReport | HigherReport): string => {
  if (!("order" in report)) {
    return table(
      ["entry", "forward", "reverse", "numeric", "relative", "verdict", ""],
      report.entries.map((entry) => [
        placeOf(entry),
        entry.forward === undefined ? "none" : cell(entry.forward),
        cell(entry.reverse),
        cell(entry.numeric),
        entry.relativeError.toExponential(1),
        entry.verdict,
        renderKink(entry.kink)
      ])
    )
  }
  const orders = Array.from({ length: Math.max(0, report.order - 1) }, (_, i) => i + 2).flatMap((order) => {
    const entries = report.entries.filter(({ coordinates }) => coordinates.length === order)
    if (entries.length === 0) return []
    // f and r for the modes, the outermost first.
    const header = entries[0]!.derivatives.map(({ modes }) => modes.map((mode) => mode[0]).join(""))
    return [
      table(
        ["entry", ...header, "numeric", "relative", "verdict", ""],
        entries.map((entry) => [
          entry.coordinates.map(placeOf).join(", "),
          ...entry.derivatives.map(({ value }) => cell(value)),
          cell(entry.numeric),
          entry.relativeError.toExponential(1),
          entry.verdict,
          renderKink(entry.kink)
        ])
      )
    ]
  })
  return [renderGradientReport(report.gradient), ...orders].join("\n\n")
}
