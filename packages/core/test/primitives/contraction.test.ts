import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { DotAttributes } from "../../src/Primitive.ts"
import * as Tensor from "../../src/Tensor.ts"
import {
  at,
  build,
  expectMisuse,
  expectSame,
  indicesOf,
  innerProduct,
  run,
  smallIntegers,
  specials,
  tensors
} from "./oracle.ts"
import type { Index, Misuse } from "./oracle.ts"

interface Case {
  readonly attributes: DotAttributes
  readonly left: Tensor.Any
  readonly right: Tensor.Any
  /** The size of every label. */
  readonly sizes: ReadonlyMap<number, number>
}

type Role = "batch" | "left" | "right" | "inner"

/** Random contractions: each label is drawn a role and a size, and each list an order. */
const cases = (element?: fc.Arbitrary<number>): fc.Arbitrary<Case> =>
  fc
    .tuple(
      fc.array(
        fc.record({
          role: fc.constantFrom<Role>("batch", "left", "right", "inner"),
          size: fc.oneof(
            { weight: 1, arbitrary: fc.constant(0) },
            { weight: 12, arbitrary: fc.integer({ min: 1, max: 4 }) }
          )
        }),
        { maxLength: 5 }
      ),
      fc.boolean()
    )
    .chain(([axes, strongZero]) => {
      // Labels are names, not positions.
      const labelled = axes.map((axis, i) => ({ ...axis, label: i * 7 + 3 }))
      const list = (...roles: ReadonlyArray<Role>) => {
        const labels = labelled.filter(({ role }) => roles.includes(role)).map(({ label }) => label)
        return fc.shuffledSubarray(labels, { minLength: labels.length, maxLength: labels.length })
      }
      const sizes = new Map(labelled.map(({ label, size }) => [label, size]))
      return fc
        .record({
          left: list("batch", "left", "inner"),
          right: list("batch", "right", "inner"),
          output: list("batch", "left", "right"),
          strongZero: fc.constant(strongZero)
        })
        .chain((attributes) =>
          fc.record({
            attributes: fc.constant(attributes),
            left: tensors(
              "real",
              attributes.left.map((label) => sizes.get(label)!),
              element
            ),
            right: tensors(
              "real",
              attributes.right.map((label) => sizes.get(label)!),
              element
            ),
            sizes: fc.constant(sizes)
          })
        )
    })

const expected = ({ attributes, left, right, sizes }: Case): Tensor.Any => {
  const inner = attributes.left.filter((label) => !attributes.output.includes(label))
  const sizesOf = (labels: Index): Index => labels.map((label) => sizes.get(label)!)
  return build("real", sizesOf(attributes.output), (index) => {
    const bound = new Map(attributes.output.map((label, i) => [label, index[i]!]))
    let total = 0
    for (const summed of indicesOf(sizesOf(inner))) {
      inner.forEach((label, i) => bound.set(label, summed[i]!))
      const a = at(
        left,
        attributes.left.map((label) => bound.get(label)!)
      )
      const b = at(
        right,
        attributes.right.map((label) => bound.get(label)!)
      )
      total += attributes.strongZero && (a === 0 || b === 0) ? 0 : a * b
    }
    return total
  })
}

const dot = ({ attributes, left, right }: Omit<Case, "sizes">): Tensor.Any => run("dot", attributes, left, right)

describe("dot", () => {
  it("is the sum over the contracted labels, in their order in left", () => {
    fc.assert(
      fc.property(cases(), (c) => expectSame(dot(c), expected(c))),
      { numRuns: 400 }
    )
  })

  it("adds in the order of left, whatever the order of right", () => {
    const element = fc.double({ min: -1e3, max: 1e3, noNaN: true })
    const sizes = new Map([3, 4, 5].map((size, label) => [label, size]))
    const order = fc.shuffledSubarray([0, 1, 2], { minLength: 3 })
    const contractions = fc.tuple(order, order, fc.boolean()).chain(([left, right, strongZero]) =>
      fc.record({
        attributes: fc.constant({ left, right, output: [], strongZero }),
        left: tensors(
          "real",
          left.map((label) => sizes.get(label)!),
          element
        ),
        right: tensors(
          "real",
          right.map((label) => sizes.get(label)!),
          element
        ),
        sizes: fc.constant(sizes)
      })
    )
    fc.assert(fc.property(contractions, (c) => expectSame(dot(c), expected(c))))
  })

  it("strongZero: a product with a zero factor is zero", () => {
    const poisoned = fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 1, 5e-324, Number.MAX_VALUE)
    fc.assert(
      fc.property(cases(poisoned), (c) => expectSame(dot(c), expected(c))),
      { numRuns: 400 }
    )
  })

  it("strongZero changes nothing for finite operands", () => {
    fc.assert(
      fc.property(cases(fc.constantFrom(...specials.filter(Number.isFinite))), (c) => {
        const other = { ...c, attributes: { ...c.attributes, strongZero: !c.attributes.strongZero } }
        expectSame(dot(c), dot(other))
      })
    )
  })

  it("is a trilinear form: the pullback to left is the contraction (output, right) -> left", () => {
    fc.assert(
      fc.property(cases(smallIntegers), fc.integer({ min: -3, max: 3 }), (c, scale) => {
        const { left, output, right } = c.attributes
        const value = dot(c)
        const cotangent = build("real", value.shape, (index) => scale + index.reduce((total, i) => total * 2 + i, 0))
        const pullback = dot({
          attributes: { left: output, right, output: left, strongZero: true },
          left: cotangent,
          right: c.right
        })
        expect(innerProduct(cotangent, value) + 0).toBe(innerProduct(pullback, c.left) + 0)
      })
    )
  })

  it("every layout of a matrix product agrees", () => {
    const transposed = (x: Tensor.Any) => run("transpose", { permutation: [1, 0] }, x)
    const dimension = fc.integer({ min: 0, max: 20 })
    const matrices = fc
      .tuple(dimension, dimension, dimension)
      .chain(([m, k, n]) => fc.tuple(tensors("real", [m, k]), tensors("real", [k, n])))
    fc.assert(
      fc.property(matrices, fc.boolean(), ([a, b], strongZero) => {
        const product = run("dot", { left: [0, 1], right: [1, 2], output: [0, 2], strongZero }, a, b)
        const at = transposed(a)
        const bt = transposed(b)
        expectSame(run("dot", { left: [1, 0], right: [1, 2], output: [0, 2], strongZero }, at, b), product)
        expectSame(run("dot", { left: [0, 1], right: [2, 1], output: [0, 2], strongZero }, a, bt), product)
        expectSame(run("dot", { left: [1, 0], right: [2, 1], output: [0, 2], strongZero }, at, bt), product)
        const flipped = run("dot", { left: [0, 1], right: [1, 2], output: [2, 0], strongZero }, a, b)
        expectSame(flipped, transposed(product))
      }),
      { numRuns: 50 }
    )
  })

  it("an outer, an inner and an elementwise product", () => {
    const x = Tensor.make([1, 2, 3])
    const y = Tensor.make([10, 20, 30])
    const of = (left: Index, right: Index, output: Index) =>
      Tensor.toNested(run("dot", { left, right, output, strongZero: false }, x, y))
    expect(of([0], [0], [])).toBe(140)
    expect(of([0], [0], [0])).toEqual([10, 40, 90])
    expect(of([0], [1], [1, 0])).toEqual([
      [10, 20, 30],
      [20, 40, 60],
      [30, 60, 90]
    ])
  })

  it("a large empty contraction takes no time", () => {
    const empty = build("real", [0], () => 0)
    const wide = Tensor.unsafeMake("real", [2 ** 40, 0], new Float64Array(0))
    const attributes = { left: [0, 1], right: [2], output: [0, 1, 2], strongZero: false }
    expect(run("dot", attributes, wide, empty).data.length).toBe(0)
  })
})

describe("typing", () => {
  const product = { left: [0, 1], right: [1, 2], output: [0, 2], strongZero: false }

  const misuses: ReadonlyArray<Misuse> = [
    ["dot", product, ["real[2,3]"], "expected 2 operands, got 1"],
    ["dot", product, ["real[2,3]", "index[3,4]"], "expected two reals, got real[2,3] and index[3,4]"],
    [
      "dot",
      product,
      ["real[2,3]", "real[4,5]"],
      "label 1 has size 3 in the left and 4 in the right operand of [2,3] and [4,5]"
    ],
    ["dot", product, ["real[2]", "real[3,4]"], "expected left labels to have one entry per axis of [2], got [0,1]"],
    ["dot", product, ["real[2,3]", "real[3]"], "expected right labels to have one entry per axis of [3], got [1,2]"],
    [
      "dot",
      { ...product, left: [0, 0] },
      ["real[2,2]", "real[3,4]"],
      "expected distinct left labels for [2,2] and [3,4], but 0 occurs twice"
    ],
    [
      "dot",
      { ...product, right: [1, 1] },
      ["real[2,3]", "real[3,3]"],
      "expected distinct right labels for [2,3] and [3,3], but 1 occurs twice"
    ],
    [
      "dot",
      { ...product, output: [0, 0] },
      ["real[2,3]", "real[3,4]"],
      "expected distinct output labels for [2,3] and [3,4], but 0 occurs twice"
    ],
    [
      "dot",
      { ...product, output: [2] },
      ["real[2,3]", "real[3,4]"],
      "expected every label in two of left, right and output, but 0 occurs in one only, for [2,3] and [3,4]"
    ],
    [
      "dot",
      { ...product, output: [0, 2, 9] },
      ["real[2,3]", "real[3,4]"],
      "expected every label in two of left, right and output, but 9 occurs in one only, for [2,3] and [3,4]"
    ],
    [
      "dot",
      { ...product, left: [0, 0.5] },
      ["real[2,3]", "real[3,4]"],
      "expected left labels to be integers not below 0, got [0,0.5] for [2,3]"
    ],
    [
      "dot",
      { ...product, output: undefined },
      ["real[2,3]", "real[3,4]"],
      "expected output labels to be integers not below 0, got undefined for [2,3]"
    ],
    [
      "dot",
      { ...product, strongZero: 1 },
      ["real[2,3]", "real[3,4]"],
      "expected strongZero to be true or false, got 1"
    ],
    [
      "dot",
      { left: [0], right: [1], output: [0, 1], strongZero: false },
      ["real[1099511627776]", "real[1099511627776]"],
      "[1099511627776,1099511627776] has too many elements"
    ]
  ]

  it.each(misuses)("%s %j of %j is refused: %s", (...misuse) => expectMisuse(misuse))
})
