import type { Tensor } from "@fluxion/core"
import * as fc from "fast-check"
import { printed } from "../internal/code.ts"
import {
  checkCondition,
  checkSize,
  composed,
  matrixOf,
  orthogonalRows,
  scales,
  singularValues,
  toTensor
} from "../internal/matrices.ts"
import type { ConditionConstraints } from "./wellConditioned.ts"

/**
 * An arbitrary symmetric positive definite matrix whose condition number in the 2-norm is at most `condition` (100 by default).
 *
 * **Details**
 *
 * Made as `Q diag(λ) Qᵀ` with eigenvalues from 1 to `condition`, times a power of two from 1/8 to 8; exactly symmetric. Shrinks to the identity, and
 * prints as the code that builds it.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const factor = Fn.make([4, 4], (a) => Expr.cholesky(a))
 * const exists = fc.property(Arbitraries.positiveDefinite(4), (a) => Fn.runSync(factor, a).data.every(Number.isFinite))
 * console.log(fc.check(exists).failed) // false
 *
 * const shrunk = fc.check(fc.property(Arbitraries.positiveDefinite(2), () => false))
 * console.log(fc.stringify(shrunk.counterexample?.[0])) // Tensor.make([[1, 0], [0, 1]])
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const positiveDefinite = <const N extends number>(
  n: N,
  { condition = 100 }: ConditionConstraints = {}
): fc.Arbitrary<Tensor.Tensor<readonly [N, N]>> => {
  checkSize("positiveDefinite", n)
  checkCondition("positiveDefinite", condition)
  return fc.tuple(scales, singularValues(n, condition), orthogonalRows(n)).map(([scale, eigenvalues, q]) => {
    const rows = composed(q, eigenvalues, q)
    // The sums run alike on both sides of the diagonal, but their products may be rounded differently.
    return printed(
      toTensor(
        n,
        n,
        matrixOf(n, n, (i, j) => scale * rows[Math.min(i, j)]![Math.max(i, j)]!)
      )
    )
  })
}
