import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { erf, erfc, gaussian } from "../../../src/internal/functions/erf.ts"
import { edgeRows, referenceRows, violations } from "./reference.ts"
import { ulpDistance } from "./ulp.ts"

const real = (bound: number): fc.Arbitrary<number> => fc.double({ noNaN: true, min: -bound, max: bound })

describe("erf and erfc", () => {
  it("are within one ULP of the reference", () => {
    expect(violations("erf", (x) => erf(x!), 1)).toEqual([])
    expect(violations("erfc", (x) => erfc(x!), 1)).toEqual([])
  })

  it("have the conventional values at the edges", () => {
    for (const [name, f] of [
      ["erf", erf],
      ["erfc", erfc]
    ] as const) {
      for (const { args, outputs } of edgeRows(name)) expect([args[0], f(args[0]!)]).toEqual([args[0], outputs[0]])
    }
  })

  it("erf is odd", () => {
    fc.assert(fc.property(real(30), (x) => Object.is(erf(-x), -erf(x))))
  })

  it("add up to one", () => {
    fc.assert(fc.property(real(30), (x) => Math.abs(erf(x) + erfc(x) - 1) <= 2 ** -52))
  })

  it("erfc(x) + erfc(-x) = 2", () => {
    fc.assert(fc.property(real(30), (x) => ulpDistance(erfc(x) + erfc(-x), 2) <= 2))
  })

  it("erf rises and erfc falls, up to one ULP, across the seams of their formulas", () => {
    for (const seam of [-0.75, 0.25, 0.5, 0.75, 6]) {
      for (let k = -50; k < 50; k++) {
        const [x, y] = [seam + k * 2 ** -52, seam + (k + 1) * 2 ** -52]
        if (erf(y) < erf(x)) expect(ulpDistance(erf(y), erf(x))).toBeLessThanOrEqual(1)
        if (erfc(y) > erfc(x)) expect(ulpDistance(erfc(y), erfc(x))).toBeLessThanOrEqual(1)
      }
    }
  })

  it("the tail of erfc satisfies the bounds 1 - 1/(2x^2) < sqrt(pi) x e^(x^2) erfc(x) < 1", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: 3, max: 26 }), (x) => {
        const ratio = (Math.sqrt(Math.PI) * x * erfc(x)) / gaussian(x)
        return ratio < 1 && ratio > 1 - 1 / (2 * x * x)
      })
    )
  })
})

describe("gaussian", () => {
  it("is the derivative of erf up to 2/sqrt(pi)", () => {
    for (const { args, outputs } of referenceRows("erf")) {
      expect(ulpDistance(1.1283791670955126 * gaussian(args[0]!), outputs[1]!)).toBeLessThanOrEqual(2)
    }
  })

  it("beats exp(-x * x), which amplifies the rounding error of the square", () => {
    // The product 26 * 26 is exact.
    expect(gaussian(26)).toBe(Math.exp(-676))
    const naive = referenceRows("erf").map(({ args, outputs }) =>
      ulpDistance(1.1283791670955126 * Math.exp(-args[0]! * args[0]!), outputs[1]!)
    )
    expect(Math.max(...naive)).toBeGreaterThan(50)
  })

  it("is even, one at zero, zero far away and NaN at NaN", () => {
    fc.assert(fc.property(real(30), (x) => Object.is(gaussian(-x), gaussian(x))))
    expect([0, -0, Infinity, -Infinity, 1e300, NaN].map(gaussian)).toEqual([1, 1, 0, 0, 0, NaN])
  })
})
