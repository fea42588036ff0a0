import { Tensor } from "@fluxion/core"
import { Arbitraries } from "@fluxion/testing"
import { Equal, Schema } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const model = Schema.Struct({
  name: Schema.String.check(Schema.isMaxLength(5)),
  w: Tensor.schema([2, 2]),
  rate: Schema.Finite,
  sizes: Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 9 })))
})

describe("schema", () => {
  it("gives values of the schema, tensors among them, that survive encoding", () => {
    fc.assert(
      fc.property(Arbitraries.schema(model), (value) => {
        expect(Schema.is(model)(value)).toBe(true)
        const again = Schema.decodeUnknownSync(model)(JSON.parse(JSON.stringify(Schema.encodeSync(model)(value))))
        expect(Equal.equals(again.w, value.w)).toBe(true)
        expect(again.sizes).toEqual(value.sizes)
      }),
      { numRuns: 100 }
    )
  })

  it("has special elements in tensors", () => {
    const seen = new Set(
      fc.sample(Arbitraries.schema(Tensor.schema([10])), 100).flatMap(({ data }) => Array.from(data))
    )
    expect([NaN, Infinity, -Infinity].filter((x) => !seen.has(x))).toEqual([])
  })

  it("shrinks as the schema does, to code that a person can read", () => {
    const failing = fc.check(
      fc.property(Arbitraries.schema(model), ({ sizes, w }) => sizes.length < 2 || !(w.data[3]! > 5)),
      { numRuns: 2000 }
    )
    const [value] = failing.counterexample!
    expect(value.name).toBe("")
    expect(value.sizes).toEqual([1, 1])
    expect(fc.stringify(value)).toMatch(
      /^\{ name: "", w: Tensor\.make\(\[\[0, 0\], \[0, 5\.0*1?\]\]\), rate: 0, sizes: \[1, 1\] \}$/
    )
  })

  it("finds the same failure again from its seed and path", () => {
    const property = fc.property(Arbitraries.schema(model), ({ sizes }) => sizes.every((n) => n < 4))
    const first = fc.check(property, { seed: 7, numRuns: 500 })
    expect(first.failed).toBe(true)
    const again = fc.check(property, { seed: 7, path: first.counterexamplePath! })
    expect(again.counterexample).toEqual(first.counterexample)
    expect(first.counterexample![0].sizes).toEqual([4])
  })

  it("is refused where effect cannot derive values", () => {
    expect(() => Arbitraries.schema(Schema.declare((u): u is symbol => typeof u === "symbol"))).toThrow(
      "Unable to derive"
    )
  })
})
