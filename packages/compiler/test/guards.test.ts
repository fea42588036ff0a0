// Guards on both backends fail as they do in the interpreter: the same guard first, with the same value, index, path and line of code.

import { JavaScript, Wasm } from "@fluxion/compiler"
import { Expr, Failure, Fn, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { make, mirror, program, type Program, inputs, spec } from "../../testing/test/guardedPrograms.ts"
import { compare } from "./compare.ts"

const numRuns = Number(process.env["FLUXION_RUNS"] ?? 40) * 2

const transformations: Readonly<Record<string, (f: Program) => Fn.Any>> = {
  "a program": (f) => f,
  "a gradient": (f) => Reverse.valueAndGrad(f),
  "a forward derivative": (f) =>
    Fn.make(spec, (input) => {
      const { primals, tangents } = Fn.apply(Forward.jvp(f), { primals: input, tangents: input })
      return { primals, tangents }
    }),
  "a gradient of a gradient": (f) => {
    const total = Fn.make(spec, (input) => {
      const { a, b, c } = Fn.apply(Reverse.grad(f) as unknown as Fn.Fn<typeof spec, typeof spec>, input)
      return Expr.add(a, Expr.mul(2, Expr.add(Expr.square(b), c)))
    })
    return Reverse.grad(total)
  },
  "Fn.finite of a program that may overflow": (f) =>
    Fn.finite(
      Fn.make(spec, ({ a, b, c }) => Fn.apply(f, { a: Expr.exp(Expr.mul(700, a)), b: Expr.exp(Expr.mul(900, b)), c }))
    )
}

describe.each([
  ["javascript", JavaScript.service],
  ["wasm", Wasm.service]
] as const)("%s", (_, service) => {
  it.each(Object.entries(transformations))(
    "fails as the interpreter does: %s",
    { timeout: 120_000 },
    (_, transform) => {
      let failing = 0
      fc.assert(
        fc.property(program, inputs, (body, at) => {
          if (mirror(body, [at.a, at.b, at.c]).length > 0) failing++
          compare(transform(make(body, true)), service, Tree.toTensors("at", spec, at), 1e-12)
        }),
        { numRuns }
      )
      expect(failing).toBeGreaterThan(numRuns / 10)
    }
  )

  it("reports the first element in row-major order, deep in loops, whatever fails after it", () => {
    const f = Fn.make({ x: [4, 3, 2], y: [] }, ({ x, y }) =>
      Expr.map(
        (rows) =>
          Expr.scan(
            (c, row) => {
              const next = Expr.add(c, Expr.sum(Expr.checked.sqrt(Expr.sub(row, y))))
              return [next, next]
            },
            0,
            rows,
            { reverse: true }
          )[1],
        x
      )
    )
    const x = Tensor.fromArray(
      Float64Array.from({ length: 24 }, (_, i) => (i === 15 || i === 17 || i === 20 ? -i : i)),
      [4, 3, 2]
    )
    const result = Effect.runSync(
      Fn.compile(f).pipe(Effect.provide(service.name === "wasm" ? Wasm.layer : JavaScript.layer))
    ).runResult({ x, y: 0 })
    if (Result.isSuccess(result)) throw new Error("expected a failure")
    expect(result.failure).toBeInstanceOf(Failure.DomainError)
    // Row 2 of the element 2 comes first: the scan runs backwards.
    expect(result.failure).toMatchObject({
      operation: "sqrt",
      value: -17,
      index: [1],
      path: [
        { control: "map", index: 2 },
        { control: "scan", index: 2 }
      ]
    })
    expect(result.failure.site).toMatch(/guards\.test\.ts:\d+:\d+$/)
  })

  it("keeps guards whose values nothing needs, and evaluates none of a branch that is not taken", () => {
    const f = Fn.make([], (x) => {
      const checked = Expr.checked.log(x)
      return Expr.add(1, Expr.mul(0, Expr.stopGradient(checked)))
    })
    const branch = Fn.make([], (x) =>
      Expr.cond(
        Expr.gt(x, 0),
        () => Expr.checked.log(x),
        () => Expr.neg(x)
      )
    )
    const layer = service.name === "wasm" ? Wasm.layer : JavaScript.layer
    const run = (g: Fn.Fn<readonly [], readonly [], Failure.DomainError>, at: number) =>
      Effect.runSync(Effect.result(Fn.run(g, at).pipe(Effect.provide(layer))))
    expect(Result.isFailure(run(f, -1))).toBe(true)
    expect(run(f, 1)).toEqual(Result.succeed(1))
    expect(run(branch, -3)).toEqual(Result.succeed(3))
    expect(run(branch, 1)).toEqual(Result.succeed(0))
  })
})
