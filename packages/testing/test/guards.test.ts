// Guards survive every transformation: random programs with guards anywhere against a mirror in plain JavaScript, in every mode and nesting.

import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import {
  type Body,
  build,
  type Failed,
  type Inputs,
  inputs,
  make,
  mirror,
  program,
  type Program,
  type Scalar,
  spec
} from "./guardedPrograms.ts"

// -----------------------------------------------------------------------------
// Modes
// -----------------------------------------------------------------------------

const ones = { a: 1, b: 1, c: 1 } as const

/** A scalar program of a derivative: a weighted sum of what it computes. */
const scalarOf = (f: Fn.Fn<typeof spec, unknown, Failed>): Program =>
  Fn.make(spec, (input) => {
    const tree = Fn.apply(f as unknown as Fn.Fn<typeof spec, typeof spec>, input)
    return Expr.add(tree.a, Expr.mul(2, Expr.add(Expr.square(tree.b), Expr.mul(3, tree.c))))
  }) as unknown as Program

const tangent = (f: Program): Program =>
  Fn.make(spec, (input) => Fn.apply(Forward.jvp(f), { primals: input, tangents: ones as never }).tangents) as never

const gradient = (f: Program): Fn.Fn<typeof spec, typeof spec, Failed> => Reverse.grad(f) as never

type Runner = (f: Program, at: Inputs) => Result.Result<unknown, Failed>

const runs = (transform: (f: Program) => Fn.Any): Runner => {
  return (f, at) => Fn.runResult(transform(f) as unknown as Program, at)
}

const first: Readonly<Record<string, Runner>> = {
  value: runs((f) => f),
  "Reverse.grad": runs(gradient),
  "Reverse.grad wrt one": runs((f) => Reverse.grad(f, { wrt: ["b"] })),
  "Reverse.valueAndGrad": runs((f) => Reverse.valueAndGrad(f)),
  "Reverse.jacobian": runs((f) => Reverse.jacobian(f)),
  "Reverse.vjp, cotangents only": runs((f) =>
    Fn.make(spec, (input) => Fn.apply(Reverse.vjp(f), { primals: input, cotangents: 1 }).cotangents)
  ),
  "Forward.jvp, tangents only": runs(tangent),
  "Forward.jacobian": runs((f) => Forward.jacobian(f)),
  "Forward.evaluateResult": (f, at) => Forward.evaluateResult(f, { primals: at, tangents: ones }),
  "Reverse.evaluateResult": (f, at) => Reverse.evaluateResult(f, { primals: at, cotangents: 1 }),
  "grad of a call": runs((f) => gradient(Fn.make(spec, (input) => Fn.call(f, input)) as unknown as Program))
}

const second: Readonly<Record<string, Runner>> = {
  "grad of grad": runs((f) => gradient(scalarOf(gradient(f)))),
  "jvp of grad": runs((f) => tangent(scalarOf(gradient(f)))),
  "grad of jvp": runs((f) => gradient(tangent(f))),
  "jvp of jvp": runs((f) => tangent(tangent(f))),
  "Calculus.hessian": runs((f) => Calculus.hessian(f)),
  "Calculus.hvp": runs((f) =>
    Fn.make(spec, (input) => Fn.apply(Calculus.hvp(f), { primals: input, tangents: ones as never }))
  ),
  "reverse numbers of grad": (f, at) =>
    Reverse.evaluateResult(gradient(f), { primals: at, cotangents: { a: 1, b: 2, c: 3 } })
}

const law = (runner: Runner, body: Body, at: Inputs): void => {
  const expected = mirror(body, [at.a, at.b, at.c])
  const result = runner(make(body, true), at)
  if (expected.length === 0) {
    // What is computed is what is computed without guards, to the bit.
    expect(result).toEqual(runner(make(body, false), at))
    expect(Result.isSuccess(result)).toBe(true)
    return
  }
  if (Result.isSuccess(result)) throw new Error(`succeeds, but the program fails with ${JSON.stringify(expected[0])}`)
  // Where guards do not depend on the inputs of a program, derivatives may evaluate them in another order.
  const candidates = /"(?:constant|apply|call)"/.test(JSON.stringify(body)) ? expected : expected.slice(0, 1)
  const { path, value } = result.failure
  const found = candidates.some(
    (failed) => JSON.stringify(failed.path) === JSON.stringify(path) && Math.abs(failed.value - value) < 1e-12
  )
  if (!found) throw new Error(`fails with ${JSON.stringify(result.failure)}, not with ${JSON.stringify(candidates)}`)
}

describe("a derivative fails where the program fails, with the same error, and computes what it computes without guards", () => {
  for (const [name, runner] of Object.entries(first)) {
    it(name, { timeout: 60_000 }, () => {
      fc.assert(
        fc.property(program, inputs, (body, at) => law(runner, body, at)),
        { numRuns: 150 }
      )
    })
  }
  for (const [name, runner] of Object.entries(second)) {
    it(name, { timeout: 60_000 }, () => {
      fc.assert(
        fc.property(program, inputs, (body, at) => law(runner, body, at)),
        { numRuns: 60 }
      )
    })
  }
})

describe("what a derivative does not use", () => {
  const above = (x: Scalar): Scalar =>
    Expr.ensure(
      x,
      (v) => Expr.gt(v, 0),
      () => "failed"
    ) as unknown as Scalar
  const derivatives: Readonly<Record<string, (f: Fn.Fn<readonly [], readonly []>) => Fn.Fn<readonly [], readonly []>>> =
    {
      "Reverse.grad": (f) => Reverse.grad(f),
      "Forward.derivative": (f) => Forward.derivative(f),
      "Forward.jacobian": (f) => Forward.jacobian(f),
      "Reverse.grad of Reverse.grad": (f) => Reverse.grad(Reverse.grad(f))
    }
  // Each takes the value that is guarded and the one to differentiate with respect to.
  const programs: Readonly<Record<string, (guarded: Scalar, y: Scalar) => Scalar>> = {
    "a term": (a, y) => Expr.add(y, above(a)),
    "a term that does not depend on anything": (a, y) => Expr.add(y, Expr.mul(0, above(a))),
    "a predicate": (a, y) => Expr.select(Expr.gt(above(a), 10), y, Expr.mul(2, y)),
    "a term of a scan": (a, y) =>
      (Expr.fold as unknown as (...args: ReadonlyArray<unknown>) => Scalar)(
        (c: Scalar, x: Scalar) => Expr.add(c, Expr.add(x, above(a))),
        y,
        Tensor.make([1, 2])
      ),
    "a carry of a scan that is not used": (a, y) =>
      (Expr.fold as unknown as (...args: ReadonlyArray<unknown>) => ReadonlyArray<Scalar>)(
        ([c, d]: readonly [Scalar, Scalar], x: Scalar) => [Expr.add(c, x), above(d)],
        [y, a],
        Tensor.make([1, 2])
      )[0]!,
    "the condition of a loop": (a, y) =>
      Expr.whileLoop(
        (v) => Expr.lt(v, above(a)),
        (v) => Expr.add(v, 1),
        y
      ) as Scalar,
    "a call": (a, y) =>
      Fn.call(
        Fn.make([], (v) => Expr.add(v, above(a))),
        y
      ) as Scalar
  }
  for (const [what, build] of Object.entries(programs)) {
    for (const [name, derivative] of Object.entries(derivatives)) {
      it(`${name}: ${what}`, () => {
        // The guarded value is an input, or captured from an enclosing program.
        const captured = Fn.make({ a: [], y: [] }, ({ a, y }) => {
          const inner = Fn.make([], (v) => build(a, v))
          return Fn.apply(derivative(inner), y)
        })
        const before = Fn.make({ a: [], y: [] }, ({ a, y }) => {
          const guarded = above(a)
          const inner = Fn.make([], (v) => build(guarded, v))
          return Fn.apply(derivative(inner), y)
        })
        for (const f of [captured, before]) {
          expect(Fn.runResult(f, { a: -1, y: 0.5 })).toEqual(Result.fail("failed"))
          expect(Result.isSuccess(Fn.runResult(f, { a: 1, y: 0.5 }))).toBe(true)
        }
        // The guarded value is a constant.
        const constant = (a: number) =>
          Fn.runResult(derivative(Fn.make([], (v) => build(Expr.constant(a) as Scalar, v))), 0.5)
        expect(constant(-1)).toEqual(Result.fail("failed"))
        expect(Result.isSuccess(constant(1))).toBe(true)
      })
    }
  }
})

describe("Fn.finite", () => {
  const norm = Fn.make([2], (x) => {
    const squares = Expr.sum(Expr.square(x))
    return Expr.sqrt(squares)
  })

  it("of a derivative names the line of the operation it comes from", () => {
    const result = Fn.runResult(Fn.finite(Reverse.grad(norm)), Tensor.make([0, 0]))
    if (Result.isSuccess(result)) throw new Error("expected a failure")
    const site = /guards\.test\.ts:(\d+):/.exec(result.failure.site!)![1]
    const view = Expr.view(Fn.leaves(norm).outputs[0]!)
    expect(view._tag === "Apply" && view.primitive).toBe("sqrt")
    expect(view._tag === "Apply" && view.site).toMatch(new RegExp(`guards\\.test\\.ts:${site}:\\d+$`))
    expect(result.failure).toMatchObject({ source: "operation", value: Infinity })
    expect(Result.isSuccess(Fn.runResult(Fn.finite(Reverse.grad(norm)), Tensor.make([3, 4])))).toBe(true)
  })

  it("survives differentiation", () => {
    const logs = Fn.finite(Fn.make({ a: [], b: [] }, ({ a, b }) => Expr.add(a, Expr.stopGradient(Expr.log(b)))))
    for (const result of [
      Fn.runResult(Reverse.grad(logs), { a: 1, b: -1 }),
      Fn.runResult(Forward.jvp(logs), { primals: { a: 1, b: -1 }, tangents: { a: 1, b: 0 } }),
      Fn.runResult(Reverse.grad(logs, { wrt: ["a"] }), { a: 1, b: -1 })
    ]) {
      expect(Result.flip(result as Result.Result<unknown, unknown>)).toMatchObject({
        success: { _tag: "NonFiniteError", name: "log" }
      })
    }
    expect(Fn.runResult(Reverse.grad(logs), { a: 1, b: 1 })).toEqual(Result.succeed({ a: 1, b: 0 }))
  })

  it("does not report partial derivatives of branches that are not taken", () => {
    const masked = Fn.make([3], (x) =>
      Expr.sum(Expr.select(Expr.gt(x, 0), Expr.sqrt(Expr.mul(x, Expr.log(Expr.add(x, 1)))), 0))
    )
    const at = Tensor.make([1, -1, 0])
    expect(Result.isSuccess(Fn.runResult(Fn.finite(masked), at))).toBe(true)
    expect(Fn.runResult(Fn.finite(Reverse.grad(masked)), at)).toEqual(
      Result.succeed(Fn.runSync(Reverse.grad(masked), at))
    )
  })

  it("leaves random programs and their derivatives as they are", () => {
    fc.assert(
      fc.property(program, inputs, (body, at) => {
        const f = make(body, false)
        for (const g of [f, gradient(f), tangent(f)] as ReadonlyArray<Program>) {
          expect(Fn.runResult(Fn.finite(g), at)).toEqual(Fn.runResult(g, at))
        }
      }),
      { numRuns: 60 }
    )
  })

  it("names the same operation in every mode", () => {
    fc.assert(
      fc.property(program, inputs, (body, at) => {
        // Overflows somewhere, or not.
        const f = Fn.finite(
          Fn.make(spec, ({ a, b, c }) =>
            build(body, [Expr.exp(Expr.mul(700, a)), Expr.exp(Expr.mul(900, b)), c], false)
          )
        ) as unknown as Program
        const value = Fn.runResult(f, at)
        for (const runner of [first["Reverse.grad"]!, first["Forward.jvp, tangents only"]!]) {
          const result = runner(f, at)
          expect(Result.isFailure(result)).toBe(Result.isFailure(value))
          if (Result.isFailure(value) && Result.isFailure(result)) expect(result.failure).toEqual(value.failure)
        }
      }),
      { numRuns: 60 }
    )
  })
})

describe("numerical derivatives", () => {
  it("pass over steps into places where the program fails", () => {
    const f = Fn.make([], (x) => Expr.checked.sqrt(x))
    const { value } = Calculus.Numeric.gradient(f, 1e-3)
    expect(value).toBeCloseTo(0.5 / Math.sqrt(1e-3), 6)
  })
})
