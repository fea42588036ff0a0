import { readFileSync } from "node:fs"
import * as Calculus from "@fluxion/calculus"
import * as Numeric from "@fluxion/calculus/Numeric"
import { Expr, Failure, Fn, Tensor, Tree, Type } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

type AnyFn = Fn.Fn<never, never>

const flat = (value: unknown): ReadonlyArray<number> =>
  typeof value === "number"
    ? [value]
    : Array.isArray(value)
      ? value.flatMap(flat)
      : ArrayBuffer.isView((value as Tensor.Tensor).data)
        ? Array.from((value as Tensor.Tensor).data)
        : Object.values(value as object).flatMap(flat)

const step = (f: unknown, at: unknown) =>
  Numeric.complexStep(f as AnyFn, at as never) as Result.Result<Numeric.Estimates<unknown>, unknown>

/** The difference from the Jacobian of reverse mode, over the largest element of it. */
const deviation = (f: unknown, at: unknown): number => {
  const expected = flat(Fn.runSync(Reverse.jacobian(f as AnyFn), at as never))
  const actual = flat(Result.getOrThrow(step(f, at)).value)
  expect(actual.length).toBe(expected.length)
  const scale = Math.max(...expected.map(Math.abs), Number.MIN_VALUE)
  return Math.max(0, ...actual.map((d, i) => Math.abs(d - expected[i]!) / scale))
}

describe("complexStep", () => {
  const { functions } = JSON.parse(
    readFileSync(new URL("../../testing/data/elementary-reference.json", import.meta.url), "utf8")
  ) as {
    readonly functions: Readonly<
      Record<
        string,
        { readonly args: ReadonlyArray<string>; readonly rows: ReadonlyArray<ReadonlyArray<number | string>> }
      >
    >
  }
  // lgamma' has a zero of ill condition; digamma and sinc are sums that cancel.
  const ulps: Readonly<Record<string, number>> = { digamma: 3, sinc: 4, xlogy: 3, pow: 4, hypot: 2 }
  const operations = Expr as unknown as Record<
    string,
    ((...operands: ReadonlyArray<Expr.Expr>) => Expr.Expr) | undefined
  >
  for (const [name, { args, rows }] of Object.entries(functions)) {
    const operation = operations[name]
    if (operation === undefined) continue
    it(`of ${name} is correct to ${ulps[name] ?? 2} units in the last place, or to what it says`, () => {
      const two = args.length === 2
      const f = two ? Fn.make([[], []], ([x, y]) => operation(x, y)) : Fn.make([], (x) => operation(x))
      let checked = 0
      for (const row of rows) {
        const numbers = row.map(Number)
        const at = numbers.slice(0, args.length)
        const value = numbers[args.length]!
        // Derivatives of values that overflow, and steps beside subnormal inputs.
        if (!Number.isFinite(value) || at.some((x) => x !== 0 && Math.abs(x) < 1e-290)) continue
        const result = step(f, two ? at : at[0])
        if (Result.isFailure(result)) {
          expect(result.failure).toBeInstanceOf(Numeric.NotAnalyticError)
          continue
        }
        const [values, errors] = [flat(result.success.value), flat(result.success.error)]
        values.forEach((actual, i) => {
          const expected = numbers[args.length + 1 + i]!
          if (!Number.isFinite(expected)) return
          checked++
          const allowed = (ulps[name] ?? 2) * Math.abs(expected) * 2 ** -52
          const difference = Math.abs(actual - expected)
          if (difference <= allowed) return
          expect(difference, `${name} at ${at.join(", ")}, in ${i}`).toBeLessThanOrEqual(4 * errors[i]! + allowed)
          // Only where derivatives underflow or are ill-conditioned is more than rounding allowed.
          const usual = at.every((x) => x === 0 || (Math.abs(x) > 1e-100 && Math.abs(x) < 1e150))
          if (!usual || Math.abs(expected) < 1e-120 || name === "lgamma") return
          expect(difference, `${name} at ${at.join(", ")}, in ${i}`).toBeLessThan(1e-14 * Math.abs(expected))
        })
      }
      expect(checked).toBeGreaterThan(60)
    })
  }

  it("of erf', lgamma and polygamma, whose rules it does not use, agrees with reverse mode", () => {
    fc.assert(
      fc.property(fc.double({ min: -4.5, max: 30, noNaN: true }), fc.integer({ min: 0, max: 4 }), (x, order) => {
        fc.pre(Math.abs(x - Math.round(x)) > 1e-3)
        for (const f of [
          Fn.make([], (v) => Expr.erf(Expr.mul(0.5, v))),
          Fn.make([], (v) => Expr.digamma(v)),
          Fn.make([], (v) => Expr.polygamma(v, order))
        ]) {
          // Below 0 its terms have both signs.
          expect(deviation(f, x)).toBeLessThan(x > 0 ? 1e-13 : 1e-10)
        }
      })
    )
  })

  describe("agrees with reverse mode to rounding", () => {
    const x = Tensor.make([0.3, -1.2, 2.5])
    const matrix = Tensor.make([
      [4, 1, 0.5],
      [0.7, 3, -0.2],
      [0.3, 0.1, 2]
    ])
    const cases: Readonly<Record<string, readonly [unknown, unknown]>> = {
      "trees of inputs and outputs": [
        Fn.make({ a: [2, 3], b: [[], [3]] }, ({ a, b: [c, d] }) => ({
          product: Expr.matmul(a, d),
          more: [Expr.mul(c, Expr.sum(a)), Expr.tanh(Expr.mul(c, d))] as const
        })),
        {
          a: Tensor.make([
            [1, 2, 3],
            [-1, 0.5, 2]
          ]),
          b: [0.4, x]
        }
      ],
      "inputs that are not real": [
        Fn.make({ x: [3], i: Type.index([2]) }, ({ i, x }) => Expr.exp(Expr.gather(x, i))),
        { x, i: Tensor.index([2, 0]) }
      ],
      structure: [
        Fn.make([3], (v) =>
          Expr.concat([
            Expr.reverse(Expr.pad(Expr.sin(v), { low: [1], high: [2], value: 5 })),
            Expr.slice(Expr.cumsum(Expr.mul(v, v)), { starts: [1], limits: [3] }),
            Expr.reshape(Expr.transpose(Expr.outer(v, Expr.exp(v))), [9]),
            Expr.scatterAdd(
              v,
              Expr.constant(Tensor.index([0, 0])),
              Expr.slice(Expr.cos(v), { starts: [0], limits: [2] })
            )
          ])
        ),
        x
      ],
      reductions: [
        Fn.make([3], (v) => [
          Expr.prod(v),
          Expr.cumprod(v),
          Expr.reduceMax(v),
          Expr.mean(v),
          Expr.norm(v),
          Expr.softmax(v)
        ]),
        x
      ],
      "products with zeros": [Fn.make([4], (v) => [Expr.prod(v), Expr.cumprod(v)]), Tensor.make([2, 0, 3, 5])],
      "a map": [Fn.make([3], (v) => Expr.map((e) => Expr.logSumExp(Expr.mul(e, v)), v)), x],
      "a map over nothing": [
        Fn.make({ x: [], v: [0] }, ({ v, x }) => [
          Expr.map((e) => ({ value: Expr.mul(e, x), flag: Expr.gt(e, x), place: Expr.toIndex(e) }), v).value,
          Expr.sin(x)
        ]),
        { x: 2, v: Tensor.zeros([0]) }
      ],
      "a scan": [
        Fn.make({ w: [], x: [3] }, ({ w, x }) =>
          Expr.scan((c, e) => [Expr.sin(Expr.add(Expr.mul(c, w), e)), Expr.exp(c)] as const, 0.5, x)
        ),
        { w: 0.7, x }
      ],
      "a loop": [
        Fn.make([], (v) =>
          Expr.whileLoop(
            (c) => Expr.lt(c, 100),
            (c) => Expr.mul(c, Expr.add(1, Expr.square(v))),
            v
          )
        ),
        1.5
      ],
      "the derivative of a loop": [
        Reverse.grad(
          Fn.make([], (v) =>
            Expr.whileLoop(
              (c) => Expr.lt(c, 100),
              (c) => Expr.mul(c, Expr.add(1, Expr.square(v))),
              v
            )
          )
        ),
        1.5
      ],
      "a branch": [
        Fn.make([], (v) =>
          Expr.cond(
            Expr.gt(v, 0),
            () => Expr.log(v),
            () => Expr.exp(v)
          )
        ),
        1.5
      ],
      "a branch not taken": [
        Fn.make([3], (v) => Expr.select(Expr.gt(v, 0.5), Expr.log(Expr.relu(v)), 0)),
        Tensor.make([0, 1, 2])
      ],
      "a called program": [
        Fn.make([], (v) => {
          const inner = Fn.make([], (y) => Expr.mul(y, Expr.atan(y)))
          return Fn.call(inner, Fn.call(inner, v))
        }),
        1.5
      ],
      "a gradient": [Reverse.grad(Fn.make([3], (v) => Expr.sum(Expr.mul(v, Expr.sin(v))))), x],
      cholesky: [Fn.make([3, 3], (a) => Expr.cholesky(a)), matrix],
      solve: [Fn.make([3, 3], (a) => Expr.solve(a, Expr.sum(a, { axis: 0 }))), matrix],
      triangularSolve: [Fn.make([3, 3], (a) => Expr.triangularSolve(a, Expr.sum(a, { axis: 0 }))), matrix],
      lstsq: [
        Fn.make([3, 3], (a) => Expr.lstsq(Expr.slice(a, { starts: [0, 0], limits: [3, 2] }), Expr.sum(a, { axis: 0 }))),
        matrix
      ],
      "lstsq of few equations": [
        Fn.make([3, 3], (a) => Expr.lstsq(Expr.slice(a, { starts: [0, 0], limits: [2, 3] }), Expr.constant([1, 2]))),
        matrix
      ],
      inverse: [Fn.make([3, 3], (a) => Expr.inverse(a)), matrix],
      det: [Fn.make([3, 3], (a) => Expr.det(a)), matrix],
      "det of a singular matrix": [
        Fn.make([3, 3], (a) => Expr.det(a)),
        Tensor.make([
          [1, 2, 3],
          [2, 4, 6],
          [0, 1, 5]
        ])
      ],
      logdet: [Fn.make([3, 3], (a) => Expr.logdet(a)), matrix],
      "derivatives of det": [Reverse.grad(Fn.make([3, 3], (a) => Expr.det(a))), matrix],
      qr: [Fn.make([3, 3], (a) => Expr.qr(a)), matrix],
      root: [
        Fn.make([2], (p) => Expr.fixedPoint((y) => Expr.mul(0.5, Expr.cos(Expr.add(y, p))), Expr.zeros([2]))),
        Tensor.make([0.3, -0.8])
      ]
    }
    for (const [name, [f, at]] of Object.entries(cases)) {
      it(name, () => {
        expect(deviation(f, at)).toBeLessThan(3e-15)
      })
    }
  })

  it("has no cancellation where differences have nothing left", () => {
    const f = Fn.make([], (x) => Expr.sub(Expr.add(1e12, Expr.sin(x)), 1e12))
    const { error, value } = Result.getOrThrow(Numeric.complexStep(f, 1))
    expect(value).toBe(Math.cos(1))
    expect(error).toBeLessThan(1e-15)
    expect(Numeric.gradient(f, 1).error).toBeGreaterThan(1e-5)
  })

  it("states its error: noise that the program amplifies, steps that are too long", () => {
    const cancelling = Fn.make([], (x) => Expr.div(Expr.sub(1, Expr.cos(x)), Expr.square(x)))
    const exact = (x: number) => -x / 12 + x ** 3 / 180
    fc.assert(
      fc.property(fc.double({ min: 1e-4, max: 1e-2, noNaN: true }), (x) => {
        const { error, value } = Result.getOrThrow(Numeric.complexStep(cancelling, x))
        expect(Math.abs(value - exact(x))).toBeLessThanOrEqual(4 * error)
      })
    )
    const { error, value } = Result.getOrThrow(
      Numeric.complexStep(
        Fn.make([], (x) => Expr.exp(x)),
        0,
        { step: 0.125 }
      )
    )
    expect(Math.abs(value - 1)).toBeGreaterThan(1e-3)
    expect(error).toBeGreaterThan(Math.abs(value - 1))
  })

  describe("where a program is not analytic", () => {
    const failure = (f: unknown, at: unknown): Numeric.NotAnalyticError => {
      const result = step(f, at)
      if (Result.isSuccess(result)) throw new Error("expected a failure")
      expect(result.failure).toBeInstanceOf(Numeric.NotAnalyticError)
      return result.failure as Numeric.NotAnalyticError
    }
    const cases: ReadonlyArray<readonly [string, (x: Expr.Expr) => Expr.Expr, number, ReadonlyArray<number>, string]> =
      [
        ["abs", (x) => Expr.abs(x), 0, [0], "a corner"],
        ["relu", (x) => Expr.relu(x), 0, [0], "a corner"],
        ["sign", (x) => Expr.sign(x), 0, [0], "a jump"],
        ["floor", (x) => Expr.floor(x), 2, [2], "a jump"],
        ["ceil", (x) => Expr.ceil(x), 2, [2], "a jump"],
        ["round", (x) => Expr.round(x), 2.5, [2.5], "a jump"],
        ["rem", (x) => Expr.rem(x, 3), 6, [6, 3], "a jump"],
        ["max", (x) => Expr.max(x, 1), 1, [1, 1], "a tie"],
        ["min", (x) => Expr.min(1, x), 1, [1, 1], "a tie"],
        ["clamp", (x) => Expr.clamp(x, 0, 1), 1, [1, 0, 1], "a tie"],
        ["sqrt", (x) => Expr.sqrt(x), 0, [0], "a branch point"],
        ["sqrt", (x) => Expr.norm(Expr.stack([x, x])), 0, [0], "a branch point"],
        ["cbrt", (x) => Expr.cbrt(x), 0, [0], "a branch point"],
        ["log", (x) => Expr.log(x), 0, [0], "a branch point"],
        ["asin", (x) => Expr.asin(x), 1, [1], "a branch point"],
        ["acosh", (x) => Expr.acosh(x), 1, [1], "a branch point"],
        ["atanh", (x) => Expr.atanh(x), -1, [-1], "a branch point"],
        ["div", (x) => Expr.div(1, x), 0, [1, 0], "a pole"],
        ["lgamma", (x) => Expr.lgamma(x), -2, [-2], "a pole"],
        ["hypot", (x) => Expr.hypot(x, 0), 0, [0, 0], "the origin"],
        ["atan2", (x) => Expr.atan2(x, 0), 0, [0, 0], "the origin"]
      ]
    for (const [primitive, f, at, operands, reason] of cases) {
      it(`${primitive} at ${at}`, () => {
        const error = failure(Fn.make([], f), at)
        expect({ primitive: error.primitive, operands: error.operands, reason: error.reason }).toEqual({
          primitive,
          operands,
          reason
        })
        expect(error.site).toContain("complexStep.test.ts")
      })
    }

    it("says which element, and where in control flow", () => {
      const f = Fn.make([2, 3], (x) => Expr.map((row) => Expr.sum(Expr.abs(row)), x))
      const at = Tensor.make([
        [1, 2, 3],
        [4, 0, 5]
      ])
      expect(failure(f, at).message).toContain("abs(0) is not analytic: a corner at [1], in element 1 of map")
    })

    it("ties of maxima, singular matrices, eigenvectors", () => {
      expect(
        failure(
          Fn.make([3], (x) => Expr.reduceMax(x)),
          Tensor.make([1, 2, 2])
        ).reason
      ).toBe("a tie")
      const singular = Tensor.make([
        [1, 2],
        [2, 4]
      ])
      expect(
        failure(
          Fn.make([2, 2], (a) => Expr.inverse(a)),
          singular
        ).reason
      ).toBe("a singular matrix")
      expect(
        failure(
          Fn.make([2, 2], (a) => Expr.eigh(a)),
          singular
        ).primitive
      ).toBe("eigh")
    })

    it("ties of what varies alike, and elements that do not vary, are no obstacles", () => {
      expect(
        deviation(
          Fn.make([], (x) => Expr.max(x, Expr.mul(x, 1))),
          0
        )
      ).toBe(0)
      const others = Fn.make({ x: [], c: Type.index([2]) }, ({ c, x }) =>
        Expr.add(Expr.sum(Expr.abs(Expr.toReal(c))), x)
      )
      expect(deviation(others, { x: 1, c: Tensor.index([0, 1]) })).toBe(0)
    })
  })

  it("fails where the program fails", () => {
    const f = Fn.make([], (x) => Expr.checked.log(x))
    const result = Numeric.complexStep(f, -1)
    expect(Result.isFailure(result) && result.failure).toBeInstanceOf(Failure.DomainError)
    expect(Result.getOrThrow(Numeric.complexStep(f, 2)).value).toBe(0.5)
  })

  it("costs a few evaluations in which nothing is shared with the rules of derivatives", () => {
    const rules = Reverse.rules as { -readonly [K in keyof typeof Reverse.rules]: (typeof Reverse.rules)[K] }
    const { sin } = rules
    rules.sin = [(ct) => ct]
    const f = Fn.make([], (x) => Expr.sin(x))
    expect(Fn.runSync(Calculus.jacobian(f, { mode: "reverse" }), 1)).toBe(1)
    expect(Result.getOrThrow(Numeric.complexStep(f, 1)).value).toBe(Math.cos(1))
    rules.sin = sin
  })

  it("takes Tree.Any structures as they are", () => {
    const { value } = Result.getOrThrow(
      Numeric.complexStep(
        Fn.make({ x: [0] }, ({ x }) => Expr.sum(x)),
        { x: Tensor.zeros([0]) }
      )
    )
    expect(Tree.toTensors("test", { x: [0] }, value)[0]!.shape).toEqual([0])
  })
})
