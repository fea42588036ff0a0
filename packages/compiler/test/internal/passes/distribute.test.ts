// What must not be taken apart, or only with care: programs that lowering does not write, as other passes might.

import { Tensor } from "@fluxion/core"
import { describe, expect, it } from "vitest"
import { print as printJavaScript } from "../../../src/internal/javascript/print.ts"
import { executable } from "../../../src/internal/javascript/run.ts"
import * as Affine from "../../../src/internal/loops/affine.ts"
import {
  access,
  assign,
  forLoop,
  literal,
  type LoopProgram,
  makeBuffer,
  makeLoop,
  type Statement
} from "../../../src/internal/loops/model.ts"
import { print } from "../../../src/internal/loops/print.ts"
import { distribute } from "../../../src/internal/passes/distribute.ts"

const real = (shape: ReadonlyArray<number>) => ({ elementType: "real", shape }) as const

const input = makeBuffer("input", real([6, 3]))
const output = makeBuffer("output", real([6]))
const local = () => access(makeBuffer("temporary", real([])))
const each = makeLoop(6)
const place = Affine.ofLoop(each)
const result = access(output, [place])

/** Adds up a row of the input in order. */
const sumUp = (into: ReturnType<typeof local>, times: ReturnType<typeof local>): Statement => {
  const inner = makeLoop(3)
  const product = local()
  return forLoop(
    inner,
    [
      assign(product, "mul", [access(input, [place, Affine.ofLoop(inner)]), times]),
      assign(into, "copy", [product], { combine: "add" })
    ],
    { isParallel: false }
  )
}

const over = (body: ReadonlyArray<Statement>): LoopProgram => ({
  inputs: [input],
  outputs: [output],
  statements: [forLoop(each, body, { isParallel: true })]
})

const data = Tensor.make(Array.from({ length: 6 }, (_, i) => [i, i / 3 - 1, 2 - i]))
const run = (program: LoopProgram) => executable(program, printJavaScript(program)).execute([data])

/** Taken apart whatever it costs. */
const apart = (program: LoopProgram): LoopProgram => distribute(program, 0, Infinity)

describe("distribute", () => {
  it("computes what stands between two loops in a loop of its own", () => {
    const [sum, once, scale, total] = [local(), local(), local(), local()]
    const program = over([
      assign(once, "copy", [literal("real", 1)]),
      assign(sum, "copy", [literal("real", 0)]),
      sumUp(sum, once),
      assign(scale, "exp", [sum]),
      assign(total, "copy", [literal("real", 0)]),
      sumUp(total, scale),
      assign(result, "copy", [total])
    ])
    expect(print(apart(program)).match(/for l\d+ < 6/g)!.length).toBeGreaterThan(2)
    expect(run(apart(program))).toEqual(run(program))
  })

  it("leaves the start of a sum before what reads it", () => {
    const [sum, once, before, after] = [local(), local(), local(), local()]
    const program = over([
      assign(once, "copy", [literal("real", 1)]),
      assign(sum, "copy", [literal("real", 5)]),
      assign(before, "exp", [sum]),
      sumUp(sum, once),
      assign(after, "exp", [sum]),
      assign(result, "add", [before, after])
    ])
    expect(run(apart(program))).toEqual(run(program))
  })

  it("leaves loops whose variables are assigned in several pieces", () => {
    const [first, second, scale] = [local(), local(), local()]
    const program = over([
      assign(scale, "exp", [access(input, [place, Affine.zero])]),
      assign(first, "copy", [literal("real", 0)]),
      sumUp(first, scale),
      assign(scale, "add", [scale, first]),
      assign(second, "copy", [literal("real", 0)]),
      sumUp(second, scale),
      assign(result, "copy", [second])
    ])
    expect(apart(program).statements).toEqual(program.statements)
    expect(run(apart(program))).toEqual(run(program))
  })
})
