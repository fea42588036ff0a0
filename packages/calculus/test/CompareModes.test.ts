import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Tensor } from "@fluxion/core"
import { Clock, Effect } from "effect"
import { describe, expect, it } from "vitest"

const f = Fn.make({ x: [3], y: [] }, ({ x, y }) => ({
  a: Expr.mul(Expr.sin(x), y),
  b: Expr.sum(Expr.exp(x))
}))
const at = { x: Tensor.make([0.1, 0.2, 0.3]), y: 2 }

describe("compareModes", () => {
  it("has the Jacobian by both modes, and the first elements for print", () => {
    const report = Effect.runSync(Calculus.compareModes(f, at, { time: false, maxEntries: 5 }))
    expect(report.forward.jacobian).toEqual(Fn.runSync(Calculus.jacobian(f, { mode: "forward" }), at))
    expect(report.reverse.jacobian).toEqual(Fn.runSync(Calculus.jacobian(f, { mode: "reverse" }), at))
    expect(report.entries.map(({ input, output }) => [output, input])).toEqual([
      ["a[0]", "x[0]"],
      ["a[0]", "x[1]"],
      ["a[0]", "x[2]"],
      ["a[0]", "y"],
      ["a[1]", "x[0]"]
    ])
    expect(report.entries[0]!.forward).toBe(2 * Math.cos(0.1))
    expect(report.entries[3]!.reverse).toBe(Math.sin(0.1))
    expect([report.forward.passes, report.reverse.passes]).toEqual([4, 4])
    expect([report.inputElements, report.outputElements]).toEqual([4, 4])
  })

  it("is the same each time without times", () => {
    const run = () => Effect.runSync(Calculus.compareModes(f, at, { time: false }))
    expect(Calculus.Comparison.toMarkdown(run())).toBe(Calculus.Comparison.toMarkdown(run()))
    expect(run().timing).toBeUndefined()
    expect(run().forward.time).toBeUndefined()
  })

  it("measures times", async () => {
    const long = Fn.make([], (x) => {
      let y = x
      for (let i = 0; i < 200; i++) y = Expr.sin(y)
      return y
    })
    const report = await Effect.runPromise(Calculus.compareModes(long, 1, { time: { samples: 5 }, trace: false }))
    expect(report.timing!.backend).toBe("interpreter")
    expect(report.timing!.samples).toBe(5)
    expect(report.timing!.primal).toBeGreaterThan(0)
    // What else the machine does is not known here: a pass does at least what the primal does.
    expect(report.forward.time).toBeGreaterThan(0.2)
    expect(report.reverse.time).toBeGreaterThan(0.2)
    expect(report.trace).toBeUndefined()
    expect(report.graph).toBeUndefined()
    expect(Calculus.Comparison.toText(report)).toContain("one pass: time, of the primal's")
  })

  it("says nothing of times by a clock that stands still, and reads the clock that is provided", async () => {
    let now = 0n
    const clock = (tick: bigint): Clock.Clock => ({
      currentTimeMillisUnsafe: () => 0,
      currentTimeMillis: Effect.succeed(0),
      currentTimeNanosUnsafe: () => 0n,
      currentTimeNanos: Effect.succeed(0n),
      monotonicTimeNanosUnsafe: () => (now += tick),
      monotonicTimeNanos: Effect.succeed(0n),
      sleep: () => Effect.void
    })
    const run = (tick: bigint) =>
      Effect.runPromise(
        Calculus.compareModes(f, at, { time: { samples: 3 } }).pipe(Effect.provideService(Clock.Clock, clock(tick)))
      )
    expect((await run(0n)).timing).toBeUndefined()
    // Each reading is 10 ms after the one before: all runs take as long.
    const { forward, reverse, timing } = await run(10_000_000n)
    expect(timing!.primal).toBeCloseTo(0.01, 10)
    expect([forward.time, reverse.time]).toEqual([expect.closeTo(1, 10), expect.closeTo(1, 10)])
  })

  it("leaves out a Jacobian of too many passes, not its cost", () => {
    const wide = Fn.make({ x: [50] }, ({ x }) => Expr.sum(Expr.square(x)))
    const { entries, forward, reverse } = Effect.runSync(
      Calculus.compareModes(wide, { x: Tensor.ones([50]) }, { time: false, maxPasses: 10 })
    )
    expect(forward.jacobian).toBeUndefined()
    expect(forward.passes).toBe(50)
    expect(Calculus.Cost.arithmetic(forward.total)).toBeGreaterThan(50 * 50)
    expect(reverse.jacobian).toEqual({ x: Tensor.full([50], 2) })
    expect(entries[0]).toEqual({ output: "y", input: "x[0]", forward: undefined, reverse: 2 })
  })

  it("finds the crossover where the modes cost the same", () => {
    // n inputs, m outputs through one vector of fixed cost: costs per pass do not depend on n or m but for the ends.
    const program = (n: number, m: number) =>
      Fn.make({ x: [n] as const }, ({ x }) => {
        let y: Expr.Expr<readonly number[]> = x
        for (let i = 0; i < 20; i++) y = Expr.tanh(y)
        return m === 1 ? Expr.sum(y) : Expr.mul(Expr.reshape(Expr.sum(y), [1]), Tensor.ones([m]))
      })
    const compare = (n: number, m: number) =>
      Effect.runSync(Calculus.compareModes(program(n, m) as never, { x: Tensor.ones([n]) } as never, { time: false }))
    const { crossover, forward, predicted, reverse } = compare(8, 1)
    expect(predicted).toBe("reverse")
    expect(crossover!.inputs).toBeLessThan(8)
    const [n] = [crossover!.inputs]
    // At the crossover the linear model gives equal totals.
    const perInput = (Calculus.Cost.arithmetic(forward.total) - 167) / 8
    expect(167 + n * perInput).toBeCloseTo(Calculus.Cost.arithmetic(reverse.total), 6)
  })

  it("of programs whose passes cost nothing, or that have nothing to differentiate", () => {
    const report = (f: Fn.Any, at: unknown) =>
      Effect.runSync(
        Calculus.compareModes(f as Fn.Fn<Fn.Any["inputs"], readonly []>, at as never, { time: false })
      ) as Calculus.Comparison.Comparison
    const through = report(
      Fn.make({ a: [], b: [] }, ({ a, b }) => [a, b, a] as const),
      { a: 1, b: 2 }
    )
    expect(through.crossover).toBeUndefined()
    expect(through.reverse.residuals).toEqual({ values: 0, bytes: 0 })
    expect(through.entries.map(({ forward, reverse }) => [forward, reverse])).toEqual(
      [1, 0, 0, 1, 1, 0].map((x) => [x, x])
    )
    const indices = report(
      Fn.make({ i: { elementType: "index", shape: [2] } }, ({ i }) => Expr.gt(i, 0)),
      { i: Tensor.index([0, 1]) }
    )
    expect([indices.forward.passes, indices.reverse.passes]).toEqual([0, 0])
    expect(Calculus.Comparison.toText(indices)).toContain("y  = v1 = [false, true]")
    const empty = report(
      Fn.make({ x: [0] }, ({ x }) => ({ none: x, sum: Expr.sum(x), three: Expr.constant(3) })),
      { x: Tensor.zeros([0]) }
    )
    expect([empty.forward.passes, empty.reverse.passes]).toEqual([0, 2])
    expect(Calculus.Comparison.toSvg(empty).startsWith("<svg")).toBe(true)
  })

  it("counts residuals and peaks of memory", () => {
    const chain = Fn.make({ x: [100] }, ({ x }) => {
      let y: Expr.Expr<readonly [100]> = x
      for (let i = 0; i < 10; i++) y = Expr.sin(y)
      return y
    })
    const { forward, primal, reverse } = Effect.runSync(
      Calculus.compareModes(chain, { x: Tensor.ones([100]) }, { time: false, trace: false, maxPasses: 1 })
    )
    // Each sine needs its argument.
    expect(reverse.residuals).toEqual({ values: 10, bytes: 8000 })
    // x has gone after the first sine: an argument and a result.
    expect(primal.peak).toEqual({ values: 2, bytes: 1600 })
    // Value, tangent, the new value, its cosine and the new tangent.
    expect(forward.peak).toEqual({ values: 4, bytes: 3200 })
    // Ten arguments, the result, the cotangent, and a cosine; when it is multiplied, its argument has gone.
    expect(reverse.peak).toEqual({ values: 13, bytes: 10400 })
  })
})
