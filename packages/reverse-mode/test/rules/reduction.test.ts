import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { derivative, evaluate, pull, Shape, Tensor, tensors } from "./algebra.ts"
import type { Program } from "./algebra.ts"
import { agreesWithDifferences, compare, sample, seeded, shapes } from "./differences.ts"

/** A shape, and some of its axes. */
const withAxes = shapes.chain((shape) => fc.tuple(fc.constant(shape), fc.subarray(shape.map((_, axis) => axis))))

/** A shape of rank 1 to 3, one of its axes, and a direction. */
const withAxis = shapes
  .filter((shape) => shape.length > 0)
  .chain((shape) => fc.tuple(fc.constant(shape), fc.integer({ min: 0, max: shape.length - 1 }), fc.boolean()))

const gradientOf = (program: Program, x: Tensor.Any) => evaluate(derivative(program), x)

describe("against central differences", () => {
  const reducing = (name: "sum" | "prod", numRuns = 60) => {
    fc.assert(
      fc.property(withAxes, fc.nat(), ([shape, axes], seed) => {
        const random = seeded(seed)
        const x = sample(random, shape, { low: -1.5, high: 1.5 })
        compare((ops, [a]) => ops[name](a!, axes), [x], random, { order: name === "prod" ? 3 : 2 })
      }),
      { numRuns }
    )
  }
  it("sum", () => reducing("sum"))
  it("prod, third order", () => reducing("prod"))

  it("prod with any number of zeros, third order", () => {
    fc.assert(
      fc.property(withAxes, fc.nat(), ([shape, axes], seed) => {
        const random = seeded(seed)
        const x = sample(random, shape, { low: -1.5, high: 1.5 })
        const holed = Tensor.fromArray(
          x.data.map((e) => (random() < 0.5 ? 0 : e)),
          shape
        )
        compare((ops, [a]) => ops.prod(a!, axes), [holed], random, { order: 3 })
      }),
      { numRuns: 60 }
    )
  })
  for (const name of ["cumsum", "cumprod"] as const) {
    it(`${name}, with zeros, third order`, () => {
      fc.assert(
        fc.property(withAxis, fc.nat(), ([shape, axis, reverse], seed) => {
          const random = seeded(seed)
          const x = sample(random, shape, { low: -1.5, high: 1.5 })
          const holed = Tensor.fromArray(
            x.data.map((e) => (random() < 0.3 ? 0 : e)),
            shape
          )
          compare((ops, [a]) => ops[name](a!, axis, reverse), [holed], random, { order: 3 })
        }),
        { numRuns: 60 }
      )
    })
  }
  it("cumprod along longer axes, both ways", () => {
    for (const n of [1, 2, 3, 4, 5, 7, 8, 9, 16, 17]) {
      for (const reverse of [false, true]) {
        const f: Program = (ops, [x]) => ops.cumprod(x!, 0, reverse)
        agreesWithDifferences(f, fc.constant([[n]]), [{ low: -1.4, high: 1.4 }], { numRuns: 4 })
      }
    }
  })
  it("reduceMax and reduceMin of separated elements", () => {
    fc.assert(
      fc.property(withAxes, fc.nat(), ([shape, axes], seed) => {
        const random = seeded(seed)
        const keys = Array.from({ length: Shape.size(shape) }, random)
        const data = Float64Array.from(keys, (key) => keys.filter((other) => other < key).length / 8)
        // Nothing is the maximum of nothing, and its infinity has no differences.
        if (Shape.size(axes.map((axis) => shape[axis]!)) === 0) return
        const x = Tensor.fromArray(data, shape)
        for (const name of ["reduceMax", "reduceMin"] as const) {
          compare((ops, [a]) => ops.exp(ops[name](a!, axes)), [x], random)
        }
      })
    )
  })
})

describe("prod", () => {
  it("has the products of the others, whatever is zero", () => {
    const f: Program = (ops, [x]) => ops.prod(x!, [0])
    expect(gradientOf(f, Tensor.make([2, 3, 5]))).toEqual([15, 10, 6])
    expect(gradientOf(f, Tensor.make([2, 0, 5]))).toEqual([0, 10, 0])
    expect(gradientOf(f, Tensor.make([0, 3, 0]))).toEqual([0, 0, 0])
    expect(gradientOf(f, Tensor.make([7]))).toEqual([1])
    expect(gradientOf(f, Tensor.make([]))).toEqual([])
  })
  it("has second and third derivatives through zeros", () => {
    const f: Program = (ops, [x]) => ops.prod(x!, [0])
    // Sums of the rows of the Hessian: d/dx_i of the sum of the gradient.
    expect(gradientOf(derivative(f), Tensor.make([0, 0, 5]))).toEqual([5, 5, 0])
    expect(gradientOf(derivative(derivative(f)), Tensor.make([0, 0, 0]))).toEqual([2, 2, 2])
    expect(gradientOf(derivative(derivative(f)), Tensor.make([0, 0, 0, 7]))).toEqual([14, 14, 14, 0])
  })
  it("over several axes, not neighbours", () => {
    const x = Tensor.fromArray([1, 2, 3, 4, 5, 6, 7, 0], [2, 2, 2])
    expect(gradientOf((ops, [a]) => ops.prod(a!, [0, 2]), x)).toEqual([60, 30, 0, 0, 12, 10, 0, 84])
  })
  it("does not let a zero cotangent meet an overflow", () => {
    const x = Tensor.make([
      [1e200, 1e200, 1e200],
      [1, 2, 3]
    ])
    const mask = Tensor.make([0, 1])
    const f: Program = (ops, [a]) => ops.mulStrongZero(ops.constant(mask), ops.prod(a!, [1]))
    expect(gradientOf(f, x)).toEqual([0, 0, 0, 6, 3, 2])
  })
})

describe("cumprod", () => {
  it("is right at zeros, both ways", () => {
    const x = Tensor.make([2, 0, 3, 0, 5])
    // g_i = sum over k >= i of the product of all x_j, j <= k, j != i
    expect(gradientOf((ops, [a]) => ops.cumprod(a!, 0, false), x)).toEqual([1, 8, 0, 0, 0])
    expect(gradientOf((ops, [a]) => ops.cumprod(a!, 0, true), x)).toEqual([0, 0, 0, 20, 1])
  })
  it("agrees with the product it ends with, to third order", () => {
    const random = seeded(7)
    const x = sample(random, [6], { low: -2, high: 2 })
    const last: Program = (ops, [a]) =>
      ops.reshape(ops.slice(ops.cumprod(a!, 0, false), { starts: [5], limits: [6], strides: [1] }), [])
    const whole: Program = (ops, [a]) => ops.prod(a!, [0])
    let pair: readonly [Program, Program] = [last, whole]
    for (let order = 1; order <= 3; order++) {
      pair = [derivative(pair[0]), derivative(pair[1])]
      const [a, b] = pair.map((f) => evaluate(f, x))
      a!.forEach((e, i) => expect(e).toBeCloseTo(b![i]!, 10))
    }
  })
  it("costs n log n", () => {
    const n = 1 << 16
    const x = Tensor.full([n], 1)
    const g = gradientOf((ops, [a]) => ops.cumprod(a!, 0, false), x)
    expect([g[0], g[1], g[n - 1]]).toEqual([n, n - 1, 1])
  })
  it("keeps a zero cotangent beside NaN and infinities", () => {
    const x = Tensor.make([2, 3, Infinity, NaN, 4])
    const ct = Tensor.make([1, 1, 0, 0, 0])
    const f: Program = (ops, [a]) => ops.cumprod(a!, 0, false)
    expect(Array.from(pull<Tensor.Any>(tensors, f, [x], ct)[0]!.data)).toEqual([4, 2, 0, 0, 0])
  })
})

describe("reduceMax and reduceMin", () => {
  const max: Program = (ops, [x]) => ops.reduceMax(x!, [0])
  const min: Program = (ops, [x]) => ops.reduceMin(x!, [0])
  it("share equally among ties", () => {
    expect(gradientOf(max, Tensor.make([1, 3, 3, 2]))).toEqual([0, 0.5, 0.5, 0])
    expect(gradientOf(min, Tensor.make([1, 3, 1, 1]))).toEqual([1 / 3, 0, 1 / 3, 1 / 3])
    expect(gradientOf(max, Tensor.make([0, -0]))).toEqual([0.5, 0.5])
    expect(gradientOf(max, Tensor.make([Infinity, 1, Infinity]))).toEqual([0.5, 0, 0.5])
    const square = Tensor.make([
      [2, 1],
      [2, 2]
    ])
    expect(gradientOf((ops, [x]) => ops.reduceMax(x!, [0, 1]), square)).toEqual([1 / 3, 0, 1 / 3, 1 / 3])
    expect(gradientOf((ops, [x]) => ops.reduceMax(x!, [1]), square)).toEqual([1, 0, 0.5, 0.5])
  })
  it("are NaN where the result is, and nowhere else", () => {
    const x = Tensor.make([
      [1, NaN],
      [2, 5]
    ])
    expect(gradientOf((ops, [a]) => ops.reduceMax(a!, [1]), x)).toEqual([NaN, NaN, 0, 1])
    const masked: Program = (ops, [a]) => ops.mulStrongZero(ops.reduceMax(a!, [1]), ops.constant(Tensor.make([0, 1])))
    expect(gradientOf(masked, x)).toEqual([0, 0, 0, 1])
  })
  it("have no second derivative", () => {
    expect(gradientOf(derivative(max), Tensor.make([1, 3, 3, 2]))).toEqual([0, 0, 0, 0])
  })
  it("over no axes are the identity", () => {
    expect(gradientOf((ops, [x]) => ops.reduceMax(x!, []), Tensor.make([1, 2]))).toEqual([1, 1])
    expect(gradientOf((ops, [x]) => ops.prod(x!, []), Tensor.make([1, 2]))).toEqual([1, 1])
  })
  it("of nothing", () => {
    const f: Program = (ops, [x]) => ops.reduceMax(x!, [1])
    expect(gradientOf(f, Tensor.zeros([2, 0]))).toEqual([])
  })
})
