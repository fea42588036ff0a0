import { Tensor } from "@fluxion/core"
import { Arbitraries } from "@fluxion/testing"
import { Equal } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const elements = (constraints: Arbitraries.TensorConstraints): ReadonlyArray<number> =>
  fc.sample(Arbitraries.tensor([50], constraints), 100).flatMap(({ data }) => Array.from(data))

const minimal = <A>(arbitrary: fc.Arbitrary<A>, holds: (x: A) => boolean = () => false): string =>
  fc.stringify(fc.check(fc.property(arbitrary, holds), { numRuns: 1000 }).counterexample![0])

describe("tensor", () => {
  it("is finite, positive, in a range on request, special values included", () => {
    expect(elements({ special: true, finite: true }).every(Number.isFinite)).toBe(true)
    const positive = elements({ positive: true, special: true })
    expect(positive.every((x) => x > 0)).toBe(true)
    expect(positive).toContain(Infinity)
    expect(positive).toContain(5e-324)
    expect(elements({ positive: true, special: true, finite: true })).not.toContain(Infinity)
    expect(elements({ positive: true, max: 0.001 }).every((x) => x > 0 && x <= 0.001)).toBe(true)
    expect(elements({ min: -7, max: -6 }).every((x) => x >= -7 && x <= -6)).toBe(true)
  })

  it("has distinct elements on request, as far apart as asked for", () => {
    fc.assert(
      fc.property(Arbitraries.tensor([20], { distinct: true, special: true }), ({ data }) => new Set(data).size === 20)
    )
    const orders = new Set<string>()
    fc.assert(
      fc.property(Arbitraries.tensor([6], { distinct: 0.5, min: -2, max: 2 }), ({ data }) => {
        const sorted = Array.from(data).sort((x, y) => x - y)
        expect(sorted[0]).toBeGreaterThanOrEqual(-2)
        expect(sorted[5]).toBeLessThanOrEqual(2)
        for (let i = 1; i < 6; i++) expect(sorted[i]! - sorted[i - 1]!).toBeGreaterThan(0.5 - 1e-12)
        orders.add(String(Array.from(data, (x) => sorted.indexOf(x))))
      }),
      { numRuns: 200 }
    )
    expect(orders.size).toBeGreaterThan(50)
  })

  it("refuses what cannot be", () => {
    expect(() => Arbitraries.tensor([6], { distinct: 1, min: 0, max: 2 })).toThrow(
      "Arbitraries.tensor: there is no room for 6 elements at least 1 apart from 0 to 2"
    )
    expect(() => Arbitraries.tensor([2], { distinct: true, min: 1, max: 1 })).toThrow("no room for 2 distinct elements")
    expect(() => Arbitraries.tensor([2], { min: 2, max: 1 })).toThrow("expected min <= max, got 2 and 1")
    expect(() => Arbitraries.tensor([-1])).toThrow("Arbitraries.tensor")
  })

  it("shrinks to round numbers, and prints as code", () => {
    expect(minimal(Arbitraries.tensor([2, 2]))).toBe("Tensor.make([[0, 0], [0, 0]])")
    expect(minimal(Arbitraries.tensor([2], { positive: true }))).toBe("Tensor.make([1, 1])")
    expect(minimal(Arbitraries.tensor([3], { distinct: 0.5 }))).toBe("Tensor.make([0, 0.5, 1])")
    expect(minimal(Arbitraries.tensor([2]), ({ data }) => data[1]! < 0.3)).toBe("Tensor.make([0, 1])")
    expect(minimal(Arbitraries.tensor([0, 2]))).toBe("Tensor.zeros([0, 2])")
    expect(minimal(Arbitraries.tensor([]))).toBe("Tensor.make(0)")
  })

  it("prints as code that builds the same tensor, at any size", () => {
    const shapes = Arbitraries.shape({ minDimension: 0 })
    fc.assert(
      fc.property(
        shapes.chain((shape) => Arbitraries.tensor(shape, { special: true })),
        (x) => {
          const again = new Function("Tensor", `return ${fc.stringify(x)}`)(Tensor) as Tensor.Any
          expect(Equal.equals(again, x)).toBe(true)
        }
      )
    )
    expect(fc.stringify(fc.sample(Arbitraries.tensor([2000]), 1)[0])).not.toContain("…")
  })
})
