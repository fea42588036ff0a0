import { Backend, Expr, Fn, type Shape, Tensor } from "@fluxion/core"
import { adam, chain, clipByGlobalNorm, momentum, Schedule, sgd, train, type TrainStep } from "@fluxion/optim"
import { Cause, Effect, Exit, Fiber, Stream } from "effect"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"
import { describe, expect, it } from "@effect/vitest"

const line = (count: number) => {
  const x = Float64Array.from({ length: count }, (_, i) => Math.sin(3 * i))
  return {
    x: Tensor.fromArray(x, [count]),
    y: Tensor.fromArray(
      x.map((x, i) => 2 + 3 * x + Math.cos(7 * i) / 10),
      [count]
    )
  }
}

interface Options {
  readonly count: number
  readonly epochs: number
  readonly batchSize?: number
  readonly seed?: number
  readonly shuffle?: boolean
  readonly rate?: number
}

const fit = ({ count, rate = 0.1, ...options }: Options) =>
  train({
    ...options,
    data: line(count),
    parameters: { bias: 0, slope: 0 },
    loss: (inputs) =>
      Fn.make(inputs, ({ batch: { x, y }, parameters: { bias, slope } }) =>
        Expr.mean(Expr.square(Expr.sub(Expr.add(bias, Expr.mul(slope, x)), y)))
      ),
    optimizer: momentum(rate)
  })

const collect = <A, E>(stream: Stream.Stream<A, E>) => Effect.runSync(Stream.runCollect(stream))

const options = fc.record({
  count: fc.integer({ min: 1, max: 40 }),
  epochs: fc.integer({ min: 1, max: 4 }),
  batchSize: fc.integer({ min: 1, max: 50 }),
  seed: fc.maxSafeInteger()
})

describe("train", () => {
  it("uses every example once an epoch, in whole batches and one smaller one", () => {
    fc.assert(
      fc.property(options, fc.boolean(), (options, shuffle) => {
        const { batchSize, count, epochs } = options
        const steps = collect(fit({ ...options, shuffle }))
        const batches = Math.ceil(count / batchSize)
        expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: epochs * batches }, (_, i) => i + 1))
        for (let epoch = 1; epoch <= epochs; epoch++) {
          const own = steps.filter((step) => step.epoch === epoch)
          expect(own.map(({ batch }) => batch)).toEqual(Array.from({ length: batches }, (_, i) => i + 1))
          own.slice(0, -1).forEach(({ examples }) => expect(examples.length).toBe(Math.min(batchSize, count)))
          const used = own.flatMap(({ examples }) => Array.from(examples))
          const inOrder = Array.from({ length: count }, (_, i) => i)
          expect(used.toSorted((a, b) => a - b)).toEqual(inOrder)
          if (!shuffle) expect(used).toEqual(inOrder)
        }
      }),
      { numRuns: 50 }
    )
  })

  it("is a function of its options: the same seed gives the same stream", () => {
    fc.assert(
      fc.property(options, (options) => {
        const stream = fit(options)
        const first = collect(stream)
        expect(collect(stream)).toEqual(first)
        expect(collect(fit(options))).toEqual(first)
      }),
      { numRuns: 20 }
    )
  })

  it.effect("has another order for another seed, and for another epoch", () =>
    Effect.gen(function* () {
      const orders = yield* Effect.forEach([0, 1, 2, -1, 2 ** 40], (seed) =>
        fit({ count: 30, epochs: 3, batchSize: 16, seed }).pipe(
          Stream.filter(({ batch }) => batch === 1),
          Stream.map(({ examples }) => examples.join()),
          Stream.runCollect
        )
      )
      expect(new Set(orders.flat()).size).toBe(15)
    })
  )

  it.effect("computes the loss of the batch it names, before the update", () =>
    Effect.gen(function* () {
      const data = line(11)
      let [bias, slope] = [0, 0]
      for (const { examples, gradientNorm, loss, parameters } of yield* Stream.runCollect(
        fit({ count: 11, epochs: 3, batchSize: 4 })
      )) {
        const residuals = Array.from(examples, (i) => bias + slope * data.x.data[i]! - data.y.data[i]!)
        const mean = (f: (residual: number, x: number) => number) =>
          residuals.reduce((sum, r, k) => sum + f(r, data.x.data[examples[k]!]!), 0) / residuals.length
        expect(loss).toBeCloseTo(
          mean((r) => r * r),
          13
        )
        expect(gradientNorm).toBeCloseTo(
          Math.hypot(
            mean((r) => 2 * r),
            mean((r, x) => 2 * r * x)
          ),
          13
        )
        bias = parameters.bias
        slope = parameters.slope
      }
    })
  )

  it.effect("200 steps on the line of 100 points reach the published figures", () =>
    Effect.gen(function* () {
      // The data of the lessons, y = 3x + 2 + 2 noise: mean squared error, all examples in each step, rate 0.001.
      const file = new URL("../../examples/data/linear-regression-100.csv", import.meta.url)
      const rows = readFileSync(file, "utf8").trim().split("\n").slice(1)
      const column = (i: number) =>
        Tensor.fromArray(
          rows.map((row) => Number(row.split(",")[i])),
          [rows.length]
        )
      const steps = yield* Stream.runCollect(
        train({
          data: { x: column(0), y: column(1) },
          parameters: { bias: 0, slope: 0 },
          loss: (inputs) =>
            Fn.make(inputs, ({ batch: { x, y }, parameters: { bias, slope } }) =>
              Expr.mean(Expr.square(Expr.sub(Expr.add(bias, Expr.mul(slope, x)), y)))
            ),
          optimizer: sgd(0.001),
          epochs: 200
        })
      )
      expect(steps).toHaveLength(200)
      expect(steps[0]!.loss.toFixed(8)).toBe("336.63495014")
      expect(steps[199]!.loss.toFixed(8)).toBe("4.08084700")
      expect(steps[199]!.parameters.bias.toFixed(8)).toBe("0.69622423")
      expect(steps[199]!.parameters.slope.toFixed(8)).toBe("3.17454627")
    })
  )

  it.effect("takes nested data of every element type, and any optimiser", () =>
    Effect.gen(function* () {
      const data = {
        features: [
          Tensor.make([
            [1, 2],
            [3, 4],
            [5, 6]
          ]),
          Tensor.make([1, 2, 3])
        ],
        label: Tensor.index([0, 1, 1]),
        known: Tensor.bool([true, false, true])
      } as const
      const steps = yield* Stream.runCollect(
        train({
          data,
          parameters: [Tensor.zeros([2]), { scores: Tensor.zeros([2]) }] as const,
          loss: (inputs) =>
            Fn.make(inputs, ({ batch: { features, known, label }, parameters: [w, { scores }] }) => {
              const value = Expr.add(Expr.matmul(features[0], w), Expr.mul(features[1], Expr.gather(scores, label)))
              return Expr.mean(Expr.select(known, Expr.square(Expr.sub(value, 1)), 0))
            }),
          optimizer: chain(clipByGlobalNorm(1), adam(Schedule.cosine(0.1, 60, { warmup: 5 }))),
          batchSize: 2,
          epochs: 30,
          seed: 5
        })
      )
      expect(steps).toHaveLength(60)
      expect(steps.at(-1)!.state[1].count).toBe(60)
      expect(Tensor.isTensor(steps.at(-1)!.parameters[1].scores)).toBe(true)
      const meanLoss = (from: number) => steps.slice(from, from + 2).reduce((sum, { loss }) => sum + loss, 0) / 2
      expect(meanLoss(58)).toBeLessThan(meanLoss(0) / 10)
    })
  )

  it.effect("compiles one program for whole batches, one for the rest, one for the state, once", () =>
    Effect.gen(function* () {
      const compiled: Array<number> = []
      const counting: Backend.Service = {
        ...Backend.interpreter,
        name: "counting",
        compile: (graph) => {
          compiled.push(graph.inputNodes.length)
          return Backend.interpreter.compile(graph)
        }
      }
      const drain = Effect.fnUntraced(function* (options: Options) {
        compiled.length = 0
        yield* Stream.runDrain(fit(options)).pipe(Effect.provide(Backend.layer(counting)))
        return compiled.length
      })
      expect(yield* drain({ count: 10, epochs: 5, batchSize: 4 })).toBe(3)
      expect(yield* drain({ count: 12, epochs: 5, batchSize: 4 })).toBe(2)
      expect(yield* drain({ count: 3, epochs: 5, batchSize: 4 })).toBe(2)
    })
  )

  it.effect("is lazy: it trains as far as it is consumed", () =>
    Effect.gen(function* () {
      let runs = 0
      const counting: Backend.Service = {
        ...Backend.interpreter,
        name: "counting",
        compile: (graph) =>
          Effect.map(Backend.interpreter.compile(graph), ({ execute }) =>
            Backend.executable(graph, (inputs) => {
              runs++
              return execute(inputs)
            })
          )
      }
      const three = Stream.take(fit({ count: 10, epochs: 1_000_000, batchSize: 1 }), 3)
      yield* Stream.runDrain(three).pipe(Effect.provide(Backend.layer(counting)))
      // Three steps and the first state.
      expect(runs).toBe(4)
    })
  )

  it.live("can be interrupted, and loses nothing of what it emitted", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const endless = Stream.runForEach(fit({ count: 10, epochs: Number.MAX_SAFE_INTEGER, batchSize: 3 }), ({ step }) =>
        Effect.sync(() => {
          seen.push(step)
        })
      )
      const fiber = yield* Effect.forkChild(endless)
      yield* Effect.sleep("50 millis")
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      expect(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)).toBe(true)
      expect(seen.length).toBeGreaterThan(0)
      expect(seen).toEqual(seen.map((_, i) => i + 1))
    })
  )

  it.effect("fails with TrainingDiverged after the last finite step", () =>
    Effect.gen(function* () {
      const emitted: Array<TrainStep<{ bias: readonly []; slope: readonly [] }, never>["step"]> = []
      const diverging = Stream.runForEach(fit({ count: 8, epochs: 10_000, rate: 1e30 }), ({ loss, parameters, step }) =>
        Effect.sync(() => {
          emitted.push(step)
          expect([loss, parameters.bias, parameters.slope].every(Number.isFinite)).toBe(true)
        })
      )
      const error = yield* Effect.flip(diverging)
      expect(error._tag).toBe("TrainingDiverged")
      if (error._tag !== "TrainingDiverged") return
      expect(error.step).toBe(emitted.length + 1)
      expect(error.epoch).toBe(error.step)
      expect(error.quantity).toBe("loss")
      expect(error.message).toBe(`training diverged at step ${error.step} (epoch ${error.step}): the loss is Infinity`)
    })
  )

  it.effect("names the gradient or the parameter that diverged", () =>
    Effect.gen(function* () {
      const diverge = (body: (p: Expr.Expr<readonly []>) => Expr.Expr<readonly []>, rate: number) =>
        Effect.flip(
          Stream.runDrain(
            train({
              data: Tensor.make([1, 2]),
              parameters: { p: 0 },
              loss: (inputs) => Fn.make(inputs, ({ parameters: { p } }) => body(p)),
              optimizer: sgd(rate),
              epochs: 1
            })
          )
        )
      expect((yield* diverge((p) => Expr.sqrt(p), 1)).message).toBe(
        "training diverged at step 1 (epoch 1): the gradient norm is Infinity (the loss is 0)"
      )
      expect((yield* diverge((p) => Expr.mul(1e300, p), 1e10)).message).toBe(
        "training diverged at step 1 (epoch 1): parameters.p became -Infinity (the loss was 0)"
      )
    })
  )

  describe("says what does not fit", () => {
    const fail = (data: { readonly x: Tensor.Tensor; readonly y: Tensor.Tensor }, options = {}) =>
      Effect.flip(
        Stream.runDrain(
          train({
            data,
            parameters: 0,
            loss: (inputs) => Fn.make(inputs, ({ parameters }) => Expr.square(parameters)),
            optimizer: sgd(0.1),
            epochs: 1,
            ...options
          })
        )
      )
    const any = (tensor: Tensor.Tensor): Tensor.Tensor<Shape.Shape> => tensor

    it.effect("in the data", () =>
      Effect.gen(function* () {
        const five = any(Tensor.zeros([5, 2]))
        const mismatch = yield* fail({ x: five, y: any(Tensor.zeros([4])) })
        expect(mismatch).toMatchObject({
          _tag: "ExampleCountMismatch",
          path: "y",
          count: 4,
          otherPath: "x",
          otherCount: 5
        })
        expect(mismatch.message).toContain("x has 5 along its leading axis, y has 4")
        expect(yield* fail({ x: five, y: any(Tensor.full([], 1)) })).toMatchObject({
          _tag: "NoExamples",
          path: "y",
          shape: []
        })
        const empty = any(Tensor.zeros([0, 3]))
        expect(yield* fail({ x: empty, y: empty })).toMatchObject({ _tag: "NoExamples", path: "x", shape: [0, 3] })
        expect(yield* fail({} as never)).toMatchObject({ _tag: "NoExamples", path: "" })
      })
    )

    it.effect.each([
      ["epochs", 0],
      ["epochs", 1.5],
      ["batchSize", 0],
      ["batchSize", NaN],
      ["seed", 0.5],
      ["seed", 2 ** 60]
    ] as const)("in the options: %s %d", ([option, value]) =>
      Effect.gen(function* () {
        const data = { x: any(Tensor.zeros([2])), y: any(Tensor.zeros([2])) }
        const error = yield* fail(data, { [option]: value })
        expect(error).toMatchObject({ _tag: "InvalidOption", option, actual: String(value) })
      })
    )
  })
})
