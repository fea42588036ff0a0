/**
 * VJP rules of the decompositions of matrices.
 *
 * @since 0.1.0
 */
import { type Algebra, Operations, Tensor } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { ControlVjpRules, Evaluated } from "../VjpRule.ts"
import { matrixTranspose, multiply, type Ops } from "./matrices.ts"

const addUp = <A>(ops: Ops<A>, x: A | Zero, y: A | Zero): A | Zero => (x === Zero ? y : y === Zero ? x : ops.add(x, y))

/**
 * The VJP rules of the decompositions.
 *
 * **Details**
 *
 * With cotangents written `ct`; a cotangent that is zero by structure costs nothing, and strong zeros keep one that is zero from meeting an infinity:
 *
 * - `qr`: S. F. Walter and L. Lehmann, "Algorithmic differentiation of linear algebra functions with application in optimum experimental design",
 *   2010, section 3.1; M. Seeger et al., "Auto-differentiating linear algebra", 2017, section 4.2: `(ct_Q + Q C) R^-T`, where `C` is symmetric with
 *   the lower triangle of `R ct_R' - ct_Q' Q`.
 * - `eigh`: M. B. Giles, "An extended collection of matrix derivative results for forward and reverse mode algorithmic differentiation", 2008,
 *   section 3.1: the symmetric part of `V (diag(ct_λ) + F ∘ (V' ct_V)) V'`, where `F_ij = 1 / (λ_j - λ_i)` off the diagonal, 0 on it.
 *
 * @category tables
 * @since 0.1.0
 */
export const decomposition: ControlVjpRules<"qr" | "eigh"> = {
  qr: {
    active: () => [true, true],
    pullback: <A>(
      algebra: Algebra<A>,
      cotangents: ReadonlyArray<A | Zero>,
      _: ReadonlyArray<A>,
      { results }: Evaluated<A>
    ) => {
      const ops = Operations.make(algebra)
      const [q, r] = results as [A, A]
      const [ofQ, ofR] = cotangents as [A | Zero, A | Zero]
      const inner = addUp(
        ops,
        ofR === Zero ? Zero : multiply(ops, r, "N", ofR, "T"),
        ofQ === Zero ? Zero : ops.neg(multiply(ops, ofQ, "T", q, "N"))
      )
      if (inner === Zero) return [Zero]
      const below = matrixTranspose(ops, ops.triangle(inner, { upper: false, diagonal: -1 }))
      const symmetric = ops.add(ops.triangle(inner, { upper: false, diagonal: 0 }), below)
      const outer = addUp(ops, ofQ, multiply(ops, q, "N", symmetric, "N")) as A
      const reading = { upper: true, transposed: false, unitDiagonal: false, strongZero: true }
      return [matrixTranspose(ops, ops.triangularSolve(r, matrixTranspose(ops, outer), reading))]
    }
  },
  eigh: {
    active: () => [true, true],
    pullback: <A>(
      algebra: Algebra<A>,
      cotangents: ReadonlyArray<A | Zero>,
      _: ReadonlyArray<A>,
      { results }: Evaluated<A>
    ) => {
      const ops = Operations.make(algebra)
      const [values, vectors] = results as [A, A]
      const [ofValues, ofVectors] = cotangents as [A | Zero, A | Zero]
      const shape = ops.shapeOf(vectors)
      const n = shape.at(-1)!
      const rows = [...shape.slice(0, -1), 1]
      const columns = [...shape.slice(0, -2), 1, n]
      // V times the middle of the product.
      let left: A | Zero = Zero
      if (ofValues !== Zero) left = ops.mulStrongZero(vectors, ops.reshape(ofValues, columns))
      if (ofVectors !== Zero) {
        const diagonal = ops.gt(ops.constant(Tensor.identity(n)), 0)
        const gaps = ops.sub(ops.reshape(values, columns), ops.reshape(values, rows))
        const inverse = ops.select(diagonal, 0, ops.div(1, gaps))
        const middle = ops.mulStrongZero(inverse, multiply(ops, vectors, "T", ofVectors, "N"))
        left = addUp(ops, left, multiply(ops, vectors, "N", middle, "N"))
      }
      if (left === Zero) return [Zero]
      const full = multiply(ops, left, "N", vectors, "T")
      return [ops.mul(ops.add(full, matrixTranspose(ops, full)), 0.5)]
    }
  }
}
