import { Expr, Fn, Shape, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import {
  adam,
  chain,
  clipByGlobalNorm,
  Hyperparameter,
  momentum,
  Optimizer,
  Schedule,
  sgd,
  Vector
} from "@fluxion/optim"
import * as Reverse from "@fluxion/reverse-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bowl, derivative, spec, start } from "./support.ts"

/** The value of the bowl after some steps, as a program of one hyperparameter. */
const unrolled = (makeOptimizer: (x: Expr.Expr<readonly []>) => Optimizer.Any, steps: number) =>
  Fn.make([], (x) => {
    const optimizer = makeOptimizer(x) as Optimizer.Optimizer<{ readonly count: readonly [] }>
    const { init, update } = Optimizer.instantiate(optimizer, spec)
    const gradient = Reverse.grad(bowl)
    let parameters: { readonly w: Expr.Expr<readonly [2]>; readonly b: Expr.Expr<readonly []> } = {
      w: Expr.constant(start.w),
      b: Expr.constant(start.b)
    }
    let state = Fn.apply(init, parameters)
    for (let i = 0; i < steps; i++) {
      const outputs = Fn.apply(update, { gradients: Fn.apply(gradient, parameters), state, parameters })
      parameters = {
        w: Expr.add(parameters.w, outputs.updates.w),
        b: Expr.add(parameters.b, outputs.updates.b)
      }
      state = outputs.state
    }
    return Fn.apply(bowl, parameters)
  })

const cases: ReadonlyArray<readonly [string, (x: Expr.Expr<readonly []>) => Optimizer.Any]> = [
  ["the rate of sgd", (x) => sgd(x)],
  ["the rate of momentum", (x) => momentum(x)],
  ["the decay of nesterov", (x) => momentum(0.05, { decay: x, nesterov: true })],
  ["the rate of adam", (x) => adam(x)],
  ["beta1 of adam", (x) => adam(0.1, { beta1: x })],
  ["the initial value of a cosine schedule", (x) => sgd(Schedule.cosine(x, 5, { warmup: 1 }))],
  ["the maximum of clipping", (x) => chain(clipByGlobalNorm(x), sgd(0.1))]
]

describe("updates are differentiable", () => {
  it.each(cases)("with respect to %s: forward = reverse = differences", (_, makeOptimizer) => {
    const f = unrolled(makeOptimizer, 3)
    const forward = Forward.derivative(f)
    const reverse = Reverse.grad(f)
    fc.assert(
      fc.property(fc.double({ min: 0.05, max: 0.5, noNaN: true }), (x) => {
        const [byForward, byReverse] = [Fn.runSync(forward, x), Fn.runSync(reverse, x)]
        const size = Math.max(Math.abs(byForward), Math.abs(Fn.runSync(f, x)))
        expect(Math.abs(byForward - byReverse)).toBeLessThanOrEqual(1e-12 * size)
        const { error, value } = derivative((x) => Fn.runSync(f, x), x, 1e-3)
        expect(Math.abs(byForward - value)).toBeLessThanOrEqual(4 * error + 1e-11 * size)
      }),
      { numRuns: 25 }
    )
  })

  it("once more: the second derivative with respect to the rate of sgd", () => {
    // On x² one step gives (1 - 2r)² x², whose second derivative in r is 8 x².
    const square = Fn.make([], (x) => Expr.square(x))
    const f = Fn.make([], (rate) => {
      const { update } = Optimizer.instantiate(sgd(rate), [])
      const gradients = Fn.apply(Reverse.grad(square), 3)
      return Fn.apply(square, Expr.add(3, Fn.apply(update, { gradients, state: { count: 0 }, parameters: 3 }).updates))
    })
    for (const second of [Reverse.grad(Reverse.grad(f)), Forward.derivative(Reverse.grad(f))]) {
      expect(Fn.runSync(second, 0.1)).toBeCloseTo(72, 12)
    }
  })

  it("through a gradient of 0, where adam takes the root of 0", () => {
    const f = Fn.make({ rate: [], gradients: [2] }, ({ gradients, rate }) => {
      const { init, update } = Optimizer.instantiate(adam(rate), [2])
      const parameters = Expr.zeros([2])
      return Expr.sum(Fn.apply(update, { gradients, state: Fn.apply(init, parameters), parameters }).updates)
    })
    const at = { rate: 0.5, gradients: Tensor.make([0, 2]) }
    const gradient = Fn.runSync(Reverse.grad(f, { wrt: ["rate"] }), at)
    expect(gradient.rate).toBeCloseTo(-1, 7)
    const tangents = { rate: 1, gradients: Tensor.zeros([2]) }
    expect(Fn.runSync(Forward.jvp(f), { primals: at, tangents }).tangents).toBeCloseTo(-1, 7)
  })
})

describe("instantiate", () => {
  it("works on any tree, in both call styles", () => {
    const tree = {
      layers: [
        { w: [2, 3], b: [3] },
        { w: [3, 1], b: [1] }
      ],
      scale: []
    } as const
    const { init, state, update } = Optimizer.instantiate(momentum(0.1), tree)
    expect(state).toEqual({ count: [], velocity: tree })
    expect(sgd(0.1).pipe(Optimizer.instantiate(tree)).parameters).toBe(tree)
    const ones = {
      layers: [
        { w: Tensor.ones([2, 3]), b: Tensor.ones([3]) },
        { w: Tensor.ones([3, 1]), b: Tensor.ones([1]) }
      ],
      scale: 1
    } as const
    const outputs = Fn.runSync(update, { gradients: ones, state: Fn.runSync(init, ones), parameters: ones })
    expect(outputs.updates.layers[1].w).toEqual(Tensor.full([3, 1], -0.1))
    expect(outputs.updates.scale).toBe(-0.1)
    expect(outputs.state.velocity.layers[0].b).toEqual(Tensor.ones([3]))
  })

  it("works on a single array, and on no parameters at all", () => {
    const { update } = Optimizer.instantiate(chain(clipByGlobalNorm(1), adam(0.1)), {})
    const state = [{}, { count: 0, firstMoment: {}, secondMoment: {} }] as const
    expect(Fn.runSync(update, { gradients: {}, state, parameters: {} }).updates).toEqual({})
    const scalar = Optimizer.instantiate(sgd(2), [])
    expect(Fn.runSync(scalar.update, { gradients: 3, state: { count: 0 }, parameters: 0 }).updates).toBe(-6)
  })

  it("refuses a definition whose state changes its shape", () => {
    const broken = Optimizer.make({
      name: "broken",
      hyperparameters: {},
      init: () => ({ history: Expr.zeros([2 as number]) }),
      update: ({ gradients, state: { history } }) => ({
        updates: gradients,
        state: { history: Expr.concat([history, Expr.zeros([1])], 0) }
      })
    })
    expect(() => Optimizer.instantiate(broken, [])).toThrow(Shape.ShapeError)
    expect(() => Optimizer.instantiate(broken, [])).toThrow("state.history: expected real[2], got real[3]")
  })

  it("refuses updates that do not have the shapes of the parameters", () => {
    const broken = Optimizer.make({
      name: "broken",
      hyperparameters: {},
      init: () => ({}),
      update: ({ gradients, state }) => ({ updates: Vector.map(gradients, (g) => Expr.sum(g)), state })
    })
    expect(() => Optimizer.instantiate(broken, [2])).toThrow("expected a leaf of real[2], got real[]")
  })
})

describe("hyperparameters", () => {
  it("are numbers, expressions or schedules", () => {
    const at = (h: Hyperparameter.Hyperparameter) =>
      Fn.runSync(
        Fn.make([], (count) => Hyperparameter.at(h as number, count)),
        5
      )
    expect(at(0.5)).toBe(0.5)
    expect(at(Expr.constant(0.5))).toBe(0.5)
    expect(at(Fn.make([], (count) => Expr.mul(2, count)))).toBe(10)
  })
})
