import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { algebra } from "../../src/Interpreter.ts"
import { ShapeError } from "../../src/Shape.ts"
import * as Tensor from "../../src/Tensor.ts"
import * as Type from "../../src/Type.ts"
import { controlDefinitions } from "../../src/Primitive.ts"
import { count, fromElements, tensors } from "./oracle.ts"

const EPSILON = 2 ** -52

type Name = "qr" | "eigh"

const apply = (name: Name, x: Tensor.Any): readonly [Tensor.Any, Tensor.Any] =>
  algebra.applyMany(name, {}, [x]) as unknown as readonly [Tensor.Any, Tensor.Any]

type Matrix = (i: number, j: number) => number

const member = (x: Tensor.Any, index: number): Matrix => {
  const [m, n] = x.shape.slice(-2) as [number, number]
  return (i, j) => x.data[(index * m + i) * n + j]!
}

const sum = (n: number, f: (k: number) => number): number => {
  let total = 0
  for (let k = 0; k < n; k++) total += f(k)
  return total
}

const largest = (m: number, n: number, f: Matrix): number => {
  let most = 0
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) most = Math.max(most, Math.abs(f(i, j)))
  return most
}

const identity: Matrix = (i, j) => (i === j ? 1 : 0)

const element = fc.oneof(
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.constantFrom(0, 1, -1, 1e-8, 2 ** -40),
  fc.double({ min: -1e200, max: 1e200, noNaN: true })
)

const batches = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 })

const matrices = (square: boolean) =>
  fc
    .tuple(batches, fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 4 }))
    .chain(([batch, n, more]) => tensors("real", [...batch, square ? n : n + more, n], element))

const rows = (...data: ReadonlyArray<ReadonlyArray<number>>): Tensor.Tensor =>
  Tensor.fromArray(Float64Array.from(data.flat()), [data.length, data[0]?.length ?? 0])

const expectNear = (actual: Tensor.Any, expected: ReadonlyArray<number>, tolerance: number): void => {
  expect(actual.data.length).toBe(expected.length)
  expected.forEach((v, i) =>
    expect(Math.abs(actual.data[i]! - v)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(v)))
  )
}

describe("qr", () => {
  it("q r is the matrix, q' q the identity, r upper triangular with a diagonal that is not negative", () => {
    fc.assert(
      fc.property(matrices(false), (a) => {
        const [m, n] = a.shape.slice(-2) as [number, number]
        const [q, r] = apply("qr", a)
        expect(q.shape).toEqual(a.shape)
        expect(r.shape).toEqual([...a.shape.slice(0, -2), n, n])
        for (let k = 0; k < count(a.shape.slice(0, -2)); k++) {
          const [A, Q, R] = [member(a, k), member(q, k), member(r, k)]
          for (let j = 0; j < n; j++) {
            const size = largest(m, 1, (i) => A(i, j))
            const error = largest(m, 1, (i) => sum(n, (l) => Q(i, l) * R(l, j)) - A(i, j))
            // Column by column: Higham 2002, theorem 19.4.
            expect(error).toBeLessThanOrEqual(4 * m * n * EPSILON * size)
          }
          expect(largest(n, n, (i, j) => sum(m, (l) => Q(l, i) * Q(l, j)) - identity(i, j))).toBeLessThanOrEqual(
            4 * m * n * EPSILON
          )
          for (let i = 0; i < n; i++) {
            expect(R(i, i)).toBeGreaterThanOrEqual(0)
            for (let j = 0; j < i; j++) expect(R(i, j)).toBe(0)
          }
        }
      }),
      { numRuns: 200 }
    )
  })

  it("agrees with 60 digits", () => {
    // Gram-Schmidt in mpmath.
    const [q, r] = apply("qr", rows([2, -1, 0.5], [1, 3, -2], [0.25, 4, 1], [-3, 0, 2]))
    expectNear(
      q,
      [
        0.5333333333333333, -0.25328960635593417, 0.5685491370395096, 0.26666666666666666, 0.5635474632763517,
        -0.554481941896264, 0.06666666666666667, 0.7817796846695269, 0.5579987406820754, -0.8, 0.08413772391062173,
        0.24070533911775804
      ],
      8 * EPSILON
    )
    expectNear(
      r,
      [3.75, 0.5333333333333333, -1.8, 0, 5.071050734863097, -0.30368459723990027, 0, 0, 2.4326478712298742],
      8 * EPSILON
    )
  })

  it("columns of zeros have a zero on the diagonal, and q stays orthonormal", () => {
    const [q, r] = apply("qr", rows([0, 3], [0, 4], [0, 0]))
    expect(Object.is(r.data[0], 0)).toBe(true)
    const Q = member(q, 0)
    expect(largest(2, 2, (i, j) => sum(3, (l) => Q(l, i) * Q(l, j)) - identity(i, j))).toBeLessThanOrEqual(4 * EPSILON)
  })

  it("needs as many rows as columns", () => {
    expect(() => controlDefinitions.qr.types({}, [Type.real([2, 3])])).toThrow(
      "expected at least as many rows as columns, got [2,3]"
    )
    expect(() => controlDefinitions.qr.types({}, [Type.real([3])])).toThrow(ShapeError)
    expect(() => controlDefinitions.qr.types({}, [Type.index([3, 3])])).toThrow(ShapeError)
  })
})

describe("eigh", () => {
  it("V diag(values) V' is the symmetric part, V' V the identity, values ascend, the first largest component is positive", () => {
    fc.assert(
      fc.property(matrices(true), (a) => {
        const n = a.shape.at(-1)!
        const [values, vectors] = apply("eigh", a)
        expect(values.shape).toEqual(a.shape.slice(0, -1))
        expect(vectors.shape).toEqual(a.shape)
        for (let k = 0; k < count(a.shape.slice(0, -2)); k++) {
          const [A, V] = [member(a, k), member(vectors, k)]
          const size = largest(n, n, A)
          const w = (i: number) => values.data[k * n + i]! / (size || 1)
          const error = largest(
            n,
            n,
            (i, j) => sum(n, (l) => V(i, l) * w(l) * V(j, l)) - (A(i, j) / (size || 1) + A(j, i) / (size || 1)) / 2
          )
          expect(error).toBeLessThanOrEqual(8 * n * n * EPSILON)
          expect(largest(n, n, (i, j) => sum(n, (l) => V(l, i) * V(l, j)) - identity(i, j))).toBeLessThanOrEqual(
            8 * n * EPSILON
          )
          for (let j = 0; j < n; j++) {
            if (j > 0) expect(w(j)).toBeGreaterThanOrEqual(w(j - 1))
            const most = largest(n, 1, (i) => V(i, j))
            let i = 0
            while (Math.abs(V(i, j)) < most * (1 - 2 ** -20)) i++
            expect(V(i, j)).toBeGreaterThan(0)
          }
        }
      }),
      { numRuns: 200 }
    )
  })

  it("agrees with 60 digits", () => {
    // mpmath.eigsy
    const [values, vectors] = apply("eigh", rows([4, 1, -2], [1, 2, 0.5], [-2, 0.5, 3]))
    expectNear(values, [0.6539237684613849, 2.7163484656182613, 5.629727765920354], 4 * EPSILON)
    expectNear(
      vectors,
      [
        -0.5323243447980565, 0.2746339319336716, 0.8007540167654305, 0.6125169868955221, 0.7778893374994162,
        0.1403962940007677, -0.5843404253513106, 0.5652118028096819, -0.5823073803970534
      ],
      8 * EPSILON
    )
  })

  it("small eigenvalues of a scaled positive definite matrix are right to the last digits", () => {
    // mpmath.eigsy; methods that reduce to tridiagonal form are off by 2^-53 of the largest one.
    const [values] = apply(
      "eigh",
      rows([1, 5e-6, 2.5e-11], [5e-6, 1.0000000000000002e-10, 5e-16], [2.5e-11, 5e-16, 1.0000000000000001e-20])
    )
    const exact = [7.499999999812501e-21, 7.500000000000001e-11, 1.000000000025]
    exact.forEach((v, i) => expect(Math.abs(values.data[i]! / v - 1)).toBeLessThanOrEqual(8 * EPSILON))
  })

  it("of order 2: the roots of the characteristic polynomial", () => {
    fc.assert(
      fc.property(
        fc.tuple(...Array.from({ length: 3 }, () => fc.double({ min: -4, max: 4, noNaN: true }))),
        ([a, b, d]) => {
          const [values] = apply("eigh", rows([a!, b!], [b!, d!]))
          const [mean, radius] = [(a! + d!) / 2, Math.hypot((a! - d!) / 2, b!)]
          expectNear(values, [mean - radius, mean + radius], 32 * EPSILON)
        }
      )
    )
  })

  it("equal eigenvalues, diagonal matrices and matrices of one number", () => {
    const [values, vectors] = apply("eigh", rows([2, 0, 0], [0, 2, 0], [0, 0, -1]))
    expect(Array.from(values.data)).toEqual([-1, 2, 2])
    expect(Array.from(vectors.data)).toEqual([0, 1, 0, 0, 0, 1, 1, 0, 0])
    const ones = apply("eigh", Tensor.ones([5, 5]))
    expectNear(ones[0], [0, 0, 0, 0, 5], 8 * EPSILON)
    expect(apply("eigh", rows([-3])).map(String)).toEqual(["[-3]", "[[1]]"])
    expect(apply("eigh", Tensor.zeros([2, 0, 0])).map(({ shape }) => shape)).toEqual([
      [2, 0],
      [2, 0, 0]
    ])
  })

  it("neither over- nor underflows", () => {
    for (const scale of [2 ** 1022, 2 ** -1060]) {
      const [values] = apply("eigh", rows([0, scale], [scale, 0]))
      expect(Array.from(values.data, (v) => v / scale)).toEqual([-1, 1])
    }
  })

  it("converges for some hundreds of rows", () => {
    const n = 150
    const data = Float64Array.from({ length: n * n }, (_, i) => {
      const [row, column] = [Math.floor(i / n), i % n]
      return Math.sin(row * column + row + column)
    })
    const [values, vectors] = apply("eigh", Tensor.fromArray(data, [n, n]))
    const V = member(vectors, 0)
    const error = largest(n, n, (i, j) => sum(n, (l) => V(i, l) * values.data[l]! * V(j, l)) - Math.sin(i * j + i + j))
    expect(error).toBeLessThanOrEqual(2 * n * EPSILON)
  })
})

describe("elements that are not finite", () => {
  it.each([NaN, Infinity, -Infinity])("%d gives NaN, and leaves the other matrices of the batch alone", (bad) => {
    const a = fromElements("real", [2, 2, 2], [1, 2, bad, 4, 3, 0, 0, 2])
    const [q, r] = apply("qr", a)
    expect(Array.from(q.data)).toEqual([NaN, NaN, NaN, NaN, 1, 0, 0, 1])
    expect(Array.from(r.data)).toEqual([NaN, NaN, 0, NaN, 3, 0, 0, 2])
    const [values, vectors] = apply("eigh", a)
    expect(Array.from(values.data)).toEqual([NaN, NaN, 2, 3])
    expect(Array.from(vectors.data)).toEqual([NaN, NaN, NaN, NaN, 0, 1, 1, 0])
  })
})
