// The command line of the examples, as a user runs it.

import { spawnSync } from "node:child_process"
import { resolve } from "node:path"
import { describe, expect, it } from "vitest"
import { examples } from "../src/programs/index.ts"

const run = (file: string, ...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, [resolve(import.meta.dirname, "../src", file), ...args], { encoding: "utf8" })

const names = examples.map(({ name }) => name)

describe("pnpm examples", () => {
  it("lists the examples, then runs each", () => {
    const { status, stdout } = run("main.ts")
    expect(status).toBe(0)
    for (const { name, summary } of examples) {
      expect(stdout).toMatch(new RegExp(`^ {2}${name} +\\S`, "m"))
      expect(stdout).toContain(`\n${name}: ${summary}\n`)
    }
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u)
  })

  it("runs the named ones, in the order named", () => {
    const { status, stdout } = run("main.ts", "line-fit", "gradient")
    expect(status).toBe(0)
    expect(names.filter((name) => stdout.includes(`\n${name}: `))).toEqual(["gradient", "line-fit"])
    expect(stdout.indexOf("line-fit: ")).toBeLessThan(stdout.indexOf("gradient: "))
  })

  it("only lists them when asked to", () => {
    const { status, stdout } = run("main.ts", "--list")
    expect(status).toBe(0)
    expect(stdout.trim().split("\n").length).toBe(2 + examples.length)
  })

  it("lists them when a name is unknown, runs nothing, and exits with 1", () => {
    const { status, stderr, stdout } = run("main.ts", "gradient", "linefit")
    expect(status).toBe(1)
    expect(stdout).toBe("")
    expect(stderr).toContain('there is no example "linefit"; did you mean "line-fit"?')
    for (const name of names) expect(stderr).toContain(`  ${name} `)
  })

  it("has examples that also run by themselves", () => {
    expect(run("programs/dual-numbers.ts").stdout).toContain("(2x + 1)² = 9 + 12ε\n")
  })

  it("gives each a name of its own and one sentence", () => {
    expect(new Set(names).size).toBe(names.length)
    for (const { summary } of examples) expect(summary).toMatch(/^[A-Z].*[^.]\.$/)
  })
})
