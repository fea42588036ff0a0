import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as elementary from "../../../src/internal/functions/elementary.ts"
import { edgeRows, violations } from "./reference.ts"
import { ulpDistance } from "./ulp.ts"

const { hypot, rem, round, sign } = elementary

// Bounds in ULP, as in docs/decisions/special-functions.md.
const univariate = {
  exp: 1,
  expm1: 1,
  log: 1,
  log1p: 1,
  log2: 1,
  log10: 2,
  sqrt: 0,
  cbrt: 1,
  sin: 1,
  cos: 1,
  tan: 1,
  asin: 1,
  acos: 1,
  atan: 1,
  sinh: 1,
  cosh: 1,
  tanh: 2,
  asinh: 1,
  acosh: 1,
  atanh: 1
} as const

const bivariate = { pow: 1, atan2: 1, hypot: 1 } as const

describe("elementary functions against the reference data", () => {
  for (const [name, bound] of Object.entries(univariate)) {
    const f = elementary[name as keyof typeof univariate]
    it(`${name} is within ${bound} ULP`, () => {
      expect(violations(name, (x) => f(x!), bound)).toEqual([])
    })
    it(`${name} has the conventional values at the edges`, () => {
      for (const { args, outputs } of edgeRows(name)) expect([args[0], f(args[0]!)]).toEqual([args[0], outputs[0]])
    })
  }

  for (const [name, bound] of Object.entries(bivariate)) {
    const f = elementary[name as keyof typeof bivariate]
    it(`${name} is within ${bound} ULP`, () => {
      expect(violations(name, (x, y) => f(x!, y!), bound)).toEqual([])
    })
    it(`${name} has the conventional values at the edges`, () => {
      for (const { args, outputs } of edgeRows(name)) {
        expect([...args, f(args[0]!, args[1]!)]).toEqual([...args, outputs[0]])
      }
    })
  }
})

describe("hypot", () => {
  const magnitude = fc.double({ noNaN: true, noDefaultInfinity: true })

  it("is symmetric and even", () => {
    fc.assert(
      fc.property(magnitude, magnitude, (x, y) => {
        expect(hypot(y, x)).toBe(hypot(x, y))
        expect(hypot(-x, y)).toBe(hypot(x, y))
      })
    )
  })

  it("is exact on Pythagorean triples at every scale", () => {
    fc.assert(
      fc.property(fc.integer({ min: -1060, max: 1015 }), (exponent) => {
        const unit = 2 ** exponent
        expect(hypot(20 * unit, 21 * unit)).toBe(29 * unit)
      })
    )
  })

  it("is Math.hypot within its error of two ULP", () => {
    fc.assert(fc.property(magnitude, magnitude, (x, y) => ulpDistance(hypot(x, y), Math.hypot(x, y)) <= 2))
  })
})

describe("round", () => {
  it("sends ties to the even neighbour", () => {
    expect([0.5, 1.5, 2.5, 3.5, 4503599627370494.5, 4503599627370495.5].map(round)).toEqual([
      0, 2, 2, 4, 4503599627370494, 4503599627370496
    ])
    expect([-0.5, -1.5, -2.5].map(round)).toEqual([-0, -2, -2])
    expect(round(0.49999999999999994)).toBe(0)
  })

  it("keeps zeros, infinities, NaN and integers", () => {
    for (const x of [0, -0, Infinity, -Infinity, NaN, 2 ** 52, -(2 ** 53) - 2]) expect(round(x)).toBe(x)
  })

  it("is the nearest integer and odd", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -(2 ** 53), max: 2 ** 53 }), (x) => {
        expect(Number.isInteger(round(x))).toBe(true)
        expect(Math.abs(round(x) - x)).toBeLessThanOrEqual(0.5)
        expect(round(-x)).toBe(-round(x))
      })
    )
  })
})

describe("rem and sign", () => {
  it("follow C", () => {
    expect(rem(5.5, 2)).toBe(1.5)
    expect(rem(-5.5, 2)).toBe(-1.5)
    expect(rem(5.5, -2)).toBe(1.5)
    expect(rem(-4, 2)).toBe(-0)
    expect(rem(1, 0)).toBe(NaN)
    expect(rem(Infinity, 2)).toBe(NaN)
    expect(rem(3, Infinity)).toBe(3)
    expect([-3, -0, 0, 3, NaN].map(sign)).toEqual([-1, -0, 0, 1, NaN])
  })
})
