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

  it("exp, log and cotPi agree with constants from multiple-precision arithmetic to 99 bits", () => {
    const close = (actual: dd.DoubleDouble, expected: dd.DoubleDouble): void =>
      expect(Math.abs(dd.subtract(actual, expected).hi)).toBeLessThanOrEqual(2 ** -99 * Math.abs(expected.hi))
    const powers: ReadonlyArray<readonly [number, dd.DoubleDouble]> = [
      [-0.02, { hi: 0.9801986733067553, lo: 4.918055246859218e-17 }],
      [0.65, { hi: 1.9155408290138962, lo: -1.0527804158319239e-16 }],
      [1, { hi: 2.718281828459045, lo: 1.4456468917292502e-16 }]
    ]
    for (const [x, expected] of powers) {
      const { value: power, exponent } = dd.exp(dd.fromNumber(x))
      close({ hi: power.hi * 2 ** exponent, lo: power.lo * 2 ** exponent }, expected)
    }
    const logarithms: ReadonlyArray<readonly [number, dd.DoubleDouble]> = [
      [3, { hi: 1.0986122886681098, lo: -9.07129723500153e-17 }],
      [10, { hi: 2.302585092994046, lo: -2.1707562233822494e-16 }],
      [0.3, { hi: -1.2039728043259361, lo: 8.935521583403776e-17 }]
    ]
    for (const [x, expected] of logarithms) close(dd.log(dd.fromNumber(x)), expected)
    const cotangents: ReadonlyArray<readonly [number, dd.DoubleDouble]> = [
      [0.125, { hi: 2.414213562373095, lo: 1.2537167179050217e-16 }],
      [-0.4, { hi: -0.32491969623290623, lo: -1.9107179887578132e-17 }],
      [3.25, { hi: 1.0, lo: 0.0 }]
    ]
    for (const [x, expected] of cotangents) close(dd.cotPi(x), expected)
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
    for (let exponent = 0, power = 1; exponent <= 1023; exponent++, power *= 2) {
      expect(dd.scale(1, exponent)).toBe(power)
    }
    for (let exponent = 0, power = 1; exponent >= -1074; exponent--, power /= 2) {
      expect(dd.scale(1, exponent)).toBe(power)
    }
    expect(dd.scale(1.5, -1074)).toBe(1e-323)
    expect(dd.scale(1.5, -1075)).toBe(5e-324)
    expect(dd.scale(1, 5000)).toBe(Infinity)
    expect(dd.scale(1, -5000)).toBe(0)
  })
})
