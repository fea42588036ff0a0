import { Expr, Fn, Tensor, Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Laws } from "@fluxion/testing"
import { Effect, Schema } from "effect"
import * as fc from "fast-check"
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
      expect([error.worst!.path, error.worst!.index.length]).toEqual(["x", 1])
      expect(error.message.replace(/\d\.\d+/g, "_")).toBe(
        `forward = reverse: 2 of 3 entries differ; at ${error.worst!.place}: forward _, reverse _, difference _e-9, allowed _e-13
  program: Fn({ x: real[2], y: real[] } -> real[]: sum(sin(x) * exp(y), axes: [0]))
  point: { x: [_, -1], y: _ }`
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

describe("a law of one program", () => {
  const checked = Fn.make({ x: [] }, ({ x }) => Expr.checked.log(x))
  const wrong = Expr.customVjp(
    Fn.make({ x: [] }, ({ x }) => Expr.square(x)),
    {
      jvp: ({ primals, tangents }) => Expr.mul(Expr.mul(2, primals.x), tangents.x),
      // Wrong from 1 on.
      vjp: ({ cotangents, primals: { x } }) => ({
        x: Expr.mul(cotangents, Expr.select(Expr.lt(x, 1), Expr.mul(2, x), 7))
      })
    }
  )

  it.effect("is the same in each of its forms", () =>
    Effect.gen(function* () {
      const claim = Laws.modesAgree(f)
      expect([claim.law, claim.program, Laws.modesAgree.title]).toEqual(["forward = reverse", f, "forward = reverse"])
      const report = yield* claim.check(at)
      expect(report).toEqual(yield* Laws.modesAgree(f, at))
      expect(report).toEqual(claim.assert(at))
      expect(claim.assert(at, { tolerance: 1 }).worst!.tolerance).toBeGreaterThan(report.worst!.tolerance)
      expect([report.program, report.at]).toEqual([String(f), "{ x: [0.5, -1], y: 0.3 }"])
    })
  )

  it("throws the violation", () => {
    expect(Laws.modesAgree(wrong).assert({ x: 0.5 }).verdict).toBe("holds")
    expect(() => Laws.modesAgree(wrong).assert({ x: 1 })).toThrow(Laws.LawViolation)
  })

  it("is a property, that shrinks to the simplest point", () => {
    fc.assert(Laws.modesAgree(f).property())
    const result = fc.check(Laws.modesAgree(wrong).property())
    expect(result.failed).toBe(true)
    expect(result.errorInstance).toBeInstanceOf(Laws.LawViolation)
    expect(result.counterexample).toEqual([{ x: 1 }])
    fc.assert(Laws.modesAgree(wrong).property({ points: fc.record({ x: fc.constantFrom(-1, 0.5) }) }))
    const indexed = Fn.make({ w: [4], i: Type.index([2]), p: Type.bool([]) }, ({ i, p, w }) =>
      Expr.select(p, Expr.sum(Expr.gather(w, i)), 0)
    )
    fc.assert(Laws.modesAgree(indexed).property(), { numRuns: 20 })
  })

  it("is a property for asynchronous runners", async () => {
    await fc.assert(Laws.modesAgree(f).asyncProperty(), { numRuns: 5 })
    const result = await fc.check(Laws.modesAgree(wrong).asyncProperty())
    expect(result.errorInstance).toBeInstanceOf(Laws.LawViolation)
  })

  it.effect("fails with what the program fails with, and passes such points over in properties", () =>
    Effect.gen(function* () {
      expect((yield* Effect.flip(Laws.modesAgree(checked, { x: -1 })))._tag).toBe("DomainError")
      expect(() => Laws.transpose(checked).assert({ x: -1 })).toThrow("log")
      const result = fc.check(Laws.modesAgree(checked).property(), { numRuns: 30 })
      expect([result.failed, result.numSkips > 5]).toEqual([false, true])
    })
  )

  it.effect("has reports and violations that are data", () =>
    Effect.gen(function* () {
      const report = yield* Laws.agreesWithNumeric(f, at)
      const codec = Schema.toCodecJson(Laws.Report)
      const json = JSON.stringify(yield* Schema.encodeEffect(codec)(report))
      expect(yield* Schema.decodeUnknownEffect(codec)(JSON.parse(json))).toEqual(report)
      const nan = Expr.customJvp(
        Fn.make({ x: [] }, ({ x }) => x),
        () => Expr.constant(Number.NaN)
      )
      const violation = yield* Effect.flip(Laws.agreesWithNumeric(nan, { x: 1 }))
      const violations = Schema.toCodecJson(Laws.LawViolation)
      const text = JSON.stringify(yield* Schema.encodeEffect(violations)(violation))
      const read = yield* Schema.decodeUnknownEffect(violations)(JSON.parse(text))
      expect([read instanceof Laws.LawViolation, read.message]).toEqual([true, violation.message])
      expect(read.message).toMatch(
        /^both modes = numerical derivative: 2 of 2 entries differ; at forward: x: derivative NaN, numerical 1/
      )
    })
  )

  it("prints what holds", () => {
    expect(Laws.render(Laws.transpose(f).assert(at))).toMatch(
      /^<v, J u> = <J' v, u>: holds for 1 entry; the nearest to its tolerance at the inner products: [^\n]*\n {2}program: Fn\([^\n]*\n {2}point: \{ x: /
    )
    const nothing = Fn.make({}, () => Expr.constant(1))
    expect(Laws.render(Laws.modesAgree(nothing).assert({}))).toMatch(/^forward = reverse: holds for 0 entries\n/)
  })
})
