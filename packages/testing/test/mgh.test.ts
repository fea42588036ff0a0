// The test functions of Moré, Garbow and Hillstrom against values, gradients and Hessians in 100 digits. docs/references.md shows what is measured here.

import { readFileSync } from "node:fs"
import { Expr, Fn, Tensor } from "@fluxion/core"
import { describe, expect, it } from "vitest"
import { gradients, measure, problems, references, render } from "../scripts/references/mgh.ts"

/** Values at minimisers that are small differences of large numbers: the relative error they leave. */
const differences: Readonly<Record<string, number>> = { Meyer: 1e-11, "Osborne 1": 1e-12, "Watson (n=12)": 1e-9 }

describe("the test functions of Moré, Garbow and Hillstrom", () => {
  it("every problem of the data is a fixture", () => {
    expect([...problems.keys()]).toEqual(references.map(({ name }) => name))
    expect(references.length).toBe(28)
  })

  it.each(references)("$name has the start, minimum and minimiser of the data", (reference) => {
    const { minimiser, minimum, residuals, starts } = problems.get(reference.name)!
    expect(starts.map(({ data }) => Array.from(data))).toEqual([reference.start])
    expect(Array.from(minimiser.data)).toEqual(reference.minimiser)
    expect(minimum).toBe(reference.minimum)
    expect([residuals.inputs, residuals.outputs]).toEqual([[reference.n], [reference.m]])
  })

  const measurements = references.map((each) => measure(each))
  it.each(measurements)("$name: value, gradients and Hessians", (found) => {
    expect(Object.keys(found.gradients)).toEqual(["F", "R"])
    expect(Object.keys(found.hessians).sort()).toEqual(["FF", "FR", "RF", "RR"])
    const all = [found.value, found.residuals, ...Object.values(found.gradients), ...Object.values(found.hessians)]
    for (const { actual, error, expected, place } of [...all, found.eigenvalues]) {
      expect(error, `${place}: expected ${expected}, got ${actual}`).toBeLessThanOrEqual(5e-15)
    }
    expect(found.minimum.error).toBeLessThanOrEqual(differences[found.name] ?? 1e-14)
    expect(found.stationarity).toBeLessThanOrEqual(1e-16)
  })

  it("docs/references.md shows these measurements", () => {
    const page = readFileSync(new URL("../../../docs/references.md", import.meta.url), "utf8")
    expect(page, "run node packages/testing/scripts/references.ts").toContain(render(measurements))
  })

  it("a gradient that is off in one part of 1e12 is noticed", () => {
    const off: typeof gradients = Object.fromEntries(
      Object.entries(gradients).map(([mode, gradient]) => [
        mode,
        (f) => Fn.make(f.inputs, (x) => Expr.mul(Fn.apply(gradient(f), x), 1 + 1e-12)) as ReturnType<typeof gradient>
      ])
    )
    for (const each of references) {
      const { gradients: found } = measure(each, off)
      for (const { error } of Object.values(found)) expect(error, each.name).toBeGreaterThan(5e-15)
    }
  })

  it("the angle of the helical valley goes on beyond half a turn", () => {
    const { residuals } = problems.get("Helical valley")!
    const angle = (x1: number, x2: number) => {
      const { data } = Fn.runSync(residuals, Tensor.make([x1, x2, 0]))
      return data[0]! / -100
    }
    expect(angle(1, 1)).toBeCloseTo(1 / 8)
    expect(angle(-1, 1)).toBeCloseTo(3 / 8)
    expect(angle(-1, -1)).toBeCloseTo(5 / 8)
    expect(angle(1, -1)).toBeCloseTo(-1 / 8)
    expect(angle(0, 1)).toBeCloseTo(1 / 4)
  })
})
