/**
 * VJP rules of linear algebra.
 *
 * @since 0.1.0
 */
import { type Primitive, Tensor } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { VjpRules } from "../VjpRule.ts"
import { leading, matrixTranspose, multiply, type Ops } from "./matrices.ts"

/** A number for each matrix times that matrix, transposed. */
const scaleTransposed = <A>(ops: Ops<A>, ct: A, x: A): A => {
  const rank = ops.shapeOf(x).length
  const batch = leading(rank)
  const [row, column] = [rank, rank + 1] as const
  return ops.dot(ct, x, {
    left: batch,
    right: [...batch, row, column],
    output: [...batch, column, row],
    strongZero: true
  })
}

const lowerTriangle = { upper: false, diagonal: 0 } as const
const strictlyLower = { upper: false, diagonal: -1 } as const
const transposedLower = { upper: false, transposed: true, unitDiagonal: false, strongZero: true } as const

/** 1 where row and column differ. */
const offDiagonal = (n: number): Tensor.Tensor => {
  const elements = new Float64Array(n * n).fill(1)
  for (let i = 0; i < n; i++) elements[i * n + i] = 0
  return Tensor.fromArray(elements, [n, n])
}

/** The cotangent of the right-hand side of `solve`: the solution of the transposed system. */
const adjointSolution = <A>(ops: Ops<A>, a: A, ct: A): A => ops.solve(matrixTranspose(ops, a), ct, { strongZero: true })

const adjointTriangular = <A>(ops: Ops<A>, a: A, ct: A, attributes: Primitive.TriangularSolveAttributes): A =>
  ops.triangularSolve(a, ct, { ...attributes, transposed: !attributes.transposed, strongZero: true })

/**
 * The VJP rules of linear algebra.
 *
 * **Details**
 *
 * With cotangents written `ct`:
 *
 * - `inverse`, `solve`, `det`: M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
 *   differentiation", 2008, section 2: `-Y' ct Y'`; `A^-T ct` and `-(A^-T ct) X'`; and, for `det`, `ct adj(A)'`, which is Giles' `ct det A
 *   A^-T` where that exists and right at singular matrices too. `logdet`: `ct A^-T`.
 * - `cholesky`: I. Murray, "Differentiation of the Cholesky decomposition", 2016, eq. 10: the symmetric part of `L^-T P L^-1`, where `P` is the lower
 *   triangle of `L' ct` with half the diagonal. The factor is a function of the symmetric part of its operand.
 * - `triangularSolve`: as `solve`, cut to the triangle that is read.
 * - `adjugate`: by Laplace's expansion, `⟨ct, adj A⟩` is the sum over `i` of the determinant of `A` with row `i` replaced by column `i` of
 *   `ct`, and the gradient of each is its adjugate, transposed, without row `i`. Only polynomials occur, so derivatives of any order are
 *   right at any matrix.
 * - `lstsq`: the adjoint of the differential of Golub & Pereyra, SIAM J. Numer. Anal. 10, 1973, by pseudo-inverses `A⁺` applied as
 *   least-squares solutions.
 *
 * A zero cotangent stays zero beside a singular matrix: products and solutions have strong zeros.
 *
 * @example
 * ```ts
 * import { Interpreter, Operations, Tensor } from "@fluxion/core"
 * import { rules } from "@fluxion/reverse-mode/VjpRules"
 *
 * const ops = Operations.make(Interpreter.algebra)
 * const a = Tensor.make([[1, 2], [2, 4]])
 * const result = ops.det(a)
 * const context = { ops, attributes: {}, operands: [a], result, type: ops.typeOf(result) } as const
 * const [pullback] = rules.det
 * if (typeof pullback === "function") console.log(`${pullback(Tensor.make(1), context)}`) // [[4, -2], [-2, 1]]
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const linalg = {
  cholesky: [
    (ct, { ops, result: l }) => {
      const product = multiply(ops, l, "T", ct, "N")
      const p = ops.mul(ops.add(ops.triangle(product, lowerTriangle), ops.triangle(product, strictlyLower)), 0.5)
      // L^-T P, then (L^-T P) L^-1 as the transpose of L^-T (L^-T P)'.
      const left = ops.triangularSolve(l, p, transposedLower)
      const both = ops.triangularSolve(l, matrixTranspose(ops, left), transposedLower)
      return ops.mul(ops.add(both, matrixTranspose(ops, both)), 0.5)
    }
  ],
  triangularSolve: [
    (ct, { attributes, operands: [a], ops, result: x }) => {
      const { transposed, unitDiagonal, upper } = attributes
      const pulled = ops.neg(adjointTriangular(ops, a, ct, attributes))
      const outer = transposed ? multiply(ops, x, "N", pulled, "T") : multiply(ops, pulled, "N", x, "T")
      return ops.triangle(outer, { upper, diagonal: unitDiagonal ? (upper ? 1 : -1) : 0 })
    },
    (ct, { attributes, operands: [a], ops }) => adjointTriangular(ops, a, ct, attributes)
  ],
  solve: [
    (ct, { operands: [a], ops, result: x }) => multiply(ops, ops.neg(adjointSolution(ops, a, ct)), "N", x, "T"),
    (ct, { operands: [a], ops }) => adjointSolution(ops, a, ct)
  ],
  lstsq: [
    (ct, { attributes: { strongZero }, operands: [a, b], ops, result: x }) => {
      const strong = { strongZero: true }
      const [m, n] = ops.shapeOf(a).slice(-2) as [number, number]
      const transposed = matrixTranspose(ops, a)
      const z = ops.lstsq(transposed, ct, strong)
      const direct = multiply(ops, ops.neg(z), "N", x, "T")
      if (m === n) return direct
      if (m > n) {
        const residual = ops.sub(b, multiply(ops, a, "N", x, "N", strongZero))
        return ops.add(multiply(ops, residual, "N", ops.lstsq(a, z, strong), "T"), direct)
      }
      // The part of the cotangent outside the space of the rows of A, in which x lies.
      const outside = ops.sub(ct, multiply(ops, transposed, "N", z, "N"))
      return ops.add(multiply(ops, ops.lstsq(transposed, x, strong), "N", outside, "T"), direct)
    },
    (ct, { operands: [a], ops }) => ops.lstsq(matrixTranspose(ops, a), ct, { strongZero: true })
  ],
  inverse: [(ct, { ops, result: y }) => multiply(ops, multiply(ops, y, "T", ops.neg(ct), "N"), "N", y, "T")],
  adjugate: [
    (ct, { operands: [a], ops }) => {
      const shape = ops.shapeOf(a)
      const rank = shape.length
      const n = shape[rank - 1]!
      const others = ops.constant(offDiagonal(n))
      const many = [...shape.slice(0, -2), 1, n, n]
      const replaced = ops.select(
        ops.reshape(ops.eq(others, 0), [n, n, 1]),
        ops.reshape(matrixTranspose(ops, ct), many),
        ops.reshape(a, many)
      )
      const batch = leading(rank)
      const [which, row, column] = [rank, rank + 1, rank + 2] as const
      return ops.dot(ops.adjugate(replaced), others, {
        left: [...batch, which, column, row],
        right: [which, row],
        output: [...batch, row, column],
        strongZero: true
      })
    }
  ],
  det: [(ct, { operands: [a], ops }) => scaleTransposed(ops, ct, ops.adjugate(a))],
  detSign: [Zero],
  logdet: [(ct, { operands: [a], ops }) => scaleTransposed(ops, ct, ops.inverse(a))]
} satisfies Partial<VjpRules<Primitive.Name>>
