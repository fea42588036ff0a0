import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Stream } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { rounds, type Round } from "../../src/gradbench/comparison/Session.ts"
import * as Summary from "../../src/gradbench/comparison/Summary.ts"
import { nodeServices } from "../../src/internal/node.ts"
import { failure } from "../support.ts"

const folder = mkdtempSync(join(tmpdir(), "fluxion-gradbench-"))
afterAll(() => rmSync(folder, { recursive: true }))

const program = (name: string, text: string) => {
  writeFileSync(join(folder, `${name}.mjs`), text)
  return { name, folder, command: `"${process.execPath}" ${name}.mjs` }
}

// An eval that asks for doubles of 1, 2 and 3, and believes those of at most 4.
const evaluation = program(
  "eval",
  `import { createInterface } from "node:readline"
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
let id = 0
const send = async (message) => {
  console.log(JSON.stringify({ id, ...message }))
  const answer = JSON.parse((await lines.next()).value)
  if (answer.id !== id) process.exit(2)
  id++
  return answer
}
await send({ kind: "start", eval: "test" })
if ((await send({ kind: "define", module: "test" })).success) {
  for (const input of [1, 2, 3]) {
    const of = id
    const answer = await send({ kind: "evaluate", module: "test", function: "gradient", input, description: "n=" + input })
    if (answer.success) await send({ kind: "analysis", of, valid: answer.output <= 4, ...(answer.output <= 4 ? {} : { error: "too much" }) })
  }
}
process.exit(0)
`
)

const tool = (name: string, evaluate: string) =>
  program(
    name,
    `import { createInterface } from "node:readline"
for await (const line of createInterface({ input: process.stdin })) {
  const { id, input, kind } = JSON.parse(line)
  const evaluate = () => { ${evaluate} }
  const define = () => ({ success: ${name !== "ignorant"}, error: "what is that?" })
  console.log(JSON.stringify({ id, ...(kind === "evaluate" ? evaluate() : kind === "define" ? define() : {}) }))
}
`
  )

const timings = (...times: ReadonlyArray<number>): string =>
  JSON.stringify([
    { name: "prepare", nanoseconds: 1e9 },
    ...times.map((nanoseconds) => ({ name: "evaluate", nanoseconds }))
  ])

const collect = (...tools: ReadonlyArray<ReturnType<typeof program>>) =>
  Stream.runCollect(rounds(evaluation, tools as never)).pipe(Effect.scoped, Effect.provide(nodeServices))

const own = tool("own", `return { success: true, output: 2 * input, timings: ${timings(9, 1, 5)} }`)

describe("a session", () => {
  it("asks all tools, and the eval sees the answers of the first", async () => {
    const other = tool(
      "other",
      `return input < 3 ? { success: true, output: 9, timings: ${timings(4, 2)} } : { success: false, error: "no" }`
    )
    const ignorant = tool("ignorant", "process.exit(3)")
    const all = await Effect.runPromise(collect(own, other, ignorant))
    const measured = (nanoseconds: number, runs: number) => ({ _tag: "Measured", nanoseconds, runs })
    const unknown = { _tag: "Refused", error: "what is that?" }
    const round = { module: "test", function: "gradient" }
    expect(all).toEqual([
      {
        ...round,
        description: "n=1",
        outcomes: { own: measured(5, 3), other: measured(3, 2), ignorant: unknown },
        verdict: { _tag: "Valid" }
      },
      {
        ...round,
        description: "n=2",
        outcomes: { own: measured(5, 3), other: measured(3, 2), ignorant: unknown },
        verdict: { _tag: "Valid" }
      },
      {
        ...round,
        description: "n=3",
        outcomes: { own: measured(5, 3), other: { _tag: "Refused", error: "no" }, ignorant: unknown },
        verdict: { _tag: "Invalid", error: "too much" }
      }
    ])
  })

  it("tells what the tool refuses", async () => {
    const refusing = tool("refusing", `return { success: false, error: "not today" }`)
    const all = await Effect.runPromise(collect(refusing))
    expect(all.map(({ verdict }) => verdict)).toEqual(
      Array.from({ length: 3 }, () => ({ _tag: "NoAnswer", error: "not today" }))
    )
  })

  it("fails where a tool ends or does not keep to the protocol", async () => {
    const dying = tool("dying", "process.exit(3)")
    const ended = failure(await Effect.runPromiseExit(collect(dying)))
    expect(ended.message).toMatch(/^dying \(.*\) ended with exit code 3$/)
    const leaving = program("leaving", `process.stdin.once("data", () => process.exit(0))`)
    const left = failure(await Effect.runPromiseExit(collect(leaving)))
    expect(left.message).toMatch(/^leaving \(.*\) ended where an answer was expected$/)
    const babbling = program("babbling", `for await (const _ of process.stdin) console.log("well")`)
    const confused = failure(await Effect.runPromiseExit(collect(babbling)))
    expect(confused.message).toMatch(/^babbling does not keep to the protocol: /)
  })
})

describe("the table of ratios", () => {
  const round = (
    module: string,
    name: string,
    description: string,
    times: Readonly<Record<string, number>>,
    valid = true
  ): Round => ({
    module,
    function: name,
    description,
    outcomes: Object.fromEntries(
      Object.entries(times).map(([tool, nanoseconds]) => [tool, { _tag: "Measured" as const, nanoseconds, runs: 1 }])
    ),
    verdict: valid ? { _tag: "Valid" } : { _tag: "Invalid", error: "no" }
  })
  const all = [
    round("lse", "primal", "n=1", { own: 1, manual: 2 }),
    round("lse", "gradient", "n=1", { own: 2, manual: 4 }),
    round("lse", "primal", "n=2", { own: 4, manual: 2 }),
    round("lse", "gradient", "n=2", { own: 32, manual: 4 }, false),
    round("kmeans", "cost", "k=1", { own: 10, manual: 5 }),
    round("kmeans", "dir", "k=1", { own: 20, manual: 5 }),
    round("particle", "rr", "w=0", { own: 3 })
  ]

  it("has geometric means over sizes, and the worst", () => {
    const ratio = (mean: number, largest: number) => ({ mean: expect.closeTo(mean, 12), largest })
    expect(Summary.rows(all, "own", "manual")).toEqual([
      {
        module: "lse",
        sizes: 2,
        valid: 3,
        judged: 4,
        gradient: ratio(2, 8),
        primal: ratio(1, 2),
        gradientToPrimal: ratio(4, 8),
        peerGradientToPrimal: ratio(2, 2)
      },
      {
        module: "kmeans",
        sizes: 1,
        valid: 2,
        judged: 2,
        gradient: ratio(4, 4),
        primal: ratio(2, 2),
        gradientToPrimal: ratio(2, 2),
        peerGradientToPrimal: ratio(1, 1)
      },
      { module: "particle", sizes: 1, valid: 1, judged: 1 }
    ])
  })

  it("prints", () => {
    const text = Summary.render(Summary.rows(all, "own", "manual"), "own", "manual")
    expect(text).toContain("own / manual")
    expect(text).toMatch(/lse +3\/4 +2 +8 +1 +2 +4 +8 +2 +2/)
    expect(text).toContain("gradient, geometric mean over 2 problems (lse, kmeans): 2.83")
  })
})
