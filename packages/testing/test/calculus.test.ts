// The operators of calculus on random programs, control flow and inner derivatives included: each against the definition it avoids computing.

import * as Calculus from "@fluxion/calculus"
import { Fn, Interpreter, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Arbitraries } from "@fluxion/testing"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

type Program = Arbitraries.Program

const tensors = (spec: Tree.Spec, value: unknown): ReadonlyArray<Tensor.Any> => Tree.toTensors("test", spec, value)

const run = (f: unknown, at: unknown): ReadonlyArray<Tensor.Any> => {
  const program = f as Fn.Any
  return Fn.interpret<Tensor.Any>(program, Interpreter.algebra, tensors(program.inputs, at))
}

/** A direction that is different in each element. */
const directionFor = (program: Program): Record<string, unknown> => {
  let n = 0
  const next = (): number => Math.sin(1.7 * ++n) / 2
  return Object.fromEntries(
    Object.entries(program.inputs).map(([name, value]) => [
      name,
      typeof value === "number" ? next() : Tensor.fromArray(Array.from(value.data, next), value.shape)
    ])
  )
}

const close = (actual: ReadonlyArray<number>, expected: ReadonlyArray<number>, scale = 1): void => {
  expect(actual.length).toBe(expected.length)
  const largest = Math.max(scale, ...expected.map(Math.abs))
  actual.forEach((value, i) => {
    // Where the derivative overflows or is not defined there is nothing to compare.
    if (!Number.isFinite(expected[i]!)) return
    expect(Math.abs(value - expected[i]!)).toBeLessThanOrEqual(1e-9 * largest)
  })
}

const flat = (parts: ReadonlyArray<Tensor.Any>): ReadonlyArray<number> => parts.flatMap(({ data }) => Array.from(data))

const gradientOf = ({ fn, inputs }: Program): ReadonlyArray<number> => flat(run(Reverse.grad(fn), inputs))

describe("random programs", () => {
  it("the sparse Jacobian is the gradient, in both modes", () => {
    fc.assert(
      fc.property(Arbitraries.program(), (program) => {
        const expected = gradientOf(program)
        for (const mode of ["forward", "reverse"] as const) {
          const { pattern, values } = Calculus.sparseJacobian(program.fn, { mode })
          const [entries] = run(values, program.inputs)
          close(Array.from(Calculus.toDense(pattern, entries as never).data), expected)
        }
      }),
      { numRuns: 60 }
    )
  })

  it("the linear map of linearize is the derivative, and its transpose the gradient", () => {
    fc.assert(
      fc.property(Arbitraries.program(), (program) => {
        const { fn, inputs } = program
        const direction = directionFor(program)
        const { tangent, value } = Effect.runSync(Calculus.linearize(fn, inputs as never))
        const [expectedValue, expected] = run(Forward.jvp(fn), { primals: inputs, tangents: direction })
        close([value], Array.from(expectedValue!.data))
        close(flat(run(tangent, direction)), Array.from(expected!.data))
      }),
      { numRuns: 60 }
    )
  })

  it("Taylor coefficients 1 and 2 are the directional derivative and half the curvature", () => {
    fc.assert(
      fc.property(Arbitraries.program({ linearAlgebra: false }), (program) => {
        const { fn, inputs } = program
        const direction = directionFor(program)
        const [series] = run(Calculus.taylor(fn, 2), { at: inputs, direction })
        const first = flat(run(Forward.directional(fn), { at: inputs, direction }))
        const curvature = Fn.unsafeFromLeaves({ at: fn.inputs, direction: fn.inputs }, [], (leaves) => {
          const along = Forward.directional(fn) as unknown as Fn.Any
          const half = leaves.length / 2
          const again = Fn.unsafeFromLeaves(fn.inputs, [], (point) =>
            Fn.interpret(along, Fn.expressions, [...point, ...leaves.slice(half)])
          )
          return Fn.interpret(Forward.directional(again as never) as unknown as Fn.Any, Fn.expressions, leaves)
        })
        const second = flat(run(curvature, { at: inputs, direction }))
        const gradient = gradientOf(program).reduce((sum, x) => sum + Math.abs(x), 1)
        close([series!.data[1]!], first, gradient)
        close([2 * series!.data[2]!], second, gradient * gradient)
      }),
      { numRuns: 60 }
    )
  })

  it("the Jacobian by a map over basis vectors is the gradient, in both modes and in an enclosing program", () => {
    fc.assert(
      fc.property(Arbitraries.program(), (program) => {
        const { fn, inputs } = program
        const expected = gradientOf(program)
        close(flat(run(Forward.jacobian(fn), inputs)), expected)
        close(flat(run(Reverse.jacobian(fn), inputs)), expected)
        const enclosing = Fn.unsafeFromLeaves(fn.inputs, fn.inputs, (leaves) => {
          const inner = Fn.unsafeFromLeaves(fn.inputs, [], (own) => {
            // One input is the inner program's own, the others are captured.
            const mixed = own.map((leaf, i) => (i === 0 ? leaf : leaves[i]!))
            return Fn.interpret(fn, Fn.expressions, mixed)
          })
          const jacobian = Forward.jacobian(inner as never) as unknown as Fn.Any
          return Fn.interpret(jacobian, Fn.expressions, leaves)
        })
        const width = tensors(fn.inputs, inputs)[0]?.data.length ?? 0
        close(flat(run(enclosing, inputs)).slice(0, width), expected.slice(0, width))
      }),
      { numRuns: 60 }
    )
  })

  it("complex steps agree with reverse mode to rounding, or meet a primitive that is not analytic there", () => {
    let agreed = 0
    fc.assert(
      fc.property(Arbitraries.program(), (program) => {
        const result = Calculus.Numeric.complexStep(program.fn as never, program.inputs as never, {
          noise: 0
        }) as Result.Result<Calculus.Numeric.Estimates<unknown>, Calculus.Numeric.NotAnalyticError>
        if (Result.isFailure(result)) {
          expect(result.failure._tag).toBe("NotAnalyticError")
          return
        }
        agreed++
        const spec = Tree.tangentSpec(program.fn.inputs)
        close(flat(tensors(spec, result.success.value)), gradientOf(program))
      }),
      { numRuns: 60 }
    )
    expect(agreed).toBeGreaterThan(30)
  })

  it("the Laplacian is the trace of the Hessian", () => {
    fc.assert(
      fc.property(Arbitraries.program({ maxOperations: 10, linearAlgebra: false }), ({ fn, inputs }) => {
        const diagonal = run(Calculus.diagonalHessian(fn), inputs)
        const [laplacian] = run(Calculus.laplacian(fn), inputs)
        const hessian = run(Calculus.hessian(fn), inputs)
        const leaves = Tree.leaves(fn.inputs)
        const expected = leaves.map((_, i) => {
          const block = hessian[i * leaves.length + i]!
          const size = Math.round(Math.sqrt(block.data.length))
          return Array.from({ length: size }, (_, k) => block.data[k * size + k]!)
        })
        const scale = flat(hessian).reduce((sum, x) => sum + (Number.isFinite(x) ? Math.abs(x) : 0), 1)
        close(flat(diagonal), expected.flat(), scale)
        close(Array.from(laplacian!.data), [expected.flat().reduce((a, b) => a + b, 0)], scale)
      }),
      { numRuns: 60 }
    )
  })
})
