import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { lgamma } from "../../../src/internal/functions/gamma.ts"
import { edgeRows, violations } from "./reference.ts"
import { ulpDistance } from "./ulp.ts"

// 1 + |terms|: the absolute rounding error to expect of an identity between them.
const scaleOf = (...terms: ReadonlyArray<number>): number => terms.reduce((sum, term) => sum + Math.abs(term), 1)

describe("lgamma", () => {
  it("is within one ULP of the reference, near its zeros too", () => {
    expect(violations("lgamma", (x) => lgamma(x!), 1)).toEqual([])
  })

  it("is within one ULP at the doubles nearest to its negative zeros (mpmath)", () => {
    const nearest: ReadonlyArray<readonly [number, number]> = [
      [-2.4570247382208006, 5.619192358950097e-17],
      [-2.7476826467274127, 1.733509244024501e-16],
      [-3.955294284858598, -4.14382750757705e-16],
      [-5.0082181683225935, 5.4188509265538106e-15],
      [-7.000198333407325, -1.263203743493977e-12],
      [-8.000024800270682, 1.75595561986039e-11],
      [-8.999997244250977, -8.050618056741812e-11],
      [-10.000000275573013, 1.2668051387565237e-9],
      [-11.999999997912324, -4.799928255018621e-8],
      [-15.000000000000764, 0.0011552549067268103]
    ]
    for (const [x, expected] of nearest) {
      expect(ulpDistance(lgamma(x), expected), String(x)).toBeLessThanOrEqual(1)
    }
  })

  it("has the conventional values at the edges", () => {
    for (const { args, outputs } of edgeRows("lgamma")) {
      expect([args[0], lgamma(args[0]!)]).toEqual([args[0], outputs[0]])
    }
  })

  it("is within one ULP of log (n - 1)! at the integers", () => {
    let factorial = 1n
    for (let n = 1n; n <= 22n; n++) {
      expect(ulpDistance(lgamma(Number(n)), Math.log(Number(factorial)))).toBeLessThanOrEqual(1)
      factorial *= n
    }
    expect(lgamma(1)).toBe(0)
    expect(lgamma(2)).toBe(0)
  })

  it("satisfies the recurrence Gamma(x + 1) = x Gamma(x)", () => {
    // Multiples of 2^-20, so that x + 1 is exact.
    fc.assert(
      fc.property(fc.integer({ min: -60 * 2 ** 20, max: 400 * 2 ** 20 }), (n) => {
        const x = n / 2 ** 20
        fc.pre(!(x <= 0 && Number.isInteger(x)))
        const [next, here, step] = [lgamma(x + 1), lgamma(x), Math.log(Math.abs(x))]
        return Math.abs(next - here - step) <= 2 ** -52 * scaleOf(next, here, step)
      })
    )
  })

  it("satisfies the reflection Gamma(x) Gamma(-x) = -pi / (x sin(pi x))", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 * 2 ** 20 }), (n) => {
        const x = n / 2 ** 20
        fc.pre(!Number.isInteger(x))
        const right = Math.log(Math.PI / (x * Math.abs(Math.sin(Math.PI * (x - Math.round(x))))))
        const [plus, minus] = [lgamma(x), lgamma(-x)]
        return Math.abs(plus + minus - right) <= 2 ** -51 * scaleOf(plus, minus, right)
      })
    )
  })

  it("satisfies Legendre's duplication formula", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 * 2 ** 20 }), (n) => {
        const x = n / 2 ** 20
        const [left, a, b] = [lgamma(2 * x), lgamma(x), lgamma(x + 0.5)]
        const constant = (2 * x - 1) * Math.LN2 - 0.5 * Math.log(Math.PI)
        return Math.abs(left - a - b - constant) <= 2 ** -51 * scaleOf(left, a, b, constant)
      })
    )
  })
})
