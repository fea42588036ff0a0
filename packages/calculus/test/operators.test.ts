import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const rosenbrock = Fn.make({ x: [], y: [] }, ({ x, y }) =>
  Expr.add(Expr.square(Expr.sub(1, x)), Expr.mul(100, Expr.square(Expr.sub(y, Expr.square(x)))))
)

describe("jacobian", () => {
  const tall = Fn.make({ x: [2] }, ({ x }) =>
    Expr.concat([Expr.sin(x), Expr.exp(x), Expr.outer(x, x).pipe(Expr.reshape([4]))])
  )
  const wide = Fn.make({ x: [5] }, ({ x }) => ({ total: Expr.sum(Expr.square(x)), first: Expr.at(x, 0) }))

  it("chooses the mode with fewer operations", () => {
    expect(Calculus.chooseMode(tall)).toMatchObject({ mode: "forward", inputElements: 2, outputElements: 8 })
    expect(Calculus.chooseMode(wide)).toMatchObject({ mode: "reverse", inputElements: 5, outputElements: 2 })
    expect(Calculus.chooseMode(rosenbrock).mode).toBe("reverse")
    expect(Fn.operationCount(Calculus.jacobian(tall))).toBe(Fn.operationCount(Forward.jacobian(tall)))
    expect(Fn.operationCount(Calculus.jacobian(wide))).toBe(Fn.operationCount(Reverse.jacobian(wide)))
    expect(Fn.operationCount(Calculus.jacobian(wide, { mode: "forward" }))).toBe(
      Fn.operationCount(Forward.jacobian(wide))
    )
  })

  it("is the same in both modes, in both call styles", () => {
    const x = Tensor.make([0.3, -1.2])
    const expected = Fn.runSync(Forward.jacobian(tall), { x })
    expect(Fn.runSync(Calculus.jacobian(tall, { mode: "reverse" }), { x })).toEqual(expected)
    expect(Fn.runSync(tall.pipe(Calculus.jacobian({ mode: "reverse" })), { x })).toEqual(expected)
    expect(Fn.runSync(Calculus.jacobian(wide), { x: Tensor.make([1, 2, 3, 4, 5]) })).toEqual({
      total: { x: Tensor.make([2, 4, 6, 8, 10]) },
      first: { x: Tensor.make([1, 0, 0, 0, 0]) }
    })
  })

  it("counts real elements only", () => {
    const f = Fn.make({ x: [3], i: { elementType: "index", shape: [100] } }, ({ i, x }) => Expr.gather(x, i))
    expect(Calculus.chooseMode(f)).toMatchObject({ mode: "forward", inputElements: 3, outputElements: 100 })
  })
})

describe("hessian and hvp", () => {
  it("of Rosenbrock's function", () => {
    fc.assert(
      fc.property(fc.double({ min: -3, max: 3, noNaN: true }), fc.double({ min: -3, max: 3, noNaN: true }), (x, y) => {
        const h = Fn.runSync(Calculus.hessian(rosenbrock), { x, y })
        const near = (actual: number, expected: number) =>
          expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-12 * (2 + 1200 * x * x + 400 * Math.abs(y)))
        near(h.x.x, 2 - 400 * (y - x * x) + 800 * x * x)
        near(h.x.y, -400 * x)
        near(h.y.x, h.x.y)
        near(h.y.y, 200)
        const product = Fn.runSync(Calculus.hvp(rosenbrock), { primals: { x, y }, tangents: { x: 2, y: -1 } })
        near(product.x, 2 * h.x.x - h.x.y)
        near(product.y, 2 * h.y.x - h.y.y)
      })
    )
  })

  it("of a quadratic form is the symmetric part of its matrix, twice", () => {
    const entries = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 9, maxLength: 9 })
    fc.assert(
      fc.property(entries, (data) => {
        const a = Tensor.fromArray(data, [3, 3])
        const quadratic = Fn.make([3], (x) => Expr.dot(x, Expr.matmul(a, x)))
        const h = Fn.runSync(Calculus.hessian(quadratic), Tensor.make([1, 2, 3]))
        for (let i = 0; i < 3; i++)
          for (let j = 0; j < 3; j++) expect(h.data[3 * i + j]).toBe(data[3 * i + j]! + data[3 * j + i]!)
      })
    )
  })

  it("costs a small multiple of the program, whatever the number of inputs", () => {
    const count = (n: number) =>
      Fn.operationCount(Calculus.hvp(Fn.make([n], (x) => Expr.sum(Expr.sin(Expr.mul(x, x))))))
    expect(count(1000)).toBe(count(2))
  })

  it("nests: third derivatives of a product", () => {
    const cube = Fn.make([], (x) => Expr.mul(x, Expr.mul(x, x)))
    expect(Fn.runSync(Forward.derivative(Calculus.hessian(cube)), 5)).toBe(6)
  })
})
