import { Expr, Fn } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { InvalidOption, Schedule } from "@fluxion/optim"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

describe("cosine", () => {
  it("follows its formula at every count", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 1000 }),
        fc.nat(),
        fc.nat({ max: 1500 }),
        (initial, final, steps, w, count) => {
          const warmup = w % steps
          const rate = Fn.runSync(Schedule.cosine(initial, steps, { warmup, final }), count)
          const angle = (Math.PI * Math.min(1, (count - warmup) / (steps - warmup))) / 2
          // cos² is an equivalent of (1 + cos) / 2.
          const expected =
            count < warmup ? (initial * (count + 1)) / (warmup + 1) : final + (initial - final) * Math.cos(angle) ** 2
          expect(Math.abs(rate - expected)).toBeLessThanOrEqual(1e-15 * Math.max(initial, final) * 4)
        }
      )
    )
  })

  it("starts at the initial value, is half way in the middle, and stays at the final one", () => {
    const rate = Schedule.cosine(1, 100, { final: 0.5 })
    expect([0, 50, 100, 101, 1e9].map((count) => Fn.runSync(rate, count))).toEqual([1, 0.75, 0.5, 0.5, 0.5])
  })

  it("grows linearly without a step of rate 0, and is continuous", () => {
    const rate = Schedule.cosine(1, 10, { warmup: 4 })
    expect([0, 1, 2, 3, 4].map((count) => Fn.runSync(rate, count))).toEqual([0.2, 0.4, 0.6, 0.8, 1])
  })

  it("takes expressions, and differentiates with respect to them", () => {
    const f = Fn.make({ initial: [], count: [] }, ({ count, initial }) =>
      Fn.apply(Schedule.cosine(initial, 10, { warmup: 4 }), count)
    )
    const slope = Reverse.grad(f, { wrt: ["initial"] })
    expect(Fn.runSync(slope, { initial: 3, count: 1 })).toEqual({ initial: 0.4 })
    expect(Fn.runSync(slope, { initial: 3, count: 7 }).initial).toBeCloseTo(0.5, 15)
    const final = Fn.make([], (x) => Fn.apply(Schedule.cosine(1, 10, { final: Expr.square(x) }), 10))
    expect(Fn.runSync(Reverse.grad(final), 3)).toBe(6)
  })

  it("refuses steps and warm-ups that are none", () => {
    for (const steps of [0, -1, 1.5, NaN, Infinity]) expect(() => Schedule.cosine(1, steps)).toThrow(InvalidOption)
    for (const warmup of [-1, 0.5, 10, NaN]) {
      expect(() => Schedule.cosine(1, 10, { warmup })).toThrow(
        `Schedule.cosine: warmup must be a non-negative integer below the 10 steps, got ${warmup}`
      )
    }
  })
})

describe("constant", () => {
  it("does not change", () => {
    expect([0, 1, 1e6].map((count) => Fn.runSync(Schedule.constant(0.3), count))).toEqual([0.3, 0.3, 0.3])
  })
})
