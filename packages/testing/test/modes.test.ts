// The claim of the project: on random programs, forward mode, reverse mode and numerical derivatives agree. The three know nothing of each
// other. FLUXION_RUNS=10000 runs as many programs in each test.

import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Primitive, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries, Laws } from "@fluxion/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import { describe, expect, it, vi } from "vitest"

const given = process.env["FLUXION_RUNS"]
const runs = (count: number): { readonly numRuns: number } => ({ numRuns: given === undefined ? count : Number(given) })
if (given !== undefined) vi.setConfig({ testTimeout: 0 })

type Program = Arbitraries.Program

/** A scalar program whose gradient takes second derivatives: a weighted sum of all entries of the gradient. */
const alongGradient = (f: Program["fn"], gradient: (g: Program["fn"]) => Fn.Any): Program["fn"] => {
  const derivative = gradient(f)
  return Fn.unsafeFromLeaves(f.inputs, [], (leaves) => {
    const parts = Fn.interpret(derivative, Fn.expressions, leaves) as ReadonlyArray<unknown> as ReadonlyArray<Expr.Expr>
    return [
      parts
        .map((part, i) => Expr.sum(Expr.mul(part, 1 + i / 3)))
        .reduce<Expr.Expr>((a, b) => Expr.add(a, b), Expr.constant(0))
    ]
  }) as unknown as Program["fn"]
}

/** Not drawn: what is not meant to agree with differences; guards, which have random programs of their own; what is well conditioned at some points only. */
const notDrawn = new Set<string>(["stopGradient", "ensure", "after", "qr", "eigh", "root"])

/** Everything a program can hold and that random programs should reach. */
const reachable = [...Primitive.names, ...Primitive.controlNames].filter((name) => !notDrawn.has(name))

describe("random programs", () => {
  it("reach every primitive", () => {
    const reached = new Set<string>()
    for (const { fn } of fc.sample(Arbitraries.program(), { numRuns: 1000, seed: 1 })) {
      for (const node of Fn.nodes(fn)) {
        const view = Expr.view(node)
        if (view._tag === "Apply" || view._tag === "Project") reached.add(view.primitive)
      }
    }
    expect(reachable.filter((name) => !reached.has(name))).toEqual([])
  })

  it("forward = reverse, to 1e-12 of the terms", () => {
    fc.assert(
      fc.property(Arbitraries.program(), ({ fn, inputs }) => {
        Effect.runSync(Laws.modesAgree(fn, inputs))
      }),
      runs(500)
    )
  })

  it("both = numerical derivatives, to the error these estimate", () => {
    let worst = 0
    fc.assert(
      fc.property(Arbitraries.program(), ({ fn, inputs }) => {
        const report = Effect.runSync(Laws.agreesWithNumeric(fn, inputs))
        // The tolerance comes from the numerical derivative itself; it must also say something.
        const scale = report.comparisons.reduce(
          (m, { left }) => Math.max(m, Math.abs(left)),
          Math.max(1, Math.abs(Fn.runSync(fn, inputs)))
        )
        for (const { tolerance } of report.comparisons) worst = Math.max(worst, tolerance / scale)
      }),
      runs(500)
    )
    expect(worst).toBeLessThan(1e-4)
  })

  it("forward = reverse also at kinks, whose conventions both modes share", () => {
    const integers = { min: -2, max: 2 }
    fc.assert(
      fc.property(Arbitraries.program({ kinks: "allow", maxOperations: 12, values: integers }), ({ fn, inputs }) => {
        Effect.runSync(Laws.modesAgree(fn, inputs))
      }),
      runs(300)
    )
  })

  it("reverse mode is the transpose of forward mode", () => {
    fc.assert(
      fc.property(Arbitraries.program({ kinks: "allow" }), ({ fn, inputs }) => {
        // The gradient as a program with array outputs: its Jacobian is the Hessian.
        const gradient = Reverse.grad(fn) as unknown as Fn.Fn<Arbitraries.Inputs, Arbitraries.Inputs>
        Effect.runSync(Laws.transpose(fn, inputs))
        Effect.runSync(Laws.transpose(gradient, inputs, { tolerance: 1e-10 }))
      }),
      runs(100)
    )
  })

  it("the derivative as a program = the derivative as numbers, in both modes", () => {
    fc.assert(
      fc.property(Arbitraries.program({ kinks: "allow" }), ({ fn, inputs }) => {
        const ones = Tree.fromTensors(fn.inputs, Tree.toTensors("test", fn.inputs, inputs)) as never
        const backward = { primals: inputs, cotangents: 1 }
        expect(Fn.runSync(Reverse.vjp(fn), backward as never)).toEqual(Reverse.evaluate(fn, backward as never))
        const forward = { primals: inputs, tangents: ones }
        expect(Fn.runSync(Forward.jvp(fn) as never, forward as never)).toEqual(Forward.evaluate(fn, forward as never))
      }),
      runs(150)
    )
  })

  it("second derivatives: forward = reverse = numerical, of the gradient by reverse and by forward mode", () => {
    const small = Arbitraries.program({ maxOperations: 8, inputs: 2, values: { min: -1, max: 1 } })
    fc.assert(
      fc.property(small, ({ fn, inputs }) => {
        for (const gradient of [Reverse.grad, Forward.jacobian] as ReadonlyArray<(g: Program["fn"]) => Fn.Any>) {
          const g = alongGradient(fn, gradient)
          Effect.runSync(Laws.modesAgree(g, inputs, { tolerance: 1e-10 }))
          Effect.runSync(Laws.agreesWithNumeric(g, inputs))
        }
      }),
      runs(100)
    )
  })

  it("the Hessian times a vector is the product of the Hessian and the vector", () => {
    const small = Arbitraries.program({ maxOperations: 8, inputs: 1 })
    fc.assert(
      fc.property(small, ({ fn, inputs }) => {
        const [x] = Tree.toTensors("test", fn.inputs, inputs)
        const size = x!.data.length
        const hessian = Tree.toTensors(
          "test",
          Fn.specs(Calculus.hessian(fn)).outputs,
          Fn.runSync(Calculus.hessian(fn), inputs)
        )[0]!
        const product = Tree.toTensors(
          "test",
          fn.inputs,
          Fn.runSync(Calculus.hvp(fn) as never, { primals: inputs, tangents: inputs } as never)
        )[0]!
        for (let i = 0; i < size; i++) {
          let [sum, scale] = [0, 1e-300]
          for (let j = 0; j < size; j++) {
            sum += hessian.data[i * size + j]! * x!.data[j]!
            scale += Math.abs(hessian.data[i * size + j]! * x!.data[j]!)
          }
          expect(Math.abs(sum - product.data[i]!) / Math.max(scale, Math.abs(sum), 1)).toBeLessThan(1e-10)
        }
      }),
      runs(100)
    )
  })
})
