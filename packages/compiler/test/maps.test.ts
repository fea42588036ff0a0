// Maps whose bodies are programs of their own: on WebAssembly two elements run at the same time, each with its own arrays.

import { JavaScript, Wasm } from "@fluxion/compiler"
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { describe, it } from "vitest"
import { compare, inputsOf } from "./compare.ts"

type Row = Expr.Expr<readonly [4]>

const over = (rows: number, body: (row: Row) => Expr.AnyOperand): Fn.Any =>
  Fn.make([rows, 4], (x) => Expr.map((row) => body(row as Row) as Expr.Expr, x)) as unknown as Fn.Any

const total = (f: Fn.Any): Fn.Any =>
  Reverse.grad(
    Fn.make(f.inputs as readonly [number, 4], (x) =>
      Expr.sum(Fn.apply(f as never, x as never) as Expr.Expr)
    ) as unknown as Fn.Fn<readonly [number, 4], readonly []>
  ) as unknown as Fn.Any

/** A loop that runs as often as the row says. */
const whileBelow = (row: Row): Row =>
  Expr.whileLoop(
    ({ v }) => Expr.lt(Expr.sum(Expr.square(v)), 90),
    ({ k, v }) => ({ k: Expr.add(k, 1), v: Expr.add(Expr.mul(v, 1.25), Expr.mul(Expr.reverse(v), 0.01)) }),
    { k: 0, v: Expr.add(row, 1.5) }
  ).v as Row

const bodies: Readonly<Record<string, (row: Row) => Expr.AnyOperand>> = {
  "truth values in arrays of their own": (row) =>
    Expr.select(Expr.reverse(Expr.gt(row, 0)), Expr.exp(Expr.sin(row)), Expr.neg(row)),
  "truth values that are combined": (row) => {
    const above = Expr.gt(row, 0)
    return Expr.select(Expr.any(above), Expr.toReal(Expr.reverse(above)), Expr.toReal(Expr.all(Expr.reverse(above))))
  },
  "branches that write truth values": (row) => {
    const chosen = Expr.cond(
      Expr.gt(Expr.sum(row), 0),
      () => Expr.gt(row, 0.5),
      () => Expr.lt(Expr.reverse(row), 0)
    )
    return Expr.add(Expr.toReal(Expr.reverse(chosen)), Expr.select(chosen, Expr.exp(Expr.sin(row)), 0))
  },
  indices: (row) => Expr.gather(row, Expr.toIndex(Expr.mul(row, 5))),
  "the place of the largest": (row) => Expr.toReal(Expr.argmax(Expr.reverse(row), 0)),
  "cumulative sums": (row) => Expr.reverse(Expr.cumsum(Expr.reverse(Expr.mul(row, row)))),
  "a product of matrices": (row) =>
    Expr.matmul(Expr.mul(Expr.reshape(row, [4, 1]), Expr.reshape(row, [1, 4])), Expr.reverse(row)),
  "a scan with a carry": (row) => Expr.scan((c, y) => [Expr.add(Expr.mul(c, 0.5), y), Expr.mul(c, y)], 0, row)[1],
  "a loop of its own length": whileBelow,
  "a kernel": (row) =>
    Expr.inverse(
      Expr.add(
        Expr.mul(Expr.reshape(row, [2, 2]), 0.1),
        Tensor.make([
          [1, 0],
          [0, 1]
        ])
      )
    )
}

describe.each([
  ["javascript", JavaScript.service],
  ["wasm", Wasm.service]
] as const)("%s", (_, service) => {
  it.each(Object.entries(bodies))("%s", (_, body) => {
    for (const rows of [1, 2, 5, 17, 64, 129]) {
      const f = over(rows, body)
      for (const seed of [1, 2, 3]) compare(f, service, inputsOf(f, seed), 5e-15)
    }
  })

  it.each([
    "branches that write truth values",
    "cumulative sums",
    "a product of matrices",
    "a scan with a carry",
    "a loop of its own length",
    "a kernel"
  ])("the gradient of %s", (name) => {
    for (const rows of [2, 17, 129]) {
      const f = total(over(rows, bodies[name]!))
      for (const seed of [1, 2]) compare(f, service, inputsOf(f, seed), 1e-10)
    }
  })

  it("what is left over from vectors, with subscripts that run the other way", () => {
    for (const shape of [
      [5, 2, 4],
      [17, 3, 5],
      [9, 2, 1, 3]
    ]) {
      const strides = shape.map(() => 2)
      const computations: ReadonlyArray<(x: Expr.Expr) => Expr.Expr> = [
        (x) => Expr.sum(Expr.reverse(x)),
        (x) => Expr.sum(Expr.exp(Expr.reverse(x))),
        (x) => Expr.sin(Expr.reverse(x)),
        (x) => Expr.mul(Expr.transpose(Expr.reverse(x)), 2),
        (x) => Expr.exp(Expr.slice(Expr.reverse(x), { starts: shape.map(() => 0), limits: shape, strides }))
      ]
      for (const compute of computations) {
        const f = Fn.make({ x: shape as ReadonlyArray<number> }, ({ x }) =>
          compute(x as Expr.Expr)
        ) as unknown as Fn.Any
        compare(f, service, inputsOf(f, 1), 1e-14 * shape.reduce((a, b) => a * b, 1))
      }
    }
  })
})
