import { Fn } from "@fluxion/core"
import { adam, chain, clipByGlobalNorm, identity, momentum, Optimizer, scale, Schedule, sgd } from "@fluxion/optim"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { trajectory } from "./support.ts"

const positive = fc.double({ min: 0.001, max: 0.2, noNaN: true })

const link: fc.Arbitrary<Optimizer.Any> = fc.oneof(
  fc.constant(identity),
  positive.map((x) => scale(x)),
  positive.map((x) => scale(Schedule.cosine(x, 4))),
  positive.map((x) => sgd(x)),
  positive.map((x) => momentum(x, { nesterov: true })),
  positive.map((x) => adam(x)),
  positive.map((x) => clipByGlobalNorm(100 * x))
)

const path = (optimizer: Optimizer.Any) => trajectory(optimizer as Optimizer.Optimizer<unknown>, 6)

describe("chain", () => {
  it("is associative", () => {
    fc.assert(
      fc.property(link, link, link, (a, b, c) => {
        const flat = path(chain(a, b, c))
        expect(path(chain(chain(a, b), c))).toEqual(flat)
        expect(path(chain(a, chain(b, c)))).toEqual(flat)
      }),
      { numRuns: 40 }
    )
  })

  it("has identity as its unit", () => {
    fc.assert(
      fc.property(link, (a) => {
        const alone = path(a)
        expect(path(chain(a))).toEqual(alone)
        expect(path(chain(identity, a))).toEqual(alone)
        expect(path(chain(a, identity))).toEqual(alone)
      }),
      { numRuns: 30 }
    )
  })

  it("runs its links in order", () => {
    const { update } = Optimizer.instantiate(chain(clipByGlobalNorm(2.5), scale(4)), { a: [], b: [] })
    const inputs = { gradients: { a: 3, b: 4 }, state: [{}, { count: 7 }], parameters: { a: 0, b: 0 } } as const
    expect(Fn.runSync(update, inputs)).toEqual({ updates: { a: 6, b: 8 }, state: [{}, { count: 8 }] })
  })

  it("keeps a tuple of states", () => {
    const { init, state } = Optimizer.instantiate(chain(momentum(0.1), identity, adam(0.1)), { w: [2] })
    expect(state).toEqual([
      { count: [], velocity: { w: [2] } },
      {},
      { count: [], firstMoment: { w: [2] }, secondMoment: { w: [2] } }
    ])
    expect(init.outputs).toEqual(state)
  })

  it("is sgd when scale ends it", () => {
    expect(path(chain(identity, scale(-0.05)))).toEqual(path(sgd(0.05)))
    expect(path(momentum(0.05, { decay: 0 }))).toEqual(path(sgd(0.05)))
  })

  it("renders its links", () => {
    const optimizer = chain(
      clipByGlobalNorm(1),
      momentum(Schedule.constant(0.1), { nesterov: true }),
      adam(0.1, { beta1: 0.5 })
    )
    expect(String(optimizer)).toBe(
      "chain(clipByGlobalNorm(maximum: 1), nesterov(rate: schedule, decay: 0.9), " +
        "adam(rate: 0.1, beta1: 0.5, beta2: 0.999, epsilon: 1e-8))"
    )
  })
})
