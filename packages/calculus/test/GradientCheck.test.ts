import * as Calculus from "@fluxion/calculus"
import { Expr, Failure, Fn, Tensor, Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
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

  describe("names what is on the border of two pieces", () => {
    const scalar = (f: (x: Expr.Expr<readonly []>) => Expr.Expr<readonly []>) => Fn.make({ x: [] }, ({ x }) => f(x))
    const cases: ReadonlyArray<
      readonly [
        name: string,
        f: (x: Expr.Expr<readonly []>) => Expr.Expr<readonly []>,
        at: number,
        primitive: string,
        operands: ReadonlyArray<number>,
        slopes: readonly [number, number],
        jump?: readonly [number, number]
      ]
    > = [
      ["relu", (x) => Expr.relu(x), 0, "relu", [0], [0, 1]],
      ["abs", (x) => Expr.abs(Expr.sub(x, 1)), 1, "abs", [0], [-1, 1]],
      ["a tie of max", (x) => Expr.max(x, Expr.mul(3, Expr.sub(x, 2))), 3, "max", [3, 3], [1, 3]],
      ["a tie of min", (x) => Expr.min(x, 1), 1, "min", [1, 1], [1, 0]],
      [
        "a tie of reduceMax",
        (x) => Expr.reduceMax(Expr.stack([x, 2, Expr.neg(x)])),
        2,
        "reduceMax",
        [2, 2, -2],
        [0, 1]
      ],
      ["the lower edge of clamp", (x) => Expr.clamp(x, 0, 1), 0, "clamp", [0, 0, 1], [0, 1]],
      ["the upper edge of clamp", (x) => Expr.clamp(x, 0, 1), 1, "clamp", [1, 0, 1], [1, 0]],
      ["norm", (x) => Expr.norm(Expr.stack([x, Expr.mul(x, x)])), 0, "sqrt", [0], [-1, 1]],
      ["hypot", (x) => Expr.hypot(x, 0), 0, "hypot", [0, 0], [-1, 1]],
      ["sign", (x) => Expr.sign(x), 0, "sign", [0], [0, 0], [1, 1]],
      ["floor", (x) => Expr.mul(x, Expr.floor(x)), 2, "floor", [2], [1, 2], [2, 0]],
      ["ceil", (x) => Expr.add(x, Expr.ceil(x)), 2, "ceil", [2], [1, 1], [0, 1]],
      ["round", (x) => Expr.round(x), 2.5, "round", [2.5], [0, 0], [0, 1]],
      ["a comparison", (x) => Expr.select(Expr.lt(x, 1), Expr.neg(x), Expr.sub(x, 2)), 1, "lt", [1, 1], [-1, 1]],
      [
        "a comparison that jumps",
        (x) => Expr.select(Expr.ge(x, 1), Expr.mul(2, x), 5),
        1,
        "ge",
        [1, 1],
        [0, 2],
        [-3, 0]
      ],
      [
        "a branch",
        (x) =>
          Expr.cond(
            Expr.gt(x, 0),
            () => Expr.sin(x),
            () => Expr.mul(3, x)
          ),
        0,
        "gt",
        [0, 0],
        [3, 1]
      ],
      [
        "the number of iterations",
        (x) =>
          Expr.whileLoop(
            (v) => Expr.lt(v, 8),
            (v) => Expr.mul(v, 2),
            x
          ),
        1,
        "lt",
        [8, 8],
        [16, 8],
        [-8, 0]
      ],
      ["an element of a map", (x) => Expr.sum(Expr.map((v) => Expr.abs(v), Expr.stack([1, x]))), 0, "abs", [0], [-1, 1]]
    ]
    for (const [name, f, at, primitive, operands, [left, right], jump] of cases) {
      it.effect(name, () =>
        Effect.gen(function* () {
          const { entries, verdict } = yield* Calculus.checkGradient(scalar(f), { x: at })
          const { kink } = entries[0]!
          expect(kink?.at.map((border) => [border.primitive, border.operands])).toEqual([[primitive, operands]])
          expect(kink?.at[0]?.site).toContain("GradientCheck.test.ts")
          expect(kink?.left).toBeCloseTo(left, 6)
          expect(kink?.right).toBeCloseTo(right, 6)
          if (jump === undefined) expect(kink?.jump).toBeUndefined()
          else {
            expect(kink?.jump?.left).toBeCloseTo(jump[0], 6)
            expect(kink?.jump?.right).toBeCloseTo(jump[1], 6)
          }
          expect(verdict).toBe("correct")
        })
      )
    }

    it.effect("and points where no slope is bounded", () =>
      Effect.gen(function* () {
        for (const [f, primitive] of [
          [(x: Expr.Expr<readonly []>) => Expr.sqrt(x), "sqrt"],
          [(x: Expr.Expr<readonly []>) => Expr.log(x), "log"],
          [(x: Expr.Expr<readonly []>) => Expr.div(1, x), "div"]
        ] as const) {
          const { entries } = yield* Calculus.checkGradient(scalar(f), { x: 0 })
          expect(entries[0]?.kink?.at.map((border) => border.primitive)).toEqual([primitive])
          expect(entries[0]?.kink).toMatchObject({ left: Number.NaN, right: Number.NaN, jump: undefined })
        }
      })
    )

    it.effect("but nothing where pieces meet smoothly, or beside the point", () =>
      Effect.gen(function* () {
        for (const [f, at] of [
          [(x: Expr.Expr<readonly []>) => Expr.huber(x, 2), 2],
          [(x: Expr.Expr<readonly []>) => Expr.square(Expr.relu(x)), 0],
          [(x: Expr.Expr<readonly []>) => Expr.max(x, x), 1],
          [(x: Expr.Expr<readonly []>) => Expr.abs(x), 1e-3],
          [(x: Expr.Expr<readonly []>) => Expr.select(Expr.lt(x, 1), Expr.sin(x), Expr.sin(x)), 1]
        ] as const) {
          const { entries, verdict } = yield* Calculus.checkGradient(scalar(f), { x: at })
          expect(entries[0]?.kink).toBeUndefined()
          expect(verdict).toBe("correct")
        }
      })
    )

    it.effect("each entry its own", () =>
      Effect.gen(function* () {
        const f = Fn.make({ x: [2, 2] }, ({ x }) => Expr.sum(Expr.map((row) => Expr.sum(Expr.relu(row)), x)))
        const { entries } = yield* Calculus.checkGradient(f, {
          x: Tensor.make([
            [1, 0],
            [0, -1]
          ])
        })
        expect(entries.map(({ kink }) => kink?.at.map(({ index, path }) => [index, path[0]?.index]))).toEqual([
          undefined,
          [[[1], 0]],
          [[[0], 1]],
          undefined
        ])
      })
    )
  })

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
      const second = yield* Calculus.checkGradient(byHand(-1), { a: 3, b: 2 }, { order: 2 })
      expect(second.verdict).toBe("correct")
      expect(second.entries[1]?.derivatives).toEqual([{ modes: ["reverse", "reverse"], value: -0.25 }])
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

  describe("of higher order", () => {
    const f = Fn.make({ x: [], w: [2] }, ({ w, x }) =>
      Expr.mul(Expr.sin(x), Expr.exp(Expr.sum(Expr.mul(w, Expr.stack([x, 0.5])))))
    )
    const at = { x: 0.4, w: Tensor.make([0.3, -0.7]) }

    it.effect("checks each index by nested modes against differences of the order before", () =>
      Effect.gen(function* () {
        const report = yield* Calculus.checkGradient(f, at, { order: 3 })
        expect(report.verdict).toBe("correct")
        expect(report.order).toBe(3)
        expect(report.gradient).toEqual(yield* Calculus.checkGradient(f, at))
        expect(report.entries.map(({ coordinates }) => coordinates.length)).toEqual([
          ...Array.from({ length: 9 }, () => 2),
          ...Array.from({ length: 27 }, () => 3)
        ])
        const [, second] = report.entries
        expect(second?.coordinates).toEqual([
          { path: "x", index: [] },
          { path: "w", index: [0] }
        ])
        expect(second?.derivatives.map(({ modes }) => modes.join(" over "))).toEqual([
          "forward over forward",
          "forward over reverse",
          "reverse over forward",
          "reverse over reverse"
        ])
        const hessian = Fn.runSync(Calculus.hessian(f), at)
        for (const { value } of second!.derivatives) expect(value).toBeCloseTo(hessian.x.w.data[0]!, 13)
        for (const entry of report.entries) {
          expect(entry.relativeError).toBeLessThan(1e-7)
          expect(entry.numericError).toBeLessThan(1e-8)
          expect(entry.kink).toBeUndefined()
        }
      })
    )

    it.effect("order 1 is the check of the gradient", () =>
      Effect.gen(function* () {
        expect(yield* Calculus.checkGradient(f, at, { order: 1 })).toEqual(yield* Calculus.checkGradient(f, at))
      })
    )

    it.effect("names kinks of derivatives", () =>
      Effect.gen(function* () {
        const g = Fn.make({ r: [2] }, ({ r }) => Expr.sum(Expr.huber(r, 2)))
        const { entries, gradient, verdict } = yield* Calculus.checkGradient(
          g,
          { r: Tensor.make([2, 0.5]) },
          { order: 2 }
        )
        expect(gradient.entries.map(({ kink }) => kink)).toEqual([undefined, undefined])
        expect(entries.map(({ kink }) => kink?.at.map(({ primitive }) => primitive))).toEqual([
          ["le"],
          undefined,
          undefined,
          undefined
        ])
        expect(entries[0]?.kink?.left).toBeCloseTo(1, 8)
        expect(entries[0]?.kink?.right).toBeCloseTo(0, 8)
        expect(verdict).toBe("correct")
      })
    )

    it.effect("sees a derivative whose own derivative is wrong", () =>
      Effect.gen(function* () {
        const rules = Forward.rules as { -readonly [K in keyof typeof Forward.rules]: (typeof Forward.rules)[K] }
        const { cos } = rules
        rules.cos = [(t, { operands: [x], ops }) => ops.mul(t, ops.sin(x))]
        const report = yield* Calculus.checkGradient(
          Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(Expr.sin(x), y)),
          { x: 0.5, y: 2 },
          { order: 2 }
        )
        rules.cos = cos
        expect(report.gradient.verdict).toBe("correct")
        expect(report.verdict).toBe("wrong")
        expect(report.entries.map(({ verdict }) => verdict)).toEqual(["wrong", "correct", "correct", "correct"])
      })
    )

    it.effect("leaves out inputs that are not real, and reports failures", () =>
      Effect.gen(function* () {
        const g = Fn.make({ x: [3], i: Type.index([]) }, ({ i, x }) => Expr.checked.log(Expr.gather(x, i)))
        const report = yield* Calculus.checkGradient(g, { x: Tensor.make([1, 2, 3]), i: 1 }, { order: 2 })
        expect(report.entries.length).toBe(9)
        expect(report.entries[4]?.numeric).toBeCloseTo(-0.25, 9)
        expect(report.verdict).toBe("correct")
        const failed = yield* Calculus.checkGradient(g, { x: Tensor.make([1, -2, 3]), i: 1 }, { order: 2 }).pipe(
          Effect.flip
        )
        expect(failed).toBeInstanceOf(Failure.DomainError)
      })
    )

    it.effect("renders a table for each order", () =>
      Effect.gen(function* () {
        const g = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(Expr.square(x), y))
        const text = Calculus.renderGradientReport(yield* Calculus.checkGradient(g, { x: 1, y: 2 }, { order: 3 }))
        const tables = text.split("\n\n").map((table) => table.split("\n").map((line) => line.split(/ {2,}/)))
        expect(tables.map((lines) => lines.length)).toEqual([3, 5, 9])
        expect(tables[1]![0]).toEqual(["entry", "ff", "fr", "rf", "rr", "numeric", "relative", "verdict"])
        expect(tables[2]![2]![0]).toBe("x, x, y")
        expect(tables[2]![2]!.slice(1, 6)).toEqual(Array.from({ length: 5 }, () => "2.0000000"))
      })
    )
  })
})
