import { Tensor } from "@fluxion/core"
import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as LeastSquares from "../../src/demo/LeastSquares.ts"

const design = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 20 })).chain(([features, extra]) => {
  const rows = features + 2 + extra
  const values = (length: number) =>
    fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: length, maxLength: length })
  return fc.record({
    x: values(rows * features).map((data) => Tensor.fromArray(data, [rows, features])),
    y: values(rows).map((data) => Tensor.fromArray(data, [rows]))
  })
})

describe("solve", () => {
  it("leaves residuals at right angles to every column", () => {
    fc.assert(
      fc.property(design, ({ x, y }) => {
        const [rows, features] = x.shape
        const solution = LeastSquares.solve(x, y)
        fc.pre(Result.isSuccess(solution) && solution.success.every((c) => Math.abs(c) < 1e4))
        const [intercept, ...slopes] = Result.getOrThrow(solution)
        const at = (i: number, k: number) => x.data[i * features + k]!
        const residuals = Array.from(
          y.data,
          (target, i) => target - intercept! - slopes.reduce((sum, slope, k) => sum + slope * at(i, k), 0)
        )
        const scale = 1e-9 * rows * (1 + Math.max(...slopes.map(Math.abs), Math.abs(intercept!)))
        expect(Math.abs(residuals.reduce((a, b) => a + b, 0))).toBeLessThan(scale)
        for (let k = 0; k < features; k++) {
          expect(Math.abs(residuals.reduce((sum, r, i) => sum + r * at(i, k), 0))).toBeLessThan(10 * scale)
        }
      })
    )
  })

  it("finds the coefficients that made the data", () => {
    const x = Tensor.make([
      [1, 2],
      [2, 1],
      [3, 5],
      [4, 4]
    ])
    const y = Tensor.make([1 + 2 - 6, 1 + 4 - 3, 1 + 6 - 15, 1 + 8 - 12])
    const solution = Result.getOrThrow(LeastSquares.solve(x, y))
    ;[1, 2, -3].forEach((c, k) => expect(solution[k]).toBeCloseTo(c, 12))
  })

  it("names a column that is a combination of those before it", () => {
    const x = Tensor.make([
      [1, 2, 4],
      [2, 1, 4],
      [3, 5, 9],
      [4, 4, 9],
      [5, 0, 6]
    ])
    expect(LeastSquares.solve(x, Tensor.make([1, 2, 3, 4, 6]))).toEqual(Result.fail({ column: 2 }))
    const constant = Tensor.make([[7], [7], [7]])
    expect(LeastSquares.solve(constant, Tensor.make([1, 2, 4]))).toEqual(Result.fail({ column: 0 }))
  })
})
