import { describe, expect, it } from "vitest"
import { ulpDistance } from "./ulp.ts"

describe("ulpDistance", () => {
  it("counts doubles", () => {
    expect(ulpDistance(1, 1)).toBe(0)
    expect(ulpDistance(1, 1 + Number.EPSILON)).toBe(1)
    expect(ulpDistance(1, 1 - Number.EPSILON)).toBe(2)
    expect(ulpDistance(-5e-324, 5e-324)).toBe(2)
    expect(ulpDistance(Number.MAX_VALUE, Infinity)).toBe(1)
  })

  it("takes zeros as equal and NaN as equal to NaN only", () => {
    expect(ulpDistance(-0, 0)).toBe(0)
    expect(ulpDistance(NaN, NaN)).toBe(0)
    expect(ulpDistance(NaN, 1)).toBe(Infinity)
    expect(ulpDistance(1, NaN)).toBe(Infinity)
  })
})
