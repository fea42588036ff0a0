import fc from "fast-check"
import { describe, expect, it } from "vitest"
import * as Tensor from "../../../core/src/Tensor.ts"
import { Zero } from "@fluxion/core/Rule"
import { rules } from "../../src/JvpRules.ts"
import * as Operations from "../../../core/src/Operations.ts"
import { direction, disagreements, dual, jvp, primitive, type Program, run, tensors, values } from "./algebra.ts"

const index = (xs: ReadonlyArray<number>) => Tensor.index(xs)

/** Each linear primitive of one real, after a nonlinear function that makes its order matter. */
const linear: ReadonlyArray<readonly [string, Program]> = [
  ["broadcastTo", primitive("broadcastTo", { shape: [2, 3, 4] })],
  ["reshape", primitive("reshape", { shape: [2, 6] })],
  ["transpose", primitive("transpose", { permutation: [1, 0] })],
  ["slice", primitive("slice", { starts: [0, 1], limits: [3, 4], strides: [2, 2] })],
  ["dynamicSlice", (ops, [x]) => ops.dynamicSlice(x!, ops.constant(index([1, 2])), [2, 2])],
  ["dynamicSlice beyond the end", (ops, [x]) => ops.dynamicSlice(x!, ops.constant(index([7, -2])), [2, 2])],
  ["pad", primitive("pad", { low: [1, 0], high: [0, 2], interior: [2, 1], value: 7 })],
  ["reverse", primitive("reverse", { axes: [0, 1] })],
  [
    "gather",
    (ops, [x]) =>
      ops.gather(
        x!,
        ops.constant(
          Tensor.index([
            [3, 0],
            [0, 2]
          ])
        ),
        1
      )
  ],
  ["lower triangle", primitive("triangle", { upper: false, diagonal: 0 })],
  ["upper triangle", primitive("triangle", { upper: true, diagonal: 1 })]
]

describe("structural rules against central differences, first and second order", () => {
  it.each(linear)("%s", (_, f) => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const g: Program = (ops, [x]) => ops.sin(f(ops, [ops.exp(x!)]))
        expect(disagreements(g, [direction([3, 4], seed)], [direction([3, 4], seed + 1)])).toBeLessThan(1e-8)
      }),
      { numRuns: 20 }
    )
  })

  const joined: ReadonlyArray<readonly [string, ReadonlyArray<ReadonlyArray<number>>, Program]> = [
    [
      "concat",
      [
        [2, 3],
        [2, 1],
        [2, 2]
      ],
      (ops, xs) => ops.concat(xs, 1)
    ],
    [
      "stack",
      [
        [2, 3],
        [2, 3],
        [2, 3]
      ],
      (ops, xs) => ops.stack(xs, 1)
    ],
    [
      "dynamicUpdateSlice",
      [
        [3, 4],
        [2, 2]
      ],
      (ops, [x, update]) => ops.dynamicUpdateSlice(x!, update!, ops.constant(index([1, 5])))
    ],
    [
      "scatterAdd, with repeated and missing indices",
      [
        [3, 4],
        [3, 5]
      ],
      (ops, [x, updates]) => ops.scatterAdd(x!, ops.constant(index([0, 3, 3, 9, -1])), updates!, 1)
    ]
  ]
  it.each(joined)("%s, with any of the operands varying", (_, shapes, f) => {
    const all = shapes.map((_, i) => i)
    fc.assert(
      fc.property(fc.nat(), fc.subarray(all, { minLength: 1 }), (seed, wrt) => {
        const inputs = shapes.map((shape, i) => direction(shape, seed + i))
        const tangents = wrt.map((i) => direction(shapes[i]!, seed + 10 + i))
        const g: Program = (ops, xs) => ops.sin(f(ops, xs.map(ops.exp)))
        expect(disagreements(g, inputs, tangents, wrt)).toBeLessThan(1e-8)
      }),
      { numRuns: 30 }
    )
  })
})

describe("conventions", () => {
  it("the padding does not vary, whatever its value", () => {
    const f = primitive("pad", { low: [1], high: [1], interior: [0], value: Infinity })
    expect(values(run(jvp(f, [0]), Tensor.make([1]), Tensor.make([3])))).toEqual([0, 3, 0])
  })
  it("an index out of range reads what does not vary", () => {
    const gather: Program = (ops, [x]) => ops.gather(x!, ops.constant(index([0, 5])), 0)
    expect(values(run(jvp(gather, [0]), Tensor.make([1, 2]), Tensor.make([3, 4])))).toEqual([3, 0])
    const guarded: Program = (ops, xs) => ops.select(ops.constant(Tensor.bool([true, false])), gather(ops, xs), 0)
    expect(values(run(jvp(guarded, [0]), Tensor.make([1, 2]), Tensor.make([3, 4])))).toEqual([3, 0])
  })
  it("operands without a tangent have none in common", () => {
    const ops = Operations.make(tensors)
    const operands = [Tensor.make([1]), Tensor.make([2])]
    const type = { elementType: "real", shape: [2] } as const
    const context = { ops, attributes: { axis: 0 }, operands, result: Tensor.make([1, 2]), type }
    expect(rules.concat([Zero, Zero], context)).toBe(Zero)
    expect(rules.stack([Zero, Zero], context)).toBe(Zero)
    const dualOps = Operations.make(dual(tensors))
    expect(
      dualOps.concat(
        [dualOps.scalar(1), dualOps.scalar(2)].map((x) => dualOps.reshape(x, [1])),
        0
      ).tangent
    ).toBe(Zero)
  })
})
