import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect } from "effect"
import { afterEach, describe, expect, it } from "@effect/vitest"

describe("checkGradient", () => {
  it.effect("finds a right gradient right, entry by entry", () =>
    Effect.gen(function* () {
      const f = Fn.make({ w: [2, 2], b: [2] }, ({ b, w }) => Expr.sum(Expr.tanh(Expr.add(Expr.matmul(w, b), b))))
      const report = yield* Calculus.checkGradient(f, {
        w: Tensor.make([
          [1, 2],
          [0.5, -1]
        ]),
        b: Tensor.make([0.2, -0.4])
      })
      expect(report.verdict).toBe("correct")
      expect(report.entries.map(({ index, path }) => `${path}${JSON.stringify(index)}`)).toEqual([
        "w[0,0]",
        "w[0,1]",
        "w[1,0]",
        "w[1,1]",
        "b[0]",
        "b[1]"
      ])
      for (const entry of report.entries) {
        expect(entry.forward!).toBeCloseTo(entry.reverse, 14)
        expect(entry.relativeError).toBeLessThan(1e-9)
        expect(entry.numericError).toBeLessThan(1e-9)
        expect(entry.kink).toBeUndefined()
      }
    })
  )

  it.effect("the Huber loss at -1, 0.5, 2, 2.5, 5", () =>
    Effect.gen(function* () {
      const huber = Fn.make({ r: [5] }, ({ r }) => Expr.sum(Expr.huber(r, 2)))
      const report = yield* Calculus.checkGradient(huber, { r: Tensor.make([-1, 0.5, 2, 2.5, 5]) })
      expect(report.verdict).toBe("correct")
      expect(report.entries.map(({ reverse }) => reverse)).toEqual([-1, 0.5, 2, 2, 2])
    })
  )

  it.effect("names kinks, and takes any common slope between both sides", () =>
    Effect.gen(function* () {
      const f = Fn.make({ x: [4] }, ({ x }) => Expr.sum(Expr.add(Expr.relu(x), Expr.abs(x))))
      const report = yield* Calculus.checkGradient(f, { x: Tensor.make([0, 1, -1, 0]) })
      expect(report.verdict).toBe("correct")
      for (const [i, { kink }] of report.entries.entries()) {
        if (i === 1 || i === 2) expect(kink).toBeUndefined()
        else expect([kink?.left.toFixed(9), kink?.right.toFixed(9)]).toEqual(["-1.000000000", "2.000000000"])
      }
    })
  )

  it.effect("checks a program that supports reverse mode only by that", () =>
    Effect.gen(function* () {
      const quotient = Fn.make({ a: [], b: [] }, ({ a, b }) => Expr.div(a, b))
      const byHand = (sign: number) =>
        Expr.customVjp(quotient, ({ cotangents, outputs, primals: { b } }) => ({
          a: Expr.div(cotangents, b),
          b: Expr.mul(sign, Expr.div(Expr.mul(cotangents, outputs), b))
        }))
      expect((yield* Calculus.checkGradient(byHand(-1), { a: 3, b: 2 })).verdict).toBe("correct")
      const report = yield* Calculus.checkGradient(byHand(1), { a: 3, b: 2 })
      expect(report.entries.map(({ forward, verdict }) => [forward, verdict])).toEqual([
        [undefined, "correct"],
        [undefined, "wrong"]
      ])
      expect(Calculus.renderGradientReport(report).split("\n")[2]).toMatch(
        /^b +none +0\.75000000 +-0\.7500000\d+ .* wrong$/
      )
    })
  )

  it.effect("suspects where there is no witness", () =>
    Effect.gen(function* () {
      const report = yield* Calculus.checkGradient(
        Fn.make({ x: [] }, ({ x }) => Expr.sqrt(x)),
        { x: 0 }
      )
      expect(report.verdict).toBe("suspect")
      expect(report.entries[0]?.reverse).toBe(Infinity)
    })
  )

  it.effect("allows for noise, but does not call what it cannot see correct", () =>
    Effect.gen(function* () {
      const noisy = Fn.make({ x: [] }, ({ x }) => Expr.sub(Expr.add(1e12, Expr.sin(x)), 1e12))
      const report = yield* Calculus.checkGradient(noisy, { x: 1 })
      expect(report.verdict).toBe("suspect")
      expect(report.entries[0]!.numericError).toBeGreaterThan(1e-5)
    })
  )

  describe("with a wrong rule", () => {
    const rules = Reverse.rules as { -readonly [K in keyof typeof Reverse.rules]: (typeof Reverse.rules)[K] }
    const { sin } = rules
    afterEach(() => {
      rules.sin = sin
    })
    const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.add(Expr.sin(x), Expr.mul(x, y)))

    it.effect("points at the entry", () =>
      Effect.gen(function* () {
        rules.sin = [(ct, { operands: [x], ops }) => ops.mul(ct, ops.neg(ops.cos(x)))]
        const report = yield* Calculus.checkGradient(f, { x: 0.5, y: 2 })
        expect(report.verdict).toBe("wrong")
        expect(report.entries.map(({ verdict }) => verdict)).toEqual(["wrong", "correct"])
      })
    )

    it.effect("suspects an error between the thresholds", () =>
      Effect.gen(function* () {
        rules.sin = [(ct, { operands: [x], ops }) => ops.mul(ct, ops.mul(1 + 3e-6, ops.cos(x)))]
        expect((yield* Calculus.checkGradient(f, { x: 0.5, y: 2 })).verdict).toBe("suspect")
        expect((yield* Calculus.checkGradient(f, { x: 0.5, y: 2 }, { correct: 1e-4, wrong: 1e-3 })).verdict).toBe(
          "correct"
        )
        expect((yield* Calculus.checkGradient(f, { x: 0.5, y: 2 }, { wrong: 5e-7 })).verdict).toBe("wrong")
      })
    )
  })

  it.effect("renders as a table", () =>
    Effect.gen(function* () {
      const f = Fn.make({ x: [], y: [2] }, ({ x, y }) => Expr.mul(Expr.abs(x), Expr.sum(y)))
      const text = Calculus.renderGradientReport(yield* Calculus.checkGradient(f, { x: 0, y: Tensor.make([1, 2]) }))
      expect(text.split("\n").map((line) => line.split(/ {2,}/)[0])).toEqual(["entry", "x", "y[0]", "y[1]"])
      expect(text).toContain("kink: -3.0000000 from the left, 3.0000000 from the right")
    })
  )
})
