import { Backend, Expr, Fn, Tensor } from "@fluxion/core"
import { adam, InvalidOption, iterates, minimize, momentum, Schedule, sgd, StopReason } from "@fluxion/optim"
import { Cause, Effect, Exit, Fiber, Stream } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "@effect/vitest"

const bowl = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.add(Expr.square(x), Expr.mul(3, Expr.square(y))))
const start = { x: 4, y: 3 }

describe("minimize", () => {
  it.effect("gradient descent on x² + 3y² from (4, 3) follows its closed form", () =>
    Effect.gen(function* () {
      for (const steps of [0, 1, 2, 10, 50]) {
        const result = yield* minimize(bowl, { start, optimizer: sgd(0.1), maxSteps: steps })
        // Each step multiplies x by 1 - 2r and y by 1 - 6r.
        const [x, y] = [4 * 0.8 ** steps, 3 * 0.4 ** steps]
        expect(result.parameters.x / x).toBeCloseTo(1, 13)
        expect(result.parameters.y / y).toBeCloseTo(1, 13)
        expect(result.value / (x ** 2 + 3 * y ** 2)).toBeCloseTo(1, 13)
        expect(result.gradientNorm / Math.hypot(2 * x, 6 * y)).toBeCloseTo(1, 13)
        expect(result.steps).toBe(steps)
        expect(result.reason).toEqual(StopReason.MaxSteps({ maxSteps: steps }))
        expect(result.evaluations).toEqual({ value: steps + 1, gradient: steps + 1 })
      }
    })
  )

  it("converges on quadratics from anywhere, by every optimiser", () => {
    const size = fc.double({ min: -100, max: 100, noNaN: true })
    const optimizers = [sgd(0.1), momentum(0.05), momentum(0.05, { nesterov: true })] as const
    fc.assert(
      fc.property(size, size, fc.nat({ max: 2 }), (x, y, i) => {
        const optimizer = optimizers[i]! as (typeof optimizers)[0]
        const result = Effect.runSync(minimize(bowl, { start: { x, y }, optimizer, gradientTolerance: 1e-6 }))
        expect(result.reason._tag).toBe("Converged")
        expect(result.gradientNorm).toBeLessThanOrEqual(1e-6)
        // The bowl is 1-strongly convex in gradient: |p| <= |∇f| / 2.
        expect(Math.hypot(result.parameters.x, result.parameters.y)).toBeLessThanOrEqual(0.5000001e-6)
      }),
      { numRuns: 60 }
    )
  })

  it.effect("converges by adam with a decaying rate", () =>
    Effect.gen(function* () {
      const optimizer = adam(Schedule.cosine(0.3, 1000))
      const result = yield* minimize(bowl, { start, optimizer, gradientTolerance: 1e-4 })
      expect(result.reason).toEqual(StopReason.Converged({ gradientTolerance: 1e-4 }))
    })
  )

  it.effect("takes no step from a minimum", () =>
    Effect.gen(function* () {
      const result = yield* minimize(bowl, { start: { x: 0, y: 0 }, optimizer: sgd(0.1), gradientTolerance: 0 })
      expect(result).toMatchObject({ steps: 0, value: 0, gradientNorm: 0, evaluations: { value: 1, gradient: 1 } })
      expect(result.reason._tag).toBe("Converged")
    })
  )

  it.effect("is piped", () =>
    Effect.gen(function* () {
      const result = yield* bowl.pipe(minimize({ start, optimizer: sgd(0.1) }))
      expect(result.reason._tag).toBe("Converged")
      // |∇f| is 8 · 0.8^k up to a vanishing term: at most 1e-8 from k = 92 on.
      expect(result.steps).toBe(92)
    })
  )

  describe("keeps the last finite point", () => {
    it.effect("where the value overflows", () =>
      Effect.gen(function* () {
        const f = Fn.make([], (x) => Expr.square(x))
        const result = yield* minimize(f, { start: 1, optimizer: sgd(1e60), maxSteps: 100 })
        // Each step multiplies x by 1 - 2e60: 1, -2e60, 4e120, and then x² overflows.
        expect(result.parameters / 4e120).toBeCloseTo(1, 12)
        expect(result.value / 1.6e241).toBeCloseTo(1, 12)
        expect(result.steps).toBe(2)
        expect(result.evaluations).toEqual({ value: 4, gradient: 4 })
        expect(result.reason).toEqual(StopReason.NonFinite({ quantity: "value", path: "value", value: Infinity }))
      })
    )

    it.effect("where a parameter overflows", () =>
      Effect.gen(function* () {
        const f = Fn.make({ w: [2] }, ({ w }) => Expr.sum(Expr.mul(w, Tensor.make([0, 1e300]))))
        const result = yield* minimize(f, { start: { w: Tensor.make([1, 2]) }, optimizer: sgd(1e10) })
        expect(result.parameters.w).toEqual(Tensor.make([1, 2]))
        expect(result.reason).toEqual(
          StopReason.NonFinite({ quantity: "parameters", path: "parameters.w[1]", value: -Infinity })
        )
      })
    )

    it.effect("and names the element of a matrix", () =>
      Effect.gen(function* () {
        const f = Fn.make([2, 3], (w) =>
          Expr.sum(
            Expr.mul(
              w,
              Tensor.make([
                [0, 0, 0],
                [0, 1e300, 0]
              ])
            )
          )
        )
        const result = yield* minimize(f, { start: Tensor.ones([2, 3]), optimizer: sgd(1e10) })
        expect(result.reason).toMatchObject({ quantity: "parameters", path: "parameters[1,1]" })
      })
    )

    it.effect("where the gradient is infinite", () =>
      Effect.gen(function* () {
        const f = Fn.make([], (x) => Expr.sqrt(x))
        const result = yield* minimize(f, { start: 1, optimizer: sgd(2) })
        expect(result).toMatchObject({ parameters: 1, value: 1, gradientNorm: 0.5, steps: 0 })
        expect(result.reason).toEqual(StopReason.NonFinite({ quantity: "gradient", path: "gradient", value: Infinity }))
      })
    )

    it.effect("which is the start where nothing is finite", () =>
      Effect.gen(function* () {
        const f = Fn.make([], (x) => Expr.log(x))
        const result = yield* minimize(f, { start: -1, optimizer: sgd(1) })
        expect(result).toMatchObject({ parameters: -1, value: NaN, steps: 0 })
        expect(result.reason).toMatchObject({ _tag: "NonFinite", quantity: "value", value: NaN })
      })
    )
  })

  it.effect("fails on options outside of their domain", () =>
    Effect.gen(function* () {
      const fail = (options: { readonly maxSteps?: number; readonly gradientTolerance?: number }) =>
        Effect.flip(minimize(bowl, { start, optimizer: sgd(1), ...options }))
      expect(yield* fail({ maxSteps: -1 })).toBeInstanceOf(InvalidOption)
      expect((yield* fail({ maxSteps: 1.5 })).message).toBe(
        "minimize: maxSteps must be a non-negative integer, got 1.5"
      )
      expect((yield* fail({ gradientTolerance: NaN })).message).toBe(
        "minimize: gradientTolerance must be a non-negative number, got NaN"
      )
    })
  )

  it.effect("runs on the current backend, compiled twice whatever the number of steps", () =>
    Effect.gen(function* () {
      let compiled = 0
      const counting: Backend.Service = {
        ...Backend.interpreter,
        name: "counting",
        compile: (graph) => {
          compiled++
          return Backend.interpreter.compile(graph)
        }
      }
      const options = { start, optimizer: sgd(0.1), maxSteps: 20 }
      yield* minimize(bowl, options).pipe(Effect.provide(Backend.layer(counting)))
      expect(compiled).toBe(2)
      const failing: Backend.Service = {
        ...Backend.interpreter,
        name: "failing",
        compile: () => Effect.fail(new Backend.CompileError({ backend: "failing", reason: "on purpose" }))
      }
      const error = yield* minimize(bowl, options).pipe(Effect.provide(Backend.layer(failing)), Effect.flip)
      expect(error._tag).toBe("CompileError")
    })
  )

  it.live("can be interrupted", () =>
    Effect.gen(function* () {
      const endless = minimize(bowl, { start, optimizer: sgd(0), maxSteps: Number.MAX_SAFE_INTEGER })
      const fiber = yield* Effect.forkChild(endless)
      yield* Effect.sleep("30 millis")
      yield* Fiber.interrupt(fiber)
      const exit = yield* Fiber.await(fiber)
      expect(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)).toBe(true)
    })
  )
})

describe("iterates", () => {
  it("are the points that minimize visits", () => {
    fc.assert(
      fc.property(fc.nat({ max: 30 }), (maxSteps) => {
        const options = { start, optimizer: momentum(0.05), maxSteps }
        const points = Effect.runSync(Stream.runCollect(iterates(bowl, options)))
        const { gradientNorm, parameters, steps, value } = Effect.runSync(minimize(bowl, options))
        expect(points.map(({ step }) => step)).toEqual(Array.from({ length: maxSteps + 1 }, (_, i) => i))
        expect(points[0]!.parameters).toEqual(start)
        expect(points.at(-1)).toEqual({ step: steps, parameters, value, gradientNorm })
      }),
      { numRuns: 20 }
    )
  })

  it.effect("end before a point that is not finite, and where the gradient vanishes", () =>
    Effect.gen(function* () {
      const f = Fn.make([], (x) => Expr.square(x))
      const collect = (rate: number) => Stream.runCollect(f.pipe(iterates({ start: 1, optimizer: sgd(rate) })))
      expect((yield* collect(1e60)).map(({ step }) => step)).toEqual([0, 1, 2])
      expect((yield* collect(0.5)).map(({ parameters }) => parameters)).toEqual([1, 0])
    })
  )
})
