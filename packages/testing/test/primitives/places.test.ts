// Compositions of primitives at places of their own: branches that are not taken, indices out of range.

import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { describe, expect, it } from "vitest"
import type { Array64 } from "./rows.ts"

describe("a branch not taken never poisons a gradient", () => {
  const outside: Readonly<Record<string, readonly [(x: Array64) => Array64, number]>> = {
    log: [Expr.log, -1],
    "log at 0": [Expr.log, 0],
    sqrt: [Expr.sqrt, -1],
    "sqrt at 0": [Expr.sqrt, 0],
    cbrt: [Expr.cbrt, 0],
    asin: [Expr.asin, 3],
    acosh: [Expr.acosh, 0.5],
    atanh: [Expr.atanh, 1],
    lgamma: [Expr.lgamma, -1],
    "1/x": [(x) => Expr.div(1, x), 0],
    "x^-2": [(x) => Expr.pow(x, -2), 0],
    "exp that overflows": [Expr.exp, 1000],
    "a long chain": [(x) => Expr.exp(Expr.div(1, Expr.sqrt(Expr.log(x)))), -1],
    "a contraction": [
      (x) =>
        Expr.dot(
          Expr.stack([Expr.log(x), x] as never) as never,
          Expr.stack([x, Expr.sqrt(x)] as never) as never
        ) as Array64,
      -1
    ],
    "a product of an array": [
      (x) => Expr.prod(Expr.stack([Expr.log(x), Expr.div(1, x), x] as never) as Array64) as Array64,
      0
    ]
  }
  for (const [name, [f, x]] of Object.entries(outside)) {
    it(`select(false, ${name}, 3 x), to the second order`, () => {
      const guarded: Fn.Fn<readonly [], readonly []> = Fn.make([], (y) =>
        Expr.select(Expr.constant(false), f(y) as Expr.Expr<readonly []>, Expr.mul(3, y))
      )
      expect(Fn.runSync(Forward.derivative(guarded), x)).toBe(3)
      expect(Fn.runSync(Reverse.grad(guarded), x)).toBe(3)
      const modes: ReadonlyArray<(g: typeof guarded) => typeof guarded> = [
        (g) => Forward.derivative(g),
        (g) => Reverse.grad(g)
      ]
      for (const outer of modes) {
        for (const inner of modes) expect(Fn.runSync(outer(inner(guarded)), x) + 0).toBe(0)
      }
    })
  }
})

describe("an index out of range", () => {
  it("reads NaN, which does not vary: its derivative is 0 in both modes", () => {
    const indices = Tensor.index([5, 0, -1])
    const vector = Fn.make([3], (x) => Expr.gather(x, indices))
    const rows = Fn.make([2, 3], (x) => Expr.gather(x, indices, 1))
    const expected = "[[0, 0, 0], [1, 0, 0], [0, 0, 0]]"
    const x = Tensor.make([1, 2, 3])
    expect(`${Fn.runSync(vector, x)}`).toBe("[NaN, 1, NaN]")
    expect(`${Fn.runSync(Forward.jacobian(vector), x)}`).toBe(expected)
    expect(`${Fn.runSync(Reverse.jacobian(vector), x)}`).toBe(expected)
    const at = Tensor.make([
      [1, 2, 3],
      [4, 5, 6]
    ])
    expect(Fn.runSync(Forward.jacobian(rows), at)).toEqual(Fn.runSync(Reverse.jacobian(rows), at))
  })
})
