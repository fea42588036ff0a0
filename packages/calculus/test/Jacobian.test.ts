import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Tensor } from "@fluxion/core"
import { describe, expect, it } from "vitest"

const arithmeticOf = (f: Fn.Any, at: unknown): number =>
  Calculus.Cost.arithmetic(Calculus.Cost.countOperations(f as Fn.Fn<Fn.Any["inputs"], unknown>, { at: at as never }))

// 30 inputs, 2 values between, 20 outputs.
const a = Tensor.fromArray(
  Float64Array.from({ length: 60 }, (_, i) => Math.sin(i + 1)),
  [2, 30]
)
const b = Tensor.fromArray(
  Float64Array.from({ length: 40 }, (_, i) => Math.cos(i + 1)),
  [20, 2]
)
const narrow = Fn.make({ x: [30] }, ({ x }) => {
  const inner = Expr.tanh(Expr.matmul(a, Expr.sin(x)))
  return Expr.exp(Expr.matmul(b, inner))
})
const point = {
  x: Tensor.fromArray(
    Float64Array.from({ length: 30 }, (_, i) => Math.cos(i)),
    [30]
  )
}

describe("a mix of both modes", () => {
  it("is chosen at a bottleneck, and says where and why", () => {
    const { forward, mixed, mode, reason, reverse } = Calculus.chooseMode(narrow)
    expect(mode).toBe("mixed")
    expect(mixed!.elements).toBe(2)
    expect([mixed!.first, mixed!.second]).toEqual([
      { mode: "reverse", passes: 2 },
      { mode: "forward", passes: 2 }
    ])
    expect(reason).toMatch(
      /^reverse mode takes 20 passes and \d+ operations, forward mode takes 30 passes and \d+ operations; cut after \d of 5 steps, where 2 elements cross, reverse mode for the first part \(2 passes\) and forward mode for the second \(2 passes\) take \d+$/
    )
    expect(Calculus.Cost.arithmetic(mixed!.total)).toBeLessThan(
      Math.min(Calculus.Cost.arithmetic(forward!.total), Calculus.Cost.arithmetic(reverse.total)) / 2
    )
  })

  it("beats both modes in the operations that are executed", () => {
    const [forward, reverse, mixed] = (["forward", "reverse", "mixed"] as const).map((mode) =>
      arithmeticOf(Calculus.jacobian(narrow, { mode }), point)
    ) as [number, number, number]
    expect(mixed).toBeLessThan(Math.min(forward, reverse) / 2)
    expect(arithmeticOf(Calculus.jacobian(narrow), point)).toBe(mixed)
    // What was predicted is what is executed, but for what derivative programs leave out because it does nothing.
    const predicted = Calculus.Cost.arithmetic(Calculus.chooseMode(narrow).mixed!.total)
    expect(mixed).toBeLessThanOrEqual(predicted)
    expect(mixed).toBeGreaterThan(0.9 * predicted)
  })

  it("has the Jacobian of both modes", () => {
    const mixed = Fn.runSync(Calculus.jacobian(narrow), point)
    const forward = Fn.runSync(Calculus.jacobian(narrow, { mode: "forward" }), point)
    expect(mixed.x.shape).toEqual([20, 30])
    mixed.x.data.forEach((x, i) => expect(x).toBeCloseTo(forward.x.data[i]!, 10))
  })

  it("cuts through trees of inputs and outputs, of reals and of indices", () => {
    const f = Fn.make({ w: [4, 3], x: [3], i: { elementType: "index", shape: [2] } }, ({ i, w, x }) => {
      const y = Expr.sum(Expr.matmul(w, Expr.exp(x)))
      const z = Expr.sin(y)
      return {
        far: Expr.mul(z, Expr.sin(Tensor.ones([6]))),
        near: [Expr.cos(z), Expr.gather(Expr.mul(Tensor.ones([5]), y), i)]
      }
    })
    const at = { w: Tensor.full([4, 3], 0.3), x: Tensor.make([0.1, 0.2, 0.3]), i: Tensor.index([4, 0]) }
    expect(Calculus.chooseMode(f).mode).toBe("mixed")
    const mixed = Fn.runSync(Calculus.jacobian(f, { mode: "mixed" }), at)
    const reverse = Fn.runSync(Calculus.jacobian(f, { mode: "reverse" }), at)
    expect(mixed.far.w.shape).toEqual([6, 4, 3])
    const pairs = [
      [mixed.far.w, reverse.far.w],
      [mixed.far.x, reverse.far.x],
      [mixed.near[0].x, reverse.near[0].x],
      [mixed.near[1].w, reverse.near[1].w]
    ] as const
    for (const [p, q] of pairs) p.data.forEach((x, i) => expect(x).toBeCloseTo(q.data[i]!, 12))
  })

  it("keeps a zero a zero beside an infinity, as both modes do", () => {
    const f = Fn.make({ x: [4] }, ({ x }) => {
      const s = Expr.sum(Expr.mul(x, Tensor.make([1, 1, 0, 0])))
      const r = Expr.stack([Expr.sqrt(Expr.sub(s, s)), Expr.sum(x)])
      const t = Expr.slice(r, { starts: [1], limits: [2] })
      return Expr.concat([t, Expr.sin(t), Expr.exp(t), Expr.square(t)])
    })
    const at = { x: Tensor.make([1, 2, 3, 4]) }
    const mixed = Fn.runSync(Calculus.jacobian(f, { mode: "mixed" }), at)
    expect(mixed.x.data.every(Number.isFinite)).toBe(true)
    expect(mixed).toEqual(Fn.runSync(Calculus.jacobian(f, { mode: "forward" }), at))
  })

  it("differentiates again", () => {
    const second = Calculus.jacobian(Calculus.jacobian(narrow, { mode: "mixed" }), { mode: "forward" })
    const expected = Calculus.jacobian(Calculus.jacobian(narrow, { mode: "reverse" }), { mode: "forward" })
    const [p, q] = [Fn.runSync(second, point), Fn.runSync(expected, point)]
    const scale = q.x.x.data.reduce((most, x) => Math.max(most, Math.abs(x)), 0)
    p.x.x.data.forEach((x, i) => expect(Math.abs(x - q.x.x.data[i]!)).toBeLessThan(1e-13 * scale))
  })

  it("captures what an enclosing program computes", () => {
    const outer = Fn.make({ c: [], x: [4] }, ({ c, x }) => {
      const inner = Fn.make({ x: [4] }, ({ x }) =>
        Expr.mul(Expr.exp(Expr.sum(Expr.mul(Expr.sin(x), c))), Tensor.make([1, 2, 3]))
      )
      return Expr.sum(Fn.apply(Calculus.jacobian(inner, { mode: "mixed" }), { x }).x)
    })
    const at = { c: 0.5, x: Tensor.make([0.1, 0.2, 0.3, 0.4]) }
    const s = 0.5 * [0.1, 0.2, 0.3, 0.4].reduce((sum, x) => sum + Math.sin(x), 0)
    const t = [0.1, 0.2, 0.3, 0.4].reduce((sum, x) => sum + Math.cos(x), 0)
    expect(Fn.runSync(outer, at)).toBeCloseTo(6 * Math.exp(s) * 0.5 * t, 12)
  })

  it("is a single mode where there is no place to cut", () => {
    const f = Fn.make({ x: [3] }, ({ x }) => Expr.sin(x))
    expect(Calculus.chooseMode(f).mixed).toBeUndefined()
    const at = { x: Tensor.make([1, 2, 3]) }
    expect(Fn.runSync(Calculus.jacobian(f, { mode: "mixed" }), at)).toEqual(Fn.runSync(Calculus.jacobian(f), at))
  })

  it("works through loops on either side", () => {
    const f = Fn.make({ x: [8] }, ({ x }) => {
      const s = Expr.fold(
        (total: Expr.Expr<readonly []>, row: Expr.Expr<readonly []>) => Expr.add(Expr.sin(total), row),
        Expr.constant(0),
        x
      )
      return Expr.map((k) => Expr.exp(Expr.mul(k, s)), Expr.constant(Tensor.linspace(0, 1, 9)))
    })
    const at = { x: Tensor.linspace(-1, 1, 8) }
    expect(Calculus.chooseMode(f).mode).toBe("mixed")
    const [p, q] = (["mixed", "forward"] as const).map((mode) => Fn.runSync(Calculus.jacobian(f, { mode }), at))
    p!.x.data.forEach((x, i) => expect(x).toBeCloseTo(q!.x.data[i]!, 12))
  })
})

describe("counted operations decide", () => {
  it("against the number of passes, where backward passes cost more", () => {
    // tanh's derivative takes 4 operations forwards and 12 backwards: both rules are written for accuracy, each in its own way.
    const f = Fn.make({ x: [3] }, ({ x }) => {
      const y = Expr.tanh(Expr.tanh(Expr.tanh(x)))
      return Expr.stack([Expr.at(y, 0), Expr.at(y, 1)])
    })
    const { forward, mode, reverse } = Calculus.chooseMode(f)
    expect([forward!.passes, reverse.passes]).toEqual([3, 2])
    expect(mode).toBe("forward")
    expect(Calculus.Cost.arithmetic(forward!.total)).toBeLessThan(Calculus.Cost.arithmetic(reverse.total))
  })

  it("the dense bound stands in for passes of many inputs", () => {
    const inputs = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`x${i}`, []]))
    const f = Fn.make(inputs as Record<string, []>, (xs) =>
      Object.values(xs).reduce((s, x) => Expr.add(Expr.sin(s as Expr.Expr), x as Expr.Expr) as never)
    )
    const { forward, mode, reverse } = Calculus.chooseMode(f)
    expect(mode).toBe("reverse")
    expect(Calculus.Cost.arithmetic(forward!.total)).toBeGreaterThan(Calculus.Cost.arithmetic(reverse.total))
    expect(forward!.passes).toBe(40)
  })
})
