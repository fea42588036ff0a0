// What comparing the modes claims, on random programs: what a gradient costs at most, and that counts and traces are those of what runs.

import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries } from "@fluxion/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

const { Cost } = Calculus

const compare = (program: Arbitraries.Program) =>
  Effect.runSync(
    Calculus.compareModes(program.fn, program.inputs as never, { time: false, trace: false, maxPasses: 0 })
  )

const quantile = (list: ReadonlyArray<number>, q: number): number =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))]!

describe("a gradient costs at most a small constant times the program", () => {
  // Baur and Strassen (1983). The worst are programs of one function whose derivative takes more operations than most: erf.
  const worst = 20

  it("in arithmetic", () => {
    const ratios: Array<number> = []
    fc.assert(
      fc.property(Arbitraries.program(), (program) => {
        const { primal, reverse } = compare(program)
        const arithmetic = Cost.arithmetic(primal.operations)
        // What is only moved about, or reduced from one element, costs no arithmetic; its adjoints may.
        const moved = arithmetic === 0 ? primal.operations.moves + Fn.operationCount(program.fn) : 0
        expect(Cost.arithmetic(reverse.pass)).toBeLessThanOrEqual(worst * (arithmetic + moved))
        if (arithmetic > 0) ratios.push(reverse.ratio)
      }),
      { numRuns: 300 }
    )
    expect(quantile(ratios, 0.5)).toBeLessThan(4)
    expect(quantile(ratios, 0.95)).toBeLessThan(8)
  })

  it("of ten operations and more: less than 12 times, and so does a tangent", () => {
    fc.assert(
      fc.property(Arbitraries.program({ minOperations: 20, maxOperations: 60 }), (program) => {
        const { forward, primal, reverse } = compare(program)
        fc.pre(Cost.arithmetic(primal.operations) >= 10)
        expect(reverse.ratio).toBeLessThan(12)
        expect(forward.ratio).toBeLessThan(12)
      }),
      { numRuns: 200 }
    )
  })

  it("whatever the number of inputs, while forward mode grows with it", () => {
    const ratios = [1, 10, 100, 1000].map((n) => {
      const f = Fn.make({ x: [n] as const }, ({ x }) => Expr.logSumExp(Expr.mul(x, Expr.sin(x))))
      const { forward, primal, reverse } = Effect.runSync(
        Calculus.compareModes(f, { x: Tensor.ones([n]) }, { time: false, trace: false, maxPasses: 1 })
      )
      const start = Cost.arithmetic(primal.operations)
      return [Cost.arithmetic(forward.total) / start, Cost.arithmetic(reverse.total) / start] as const
    })
    for (const [, reverse] of ratios) expect(reverse).toBeLessThan(5)
    expect(ratios[3]![0]).toBeGreaterThan(500)
  })
})

describe("counts", () => {
  it("from shapes are those of what runs, without branches", () => {
    fc.assert(
      fc.property(Arbitraries.program({ controlFlow: false, derivatives: false }), ({ fn, inputs }) => {
        expect(Cost.countOperations(fn)).toEqual(Cost.countOperations(fn, { at: inputs as never }))
      }),
      { numRuns: 150 }
    )
  })
})

describe("traces", () => {
  it("end where both modes end", () => {
    fc.assert(
      fc.property(Arbitraries.program({ maxOperations: 20 }), ({ fn, inputs }) => {
        const seeds = Tree.fromTensors(
          fn.inputs,
          Tree.toTensors("test", fn.inputs, inputs).map((tensor) => Tensor.ones(tensor.shape))
        ) as never
        const at = inputs as never
        const { rows } = Calculus.Trace.make(fn, at, { tangents: seeds })
        const forward = Forward.evaluate(fn, { primals: at, tangents: seeds })
        const reverse = Tree.toTensors(
          "test",
          fn.inputs,
          Reverse.evaluate(fn, { primals: at, cotangents: 1 as never }).cotangents
        )
        const output = rows.at(-1)!
        expect(output.primal.values[0]!.data[0]).toBe(forward.primals)
        expect(output.tangent?.values[0]!.data[0] ?? 0).toBe(forward.tangents)
        rows
          .filter(({ kind }) => kind === "input")
          .forEach(({ adjoints }, i) => {
            const adjoint = adjoints[0]?.values[0]!.data ?? new Float64Array(reverse[i]!.data.length)
            adjoint.forEach((x, k) => {
              const expected = reverse[i]!.data[k]!
              expect(Math.abs(x - expected)).toBeLessThanOrEqual(1e-9 * (1 + Math.abs(expected)))
            })
          })
      }),
      { numRuns: 150 }
    )
  })

  it("of a mix of both modes end where they end", () => {
    fc.assert(
      fc.property(Arbitraries.program({ maxOperations: 12 }), ({ fn, inputs }) => {
        const wide = Fn.unsafeFromLeaves(fn.inputs, [3], (leaves) => {
          const [y] = Fn.interpret(fn, Fn.expressions, leaves)
          return [Expr.sin(Expr.mul(y as Expr.Expr, Tensor.make([0.1, 0.2, 0.3])))]
        }) as unknown as Arbitraries.Program["fn"]
        const tensors = (mode: Calculus.Mode) => {
          const jacobian: Fn.Any = Calculus.jacobian(wide, { mode })
          return Tree.toTensors(
            "test",
            jacobian.outputs as Tree.Spec,
            Fn.runSync(jacobian as Arbitraries.Program["fn"], inputs as never)
          )
        }
        const [mixed, forward] = [tensors("mixed"), tensors("forward")]
        mixed.forEach(({ data }, i) =>
          data.forEach((x, k) => {
            const expected = forward[i]!.data[k]!
            expect(Math.abs(x - expected)).toBeLessThanOrEqual(1e-8 * (1 + Math.abs(expected)))
          })
        )
      }),
      { numRuns: 100 }
    )
  })
})
