import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Laws } from "@fluxion/testing"
import { Effect } from "effect"
import { afterEach, describe, expect, it } from "@effect/vitest"

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
const backward = Reverse.rules as Mutable<typeof Reverse.rules>
const forward = Forward.rules as Mutable<typeof Forward.rules>
const original = { backward: { ...backward }, forward: { ...forward } }

afterEach(() => {
  Object.assign(backward, original.backward)
  Object.assign(forward, original.forward)
})

const f = Fn.make({ x: [2], y: [] }, ({ x, y }) => Expr.sum(Expr.mul(Expr.sin(x), Expr.exp(y))))
const at = { x: Tensor.make([0.5, -1]), y: 0.3 }

describe("laws that hold", () => {
  it.effect("report what they compared", () =>
    Effect.gen(function* () {
      const report = yield* Laws.modesAgree(f, at)
      expect(report.law).toBe("forward = reverse")
      expect(report.comparisons.map(({ place }) => place)).toEqual(["x[0]", "x[1]", "y"])
      expect(report.worst!.difference).toBeLessThanOrEqual(report.worst!.tolerance)
      expect((yield* Laws.agreesWithNumeric(f, at)).comparisons).toHaveLength(6)
      expect((yield* Laws.transpose(f, at)).comparisons).toHaveLength(1)
    })
  )

  it.effect("scale with the terms, so that cancellation is allowed", () =>
    Effect.gen(function* () {
      // Each term is 1e10, the derivative about 1: rounding of 1e-6 is right, and 1e-12 relative to the result would not be.
      const cancels = Fn.make([], (x) =>
        Expr.add(
          Expr.sub(
            Expr.mul(1e10, Expr.tanh(x)),
            Expr.mul(1e10, Expr.sub(1, Expr.div(2, Expr.add(1, Expr.exp(Expr.mul(2, x))))))
          ),
          x
        )
      )
      const report = yield* Laws.modesAgree(cancels, 0.7)
      expect(Math.abs(report.comparisons[0]!.left - 1)).toBeLessThan(1e-4)
      expect(report.comparisons[0]!.left).not.toBe(report.comparisons[0]!.right)
      expect(report.comparisons[0]!.tolerance).toBeLessThan(0.1)
    })
  )

  it.effect("hold for programs without inputs, of empty arrays, and with several outputs", () =>
    Effect.gen(function* () {
      yield* Laws.modesAgree(
        Fn.make({}, () => Expr.constant(1)),
        {}
      )
      yield* Laws.modesAgree(
        Fn.make({ x: [0] }, ({ x }) => ({ a: Expr.sum(x), b: Expr.exp(x) })),
        { x: Tensor.zeros([0]) }
      )
      yield* Laws.transpose(
        Fn.make({ x: [3] }, ({ x }) => ({ a: Expr.sum(x), b: [Expr.exp(x), Expr.outer(x, x)] })),
        { x: Tensor.make([1, 2, 3]) }
      )
    })
  )
})

describe("laws that do not hold", () => {
  it.effect("modesAgree names the worst entry", () =>
    Effect.gen(function* () {
      backward.sin = [(ct, { operands: [x], ops }) => ops.mul(ct, ops.add(ops.cos(x), 1e-9))]
      const error = yield* Effect.flip(Laws.modesAgree(f, at))
      expect(error._tag).toBe("LawViolation")
      expect([error.violations, error.of]).toEqual([2, 3])
      expect(error.worst.place).toMatch(/^x\[[01]\]$/)
      expect(error.message).toMatch(
        /^forward = reverse: 2 of 3 entries differ; at x\[[01]\]: .* difference 1.*e-9, allowed .*e-13$/
      )
    })
  )

  it.effect("agreesWithNumeric finds what both modes have wrong", () =>
    Effect.gen(function* () {
      backward.sin = [(ct, { operands: [x], ops }) => ops.mul(ct, ops.mul(ops.cos(x), 1 + 1e-8))]
      forward.sin = [(t, { operands: [x], ops }) => ops.mul(t, ops.mul(ops.cos(x), 1 + 1e-8))]
      yield* Laws.modesAgree(f, at)
      expect((yield* Effect.flip(Laws.agreesWithNumeric(f, at))).violations).toBe(4)
    })
  )

  it.effect("transpose finds a rule that is not the transpose", () =>
    Effect.gen(function* () {
      backward.triangle = [(ct, { attributes, ops }) => ops.triangle(ct, { ...attributes, upper: !attributes.upper })]
      const lower = Fn.make({ a: [3, 3] }, ({ a }) => Expr.tril(a))
      const error = yield* Effect.flip(
        Laws.transpose(lower, {
          a: Tensor.make([
            [1, 2, 3],
            [4, 5, 6],
            [7, 8, 9]
          ])
        })
      )
      expect(error.law).toBe("<v, J u> = <J' v, u>")
    })
  )

  it.effect("a NaN on one side only is a violation", () =>
    Effect.gen(function* () {
      backward.sin = [(ct, { ops }) => ops.mul(ct, Number.NaN)]
      expect((yield* Effect.flip(Laws.modesAgree(f, at))).violations).toBe(2)
    })
  )
})

describe("a program that fails at the point", () => {
  const f = Fn.make({ x: [] }, ({ x }) => Expr.checked.log(x))
  for (const [name, law] of Object.entries({
    modesAgree: Laws.modesAgree(f, { x: -1 }),
    agreesWithNumeric: Laws.agreesWithNumeric(f, { x: -1 }),
    transpose: Laws.transpose(f, { x: -1 })
  })) {
    it(`${name} fails with its error`, () => {
      expect(Effect.runSync(Effect.flip(law))._tag).toBe("DomainError")
    })
  }
})
