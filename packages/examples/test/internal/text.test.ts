import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { difference, fixed, list, number, plural, quote, table } from "../../src/internal/text.ts"

describe("quote", () => {
  it("prints nothing that could move a cursor, and is never long", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const quoted = quote(text)
        expect(quoted).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
        expect(quoted.length).toBeLessThanOrEqual(62)
      })
    )
  })
})

describe("numbers", () => {
  it("have the given digits, and exponents where they are short", () => {
    expect([1234.5678, 0.00012345678, 1.5, -0, 1e7, 1e-9, NaN, -Infinity].map((x) => number(x, 5))).toEqual([
      "1234.6",
      "0.00012346",
      "1.5",
      "0",
      "1.0000e+7",
      "1.0000e-9",
      "NaN",
      "-Infinity"
    ])
    expect(fixed(-1e-9, 3)).toBe("0.000")
    expect(fixed(-0.25, 1)).toBe("-0.3")
    expect([0, 1.26e-13].map(difference)).toEqual(["0", "1.3e-13"])
  })
})

describe("table", () => {
  it("aligns columns", () => {
    expect(
      table(
        ["name", "n"],
        [
          ["a", "1"],
          ["bcdef", "23"]
        ]
      )
    ).toBe(["  name    n", "  ─────  ──", "  a       1", "  bcdef  23"].join("\n"))
  })
})

describe("words", () => {
  it("count and list", () => {
    expect([0, 1, 2].map((n) => plural(n, "row"))).toEqual(["0 rows", "1 row", "2 rows"])
    expect(list(["a", "b"])).toBe('"a", "b"')
    expect(list(Array.from({ length: 22 }, (_, k) => String(k)))).toMatch(/"19" and 2 more$/)
  })
})
