import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { pull, Shape, Tensor, tensors } from "./algebra.ts"
import type { Program } from "./algebra.ts"
import { compare, sample, seeded } from "./differences.ts"

const spread = { low: -1, high: 1 }

/** Every label is in at least two of the three lists; the lists are shuffled. */
const contractions = fc
  .tuple(
    fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })), { maxLength: 4 }),
    fc.boolean(),
    fc.nat()
  )
  .map(([kinds, strongZero, seed]) => {
    const random = seeded(seed)
    const pick = (without: number): Array<number> =>
      kinds
        .flatMap(([kind], label) => (kind === without ? [] : [label]))
        .map((label) => ({ label, key: random() }))
        .sort((a, b) => a.key - b.key)
        .map(({ label }) => label)
    const attributes = { left: pick(1), right: pick(2), output: pick(3), strongZero }
    const shape = (labels: ReadonlyArray<number>) => labels.map((label) => kinds[label]![1])
    return { attributes, left: shape(attributes.left), right: shape(attributes.right), random }
  })

describe("dot", () => {
  it("agrees with central differences to second order, for any contraction", () => {
    fc.assert(
      fc.property(contractions, ({ attributes, left, random, right }) => {
        const inputs = [sample(random, left, spread), sample(random, right, spread)]
        compare((ops, [x, y]) => ops.dot(x!, y!, attributes), inputs, random, { order: 2 })
      }),
      { numRuns: 150 }
    )
  })

  it("is transposed by its pullbacks: ⟨ct, dot(x, y)⟩ = ⟨pullback(ct), x⟩ in both operands", () => {
    fc.assert(
      fc.property(contractions, ({ attributes, left, random, right }) => {
        const inputs = [sample(random, left, spread), sample(random, right, spread)]
        const result = tensors.dot(inputs[0]!, inputs[1]!, attributes)
        const ct = sample(random, result.shape, spread)
        const cotangents = pull<Tensor.Any>(tensors, (ops, [x, y]) => ops.dot(x!, y!, attributes), inputs, ct)
        const inner = (a: Tensor.Any, b: Tensor.Any) => {
          expect(Shape.equals(a.shape, b.shape)).toBe(true)
          return Array.from(a.data).reduce((total, e, i) => total + e * b.data[i]!, 0)
        }
        const expected = inner(ct, result)
        for (const i of [0, 1]) expect(inner(cotangents[i]!, inputs[i]!)).toBeCloseTo(expected, 11)
      }),
      { numRuns: 150 }
    )
  })

  it("keeps zero cotangents beside infinities and NaN, in both operands", () => {
    const matrix = Tensor.make([
      [Infinity, 1],
      [NaN, 2]
    ])
    const vector = Tensor.make([1, 1])
    const right = { left: [0, 1], right: [1], output: [0], strongZero: false }
    const left = { left: [1], right: [0, 1], output: [0], strongZero: false }
    const programs: ReadonlyArray<Program> = [
      (ops, [x]) => ops.dot(ops.constant(matrix), x!, right),
      (ops, [x]) => ops.dot(x!, ops.constant(matrix), left)
    ]
    for (const program of programs) {
      const pulled = (ct: Tensor.Any) => Array.from(pull<Tensor.Any>(tensors, program, [vector], ct)[0]!.data)
      expect(pulled(Tensor.make([0, 0]))).toEqual([0, 0])
      expect(pulled(Tensor.make([1, 0]))).toEqual([Infinity, 1])
      expect(pulled(Tensor.make([0, 1]))).toEqual([NaN, 2])
    }
  })
})
