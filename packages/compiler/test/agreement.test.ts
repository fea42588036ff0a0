// Compiled programs compute what the interpreter computes: random programs and their derivatives, within the errors that operations are allowed.
//
// The JavaScript backend has the bits of the interpreter but for sums and products of several terms, which it adds up (multiplies) in the order of its loops. The
// WebAssembly backend has elementary functions of its own besides.

import { JavaScript, Wasm } from "@fluxion/compiler"
import { type Expr, Fn } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries, Laws } from "@fluxion/testing"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { program as anyProgram, work } from "../../core/test/arbitraries.ts"
import { applies, compare, elementaryUlps, inputsOf } from "./compare.ts"

const numRuns = Number(process.env["FLUXION_RUNS"] ?? 40)

/** Another order of some hundred terms. */
const orders = { sum: 700, prod: 700, dot: 700 } as const

const elementary = { ...elementaryUlps, polygamma: 16 } as const

/** At most 2 ULP in single precision, of which rounding is a half. */
const singles = Object.fromEntries(Object.keys(elementary).map((name) => [name, 2])) as {
  readonly [K in keyof typeof elementary]: number
}

const backends = [
  ["javascript", JavaScript.service, { ulps: orders }],
  ["wasm", Wasm.service, { ulps: { ...orders, ...elementary } }],
  ["javascript in float32", JavaScript.make({ precision: "float32" }), { ulps: orders, precision: "float32" }],
  ["wasm in float32", Wasm.make({ precision: "float32" }), { ulps: { ...orders, ...singles }, precision: "float32" }]
] as const

const sizes = [1, 2, 3, 4, 5, 17, 33, 64, 129]

const shapes = fc
  .array(fc.constantFrom(...sizes), { maxLength: 3 })
  .map((shape) => shape.filter((_, i) => shape.slice(0, i + 1).reduce((a, b) => a * b, 1) <= 700))

type Program = Fn.Fn<Arbitraries.Inputs, readonly []>

/** Programs made of a program, with inputs made of its inputs. */
const derivatives: Readonly<Record<string, (f: Program, at: object) => readonly [Fn.Any, object]>> = {
  "the value": (f, at) => [f, at],
  "the gradient": (f, at) => [Reverse.valueAndGrad(f), at],
  "a forward derivative": (f, at) => [Forward.jvp(f), { primals: at, tangents: at }],
  "a Hessian-vector product, forward over reverse": (f, at) => [
    Forward.jvp(Reverse.grad(f) as unknown as Program),
    { primals: at, tangents: at }
  ],
  "a Hessian-vector product, reverse over forward": (f, at) => {
    const directional = Fn.make(Fn.specs(f).inputs as Arbitraries.Inputs, (x) => {
      const { tangents } = Fn.apply(Forward.jvp(f) as never, { primals: x, tangents: x } as never) as {
        readonly tangents: Expr.Expr
      }
      return tangents
    })
    return [Reverse.grad(directional as unknown as Program), at]
  }
}

describe.each(backends)("%s", (_, service, options) => {
  const agrees = Laws.backendAgrees(service)

  describe.each(Object.entries(derivatives))("computes %s", (_, derive) => {
    const check = (constraints: Arbitraries.ProgramConstraints, runs: number) => (): void =>
      fc.assert(
        fc.property(Arbitraries.program(constraints), ({ fn, inputs }) => {
          const [f, at] = derive(fn, inputs)
          agrees(f as Program).assert(at as never, options)
        }),
        { numRuns: Math.ceil(runs) }
      )

    it("of random programs", { timeout: 300_000 }, check({}, numRuns))

    it(
      "of random programs on larger arrays, whose sizes no vector divides",
      { timeout: 300_000 },
      check({ shapes, maxSize: 4096, maxOperations: 12 }, numRuns / 4)
    )

    it(
      "of random programs at kinks and outside of domains",
      { timeout: 300_000 },
      check({ kinks: "allow", domains: "any" }, numRuns / 2)
    )
  })

  it(
    "computes random programs over all primitives, with guards, indices, truth values and special values",
    { timeout: 300_000 },
    () => {
      const counts = { programs: 0, exact: 0 }
      // What is computed in another order, or by other functions.
      const inexact = ["sum", "prod", "dot", ...Object.keys(elementary)]
      fc.assert(
        fc.property(anyProgram, fc.nat(100), (f, seed) => {
          if (work(f) > 100_000) return
          counts.programs++
          const isExact = !applies(f, inexact)
          if (isExact) counts.exact++
          // In single precision both backends have the same bits where both are exact.
          if (!("precision" in options)) compare(f, service, inputsOf(f, seed), isExact ? 0 : 1e-9)
          else if (isExact) compare(f, service, inputsOf(f, seed), 0, JavaScript.make(options))
        }),
        { numRuns: numRuns * 5 }
      )
      expect(counts.exact).toBeGreaterThan(counts.programs / 10)
    }
  )
})
