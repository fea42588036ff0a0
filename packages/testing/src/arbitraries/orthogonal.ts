import type { Tensor } from "@fluxion/core"
import type * as fc from "fast-check"
import { printed } from "../internal/code.ts"
import { checkSize, orthogonalRows, toTensor } from "../internal/matrices.ts"

/**
 * An arbitrary orthogonal matrix: its columns are of norm 1 and orthogonal to each other, up to rounding.
 *
 * **Details**
 *
 * A product of at most `n` reflections, so determinants of both signs occur, and every orthogonal matrix is near one. Not uniform (by Haar's measure): reflections
 * are along small integers. Shrinks to the identity, and prints as the code that builds it.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const error = Fn.make([3, 3], (q) => Expr.norm(Expr.sub(Expr.matmul(Expr.transpose(q), q), Tensor.identity(3))))
 * const small = fc.property(Arbitraries.orthogonal(3), (q) => Fn.runSync(error, q) < 1e-14)
 * console.log(fc.check(small).failed) // false
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const orthogonal = <const N extends number>(n: N): fc.Arbitrary<Tensor.Tensor<readonly [N, N]>> => {
  checkSize("orthogonal", n)
  return orthogonalRows(n).map((rows) =>
    printed(
      toTensor(
        n,
        n,
        rows.map((row) => row.map((x) => x || 0))
      )
    )
  )
}
