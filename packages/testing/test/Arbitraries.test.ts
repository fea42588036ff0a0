import { Fn, Shape } from "@fluxion/core"
import { Arbitraries } from "@fluxion/testing"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { rebuild } from "./rebuild.ts"

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
      /\b(abs|relu|leakyRelu|elu|huber|max|min|reduceMax|reduceMin|floor|ceil|round|sign|select|clamp|rem|argmax|cond)\(/
    fc.assert(fc.property(Arbitraries.program({ kinks: "none" }), ({ code }) => !kinked.test(code)))
    expect(fc.sample(Arbitraries.program(), 200).some(({ code }) => kinked.test(code))).toBe(true)
  })

  it("has as many operations and inputs as asked for", () => {
    const bounds = { minOperations: 5, maxOperations: 10, inputs: 2 }
    const statements = (code: string): number => (code.match(/^ +const /gm) ?? []).length
    const plain = { ...bounds, controlFlow: false, derivatives: false }
    for (const { code, fn } of fc.sample(Arbitraries.program(plain), 200)) {
      expect(Object.keys(fn.inputs).length).toBeLessThanOrEqual(2)
      expect(statements(code)).toBeLessThanOrEqual(10)
    }
    // An inner program is one operation: its definition, and its use at one or two places.
    for (const { code } of fc.sample(Arbitraries.program(bounds), 200)) expect(statements(code)).toBeLessThanOrEqual(30)
  })

  const controlFlow = ["cond", "map", "scan", "fold", "iterate", "whileLoop"].map((name) => `Expr.${name}(`)
  const innerPrograms = ["Fn.apply(", "Fn.call(", "Fn.map("]
  const derivatives = [
    "Reverse.grad(",
    "Reverse.valueAndGrad(",
    "Reverse.vjp(",
    "Forward.jvp(",
    "Forward.derivative(",
    "Forward.jacobian(",
    "Reverse.jacobian(",
    "Calculus.hvp("
  ]
  const reductions = ["mean", "prod", "norm", "softmax", "cumsum", "reduceMax", "any", "argmax"].map(
    (name) => `Expr.${name}(`
  )
  const linearAlgebra = ["inverse", "cholesky", "solve", "triangularSolve", "lstsq", "det", "logdet"].map(
    (name) => `Expr.${name}(`
  )

  it("has what is not switched off", () => {
    const codes = (constraints: Arbitraries.ProgramConstraints): string =>
      fc
        .sample(Arbitraries.program(constraints), 600)
        .map(({ code }) => code)
        .join("\n")
    const among = (code: string, names: ReadonlyArray<string>) => names.filter((name) => code.includes(name))
    const switches = { controlFlow: false, derivatives: false, reductions: false, linearAlgebra: false }
    const families = { controlFlow: [...controlFlow, ...innerPrograms], derivatives, reductions, linearAlgebra }
    const everything = codes({})
    for (const names of Object.values(families)) expect(among(everything, names)).toEqual(names)
    const without = codes(switches)
    expect(among(without, [...families.controlFlow, ...derivatives, ...linearAlgebra])).toEqual([])
    // Results are summed and averaged into the output in any case.
    expect(among(without, reductions.slice(1))).toEqual([])
    const alone = codes({ ...switches, controlFlow: true })
    expect(among(alone, families.controlFlow)).toEqual(families.controlFlow)
    expect(among(alone, derivatives)).toEqual([])
  })

  it("nests control flow as deeply as asked for", () => {
    const depths = (depth: number): number => {
      const indents = fc
        .sample(Arbitraries.program({ depth }), 200)
        .flatMap(({ code }) => code.split("\n").map((line) => line.search(/\S/) / 2))
      return Math.max(...indents)
    }
    expect([0, 1, 2, 3].map(depths)).toEqual([1, 2, 3, 4])
  })

  it("captures from every level around a body, and uses programs in bodies other than their own", () => {
    const codes = fc.sample(Arbitraries.program(), 500).map(({ code }) => code)
    // Inside two bodies: inputs, and a program from outside.
    expect(codes.some((code) => /^ {6}const .*\b[xyz]\b/m.test(code))).toBe(true)
    expect(codes.some((code) => /^ {2}const f1 = [^]*^ {4}const [^\n]*Fn\.call\((\w+\.\w+\()?f1\b/m.test(code))).toBe(
      true
    )
  })

  it("shrinks to what a person can read", () => {
    const result = fc.check(
      fc.property(Arbitraries.program(), ({ code }) => !code.includes("Expr.cos(")),
      { seed: 42, numRuns: 500 }
    )
    const [{ code }] = result.counterexample!
    expect(code).toMatch(
      /^const program = Fn\.make\(\{ x: \[\] \}, \(\{ x \}\) => Expr\.cos\(x\)\)\nconst inputs = \{ x: 0 \}$/
    )
  })

  it("shrinks control flow to what is in its bodies, inner programs to operations, and trip counts to few", () => {
    const shrunk = (condition: (code: string) => boolean): string => {
      const found = fc.check(
        fc.property(Arbitraries.program(), ({ code }) => !condition(code)),
        { seed: 42, numRuns: 2000 }
      )
      return found.counterexample![0].code
    }
    // Deep in bodies at first, but that is not what fails.
    expect(shrunk((code) => /^ {4}.*Expr\.tan\(/m.test(code) || /=> Expr\.tan\(\w+\)\)$/m.test(code))).toMatch(
      /^const program = Fn\.make\(\{ x: \[\] \}, \(\{ x \}\) => Expr\.tan\(x\)\)\nconst inputs = \{ x: 0 \}$/
    )
    expect(shrunk((code) => code.includes("Expr.iterate("))).toBe(
      "const program = Fn.make({ x: [] }, ({ x }) => Expr.iterate(1, (t1) => t1, x))\nconst inputs = { x: 0 }"
    )
  })
})
