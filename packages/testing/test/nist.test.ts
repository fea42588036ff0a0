// NIST's regressions: derivatives by both modes against central differences in extended precision, and the certified solutions. docs/references.md shows what is
// measured here.

import { readFileSync } from "node:fs"
import { Expr, Fn } from "@fluxion/core"
import * as Fixtures from "@fluxion/testing/Fixtures"
import { describe, expect, it } from "vitest"
import { Decimal, differences, evaluate, exact } from "../scripts/references/decimal.ts"
import { measure, operators, render } from "../scripts/references/nist.ts"

describe("NIST's nonlinear regressions", () => {
  it("all 27 are there", () => {
    expect(Fixtures.nistNames.length).toBe(27)
    const rows = Fixtures.nistNames.map((name) => {
      const { certified, degreesOfFreedom, model, observations, parameters, residuals, starts } = Fixtures.nist(name)
      const count = observations["y"]!.length
      expect(Object.values(observations).map((column) => column.length)).toEqual(
        Object.keys(observations).map(() => count)
      )
      expect([residuals.inputs, residuals.outputs]).toEqual([[parameters.length], [count]])
      expect(starts.length).toBe(2)
      expect(Object.keys(model.inputs).length).toBe(parameters.length + Object.keys(observations).length - 1)
      expect(degreesOfFreedom).toBe(count - parameters.length)
      // What the data say of themselves.
      const deviation = Math.sqrt(certified.residualSumOfSquares / degreesOfFreedom)
      expect(Math.abs(deviation / certified.residualStandardDeviation - 1)).toBeLessThan(1e-10)
      return count
    })
    expect(rows.reduce((x, y) => x + y)).toBe(2176)
  })

  const measurements = Fixtures.nistNames.map((name) => measure(name))
  it.each(measurements)("$name: derivatives by both modes, and the certified solution", (found) => {
    for (const { actual, error, expected, place } of Object.values(found.jacobian)) {
      expect(error, `${place}: expected ${expected}, got ${actual}`).toBeLessThanOrEqual(5e-14)
    }
    for (const { actual, error, expected, place } of Object.values(found.gradient)) {
      expect(error, `${place}: expected ${expected}, got ${actual}`).toBeLessThanOrEqual(5e-15)
    }
    expect(found.accurate).toBeGreaterThanOrEqual(found.name === "ENSO" ? 0.96 : 0.996)
    // Eleven digits; but 1.4e-25 is far below what the rounding of the data leaves in float64.
    expect(found.sumOfSquares.float64).toBeLessThanOrEqual(found.name === "Lanczos1" ? 1e5 : 5e-11)
    expect(found.sumOfSquares.extended).toBeLessThanOrEqual(found.name === "Lanczos1" ? 1e-6 : 1e-15)
    expect(found.stationarity.certified).toBeLessThanOrEqual(5e-11)
    expect(found.stationarity.refined).toBeLessThanOrEqual(1e-14)
  })

  it("docs/references.md shows these measurements", () => {
    const page = readFileSync(new URL("../../../docs/references.md", import.meta.url), "utf8")
    expect(page, "run node packages/testing/scripts/references.ts").toContain(render(measurements))
  })

  it("derivatives that are off in one part of 1e12 are noticed", () => {
    const off = <O extends readonly [] | readonly [number]>(f: Fn.Fn<readonly [number], O>) =>
      Fn.make(f.inputs, (x) =>
        Expr.mul(Fn.apply(f as Fn.Fn<readonly [number], readonly [number]>, x), 1 + 1e-12)
      ) as unknown as typeof f
    const { forward, reverse } = operators
    const wrong = {
      forward: { jacobian: forward.jacobian, gradient: (f, at) => forward.gradient(off(f), at) },
      reverse: { jacobian: (f, at) => reverse.jacobian(off(f), at), gradient: reverse.gradient }
    } satisfies typeof operators
    for (const name of ["Misra1a", "BoxBOD", "Rat42", "MGH09"] as const) {
      const { gradient, jacobian } = measure(name, wrong)
      expect(jacobian.reverse.error).toBeGreaterThan(5e-13)
      expect(gradient.forward.error).toBeGreaterThan(5e-15)
      expect(jacobian.forward.error).toBeLessThan(5e-14)
      expect(gradient.reverse.error).toBeLessThan(5e-15)
    }
  })
})

describe("decimals", () => {
  it("take a double as it is", () => {
    expect(exact(0.1).toString()).toBe("0.1000000000000000055511151231257827021182")
    expect(exact(-3).toString()).toBe("-3")
    expect(exact(2 ** -1074).toPrecision(5)).toBe("4.9407e-324")
    expect(exact(1e300).toNumber()).toBe(1e300)
  })

  it("give values and derivatives that mpmath gives", () => {
    // sin(x)^y e^(x / y) - atan(y) at (1.25, 0.75), with mpmath in 50 digits.
    const f = Fn.make({ x: [], y: [] }, ({ x, y }) =>
      Expr.sub(Expr.mul(Expr.pow(Expr.sin(x), y), Expr.exp(Expr.div(x, y))), Expr.atan(y))
    )
    const at = [new Decimal("1.25"), new Decimal("0.75")]
    const close = (actual: Decimal, expected: string): void =>
      expect(actual.sub(expected).abs().toNumber()).toBeLessThan(1e-22)
    close(evaluate(f, at), "4.4470935413551958005951579348770521702")
    const [dx, dy] = differences(f, at, 2)
    close(dx!, "8.0560614937281495423675901923232236516")
    close(dy!, "-12.218989773838884175131429342934175958")
  })
})
