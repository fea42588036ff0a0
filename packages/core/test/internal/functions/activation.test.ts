import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { sech, sigmoid, softplus } from "../../../src/internal/functions/activation.ts"
import { edgeRows, referenceRows, violations } from "./reference.ts"
import { ulpDistance } from "./ulp.ts"

const real = (bound: number): fc.Arbitrary<number> => fc.double({ noNaN: true, min: -bound, max: bound })

describe("sigmoid and softplus", () => {
  it("are within one ULP of the reference, in the subnormal tails too", () => {
    expect(violations("sigmoid", (x) => sigmoid(x!), 1)).toEqual([])
    expect(violations("softplus", (x) => softplus(x!), 1)).toEqual([])
  })

  it("have the conventional values at the edges", () => {
    for (const [name, f] of [
      ["sigmoid", sigmoid],
      ["softplus", softplus]
    ] as const) {
      for (const { args, outputs } of edgeRows(name)) expect([args[0], f(args[0]!)]).toEqual([args[0], outputs[0]])
    }
  })

  it("sigmoid(x) + sigmoid(-x) = 1", () => {
    fc.assert(fc.property(real(800), (x) => Math.abs(sigmoid(x) + sigmoid(-x) - 1) <= 2 ** -52))
  })

  it("softplus(x) - softplus(-x) = x", () => {
    fc.assert(fc.property(real(800), (x) => Math.abs(softplus(x) - softplus(-x) - x) <= 2 ** -52 * (1 + Math.abs(x))))
  })
})

describe("sech", () => {
  it("squared is the derivative of tanh within two ULP, in the subnormal tail too", () => {
    for (const { args, outputs } of referenceRows("tanh")) {
      expect(ulpDistance(sech(args[0]!) ** 2, outputs[1]!)).toBeLessThanOrEqual(2)
    }
  })

  it("is one over cosh", () => {
    fc.assert(fc.property(real(700), (x) => ulpDistance(sech(x), 1 / Math.cosh(x)) <= 2))
  })

  it("is even, one at zero, zero far away and NaN at NaN", () => {
    fc.assert(fc.property(real(800), (x) => Object.is(sech(-x), sech(x))))
    expect([0, -0, 1e300, Infinity, -Infinity, NaN].map(sech)).toEqual([1, 1, 0, 0, 0, NaN])
    expect(sech(720)).toBeGreaterThan(0)
  })
})
