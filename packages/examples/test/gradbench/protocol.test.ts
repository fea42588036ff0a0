import { Effect, Exit, Stream } from "effect"
import { describe, expect, it } from "vitest"
import { modules } from "../../src/gradbench/modules/index.ts"
import { answers } from "../../src/gradbench/Tool.ts"
import { failure } from "../support.ts"

interface Answer {
  readonly timings: ReadonlyArray<{ readonly name: string; readonly nanoseconds: number }>
  readonly error: string
}

const session = (...messages: ReadonlyArray<unknown>): ReadonlyArray<Answer> =>
  Effect.runSync(
    Stream.runCollect(
      answers(
        Stream.fromIterable(
          messages.map((message) => (typeof message === "string" ? message : JSON.stringify(message)))
        )
      )
    )
  ).map((line) => JSON.parse(line))

describe("the tool", () => {
  it("goes through a session", () => {
    const responses = session(
      { id: 0, kind: "start", eval: "hello", config: { anything: [1] } },
      { id: 1, kind: "define", module: "hello" },
      "",
      { id: 2, kind: "evaluate", module: "hello", function: "square", input: 3, description: "three" },
      { id: 3, kind: "analysis", of: 2, valid: true },
      { id: 4, kind: "evaluate", module: "hello", function: "double", input: 3 },
      { id: 5, kind: "a kind of tomorrow", more: null }
    )
    expect(responses).toEqual([
      { id: 0, tool: "fluxion", config: { backend: "interpreter" } },
      { id: 1, success: true },
      { id: 2, success: true, output: 9, timings: expect.any(Array) },
      { id: 3 },
      { id: 4, success: true, output: 6, timings: expect.any(Array) },
      { id: 5 }
    ])
    expect(responses[2]!.timings.map(({ name }) => name)).toEqual(["prepare", "warmup", "evaluate"])
    for (const { nanoseconds } of responses[2]!.timings) {
      expect(Number.isInteger(nanoseconds)).toBe(true)
      expect(nanoseconds).toBeGreaterThanOrEqual(0)
    }
  })

  it("knows the modules of the suite", () => {
    expect(modules.map(({ name }) => name).toSorted()).toEqual([
      "ba",
      "det",
      "gmm",
      "hello",
      "ht",
      "kmeans",
      "llsq",
      "lse",
      "lstm",
      "ode",
      "particle",
      "saddle"
    ])
    for (const { name } of modules)
      expect(session({ id: 7, kind: "define", module: name })).toEqual([{ id: 7, success: true }])
  })

  it("runs at least so many times, and at least so long", () => {
    const timings = (runs: object): ReadonlyArray<number> =>
      session({ id: 1, kind: "evaluate", module: "lse", function: "primal", input: { x: [1, 2], ...runs } })[0]!
        .timings.filter(({ name }) => name === "evaluate")
        .map(({ nanoseconds }) => nanoseconds)
    expect(timings({})).toHaveLength(1)
    expect(timings({ min_runs: 5, min_seconds: 0 })).toHaveLength(5)
    const long = timings({ min_runs: 1, min_seconds: 0.02 })
    const total = (list: ReadonlyArray<number>) => list.reduce((sum, n) => sum + n, 0)
    expect(total(long)).toBeGreaterThanOrEqual(0.02e9)
    expect(total(long.slice(0, -1))).toBeLessThan(0.02e9)
  })

  it("says what it does not know", () => {
    expect(
      session(
        { id: 1, kind: "define", module: "lsq" },
        { id: 2, kind: "define", module: "toString" },
        { id: 3, kind: "evaluate", module: "nothing", function: "primal", input: 1 },
        { id: 4, kind: "evaluate", module: "llsq", function: "gradiant", input: 1 },
        { id: 5, kind: "evaluate", module: "llsq", function: "constructor", input: 1 }
      )
    ).toEqual([
      { id: 1, success: false, error: 'there is no module "lsq"; did you mean "llsq"?' },
      {
        id: 2,
        success: false,
        error:
          'there is no module "toString"; there are "hello", "llsq", "lse", "gmm", "lstm", "ode", "det", "kmeans", "ba", "ht", "particle", "saddle"'
      },
      { id: 3, success: false, error: expect.stringMatching(/^there is no module "nothing"; there are "hello"/) },
      { id: 4, success: false, error: 'there is no function of llsq "gradiant"; did you mean "gradient"?' },
      { id: 5, success: false, error: 'there is no function of llsq "constructor"; there are "primal", "gradient"' }
    ])
  })

  it("says what is wrong with an input, and where", () => {
    const refusal = (module: string, name: string, input: unknown): string =>
      session({ id: 1, kind: "evaluate", module, function: name, input })[0]!.error
    expect(refusal("lse", "primal", { x: [1, "2"] })).toMatch(
      /^lse\.primal: the input is not as expected: .*expected a number at \[1\], got string[^]*\["x"\]/
    )
    expect(refusal("lse", "primal", {})).toContain('["x"]')
    expect(refusal("lse", "primal", { x: 3 })).toContain("expected a list, got 3")
    expect(refusal("kmeans", "cost", { points: [[1, 2], [3]], centroids: [[1, 2]] })).toContain(
      "expected a list of 2 at [1], got a list of 1"
    )
    expect(refusal("lstm", "objective", { main_params: [], extra_params: [[1]], state: [], sequence: [] })).toContain(
      "expected a list of 3, got a list of 1"
    )
    expect(refusal("lse", "primal", { x: [1], min_runs: 0 })).toContain('["min_runs"]')
    // Sizes that contradict each other.
    expect(refusal("kmeans", "cost", { points: [[1, 2]], centroids: [[1, 2, 3]] })).toContain("[1,3]")
    expect(refusal("hello", "square", "3")).toContain("hello.square")
  })

  it("answers incomplete messages by their id", () => {
    expect(session({ id: 3, kind: "define" }, { id: 4, kind: "evaluate", module: "hello" })).toEqual([
      { id: 3, success: false, error: expect.stringContaining('the message of kind "define" is not as expected') },
      { id: 4, success: false, error: expect.stringContaining('["function"]') }
    ])
  })

  it("fails at a line that has no id to answer to", () => {
    const end = (line: string) => failure(Effect.runSyncExit(Stream.runDrain(answers(Stream.make(line)))))
    expect(end("{").message).toMatch(/^expected a message, one JSON object with "id" and "kind", got "{": SyntaxError/)
    expect(end('{"kind":"start"}').message).toContain('["id"]')
    expect(end(`[${"1,".repeat(100)}1]`).message).toContain("…")
    expect(Exit.isFailure(Effect.runSyncExit(Stream.runDrain(answers(Stream.make("null")))))).toBe(true)
  })
})
