import { compareModes, Comparison, Graph, Trace } from "@fluxion/calculus"
import { Expr, Fn, type Tree } from "@fluxion/core"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const f = Fn.make({ x1: [], x2: [] }, ({ x1, x2 }) => {
  const v1 = Expr.log(x1)
  const v2 = Expr.mul(x1, x2)
  const v3 = Expr.sin(x2)
  return Expr.sub(Expr.add(v1, v2), v3)
})

const graph = Graph.make(f, { x1: 2, x2: 5 })

describe("the graph of ln(x1) + x1 x2 - sin(x2)", () => {
  it("has values on its nodes and adjoints on its edges", () => {
    expect(graph.nodes.map(({ label, value }) => [label, value])).toEqual([
      ["v-1", "2"],
      ["v0", "5"],
      ["v1", "0.693"],
      ["v2", "10"],
      ["v3", "-0.959"],
      ["v4", "10.693"],
      ["v5", "11.652"],
      ["y", "11.652"]
    ])
    expect(graph.edges.map(({ from, text, to }) => [from, to, text])).toEqual([
      [0, 2, "0.5"],
      [0, 3, "5"],
      [1, 3, "2"],
      [1, 4, "-0.284"],
      [2, 5, "1"],
      [3, 5, "1"],
      [5, 6, "1"],
      [4, 6, "-1"],
      [6, 7, "1"]
    ])
  })

  it("adds up to the gradient at the inputs", () => {
    const into = (node: number) =>
      graph.edges.filter(({ from }) => from === node).reduce((sum, { adjoint }) => sum + adjoint!.data[0]!, 0)
    expect(into(0)).toBeCloseTo(5.5, 14)
    expect(into(1)).toBeCloseTo(2 - Math.cos(5), 14)
  })

  it("as Mermaid and for Graphviz", () => {
    expect(Graph.toMermaid(graph).split("\n").slice(0, 3)).toEqual([
      "flowchart LR",
      `  n0(["v-1 = x1<br/>2"])`,
      `  n1(["v0 = x2<br/>5"])`
    ])
    expect(Graph.toMermaid(graph)).toContain(`  n4 -->|"-1"| n6`)
    expect(Graph.toDot(graph)).toContain(`  n4 -> n6 [label="-1"];`)
    expect(Graph.toDot(graph)).toContain(`  n2 [shape=box, label="v1 = ln v-1\\n0.693"];`)
  })
})

/** Whether a text is well-formed XML of elements, attributes in double quotes, and character references. */
const isXml = (text: string): boolean => {
  const open: Array<string> = []
  const token =
    /<(\/?)([a-zA-Z]+)((?: [a-zA-Z:-]+="(?:[^"<&]|&(?:[a-z]+|#\d+);)*")*)(\/?)>|([^<&>]|&(?:amp|lt|gt|quot|#\d+);)+/y
  let at = 0
  while (at < text.length) {
    token.lastIndex = at
    const match = token.exec(text)
    if (match === null) return false
    at = token.lastIndex
    if (match[2] === undefined) continue
    if (match[1] === "/") {
      if (open.pop() !== match[2]) return false
    } else if (match[4] === "") open.push(match[2])
  }
  // oxlint-disable-next-line no-control-regex
  return open.length === 0 && !/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(text) && text.isWellFormed()
}

const awkward = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '"',
        "'",
        "<",
        ">",
        "&",
        "\n",
        "\r",
        "\t",
        "`",
        "|",
        "#",
        ";",
        "\\",
        "]",
        ")",
        "}",
        "%%",
        "<br/>"
      ),
      fc.string({ unit: "binary", maxLength: 3 }),
      fc.constantFrom("\ud800", "\u0000", "\u2028", "--", "]]>", "end", "é", "&amp;")
    ),
    { minLength: 1, maxLength: 8 }
  )
  .map((parts) => parts.join(""))
  .filter((name) => name !== "__proto__")

describe("names of inputs that hold anything", () => {
  const named = (name: string) => {
    const f = Fn.unsafeFromLeaves({ [name]: [] }, { [name]: [] }, ([x]) => [Expr.exp(x as Expr.Expr)])
    return [f as unknown as Fn.Fn<Tree.SpecRecord, Tree.SpecRecord>, { [name]: 1 } as never] as const
  }

  it("print as well-formed SVG, Mermaid, Graphviz and Markdown", () => {
    fc.assert(
      fc.property(awkward, (name) => {
        const [f, at] = named(name)
        const trace = Trace.make(f, at)
        const graph = Graph.fromTrace(trace)
        expect(isXml(Graph.toSvg(graph))).toBe(true)
        expect(isXml(Trace.toSvg(trace, { mode: "reverse" }))).toBe(true)
        for (const line of Graph.toMermaid(graph).split("\n").slice(1)) {
          expect(line).toMatch(
            /^ {2}(?:n\d+(?:\(\[|\[\[|\[)"(?:[^"<>`#;]|#\d+;)*<br\/>(?:[^"<>`#;]|#\d+;)*"(?:\]\)|\]\]|\])|n\d+ -->(?:\|"[^"<>`|]*"\|)? n\d+)$/
          )
        }
        for (const line of Graph.toDot(graph).split("\n").slice(2, -1)) {
          expect(line).toMatch(/^ {2}n\d+(?: -> n\d+)?(?: \[(?:shape=\w+, )?label="(?:[^"\\]|\\.)*"\])?;$/)
        }
        const lines = Trace.toMarkdown(trace, { mode: "forward" }).split("\n")
        expect(lines.length).toBe(2 + 3)
        for (const line of lines) expect(line.match(/(?<!\\)\|/g)?.length).toBe(3)
      })
    )
  })

  it("print in a comparison", () => {
    fc.assert(
      fc.property(awkward, (name) => {
        const [f, at] = named(name)
        const report = Effect.runSync(compareModes(f, at, { time: false }))
        expect(isXml(Comparison.toSvg(report))).toBe(true)
        expect(Comparison.toText(report).isWellFormed()).toBe(true)
        expect(Comparison.toMarkdown(report).split("```").length).toBe(3)
      }),
      { numRuns: 50 }
    )
  })

  it("the check itself sees what is not XML", () => {
    expect(isXml(`<a b="c">x</a>`)).toBe(true)
    expect(isXml(`<a b="<">x</a>`)).toBe(false)
    expect(isXml(`<a>x & y</a>`)).toBe(false)
    expect(isXml(`<a><b></a></b>`)).toBe(false)
  })
})

describe("large programs", () => {
  it("are cut, and say so", () => {
    const long = Fn.make([], (x) => {
      let y = x
      for (let i = 0; i < 100; i++) y = Expr.add(Expr.sin(y), x)
      return y
    })
    const cut = Graph.make(long, 1, { maxNodes: 50 })
    expect([cut.nodes.length, cut.omitted]).toEqual([50, 152])
    expect(cut.edges.every(({ from, to }) => from < 50 && to < 50)).toBe(true)
    expect(Graph.toMermaid(cut).split("\n").at(-1)).toBe("  %% 152 more")
    expect(isXml(Graph.toSvg(cut))).toBe(true)
  })
})
