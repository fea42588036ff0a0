import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as dd from "../../../src/internal/functions/double-double.ts"

// A double as an exact integer multiple of 2^-2200.
const exact = (x: number): bigint => {
  if (x === 0) return 0n
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(x))), -1022) - 54
  const scaled = exponent < -500 ? x * 2 ** 500 * 2 ** (-exponent - 500) : x * 2 ** -exponent
  return BigInt(scaled) << BigInt(exponent + 2200)
}
const value = ({ hi, lo }: dd.DoubleDouble): bigint => exact(hi) + exact(lo)
const magnitude = (x: bigint): bigint => (x < 0n ? -x : x)

const double = fc
  .double({ noNaN: true, min: -(2 ** 100), max: 2 ** 100 })
  .filter((x) => x === 0 || Math.abs(x) > 2 ** -100)
const pair = fc
  .tuple(double, fc.double({ noNaN: true, min: -(2 ** -54), max: 2 ** -54 }))
  .map(([hi, share]) => dd.twoSum(hi, hi * share))

describe("double-double arithmetic", () => {
  it("sums and products of two doubles are exact", () => {
    fc.assert(
      fc.property(double, double, (a, b) => {
        expect(value(dd.twoSum(a, b))).toBe(exact(a) + exact(b))
        expect(value(dd.twoProduct(a, b)) << 2200n).toBe(exact(a) * exact(b))
      })
    )
  })

  it("add, multiply and divide keep 100 bits", () => {
    fc.assert(
      fc.property(pair, pair, (a, b) => {
        const sum = value(a) + value(b)
        expect(magnitude(value(dd.add(a, b)) - sum) << 104n <= magnitude(sum)).toBe(true)
        const product = value(a) * value(b)
        expect(magnitude((value(dd.multiply(a, b)) << 2200n) - product) << 102n <= magnitude(product)).toBe(true)
        if (b.hi !== 0) {
          const back = value(dd.divide(a, b)) * value(b)
          expect(magnitude(back - (value(a) << 2200n)) << 100n <= magnitude(value(a) << 2200n)).toBe(true)
        }
      })
    )
  })

  it("log is the inverse of exp to 97 bits", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -600, max: 600 }), (x) => {
        const power = dd.exp(dd.fromNumber(x))
        const factor = 2 ** power.exponent
        const back = dd.log({ hi: power.value.hi * factor, lo: power.value.lo * factor })
        expect(Math.abs(dd.subtract(back, dd.fromNumber(x)).hi)).toBeLessThanOrEqual(2 ** -97 * (1 + Math.abs(x)))
      })
    )
  })

  it("cotPi is cosine over sine: cot^2 + 1 = 1/sin^2 to 96 bits", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1000, max: 1000 }), (x) => {
        fc.pre(!Number.isInteger(x) && Math.abs(x) > 1e-100)
        const cotangent = dd.cotPi(x)
        const sine = dd.absSinPi(x)
        const left = dd.add(dd.multiply(cotangent, cotangent), dd.ONE)
        const right = dd.divide(dd.ONE, dd.multiply(sine, sine))
        expect(Math.abs(dd.subtract(left, right).hi)).toBeLessThanOrEqual(2 ** -96 * right.hi)
      })
    )
  })

  it("scale multiplies by every power of two with one rounding", () => {
    for (let exponent = -1074; exponent <= 1023; exponent++) {
      expect(dd.scale(1, exponent)).toBe(
        exponent < 0
          ? Number(`0x1`) / 2 ** Math.min(-exponent, 1000) / 2 ** Math.max(-exponent - 1000, 0)
          : 2 ** exponent
      )
    }
    expect(dd.scale(1.5, -1074)).toBe(1e-323)
    expect(dd.scale(1, 5000)).toBe(Infinity)
    expect(dd.scale(1, -5000)).toBe(0)
  })
})
