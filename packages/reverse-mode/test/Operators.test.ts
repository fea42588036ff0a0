import { Expr, Fn, Tensor, Type } from "@fluxion/core"
import { describe, expect, it } from "vitest"
import * as Reverse from "../src/index.ts"

const risk = Fn.make({ c: [], d: [] }, ({ c, d }) =>
  Expr.square(c).pipe(Expr.add(Expr.mul(2, Expr.mul(c, d))), Expr.add(d))
)

const primitivesOf = (f: Fn.Any): ReadonlyArray<string> =>
  Fn.nodes(f).flatMap((node) => {
    const view = Expr.view(node)
    return view._tag === "Apply" ? [view.primitive] : []
  })

describe("grad", () => {
  it("of c² + 2cd + d at (0.5, 0.3) is (1.6, 2)", () => {
    const gradient = Fn.runSync(Reverse.grad(risk), { c: 0.5, d: 0.3 })
    expect(gradient.c).toBeCloseTo(1.6, 15)
    expect(gradient.d).toBe(2)
  })

  it("with `wrt` differentiates the named fields only, in both call styles", () => {
    const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(Expr.exp(x), Expr.tan(y)))
    const inX = Reverse.grad(f, { wrt: ["x"] })
    expect(Object.keys(Fn.runSync(inX, { x: 1, y: 2 }))).toEqual(["x"])
    // tan's pullback is never built
    expect(primitivesOf(inX)).not.toContain("add")
    expect(Fn.runSync(f.pipe(Reverse.grad({ wrt: ["x"] })), { x: 1, y: 2 })).toEqual(Fn.runSync(inX, { x: 1, y: 2 }))
    const both = Fn.runSync(Reverse.grad(f, { wrt: ["y", "x"] }), { x: 1, y: 2 })
    expect(Object.keys(both)).toEqual(["y", "x"])
    expect(both.x).toBeCloseTo(Math.exp(1) * Math.tan(2), 12)
    expect(both.y).toBeCloseTo(Math.exp(1) / Math.cos(2) ** 2, 12)
  })

  it("leaves out inputs that are not real", () => {
    const loss = Fn.make({ w: [2, 3], labels: Type.index([2]) }, ({ labels, w }) =>
      Expr.mean(Expr.crossEntropy(w, labels))
    )
    const gradient = Fn.runSync(Reverse.grad(loss), { w: Tensor.zeros([2, 3]), labels: Tensor.index([0, 2]) })
    expect(Object.keys(gradient)).toEqual(["w"])
    const expected = [1 / 6 - 0.5, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 6 - 0.5]
    gradient.w.data.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 15))
  })

  it("with `wrt` takes keys as they are, not as paths are printed", () => {
    const f = Fn.make({ "a.b": [], a: [], "x[0]": [] }, (inputs) =>
      Expr.mul(inputs["a.b"], Expr.mul(inputs.a, inputs["x[0]"]))
    )
    const at = { "a.b": 2, a: 3, "x[0]": 5 }
    expect(Fn.runSync(Reverse.grad(f, { wrt: ["a.b"] }), at)).toEqual({ "a.b": 15 })
    expect(Fn.runSync(Reverse.grad(f, { wrt: ["a"] }), at)).toEqual({ a: 10 })
    expect(Fn.runSync(Reverse.grad(f, { wrt: ["x[0]"] }), at)).toEqual({ "x[0]": 6 })
  })

  it("of an input that is not used is zero", () => {
    const f = Fn.make({ x: [], y: [3] }, ({ x }) => Expr.square(x))
    const gradient = Fn.runSync(Reverse.grad(f), { x: 3, y: Tensor.make([1, 2, 3]) })
    expect(gradient.x).toBe(6)
    expect(`${gradient.y}`).toBe("[0, 0, 0]")
  })

  it("sums over what was broadcast", () => {
    const f = Fn.make({ x: [3, 1], y: [4] }, ({ x, y }) => Expr.sum(Expr.mul(x, y)))
    const gradient = Fn.runSync(Reverse.grad(f), { x: Tensor.make([[1], [2], [3]]), y: Tensor.make([1, 2, 3, 4]) })
    expect(`${gradient.x}`).toBe("[[10], [10], [10]]")
    expect(`${gradient.y}`).toBe("[6, 6, 6, 6]")
  })

  it("refuses a program whose output is not a scalar", () => {
    const f = Fn.make([3], (x) => Expr.sin(x)) as unknown as Fn.Fn<readonly [3], readonly []>
    expect(() => Reverse.grad(f)).toThrow("expected a program of one scalar output, got real[3]")
    const options = { wrt: ["z"] } as unknown as { wrt: ["c"] }
    expect(() => Reverse.grad(risk, options)).toThrow('wrt names "z", but the inputs are { c: real[], d: real[] }')
  })
})

describe("valueAndGrad", () => {
  it("shares one evaluation", () => {
    const f = Fn.make([], (x) => Expr.exp(x))
    const both = Reverse.valueAndGrad(f)
    expect(primitivesOf(both)).toEqual(["exp"])
    expect(Fn.runSync(both, 0)).toEqual({ value: 1, grad: 1 })
  })
})

describe("vjp", () => {
  it("works on trees, as a program and as numbers", () => {
    const f = Fn.make({ x: [2], a: [] }, ({ a, x }) => ({
      y: Expr.mul(a, x),
      s: [Expr.sum(x), Expr.gt(a, 0)] as const
    }))
    const at = {
      primals: { x: Tensor.make([3, 4]), a: 5 },
      cotangents: { y: Tensor.make([1, 10]), s: [100, {}] as const }
    }
    const result = Fn.runSync(Reverse.vjp(f), at)
    expect(`${result.cotangents.x}`).toBe("[105, 150]")
    expect(result.cotangents.a).toBe(43)
    expect(result.primals.s[1]).toBe(true)
    expect(Reverse.evaluate(f, at)).toEqual(result)
  })
})

describe("jacobian", () => {
  it("has a block for each pair of leaves", () => {
    const f = Fn.make({ x: [2], a: [] }, ({ a, x }) => ({ y: Expr.mul(a, x), s: Expr.sum(x) }))
    const jacobian = Fn.runSync(Reverse.jacobian(f), { x: Tensor.make([3, 4]), a: 5 })
    expect(`${jacobian.y.x}`).toBe("[[5, 0], [0, 5]]")
    expect(`${jacobian.y.a}`).toBe("[3, 4]")
    expect(`${jacobian.s.x}`).toBe("[1, 1]")
    expect(jacobian.s.a).toBe(0)
  })
})

describe("a branch that was not taken", () => {
  it("does not poison the gradient", () => {
    const f = Fn.make([], (x) => Expr.select(Expr.gt(x, 0), Expr.log(x), 0))
    expect(Fn.runSync(Reverse.grad(f), 0)).toBe(0)
    expect(Fn.runSync(Reverse.grad(Reverse.grad(f)), 0)).toBe(0)
    expect(Fn.runSync(Reverse.grad(f), 2)).toBe(0.5)
    const g = Fn.make([2], (x) => Expr.select(Expr.lt(Expr.at(x, 0), 0), Expr.dot(x, Expr.div(1, x)), Expr.at(x, 1)))
    expect(`${Fn.runSync(Reverse.grad(g), Tensor.make([0, 1]))}`).toBe("[0, 1]")
  })
})

describe("grad of grad", () => {
  it("is right through nested programs that capture variables", () => {
    const outer = Fn.make([], (x) => {
      const inner = Fn.make([], (y) => Expr.mul(Expr.square(x), Expr.sin(y)))
      return Fn.apply(Reverse.grad(inner), x)
    })
    // x² cos x
    expect(Fn.runSync(outer, 2)).toBeCloseTo(4 * Math.cos(2), 14)
    expect(Fn.runSync(Reverse.grad(outer), 2)).toBeCloseTo(4 * Math.cos(2) - 4 * Math.sin(2), 13)
  })
})

describe("deep programs", () => {
  it("differentiate without overflowing the stack", () => {
    const chain = Fn.make([], (x) => {
      let y: Expr.Expr<readonly []> = x
      for (let i = 0; i < 250_000; i++) y = Expr.add(Expr.mul(y, 0.5), 1)
      return y
    })
    expect(Fn.runSync(Reverse.grad(chain), 3)).toBe(0)
    expect(Reverse.evaluate(chain, { primals: 3, cotangents: 1 })).toEqual({ primals: 2, cotangents: 0 })
  })
})
