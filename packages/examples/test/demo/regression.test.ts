// Standardisation, gradients and training on the penguins; the constants are NumPy's (mean, std, linalg.lstsq).

import { Expr, Fn, Tensor } from "@fluxion/core"
import { Context, Effect, Layer, Result, Stream } from "effect"
import { describe, expect, it, layer } from "@effect/vitest"
import * as Dataset from "../../src/demo/Dataset.ts"
import * as GradientComparison from "../../src/demo/GradientComparison.ts"
import * as LeastSquares from "../../src/demo/LeastSquares.ts"
import { objective } from "../../src/demo/LinearRegression.ts"
import * as Penguins from "../../src/demo/Penguins.ts"
import { type Standardised, standardise, toOriginalUnits } from "../../src/demo/Standardisation.ts"
import * as Training from "../../src/demo/Training.ts"
import { nodeServices } from "../../src/internal/node.ts"

const numpy = {
  means: [43.99279279279281, 17.164864864864867, 200.96696696696696],
  deviations: [5.460450955071463, 1.966276430148241, 13.994704772576718],
  target: { mean: 4207.057057057057, deviation: 804.0058601595629 },
  standard: [0, 0.022363660870482242, 0.043620671254176645, 0.8835769508255146],
  original: [-6445.476043030209, 3.29286253872295, 17.83639104589607, 50.76213167123734],
  loss: 0.2360633218830707
}

const close = (actual: number, expected: number, relative: number) =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.max(1, Math.abs(expected)))

/** The penguins, standardised. */
class Standard extends Context.Service<Standard, Standardised>()("test/Standard") {
  static readonly layer = Layer.effect(
    Standard,
    Effect.map(Dataset.load(Penguins.source, { target: "body_mass_g", onMalformed: "stop" }), ({ dataset }) =>
      standardise(dataset)
    )
  ).pipe(Layer.provide(nodeServices))
}

layer(Standard.layer)("the penguins", (it) => {
  describe("standardise", () => {
    it.effect("has NumPy's means and standard deviations", () =>
      Effect.gen(function* () {
        const standard = yield* Standard
        standard.features.forEach(({ deviation, mean }, k) => {
          close(mean, numpy.means[k]!, 1e-13)
          close(deviation, numpy.deviations[k]!, 1e-13)
        })
        close(standard.target.mean, numpy.target.mean, 1e-13)
        close(standard.target.deviation, numpy.target.deviation, 1e-13)
      })
    )

    it.effect("has mean 0 and standard deviation 1", () =>
      Effect.gen(function* () {
        const standard = yield* Standard
        const again = standardise({ file: "", features: [], target: "", x: standard.x, y: standard.y })
        for (const { deviation, mean } of [...again.features, again.target]) {
          close(mean, 0, 1e-14)
          close(deviation, 1, 1e-14)
        }
      })
    )
  })

  describe("least squares", () => {
    it.effect("has NumPy's coefficients in both units, and its loss", () =>
      Effect.gen(function* () {
        const standard = yield* Standard
        const [bias, ...weights] = Result.getOrThrow(LeastSquares.solve(standard.x, standard.y))
        ;[bias!, ...weights].forEach((c, k) => close(c, numpy.standard[k]!, 1e-13))
        const parameters = { bias: bias!, weights: Tensor.fromArray(weights, [3]) }
        const { intercept, slopes } = toOriginalUnits(standard, parameters)
        ;[intercept, ...slopes].forEach((c, k) => close(c, numpy.original[k]!, 1e-12))
        close(Fn.runSync(objective(standard.x, standard.y), parameters), numpy.loss, 1e-14)
      })
    )
  })

  describe("compare", () => {
    it.effect("finds forward mode = reverse mode to 1e-12 and = central differences to 1e-6, for any seed", () =>
      Effect.gen(function* () {
        const standard = yield* Standard
        for (let seed = 0; seed < 20; seed++) {
          const at = yield* Training.initialParameters(3, seed)
          const rows = GradientComparison.compare(objective(standard.x, standard.y), ["a", "b", "c"], at)
          expect(rows.map(({ parameter }) => parameter)).toEqual(["a", "b", "c", "(intercept)"])
          for (const row of rows) {
            expect(row.forwardToReverse).toBeLessThanOrEqual(1e-12)
            expect(row.reverseToCentral).toBeLessThanOrEqual(1e-6)
          }
          // Three witnesses, not one: differences of values round in a way of their own.
          expect(rows.some(({ central, reverse }) => central !== reverse)).toBe(true)
          // The derivative in the intercept by hand: features and target have mean 0.
          close(rows[3]!.reverse, 2 * at.bias, 1e-13)
        }
      })
    )

    it.effect("takes the central column from values alone", () =>
      Effect.gen(function* () {
        const standard = yield* Standard
        // The gradient of a constant on one side: a program that stops gradients, with the same values.
        const at = { weights: Tensor.make([0.5, -0.25, 0.75]), bias: 0.125 }
        const loss = objective(standard.x, standard.y)
        const stopped = Fn.make({ weights: [3] as readonly [number], bias: [] }, (parameters) =>
          Expr.stopGradient(Fn.apply(loss, parameters))
        )
        const [flowing, blocked] = [loss, stopped].map((f) => GradientComparison.compare(f, ["a", "b", "c"], at))
        expect(blocked!.map(({ forward, reverse }) => [forward, reverse])).toEqual(flowing!.map(() => [0, 0]))
        expect(blocked!.map(({ central }) => central)).toEqual(flowing!.map(({ central }) => central))
      })
    )

    it("measures differences relative to the larger", () => {
      expect(GradientComparison.relativeDifference(4, 5)).toBe(0.2)
      expect(GradientComparison.relativeDifference(-1, 1)).toBe(2)
      expect(GradientComparison.relativeDifference(0, 0)).toBe(0)
    })
  })

  describe("steps", () => {
    const options = { epochs: 40, batchSize: 16, rate: 0.02, seed: 3 }
    const run = Effect.fnUntraced(function* (overrides: Partial<Training.Options> = {}) {
      const standard = yield* Standard
      const initial = yield* Training.initialParameters(3, 3)
      return yield* Stream.runCollect(Training.steps(standard, initial, { ...options, ...overrides }))
    })

    it.effect("visits every row once an epoch, and measures all data at first, now and then, and at last", () =>
      Effect.gen(function* () {
        const steps = yield* run()
        expect(steps.length).toBe(40 * 21)
        expect(steps.filter(({ endsEpoch }) => endsEpoch).map(({ step }) => step)).toEqual(
          Array.from({ length: 40 }, (_, k) => 21 * (k + 1))
        )
        expect(steps.slice(0, 16).every(({ loss }) => loss !== undefined)).toBe(true)
        expect(steps.at(-1)!.loss).toBeDefined()
        expect(steps.filter(({ loss }) => loss !== undefined).length).toBeLessThan(steps.length / 2)
      })
    )

    it.effect("comes near the least possible loss", () =>
      Effect.gen(function* () {
        const { loss } = (yield* run()).at(-1)!
        expect(loss! - numpy.loss).toBeGreaterThan(0)
        expect(loss! - numpy.loss).toBeLessThan(1e-3)
      })
    )

    it.effect("is the same for the same seed, and another for another", () =>
      Effect.gen(function* () {
        const end = (overrides: Partial<Training.Options>) =>
          Effect.map(run({ epochs: 2, ...overrides }), (steps) => String(steps.at(-1)!.parameters.weights))
        expect(yield* end({})).toBe(yield* end({}))
        expect(yield* end({ seed: 4 })).not.toBe(yield* end({}))
      })
    )

    it.effect("fails when the rate is too large, and says so", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(run({ rate: 50 }))
        expect(error).toMatchObject({ _tag: "TrainingDiverged" })
        expect(error.message).toMatch(/^training diverged at step \d+ \(epoch \d+\): /)
      })
    )
  })
})

describe("usualEpochs", () => {
  it("makes about 6000 updates, in 5 to 500 epochs", () => {
    expect(Training.usualEpochs(333, 16)).toBe(286)
    expect(Training.usualEpochs(10, 16)).toBe(500)
    expect(Training.usualEpochs(1_000_000, 16)).toBe(5)
  })
})
