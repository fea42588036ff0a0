import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { nearest } from "../../src/internal/nearest.ts"

const columns = ["species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex"]

describe("nearest", () => {
  it("sees through slips of the keyboard", () => {
    expect(nearest("body_mas_g", columns)).toBe("body_mass_g")
    expect(nearest("bdoy_mass_g", columns)).toBe("body_mass_g")
    expect(nearest("Body Mass G", columns)).toBe("body_mass_g")
    expect(nearest("flipper", columns)).toBe("flipper_length_mm")
    expect(nearest("bill_lenght", columns)).toBe("bill_length_mm")
  })

  it("is silent when nothing is near", () => {
    expect(nearest("height", columns)).toBeUndefined()
    expect(nearest("", columns)).toBeUndefined()
    expect(nearest("x", [])).toBeUndefined()
  })

  it("finds every name itself, and answers quickly to anything", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 2000 }), fc.constantFrom(...columns), (text, column) => {
        expect(nearest(column, columns)).toBe(column)
        expect([undefined, ...columns]).toContain(nearest(text, columns))
      })
    )
  })
})
