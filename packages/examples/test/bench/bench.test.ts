// That the benchmark runs and what it computes is right; nothing is said about times.

import { spawn } from "node:child_process"
import { resolve } from "node:path"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { measure, ratio } from "../../src/bench/Measurement.ts"
import { load } from "../../src/bench/peers/index.ts"
import { problems } from "../../src/bench/problems/index.ts"
import * as Report from "../../src/bench/Report.ts"
import { type Answer, errorOf } from "../../src/bench/Subject.ts"

const main = resolve(import.meta.dirname, "../../src/bench.ts")

const run = (...args: ReadonlyArray<string>) =>
  new Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>((done) => {
    const child = spawn(process.execPath, [main, ...args])
    let [stdout, stderr] = ["", ""]
    child.stdout.on("data", (chunk) => (stdout += chunk))
    child.stderr.on("data", (chunk) => (stderr += chunk))
    child.on("close", (code) => done({ code, stdout, stderr }))
  })

describe("pnpm bench", () => {
  it("runs all problems and what it compiles", async () => {
    const { code, stderr, stdout } = await run("--quick")
    expect(stderr).toBe("")
    expect(code).toBe(0)
    for (const { name } of problems) expect(stdout).toContain(`\n${name}, `)
    expect(stdout).toContain("reverse (value, gradient), WebAssembly")
    expect(stdout).toContain("\nCompilation\n")
  })

  it("runs other libraries beside, and writes Markdown", async () => {
    const { code, stdout } = await run("--quick", "--peers", "--markdown", "--only", "rosenbrock")
    expect(code).toBe(0)
    expect(stdout).toContain("### rosenbrock, 2 variables: value and gradient beside others")
    for (const name of ["Fluxion", "by hand", "rose", "jax-js", "TensorFlow.js cpu", "TensorFlow.js wasm"]) {
      expect(stdout).toMatch(new RegExp(`^\\| ${name} \\| float(?:32|64) \\|.*\\| yes \\|`, "m"))
    }
  })

  it("knows its problems", async () => {
    const { code, stderr, stdout } = await run("--only", "sudoku")
    expect(code).toBe(1)
    expect(stdout + stderr).toContain("rosenbrock")
  })
})

describe("the problems", () => {
  const tolerance = { float64: 1e-12, float32: 1e-5 }

  it.each(problems)("$name by hand is what the interpreter computes", async (problem) => {
    const instance = problem.quick()
    const program = Effect.runSync(instance.programs.reverse.compile())
    const exact = await program.answer()
    expect(errorOf(await instance.byHand().answer(), exact)).toBeLessThan(1e-14)
    // A second run finds nothing of the first.
    const hand = instance.byHand()
    await hand.run()
    expect(errorOf(await hand.answer(), exact)).toBeLessThan(1e-14)
  })

  // jax-js computes elementary functions in single precision, whatever the arrays are in.
  it.each(problems)("$name is the same in other libraries", async (problem) => {
    const instance = problem.quick()
    const exact = await Effect.runSync(instance.programs.reverse.compile()).answer()
    for (const { contestants } of await Effect.runPromise(load)) {
      for (const make of contestants(problem.name, instance.inputs)) {
        const { end, name, subject } = await make()
        expect(errorOf(await subject.answer(), exact), name).toBeLessThan(tolerance.float32)
        end()
      }
    }
  })
})

describe("errors of answers", () => {
  const exact: Answer = { value: 2, derivative: [[1, -4], [0.5]] }

  it("are relative to the whole gradient", () => {
    expect(errorOf(exact, exact)).toBe(0)
    expect(errorOf({ value: 2, derivative: [[1, -4], [0.9]] }, exact)).toBeCloseTo(0.1, 14)
    expect(errorOf({ value: 3, derivative: [[1, -4], [0.5]] }, exact)).toBe(0.5)
  })

  it("see what is missing or no number", () => {
    expect(errorOf({ value: 2, derivative: [[1, -4]] }, exact)).toBe(Infinity)
    expect(errorOf({ value: 2, derivative: [[1], [0.5]] }, exact)).toBe(Infinity)
    expect(errorOf({ value: 2, derivative: [[1, Number.NaN], [0.5]] }, exact)).toBe(Infinity)
    expect(errorOf({ value: Number.NaN, derivative: [[1, -4], [0.5]] }, exact)).toBe(Infinity)
  })
})

describe("measurements", () => {
  const wait = (milliseconds: number) => () => {
    const end = performance.now() + milliseconds
    while (performance.now() < end);
  }
  const answer = () => ({ value: 0, derivative: [] })

  it("are of every subject in every round, of promises too", async () => {
    const times = await Effect.runPromise(
      measure(
        {
          short: { run: wait(1), answer },
          long: { run: wait(4), answer },
          later: { run: () => new Promise<void>((done) => setTimeout(done, 4)), answer }
        },
        { seconds: 0.1 }
      )
    )
    for (const { lowerQuartile, median, rounds, upperQuartile } of Object.values(times)) {
      expect(rounds).toHaveLength(5)
      expect(lowerQuartile).toBeLessThanOrEqual(median)
      expect(median).toBeLessThanOrEqual(upperQuartile)
    }
    expect(times.short.median).toBeGreaterThan(0.9e6)
    expect(times.long.median).toBeGreaterThan(3.9e6)
    expect(times.later.median).toBeGreaterThan(2.9e6)
  })

  it("have ratios by rounds", () => {
    const times = (...rounds: ReadonlyArray<number>) => ({ median: 0, lowerQuartile: 0, upperQuartile: 0, rounds })
    expect(ratio(times(2, 9, 4), times(1, 3, 4))).toEqual({ median: 2, smallest: 1, largest: 3 })
    expect(ratio(times(8), times(2, 1, 1))).toEqual({ median: 4, smallest: 4, largest: 4 })
  })
})

describe("reports", () => {
  it("write times in units", () => {
    expect([0.25, 12.34, 4567, 89e6, 2.5e9].map(Report.time)).toEqual([
      "0.25 ns",
      "12.3 ns",
      "4.57 µs",
      "89 ms",
      "2.5 s"
    ])
  })

  it("write tables as text and as Markdown", () => {
    const section = { title: "t", header: ["", "a|b"], rows: [["x", "1"]], notes: ["note"] }
    expect(Report.render(section, "markdown")).toBe("### t\n\n|  | a\\|b |\n| --- | ---: |\n| x | 1 |\n\nnote")
    expect(Report.render(section, "text")).toContain("x    1")
  })
})
