import { Expr, Fn, Shape, Tensor } from "@fluxion/core"
import { Arbitraries } from "@fluxion/testing"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("shape", () => {
  it("keeps its bounds", () => {
    const bounds = { minRank: 1, maxRank: 4, minDimension: 0, maxDimension: 5, maxSize: 20 }
    fc.assert(
      fc.property(Arbitraries.shape(bounds), (shape) => {
        expect(shape.length).toBeGreaterThanOrEqual(1)
        expect(shape.length).toBeLessThanOrEqual(4)
        expect(Shape.size(shape)).toBeLessThanOrEqual(20)
        expect(shape.every((n) => n >= 0 && n <= 5)).toBe(true)
      })
    )
  })
})

describe("tensor", () => {
  it("keeps its shape and range, and is special on request only", () => {
    fc.assert(
      fc.property(Arbitraries.tensor([2, 3], { min: 0.1, max: 0.2 }), ({ data, shape }) => {
        expect(shape).toEqual([2, 3])
        expect(data.every((x) => x >= 0.1 && x <= 0.2)).toBe(true)
      })
    )
    const seen = new Set(
      fc.sample(Arbitraries.tensor([50], { special: true }), 200).flatMap(({ data }) => Array.from(data))
    )
    expect(Arbitraries.specialValues.filter((x) => !seen.has(x))).toEqual([])
  })
})

describe("program", () => {
  /** Builds the program again from what it prints. */
  const rebuild = (
    code: string
  ): { readonly program: Fn.Fn<Arbitraries.Inputs, readonly []>; readonly inputs: Arbitraries.Program["inputs"] } =>
    new Function("Expr", "Fn", "Tensor", `${code}\nreturn { program, inputs }`)(Expr, Fn, Tensor)

  it("prints as the code that builds it", () => {
    fc.assert(
      fc.property(Arbitraries.program({ kinks: "allow" }), ({ code, fn, inputs }) => {
        const again = rebuild(code)
        expect(Fn.operationCount(again.program)).toBe(Fn.operationCount(fn))
        expect(again.inputs).toEqual(inputs)
        expect(Fn.runSync(again.program, again.inputs)).toBe(Fn.runSync(fn, inputs))
      })
    )
  })

  it("is finite in safe domains, and need not be in others", () => {
    fc.assert(
      fc.property(Arbitraries.program(), ({ fn, inputs }) => Number.isFinite(Fn.runSync(fn, inputs))),
      { numRuns: 300 }
    )
    const values = fc
      .sample(Arbitraries.program({ domains: "any" }), 500)
      .map(({ fn, inputs }) => Fn.runSync(fn, inputs))
    expect(values.some(Number.isNaN)).toBe(true)
  })

  it("has no kinks when asked for none", () => {
    const kinked =
      /\b(abs|relu|leakyRelu|elu|huber|max|min|reduceMax|reduceMin|floor|ceil|round|sign|select|clamp|rem|argmax)\(/
    fc.assert(fc.property(Arbitraries.program({ kinks: "none" }), ({ code }) => !kinked.test(code)))
    expect(fc.sample(Arbitraries.program(), 200).some(({ code }) => kinked.test(code))).toBe(true)
  })

  it("has as many operations and inputs as asked for", () => {
    const bounds = { minOperations: 5, maxOperations: 10, inputs: 2 }
    for (const { code, fn } of fc.sample(Arbitraries.program(bounds), 200)) {
      expect(Object.keys(fn.inputs).length).toBeLessThanOrEqual(2)
      expect((code.match(/^ {2}const /gm) ?? []).length).toBeLessThanOrEqual(10)
    }
  })

  it("shrinks to what a person can read", () => {
    const result = fc.check(
      fc.property(Arbitraries.program(), ({ code }) => !code.includes("Expr.cos(")),
      { seed: 42, numRuns: 500 }
    )
    const [{ code }] = result.counterexample!
    const statements = code.split("\n").filter((line) => line.startsWith("  const "))
    expect(statements.length).toBeLessThanOrEqual(2)
    expect(statements.join("\n")).toContain("Expr.cos(")
  })
})
