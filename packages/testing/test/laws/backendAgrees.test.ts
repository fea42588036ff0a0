// The interpreter against backends with a fault each, and against ones whose errors are allowed.

import { Backend, Body, Expr, Fn, Interpreter, Tensor } from "@fluxion/core"
import { Arbitraries, Laws } from "@fluxion/testing"
import { Effect, Layer, Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { errorBounds } from "../../src/internal/errorBounds.ts"

const { algebra } = Interpreter
type Apply = typeof algebra.apply

/** A backend that computes some results of primitives otherwise. */
const altered = (alter: (primitive: string, result: Tensor.Any) => Tensor.Any): Backend.Service => {
  const apply: Apply = (primitive, attributes, operands, type) =>
    alter(primitive, algebra.apply(primitive, attributes, operands, type))
  return {
    ...Backend.interpreter,
    name: "altered",
    compile: (graph) =>
      Effect.succeed(
        Backend.executable(graph, (inputs) => Result.succeed(Body.interpret(graph, { ...algebra, apply }, inputs)))
      )
  }
}

const mapped = (f: (x: number) => number, x: Tensor.Any): Tensor.Any =>
  x.elementType === "real" ? Tensor.fromArray(Float64Array.from(x.data, f), x.shape) : x

/** The next larger double. */
const next = (x: number): number => {
  const bits = new BigInt64Array(Float64Array.of(x).buffer)
  bits[0]! += x >= 0 ? 1n : -1n
  return new Float64Array(bits.buffer)[0]!
}

const faulty = (name: string, f: (x: number) => number): Backend.Service =>
  altered((primitive, result) => (primitive === name ? mapped(f, result) : result))

const broken = (check: Effect.Effect<Laws.Report, unknown>): Laws.LawViolation => {
  const error = Effect.runSync(Effect.flip(check))
  expect(error).toBeInstanceOf(Laws.LawViolation)
  return error as Laws.LawViolation
}

const f = Fn.make({ x: [2], y: [] }, ({ x, y }) => ({ a: Expr.mul(Expr.exp(x), y), b: Expr.add(x, y) }))
const at = { x: Tensor.make([1, -2]), y: 3 }

describe("backendAgrees", () => {
  it("demands the same bits unless errors are allowed", () => {
    const off = Laws.backendAgrees(faulty("exp", next))
    const error = broken(off(f, at))
    expect([error.worst?.path, error.violations, error.of]).toEqual(["a", 2, 4])
    expect(error.message).toMatch(
      /^the backend agrees with the interpreter: 2 of 4 entries differ; at a\[\d\]: interpreter \S+, altered \S+, difference \S+, allowed 0\n/
    )
    expect(off(f).assert(at, { ulps: { exp: 1 } }).sides).toEqual(["interpreter", "altered"])
    expect(off(f).assert(at, { tolerance: 1e-15 }).verdict).toBe("holds")
  })

  it("allows an operation no more than its own error", () => {
    expect(broken(Laws.backendAgrees(faulty("add", next))(f, at, { ulps: { exp: 4 } })).worst?.path).toBe("b")
    const much = faulty("exp", (x) => x * (1 + 1e-13))
    expect(broken(Laws.backendAgrees(much)(f, at, { ulps: { exp: 4 } })).worst?.path).toBe("a")
  })

  it("tells the zeros apart, and NaN from numbers", () => {
    const zero = Fn.make({ x: [] }, ({ x }) => Expr.mul(x, 0))
    const error = broken(Laws.backendAgrees(faulty("mul", (x) => (x === 0 ? -0 : x)))(zero, { x: 1 }))
    expect(error.message).toContain("at the output: interpreter 0, altered -0, difference 0, allowed 0")
    const poisoned = Laws.backendAgrees(faulty("mul", () => Number.NaN))
    expect(broken(poisoned(zero, { x: 1 }, { ulps: { exp: 9 } })).worst!.right).toBeNaN()
    expect(Laws.backendAgrees(Backend.interpreter)(zero).assert({ x: Number.NaN }).verdict).toBe("holds")
  })

  it("compares failures: the same error, or none", () => {
    const log = Fn.make({ x: [] }, ({ x }) => Expr.checked.log(x))
    expect(Laws.backendAgrees(Backend.interpreter)(log).assert({ x: -1 }).comparisons).toEqual([])
    const silent: Backend.Service = {
      ...Backend.interpreter,
      name: "silent",
      compile: (graph) => Effect.succeed(Backend.executable(graph, () => Result.succeed([Tensor.full([], 0)])))
    }
    expect(broken(Laws.backendAgrees(silent)(log, { x: -1 })).reason).toMatch(
      /^interpreter fails with DomainError: .*, silent does not fail$/
    )
    const other = Fn.make({ x: [] }, ({ x }) => Expr.checked.sqrt(x))
    const wrong: Backend.Service = {
      ...Backend.interpreter,
      name: "wrong",
      compile: () => Backend.interpreter.compile(other as unknown as Backend.Graph)
    }
    expect(broken(Laws.backendAgrees(wrong)(log, { x: -1 })).reason).toMatch(/fails with .* fails with /)
  })

  it("takes a layer, whose own failures it keeps", () => {
    const built = Layer.effect(Backend.Backend, Effect.succeed(faulty("exp", next)))
    expect(broken(Laws.backendAgrees(built)(f, at)).sides[1]).toBe("altered")
    const absent = Layer.effect(Backend.Backend, Effect.fail("no such machine" as const))
    const check: Effect.Effect<Laws.Report, Laws.LawViolation | Backend.CompileError | "no such machine"> =
      Laws.backendAgrees(absent)(f, at)
    expect(Effect.runSync(Effect.flip(check))).toBe("no such machine")
  })

  it("keeps a program that cannot be compiled apart from one that is wrong, also in properties", () => {
    const error = new Backend.CompileError({ backend: "half", primitive: "exp", reason: "no lowering" })
    const half = Laws.backendAgrees({ ...Backend.interpreter, name: "half", compile: () => Effect.fail(error) })
    expect(Effect.runSync(Effect.flip(half(f, at)))).toBe(error)
    expect(fc.check(half(f).property()).errorInstance).toBe(error)
  })

  it("runs what is compiled asynchronously", async () => {
    const slow: Backend.Service = {
      ...Backend.interpreter,
      name: "slow",
      compile: (graph) => Effect.andThen(Effect.sleep(1), faulty("exp", next).compile(graph))
    }
    const claim = Laws.backendAgrees(slow)(f)
    expect((await fc.check(claim.asyncProperty(), { numRuns: 3 })).errorInstance).toBeInstanceOf(Laws.LawViolation)
    await fc.assert(claim.asyncProperty({ ulps: { exp: 1 } }), { numRuns: 3 })
  })
})

describe("the bounds that allowances grow to", () => {
  const elementary = ["exp", "sin", "cos", "tanh", "log", "atan", "sinh", "log1p", "sqrt"]
  const ulps = Object.fromEntries(elementary.map((name) => [name, 2]))
  const runs = { numRuns: Number(process.env["FLUXION_RUNS"] ?? 60) }

  it("hold whatever the errors of the operations are, on random programs", () => {
    let differ = 0
    fc.assert(
      fc.property(
        Arbitraries.program({ maxOperations: 12 }),
        fc.infiniteStream(fc.integer({ min: -2, max: 2 })),
        (p, by) => {
          const drawn = altered((primitive, result) =>
            elementary.includes(primitive)
              ? mapped((x) => {
                  const steps = by.next().value
                  let own = x
                  for (let i = 0; i < Math.abs(steps); i++) own = steps > 0 ? next(own) : -next(-own)
                  return own
                }, result)
              : result
          )
          const report = Laws.backendAgrees(drawn)(p.fn).assert(p.inputs, { ulps })
          if (report.worst !== undefined && report.worst.difference > 0) differ++
        }
      ),
      runs
    )
    expect(differ).toBeGreaterThan(5)
  })

  it("are not much larger than the errors: a chain of operations loses what its condition says", () => {
    const chain = Fn.make([], (x) => Expr.exp(Expr.mul(100, Expr.sin(x))))
    const [bound] = errorBounds(chain, 1, { sin: 1 })[0]!
    // d/ds exp(100 s) = 100 exp(100 s): one unit of sin(1) and one rounding of the product, times the derivative.
    const y = Fn.runSync(chain, 1)
    const s = Math.sin(1)
    expect(bound! / (y * (100 * 2 ** -53 + 2 ** -46) + y * 2 ** -52)).toBeLessThan(4)
    expect(bound! / (y * 100 * 2 ** -53)).toBeGreaterThan(1)
    expect(s).toBeLessThan(1)
  })

  it("of single precision: inputs, constants and operations are rounded, and what is beyond singles may be anything", () => {
    const f = Fn.make([], (x) => Expr.add(x, 0.1))
    const [bound] = errorBounds(f, 0.2, {}, "float32")[0]!
    const actual = Math.abs(Math.fround(Math.fround(0.2) + Math.fround(0.1)) - (0.2 + 0.1))
    expect(bound).toBeGreaterThanOrEqual(actual)
    expect(bound).toBeLessThanOrEqual(4 * 2 ** -25)
    const exact = Fn.make([], (x) => Expr.max(x, 0.5))
    expect(errorBounds(exact, 0.25, {}, "float32")[0]![0]).toBe(0)
    const large = Fn.make([], (x) => Expr.mul(x, x))
    expect(errorBounds(large, 1e19, {}, "float32")[0]![0]).toBeLessThan(1e38 * 2 ** -21)
    expect(errorBounds(large, 1e20, {}, "float32")[0]![0]).toBe(Infinity)
    expect(errorBounds(large, 1e-30, {}, "float32")[0]![0]).toBeGreaterThanOrEqual(1e-60)
  })

  it("allow another order of summation, relative to the magnitudes of the terms", () => {
    const sum = Fn.make([3], (x) => Expr.sum(x))
    const point = Tensor.make([1, 2 ** 53, -(2 ** 53)])
    const [bound] = errorBounds(sum, point, { sum: 1 })[0]!
    expect(bound).toBe(4)
  })

  it("are infinite where a comparison or a jump may go either way, and nothing where it may not", () => {
    const step = Fn.make([], (x) => Expr.floor(Expr.exp(x)))
    expect(errorBounds(step, 0, { exp: 1 })[0]![0]).toBe(Infinity)
    expect(errorBounds(step, 0.5, { exp: 1 })[0]![0]).toBe(0)
    const branch = Fn.make([], (x) => Expr.select(Expr.lt(Expr.exp(x), 1), 0, 7))
    expect(errorBounds(branch, 0, { exp: 1 })[0]![0]).toBe(Infinity)
    expect(errorBounds(branch, 0.5, { exp: 1 })[0]![0]).toBe(0)
  })

  it("reach into loops, rules and solvers", () => {
    const inner = Expr.customVjp(
      Fn.make([], (x) => Expr.exp(x)),
      ({ cotangents }) => cotangents
    )
    const loop = Fn.make([], (x) => Expr.iterate(3, (y) => Expr.mul(0.5, Fn.apply(inner, y)), x))
    expect(errorBounds(loop, 0.5, { exp: 1 })[0]![0]).toBeGreaterThan(0)
    expect(errorBounds(loop, 0.5, { sin: 1 })[0]![0]).toBe(0)
    expect(Laws.backendAgrees(faulty("exp", next))(loop).assert(0.5, { ulps: { exp: 1 } }).verdict).toBe("holds")
  })
})
