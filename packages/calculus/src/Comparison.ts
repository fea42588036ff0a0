/**
 * The comparison of both modes on one program at one point, as data and in print. `compareModes` makes it.
 *
 * @since 0.1.0
 */
import { Shape, type Tensor } from "@fluxion/core"
import * as Cost from "./Cost.ts"
import * as Graph from "./Graph.ts"
import { oneLine } from "./internal/escape.ts"
import { formatNumber } from "./internal/notation.ts"
import { svgDocument, type Table, toMarkdownTable, toSvgTable, toTextTable } from "./internal/table.ts"
import type { MixedCost, Mode, ModeCost } from "./Jacobian.ts"
import * as Trace from "./Trace.ts"

/**
 * Arrays held in memory: how many, and their size.
 *
 * @category models
 * @since 0.1.0
 */
export interface Memory {
  readonly values: number
  readonly bytes: number
}

/**
 * What one mode does and costs.
 *
 * **Details**
 *
 * - `jacobian`: the whole Jacobian by this mode; `undefined` where it takes more passes than allowed.
 * - `passes`, `pass`, `total`: see `ModeCost`. `ratio` is the arithmetic of one pass over that of the primal.
 * - `residuals`: the arrays of the forward sweep (inputs among them) that the backward sweep reads, and those that a `whileLoop` keeps on its tape; none in forward mode.
 * - `peak`: the most that is live at one moment of one pass, inputs and outputs included; arrays that share their data count once, constants do not count.
 * - `time`: the measured time of one pass, as a ratio of the primal's.
 *
 * @category models
 * @since 0.1.0
 */
export interface ModeReport<J> extends ModeCost {
  readonly mode: "forward" | "reverse"
  readonly jacobian: J | undefined
  readonly ratio: number
  readonly residuals: Memory
  readonly peak: Memory
  readonly time: number | undefined
}

/**
 * Where the modes cost the same, if each pass costs what it costs here on average.
 *
 * **Details**
 *
 * With the outputs of the program, forward mode is cheaper up to `inputs` input elements; with its inputs, reverse mode is cheaper up to `outputs` output elements. `ratio` is
 * the cost of an additional backward pass in additional forward passes: for many of both, forward mode is cheaper while inputs < ratio × outputs. There is no crossover where
 * passes of a mode cost nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Crossover {
  readonly inputs: number
  readonly outputs: number
  readonly ratio: number
}

/**
 * How times were measured: the median of so many samples, in seconds for one evaluation of the primal, on which backend.
 *
 * @category models
 * @since 0.1.0
 */
export interface Timing {
  readonly backend: string
  readonly samples: number
  readonly primal: number
}

/**
 * One element of the Jacobian, by both modes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Entry {
  readonly output: string
  readonly input: string
  readonly forward: number | undefined
  readonly reverse: number | undefined
}

/**
 * Both modes on one program at one point.
 *
 * **Details**
 *
 * `predicted` is the mode with the fewest operations for the whole Jacobian, and `reason` says why. `entries` are the first elements of the Jacobian, for
 * print; the whole is in `forward.jacobian` and `reverse.jacobian`. `mixed` is counted from shapes (a `whileLoop` as one iteration).
 *
 * @category models
 * @since 0.1.0
 */
export interface Comparison<J = unknown> {
  readonly inputElements: number
  readonly outputElements: number
  readonly primal: { readonly operations: Cost.OperationCounts; readonly peak: Memory }
  readonly forward: ModeReport<J>
  readonly reverse: ModeReport<J>
  readonly mixed: MixedCost | undefined
  readonly predicted: Mode
  readonly reason: string
  readonly crossover: Crossover | undefined
  readonly timing: Timing | undefined
  readonly entries: ReadonlyArray<Entry>
  readonly trace: Trace.Trace | undefined
  readonly graph: Graph.Graph | undefined
}

const integer = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",")

const times = (x: number): string => (Number.isFinite(x) ? `${x.toFixed(2)} ×` : "")

const memory = ({ bytes, values }: Memory): string => `${integer(values)} (${integer(bytes)} B)`

const summary = ({ forward, primal, reverse, timing }: Comparison): Table => {
  const counts = (name: keyof Cost.OperationCounts): ReadonlyArray<ReadonlyArray<string>> => [
    [`one pass: ${name}`, integer(primal.operations[name]), integer(forward.pass[name]), integer(reverse.pass[name])]
  ]
  const used = Cost.classes.filter((name) => forward.pass[name] > 0 || reverse.pass[name] > 0)
  const time = (mode: ModeReport<unknown>): string => (mode.time === undefined ? "" : times(mode.time))
  return {
    title: "Both modes",
    header: ["", "primal", "forward mode", "reverse mode"],
    align: ["left", "right", "right", "right"],
    rows: [
      ["passes for the whole Jacobian", "", integer(forward.passes), integer(reverse.passes)],
      ...used.flatMap(counts),
      [
        "one pass: arithmetic",
        integer(Cost.arithmetic(primal.operations)),
        integer(Cost.arithmetic(forward.pass)),
        integer(Cost.arithmetic(reverse.pass))
      ],
      ["one pass: arithmetic, of the primal's", times(1), times(forward.ratio), times(reverse.ratio)],
      ...used.map((name) => [`all passes: ${name}`, "", integer(forward.total[name]), integer(reverse.total[name])]),
      ["all passes: arithmetic", "", integer(Cost.arithmetic(forward.total)), integer(Cost.arithmetic(reverse.total))],
      ["residuals saved", "", memory(forward.residuals), memory(reverse.residuals)],
      ["peak of live values", memory(primal.peak), memory(forward.peak), memory(reverse.peak)],
      ...(timing === undefined ? [] : [["one pass: time, of the primal's", times(1), time(forward), time(reverse)]])
    ]
  }
}

const number = (x: number | undefined): string => (x === undefined ? "" : formatNumber(x, 6))

const entryTable = ({ entries }: Comparison): Table => ({
  title: "Jacobian",
  header: ["output", "input", "forward mode", "reverse mode"],
  align: ["left", "left", "right", "right"],
  rows: entries.map(({ forward, input, output, reverse }) => [output, input, number(forward), number(reverse)])
})

const conclusions = ({
  crossover,
  inputElements,
  outputElements,
  predicted,
  reason,
  timing
}: Comparison): ReadonlyArray<string> => [
  `${integer(inputElements)} input × ${integer(outputElements)} output elements: ${predicted === "mixed" ? "a mix of both modes" : `${predicted} mode`} is predicted to be cheaper.`,
  `${reason.slice(0, 1).toUpperCase()}${reason.slice(1)}.`,
  ...(crossover === undefined ? [] : [crossoverText(crossover)]),
  ...(timing === undefined
    ? []
    : [
        `Times: medians of ${timing.samples} samples on the backend ${timing.backend}; one evaluation takes ${(timing.primal * 1e6).toPrecision(3)} µs.`
      ])
]

const crossoverText = ({ inputs, outputs, ratio }: Crossover): string =>
  `Forward mode is cheaper up to ${formatNumber(inputs, 2)} input elements at these outputs, reverse mode up to ${formatNumber(outputs, 2)} output elements at these inputs; ` +
  `an additional output costs ${formatNumber(ratio, 2)} times what an additional input costs.`

/**
 * Prints a comparison as plain text: the costs, the Jacobian, and both traces.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.sin(x))
 * const report = Effect.runSync(Calculus.compareModes(f, { x: 0 }, { time: false }))
 * console.log(Calculus.Comparison.toText(report).split("\n")[4]) // one pass: transcendentals                     1             2             2
 * ```
 *
 * @category printing
 * @since 0.1.0
 */
export const toText = (self: Comparison): string =>
  [
    toTextTable(summary(self)),
    conclusions(self).join("\n"),
    toTextTable(entryTable(self)),
    ...(self.trace === undefined
      ? []
      : [Trace.toText(self.trace, { mode: "forward" }), Trace.toText(self.trace, { mode: "reverse" })])
  ].join("\n\n")

/**
 * Prints a comparison as Markdown: the costs, the Jacobian, both traces, and the computational graph for Mermaid.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.sin(x))
 * const report = Effect.runSync(Calculus.compareModes(f, { x: 0 }, { time: false }))
 * console.log(Calculus.Comparison.toMarkdown(report).split("\n")[2]) // | passes for the whole Jacobian |  | 1 | 1 |
 * ```
 *
 * @category printing
 * @since 0.1.0
 */
export const toMarkdown = (self: Comparison): string =>
  [
    toMarkdownTable(summary(self)),
    ...conclusions(self),
    toMarkdownTable(entryTable(self)),
    ...(self.trace === undefined
      ? []
      : [Trace.toMarkdown(self.trace, { mode: "forward" }), Trace.toMarkdown(self.trace, { mode: "reverse" })]),
    ...(self.graph === undefined ? [] : ["```mermaid\n" + Graph.toMermaid(self.graph) + "\n```"])
  ].join("\n\n")

const sizeOf = (svg: string): { readonly width: number; readonly height: number } => {
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!
  return { width: Number(width), height: Number(height) }
}

/**
 * Draws a comparison as one self-contained SVG: the costs, the Jacobian, the computational graph, and both traces.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.sin(x))
 * const report = Effect.runSync(Calculus.compareModes(f, { x: 0 }, { time: false }))
 * console.log(Calculus.Comparison.toSvg(report).startsWith("<svg xmlns=")) // true
 * ```
 *
 * @category printing
 * @since 0.1.0
 */
export const toSvg = (self: Comparison): string => {
  const words: Table = {
    title: "Prediction",
    header: ["Prediction"],
    align: ["left"],
    rows: conclusions(self).map((text) => [text])
  }
  const parts = [
    toSvgTable(summary(self)),
    toSvgTable(words),
    toSvgTable(entryTable(self)),
    ...(self.graph === undefined ? [] : [Graph.toSvg(self.graph)]),
    ...(self.trace === undefined
      ? []
      : [Trace.toSvg(self.trace, { mode: "forward" }), Trace.toSvg(self.trace, { mode: "reverse" })])
  ]
  let y = 0
  let widest = 0
  const placed = parts.map((svg) => {
    const { height, width } = sizeOf(svg)
    const text = svg.replace("<svg ", `<svg y="${y}" `)
    y += height + 12
    widest = Math.max(widest, width)
    return text
  })
  return svgDocument("Comparison of forward and reverse mode", { width: widest, height: y }, placed.join(""))
}

/** @internal */
export const element = (path: string, flat: number, shape: Shape.Shape): string => {
  if (shape.length === 0) return oneLine(path)
  const index = Shape.strides(shape).map((stride, axis) => Math.floor(flat / stride) % shape[axis]!)
  return `${oneLine(path)}[${index.join(",")}]`
}

/** @internal */
export const at = (tensor: Tensor.Any | undefined, flat: number): number | undefined => tensor?.data[flat]
