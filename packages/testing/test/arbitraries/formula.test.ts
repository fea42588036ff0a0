import { Fn, Formula, Serialization } from "@fluxion/core"
import { Arbitraries } from "@fluxion/testing"
import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const data = (f: Fn.Any) => Result.getOrThrow(Serialization.encode(f))

const shrunk = (condition: (text: string) => boolean, constraints: Arbitraries.FormulaConstraints = {}): string =>
  fc.check(
    fc.property(Arbitraries.formula(constraints), ({ text }) => !condition(text)),
    { numRuns: 5000 }
  ).counterexample![0].text

describe("formula", () => {
  it("is read as the program that the combinators build, with every spelling", () => {
    const constraints = { domains: "any", maxOperations: 14, variables: ["x", "y", "params.w[0]"] } as const
    fc.assert(
      fc.property(Arbitraries.formula(constraints), ({ fn, text, variables }) => {
        expect(data(Result.getOrThrow(Formula.parse(text, { variables })))).toEqual(data(fn))
      }),
      { numRuns: 2000 }
    )
  })

  it("prints as the code that reads it", () => {
    fc.assert(
      fc.property(Arbitraries.formula(), (given) => {
        const code = `${fc.stringify(given)}\nreturn program`
        expect(data(new Function("Formula", "Result", code)(Formula, Result) as Fn.Any)).toEqual(data(given.fn))
      })
    )
  })

  it("has every function, operator and spelling of the notation", () => {
    const text = fc
      .sample(Arbitraries.formula({ domains: "any", maxOperations: 12 }), 3000)
      .map((given) => given.text)
      .join("\n")
    const words = "sin cos exp log ln sqrt cbrt atan2 hypot max select clamp polygamma huber toReal arcsin erf lgamma"
    expect(words.split(" ").filter((word) => !text.includes(`${word}(`))).toEqual([])
    const signs = ["+", "−", "·", "×", "÷", "%", "^", "**", "≤", "!=", "and", "||", "¬", "t1 = ", "2("]
    expect(signs.filter((sign) => !text.includes(sign))).toEqual([])
    expect(text).toMatch(/\b\d[xy]\b/)
  })

  it("is finite in safe domains, and smooth without kinks", () => {
    const safe = Arbitraries.formula({ maxOperations: 5 })
    const at = fc.record({ x: Arbitraries.element(), y: Arbitraries.element() })
    fc.assert(fc.property(safe, at, ({ fn }, point) => !Number.isNaN(Fn.runSync(fn, point))))
    const kinked = /\b(abs|relu|sign|floor|ceil|round|max|min|leakyRelu|elu|huber|clamp|select|toReal)\b|%/
    fc.assert(fc.property(Arbitraries.formula({ kinks: false }), ({ text }) => !kinked.test(text)))
  })

  it("keeps names of definitions apart from variables", () => {
    const names = Arbitraries.formula({ variables: ["t1", "t3"], maxOperations: 12 })
    fc.assert(
      fc.property(names, ({ fn, text, variables }) => {
        expect(data(Result.getOrThrow(Formula.parse(text, { variables })))).toEqual(data(fn))
      })
    )
  })

  it("shrinks to the formula that a person would write", () => {
    expect(shrunk((text) => text.includes("sin("))).toBe("sin(y)")
    expect(shrunk((text) => text.includes("ln("))).toBe("ln(y^2 + 1)")
    expect(shrunk((text) => text.includes("ln("), { domains: "any", variables: [] })).toBe("ln(1)")
    expect(shrunk((text) => /sin\([^()]* \* /.test(text))).toBe("sin(y * y)")
    expect(shrunk((text) => text.includes("t1 = "))).toMatch(/^t1 = -y; t1 \+ t1$|^t1 = y \+ y; t1 \+ t1$/)
  })

  it("can be without variables", () => {
    const { fn } = fc.sample(Arbitraries.formula({ variables: [] }), 1)[0]!
    expect(fn.inputs).toEqual({})
  })
})
