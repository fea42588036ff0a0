// Optimised programs compute what they did, to the bit, and fail as they did: random programs over every primitive, their derivatives, programs with guards.

import { Backend, Body, Fn, Tensor, Tree, type Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries } from "@fluxion/testing"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { program as anyProgram, work } from "../../../../core/test/arbitraries.ts"
import {
  inputs as guardedInputs,
  make,
  program as guardedProgram,
  spec
} from "../../../../testing/test/guardedPrograms.ts"
import {
  dropUnused,
  foldConstants,
  hoistInvariants,
  optimise,
  share,
  simplifyControl,
  simplifyElementwise,
  simplifyReductions,
  simplifyStructure
} from "../../../src/internal/optimise/index.ts"
import { inputsOf } from "../../compare.ts"
import { operations } from "./operations.ts"

const numRuns = Number(process.env["FLUXION_RUNS"] ?? 40)

const bodyOf = (f: Fn.Any): Body.Body => f as unknown as Body.Body

const run = (body: Body.Body, inputs: ReadonlyArray<Tensor.Any>) =>
  Effect.runSync(Backend.interpreter.compile(body)).execute(inputs)

/** Throws unless two programs give the same bits, or the same failure. */
const same = (before: Body.Body, after: Body.Body, inputs: ReadonlyArray<Tensor.Any>): boolean => {
  const [expected, actual] = [run(before, inputs), run(after, inputs)]
  if (Result.isFailure(expected) || Result.isFailure(actual)) {
    expect(actual).toEqual(expected)
    return false
  }
  expect(actual.success.map(({ elementType, shape }) => [elementType, shape])).toEqual(
    expected.success.map(({ elementType, shape }) => [elementType, shape])
  )
  expected.success.forEach(({ data }, o) => {
    const got = actual.success[o]!.data
    data.forEach((x: number, i: number) => {
      if (!Object.is(x, got[i])) throw new Error(`output ${o} at ${i}: expected ${x}, got ${got[i]}`)
    })
  })
  return true
}

const numbers = [0, -0, 1, -1, 2, -2.5, Infinity, NaN]

/** The program with some of its inputs set to one number each: then there is something to simplify. */
const withConstants = (body: Body.Body, seed: number): Body.Body => {
  const types = Body.inputTypes(body)
  const isFixed = types.map((_, i) => ((seed >> (i % 7)) & 1) === 1)
  const fixed = ({ elementType, shape }: Type.Type, i: number): Tensor.Any => {
    const length = shape.reduce((a, b) => a * b, 1)
    const value = numbers[(seed + i) % numbers.length]!
    return elementType === "real"
      ? Tensor.fromData("real", new Float64Array(length).fill(value), shape)
      : elementType === "index"
        ? Tensor.fromData("index", new Int32Array(length).fill((seed + i) % 3), shape)
        : Tensor.fromData("bool", new Uint8Array(length).fill((seed + i) % 2), shape)
  }
  const { apply, applyMany, constant, typeOf } = Fn.expressions
  return Body.make(
    types.filter((_, i) => !isFixed[i]),
    (inputs) => {
      let next = 0
      const given = types.map((type, i) => (isFixed[i]! ? constant(fixed(type, i)) : inputs[next++]!))
      return Body.interpret(body, { apply, applyMany, constant, typeOf }, given)
    }
  )
}

const inputsFor = (body: Body.Body, all: ReadonlyArray<Tensor.Any>, seed: number): ReadonlyArray<Tensor.Any> =>
  body.inputNodes.length === all.length ? all : all.filter((_, i) => ((seed >> (i % 7)) & 1) === 0)

const passes = {
  dropUnused,
  share,
  foldConstants,
  simplifyElementwise,
  simplifyStructure,
  simplifyReductions,
  simplifyControl,
  hoistInvariants,
  optimise
}

describe.each(Object.entries(passes))("%s", (name, pass) => {
  const checkBody = (body: Body.Body, inputs: ReadonlyArray<Tensor.Any>): boolean => {
    const made = pass(body)
    const succeeds = same(body, made, inputs)
    if (name === "optimise") {
      expect(Body.print(optimise(made))).toBe(Body.print(made))
      expect(operations(made)).toBeLessThanOrEqual(operations(body))
    }
    return succeeds
  }
  const check = (f: Fn.Any, inputs: ReadonlyArray<Tensor.Any>, seed = 0): boolean => {
    const body = bodyOf(f)
    if (seed > 0) {
      const special = withConstants(body, seed)
      checkBody(special, inputsFor(special, inputs, seed))
    }
    return checkBody(body, inputs)
  }

  it("keeps what random programs over all primitives compute", { timeout: 300_000 }, () => {
    fc.assert(
      fc.property(anyProgram, fc.nat(100), (f, seed) => {
        if (work(f) > 100_000) return
        check(f, inputsOf(f, seed), seed)
      }),
      { numRuns: numRuns * 5 }
    )
  })

  it("keeps what derivatives compute", { timeout: 300_000 }, () => {
    fc.assert(
      fc.property(Arbitraries.program({ kinks: "allow", domains: "any" }), fc.nat(100), ({ fn }, seed) => {
        for (const f of [
          Reverse.valueAndGrad(fn),
          Forward.jvp(fn),
          Forward.jvp(Reverse.grad(fn) as unknown as typeof fn)
        ]) {
          check(f, inputsOf(f, seed), seed)
        }
      }),
      { numRuns }
    )
  })

  it("fails where programs fail, in the same way", { timeout: 300_000 }, () => {
    let failing = 0
    fc.assert(
      fc.property(guardedProgram, guardedInputs, (body, at) => {
        const f = make(body, true)
        const inputs = Tree.toTensors("at", spec, at)
        if (!check(f, inputs)) failing++
        check(Reverse.valueAndGrad(f), inputs)
        check(Fn.finite(f), inputs)
      }),
      { numRuns: numRuns * 2 }
    )
    expect(failing).toBeGreaterThan(numRuns / 10)
  })
})
