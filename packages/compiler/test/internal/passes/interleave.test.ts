// Iterations side by side.

import { type Body, Expr, Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Result } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { print as printJavaScript } from "../../../src/internal/javascript/print.ts"
import { executable } from "../../../src/internal/javascript/run.ts"
import { print } from "../../../src/internal/loops/print.ts"
import { lower } from "../../../src/internal/lower/index.ts"
import { interleave } from "../../../src/internal/passes/interleave.ts"
import { optimise } from "../../../src/internal/passes/index.ts"

const polynomial = (n: number, m: number) =>
  Fn.make({ t: [n], x: [m] }, ({ t, x }) =>
    Expr.sum(
      Expr.square(
        Expr.fold((value, coefficient) => Expr.add(Expr.mul(value, t), coefficient), Expr.zeros([n]), x, {
          reverse: true
        })
      )
    )
  )

const optimised = (f: Fn.Any) => optimise(lower(f as unknown as Body.Body))

/** The gradient in the coefficients. */
const gradient = (n: number, m: number) => Reverse.valueAndGrad(polynomial(n, m), { wrt: ["x"] })

it("polynomials at four points at a time, added up at once, and what is left over", () => {
  expect(print(optimised(polynomial(65, 20)))).toBe(
    [
      "out0 = 0",
      "v0 = 0",
      "for l0 < 16, in any order {",
      "  v1 = 0",
      "  v2 = 0",
      "  v3 = 0",
      "  v4 = 0",
      "  v5 = in0[l0]",
      "  v6 = in0[l0 + 16]",
      "  v7 = in0[l0 + 32]",
      "  v8 = in0[l0 + 48]",
      "  for l1 < 20, backwards {",
      "    v9 = v1 * v5",
      "    v10 = v2 * v6",
      "    v11 = v3 * v7",
      "    v12 = v4 * v8",
      "    v13 = in1[l1]",
      "    v14 = in1[l1]",
      "    v15 = in1[l1]",
      "    v16 = in1[l1]",
      "    v17 = v9 + v13",
      "    v18 = v10 + v14",
      "    v19 = v11 + v15",
      "    v20 = v12 + v16",
      "    v1 = v17",
      "    v2 = v18",
      "    v3 = v19",
      "    v4 = v20",
      "  }",
      "  v21 = v1 * v1",
      "  v22 = v2 * v2",
      "  v23 = v3 * v3",
      "  v24 = v4 * v4",
      "  v25 = v21 + v23",
      "  v26 = v22 + v24",
      "  v27 = v25 + v26",
      "  v0 += v27",
      "}",
      "for l2 < 1, in any order {",
      "  v28 = 0",
      "  v29 = in0[l2 + 64]",
      "  for l3 < 20, backwards {",
      "    v30 = v28 * v29",
      "    v31 = in1[l3]",
      "    v32 = v30 + v31",
      "    v28 = v32",
      "  }",
      "  v33 = v28 * v28",
      "  v0 += v33",
      "}",
      "out0 = v0"
    ].join("\n")
  )
})

it("a gradient is one loop over the points, and adds to each coefficient's once for four points", () => {
  // Half of the sum is computed between the loops.
  const half = Fn.make({ t: [4096], x: [128] }, (at) => Expr.mul(0.5, Fn.apply(polynomial(4096, 128), at)))
  const text = print(optimised(Reverse.valueAndGrad(half, { wrt: ["x"] })))
  const [main] = text.split("if v")
  expect(main!.match(/for l\d+ < 1024, /g)).toHaveLength(1)
  expect(main).not.toContain("4096,")
  expect(main!.match(/out1\[l\d+\] \+= /g)).toHaveLength(1)
})

it("computes what the interpreter does, for any number of points", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.integer({ min: 60, max: 100 }), fc.integer({ min: 17, max: 24 }), (n, m) => {
      const f = gradient(n, m)
      const t = Tensor.fromArray(
        Float64Array.from({ length: n }, (_, i) => Math.sin(i)),
        [n]
      )
      const x = Tensor.fromArray(
        Float64Array.from({ length: m }, (_, j) => Math.cos(3 * j)),
        [m]
      )
      const expected = Fn.runSync(f, { t, x })
      const program = optimised(f)
      const [value, ofX] = Result.getOrThrow(executable(program, printJavaScript(program)).execute([t, x]))
      expect(value!.data[0]).toBeCloseTo(expected.value, 9)
      Array.from(expected.grad.x.data).forEach((exact, j) => expect(ofX!.data[j]).toBeCloseTo(exact, 9))
    }),
    { numRuns: 30 }
  )
})

it("leaves iterations that pass something on", () => {
  // Each row is the one before and its own; a loop in order has no iterations to run side by side.
  const f = Fn.make([64, 20], (rows) =>
    Expr.fold((sum, row) => Expr.add(Expr.cumsum(row), sum), Expr.zeros([20]), rows)
  )
  const program = optimised(f)
  expect(interleave(program)).toEqual(program)
})

it("distribute computes functions between loops in a loop by themselves", () => {
  const rows = Fn.make({ x: [1000, 30], w: [30] }, ({ w, x }) => Expr.sum(Expr.softplus(Expr.matmul(x, w))))
  expect(print(optimised(rows))).toBe(
    [
      "out0 = 0",
      "v0 = 0",
      "for l0 < 1000, in any order {",
      "  v1 = 0",
      "  for l1 < 30, in any order {",
      "    v2 = in0[l0, l1]",
      "    v3 = in1[l1]",
      "    v1 += v2 * v3",
      "  }",
      "  t0[l0] = v1",
      "}",
      "for l2 < 1000, in any order {",
      "  v4 = t0[l2]",
      "  v5 = softplus(v4)",
      "  v0 += v5",
      "}",
      "out0 = v0"
    ].join("\n")
  )
})
