import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Dual } from "../src/index.ts"

const numbers = fc.double({ min: -10, max: 10, noNaN: true })

describe("Dual", () => {
  it("prints as it is written in books", () => {
    const x = Dual.make(3, 1)
    expect(`${Dual.mul(x, x)}`).toBe("9 + 6ε")
    expect(`${Dual.sub(1, x)}`).toBe("-2 - 1ε")
    expect(`${Dual.constant(2)}`).toBe("2 + 0ε")
    expect(JSON.stringify(x)).toBe('{"_id":"Dual","primal":3,"tangent":1}')
  })

  it("squares ε to zero", () => {
    expect(Dual.mul(Dual.make(0, 1), Dual.make(0, 1))).toMatchObject({ primal: 0, tangent: 0 })
  })

  it("obeys the sum, product and quotient rules", () => {
    fc.assert(
      fc.property(numbers, numbers, numbers, numbers, (a, da, b, db) => {
        const [x, y] = [Dual.make(a, da), Dual.make(b, db)]
        expect(Dual.add(x, y)).toMatchObject({ primal: a + b, tangent: da + db })
        expect(x.pipe(Dual.sub(y))).toMatchObject({ primal: a - b, tangent: da - db })
        const product = Dual.mul(x, y)
        expect(product.primal).toBe(a * b)
        expect(product.tangent).toBeCloseTo(da * b + a * db, 9)
        if (Math.abs(b) < 0.01) return
        expect(Dual.div(x, y).tangent).toBeCloseTo((da * b - a * db) / (b * b), 4)
      })
    )
  })

  it("obeys the chain rule through every unary function", () => {
    const functions: ReadonlyArray<readonly [(x: Dual.Operand) => Dual.Dual, (x: number) => number]> = [
      [Dual.exp, Math.exp],
      [Dual.sin, Math.cos],
      [Dual.cos, (x) => -Math.sin(x)],
      [Dual.tanh, (x) => 1 / Math.cosh(x) ** 2],
      [Dual.atan, (x) => 1 / (1 + x * x)],
      [Dual.asinh, (x) => 1 / Math.sqrt(1 + x * x)]
    ]
    fc.assert(
      fc.property(fc.double({ min: -2, max: 2, noNaN: true }), (x) => {
        for (const [f, derivative] of functions) {
          expect(Dual.derivative(f, x)).toBeCloseTo(derivative(x), 12)
          expect(Dual.derivative((y) => f(Dual.mul(3, y)), x)).toBeCloseTo(3 * derivative(3 * x), 10)
        }
      })
    )
  })

  it("keeps the conventions at kinks", () => {
    expect(Dual.relu(Dual.make(0, 1)).tangent).toBe(0)
    expect(Dual.abs(Dual.make(0, 1)).tangent).toBe(0)
    expect(Dual.max(Dual.make(1, 1), Dual.make(1, 3)).tangent).toBe(2)
    expect(Dual.pow(Dual.make(0, 1), 0).tangent).toBe(0)
  })

  it("has tangent 0 where a function ignores its argument", () => {
    expect(Dual.derivative(() => 7, 3)).toBe(0)
  })
})
