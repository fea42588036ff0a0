// Each pass keeps what programs compute: before and after it they run to the same bits, sums in another order aside.

import type { Body, Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries } from "@fluxion/testing"
import { Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { program as anyProgram, work } from "../../../../core/test/arbitraries.ts"
import { print } from "../../../src/internal/javascript/print.ts"
import { executable } from "../../../src/internal/javascript/run.ts"
import type { LoopProgram } from "../../../src/internal/loops/model.ts"
import { print as printLoops } from "../../../src/internal/loops/print.ts"
import { lower } from "../../../src/internal/lower/index.ts"
import { distribute } from "../../../src/internal/passes/distribute.ts"
import { interleave } from "../../../src/internal/passes/interleave.ts"
import { passes } from "../../../src/internal/passes/index.ts"
import { applies, inputsOf } from "../../compare.ts"

const numRuns = Number(process.env["FLUXION_RUNS"] ?? 40) * 2

const shapes = fc
  .array(fc.constantFrom<number>(1, 2, 3, 5, 17), { maxLength: 3 })
  .filter((shape) => shape.reduce((a, b) => a * b, 1) <= 300)

/** Programs with many loops that can be joined. */
const gradients: fc.Arbitrary<Fn.Any> = Arbitraries.program({ shapes, maxSize: 1000, maxOperations: 10 }).map(
  ({ fn }) => Reverse.valueAndGrad(fn)
)

const run = (program: LoopProgram, inputs: ReadonlyArray<Tensor.Any>): ReadonlyArray<Tensor.Any> | object => {
  const result = executable(program, print(program)).execute(inputs)
  return Result.isSuccess(result) ? result.success : result.failure
}

const expectSame = (f: Fn.Any, before: LoopProgram, after: LoopProgram, inputs: ReadonlyArray<Tensor.Any>): void => {
  const [expected, actual] = [run(before, inputs), run(after, inputs)]
  if (!Array.isArray(expected) || !applies(f, ["sum", "prod", "dot", "map"])) {
    expect(actual).toEqual(expected)
    return
  }
  // Products may underflow in one order only.
  const multipliesUp = applies(f, ["prod"])
  ;(expected as ReadonlyArray<Tensor.Any>).forEach(({ data }, o) => {
    const largest = Math.max(1, ...Array.from(data, Math.abs).filter(Number.isFinite))
    data.forEach((x: number, i: number) => {
      const y = (actual as ReadonlyArray<Tensor.Any>)[o]!.data[i]!
      if (Object.is(x, y) || Math.abs(x - y) <= 1e-12 * largest || (multipliesUp && !Number.isFinite(x - y))) return
      throw new Error(`output ${o} at ${i}: ${x} before, ${y} after`)
    })
  })
}

const placeOf = (wanted: string): number => passes.findIndex(([name]) => name === wanted)

describe.each([
  ...passes.map(([name, pass], place) => [`${place}: ${name}`, pass, place] as const),
  // Loops of random programs are short.
  ["interleave of short loops", (program: LoopProgram) => interleave(program, 16), placeOf("interleave")] as const,
  [
    "distribute whatever it costs",
    (program: LoopProgram) => distribute(program, 0, Infinity),
    placeOf("distribute")
  ] as const
])("%s", (_, pass, place) => {
  const check = (prepare: (program: LoopProgram) => LoopProgram): void =>
    fc.assert(
      fc.property(fc.oneof(anyProgram, gradients), fc.nat(100), (f, seed) => {
        if (work(f) > 50_000) return
        const before = prepare(lower(f as unknown as Body.Body))
        const text = printLoops(before)
        const after = pass(before)
        // A pass makes a new program, and leaves the one it was given as it was.
        expect(printLoops(before)).toBe(text)
        expectSame(f, before, after, inputsOf(f, seed))
      }),
      { numRuns }
    )

  it("keeps the meaning of what lowering gives", { timeout: 120_000 }, () => check((program) => program))

  it("keeps the meaning of what the passes before it give", { timeout: 120_000 }, () =>
    check((program) => passes.slice(0, place).reduce((made, [, earlier]) => earlier(made), program))
  )
})
