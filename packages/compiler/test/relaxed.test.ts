// Fused multiply-adds, on request.

import { Wasm } from "@fluxion/compiler"
import { type Backend, Expr, Fn, Tensor } from "@fluxion/core"
import { Laws, Arbitraries } from "@fluxion/testing"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect } from "effect"
import * as fc from "fast-check"
import { afterEach, describe, expect, it } from "vitest"

const numRuns = Number(process.env["FLUXION_RUNS"] ?? 40) / 4

const shapes = fc.array(fc.constantFrom(1, 3, 4, 17, 33), { maxLength: 2 })

const explain = (f: Fn.Any, options: Wasm.Options): string =>
  Effect.runSync(Wasm.make(options).explain(f as unknown as Backend.Graph))

const n = 64

/** What a program gives for three arrays. */
const run = (f: Fn.Any, options: Wasm.Options): ReadonlyArray<number> => {
  const executable = Effect.runSync(Wasm.make(options).compile(f as unknown as Backend.Graph))
  const { inputs, outputs, run } = executable.bind()
  inputs.forEach((input, k) => input.set(Array.from(input, (_, i) => Math.sin(i * 1.3 + k))))
  run()
  return Array.from(outputs[0]!)
}

const vectors = { x: [n], y: [n], z: [n] } as const

/** Programs with how many products are added without being rounded. */
const programs: Readonly<Record<string, readonly [Fn.Any, { readonly madd: number; readonly nmadd: number }]>> = {
  "a dot product": [Fn.make(vectors, ({ x, y }) => Expr.dot(x, y)) as Fn.Any, { madd: 1, nmadd: 0 }],
  "a product and a sum": [
    Fn.make(vectors, ({ x, y, z }) => Expr.add(Expr.mul(x, y), z)) as Fn.Any,
    { madd: 1, nmadd: 0 }
  ],
  "a sum and a product": [
    Fn.make(vectors, ({ x, y, z }) => Expr.add(z, Expr.mul(x, y))) as Fn.Any,
    { madd: 1, nmadd: 0 }
  ],
  "a product that is subtracted": [
    Fn.make(vectors, ({ x, y, z }) => Expr.sub(z, Expr.mul(x, y))) as Fn.Any,
    { madd: 0, nmadd: 1 }
  ],
  "a product that something is subtracted from": [
    Fn.make(vectors, ({ x, y, z }) => Expr.sub(Expr.mul(x, y), z)) as Fn.Any,
    { madd: 0, nmadd: 0 }
  ],
  "a product that is used twice": [
    Fn.make(vectors, ({ x, y, z }) => {
      const product = Expr.mul(x, y)
      return Expr.max(Expr.add(product, z), product)
    }) as Fn.Any,
    { madd: 0, nmadd: 0 }
  ],
  "a sum of two products": [
    Fn.make(vectors, ({ x, y, z }) => Expr.add(Expr.mul(x, y), Expr.mul(y, z))) as Fn.Any,
    { madd: 1, nmadd: 0 }
  ]
}

const count = (text: string, instruction: string): number => text.split(instruction).length - 1

describe.each(["float64", "float32"] as const)("%s", (precision) => {
  it.each(Object.entries(programs))("%s", (name, [f, { madd, nmadd }]) => {
    const text = explain(f, { precision, relaxedSimd: true })
    const counts = [count(text, ".relaxed_madd"), count(text, ".relaxed_nmadd")]
    // A dot product may have several accumulators, with an instruction for each.
    if (name === "a dot product") expect(counts[0]).toBeGreaterThanOrEqual(madd)
    else expect(counts).toEqual([madd, nmadd])
    expect(explain(f, { precision })).not.toContain("relaxed")
    const expected = run(f, { precision })
    const unit = precision === "float32" ? 2 ** -23 : 2 ** -52
    run(f, { precision, relaxedSimd: true }).forEach((value, i) => {
      // Each product is at most 1.
      expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(unit * n)
    })
  })

  it("gradients of random programs agree with the interpreter", { timeout: 120_000 }, () => {
    const agrees = Laws.backendAgrees(Wasm.make({ precision, relaxedSimd: true }))
    // A product that is not rounded differs by half a unit of its own, which what cancels in a sum is no measure of.
    const ulps = { mul: 2, add: 2, sub: 2, sum: 700, dot: 700, prod: 700, cumsum: 700 }
    const options = { ulps, precision, tolerance: precision === "float32" ? 1e-5 : 1e-12 }
    fc.assert(
      fc.property(Arbitraries.program({ shapes, maxSize: 100, maxOperations: 6 }), ({ fn, inputs }) => {
        agrees(Reverse.valueAndGrad(fn) as never).assert(inputs as never, options)
      }),
      { numRuns }
    )
  })
})

describe("an engine without relaxed SIMD", () => {
  const global = globalThis as unknown as { WebAssembly: object }
  const { WebAssembly } = global
  afterEach(() => {
    global.WebAssembly = WebAssembly
  })

  it("is refused, with what to do about it", () => {
    const f = Fn.make([3], (x) => Expr.sum(x))
    global.WebAssembly = Object.create(WebAssembly, { validate: { value: () => false } }) as object
    const layer = Wasm.layerWith({ relaxedSimd: true })
    const error = Effect.runSync(Fn.compile(f).pipe(Effect.provide(layer), Effect.flip))
    expect(error.message).toBe(
      "wasm cannot compile the program: this engine has no relaxed SIMD, which the option relaxedSimd asks for; it works without that option"
    )
    const result = Effect.runSync(Fn.run(f, Tensor.make([1, 2, 3])).pipe(Effect.provide(Wasm.layerWith({}))))
    expect(result).toBe(6)
  })
})
