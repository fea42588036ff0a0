// Checked linear algebra and solvers: where they succeed they are the plain functions, derivatives included; where they fail, the error says what and where.

import { Expr, Failure, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const number = fc.double({ min: -1, max: 1, noNaN: true })
const matrix = fc
  .array(number, { minLength: 9, maxLength: 9 })
  // Far from singular: the diagonal outweighs the rest.
  .map((data) =>
    Tensor.fromArray(
      Float64Array.from(data, (x, i) => (i % 4 === 0 ? x + (x < 0 ? -4 : 4) : x)),
      [3, 3]
    )
  )

const right = Expr.constant([1, -2, 3])
const gram = (a: Expr.Expr<readonly [3, 3]>) => Expr.matmul(Expr.transpose(a), a)

const pairs = {
  solve: [
    Fn.make([3, 3], (a) => Expr.sum(Expr.checked.solve(a, right))),
    Fn.make([3, 3], (a) => Expr.sum(Expr.solve(a, right)))
  ],
  "solve, piped": [
    Fn.make([3, 3], (a) => Expr.sum(a.pipe(Expr.checked.solve(right)))),
    Fn.make([3, 3], (a) => Expr.sum(Expr.solve(a, right)))
  ],
  lstsq: [
    Fn.make([3, 3], (a) => Expr.sum(Expr.checked.lstsq(a, right))),
    Fn.make([3, 3], (a) => Expr.sum(Expr.lstsq(a, right)))
  ],
  inverse: [
    Fn.make([3, 3], (a) => Expr.sum(Expr.checked.inverse(a))),
    Fn.make([3, 3], (a) => Expr.sum(Expr.inverse(a)))
  ],
  logdet: [Fn.make([3, 3], (a) => Expr.checked.logdet(a)), Fn.make([3, 3], (a) => Expr.logdet(a))],
  cholesky: [
    Fn.make([3, 3], (a) => Expr.sum(Expr.checked.cholesky(gram(a)))),
    Fn.make([3, 3], (a) => Expr.sum(Expr.cholesky(gram(a))))
  ]
} as const

describe.each(Object.entries(pairs))("checked.%s", (_, [checked, plain]) => {
  const program = checked as Fn.Fn<readonly [3, 3], readonly [], Failure.SingularMatrixError>

  it("is the plain function where it succeeds, with its derivatives in both modes", () => {
    const derivatives = [program, Reverse.grad(program), Forward.jacobian(program)] as ReadonlyArray<typeof program>
    const expected = [plain, Reverse.grad(plain), Forward.jacobian(plain)] as ReadonlyArray<typeof plain>
    fc.assert(
      fc.property(matrix, (a) => {
        derivatives.forEach((f, i) => expect(Fn.runResult(f, a)).toEqual(Result.succeed(Fn.runSync(expected[i]!, a))))
      }),
      { numRuns: 50 }
    )
  })

  it("fails at a singular matrix, and so do its derivatives", () => {
    const singular = Tensor.make([
      [0, 2, 3],
      [0, 4, 6],
      [0, 1, 1]
    ])
    for (const f of [program, Reverse.grad(program), Forward.jacobian(program)]) {
      expect(Result.isFailure(Fn.runResult(f as typeof program, singular))).toBe(true)
    }
  })
})

const failureOf = <E>(result: Result.Result<unknown, E>): E => {
  if (Result.isFailure(result)) return result.failure
  throw new Error("expected a failure")
}

describe("what the errors say", () => {
  it("which matrix of a batch, how near to singular, and which line asked", () => {
    const f = Fn.make([3, 2, 2], (a) => Expr.checked.inverse(a))
    const good = [
      [2, 0],
      [0, 1]
    ]
    const error = failureOf(
      Fn.runResult(
        f,
        Tensor.make([
          good,
          [
            [1, 2],
            [2, 4]
          ],
          good
        ]) as never
      )
    )
    expect(error).toBeInstanceOf(Failure.SingularMatrixError)
    expect(error).toMatchObject({ operation: "inverse", reciprocalCondition: 0, index: [1], path: [] })
    expect(error.site).toMatch(/checkedLinalg\.test\.ts:\d+:\d+$/)
    expect(error.message).toMatch(
      /^inverse: the matrix is singular \(reciprocal condition number 0\) at \[1\]\n {2}at /
    )
  })

  it("which element of a map", () => {
    const f = Fn.make([3, 2, 2], (a) => Expr.map((m) => Expr.checked.cholesky(m), a))
    const data = [1, 0, 0, 1, 1, 2, 2, 1, 1, 0, 0, 1]
    const error = failureOf(Fn.runResult(f, Tensor.fromArray(data, [3, 2, 2])))
    expect(error).toMatchObject({ _tag: "NotPositiveDefiniteError", index: [], path: [{ control: "map", index: 1 }] })
  })

  it("nearly singular matrices are refused by their condition, or let through on request", () => {
    // Hilbert's matrix of order 14: its condition number is about 1e17 and more.
    const n = 14
    const data = Float64Array.from({ length: n * n }, (_, k) => 1 / (1 + Math.floor(k / n) + (k % n)))
    const hilbert = Tensor.fromArray(data, [n, n])
    const ones = Expr.ones([n])
    const strict = Fn.make([n, n], (a) => Expr.checked.solve(a, ones))
    const error = failureOf(Fn.runResult(strict, hilbert))
    expect(error.reciprocalCondition).toBeGreaterThan(0)
    expect(error.reciprocalCondition).toBeLessThan(2 ** -52)
    const lenient = Fn.make([n, n], (a) => Expr.checked.solve(a, ones, { leastCondition: 0 }))
    expect(Result.isSuccess(Fn.runResult(lenient, hilbert))).toBe(true)
  })

  it("the reciprocal condition number is that of the 1-norm", () => {
    const f = Fn.make([2, 2], (a) => Expr.checked.inverse(a, { leastCondition: 2 }))
    // ‖A‖₁ = 6, A⁻¹ = [[-2, 1], [1.5, -0.5]], ‖A⁻¹‖₁ = 3.5.
    const error = failureOf(
      Fn.runResult(
        f,
        Tensor.make([
          [1, 2],
          [3, 4]
        ])
      )
    )
    expect(Math.abs(error.reciprocalCondition - 1 / 21)).toBeLessThan(1e-16)
  })

  it("NaN and infinite matrices are refused; matrices without elements are not", () => {
    const f = Fn.make([2, 2], (a) => Expr.checked.solve(a, Expr.constant([1, 2])))
    for (const bad of [Number.NaN, Infinity]) {
      const a = Tensor.make([
        [bad, 0],
        [0, 1]
      ])
      expect(failureOf(Fn.runResult(f, a)).reciprocalCondition).toBe(0)
    }
    const empty = Fn.make([0, 0], (a) => Expr.checked.inverse(a))
    expect(Result.isSuccess(Fn.runResult(empty, Tensor.zeros([0, 0])))).toBe(true)
  })

  it("wide and tall least squares problems of deficient rank", () => {
    const wide = Fn.make([2, 3], (a) => Expr.checked.lstsq(a, Expr.constant([1, 2])))
    const tall = Fn.make([3, 2], (a) => Expr.checked.lstsq(a, Expr.constant([1, 2, 3])))
    const rows = [1, 2, 3, 2, 4, 6]
    expect(failureOf(Fn.runResult(wide, Tensor.fromArray(rows, [2, 3])))._tag).toBe("SingularMatrixError")
    expect(failureOf(Fn.runResult(tall, Tensor.fromArray([1, 2, 2, 4, 3, 6], [3, 2])))._tag).toBe("SingularMatrixError")
    expect(Result.isSuccess(Fn.runResult(wide, Tensor.fromArray([1, 0, 0, 0, 1, 0], [2, 3])))).toBe(true)
  })

  it("a solver that finds nothing, in a tree of unknowns", () => {
    const f = Fn.make([], (a) =>
      Expr.checked.root(
        ({ x, y }) => ({ x: Expr.sub(Expr.add(Expr.mul(x, x), Expr.mul(y, y)), a), y: Expr.sub(x, y) }),
        {
          x: 1,
          y: 1
        }
      )
    )
    const { x, y } = Result.getOrThrow(Fn.runResult(f, 8))
    expect([x, y].map((value) => value.toFixed(9))).toEqual(["2.000000000", "2.000000000"])
    expect(failureOf(Fn.runResult(f, -1))).toMatchObject({ _tag: "NotConvergedError", operation: "root" })
    const gradient = Reverse.grad(Fn.make([], (a) => Fn.apply(f, a).x))
    expect(Math.abs(Result.getOrThrow(Fn.runResult(gradient, 8)) - 1 / 8)).toBeLessThan(1e-9)
    expect(failureOf(Fn.runResult(gradient, -1))._tag).toBe("NotConvergedError")
  })

  it("handled by its tag nothing is left to fail", () => {
    const f = Fn.make([2, 2], (a) => Expr.checked.logdet(a))
    const handled: Effect.Effect<number> = Fn.run(f, Tensor.zeros([2, 2])).pipe(
      Effect.catchTag("SingularMatrixError", () => Effect.succeed(-1))
    )
    expect(Effect.runSync(handled)).toBe(-1)
  })
})
