import { Expr, Fn, Tensor, Type } from "@fluxion/core"
import { describe, expect, it } from "vitest"
import * as Forward from "../src/index.ts"

const risk = Fn.make({ c: [], d: [] }, ({ c, d }) =>
  Expr.square(c).pipe(Expr.add(Expr.mul(2, Expr.mul(c, d))), Expr.add(d))
)

describe("jvp", () => {
  it("gives values and tangents, as a program and as numbers", () => {
    const at = { primals: { c: 0.5, d: 0.3 }, tangents: { c: 1, d: 10 } }
    const result = Fn.runSync(Forward.jvp(risk), at)
    expect(result.primals).toBeCloseTo(0.85, 15)
    expect(result.tangents).toBeCloseTo(1.6 + 20, 13)
    expect(Forward.evaluate(risk, at)).toEqual(result)
  })

  it("works on trees, and leaves out what is not real", () => {
    const f = Fn.make({ params: { w: [3], b: [] }, labels: Type.index([2]) }, ({ labels, params }) => ({
      picked: Expr.add(Expr.gather(params.w, labels), params.b),
      best: Expr.argmax(params.w, 0),
      constant: Expr.constant(1)
    }))
    const result = Fn.runSync(Forward.jvp(f), {
      primals: { params: { w: Tensor.make([1, 2, 3]), b: 4 }, labels: Tensor.index([2, 0]) },
      tangents: { params: { w: Tensor.make([10, 20, 30]), b: 1 } }
    })
    expect(`${result.primals.picked}`).toBe("[7, 5]")
    expect(result.primals.best).toBe(2)
    expect(`${result.tangents.picked}`).toBe("[31, 11]")
    expect(result.tangents.constant).toBe(0)
    expect(result.tangents).not.toHaveProperty("best")
  })

  it("computes nothing for tangents that are zero by structure", () => {
    const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.add(x, Expr.exp(Expr.floor(Expr.sin(y)))))
    const operations = Fn.nodes(Forward.jvp(f)).flatMap((node) => {
      const view = Expr.view(node)
      return view._tag === "Apply" ? [view.primitive] : []
    })
    expect(operations.sort()).toEqual(["add", "exp", "floor", "sin"])
  })
})

describe("derivative", () => {
  it("nests to any order", () => {
    let f: Fn.Fn<readonly [], readonly []> = Fn.make([], (x) => Expr.pow(x, 5))
    const expected = [243, 405, 540, 540, 360, 120, 0]
    for (const value of expected) {
      expect(Fn.runSync(f, 3)).toBeCloseTo(value, 9)
      f = Forward.derivative(f)
    }
  })

  it("takes a record of one scalar, and gives a tree", () => {
    const f = Fn.make({ t: [] }, ({ t }) => ({ position: Expr.stack([Expr.cos(t), Expr.sin(t)]), time: t }))
    const result = Fn.runSync(Forward.derivative(f), { t: 0 })
    expect(result.position.data[1]).toBe(1)
    expect(result.time).toBe(1)
  })

  it("refuses other inputs when their shapes are not known to the type checker", () => {
    const f = Fn.make([3], (x) => x) as unknown as Fn.Fn<readonly [], readonly []>
    expect(() => Forward.derivative(f)).toThrow("expected a program of one scalar input, got real[3]")
  })
})

describe("jacobian", () => {
  it("has a block for each pair of leaves", () => {
    const f = Fn.make({ x: [2], a: [] }, ({ a, x }) => ({ y: Expr.mul(a, x), s: Expr.sum(x) }))
    const jacobian = Fn.runSync(Forward.jacobian(f), { x: Tensor.make([3, 4]), a: 5 })
    expect(`${jacobian.y.x}`).toBe("[[5, 0], [0, 5]]")
    expect(`${jacobian.y.a}`).toBe("[3, 4]")
    expect(`${jacobian.s.x}`).toBe("[1, 1]")
    expect(jacobian.s.a).toBe(0)
  })

  it("of an empty input is empty", () => {
    const f = Fn.make([0], (x) => Expr.sin(x))
    expect(Fn.runSync(Forward.jacobian(f), Tensor.zeros([0])).shape).toEqual([0, 0])
  })

  it("evaluates the primal once", () => {
    const f = Fn.make([4], (x) => Expr.exp(x))
    const exponentials = Fn.nodes(Forward.jacobian(f)).filter((node) => {
      const view = Expr.view(node)
      return view._tag === "Apply" && view.primitive === "exp"
    })
    expect(exponentials).toHaveLength(1)
  })
})

describe("directional", () => {
  it("is the Jacobian times the direction", () => {
    const result = Fn.runSync(Forward.directional(risk), { at: { c: 0.5, d: 0.3 }, direction: { c: 0.6, d: 0.8 } })
    expect(result).toBeCloseTo(0.6 * 1.6 + 0.8 * 2, 14)
  })
})

describe("perturbations", () => {
  it("are not confused when derivatives nest over captured variables", () => {
    // d/dx [x · d/dy (x + y)] = 1
    const first = Fn.make([], (x) => Expr.mul(x, Fn.apply(Forward.derivative(Fn.make([], (y) => Expr.add(x, y))), 1)))
    expect(Fn.runSync(Forward.derivative(first), 5)).toBe(1)
    expect(Forward.evaluate(first, { primals: 5, tangents: 1 })).toEqual({ primals: 5, tangents: 1 })
    // d/dx [x · d/dy (x · y)] = 2x
    const second = Fn.make([], (x) => Expr.mul(x, Fn.apply(Forward.derivative(Fn.make([], (y) => Expr.mul(x, y))), 2)))
    expect(Fn.runSync(Forward.derivative(second), 5)).toBe(10)
  })
})

describe("deep programs", () => {
  it("differentiate without overflowing the stack", () => {
    const chain = Fn.make([], (x) => {
      let y: Expr.Expr<readonly []> = x
      for (let i = 0; i < 250_000; i++) y = Expr.add(Expr.mul(y, 0.5), 1)
      return y
    })
    expect(Fn.runSync(Forward.derivative(chain), 3)).toBe(0)
    expect(Forward.evaluate(chain, { primals: 3, tangents: 1 })).toEqual({ primals: 2, tangents: 0 })
  })
})
