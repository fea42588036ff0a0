// Modules of random programs are valid for an independent tool too, and what they do at the edges of memory.

import type { Body, Fn } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries } from "@fluxion/testing"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import wabtInit from "wabt"
import { program as anyProgram, work } from "../../../../core/test/arbitraries.ts"
import { lower } from "../../../src/internal/lower/index.ts"
import { optimise } from "../../../src/internal/passes/index.ts"
import { MOST_MEMORY } from "../../../src/internal/wasm/print/memory.ts"
import { print } from "../../../src/internal/wasm/print.ts"

const numRuns = Number(process.env["FLUXION_RUNS"] ?? 40)

const wabt = await wabtInit()

const shapes = fc.array(fc.constantFrom(1, 2, 3, 5, 17), { maxLength: 3 })

const programs: fc.Arbitrary<Fn.Any> = fc.oneof(
  anyProgram,
  Arbitraries.program({ shapes, maxSize: 1000, maxOperations: 10 }).map(({ fn }) => Reverse.valueAndGrad(fn) as Fn.Any)
)

it("modules of random programs validate with WABT, and print as text", { timeout: 300_000 }, () => {
  fc.assert(
    fc.property(programs, (f) => {
      if (work(f) > 100_000) return
      const program = optimise(lower(f as unknown as Body.Body))
      for (const precision of ["float64", "float32"] as const) {
        for (const relaxedSimd of [false, true]) {
          const printed = print(program, { memoryLimit: MOST_MEMORY, precision, relaxedSimd })
          const module = wabt.readWasm(printed.bytes, { readDebugNames: false, relaxed_simd: true })
          try {
            module.validate()
          } finally {
            module.destroy()
          }
          expect(printed.text()).toMatch(/^\(func \$run \(result i32\)\n[^]*\n\)$/)
        }
      }
    }),
    { numRuns }
  )
})
