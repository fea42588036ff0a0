// Values, first and second derivatives against correctly rounded ones, computed with mpmath. docs/accuracy.md shows what is measured here.

import { readFileSync } from "node:fs"
import { Expr, Fn } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { describe, expect, it } from "vitest"
import { measure, measured, reference, render } from "../scripts/accuracy.ts"

/** Bounds in units in the last place: of the value, of first and of second derivatives. See scripts/accuracy.ts for the measure. */
const bounds: Readonly<Record<string, readonly [value: number, first: number, second: number]>> = {
  exp: [1, 1, 1],
  expm1: [1, 1, 1],
  log: [1, 1, 2],
  log1p: [1, 1, 4],
  log2: [2, 2, 3],
  log10: [2, 2, 4],
  sqrt: [1, 1, 4],
  cbrt: [1, 2, 6],
  sin: [1, 1, 1],
  cos: [1, 1, 1],
  tan: [1, 2, 4],
  asin: [1, 2, 6],
  acos: [1, 2, 6],
  atan: [1, 2, 5],
  sinh: [1, 1, 1],
  cosh: [1, 1, 1],
  tanh: [1, 3, 6],
  asinh: [1, 2, 5],
  acosh: [1, 2, 6],
  atanh: [1, 2, 4],
  erf: [1, 2, 4],
  erfc: [2, 2, 4],
  lgamma: [2, 1, 1],
  digamma: [1, 1, 1],
  sigmoid: [1, 3, 6],
  softplus: [1, 1, 4],
  sinc: [1, 3, 12],
  sinc_pi: [1, 2, 4],
  // Below y = 1/2 the rounding of the exponent y - 1 costs |log x| / 2.
  pow: [1, 420, 480],
  atan2: [1, 4, 7],
  hypot: [1, 2, 4],
  // The difference of the arguments is rounded: half an ULP of 18 in the exponent of e^-18.
  logaddexp: [12, 16, 16],
  xlogy: [1, 2, 3]
}

const measurements = measured.map(measure)

describe("elementary functions, against correctly rounded values", () => {
  it("every function of the reference data is measured, in both modes and by every nesting of two", () => {
    expect([...measured].sort()).toEqual(Object.keys(reference.functions).sort())
    expect(Object.keys(bounds).sort()).toEqual([...measured].sort())
    for (const { points, worst } of measurements) {
      expect(Object.keys(worst)).toEqual(["value", "F", "R", "FF", "FR", "RF", "RR"])
      expect(points).toBeGreaterThan(90)
    }
  })

  for (const { name, worst } of measurements) {
    it(`${name} and its derivatives, by every nesting of the modes`, () => {
      const [value, first, second] = bounds[name]!
      for (const [quantity, { actual, at, expected, ulps }] of Object.entries(worst)) {
        const bound = quantity === "value" ? value : quantity.length === 1 ? first : second
        expect(
          ulps,
          `${quantity} of ${name} at ${at.join(", ")}: expected ${expected}, got ${actual}`
        ).toBeLessThanOrEqual(bound)
      }
    })
  }

  it("docs/accuracy.md shows these measurements", () => {
    const page = readFileSync(new URL("../../../docs/accuracy.md", import.meta.url), "utf8")
    expect(page, "run node packages/testing/scripts/accuracy.ts").toBe(render(measurements))
  })

  it("the bounds can be missed: a function off by a few parts in 1e16 is noticed", () => {
    const off = Fn.make([], (x) => Expr.mul(Expr.exp(x), 1 + 2 ** -50))
    const distances = [off, Forward.derivative(off), Reverse.grad(off)].map(
      (f) => Math.abs(Fn.runSync(f, 1) / Math.E - 1) / 2 ** -52
    )
    for (const distance of distances) expect(distance).toBeGreaterThan(bounds["exp"]![1])
  })
})
