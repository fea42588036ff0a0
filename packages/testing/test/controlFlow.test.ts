// Random programs with control flow and inner programs: what they compute is what plain JavaScript computes, and equal programs have equal gradients.

import { Expr, Fn, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries, Laws } from "@fluxion/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect, it, vi } from "vitest"
import { pathScale } from "../src/internal/pathScale.ts"
import { unroll } from "../src/internal/unroll.ts"
import { type Tree as DirectTree, direct, numberOf } from "./direct.ts"
import { evaluate, rebuild } from "./rebuild.ts"

const given = process.env["FLUXION_RUNS"]
const runs = (count: number): { readonly numRuns: number } => ({ numRuns: given === undefined ? count : Number(given) })
if (given !== undefined) vi.setConfig({ testTimeout: 0 })

type Program = Arbitraries.Program

const gradients: Readonly<Record<string, (f: Program["fn"], at: Program["inputs"]) => ReadonlyArray<number>>> = {
  reverse: (f, at) => {
    const { cotangents } = Reverse.evaluate(f, { primals: at, cotangents: 1 } as never)
    return Tree.toTensors("test", f.inputs, cotangents).flatMap(({ data }) => Array.from(data))
  },
  forward: (f, at) => [Forward.evaluate(f, { primals: at, tangents: at } as never).tangents as unknown as number]
}

const same = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b))

/** Two programs have the same value, to the last bit, and the same derivatives: exactly, or to the rounding of sums in another order. */
const expectSame = (a: Program["fn"], b: Program["fn"], at: Program["inputs"], exactly: boolean): void => {
  expect(same(Fn.runSync(a, at), Fn.runSync(b, at))).toBe(true)
  const scale = exactly ? [] : pathScale(a, at, [Tensor.full([], 1)]).flatMap((own) => Array.from(own))
  const inputs = Tree.toTensors("test", a.inputs, at).flatMap(({ data }) => Array.from(data))
  const along = scale.reduce((sum, s, i) => sum + s * Math.abs(inputs[i]!), 0)
  for (const [mode, gradient] of Object.entries(gradients)) {
    const [left, right] = [gradient(a, at), gradient(b, at)]
    left.forEach((x, i) => {
      if (same(x, right[i]!)) return
      expect(exactly).toBe(false)
      expect(Math.abs(x - right[i]!)).toBeLessThanOrEqual(1e-12 * (mode === "forward" ? along : scale[i]!) + 2 ** -1000)
    })
  }
}

type Step = (...operands: ReadonlyArray<unknown>) => unknown
type Any = (...operands: ReadonlyArray<never>) => unknown

const loose = Expr as unknown as Readonly<Record<string, Step>>
const reversed = (tree: unknown): unknown =>
  Expr.isExpr(tree) || Tensor.isTensor(tree)
    ? loose["reverse"]!(tree, 0)
    : Array.isArray(tree)
      ? tree.map(reversed)
      : Object.fromEntries(Object.entries(tree as object).map(([name, part]) => [name, reversed(part)]))

/** Functions that can be written by others; whether the order of operations is the same. */
const rewritings: ReadonlyArray<{
  readonly name: string
  readonly exactly: boolean
  readonly replaced: Readonly<Record<string, Readonly<Record<string, Any>>>>
}> = [
  { name: "call = apply", exactly: false, replaced: { Fn: { call: Fn.apply as never } } },
  { name: "apply = call", exactly: false, replaced: { Fn: { apply: Fn.call as never } } },
  {
    name: "cond(p, a, b) = cond(not p, b, a)",
    exactly: true,
    replaced: { Expr: { cond: (p: never, a: Step, b: Step) => loose["cond"]!(Expr.not(p), b, a) } }
  },
  {
    name: "iterate = whileLoop with a counter",
    exactly: true,
    replaced: {
      Expr: {
        iterate: (n: number, f: Step, init: unknown) => {
          const loop = loose["whileLoop"]! as (...operands: ReadonlyArray<unknown>) => { readonly state: unknown }
          return loop(
            ({ k }: { readonly k: Expr.IndexExpr<readonly []> }) => Expr.lt(k, n),
            ({ k, state }: { readonly k: Expr.IndexExpr<readonly []>; readonly state: unknown }) => ({
              k: Expr.add(k, 1),
              state: f(state)
            }),
            { k: Expr.constant(Tensor.index(0)), state: init }
          ).state
        }
      }
    }
  },
  {
    name: "map = scan that carries nothing",
    exactly: false,
    replaced: {
      Expr: {
        map: (f: Step, xs: unknown, options?: { readonly consts: unknown }) =>
          (loose["scan"]!((_: unknown, x: unknown) => [{}, f(x, options?.consts)], {}, xs) as ReadonlyArray<unknown>)[1]
      }
    }
  },
  {
    name: "scan in reverse = scan of what is reversed",
    exactly: false,
    replaced: {
      Expr: {
        scan: (f: Step, init: unknown, xs: unknown, options?: { readonly reverse?: boolean }) => {
          if (options?.reverse !== true) return loose["scan"]!(f, init, xs, options)
          const [carry, ys] = loose["scan"]!(f, init, reversed(xs), {
            ...options,
            reverse: false
          }) as ReadonlyArray<unknown>
          return [carry, reversed(ys)]
        }
      }
    }
  }
]

describe("random programs", () => {
  const expectDirect = ({ code, fn, inputs }: Program, tolerance: number): void => {
    const { inputs: at, program } = evaluate(code, direct) as {
      readonly program: (x: DirectTree) => DirectTree
      readonly inputs: DirectTree
    }
    const value = Fn.runSync(fn, inputs)
    expect(Math.abs(value - numberOf(program(at))) / Math.max(1, Math.abs(value))).toBeLessThan(tolerance)
  }

  it("compute what plain JavaScript computes", () => {
    fc.assert(
      fc.property(Arbitraries.program({ derivatives: false, depth: 3 }), (program) => expectDirect(program, 1e-11)),
      runs(500)
    )
  })

  it("differentiate their inner programs as differences do", () => {
    fc.assert(
      fc.property(Arbitraries.program({ maxOperations: 12 }), (program) => expectDirect(program, 1e-5)),
      runs(50)
    )
  })

  it("are the branches that are taken and the iterations that are run", () => {
    fc.assert(
      fc.property(Arbitraries.program({ kinks: "allow", depth: 3 }), ({ fn, inputs }) => {
        expectSame(fn, unroll(fn, inputs) as never, inputs, false)
      }),
      runs(300)
    )
  })

  for (const { exactly, name, replaced } of rewritings) {
    it(`${name}${exactly ? ", to the last bit" : ""}`, () => {
      fc.assert(
        fc.property(Arbitraries.program(), ({ code, fn, inputs }) => {
          expectSame(fn, rebuild(code, replaced).program, inputs, exactly)
        }),
        runs(150)
      )
    })
  }
})

describe("orders of derivatives of random programs", () => {
  type Scalar = Fn.Fn<{ readonly x: readonly [] }, readonly []>
  const modes: Readonly<Record<string, (f: Scalar) => Scalar>> = {
    f: (f) => Fn.make({ x: [] }, ({ x }) => Fn.apply(Forward.derivative(f), { x })) as Scalar,
    r: (f) => Fn.make({ x: [] }, ({ x }) => Fn.apply(Reverse.grad(f), { x }).x) as Scalar
  }
  const nested = (order: number): ReadonlyArray<string> =>
    order === 0 ? [""] : nested(order - 1).flatMap((rest) => Object.keys(modes).map((mode) => mode + rest))

  const check = (order: number, maxOperations: number, count: number): void => {
    const scalars = Arbitraries.program({
      inputs: 1,
      shapes: fc.constant([]),
      maxOperations,
      values: { min: -1, max: 1 }
    })
    fc.assert(
      fc.property(scalars, ({ fn, inputs }) => {
        const at = inputs as { readonly x: number }
        const programs = nested(order - 1).map((nesting) =>
          Array.from(nesting).reduceRight((f, mode) => modes[mode]!(f), fn as unknown as Scalar)
        )
        const values = programs.flatMap((g) => {
          // By the other mode and by differences.
          const report = Effect.runSync(Laws.modesAgree(g, at, { tolerance: 1e-10 }))
          Effect.runSync(Laws.agreesWithNumeric(g, at))
          return report.comparisons.flatMap(({ left, right }) => [left, right])
        })
        const scale = programs.reduce((m, g) => Math.max(m, pathScale(g, at, [Tensor.full([], 1)])[0]![0]!), 1)
        for (const value of values) expect(Math.abs(value - values[0]!)).toBeLessThanOrEqual(1e-9 * scale)
      }),
      runs(count)
    )
  }

  it("the four nestings of two modes agree, and with differences of gradients", () => check(2, 10, 200))

  it("the eight nestings of three, and differences of second derivatives", () => check(3, 6, 60))
})
