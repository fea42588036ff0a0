import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type * as Primitive from "../../../core/src/Primitive.ts"
import * as Tensor from "../../../core/src/Tensor.ts"
import { direction, disagreements, jvp, primitive, type Program, run, values } from "./algebra.ts"

type Shape = ReadonlyArray<number>

/** Random numbers in [-1, 1) and `diagonal` more on the diagonals. */
const matrix = (batch: Shape, rows: number, columns: number, seed: number, diagonal: number): Tensor.Any => {
  const noise = direction([...batch, rows, columns], seed)
  return Tensor.fromArray(
    Float64Array.from(noise.data, (v, place) => {
      const within = place % (rows * columns)
      return v + (Math.floor(within / columns) === within % columns ? diagonal : 0)
    }),
    noise.shape
  )
}

const batches = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 })
const sizes = fc.integer({ min: 0, max: 5 })

const agrees = (f: Program, inputs: ReadonlyArray<Tensor.Any>, seed: number): void => {
  const tangents = inputs.map((x, i) => direction(x.shape, seed + 10 + i))
  expect(disagreements(f, inputs, tangents)).toBeLessThan(1e-7)
  if (inputs.length === 1) return
  expect(disagreements(f, inputs, [tangents[0]!], [0])).toBeLessThan(1e-7)
  expect(disagreements(f, inputs, [tangents[1]!], [1])).toBeLessThan(1e-7)
}

const reading = fc.record({
  upper: fc.boolean(),
  transposed: fc.boolean(),
  unitDiagonal: fc.boolean(),
  strongZero: fc.boolean()
})

describe("against central differences, first and second order", () => {
  it.each<readonly [Primitive.Name, number]>([
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
        agrees(primitive(name, {}), [matrix(batch, n, n, seed, diagonal)], seed)
      }),
      { numRuns: 60 }
    )
  })

  it("solve", () => {
    fc.assert(
      fc.property(batches, sizes, fc.nat({ max: 3 }), fc.boolean(), fc.nat(), (batch, n, k, strongZero, seed) => {
        const inputs = [matrix(batch, n, n, seed, 6), matrix(batch, n, k, seed + 1, 0)]
        agrees(primitive("solve", { strongZero }), inputs, seed)
      }),
      { numRuns: 60 }
    )
  })

  it("triangularSolve, whichever triangle is read", () => {
    fc.assert(
      fc.property(batches, sizes, fc.nat({ max: 3 }), reading, fc.nat(), (batch, n, k, attributes, seed) => {
        const inputs = [matrix(batch, n, n, seed, 3), matrix(batch, n, k, seed + 1, 0)]
        agrees(primitive("triangularSolve", attributes), inputs, seed)
      }),
      { numRuns: 100 }
    )
  })

  it("lstsq of tall, square and wide matrices", () => {
    fc.assert(
      fc.property(batches, sizes, sizes, fc.nat({ max: 3 }), fc.nat(), (batch, m, n, k, seed) => {
        const inputs = [matrix(batch, m, n, seed, 4), matrix(batch, m, k, seed + 1, 0)]
        agrees(primitive("lstsq", { strongZero: false }), inputs, seed)
      }),
      { numRuns: 100 }
    )
  })
})

const zero = Tensor.zeros([3, 3])
const singular = Tensor.make([
  [1, 2, 3],
  [4, 5, 6],
  [7, 8, 9]
])
const e = Tensor.make([
  [1, 0, 2],
  [0, 3, 1],
  [1, 1, 1]
])

describe("the determinant at singular matrices", () => {
  it("its derivatives of every order are those of the polynomial det(A + t E)", () => {
    // det(t E) = det(E) t^3, with det(E) = -4, and det(A + t E) = -4 t^3 + 5 t^2 - 24 t, by hand.
    const det = primitive("det", {})
    const first = jvp(det, [0])
    const second = jvp(first, [0])
    const third = jvp(second, [0])
    const at = (a: Tensor.Any) => [
      values(run(first, a, e))[0],
      values(run(second, a, e, e))[0],
      values(run(third, a, e, e, e))[0]
    ]
    const close = (actual: ReadonlyArray<number | undefined>, expected: ReadonlyArray<number>) =>
      expected.forEach((v, i) => expect(actual[i]).toBeCloseTo(v, 11))
    close(at(zero), [0, 0, 6 * -4])
    const polynomial = (t: number) => {
      const entry = (i: number, j: number) => singular.data[i * 3 + j]! + t * e.data[i * 3 + j]!
      const minor = (j: number, k: number) => entry(1, j) * entry(2, k) - entry(1, k) * entry(2, j)
      return entry(0, 0) * minor(1, 2) - entry(0, 1) * minor(0, 2) + entry(0, 2) * minor(0, 1)
    }
    // A cubic without a constant: its coefficients from three of its values.
    const [p1, m1, p2] = [polynomial(1), polynomial(-1), polynomial(2)]
    const c2 = (p1 + m1) / 2
    const c3 = (p2 - 4 * c2 - (p1 - m1)) / 6
    const c1 = (p1 - m1) / 2 - c3
    expect(polynomial(0)).toBe(0)
    expect(c3).toBe(-4)
    close(at(singular), [c1, 2 * c2, 6 * c3])
  })
})

describe("where a matrix is singular or not positive definite", () => {
  const strong = { strongZero: true }
  const lower = { upper: false, transposed: false, unitDiagonal: false, strongZero: false }
  const all = (f: Program, wrt: ReadonlyArray<number>, ...inputs: ReadonlyArray<Tensor.Any>) =>
    values(run(jvp(f, wrt), ...inputs))

  it("a zero tangent stays zero", () => {
    const b = Tensor.ones([3, 2])
    const none = Tensor.zeros([3, 2])
    for (const name of ["inverse", "det", "logdet", "cholesky"] as const) {
      for (const a of [zero, Tensor.full([3, 3], NaN)]) {
        expect(all(primitive(name, {}), [0], a, zero).every((v) => v === 0)).toBe(true)
      }
    }
    for (const f of [
      primitive("solve", strong),
      primitive("solve", { strongZero: false }),
      primitive("lstsq", strong),
      primitive("triangularSolve", lower)
    ]) {
      expect(all(f, [0], zero, b, zero).every((v) => v === 0)).toBe(true)
      expect(all(f, [1], zero, b, none).every((v) => v === 0)).toBe(true)
    }
  })

  it("any other is not finite", () => {
    const b = Tensor.ones([3, 1])
    for (const name of ["inverse", "logdet", "cholesky"] as const) {
      expect(all(primitive(name, {}), [0], zero, e).some((v) => !Number.isFinite(v))).toBe(true)
    }
    for (const f of [primitive("solve", strong), primitive("lstsq", strong), primitive("triangularSolve", lower)]) {
      expect(all(f, [0], zero, b, e).some((v) => !Number.isFinite(v))).toBe(true)
      expect(all(f, [1], zero, b, b).some((v) => !Number.isFinite(v))).toBe(true)
    }
  })
})
