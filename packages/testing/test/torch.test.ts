// Programs over arrays against PyTorch: outputs, gradients, and Hessian-vector products. docs/references.md shows what is measured here.

import { readFileSync } from "node:fs"
import { Expr, Fn } from "@fluxion/core"
import { describe, expect, it } from "vitest"
import { cases, gradients, measure, programs, render } from "../scripts/references/torch.ts"

describe("PyTorch's values", () => {
  it("every case is a program here", () => {
    expect(Object.keys(programs).sort()).toEqual(cases.map(({ name }) => name).sort())
    expect(cases.length).toBe(79)
  })

  const measurements = cases.map((each) => measure(each))
  cases.forEach(({ formula, hvp, name }, i) => {
    it(`${name}: ${formula}`, () => {
      const { gradients: first, outputs, products } = measurements[i]!
      expect(Object.keys(first)).toEqual(["tape", "F", "R"])
      expect(Object.keys(products)).toEqual(hvp === null ? [] : ["FF", "RF", "FR", "RR"])
      for (const { actual, error, expected, place } of [outputs, ...Object.values(first), ...Object.values(products)]) {
        expect(error, `${place}: expected ${expected}, got ${actual}`).toBeLessThanOrEqual(1e-12)
      }
    })
  })

  it("only the Hessian-vector product of one case is missing from the data", () => {
    expect(cases.flatMap(({ hvp, name }) => (hvp === null ? [name] : []))).toEqual(["cholesky_symmetric_input"])
  })

  it("docs/references.md shows these measurements", () => {
    const page = readFileSync(new URL("../../../docs/references.md", import.meta.url), "utf8")
    expect(page, "run node packages/testing/scripts/references.ts").toContain(render(measurements))
  })

  it("a gradient that is off in one part of 1e9 is noticed in every case where it is not 0", () => {
    const off: typeof gradients = Object.fromEntries(
      Object.entries(gradients).map(([mode, gradient]) => [
        mode,
        (f) => {
          // Whatever the inputs are.
          const right = gradient(f) as unknown as Fn.Fn<{ readonly x: readonly [] }, { readonly x: readonly [] }>
          return Fn.make(right.inputs, (x) =>
            Object.fromEntries(Object.entries(Fn.apply(right, x)).map(([key, g]) => [key, Expr.mul(g, 1 + 1e-9)]))
          ) as never
        }
      ])
    )
    for (const each of cases) {
      const { gradients: first, products } = measure(each, off)
      expect(first["F"]!.error, each.name).toBeGreaterThan(5e-10)
      expect(first["R"]!.error, each.name).toBeGreaterThan(5e-10)
      const vanishes =
        each.hvp === null ||
        Object.values(each.hvp.value).every(({ data }) => data.every((x) => Math.abs(Number(x)) < 1e-12))
      for (const { error } of vanishes ? [] : Object.values(products)) expect(error, each.name).toBeGreaterThan(5e-10)
    }
  })
})
