import { Expr, Fn, Tensor, Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import { adam, chain, clipByGlobalNorm, sgd, trainingStep } from "@fluxion/optim"
import * as Reverse from "@fluxion/reverse-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { derivative } from "./support.ts"

// Mean squared error of bias + slope x, plus one row of labels that carry no derivative.
const loss = Fn.make(
  { parameters: { bias: [], slope: [] }, batch: { x: [3], y: [3], use: Type.bool([3]) } },
  ({ batch: { use, x, y }, parameters: { bias, slope } }) =>
    Expr.mean(Expr.select(use, Expr.square(Expr.sub(Expr.add(bias, Expr.mul(slope, x)), y)), 0))
)

const batch = { x: Tensor.make([1, 2, 4]), y: Tensor.make([2, 3, 9]), use: Tensor.bool([true, true, false]) }

describe("trainingStep", () => {
  it("gives loss and gradient norm before the update, parameters and state after it", () => {
    const step = trainingStep(sgd(0.5), loss)
    const result = Fn.runSync(step, { parameters: { bias: 0, slope: 1 }, state: { count: 4 }, batch })
    // Residuals -1 and -1 at x = 1 and 2: loss 2/3, gradient 2/3 (-2, -3).
    expect(result.loss).toBeCloseTo(2 / 3, 15)
    expect(result.gradientNorm).toBeCloseTo((2 / 3) * Math.sqrt(13), 14)
    expect(result.parameters.bias).toBeCloseTo(2 / 3, 15)
    expect(result.parameters.slope).toBeCloseTo(2, 15)
    expect(result.state).toEqual({ count: 5 })
  })

  it("differentiates with respect to the rate by both modes", () => {
    const after = Fn.make({ rate: [] }, ({ rate }) => {
      const step = trainingStep(chain(clipByGlobalNorm(10), adam(rate)), loss)
      const zero = { bias: 0, slope: 0 }
      const state = [{}, { count: 0, firstMoment: zero, secondMoment: zero }] as const
      const first = Fn.apply(step, { parameters: zero, state, batch })
      const second = Fn.apply(step, { parameters: first.parameters, state: first.state, batch })
      return Fn.apply(loss, { parameters: second.parameters, batch })
    })
    const reverse = Reverse.grad(after)
    const forward = Forward.directional(after)
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 0.4, noNaN: true }), (rate) => {
        const byReverse = Fn.runSync(reverse, { rate }).rate
        const byForward = Fn.runSync(forward, { at: { rate }, direction: { rate: 1 } } as never) as unknown as number
        const size = Math.abs(byReverse) + Fn.runSync(after, { rate })
        expect(Math.abs(byForward - byReverse)).toBeLessThanOrEqual(1e-12 * size)
        const { error, value } = derivative((rate) => Fn.runSync(after, { rate }), rate, 1e-3)
        expect(Math.abs(byReverse - value)).toBeLessThanOrEqual(4 * error + 1e-11 * size)
      }),
      { numRuns: 25 }
    )
  })

  it("differentiates with respect to the data", () => {
    // One step of rate r on (p - d)² from p = 0: p = 2 r d, whose derivative in d is 2 r.
    const square = Fn.make({ parameters: [], batch: [] }, ({ batch, parameters }) =>
      Expr.square(Expr.sub(parameters, batch))
    )
    const moved = Fn.make(
      [],
      (d) => Fn.apply(trainingStep(sgd(0.125), square), { parameters: 0, state: { count: 0 }, batch: d }).parameters
    )
    expect(Fn.runSync(Reverse.grad(moved), 7)).toBe(0.25)
  })
})
