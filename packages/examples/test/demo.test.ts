// The demo as a user runs it: a process with arguments, standard output, standard error and an exit code.

import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, describe, expect, it } from "vitest"

const demo = resolve(import.meta.dirname, "../src/demo.ts")
const penguins = resolve(import.meta.dirname, "../data/penguins.csv")
const folder = mkdtempSync(join(tmpdir(), "fluxion-demo-"))
afterAll(() => rmSync(folder, { recursive: true }))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const run = (...args: ReadonlyArray<string>): Promise<Ended> =>
  new Promise((done) => {
    const child = spawn(process.execPath, [demo, ...args], { cwd: folder })
    let [stdout, stderr] = ["", ""]
    child.stdout.on("data", (chunk) => (stdout += chunk))
    child.stderr.on("data", (chunk) => (stderr += chunk))
    child.on("close", (code) => done({ code, stdout, stderr }))
  })

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return name
}

/** The numbers of a line of a table, after its name. */
const row = (text: string, name: string): ReadonlyArray<number> =>
  text
    .split("\n")
    .find((line) => line.trimStart().startsWith(`${name} `))!
    .trim()
    .slice(name.length)
    .trim()
    .split(/\s+/)
    .map(Number)

const section = (text: string, from: string, to: string): string =>
  text.slice(text.indexOf(from), to === "" ? undefined : text.indexOf(to, text.indexOf(from)))

describe("pnpm demo", () => {
  it("does the main job on the penguins", async () => {
    const startedAt = performance.now()
    const { code, stderr, stdout } = await run()
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    expect(code).toBe(0)

    // The data, and what is left out of them.
    expect(stdout).toContain("penguins.csv, 344 rows")
    expect(stdout).toContain(
      "11 rows with missing values left out: bill_length_mm in 2, bill_depth_mm in 2, flipper_length_mm in 2, body_mass_g in 2, sex in 11"
    )
    expect(stdout).toContain(
      "333 rows used, to predict body_mass_g from bill_length_mm, bill_depth_mm, flipper_length_mm"
    )

    // One gradient by three ways.
    const gradients = section(stdout, "forward mode", "Training")
    for (const parameter of ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "(intercept)"]) {
      const [forward, reverse, central, forwardToReverse, reverseToCentral] = row(gradients, parameter)
      expect(Math.abs(forward! - reverse!)).toBeLessThanOrEqual(2e-12)
      expect(Math.abs(reverse! - central!)).toBeLessThan(1e-6 * Math.abs(reverse!))
      expect(forwardToReverse).toBeLessThan(1e-12)
      expect(reverseToCentral).toBeLessThan(1e-6)
    }

    // Training, R² and the coefficients; NumPy's least squares beside them.
    expect(Number(/R²\s+([\d.]+)/.exec(stdout)![1])).toBeCloseTo(0.7639, 3)
    expect(Number(/least squares ([\d.]+)\)/.exec(stdout)![1])).toBeCloseTo(0.7639366781, 6)
    const original = section(stdout, "\n  units of body_mass_g", "Loss curve")
    const exact = {
      bill_length_mm: 3.29286253872,
      bill_depth_mm: 17.8363910459,
      flipper_length_mm: 50.7621316712,
      "(intercept)": -6445.47604303
    }
    for (const [name, expected] of Object.entries(exact)) {
      const [fitted, closedForm] = row(original, name)
      expect(closedForm).toBeCloseTo(expected, name === "(intercept)" ? 2 : 4)
      expect(Math.abs(fitted! - expected)).toBeLessThan(0.02 * Math.abs(expected))
    }

    // The chart, where the demo says it is.
    expect(stdout).toContain("Loss curve: out/loss.svg")
    expect(readFileSync(join(folder, "out/loss.svg"), "utf8")).toMatch(/^<svg [\s\S]*<\/svg>\n$/)

    // Nothing garbles a pipe: no control character but line breaks, and few lines of progress.
    expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]/u)
    expect(stderr.trimEnd().split("\n").length).toBe(5)
  })

  it("says the same each time, apart from how long it took", async () => {
    const text = async () => (await run("--epochs", "3")).stdout.replace(/Done in .*/, "")
    expect(await text()).toBe(await text())
  })

  it("does the same on another file, with or without the -- that pnpm hands on", async () => {
    const data = file(
      "heights.csv",
      `name,age,height,weight\n${Array.from({ length: 30 }, (_, i) => `n${i},${20 + (i % 7)},${150 + i},${40 + 0.5 * i + (i % 3)}`).join("\n")}\n`
    )
    const plain = await run("--data", data, "--target", "weight", "--out", "plain.svg")
    expect(plain).toMatchObject({ code: 0 })
    expect(plain.stdout).toContain("columns not used: name (text)")
    expect(plain.stdout).toContain("30 rows used, to predict weight from age, height")
    expect(existsSync(join(folder, "plain.svg"))).toBe(true)
    const dashed = await run("--", "--data", data, "--target", "weight", "--out", "dashed.svg")
    expect(dashed.code).toBe(0)
    expect(existsSync(join(folder, "dashed.svg"))).toBe(true)
  })

  const lines = readFileSync(penguins, "utf8").split("\n")
  lines[6] = "Adelie,Torgersen,thirty-nine,18,195,3250,female,2007"
  lines[11] = "Adelie,Torgersen,39,18"
  const malformed = file("malformed.csv", lines.join("\n"))
  const first = 'malformed.csv, line 7, column 3 ("bill_length_mm"): expected a number, got "thirty-nine"'

  it("reports malformed rows and goes on", async () => {
    const { code, stdout } = await run("--data", malformed, "--target", "body_mass_g", "--epochs", "1")
    expect(code).toBe(0)
    expect(stdout).toContain("2 malformed rows left out:")
    expect(stdout).toContain(first)
    expect(stdout).toContain(
      'malformed.csv, line 12, column 5 ("flipper_length_mm"): expected a cell, got the end of the row'
    )
  })

  it("stops at a malformed row when told to", async () => {
    const { code, stderr, stdout } = await run("--data", malformed, "--target", "body_mass_g", "--on-error", "stop")
    expect(code).toBe(1)
    expect(stdout).toBe("")
    expect(stderr.trim().split(/\s*\n\s*/)).toEqual(["ERROR", first])
  })

  const empty = file("empty.csv", "")
  const constant = file("constant.csv", "x,c,y\n1,5,2\n2,5,4\n3,5,7\n4,5,8\n")
  const collinear = file("collinear.csv", "x,z,y\n1,2,2\n2,4,4\n3,6,7\n4,8,8\n")
  const cases: ReadonlyArray<readonly [what: string, args: ReadonlyArray<string>, message: ReadonlyArray<string>]> = [
    ["a missing file", ["--data", "nowhere.csv", "--target", "y"], ["cannot read nowhere.csv: there is no such file"]],
    ["a folder", ["--data", ".", "--target", "y"], ["cannot read .: it is a folder, expected a file"]],
    [
      "an unknown column",
      ["--target", "body_mas_g"],
      [
        'penguins.csv has no column "body_mas_g"; did you mean "body_mass_g"?',
        'Its columns are "species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex", "year".'
      ]
    ],
    [
      "a text column as target",
      ["--target", "species"],
      [
        'penguins.csv: the target "species" is a text column (line 2 has "Adelie"); linear regression needs numbers',
        'The columns of numbers are "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "year".'
      ]
    ],
    [
      "a text column as feature",
      ["--features", "bill_length_mm,sex"],
      [
        'penguins.csv: the feature "sex" is a text column (line 2 has "male"); linear regression needs numbers',
        'The columns of numbers are "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "year".'
      ]
    ],
    [
      "an empty file",
      ["--data", empty, "--target", "y"],
      ["empty.csv is empty: expected a header line with the names of the columns, then rows"]
    ],
    [
      "a constant feature",
      ["--data", constant, "--target", "y"],
      [
        'constant.csv: the feature "c" is constant (5 in all 4 rows), so it cannot be standardised',
        "Leave it out with --features x"
      ]
    ],
    ["no target", ["--data", constant], ["--data needs --target: which column of constant.csv is to be predicted?"]]
  ]

  it.each(cases)("says what is wrong with %s, and exits with 1", async (_, args, message) => {
    const { code, stderr, stdout } = await run(...args)
    expect(code).toBe(1)
    expect(stdout).toBe("")
    expect(stderr.trim().split(/\s*\n\s*/)).toEqual(["ERROR", ...message])
  })

  it("says what is wrong later on, too", async () => {
    const message = async (...args: ReadonlyArray<string>) => {
      const { code, stderr } = await run(...args)
      expect(code).toBe(1)
      return stderr
        .slice(stderr.indexOf("ERROR"))
        .trim()
        .split(/\s*\n\s*/)
        .slice(1)
    }
    expect(await message("--data", collinear, "--target", "y")).toEqual([
      'collinear.csv: the feature "z" is a linear combination of the features before it, so the coefficients are not unique',
      "Leave it out with --features x"
    ])
    expect(await message("--rate", "50")).toEqual([
      expect.stringMatching(/^training diverged at step \d+ \(epoch \d+\)/)
    ])
    expect(await message("--epochs", "5", "--out", "empty.csv/loss.svg")).toEqual([
      "cannot write empty.csv/loss.svg: a part of its path is a file, expected a folder"
    ])
    expect((await message("--epochs", "0"))[0]).toMatch(/--epochs.*between 1 and 100000/)
  })

  it("has help", async () => {
    const { code, stdout } = await run("--help")
    expect(code).toBe(0)
    for (const flag of ["--data", "--target", "--features", "--on-error", "--epochs", "--seed", "--out"]) {
      expect(stdout).toContain(flag)
    }
  })
})
