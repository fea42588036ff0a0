// Tiles of matrix products compute what the interpreter computes, whatever the extents.

import { type Body, Expr, Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { print as printJavaScript } from "../../../src/internal/javascript/print.ts"
import * as JavaScriptRun from "../../../src/internal/javascript/run.ts"
import type { LoopProgram } from "../../../src/internal/loops/model.ts"
import { print } from "../../../src/internal/loops/print.ts"
import { lower } from "../../../src/internal/lower/index.ts"
import { forwardCopies } from "../../../src/internal/passes/forwardCopies.ts"
import { passes } from "../../../src/internal/passes/index.ts"
import { tileProducts } from "../../../src/internal/passes/tileProducts.ts"
import { print as printWasm } from "../../../src/internal/wasm/print.ts"
import * as WasmRun from "../../../src/internal/wasm/run.ts"
import { inputsOf } from "../../compare.ts"

const numRuns = Number(process.env["FLUXION_RUNS"] ?? 40) * 3

const run = {
  javascript: (program: LoopProgram) => JavaScriptRun.executable(program, printJavaScript(program)),
  wasm: (program: LoopProgram) => WasmRun.executable(program, printWasm(program))
} as const

/** All passes, with tiles for products of any size. */
const optimised = (f: Fn.Any, least: number): LoopProgram =>
  passes.reduce(
    (made, [name, pass]) => (name === "tileProducts" ? tileProducts(made, { least }) : pass(made)),
    lower(f as unknown as Body.Body)
  )

const specs = [
  "ik,kj->ij",
  "ki,kj->ij",
  "ik,jk->ij",
  "ki,jk->ij",
  "ik,kj->ji",
  "bik,bkj->bij",
  "bik,kj->bij",
  "bik,kj->ibj",
  "kij,nj->kni"
]
const sums = ["ikl,klj->ij", "lik,kjl->ij"]

const product = (spec: string, extents: ReadonlyMap<string, number>): Fn.Any => {
  const [left, right] = spec.split("->")[0]!.split(",") as [string, string]
  const shape = (labels: string) => Array.from(labels, (label) => extents.get(label)!)
  return Fn.make({ x: shape(left), y: shape(right) }, ({ x, y }) =>
    Expr.einsum(spec as "ik,kj->ij", x as never, y as never)
  ) as never
}

const expectClose = (actual: ReadonlyArray<Tensor.Any>, expected: ReadonlyArray<Tensor.Any>, tolerance: number): void =>
  expected.forEach(({ data }, o) =>
    data.forEach((x: number, i: number) => {
      const y = actual[o]!.data[i]!
      if (Object.is(x, y) || Math.abs(x - y) <= tolerance * Math.max(1, Math.abs(x))) return
      throw new Error(`output ${o} at ${i}: expected ${x}, got ${y}`)
    })
  )

describe.each(Object.entries(run))("%s", (_, executable) => {
  const agrees = (f: Fn.Any, least: number, inputs: ReadonlyArray<Tensor.Any>): void => {
    const untiled = executable(optimised(f, Infinity)).execute(inputs)
    const tiled = executable(optimised(f, least)).execute(inputs)
    expectClose(Result.getOrThrow(tiled), Result.getOrThrow(untiled), 1e-12)
  }

  it("extents from 0 to 20, every order of axes", { timeout: 120_000 }, () => {
    const extent = fc.nat(20)
    fc.assert(
      fc.property(
        fc.constantFrom(...specs, ...sums),
        fc.record({ i: extent, j: extent, k: extent, b: fc.nat(3), l: fc.nat(3), n: extent }),
        fc.nat(100),
        (spec, extents, seed) => {
          const f = product(spec, new Map(Object.entries(extents)))
          agrees(f, 1, inputsOf(f, seed))
        }
      ),
      { numRuns: numRuns * 2 }
    )
  })

  it("gradients", { timeout: 120_000 }, () => {
    const extent = fc.constantFrom(1, 2, 3, 7, 8, 9, 16, 33)
    fc.assert(
      fc.property(
        fc.constantFrom(...specs),
        fc.record({ i: extent, j: extent, k: extent, b: fc.constantFrom(1, 3), n: extent }),
        fc.nat(100),
        (spec, extents, seed) => {
          const f = product(spec, new Map(Object.entries(extents)))
          const g = Reverse.grad(
            Fn.make((Fn.specs(f) as unknown as { readonly inputs: never }).inputs, (x: never) =>
              Expr.sum(Expr.sin(Fn.apply(f as never, x) as never))
            ) as never
          ) as unknown as Fn.Any
          agrees(g, 1, inputsOf(g, seed))
        }
      ),
      { numRuns }
    )
  })

  it("zeros beside infinities, where only the gradient's products hold them apart", () => {
    const f = Fn.make({ x: [12, 12], y: [12, 12] }, ({ x, y }) =>
      Expr.sum(Expr.select(Expr.gt(y, 0), Expr.log(Expr.matmul(x, y)), 0))
    )
    const g = Reverse.grad(f)
    const at = (i: number) => (i === 5 ? Infinity : i % 3 === 0 ? 0 : i % 7)
    const inputs = [0, 1].map((o) =>
      Tensor.fromArray(
        Array.from({ length: 144 }, (_, i) => at(i + 7 * o)),
        [12, 12]
      )
    )
    const result = Result.getOrThrow(executable(optimised(g, 1)).execute(inputs))
    const expected = Fn.runSync(g, { x: inputs[0], y: inputs[1] } as never) as Record<string, Tensor.Any>
    expectClose(result, [expected["x"]!, expected["y"]!], 1e-12)
    expect(Array.from(result[0]!.data).some(Number.isNaN)).toBe(true)
    expect(Array.from(result[0]!.data).some(Number.isFinite)).toBe(true)
  })

  it("sums that are cut into blocks", () => {
    for (const k of [256, 257, 300, 384, 513]) {
      for (const spec of ["ik,kj->ij", "ki,kj->ij", "ik,jk->ij"]) {
        const f = product(
          spec,
          new Map([
            ["i", 5],
            ["j", 6],
            ["k", k]
          ])
        )
        agrees(f, 1, inputsOf(f, k))
      }
    }
  })
})

/** Lines without the indent of this file. */
const lines = (text: string): string => {
  const own = text.split("\n").slice(1, -1)
  const indent = Math.min(...own.map((line) => line.search(/\S/)))
  return own.map((line) => line.slice(indent)).join("\n")
}

describe("tileProducts", () => {
  const loops = (spec: string, extents: Record<string, number>): string =>
    print(tileProducts(forwardCopies(lower(product(spec, new Map(Object.entries(extents))) as unknown as Body.Body))))

  it("keeps sums in local variables, for rows and columns at distances", () => {
    expect(loops("ik,kj->ij", { i: 8, j: 16, k: 50 })).toBe(
      lines(`
      for l0 < 8, in any order {
        for l1 < 2, in any order {
          v0 = 0
          v1 = 0
          v2 = 0
          v3 = 0
          v4 = 0
          v5 = 0
          v6 = 0
          v7 = 0
          for l2 < 50, in any order {
            v0 += in0[l1, l2] * in1[l2, l0]
            v1 += in0[l1, l2] * in1[l2, l0 + 8]
            v2 += in0[l1 + 2, l2] * in1[l2, l0]
            v3 += in0[l1 + 2, l2] * in1[l2, l0 + 8]
            v4 += in0[l1 + 4, l2] * in1[l2, l0]
            v5 += in0[l1 + 4, l2] * in1[l2, l0 + 8]
            v6 += in0[l1 + 6, l2] * in1[l2, l0]
            v7 += in0[l1 + 6, l2] * in1[l2, l0 + 8]
          }
          out0[l1, l0] = v0
          out0[l1, l0 + 8] = v1
          out0[l1 + 2, l0] = v2
          out0[l1 + 2, l0 + 8] = v3
          out0[l1 + 4, l0] = v4
          out0[l1 + 4, l0 + 8] = v5
          out0[l1 + 6, l0] = v6
          out0[l1 + 6, l0 + 8] = v7
        }
      }
    `)
    )
  })

  it("copies what a sum would walk across in long steps", () => {
    const text = loops("ik,kj->ij", { i: 64, j: 64, k: 128 })
    expect(text).toContain("t0[l0, l1] = in1[l1, l0]")
  })

  it("leaves small ones as they are", () => {
    const text = loops("ik,kj->ij", { i: 8, j: 8, k: 8 })
    expect(text).toContain("out0[l2, l3] += in0[l2, l4] * in1[l4, l3]")
  })
})
