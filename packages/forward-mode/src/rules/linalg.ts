/**
 * JVP rules of linear algebra.
 *
 * **Details**
 *
 * Each follows from differentiating the equation that defines the result (M. B. Giles, Collected matrix derivative results for
 * forward and reverse mode algorithmic differentiation, 2008, section 2), and solving for the differential of the result. Products with a tangent
 * have strong zeros, and so have the solutions: a tangent of zero stays zero beside a singular matrix or a NaN.
 *
 * @since 0.1.0
 */
import { Tensor } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { JvpRules } from "../JvpRule.ts"
import { axesBefore, flip, type Ops, times } from "./matrices.ts"

const strong = { strongZero: true } as const

/** The traces of products of matrices of one batch. */
const traceOfProduct = <A>(ops: Ops<A>, x: A, y: A): A => {
  const rank = ops.shapeOf(x).length
  const batch = axesBefore(rank, 2)
  const [i, j] = [rank, rank + 1]
  return ops.dot(x, y, { left: [...batch, i, j], right: [...batch, j, i], output: batch, ...strong })
}

/** The part of a matrix that `triangularSolve` reads. */
const readPart = <A>(ops: Ops<A>, x: A, upper: boolean, unitDiagonal: boolean): A =>
  ops.triangle(x, { upper, diagonal: unitDiagonal ? (upper ? 1 : -1) : 0 })

/**
 * The JVP rules of linear algebra.
 *
 * **Details**
 *
 * - `solve`: from `A x = b`, `dA x + A dx = db`.
 * - `cholesky`: from `L L' = S`, `L^-1 dL` is lower triangular and `L^-1 dL + (L^-1 dL)' = L^-1 dS L^-T` (Giles 2008, section 2; I. Murray,
 *   Differentiation of the Cholesky decomposition, 2016, eq. 8), where `dS` is the symmetric part of the tangent.
 * - `det`: Jacobi's formula `d det A = tr(adj A dA)`, which holds at singular matrices.
 * - `adjugate`: each element is multilinear in the rows of the matrix, so its differential is the sum over rows of its value with that row
 *   replaced by that of the tangent. Nothing is divided, so it is exact at every matrix, and so are its derivatives.
 * - `lstsq`: G. H. Golub and V. Pereyra, The differentiation of pseudo-inverses and nonlinear least squares problems whose
 *   variables separate, SIAM J. Numer. Anal. 10, 1973, eq. 4.12, applied to a right-hand side.
 *
 * @category tables
 * @since 0.1.0
 */
export const linalg = {
  cholesky: [
    (t, { ops, result: l }) => {
      const lower = { upper: false, transposed: false, unitDiagonal: false, ...strong }
      const ds = ops.mul(0.5, ops.add(t, flip(ops, t)))
      const middle = ops.triangularSolve(l, flip(ops, ops.triangularSolve(l, ds, lower)), lower)
      // The lower triangle with half the diagonal: the mean of those with and without it.
      const half = ops.mul(
        0.5,
        ops.add(
          ops.triangle(middle, { upper: false, diagonal: 0 }),
          ops.triangle(middle, { upper: false, diagonal: -1 })
        )
      )
      return times(ops, l, half, true)
    }
  ],
  triangularSolve: [
    (t, { ops, attributes, operands: [a], result: x }) => {
      const { transposed, unitDiagonal, upper } = attributes
      const read = readPart(ops, t, upper, unitDiagonal)
      const moved = times(ops, transposed ? flip(ops, read) : read, ops.neg(x), true)
      return ops.triangularSolve(a, moved, { ...attributes, ...strong })
    },
    (t, { ops, attributes, operands: [a] }) => ops.triangularSolve(a, t, { ...attributes, ...strong })
  ],
  solve: [
    (t, { ops, operands: [a], result: x }) => ops.solve(a, times(ops, t, ops.neg(x), true), strong),
    (t, { ops, operands: [a] }) => ops.solve(a, t, strong)
  ],
  lstsq: [
    (t, { attributes: { strongZero }, ops, operands: [a, b], result: x }) => {
      const [m, n] = ops.shapeOf(a).slice(-2) as [number, number]
      const moved = times(ops, t, ops.neg(x), true)
      const tt = flip(ops, t)
      const at = flip(ops, a)
      if (m > n) {
        // What the columns gain of the residual adds to the change of the normal equations.
        const residual = ops.sub(b, times(ops, a, x, strongZero))
        const gained = ops.lstsq(at, times(ops, tt, residual, true), strong)
        return ops.lstsq(a, ops.add(gained, moved), strong)
      }
      if (m === n) return ops.lstsq(a, moved, strong)
      // x = A'y stays in the space of the rows, which turns.
      const turned = times(ops, tt, ops.lstsq(at, x, strong), true)
      return ops.add(turned, ops.lstsq(a, ops.sub(moved, times(ops, a, turned, true)), strong))
    },
    (t, { ops, operands: [a] }) => ops.lstsq(a, t, strong)
  ],
  inverse: [(t, { ops, result: y }) => times(ops, times(ops, y, ops.neg(t), true), y, true)],
  adjugate: [
    (t, { ops, operands: [a] }) => {
      const shape = ops.shapeOf(a)
      const rank = shape.length
      const n = shape[rank - 1]!
      const batch = shape.slice(0, -2)
      const eye = Tensor.identity(n)
      // In the k-th matrix row k is that of the tangent.
      const row = ops.reshape(ops.gt(ops.constant(eye), 0), [n, n, 1])
      const replaced = ops.select(row, ops.reshape(t, [...batch, 1, n, n]), ops.reshape(a, [...batch, 1, n, n]))
      // Column k of an adjugate does not depend on row k.
      const others = ops.sub(1, ops.constant(eye))
      const axes = axesBefore(rank, 2)
      const [k, i, j] = [rank, rank + 1, rank + 2]
      return ops.dot(ops.adjugate(replaced), others, {
        left: [...axes, k, i, j],
        right: [k, j],
        output: [...axes, i, j],
        ...strong
      })
    }
  ],
  det: [(t, { ops, operands: [a] }) => traceOfProduct(ops, ops.adjugate(a), t)],
  detSign: [Zero],
  logdet: [
    (t, { ops, operands: [a] }) => {
      const n = ops.shapeOf(a).at(-1)!
      const eye = ops.broadcastTo(ops.constant(Tensor.identity(n)), ops.shapeOf(a))
      return traceOfProduct(ops, eye, ops.solve(a, t, strong))
    }
  ]
} satisfies JvpRules<
  "cholesky" | "triangularSolve" | "solve" | "lstsq" | "inverse" | "adjugate" | "det" | "detSign" | "logdet"
>
