import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import { clipByGlobalNorm, InvalidOption, Optimizer } from "@fluxion/optim"
import * as Reverse from "@fluxion/reverse-mode"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { flatten, number, spec } from "./support.ts"

const zero = { w: Tensor.zeros([2]), b: 0 } as const

const clip = (maximum: number, [w0, w1, b]: readonly [number, number, number]) => {
  const { update } = Optimizer.instantiate(clipByGlobalNorm(maximum), spec)
  const gradients = { w: Tensor.make([w0, w1]), b }
  return flatten(spec, Fn.runSync(update, { gradients, state: {}, parameters: zero }).updates)
}

// An independent norm: Math.hypot does not overflow.
const norm = (values: ReadonlyArray<number>) => Math.hypot(...values)

describe("clipByGlobalNorm", () => {
  it("never makes the norm longer, nor longer than the maximum, and keeps the direction", () => {
    fc.assert(
      fc.property(fc.tuple(number, number, number), number.map(Math.abs), (gradient, maximum) => {
        const clipped = clip(maximum, gradient)
        const [before, after] = [norm(gradient), norm(clipped)]
        const slack = 1 + 8 * Number.EPSILON
        expect(after).toBeLessThanOrEqual(before * slack)
        expect(after).toBeLessThanOrEqual(maximum * slack + Number.MIN_VALUE * 4)
        if (before <= maximum * (1 - 8 * Number.EPSILON)) expect(clipped).toEqual(gradient)
        else if (before > maximum * slack && maximum > 1e-290) {
          gradient.forEach((x, i) => {
            const expected = (x / before) * maximum
            expect(Math.abs(clipped[i]! - expected)).toBeLessThanOrEqual(1e-14 * Math.abs(expected) + 1e-320)
          })
        }
      })
    )
  })

  it("clips gradients whose square overflows, and keeps those whose square underflows", () => {
    expect(clip(5, [3e300, 4e300, 0])).toEqual([expect.closeTo(3, 14), expect.closeTo(4, 14), 0])
    expect(norm(clip(1, [1.7e308, 1.7e308, 1.7e308]))).toBeCloseTo(1, 14)
    expect(clip(1, [3e-320, 0, 4e-320])).toEqual([3e-320, 0, 4e-320])
  })

  it("maps zero to zero, also with derivatives", () => {
    expect(clip(1, [0, 0, 0])).toEqual([0, 0, 0])
    expect(clip(0, [0, 0, 0])).toEqual([0, 0, 0])
    expect(clip(0, [3, 0, 4])).toEqual([0, 0, 0])
    const { update } = Optimizer.instantiate(clipByGlobalNorm(1), [2])
    const f = Fn.make([2], (g) =>
      Expr.sum(Fn.apply(update, { gradients: g, state: {}, parameters: Expr.zeros([2]) }).updates)
    )
    expect(Fn.runSync(Reverse.grad(f), Tensor.zeros([2])).data).toEqual(Float64Array.of(1, 1))
  })

  it("passes on gradients that have no direction", () => {
    expect(clip(1, [NaN, 1, 2])).toEqual([NaN, 1, 2])
    expect(clip(1, [Infinity, 1, 2])).toEqual([Infinity, 1, 2])
  })

  it("differentiates: the Jacobian of g / |g| is (I - u uᵀ) / |g|", () => {
    const { update } = Optimizer.instantiate(clipByGlobalNorm(1), [2])
    const f = Fn.make([2], (g) => Fn.apply(update, { gradients: g, state: {}, parameters: Expr.zeros([2]) }).updates)
    const at = Tensor.make([3, 4])
    const expected = [0.128, -0.096, -0.096, 0.072]
    for (const jacobian of [Forward.jacobian(f), Reverse.jacobian(f)]) {
      Fn.runSync(jacobian, at).data.forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 14))
    }
    // Below the maximum it is the identity.
    expect(Array.from(Fn.runSync(Reverse.jacobian(f), Tensor.make([0.3, 0.4])).data)).toEqual([1, 0, 0, 1])
  })

  it("refuses a maximum that is not a length", () => {
    expect(() => clipByGlobalNorm(-1)).toThrow(InvalidOption)
    expect(() => clipByGlobalNorm(NaN)).toThrow("maximum must be a non-negative number, got NaN")
  })
})
