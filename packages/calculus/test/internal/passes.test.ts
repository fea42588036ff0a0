// The cost of a Jacobian is worked out from one pass for each leaf: here all passes are run, and counted.

import { Expr, Fn, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { describe, expect, it } from "vitest"
import { execution } from "../../src/internal/execution.ts"
import { passCosts, pointOf } from "../../src/internal/passes.ts"

const unit = (shape: ReadonlyArray<number>, k: number): Tensor.Any => {
  const data = Float64Array.from(Tensor.zeros(shape).data)
  data[k] = 1
  return Tensor.fromArray(data, shape)
}

/** One unit vector for each element of the leaves, `Zero` at the others. */
const basis = (tensors: ReadonlyArray<Tensor.Any>) =>
  tensors.flatMap((tensor, i) =>
    Array.from({ length: tensor.data.length }, (_, k) =>
      tensors.map((_, j): Tensor.Any | Forward.Zero => (i === j ? unit(tensor.shape, k) : Forward.Zero))
    )
  )

const check = (f: Fn.Any, at: unknown): void => {
  const primals = Tree.toTensors("test", f.inputs, at)
  const { forward, reverse } = passCosts(f, pointOf(primals))

  const run = execution()
  const seeds = basis(primals)
  Fn.interpret(
    f,
    Forward.vectorDual(run.algebra, seeds.length),
    primals.map((primal, i) => ({ primal, tangents: seeds.map((seed) => seed[i]!) }))
  )
  expect(forward!.passes).toBe(seeds.length)
  expect(run.counts()).toEqual(forward!.total)

  const backwards = execution()
  const tape = Reverse.traced(backwards.algebra)
  const carriers = primals.map(tape.input)
  const outputs = Fn.interpret(f, tape.algebra, carriers)
  const cotangents = basis(outputs.map(({ primal }) => primal))
  for (const seed of cotangents) tape.pullback(outputs, seed, carriers)
  expect(reverse.passes).toBe(cotangents.length)
  expect(backwards.counts()).toEqual(reverse.total)
}

describe("the cost of all passes is what they execute", () => {
  it("of arrays, of which some outputs do not depend on some inputs", () => {
    const f = Fn.make({ w: [2, 3], x: [3], y: [2] }, ({ w, x, y }) => ({
      a: Expr.tanh(Expr.matmul(w, x)),
      b: Expr.sum(Expr.mul(Expr.exp(y), y)),
      c: Expr.mul(y, Expr.at(x, 0))
    }))
    check(f, { w: Tensor.full([2, 3], 0.5), x: Tensor.make([1, 2, 3]), y: Tensor.make([1, -1]) })
  })

  it("of branches, scans, maps and calls", () => {
    const g = Fn.make({ a: [], b: [] }, ({ a, b }) => Expr.mul(Expr.sin(a), b))
    const f = Fn.make({ x: [4], y: [] }, ({ x, y }) => {
      const total = Expr.fold(
        (s: Expr.Expr<readonly []>, row: Expr.Expr<readonly []>) => Expr.add(Expr.mul(s, y), Expr.sin(row)),
        Expr.constant(0),
        x
      )
      const branch = Expr.cond(
        Expr.gt(y, 0),
        () => Expr.exp(total),
        () => Expr.neg(total)
      )
      return [Expr.map((row) => Fn.call(g, { a: row, b: y }), x), branch] as const
    })
    const x = Tensor.make([0.1, 0.2, 0.3, 0.4])
    check(f, { x, y: 0.5 })
    check(f, { x, y: -0.5 })
  })

  it("of a loop of as many iterations as it takes", () => {
    const f = Fn.make({ x: [], y: [2] }, ({ x, y }) => {
      const [a, b] = Expr.whileLoop(
        ([a]) => Expr.lt(a, 50),
        ([a, b]) => [Expr.mul(a, x), Expr.add(Expr.sin(b), y)] as const,
        [x, y] as const
      )
      return Expr.mul(a, b)
    })
    check(f, { x: 1.5, y: Tensor.make([1, 2]) })
  })

  it("of linear algebra", () => {
    const f = Fn.make({ a: [2, 2], b: [2, 1] }, ({ a, b }) => ({ x: Expr.solve(a, b), d: Expr.logdet(a) }))
    check(f, {
      a: Tensor.make([
        [2, 1],
        [1, 3]
      ]),
      b: Tensor.make([[1], [2]])
    })
  })
})
