import { Ulp } from "@fluxion/testing"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const neighbour = (x: number, steps: bigint): number => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, Math.abs(x))
  view.setBigInt64(0, view.getBigInt64(0) + steps)
  return Math.sign(x) * view.getFloat64(0)
}

describe("distance", () => {
  it("counts the steps between neighbours", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, min: 1e-300, max: 1e300 }),
        fc.bigInt({ min: 0n, max: 1000n }),
        (x, steps) => {
          expect(Ulp.distance(x, neighbour(x, steps))).toBe(Number(steps))
          expect(Ulp.distance(-x, neighbour(-x, steps))).toBe(Number(steps))
        }
      )
    )
  })

  it("is symmetric, zero on the diagonal, and keeps the triangle inequality", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b, c) => {
        expect(Ulp.distance(a, a)).toBe(0)
        expect(Ulp.distance(a, b)).toBe(Ulp.distance(b, a))
        expect(Ulp.distance(a, c)).toBeLessThanOrEqual((Ulp.distance(a, b) + Ulp.distance(b, c)) * (1 + 2 ** -50))
      })
    )
  })

  it("crosses zero, reaches infinity, and keeps NaN apart", () => {
    expect(Ulp.distance(5e-324, -5e-324)).toBe(2)
    expect(Ulp.distance(0, -0)).toBe(0)
    expect(Ulp.distance(Number.MAX_VALUE, Infinity)).toBe(1)
    expect(Ulp.distance(NaN, NaN)).toBe(0)
    expect(Ulp.distance(NaN, 1)).toBe(Infinity)
    expect(Ulp.distance(2 ** -1022, 2 ** -1022 - 5e-324)).toBe(1)
  })
})

describe("of", () => {
  it("is the gap above a number", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e300, max: 1e300 }), (x) => {
        expect(Ulp.of(x)).toBe(x === 0 ? 5e-324 : Math.abs(neighbour(x, 1n)) - Math.abs(x))
      })
    )
    expect(Ulp.of(Infinity)).toBeNaN()
    expect(Ulp.of(Number.MAX_VALUE)).toBe(2 ** 971)
  })
})
