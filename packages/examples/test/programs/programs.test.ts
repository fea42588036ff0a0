// The figures of every example. What an example prints goes to the test console: it is not of interest here.

import { Fn, Tensor } from "@fluxion/core"
import { Effect } from "effect"
import { describe, expect, it } from "@effect/vitest"
import * as dualNumbers from "../../src/programs/dual-numbers.ts"
import * as gradient from "../../src/programs/gradient.ts"
import * as gradientCheck from "../../src/programs/gradient-check.ts"
import * as gradientDescent from "../../src/programs/gradient-descent.ts"
import * as huber from "../../src/programs/huber.ts"
import * as lineFit from "../../src/programs/line-fit.ts"
import * as softmax from "../../src/programs/softmax.ts"

describe("gradient", () => {
  it.effect("is 0.85 with gradient (1.6, 2.0)", () =>
    Effect.gen(function* () {
      const { gradient: slopes, value } = yield* gradient.example.main
      expect(value).toBeCloseTo(0.85, 15)
      expect(slopes).toEqual({ c: 1.6, d: 2 })
    })
  )
})

describe("dual-numbers", () => {
  it.effect("is 9 with derivative 12 in every way", () =>
    Effect.gen(function* () {
      expect(yield* dualNumbers.example.main).toEqual({
        dual: { primal: 9, tangent: 12 },
        value: 9,
        forward: 12,
        reverse: 12
      })
    })
  )
})

describe("gradient-check", () => {
  it.effect("is (-2.91901361, -4.72563395) at (0, 0)", () =>
    Effect.gen(function* () {
      const { entries, verdict } = yield* gradientCheck.example.main
      expect(verdict).toBe("correct")
      expect(entries.map(({ path }) => path)).toEqual(["bias", "slope"])
      const expected = [-2.91901361, -4.72563395]
      entries.forEach(({ forward, numeric, reverse }, k) => {
        for (const derivative of [forward, reverse, numeric]) expect(derivative).toBeCloseTo(expected[k]!, 8)
        expect(Math.abs(forward! - reverse)).toBeLessThanOrEqual(1e-12 * Math.abs(reverse))
      })
    })
  )
})

describe("huber", () => {
  it.effect("has the prediction itself as gradient, cut off at -1 and 1", () =>
    Effect.gen(function* () {
      const results = yield* huber.example.main
      expect(results.map(({ prediction }) => prediction)).toEqual([-1, 0.5, 2, 2.5, 5])
      expect(results.map(({ loss }) => loss)).toEqual([0.5, 0.125, 1.5, 2, 4.5])
      for (const { forward, kink, numeric, numericError, prediction, reverse, verdict } of results) {
        const expected = Math.max(-1, Math.min(1, prediction))
        expect([forward, reverse]).toEqual([expected, expected])
        expect(Math.abs(numeric - expected)).toBeLessThanOrEqual(Math.max(1e-9, 2 * numericError))
        expect(kink).toBeUndefined()
        expect(verdict).toBe("correct")
      }
      // At -1 the parabola's side is taken.
      expect(results.map(({ curvature }) => curvature)).toEqual([1, 1, 0, 0, 0])
    })
  )
})

describe("gradient-descent", () => {
  it.effect("leaves 0.8 of x and 0.4 of y at each step, and converges", () =>
    Effect.gen(function* () {
      const { end, path } = yield* gradientDescent.example.main
      expect(path.length).toBe(6)
      for (const { parameters, step, value } of path) {
        const [x, y] = [4 * 0.8 ** step, 3 * 0.4 ** step]
        expect(parameters.x).toBeCloseTo(x, 14)
        expect(parameters.y).toBeCloseTo(y, 14)
        expect(value).toBeCloseTo(x * x + 3 * y * y, 12)
      }
      expect(end.reason._tag).toBe("Converged")
      // The first k at which |(2 · 4 · 0.8ᵏ, 6 · 3 · 0.4ᵏ)| ≤ 1e-8.
      expect(end.steps).toBe(Math.ceil(Math.log(1e-8 / 8) / Math.log(0.8)))
    })
  )
})

describe("line-fit", () => {
  it.effect("goes from loss 336.6350 to 4.0808, at bias 0.6962 and slope 3.1745", () =>
    Effect.gen(function* () {
      const { bias, losses, slope } = yield* lineFit.example.main
      expect(losses.length).toBe(200)
      expect(losses[0]).toBeCloseTo(336.63495014, 8)
      expect(losses[199]).toBeCloseTo(4.080847, 8)
      expect(bias).toBeCloseTo(0.69622423, 8)
      expect(slope).toBeCloseTo(3.17454627, 8)
    })
  )
})

describe("softmax", () => {
  it.effect("has the gradient softmax minus one-hot", () =>
    Effect.gen(function* () {
      const results = yield* softmax.example.main
      expect(results.length).toBe(2)
      for (const { expected, gradient, logits, loss } of results) {
        const exponentials = Array.from(logits.data, (z) => Math.exp(z - Math.max(...logits.data)))
        const total = exponentials.reduce((a, b) => a + b, 0)
        expect(loss).toBeCloseTo(-Math.log(exponentials[0]! / total), 12)
        exponentials.forEach((e, k) => {
          expect(gradient.data[k]).toBeCloseTo(e / total - (k === 0 ? 1 : 0), 14)
          expect(expected.data[k]).toBeCloseTo(e / total - (k === 0 ? 1 : 0), 14)
        })
      }
    })
  )

  it("holds for any logits", () => {
    const logits = Tensor.make([-3, 0.25, 7])
    expect(Fn.runSync(softmax.softmaxMinusOneHot, { logits }).shape).toEqual([3])
  })
})
