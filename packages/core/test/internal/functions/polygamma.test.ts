import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { digamma, polygamma } from "../../../src/internal/functions/polygamma.ts"
import { edgeRows, violations } from "./reference.ts"
import { ulpDistance } from "./ulp.ts"

const scaleOf = (...terms: ReadonlyArray<number>): number => terms.reduce((sum, term) => sum + Math.abs(term), 0)

// Multiples of 2^-20, so that x + 1 and 2x are exact, away from the poles.
const argument = (min: number, max: number): fc.Arbitrary<number> =>
  fc
    .integer({ min: min * 2 ** 20, max: max * 2 ** 20 })
    .map((n) => n / 2 ** 20)
    .filter((x) => !(x <= 0 && Number.isInteger(x)))

describe("digamma, trigamma and tetragamma", () => {
  it("are within one ULP of the reference, near the zeros too", () => {
    expect(violations("digamma", (x) => digamma(x!), 1)).toEqual([])
    expect(violations("digamma", (x) => polygamma(1, x!), 1, 1)).toEqual([])
    expect(violations("digamma", (x) => polygamma(2, x!), 1, 2)).toEqual([])
    expect(violations("lgamma", (x) => digamma(x!), 1, 1)).toEqual([])
    expect(violations("lgamma", (x) => polygamma(1, x!), 1, 2)).toEqual([])
  })

  it("digamma is within one ULP at the doubles nearest to its zeros (mpmath)", () => {
    const nearest: ReadonlyArray<readonly [number, number]> = [
      [1.4616321449683622, -9.241265521729427e-17],
      [-0.5040830082644554, 7.289763902976895e-17],
      [-5.6671624415568855, 4.1867794464524804e-17],
      [-10.708740838254144, 9.822169913611686e-15],
      [-20.745616863607527, -1.7956226725118165e-14],
      [-57.790582337115914, -9.183260051711763e-14],
      [-200.8298108388158, 4.388225682110908e-13],
      [-1000.8641588557814, 1.7752260239314121e-12],
      [-4001.884754690153, -1.2995363601091627e-11],
      [-31234.906189039655, -3.1606722161762454e-11],
      [-500007.9252021373, -2.6058737863761548e-9],
      [-10000001.93872616, -8.838676366678331e-8],
      [-300000011.94920427, -3.878416734176473e-6],
      [-100000000007.96072, -0.0029808302916412184],
      [-10000000000003.967, -0.07472762858523466]
    ]
    for (const [x, expected] of nearest) {
      expect(ulpDistance(digamma(x), expected), String(x)).toBeLessThanOrEqual(1)
    }
  })

  it("tetragamma is within one ULP at the doubles nearest to its zeros (mpmath)", () => {
    const nearest: ReadonlyArray<readonly [number, number]> = [
      [-0.4957156769130384, -4.3593757613477336e-15],
      [-1.4987861940097746, -1.9666452684361947e-14],
      [-5.499858384896918, 2.5009947910261233e-14],
      [-20.49998836714109, 2.7193728399042594e-13]
    ]
    for (const [x, expected] of nearest) {
      expect(ulpDistance(polygamma(2, x), expected), String(x)).toBeLessThanOrEqual(1)
    }
  })

  it("have the conventional values at the edges", () => {
    for (const { args, outputs } of edgeRows("digamma")) {
      const x = args[0]!
      expect([x, digamma(x), polygamma(1, x), polygamma(2, x)]).toEqual([x, ...outputs])
    }
  })

  it("take their classical values", () => {
    const gamma = 0.5772156649015329
    expect(digamma(1)).toBe(-gamma)
    expect(ulpDistance(digamma(0.5), -gamma - 2 * Math.LN2)).toBeLessThanOrEqual(1)
    expect(polygamma(1, 1)).toBe(1.6449340668482264)
    expect(polygamma(1, 0.5)).toBe(4.934802200544679)
    // -2 zeta(3)
    expect(polygamma(2, 1)).toBe(-2 * 1.2020569031595942)
  })
})

describe("polygamma", () => {
  it("satisfies the recurrence psi_n(x + 1) = psi_n(x) + (-1)^n n! / x^(n + 1)", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 12 }), argument(-30, 60), (order, x) => {
        let step = 1 / x
        for (let j = 1; j <= order; j++) step *= -j / x
        const [next, here] = [polygamma(order, x + 1), polygamma(order, x)]
        return Math.abs(next - here - step) <= 2 ** -52 * (order + 4) * scaleOf(next, here, step)
      })
    )
  })

  it("satisfies the duplication formula", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), argument(-20, 40), (order, x) => {
        fc.pre(!(x < 0 && Number.isInteger(2 * x)))
        const [double, a, b] = [
          2 ** (order + 1) * polygamma(order, 2 * x),
          polygamma(order, x),
          polygamma(order, x + 0.5)
        ]
        return Math.abs(double - a - b) <= 2 ** -50 * scaleOf(double, a, b)
      })
    )
  })

  it("reflects: psi(1 - x) - psi(x) = pi cot(pi x), trigamma likewise", () => {
    fc.assert(
      fc.property(argument(0, 20), (x) => {
        fc.pre(!Number.isInteger(x))
        const angle = Math.PI * (x - Math.round(x))
        const [left, right] = [digamma(1 - x), digamma(x)]
        const cotangent = Math.PI / Math.tan(angle)
        expect(Math.abs(left - right - cotangent)).toBeLessThanOrEqual(2 ** -50 * scaleOf(1, left, right, cotangent))
        const sine = Math.PI / Math.sin(angle)
        const [up, down] = [polygamma(1, 1 - x), polygamma(1, x)]
        expect(Math.abs(up + down - sine * sine)).toBeLessThanOrEqual(2 ** -50 * scaleOf(up, down))
      })
    )
  })

  it("is zeta at one, for orders up to overflow", () => {
    // n! zeta(n + 1), zeta(n + 1) = 1 up to rounding beyond order 53.
    let factorial = 1
    for (let order = 1; order <= 170; order++) {
      factorial *= order
      if (order < 53) continue
      const expected = order % 2 === 1 ? factorial : -factorial
      expect(Math.abs(polygamma(order, 1) / expected - 1)).toBeLessThanOrEqual(order * 2 ** -53)
    }
    expect(polygamma(171, 1)).toBe(Infinity)
    expect(polygamma(172, 1)).toBe(-Infinity)
  })

  it("neither overflows nor underflows before the result does", () => {
    expect(polygamma(1, 1e300)).toBe(1e-300)
    expect(polygamma(1, 1e-150)).toBe(1e300)
    expect(polygamma(2, 1e-200)).toBe(-Infinity)
    expect(polygamma(2, -1e-200)).toBe(Infinity)
    expect(polygamma(3, 2 ** 200)).toBe(2 ** -599)
    expect(polygamma(1, 5e-324)).toBe(Infinity)
  })

  it("is NaN for an order that is not a non-negative integer", () => {
    expect([polygamma(-1, 2), polygamma(1.5, 2), polygamma(NaN, 2)]).toEqual([NaN, NaN, NaN])
    expect(polygamma(0, 2)).toBe(digamma(2))
  })
})
