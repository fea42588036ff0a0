import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type * as Primitive from "../../../core/src/Primitive.ts"
import * as Tensor from "../../../core/src/Tensor.ts"
import { direction, disagreements, jvp, partials, primitive, type Program, run, values } from "./algebra.ts"

/** Contractions, with the shapes of their operands. */
const cases: ReadonlyArray<readonly [string, Primitive.DotAttributes, ReadonlyArray<number>, ReadonlyArray<number>]> = [
  ["matrix times matrix", { left: [0, 1], right: [1, 2], output: [0, 2], strongZero: false }, [2, 3], [3, 4]],
  ["inner product", { left: [0], right: [0], output: [], strongZero: false }, [5], [5]],
  ["outer product", { left: [0], right: [1], output: [1, 0], strongZero: false }, [3], [4]],
  [
    "batched, permuted",
    { left: [2, 0, 1], right: [1, 0, 3], output: [3, 0, 2], strongZero: false },
    [2, 3, 4],
    [4, 3, 2]
  ],
  ["elementwise", { left: [0, 1], right: [1, 0], output: [0, 1], strongZero: false }, [2, 3], [3, 2]],
  ["over two labels", { left: [0, 1, 2], right: [2, 1], output: [0], strongZero: true }, [2, 3, 4], [4, 3]]
]

describe("dot", () => {
  it.each(cases)("%s against central differences, first and second order", (_, attributes, left, right) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const inputs = [direction(left, seed), direction(right, seed + 1)]
        const tangents = [direction(left, seed + 2), direction(right, seed + 3)]
        const f = primitive("dot", attributes)
        expect(disagreements(f, inputs, tangents)).toBeLessThan(1e-8)
        expect(disagreements(f, inputs, [tangents[0]!], [0])).toBeLessThan(1e-8)
        expect(disagreements(f, inputs, [tangents[1]!], [1])).toBeLessThan(1e-8)
      }),
      { numRuns: 20 }
    )
  })
  it("a zero in the tangent stays zero beside an infinity or NaN", () => {
    const attributes: Primitive.DotAttributes = { left: [0], right: [0], output: [], strongZero: false }
    const f = jvp(primitive("dot", attributes), [0, 1])
    const x = Tensor.make([1, 2, Infinity])
    const y = Tensor.make([Infinity, NaN, 3])
    expect(values(run(f, x, y, Tensor.make([0, 0, 7]), Tensor.make([5, 0, 0])))).toEqual([26])
    expect(values(run(f, x, y, Tensor.make([0, 1, 0]), Tensor.make([0, 0, 0])))).toEqual([NaN])
    // So it does in the derivative of the derivative.
    const second: Program = (ops, [s]) => {
      const scaled = ops.mul(s!, ops.constant(Tensor.make([0, 0, 1])))
      return ops.dot(scaled, ops.add(scaled, ops.constant(y)), attributes)
    }
    expect(values(run(partials(second, [0]), Tensor.make(2)))).toEqual([7])
    expect(values(run(partials(second, [0, 0]), Tensor.make(2)))).toEqual([2])
  })
})
