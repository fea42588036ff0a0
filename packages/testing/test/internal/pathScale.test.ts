import { Expr, Fn, Tensor } from "@fluxion/core"
import { describe, expect, it } from "vitest"
import { pathScale } from "../../src/internal/pathScale.ts"
import { unroll } from "../../src/internal/unroll.ts"

const one = [Tensor.full([], 1)]
const scaleAt = (f: Fn.Any, x: number): number => pathScale(f, x, one)[0]![0]!

/** Three times the argument, minus three times the argument: paths of 6 in all, and a derivative of 0. */
const cancelling = (x: Expr.Expr<readonly []>): Expr.Expr<readonly []> => Expr.sub(Expr.mul(3, x), Expr.mul(3, x))

describe("pathScale", () => {
  it("adds up paths without cancellation", () => {
    expect(scaleAt(Fn.make([], cancelling), 2)).toBe(6)
  })

  it("follows the iterations that are run and the branch that is taken", () => {
    const iterated = Fn.make([], (x) => Expr.iterate(4, (s) => Expr.add(s, cancelling(x)), Expr.constant(0)))
    expect(scaleAt(iterated, 2)).toBe(24)
    const counted = Fn.make(
      [],
      (x) =>
        Expr.whileLoop(
          ({ k }) => Expr.lt(k, x),
          ({ k, s }) => ({ k: Expr.add(k, 1), s: Expr.add(s, cancelling(x)) }),
          { k: 0, s: 0 }
        ).s
    )
    expect([0.5, 2.5].map((x) => scaleAt(counted, x))).toEqual([6, 18])
    const branching = Fn.make([], (x) =>
      Expr.cond(
        Expr.gt(x, 0),
        () => cancelling(x),
        () => Expr.mul(2, x)
      )
    )
    expect([1, -1].map((x) => scaleAt(branching, x))).toEqual([6, 2])
    const mapped = Fn.make([], (x) => Expr.sum(Expr.map((y) => Expr.mul(y, cancelling(x)), Expr.constant([1, -2, 3]))))
    expect(scaleAt(mapped, 2)).toBe(36)
    const called = Fn.make([], (x) => Fn.call(Fn.make([], cancelling), Fn.call(Fn.make([], cancelling), x)))
    expect(scaleAt(called, 2)).toBe(36)
  })

  it("takes the largest of what elimination mixes", () => {
    const f = Fn.make([2, 2], (a) => Expr.sum(Expr.inverse(a)))
    const [scale] = pathScale(
      f,
      Tensor.make([
        [1, 1e-9],
        [0, 1]
      ]),
      one
    )
    expect(scale!.every((s) => s > 0.5)).toBe(true)
  })
})

describe("what has a rule of its own", () => {
  it("is one step of a path, by its rule; by its operations where the rule is for reverse mode alone", () => {
    const inner = Fn.make([], cancelling)
    const given = Expr.customJvp(inner, ({ tangents }) => Expr.mul(-5, tangents))
    expect(
      scaleAt(
        Fn.make([], (x) => Expr.mul(2, Fn.apply(given, x))),
        2
      )
    ).toBe(10)
    const reverseOnly = Expr.customVjp(inner, ({ cotangents }) => Expr.mul(-5, cotangents))
    expect(
      scaleAt(
        Fn.make([], (x) => Expr.mul(2, Fn.apply(reverseOnly, x))),
        2
      )
    ).toBe(12)
  })

  it("or has several results: each has paths of its own", () => {
    const pair = Expr.customJvp(
      Fn.make([], (x) => ({ a: x, b: x })),
      ({ tangents }) => ({ a: Expr.mul(3, tangents), b: Expr.mul(-4, tangents) })
    )
    const f = Fn.make([], (x) => {
      const { a, b } = Fn.apply(pair, x)
      return Expr.add(Expr.mul(10, a), b)
    })
    expect(scaleAt(f, 1)).toBe(34)
    const decomposed = Fn.make([2, 2], (a) => Expr.sum(Expr.qr(a).r))
    const [scale] = pathScale(
      decomposed,
      Tensor.make([
        [2, 1],
        [1, 3]
      ]),
      one
    )
    expect(scale!.every((s) => s > 0.5)).toBe(true)
  })
})

describe("unroll", () => {
  it("leaves no control flow, and both directions of a scan and all sweeps of a loop", () => {
    const f = Fn.make([3], (x) => {
      const [last, ys] = Expr.scan((c, xi) => [Expr.mul(c, xi), Expr.sub(c, xi)], 1, x, { reverse: true })
      return Expr.add(last, Expr.dot(ys, x))
    })
    const at = Tensor.make([2, 3, 5])
    const unrolled = unroll(f, at) as typeof f
    expect(Fn.nodes(unrolled).map((node) => Expr.view(node)._tag)).not.toContain("Project")
    // 1, 5, 15, 30; outputs 15 - 2, 5 - 3, 1 - 5.
    expect(Fn.runSync(unrolled, at)).toBe(30 + 13 * 2 + 2 * 3 - 4 * 5)
    expect(Fn.runSync(f, at)).toBe(42)
  })
})
