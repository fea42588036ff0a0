import type { Tensor } from "@fluxion/core"
import * as fc from "fast-check"
import { printed } from "../internal/code.ts"
import {
  checkCondition,
  checkSize,
  composed,
  orthogonalRows,
  scales,
  singularValues,
  toTensor
} from "../internal/matrices.ts"

/**
 * A bound on the condition number of a matrix in the 2-norm, the quotient of its largest and its smallest singular value: 100 by default, and from 1 to 1e12.
 *
 * @category options
 * @since 0.1.0
 */
export interface ConditionConstraints {
  readonly condition?: number
}

/**
 * An arbitrary matrix of full rank whose condition number in the 2-norm is at most `condition` (100 by default).
 *
 * **Details**
 *
 * Made as `U diag(s) Vᵀ` of orthogonal matrices and singular values from 1 to `condition`, times a power of two from 1/8 to 8. With a condition of
 * 1 the quotient of the singular values exceeds 1 by rounding only. Shrinks to the identity (its first rows or columns), and prints as the code that builds it.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const error = Fn.make([3, 3], (a) => Expr.norm(Expr.sub(Expr.matmul(a, Expr.inverse(a)), Tensor.identity(3))))
 * const small = fc.property(Arbitraries.wellConditioned([3, 3]), (a) => Fn.runSync(error, a) < 1e-12)
 * console.log(fc.check(small).failed) // false
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const wellConditioned = <const M extends number, const N extends number>(
  [m, n]: readonly [M, N],
  { condition = 100 }: ConditionConstraints = {}
): fc.Arbitrary<Tensor.Tensor<readonly [M, N]>> => {
  checkSize("wellConditioned", m, n)
  checkCondition("wellConditioned", condition)
  return fc
    .tuple(scales, singularValues(Math.min(m, n), condition), orthogonalRows(m), orthogonalRows(n))
    .map(([scale, s, u, v]) =>
      printed(
        toTensor(
          m,
          n,
          composed(
            u,
            s.map((x) => x * scale),
            v
          )
        )
      )
    )
}
