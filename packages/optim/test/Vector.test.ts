import { Expr, Fn, Shape, Tensor } from "@fluxion/core"
import { Parameters, Vector } from "@fluxion/optim"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { number, spec } from "./support.ts"

describe("globalNorm", () => {
  it("is the norm of all elements together, without early overflow or underflow", () => {
    const norm = Parameters.globalNorm(spec)
    fc.assert(
      fc.property(number, number, number, (w0, w1, b) => {
        const expected = Math.hypot(w0, w1, b)
        const actual = Fn.runSync(norm, { w: Tensor.make([w0, w1]), b })
        expect(Math.abs(actual - expected)).toBeLessThanOrEqual(4 * Number.EPSILON * expected)
      })
    )
  })

  it("of nothing is 0", () => expect(Fn.runSync(Parameters.globalNorm({}), {})).toBe(0))
})

describe("vectors", () => {
  const pair = Vector.make([Expr.zeros([2]), Expr.zeros([])])

  it("of different parameters do not mix", () => {
    expect(() => Vector.add(pair, Vector.make([Expr.zeros([2])]))).toThrow(
      "expected vectors of the same parameters, got 2 and 1 leaves"
    )
    expect(() => Vector.add(pair, Vector.make([Expr.zeros([3]), Expr.zeros([])]))).toThrow(Shape.ShapeError)
  })

  it("keep their shapes", () => {
    expect(() => Vector.map(pair, (leaf) => Expr.add(leaf, Expr.zeros([2])))).toThrow(
      "expected a leaf of real[], got real[2]"
    )
    expect(Vector.flat(pair).shape).toEqual([3])
  })
})

describe("specOf", () => {
  it("is the specification of values", () => {
    const values = { layers: [{ w: Tensor.zeros([2, 3]), b: 0 }], scale: 1 }
    expect(Parameters.specOf(values)).toEqual({ layers: [{ w: [2, 3], b: [] }], scale: [] })
  })
})
