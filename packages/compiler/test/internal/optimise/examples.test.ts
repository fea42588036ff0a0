// What the optimiser makes of programs that are small enough to read.

import { Body, Expr, Fn, Tensor } from "@fluxion/core"
import * as Calculus from "@fluxion/calculus"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { describe, expect, it } from "vitest"
import { hoistInvariants, optimise, share, simplifyControl } from "../../../src/internal/optimise/index.ts"
import { operations } from "./operations.ts"

const bodyOf = (f: Fn.Any): Body.Body => f as unknown as Body.Body

/** Lines without the indent of this file. */
const lines = (text: string): string => {
  const own = text.split("\n").slice(1, -1)
  const indent = Math.min(...own.filter((line) => line !== "").map((line) => line.search(/\S/)))
  return own.map((line) => line.slice(indent)).join("\n")
}

const expectBody = (made: Body.Body, text: string): void => expect(Body.print(made)).toBe(lines(text))

it("a product of matrices that comes twice is computed once", () => {
  const f = Fn.make({ a: [3, 3], b: [3, 3] }, ({ a, b }) => Expr.add(Expr.sin(Expr.matmul(a, b)), Expr.matmul(a, b)))
  expectBody(
    share(bodyOf(f)),
    `
    program(in0: real[3,3], in1: real[3,3])
      v2 = dot(in0, in1) { left: [0, 1], right: [1, 2], output: [0, 2], strongZero: false }: real[3,3]
      v3 = sin(v2): real[3,3]
      v4 = add(v3, v2): real[3,3]
      return v4
    `
  )
})

it("what does not change from step to step is computed before the loop", () => {
  const f = Fn.make({ x: [5], w: [] }, ({ w, x }) => Expr.map((y) => Expr.mul(y, Expr.exp(Expr.sin(w))), x))
  expectBody(
    hoistInvariants(bodyOf(f)),
    `
    program(in0: real[5], in1: real[])
      v2 = sin(in1): real[]
      v3 = exp(v2): real[]
      v4 = map(v3, in1, in0) { body: body0, consts: 2, size: 5, summed: 0 }: real[5]
      return v4.0

    body0(in0: real[], in1: real[], in2: real[])
      v3 = mul(in2, in0): real[]
      return v3
    `
  )
})

it("through loops in loops, as far as it goes", () => {
  const f = Fn.make({ x: [5], w: [3], s: [] }, ({ s, w, x }) =>
    Expr.map((y) => Expr.map((v) => Expr.add(Expr.mul(y, Expr.exp(s)), Expr.mul(Expr.cos(v), Expr.log(y))), w), x)
  )
  expectBody(
    optimise(bodyOf(f)),
    `
    program(in0: real[5], in1: real[3], in2: real[])
      v3 = exp(in2): real[]
      v4 = map(v3, in1, in0) { body: body1, consts: 2, size: 5, summed: 0 }: real[5,3]
      return v4.0

    body0(in0: real[], in1: real[], in2: real[])
      v3 = cos(in2): real[]
      v4 = mul(v3, in0): real[]
      v5 = add(in1, v4): real[]
      return v5

    body1(in0: real[], in1: real[3], in2: real[])
      v3 = mul(in2, in0): real[]
      v4 = log(in2): real[]
      v5 = map(v4, v3, in1) { body: body0, consts: 2, size: 3, summed: 0 }: real[3]
      return v5.0
    `
  )
})

it("what can fail stays in its loop", () => {
  const f = Fn.make({ x: [5], w: [] }, ({ w, x }) => Expr.map((y) => Expr.mul(y, Expr.checked.log(Expr.exp(w))), x))
  const text = Body.print(optimise(bodyOf(f)))
  expect(text.indexOf("ensure")).toBeGreaterThan(text.indexOf("body0"))
  expect(text.indexOf("exp(")).toBeLessThan(text.indexOf("body0("))
})

it("a carry that stays what it was is none, and a loop without steps is what it starts from", () => {
  const steps = (n: number) =>
    Fn.make({ x: [n], c: [], d: [] }, ({ c, d, x }) =>
      Expr.scan(([a, b], y) => [[Expr.add(a, Expr.mul(b, y)), b] as const, Expr.sin(b)], [c, d] as const, x)
    )
  expectBody(
    optimise(bodyOf(steps(4))),
    `
    program(in0: real[4], in1: real[], in2: real[])
      v3 = sin(in2): real[]
      v4 = broadcastTo(v3) { shape: [4] }: real[4]
      v5 = scan(in2, in1, in0) { body: body0, consts: 1, carries: 1, length: 4, reverse: false, checkpoint: all }: real[]
      return v5.0, in2, v4

    body0(in0: real[], in1: real[], in2: real[])
      v3 = mul(in0, in2): real[]
      v4 = add(in1, v3): real[]
      return v4
    `
  )
  expectBody(
    simplifyControl(bodyOf(steps(0))),
    `
    program(in0: real[0], in1: real[], in2: real[])
      c3 = constant: real[0]
      return in1, in2, c3
    `
  )
})

it("known branches are taken, and results that both branches give are taken from neither", () => {
  const f = Fn.make({ x: [], y: [] }, ({ x, y }) => ({
    known: Expr.cond(
      Expr.lt(1, 2),
      () => Expr.sin(x),
      () => Expr.cos(x)
    ),
    both: Expr.cond(
      Expr.lt(x, 2),
      () => [y, Expr.sin(x)] as const,
      () => [y, Expr.cos(x)] as const
    )
  }))
  expectBody(
    optimise(bodyOf(f)),
    `
    program(in0: real[], in1: real[])
      v3 = sin(in0): real[]
      v4 = lt(in0, 2): bool[]
      v5 = cond(v4, in0) { whenTrue: body1, whenFalse: body0 }: real[]
      return v3, in1, v5.0

    body0(in0: real[])
      v1 = cos(in0): real[]
      return v1

    body1(in0: real[])
      v1 = sin(in0): real[]
      return v1
    `
  )
})

it("a checkpoint is evaluated again, as it asks to be", () => {
  const f = Fn.make([100], (x) => Expr.exp(Expr.sin(x)))
  const g = Fn.make([100], (x) => Expr.sum(Expr.mul(Fn.apply(Fn.checkpoint(f), x), x)))
  const text = Body.print(optimise(bodyOf(Reverse.valueAndGrad(g))))
  // Once for the value, and again for the gradient.
  expect(text.match(/ = call\(/g)).toHaveLength(2)
  expect(text).toContain("checkpoint: true")
})

describe("derivatives get smaller", () => {
  const layer = (x: Expr.Expr<readonly [3]>, w: Expr.Expr<readonly [3, 3]>) => Expr.tanh(Expr.matmul(w, x))
  const f = Fn.make({ x: [3], w: [3, 3] }, ({ w, x }) => Expr.logSumExp(layer(layer(x, w), w)))
  const g = Fn.make([3], (x) => Expr.sum(Expr.div(Expr.square(x), Expr.norm(x))))
  it.each([
    ["a gradient", Reverse.grad(f), 47, 41],
    ["a forward derivative", Forward.jvp(f), 31, 30],
    ["a Jacobian by forward mode", Forward.jacobian(g), 42, 38],
    ["a Jacobian by reverse mode", Reverse.jacobian(g), 37, 32],
    ["a Hessian", Calculus.hessian(g), 91, 68],
    ["a gradient of a strong zero", Reverse.grad(Fn.make([3], (x) => Expr.sum(Expr.mul(Tensor.zeros([3]), x)))), 1, 0]
  ] as const)("%s", (_, derivative, before, after) => {
    const body = bodyOf(derivative as Fn.Any)
    expect([operations(body), operations(optimise(body))]).toEqual([before, after])
  })
})

it("a chain of 100,000 operations, and of as many that are all the same, in a second or so", () => {
  const chain = Fn.make([], (x) => {
    let y = x
    for (let i = 0; i < 100_000; i++) y = i % 2 === 0 ? Expr.sin(y) : Expr.mul(y, x)
    return y
  })
  const same = Fn.make([], (x) => {
    let y = x
    for (let i = 0; i < 50_000; i++) y = Expr.add(y, Expr.sin(x))
    return y
  })
  const start = performance.now()
  expect(operations(optimise(bodyOf(chain)))).toBe(100_000)
  expect(operations(optimise(bodyOf(same)))).toBe(50_001)
  expect(performance.now() - start).toBeLessThan(20_000)
})
