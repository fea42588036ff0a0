/**
 * The computational graph of a program at a point: values on its nodes, adjoints on its edges.
 *
 * @since 0.1.0
 */
import type { Failure, Fn, Requirement, Tensor, Tree } from "@fluxion/core"
import type * as Forward from "@fluxion/forward-mode"
import { Result } from "effect"
import { dot, mermaid, oneLine, xml } from "./internal/escape.ts"
import { boxHeight, layout } from "./internal/layout.ts"
import { formatTensor } from "./internal/notation.ts"
import { svgDocument } from "./internal/table.ts"
import * as Trace from "./Trace.ts"

/**
 * A node: an input, a step, or an output.
 *
 * @category models
 * @since 0.1.0
 */
export interface Node {
  readonly kind: "input" | "step" | "output"
  /** The name of its value: `v1`; of several results: `v1, v2`. */
  readonly label: string
  /** What it computes: `ln v-1`; of an input its name. */
  readonly expression: string
  /** Its value in short. */
  readonly value: string
}

/**
 * An edge from a node to one that reads it (as positions in `nodes`).
 *
 * **Details**
 *
 * `adjoint` is what reverse mode passes back along the edge: the adjoint of the reader times its partial derivative. Edges that no adjoint passes have none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Edge {
  readonly from: number
  readonly to: number
  readonly adjoint: Tensor.Any | undefined
  /** The adjoint in short; empty where there is none. */
  readonly text: string
}

/**
 * A computational graph; `omitted` counts the steps that were left out.
 *
 * @category models
 * @since 0.1.0
 */
export interface Graph {
  readonly nodes: ReadonlyArray<Node>
  readonly edges: ReadonlyArray<Edge>
  readonly omitted: number
}

/**
 * Options: those of a trace, and how many nodes the graph has at most (200 by default; of a larger program the first are kept).
 *
 * @category options
 * @since 0.1.0
 */
export interface GraphOptions<I = Tree.Spec, O = Tree.Spec> extends Trace.TraceOptions<I, O> {
  readonly maxNodes?: number
}

/**
 * The graph of a trace.
 *
 * @example
 * ```ts
 * import { Graph, Trace } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y))
 * const { edges, nodes } = Graph.fromTrace(Trace.make(f, { x: 2, y: 5 }))
 * console.log(nodes.map((node) => node.label)) // [ 'v-1', 'v0', 'v1', 'y' ]
 * console.log(edges.map((edge) => edge.text)) // [ '5', '2', '1' ]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromTrace = (
  { rows }: Trace.Trace,
  options?: Pick<GraphOptions, "digits" | "elements" | "maxNodes">
): Graph => {
  const format = (tensor: Tensor.Any): string => formatTensor(tensor, options?.digits ?? 3, options?.elements ?? 4)
  const maxNodes = options?.maxNodes ?? 200
  // A program is cut at its end: what is left is a graph of its own.
  const shown = rows.slice(0, maxNodes)
  const nodes = shown.map(({ kind, primal }): Node => ({
    kind,
    label: primal.label,
    expression: primal.expression,
    value: primal.text
  }))
  const places = new Map<string, number>()
  shown.forEach(({ kind, results }, i) => {
    if (kind !== "output") for (const label of results) places.set(label, i)
  })
  const edges = shown.flatMap(({ adjoints, kind, operands }, to) =>
    operands.flatMap((label, position): ReadonlyArray<Edge> => {
      const from = label === undefined ? undefined : places.get(label)
      if (from === undefined) return []
      const own = kind === "input" ? undefined : adjoints.find(({ operand }) => operand === position)
      return [{ from, to, adjoint: own?.increment, text: own === undefined ? "" : format(own.increment) }]
    })
  )
  return { nodes, edges, omitted: rows.length - shown.length }
}

/**
 * The graph of a program at a point.
 *
 * **Details**
 *
 * One node for each input, each step and each output; constants are written into the expressions that use them. A loop is one node. Costs are those of
 * `Trace.make`.
 *
 * @example
 * ```ts
 * import { Graph } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.sin(x))
 * console.log(Graph.make(f, { x: 0 }).edges[0]) // { from: 0, to: 1, adjoint: 1, text: '1' }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> &
    Requirement.CheckNone<R> &
    Forward.CheckForward<R> &
    Failure.CheckInfallible<E, "Graph.make", "Graph.makeResult">,
  at: Tree.Value<I>,
  options?: GraphOptions<I, O>
) => Graph = (f, at, options) => fromTrace(Trace.make(f as never, at, options), options as unknown as GraphOptions)

/**
 * The graph of a program that can fail: the graph, or the program's failure at the point.
 *
 * @example
 * ```ts
 * import { Graph } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.checked.sqrt(x))
 * const failed = Graph.makeResult(f, { x: -1 })
 * console.log(Result.isFailure(failed) && failed.failure._tag) // DomainError
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeResult: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & Requirement.CheckNone<R> & Forward.CheckForward<R>,
  at: Tree.Value<I>,
  options?: GraphOptions<I, O>
) => Result.Result<Graph, E> = (f, at, options) =>
  Result.map(Trace.makeResult(f, at, options), (trace) => fromTrace(trace, options as unknown as GraphOptions))

const equation = ({ expression, label }: Node): string => `${label} = ${expression}`

/**
 * Prints a graph as a Mermaid flowchart.
 *
 * **Details**
 *
 * Labels are quoted, and whatever has a meaning to Mermaid is written as an entity: names of inputs may hold anything.
 *
 * @example
 * ```ts
 * import { Graph } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.sin(x))
 * console.log(Graph.toMermaid(Graph.make(f, { x: 0 })).split("\n")[2]?.trim()) // n1["v1 = sin v0<br/>0"]
 * ```
 *
 * @category printing
 * @since 0.1.0
 */
export const toMermaid = ({ edges, nodes, omitted }: Graph): string => {
  const shapes = { input: ["([", "])"], step: ["[", "]"], output: ["[[", "]]"] } as const
  return [
    "flowchart LR",
    ...nodes.map((node, i) => {
      const [open, close] = shapes[node.kind]
      return `  n${i}${open}${mermaid(equation(node)).slice(0, -1)}<br/>${mermaid(node.value).slice(1)}${close}`
    }),
    ...edges.map(({ from, text, to }) => `  n${from} -->${text === "" ? "" : `|${mermaid(text)}|`} n${to}`),
    ...(omitted === 0 ? [] : [`  %% ${omitted} more`])
  ].join("\n")
}

/**
 * Prints a graph in the language of Graphviz.
 *
 * @example
 * ```ts
 * import { Graph } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.sin(x))
 * console.log(Graph.toDot(Graph.make(f, { x: 0 })).split("\n")[5]?.trim()) // n0 -> n1 [label="1"];
 * ```
 *
 * @category printing
 * @since 0.1.0
 */
export const toDot = ({ edges, nodes, omitted }: Graph): string => {
  const shapes = { input: "ellipse", step: "box", output: "doubleoctagon" } as const
  return [
    "digraph {",
    "  rankdir=LR;",
    ...nodes.map(
      (node, i) =>
        `  n${i} [shape=${shapes[node.kind]}, label=${dot(equation(node)).slice(0, -1)}\\n${dot(node.value).slice(1)}];`
    ),
    ...edges.map(({ from, text, to }) => `  n${from} -> n${to}${text === "" ? "" : ` [label=${dot(text)}]`};`),
    ...(omitted === 0 ? [] : [`  // ${omitted} more`]),
    "}"
  ].join("\n")
}

const characters = 44

const shorten = (text: string): string => {
  const list = Array.from(oneLine(text))
  return list.length > characters ? `${list.slice(0, characters - 1).join("")}…` : list.join("")
}

const fills = { input: "#ddf4ff", step: "#f6f8fa", output: "#dafbe1" } as const

/**
 * Draws a graph as a self-contained SVG, from the inputs at the left to the outputs at the right.
 *
 * **Details**
 *
 * A layered layout: each node stands one layer behind the last of what it reads; in a layer, nodes are ordered by the mean place of their neighbours. Long labels are
 * shortened.
 *
 * @example
 * ```ts
 * import { Graph } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.sin(x))
 * console.log(Graph.toSvg(Graph.make(f, { x: 0 })).startsWith("<svg xmlns=")) // true
 * ```
 *
 * @category printing
 * @since 0.1.0
 */
export const toSvg = ({ edges, nodes, omitted }: Graph): string => {
  const texts = nodes.map((node) => [shorten(equation(node)), shorten(node.value)] as const)
  const sizes = texts.map((lines) => Math.max(...lines.map((line) => Array.from(line).length)) * 7.3 + 20)
  const { crossings, height, places, width } = layout(sizes, edges)
  const round = (x: number): number => Math.round(x * 10) / 10
  const lines = edges.map(({ from, text, to }, i) => {
    const middle = boxHeight / 2
    const stops = crossings[i]!.map(({ width, x, y }) => ({ x, y: y + middle, until: x + width }))
    const [a, b] = [places[from]!, places[to]!]
    let [x, y] = [a.x + sizes[from]!, a.y + middle]
    let path = `M${round(x)} ${round(y)}`
    for (const stop of [...stops, { x: b.x - 6, y: b.y + middle, until: b.x - 6 }]) {
      const half = (stop.x - x) / 2
      path += `C${round(x + half)} ${round(y)} ${round(x + half)} ${round(stop.y)} ${round(stop.x)} ${round(stop.y)}`
      if (stop.until > stop.x) path += `H${round(stop.until)}`
      ;[x, y] = [stop.until, stop.y]
    }
    // Labels stand near the node that they come from: there edges that meet again are apart.
    const last = stops.at(-1) ?? { y: a.y + middle, until: a.x + sizes[from]! }
    const label =
      text === ""
        ? ""
        : `<text x="${round(0.45 * last.until + 0.55 * x)}" y="${round(0.42 * last.y + 0.58 * y - 4)}" text-anchor="middle" fill="#cf222e" stroke="#ffffff" stroke-width="3" paint-order="stroke">${xml(shorten(text))}</text>`
    return [`<path d="${path}" fill="none" stroke="#57606a" marker-end="url(#arrow)"/>`, label] as const
  })
  const boxes = nodes.map(({ kind }, i) => {
    const { x, y } = places[i]!
    const centre = round(x + sizes[i]! / 2)
    return (
      `<rect x="${round(x)}" y="${round(y)}" width="${round(sizes[i]!)}" height="${boxHeight}" rx="${kind === "step" ? 4 : 16}" fill="${fills[kind]}" stroke="#57606a"/>` +
      `<text x="${centre}" y="${round(y + 17)}" text-anchor="middle" fill="#1f2328">${xml(texts[i]![0])}</text>` +
      `<text x="${centre}" y="${round(y + 34)}" text-anchor="middle" fill="#0550ae">${xml(texts[i]![1])}</text>`
    )
  })
  const more = omitted === 0 ? "" : `<text x="12" y="${round(height - 6)}" fill="#57606a">${omitted} more</text>`
  const arrow = `<defs><marker id="arrow" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#57606a"/></marker></defs>`
  return svgDocument(
    "Computational graph",
    { width: Math.ceil(width), height: Math.ceil(height) },
    arrow + lines.map(([path]) => path).join("") + boxes.join("") + lines.map(([, label]) => label).join("") + more
  )
}
