import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { along, evaluate, pull, Tensor, tensors, weighted } from "./algebra.ts"
import type { Primitive, Program, Shape } from "./algebra.ts"
import { compare, sample, seeded } from "./differences.ts"

const spread = { low: -1, high: 1 }

/** Random matrices with `diagonal` more on their diagonals. */
const matrices = (
  random: () => number,
  batch: Shape.Shape,
  rows: number,
  columns: number,
  diagonal: number
): Tensor.Tensor => {
  const noise = sample(random, [...batch, rows, columns], spread)
  const eye = Tensor.fromArray(
    Float64Array.from({ length: rows * columns }, (_, i) => (Math.floor(i / columns) === i % columns ? diagonal : 0)),
    [rows, columns]
  )
  return tensors.add(noise, eye) as Tensor.Tensor
}

const batches = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 })
const sizes = fc.integer({ min: 0, max: 5 })

type MatrixName = "cholesky" | "inverse" | "adjugate" | "det" | "detSign" | "logdet"

describe("against central differences, to second order", () => {
  it.each<readonly [MatrixName, number]>([
    ["cholesky", 6],
    ["inverse", 6],
    ["logdet", 6],
    ["logdet", -4],
    ["det", 0],
    ["det", 1.5],
    ["adjugate", 0],
    ["adjugate", 1.5],
    ["detSign", 6]
  ])("%s of matrices with %d more on the diagonal", (name, diagonal) => {
    fc.assert(
      fc.property(batches, sizes, fc.nat(), (batch, n, seed) => {
        const random = seeded(seed)
        compare((ops, [a]) => ops[name](a!), [matrices(random, batch, n, n, diagonal)], random)
      }),
      { numRuns: 60 }
    )
  })

  it("solve", () => {
    fc.assert(
      fc.property(batches, sizes, fc.nat({ max: 3 }), fc.boolean(), fc.nat(), (batch, n, k, strongZero, seed) => {
        const random = seeded(seed)
        const inputs = [matrices(random, batch, n, n, 6), matrices(random, batch, n, k, 0)]
        compare((ops, [a, b]) => ops.solve(a!, b!, { strongZero }), inputs, random)
      }),
      { numRuns: 60 }
    )
  })

  it("triangularSolve, whichever triangle is read", () => {
    const reading = fc.record({
      upper: fc.boolean(),
      transposed: fc.boolean(),
      unitDiagonal: fc.boolean(),
      strongZero: fc.boolean()
    })
    fc.assert(
      fc.property(batches, sizes, fc.nat({ max: 3 }), reading, fc.nat(), (batch, n, k, attributes, seed) => {
        const random = seeded(seed)
        const inputs = [matrices(random, batch, n, n, 3), matrices(random, batch, n, k, 0)]
        compare((ops, [a, b]) => ops.triangularSolve(a!, b!, attributes), inputs, random)
      }),
      { numRuns: 100 }
    )
  })

  it("lstsq of tall, square and wide matrices", () => {
    fc.assert(
      fc.property(batches, sizes, sizes, fc.nat({ max: 3 }), fc.nat(), (batch, m, n, k, seed) => {
        const random = seeded(seed)
        const inputs = [matrices(random, batch, m, n, 4), matrices(random, batch, m, k, 0)]
        compare((ops, [a, b]) => ops.lstsq(a!, b!, { strongZero: false }), inputs, random)
      }),
      { numRuns: 100 }
    )
  })

  it("the log-density of a normal distribution, with everything in it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.nat(), (n, seed) => {
        const random = seeded(seed)
        const labels = { left: [0, 1], right: [2, 1], output: [0, 2], strongZero: false }
        const lower = { upper: false, transposed: false, unitDiagonal: false, strongZero: false }
        const density: Program = (ops, [factor, x]) => {
          const covariance = ops.dot(factor!, factor!, labels)
          const z = ops.triangularSolve(ops.cholesky(covariance), x!, lower)
          return ops.add(ops.sum(ops.mul(z, z), [0, 1]), ops.logdet(covariance))
        }
        compare(density, [matrices(random, [], n, n, 3), matrices(random, [], n, 1, 0)], random)
      }),
      { numRuns: 30 }
    )
  })
})

describe("the determinant at singular matrices", () => {
  const gradient = (a: Tensor.Any) => Tensor.toNested(pull<Tensor.Any>(tensors, (ops, [x]) => ops.det(x!), [a])[0]!)
  it("its gradient is the transposed adjugate", () => {
    expect(
      gradient(
        Tensor.make([
          [1, 2],
          [2, 4]
        ])
      )
    ).toEqual([
      [4, -2],
      [-2, 1]
    ])
    expect(gradient(Tensor.make([[0]]))).toEqual([[1]])
    expect(gradient(Tensor.zeros([2, 2]))).toEqual([
      [0, 0],
      [0, 0]
    ])
    // Rank 2 of 3: every row and column of cofactors is a multiple of the null vector (1, -2, 1).
    const rows = gradient(
      Tensor.make([
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9]
      ])
    ) as ReadonlyArray<ReadonlyArray<number>>
    rows.flat().forEach((v, i) => expect(v).toBeCloseTo([-3, 6, -3, 6, -12, 6, -3, 6, -3][i]!, 12))
  })

  it("so is its Hessian that of the polynomial, at the zero matrix too", () => {
    // a d - b c.
    const row = (i: number) => {
      const direction = Tensor.fromArray(
        Float64Array.from({ length: 4 }, (_, j) => (i === j ? 1 : 0)),
        [2, 2]
      )
      const slope = along((ops, [a]) => ops.det(a!), [direction])
      return Array.from(pull<Tensor.Any>(tensors, slope, [Tensor.zeros([2, 2])])[0]!.data)
    }
    expect([0, 1, 2, 3].map(row)).toEqual([
      [0, 0, 0, 1],
      [0, 0, -1, 0],
      [0, -1, 0, 0],
      [1, 0, 0, 0]
    ])
  })

  it("the third derivative of det at 0 along one direction is 6 times the determinant of that direction", () => {
    const e = Tensor.make([
      [1, 0, 2],
      [0, 3, 1],
      [1, 1, 1]
    ])
    let slope: Program = (ops, [a]) => ops.det(a!)
    for (const expected of [0, 0, 6 * -4]) {
      slope = along(slope, [e])
      expect(evaluate(slope, Tensor.zeros([3, 3]))[0]).toBeCloseTo(expected, 12)
    }
  })
})

describe("cholesky is a function of the symmetric part", () => {
  it("so its gradient is symmetric", () => {
    fc.assert(
      fc.property(sizes, fc.nat(), (n, seed) => {
        const random = seeded(seed)
        const a = matrices(random, [], n, n, 6)
        const ct = sample(random, [n, n], spread)
        const g = pull<Tensor.Any>(tensors, (ops, [x]) => ops.cholesky(x!), [a], ct)[0]!
        expect(tensors.transpose(g, [1, 0]).data).toEqual(g.data)
        // What stands above the diagonal of the cotangent meets zeros of the factor.
        const lower = tensors.triangle(ct, { upper: false, diagonal: 0 })
        expect(pull<Tensor.Any>(tensors, (ops, [x]) => ops.cholesky(x!), [a], lower)[0]!.data).toEqual(g.data)
      })
    )
  })
})

describe("where a matrix is singular or not positive definite", () => {
  const zero = Tensor.zeros([3, 3])
  const b = Tensor.ones([3, 2])
  const strong = { strongZero: true }
  const lower = { upper: false, transposed: false, unitDiagonal: false, strongZero: false }
  const programs: ReadonlyArray<readonly [Primitive.Name, Program, ReadonlyArray<Tensor.Tensor>]> = [
    ["inverse", (ops, [a]) => ops.inverse(a!), [zero]],
    ["logdet", (ops, [a]) => ops.logdet(a!), [zero]],
    ["cholesky", (ops, [a]) => ops.cholesky(a!), [zero]],
    ["solve", (ops, [a, x]) => ops.solve(a!, x!, strong), [zero, b]],
    ["lstsq", (ops, [a, x]) => ops.lstsq(a!, x!, strong), [zero, b]],
    ["lstsq", (ops, [a, x]) => ops.lstsq(a!, x!, strong), [Tensor.zeros([3, 5]), b]],
    ["triangularSolve", (ops, [a, x]) => ops.triangularSolve(a!, x!, lower), [zero, b]]
  ]

  it.each(programs)("%s: a zero cotangent stays zero, any other is not finite", (_, program, inputs) => {
    for (const given of [inputs, inputs.map((x) => Tensor.full(x.shape, NaN))]) {
      const shape = program<Tensor.Any>(tensors, given).shape
      for (const g of pull<Tensor.Any>(tensors, program, given, Tensor.zeros(shape))) {
        expect(Array.from(g.data).every((v) => v === 0)).toBe(true)
      }
      for (const g of pull<Tensor.Any>(tensors, program, given)) {
        expect(Array.from(g.data).some((v) => !Number.isFinite(v))).toBe(true)
      }
    }
  })

  it("a branch not taken does not poison the gradient", () => {
    const program: Program = (ops, [a, x]) => {
      const solved = ops.sum(ops.solve(a!, x!, { strongZero: false }), [1, 2])
      const scores = ops.add(ops.add(solved, ops.logdet(a!)), ops.sum(ops.inverse(a!), [1, 2]))
      return ops.select(ops.ne(ops.det(a!), 0), scores, 0)
    }
    const regular = matrices(seeded(1), [1], 3, 3, 4)
    const mixed = tensors.concat([Tensor.zeros([1, 3, 3]), regular], 0)
    const right = Tensor.ones([2, 3, 1])
    const [ga, gb] = pull<Tensor.Any>(tensors, program, [mixed, right]) as [Tensor.Any, Tensor.Any]
    const [ga1, gb1] = pull<Tensor.Any>(tensors, program, [regular, Tensor.ones([1, 3, 1])]) as [Tensor.Any, Tensor.Any]
    expect(Array.from(ga.data)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, ...ga1.data])
    expect(Array.from(gb.data)).toEqual([0, 0, 0, ...gb1.data])
    const second = along(weighted(program, Tensor.ones([2])), [sample(seeded(2), [2, 3, 3], spread), right])
    expect(Number.isFinite(evaluate(second, mixed, right)[0])).toBe(true)
    for (const g of pull<Tensor.Any>(tensors, second, [mixed, right])) {
      expect(Array.from(g.data).every(Number.isFinite)).toBe(true)
    }
  })
})
