// Programs that call programs that call programs: nothing recurses in how deep they nest, and nothing multiplies what they share.

import { Expr, Fn, Formula, Serialization } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Result } from "effect"
import { describe, expect, it } from "vitest"

type Scalar = Fn.Fn<readonly [], readonly []>

const nest = (depth: number, innermost: Scalar, around: (f: Scalar) => Scalar): Scalar => {
  let f = innermost
  for (let i = 0; i < depth; i++) f = around(f)
  return f
}

const sine = Fn.make([], (x) => Expr.sin(x))
const calling = (f: Scalar): Scalar => Fn.make([], (x) => Expr.add(Fn.call(f, x), 1))
const twice = (f: Scalar): Scalar => Fn.make([], (x) => Expr.add(Fn.call(f, x), Fn.call(f, Expr.mul(x, 0.5))))
const branching = (f: Scalar): Scalar =>
  Fn.make([], (x) =>
    Expr.cond(
      Expr.gt(x, 0),
      () => Fn.call(f, x),
      () => Expr.neg(x)
    )
  )
const looping = (f: Scalar): Scalar =>
  Fn.make([], (x) => {
    const step = (y: Expr.Expr<readonly []>) => Fn.apply(f, y)
    return Expr.iterate(1, step, x)
  })

const encoded = (f: Fn.Any): string => JSON.stringify(Result.getOrThrow(Serialization.encode(f)))
const copy = <F extends Fn.Any>(f: F): F =>
  Result.getOrThrow(Serialization.decode(JSON.parse(encoded(f)))) as unknown as F

describe("nested thousands deep", () => {
  it.each([
    ["calls", 10_000, calling, Math.sin(2) + 10_000],
    ["branches", 2000, branching, Math.sin(2)]
  ] as const)(
    "%s are built, printed, encoded, evaluated and differentiated in both modes",
    (_, depth, around, value) => {
      const derivative = Math.cos(2)
      const f = nest(depth, sine, around)
      expect(Formula.print(f).length).toBeLessThan(200 * depth)
      const g = copy(f)
      expect(encoded(g)).toBe(encoded(f))
      expect(Fn.runSync(g, 2)).toBe(value)
      const forward = Forward.derivative(g)
      const reverse = Reverse.grad(f)
      expect(Fn.runSync(copy(forward), 2)).toBeCloseTo(derivative, 14)
      expect(Fn.runSync(copy(reverse), 2)).toBeCloseTo(derivative, 14)
      expect(Forward.evaluate(f, { primals: 2, tangents: 1 }).tangents).toBeCloseTo(derivative, 14)
      expect(Reverse.evaluate(f, { primals: 2, cotangents: 1 }).cotangents).toBeCloseTo(derivative, 14)
    },
    60_000
  )

  it("two calls each are as large as the program, also differentiated twice", () => {
    const f = nest(2000, sine, twice)
    const size = encoded(f).length
    for (const derivative of [Forward.derivative(f), Reverse.grad(f)]) {
      expect(encoded(derivative).length).toBeLessThan(6 * size)
      expect(Formula.print(derivative).length).toBeLessThan(6 * size)
    }
    const second = encoded(Forward.derivative(Reverse.grad(f))).length
    expect(second).toBeLessThan(30 * size)
    const third = encoded(Reverse.grad(Reverse.grad(f))).length
    expect(third).toBeLessThan(30 * size)
  }, 60_000)
})

describe("two calls each", () => {
  it("are differentiated right", () => {
    const f = nest(8, sine, twice)
    // The sum of sin(x / 2^k), C(8, k) times each.
    const choose = [1, 8, 28, 56, 70, 56, 28, 8, 1]
    const expected = choose.reduce((sum, c, k) => sum + (c * Math.cos(2 / 2 ** k)) / 2 ** k, 0)
    expect(Fn.runSync(Forward.derivative(f), 2)).toBeCloseTo(expected, 12)
    expect(Fn.runSync(Reverse.grad(f), 2)).toBeCloseTo(expected, 12)
    const curvature = choose.reduce((sum, c, k) => sum - (c * Math.sin(2 / 2 ** k)) / 4 ** k, 0)
    expect(Fn.runSync(Reverse.grad(Reverse.grad(f)), 2)).toBeCloseTo(curvature, 12)
    expect(Fn.runSync(Forward.derivative(Reverse.grad(f)), 2)).toBeCloseTo(curvature, 12)
  })
})

describe("a program that is called with other inputs varying each time", () => {
  it("has a derivative for each", () => {
    const product = Fn.make({ x: [], y: [] }, ({ x, y }) => ({ xy: Expr.mul(x, y), x }))
    const f = Fn.make({ a: [], b: [] }, ({ a, b }) => {
      const first = Fn.call(product, { x: a, y: 3 })
      const second = Fn.call(product, { x: 5, y: a })
      const third = Fn.call(product, { x: a, y: b })
      const fourth = Fn.call(product, { x: a, y: 4 })
      const sum = Expr.add(Expr.mul(first.xy, second.x), Expr.mul(7, second.xy))
      return Expr.add(Expr.add(sum, Expr.mul(third.xy, first.x)), fourth.xy)
    })
    // 15 a + 35 a + a^2 b + 4 a
    const at = { a: 2, b: 11 }
    const gradient = { a: 54 + 2 * 2 * 11, b: 4 }
    expect(Fn.runSync(Forward.jacobian(f), at)).toEqual(gradient)
    expect(Fn.runSync(Reverse.grad(f), at)).toEqual(gradient)
    expect(Fn.runSync(Reverse.grad(f, { wrt: ["b"] }), at)).toEqual({ b: 4 })
    expect(Fn.runSync(Forward.jvp(f), { primals: at, tangents: { a: 1, b: 10 } }).tangents).toBe(138)
    expect(Fn.runSync(Reverse.grad(Fn.make([], (a) => Fn.apply(f, { a, b: 11 }))), 2)).toBe(98)
    expect(Fn.runSync(Forward.derivative(Fn.make([], (b) => Fn.apply(f, { a: 2, b }))), 11)).toBe(4)
  })
})

describe("loops within loops", () => {
  it("are differentiated at any depth, and evaluated to a depth of hundreds", () => {
    const f = nest(300, sine, looping)
    expect(Fn.runSync(copy(f), 2)).toBe(Math.sin(2))
    expect(Fn.runSync(Forward.derivative(f), 2)).toBeCloseTo(Math.cos(2), 14)
    expect(Fn.runSync(Reverse.grad(f), 2)).toBeCloseTo(Math.cos(2), 14)
    const deep = nest(2000, sine, looping)
    expect(encoded(Forward.derivative(deep)).length).toBeGreaterThan(2000)
    expect(encoded(Reverse.grad(deep)).length).toBeGreaterThan(2000)
  }, 60_000)
})
