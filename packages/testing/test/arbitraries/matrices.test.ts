import { Expr, Fn, type Tensor } from "@fluxion/core"
import { Arbitraries } from "@fluxion/testing"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"

type Matrix = Tensor.Tensor<readonly [number, number]>

/** Eigenvalues of a symmetric matrix, in ascending order. */
const eigenvalues = (a: Matrix): ReadonlyArray<number> =>
  Array.from(Fn.evaluate(Expr.eigh(Expr.constant(a)).values).data)

const gram = (a: Matrix): Matrix =>
  Fn.evaluate(Expr.matmul(Expr.transpose(Expr.constant(a)), Expr.constant(a))) as Matrix

/** The condition number: where `m < n`, of the transpose. */
const condition = (a: Matrix): number => {
  const [m, n] = a.shape
  const tall = m >= n ? a : (Fn.evaluate(Expr.transpose(Expr.constant(a))) as Matrix)
  const squares = eigenvalues(gram(tall))
  return Math.sqrt(squares.at(-1)! / squares[0]!)
}

const at = ({ data, shape }: Matrix, i: number, j: number): number => data[i * shape[1] + j]!

const sizes = fc.integer({ min: 1, max: 5 })
const conditions = fc.constantFrom(1, 2, 10, 100, 1e4)

/** A matrix for each size and bound. */
const each = <A>(make: (n: number, condition: number) => fc.Arbitrary<A>) =>
  fc.tuple(sizes, conditions).chain(([n, bound]) => fc.tuple(fc.constant(bound), make(n, bound)))

const minimal = <A>(arbitrary: fc.Arbitrary<A>): string =>
  fc.stringify(fc.check(fc.property(arbitrary, () => false)).counterexample![0])

describe("matrices", () => {
  it("well conditioned ones keep their bound, which is reached", () => {
    let largest = 0
    fc.assert(
      fc.property(
        each((n, bound) => Arbitraries.wellConditioned([n, 3], { condition: bound })),
        ([bound, a]) => {
          // The squares of the singular values carry rounding errors of the largest one.
          const found = condition(a)
          expect(found).toBeLessThanOrEqual(bound * (1 + 1e-14 * bound * bound))
          if (bound === 100) largest = Math.max(largest, found)
        }
      ),
      { numRuns: 300 }
    )
    expect(largest).toBeGreaterThan(50)
  })

  it("symmetric positive definite ones are just that, within their bound", () => {
    fc.assert(
      fc.property(
        each((n, bound) => Arbitraries.positiveDefinite(n, { condition: bound })),
        ([bound, a]) => {
          const [n] = a.shape
          for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) expect(at(a, i, j)).toBe(at(a, j, i))
          const values = eigenvalues(a)
          expect(values[0]).toBeGreaterThan(0)
          expect(values.at(-1)! / values[0]!).toBeLessThanOrEqual(bound * (1 + 1e-13 * bound))
        }
      ),
      { numRuns: 300 }
    )
  })

  it("orthogonal ones are so to rounding, with determinants of both signs", () => {
    const signs = new Set<number>()
    fc.assert(
      fc.property(sizes.chain(Arbitraries.orthogonal), (q) => {
        const product = gram(q)
        for (let i = 0; i < q.shape[0]; i++) {
          for (let j = 0; j < q.shape[0]; j++) {
            expect(Math.abs(at(product, i, j) - (i === j ? 1 : 0))).toBeLessThan(1e-14)
          }
        }
        signs.add(Math.round(Fn.evaluate(Expr.det(Expr.constant(q)))))
      }),
      { numRuns: 300 }
    )
    expect([...signs].sort()).toEqual([-1, 1])
  })

  it("triangular ones have zeros on one side, and keep their bound", () => {
    const flags = fc.record({ upper: fc.boolean(), unitDiagonal: fc.boolean() })
    const arbitrary = flags.chain((options) =>
      each((n, bound) => Arbitraries.triangular(n, { ...options, condition: bound })).map(
        (result) => [options, ...result] as const
      )
    )
    fc.assert(
      fc.property(arbitrary, ([{ unitDiagonal, upper }, bound, a]) => {
        const [n] = a.shape
        for (let i = 0; i < n; i++) {
          if (unitDiagonal) expect(at(a, i, i)).toBe(1)
          else expect(at(a, i, i)).not.toBe(0)
          for (let j = 0; j < i; j++) expect(upper ? at(a, i, j) : at(a, j, i)).toBe(0)
        }
        expect(condition(a)).toBeLessThanOrEqual(bound * (1 + 1e-14 * bound * bound))
      }),
      { numRuns: 500 }
    )
  })

  it("symmetric ones are symmetric", () => {
    fc.assert(
      fc.property(
        sizes.chain((n) => Arbitraries.symmetric(n, { special: true })),
        (a) => {
          const [n] = a.shape
          for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) expect(at(a, i, j)).toBe(at(a, j, i))
        }
      )
    )
  })

  it("shrink to the simplest one, printed as code", () => {
    expect(minimal(Arbitraries.wellConditioned([2, 3]))).toBe("Tensor.make([[1, 0, 0], [0, 1, 0]])")
    expect(minimal(Arbitraries.positiveDefinite(2))).toBe("Tensor.make([[1, 0], [0, 1]])")
    expect(minimal(Arbitraries.orthogonal(2))).toBe("Tensor.make([[1, 0], [0, 1]])")
    expect(minimal(Arbitraries.triangular(2))).toBe("Tensor.make([[1, 0], [0, 1]])")
    expect(minimal(Arbitraries.symmetric(2))).toBe("Tensor.make([[0, 0], [0, 0]])")
    const mixed = fc.check(
      fc.property(Arbitraries.triangular(2, { unitDiagonal: true }), (a) => at(a, 1, 0) === 0),
      { numRuns: 1000 }
    )
    expect(fc.stringify(mixed.counterexample![0])).toMatch(/^Tensor\.make\(\[\[1, 0\], \[-?0\.0625, 1\]\]\)$/)
  })

  it("refuse sizes and bounds that make no sense", () => {
    expect(() => Arbitraries.orthogonal(1.5)).toThrow("Arbitraries.orthogonal: expected a number of rows, got 1.5")
    expect(() => Arbitraries.positiveDefinite(2, { condition: 0.5 })).toThrow(
      "Arbitraries.positiveDefinite: expected a condition number from 1 to 1e12, got 0.5"
    )
  })

  it("are there without rows, too", () => {
    expect(fc.sample(Arbitraries.positiveDefinite(0), 1)[0]!.shape).toEqual([0, 0])
    expect(fc.sample(Arbitraries.triangular(0), 1)[0]!.shape).toEqual([0, 0])
    expect(fc.sample(Arbitraries.wellConditioned([0, 2]), 1)[0]!.shape).toEqual([0, 2])
  })
})
