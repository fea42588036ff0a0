import { JavaScript, Wasm } from "@fluxion/compiler"
import { type Body, Expr, Fn } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries } from "@fluxion/testing"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { expect, it } from "vitest"
import { program as anyProgram, work } from "../../../../core/test/arbitraries.ts"
import { print as printJavaScript } from "../../../src/internal/javascript/print.ts"
import * as JavaScriptRun from "../../../src/internal/javascript/run.ts"
import type { LoopProgram } from "../../../src/internal/loops/model.ts"
import { print } from "../../../src/internal/loops/print.ts"
import { lower } from "../../../src/internal/lower/index.ts"
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

const waves = Fn.make([], (x) => {
  const y = Expr.sin(x)
  const z = Expr.exp(y)
  return Expr.add(Expr.mul(Expr.tanh(z), z), y)
})

it("gives variables that are not needed any more to others", () => {
  const program = lowered(waves)
  expect(print(program).split("\n")).toHaveLength(7)
  expect(print(shareLocals(program, { most: 3 })).split("\n")).toEqual([
    "v0 = in0",
    "v1 = sin(v0)",
    "v0 = exp(v1)",
    "v2 = tanh(v0)",
    // Three are needed already.
    "t0[0] = v2 * v0",
    "v2 = t0[0] + v1",
    "out0 = v2"
  ])
  expect(shareLocals(program, { most: 6 })).toBe(program)
})

it.each(Object.entries(run))("keeps the meaning: %s", { timeout: 120_000 }, (_, executable) => {
  const programs = fc.oneof(
    anyProgram,
    Arbitraries.program({ maxOperations: 12 }).map(({ fn }) => Reverse.valueAndGrad(fn) as Fn.Any)
  )
  fc.assert(
    fc.property(programs, fc.nat(100), fc.constantFrom(0, 1, 3), (f, seed, most) => {
      if (work(f) > 50_000) return
      const program = lowered(f)
      const inputs = inputsOf(f, seed)
      expect(executable(shareLocals(program, { most })).execute(inputs)).toEqual(executable(program).execute(inputs))
    }),
    { numRuns }
  )
})

it.each([
  ["javascript", JavaScript.layer],
  ["wasm", Wasm.layer]
] as const)("programs of 100,000 operations compile and run: %s", { timeout: 300_000 }, (_, layer) => {
  const f = Fn.make({ x: [], y: [] }, ({ x, y }) => {
    let z: Expr.Expr<readonly []> = x
    const kept: Array<Expr.Expr<readonly []>> = []
    for (let i = 0; i < 48_000; i++) {
      z = Expr.mul(Expr.sub(z, y), -1 - 1 / (i + 2))
      if (i % 12 === 0) kept.push(z)
    }
    return kept.reduceRight((sum, term) => Expr.add(sum, term))
  })
  expect(Fn.operationCount(f)).toBeGreaterThan(99_000)
  const at = { x: 0.3, y: -0.2 }
  const result = Effect.runSync(Effect.result(Fn.run(f, at).pipe(Effect.provide(layer))))
  expect(Result.getOrThrow(result)).toBe(Fn.runSync(f, at))
})
