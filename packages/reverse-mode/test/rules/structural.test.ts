import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { derivative, evaluate, pull, Shape, Tensor, tensors } from "./algebra.ts"
import type { Program } from "./algebra.ts"
import { compare, sample, seeded, shapes } from "./differences.ts"

const spread = { low: -1, high: 1 }

const inner = (a: Tensor.Any, b: Tensor.Any): number => {
  expect(a.shape).toEqual(b.shape)
  return Array.from(a.data).reduce((total, e, i) => total + e * b.data[i]!, 0)
}

/**
 * A linear program of the inputs `x`: `⟨ct, L x⟩ = Σ ⟨(Lᵀ ct)_i, x_i⟩` by applying `L` itself and its rule; then
 * differences to second order of a program that is not linear in it.
 */
const transposes = (program: Program, operands: ReadonlyArray<Shape.Shape>, random: () => number): void => {
  const inputs = operands.map((shape) => sample(random, shape, spread))
  const result = program<Tensor.Any>(tensors, inputs)
  const ct = sample(random, result.shape, spread)
  const cotangents = pull<Tensor.Any>(tensors, program, inputs, ct)
  const pulled = inputs.reduce((total, x, i) => total + inner(cotangents[i]!, x), 0)
  expect(pulled).toBeCloseTo(inner(ct, result), 11)
  compare((ops, xs) => ops.sin(program(ops, xs)), inputs, random, { order: 2 })
}

const property = <T>(
  arbitrary: fc.Arbitrary<T>,
  of: (value: T, random: () => number) => readonly [Program, ReadonlyArray<Shape.Shape>],
  numRuns = 60
): void => {
  fc.assert(
    fc.property(arbitrary, fc.nat(), (value, seed) => {
      const random = seeded(seed)
      const [program, operands] = of(value, random)
      transposes(program, operands, random)
    }),
    { numRuns }
  )
}

const below = (random: () => number, n: number): number => Math.floor(random() * n)

const shuffled = (random: () => number, n: number): Array<number> =>
  Array.from({ length: n }, (_, i) => ({ i, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ i }) => i)

const withAxis = shapes
  .filter((shape) => shape.length > 0)
  .chain((shape) => fc.tuple(fc.constant(shape), fc.integer({ min: 0, max: shape.length - 1 })))

const indices = (random: () => number, shape: Shape.Shape, low: number, high: number): Tensor.Any =>
  Tensor.unsafeMake(
    "index",
    shape,
    Int32Array.from({ length: Shape.size(shape) }, () => low + below(random, high - low))
  )

describe("every structural rule transposes its primitive", () => {
  it("broadcastTo", () => {
    property(shapes, (shape, random) => {
      const drop = below(random, shape.length + 1)
      const from = shape.slice(drop).map((n) => (random() < 0.5 ? 1 : n))
      return [(ops, [x]) => ops.broadcastTo(x!, shape), [from]]
    })
  })
  it("reshape", () => {
    property(shapes, (shape) => [(ops, [x]) => ops.reshape(x!, [1, Shape.size(shape)]), [shape]])
  })
  it("transpose", () => {
    property(shapes, (shape, random) => {
      const permutation = shuffled(random, shape.length)
      return [(ops, [x]) => ops.transpose(x!, permutation), [shape]]
    })
  })
  it("slice, strided and empty windows included", () => {
    property(
      fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 3 }),
      (shape, random) => {
        const starts = shape.map((n) => below(random, n + 1))
        const limits = shape.map((n, i) => starts[i]! + below(random, n - starts[i]! + 1))
        const strides = shape.map(() => 1 + below(random, 4))
        return [(ops, [x]) => ops.slice(x!, { starts, limits, strides }), [shape]]
      },
      200
    )
  })
  it("pad, interior padding and empty operands included", () => {
    property(
      fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
      (shape, random) => {
        const amount = () => shape.map(() => below(random, 3))
        const attributes = { low: amount(), high: amount(), interior: amount(), value: 0 }
        return [(ops, [x]) => ops.pad(x!, attributes), [shape]]
      },
      200
    )
  })
  it("pad with another value", () => {
    const attributes = { low: [1], high: [2], interior: [1], value: NaN }
    expect(
      evaluate(
        derivative((ops, [x]) => ops.pad(x!, attributes)),
        Tensor.make([3, 4])
      )
    ).toEqual([1, 1])
  })
  it("dynamicSlice, windows that are moved until they fit included", () => {
    property(shapes, (shape, random) => {
      const sizes = shape.map((n) => below(random, n + 1))
      const starts = indices(random, [shape.length], -2, 5)
      return [(ops, [x]) => ops.dynamicSlice(x!, ops.constant(starts), sizes), [shape]]
    })
  })
  it("dynamicUpdateSlice", () => {
    property(shapes, (shape, random) => {
      const sizes = shape.map((n) => below(random, n + 1))
      const starts = indices(random, [shape.length], -2, 5)
      return [(ops, [x, update]) => ops.dynamicUpdateSlice(x!, update!, ops.constant(starts)), [shape, sizes]]
    })
  })
  it("concat", () => {
    property(withAxis, ([shape, axis], random) => {
      const operands = Array.from({ length: 1 + below(random, 4) }, () => shape.with(axis, below(random, 4)))
      return [(ops, xs) => ops.concat(xs, axis), operands]
    })
  })
  it("stack", () => {
    property(shapes, (shape, random) => {
      const axis = below(random, shape.length + 1)
      const operands = Array.from({ length: 1 + below(random, 4) }, () => shape)
      return [(ops, xs) => ops.stack(xs, axis), operands]
    })
  })
  it("one operand in several positions of concat and stack", () => {
    const x = Tensor.make([2, 3])
    expect(
      evaluate(
        derivative((ops, [a]) => ops.concat([a!, ops.mul(a!, a!), a!], 0)),
        x
      )
    ).toEqual([6, 8])
    expect(
      evaluate(
        derivative((ops, [a]) => ops.stack([a!, ops.mul(a!, a!), a!], 1)),
        x
      )
    ).toEqual([6, 8])
  })
  it("reverse", () => {
    property(shapes, (shape, random) => {
      const axes = shape.flatMap((_, axis) => (random() < 0.5 ? [axis] : []))
      return [(ops, [x]) => ops.reverse(x!, axes), [shape]]
    })
  })
  it("gather, with repeated indices and indices of any rank", () => {
    property(withAxis, ([shape, axis], random) => {
      const where = shape[axis] === 0 ? [0] : Array.from({ length: below(random, 3) }, () => below(random, 4))
      const at = indices(random, where, 0, shape[axis]!)
      return [(ops, [x]) => ops.gather(x!, ops.constant(at), axis), [shape]]
    })
  })
  it("scatterAdd, with repeated indices and indices out of range", () => {
    property(withAxis, ([shape, axis], random) => {
      const where = Array.from({ length: below(random, 3) }, () => below(random, 4))
      const at = indices(random, where, -2, shape[axis]! + 2)
      const updates = [...shape.slice(0, axis), ...where, ...shape.slice(axis + 1)]
      return [(ops, [x, u]) => ops.scatterAdd(x!, ops.constant(at), u!, axis), [shape, updates]]
    })
  })
  it("triangle", () => {
    property(
      shapes.filter((shape) => shape.length >= 2),
      (shape, random) => {
        const attributes = { upper: random() < 0.5, diagonal: below(random, 7) - 3 }
        return [(ops, [x]) => ops.triangle(x!, attributes), [shape]]
      }
    )
  })
})

describe("indices out of range", () => {
  const at = Tensor.index([-1, 0, 2, 3, 2])
  it("of gather read NaN, and pull nothing back", () => {
    const f: Program = (ops, [x]) => ops.gather(x!, ops.constant(at), 0)
    const x = Tensor.make([1, 2, 4])
    expect(evaluate(f, x)).toEqual([NaN, 1, 4, NaN, 4])
    expect(evaluate(derivative(f), x)).toEqual([1, 0, 2])
    const square: Program = (ops, inputs) => {
      const y = f(ops, inputs)
      return ops.mul(y, y)
    }
    expect(evaluate(derivative(square), x)).toEqual([2, 0, 16])
    expect(evaluate(derivative(derivative(square)), x)).toEqual([2, 0, 4])
  })
  it("of scatterAdd drop the update, whose cotangent is zero", () => {
    const f: Program = (ops, [x, updates]) => {
      const y = ops.scatterAdd(x!, ops.constant(at), updates!, 0)
      return ops.mul(y, y)
    }
    const x = Tensor.make([1, 2, 4])
    const updates = Tensor.make([100, 10, 20, 200, 30])
    expect(evaluate(derivative(f, 0), x, updates)).toEqual([22, 4, 108])
    expect(evaluate(derivative(f, 1), x, updates)).toEqual([0, 22, 108, 0, 108])
    expect(evaluate(derivative(derivative(f, 1), 1), x, updates)).toEqual([0, 2, 4, 0, 4])
  })
})
