import { type Body, Expr, Fn } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries } from "@fluxion/testing"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { program as anyProgram, work } from "../../../../core/test/arbitraries.ts"
import { print as printJavaScript } from "../../../src/internal/javascript/print.ts"
import * as JavaScriptRun from "../../../src/internal/javascript/run.ts"
import type { LoopProgram } from "../../../src/internal/loops/model.ts"
import { print } from "../../../src/internal/loops/print.ts"
import { lower } from "../../../src/internal/lower/index.ts"
import { divide } from "../../../src/internal/passes/divide.ts"
import { optimise } from "../../../src/internal/passes/index.ts"
import { shareLocals } from "../../../src/internal/passes/shareLocals.ts"
import { print as printWasm } from "../../../src/internal/wasm/print.ts"
import * as WasmRun from "../../../src/internal/wasm/run.ts"
import { inputsOf } from "../../compare.ts"

const numRuns = Number(process.env["FLUXION_RUNS"] ?? 40) * 4

const run = {
  javascript: (program: LoopProgram) => JavaScriptRun.executable(program, printJavaScript(program)),
  wasm: (program: LoopProgram) => WasmRun.executable(program, printWasm(program))
} as const

const lowered = (f: Fn.Any): LoopProgram => optimise(lower(f as unknown as Body.Body))

it("cuts a program into parts that pass on what later ones need", () => {
  const program = lowered(
    Fn.make([], (x) => {
      const y = Expr.sin(x)
      const z = Expr.exp(y)
      return Expr.add(Expr.mul(Expr.tanh(z), z), y)
    })
  )
  expect(divide(program)).toBe(program)
  expect(print(divide(program, { size: 3 })).split("\n")).toEqual([
    "part {",
    "  v0 = in0",
    "  v1 = sin(v0)",
    "  t0[0] = v1",
    "  v2 = exp(v1)",
    "  t0[1] = v2",
    "}",
    "part {",
    "  v3 = t0[1]",
    "  v4 = tanh(v3)",
    "  v5 = v4 * v3",
    "  v6 = t0[0]",
    "  v7 = v5 + v6",
    "  t0[2] = v7",
    "}",
    "part {",
    "  v8 = t0[2]",
    "  out0 = v8",
    "}"
  ])
})

it.each(Object.entries(run))("keeps the meaning: %s", { timeout: 120_000 }, (_, executable) => {
  const programs = fc.oneof(
    anyProgram,
    Arbitraries.program({ maxOperations: 12 }).map(({ fn }) => Reverse.valueAndGrad(fn) as Fn.Any)
  )
  fc.assert(
    fc.property(
      programs,
      fc.nat(100),
      fc.constantFrom(1, 2, 5, 20),
      fc.constantFrom(2, 2000),
      (f, seed, size, most) => {
        if (work(f) > 50_000) return
        const program = lowered(f)
        const inputs = inputsOf(f, seed)
        const divided = shareLocals(divide(program, { size }), { most })
        expect(executable(divided).execute(inputs)).toEqual(executable(program).execute(inputs))
      }
    ),
    { numRuns }
  )
})
