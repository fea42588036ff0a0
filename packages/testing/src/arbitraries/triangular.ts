import type { Tensor } from "@fluxion/core"
import * as fc from "fast-check"
import { printed } from "../internal/code.ts"
import { listOf } from "../internal/lists.ts"
import { checkCondition, checkSize, matrixOf, scales, toTensor } from "../internal/matrices.ts"
import { element } from "./tensor.ts"
import type { ConditionConstraints } from "./wellConditioned.ts"

/**
 * Constraints of `triangular`: which half holds the elements (the lower one by default), whether the diagonal is of ones, and a bound on the condition number.
 *
 * @category options
 * @since 0.1.0
 */
export interface TriangularConstraints extends ConditionConstraints {
  readonly upper?: boolean
  readonly unitDiagonal?: boolean
}

/**
 * An arbitrary triangular matrix without zeros on its diagonal, whose condition number in the 2-norm is at most `condition` (100 by default).
 *
 * **Details**
 *
 * Made as `D (I + N)` with a diagonal `D` of both signs and a strictly triangular `N` whose Frobenius norm `r` is below 1: the condition number of `I + N` is at most
 * `(1 + r) / (1 - r)`, and half of the bound (on a logarithmic scale) goes to each factor; all of it to `N` where the diagonal is of ones. Shrinks to the identity, and prints as
 * the code that builds it.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const error = Fn.make([3, 3], (t) => {
 *   const x = Expr.triangularSolve(t, Tensor.make([1, 2, 3]), { upper: true })
 *   return Expr.norm(Expr.sub(Expr.matmul(t, x), Tensor.make([1, 2, 3])))
 * })
 * const small = fc.property(Arbitraries.triangular(3, { upper: true }), (t) => Fn.runSync(error, t) < 1e-12)
 * console.log(fc.check(small).failed) // false
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const triangular = <const N extends number>(
  n: N,
  { condition = 100, unitDiagonal = false, upper = false }: TriangularConstraints = {}
): fc.Arbitrary<Tensor.Tensor<readonly [N, N]>> => {
  checkSize("triangular", n)
  checkCondition("triangular", condition)
  const most = unitDiagonal ? condition : Math.sqrt(condition)
  const count = (n * (n - 1)) / 2
  // The largest power of two that keeps the norm, whatever the elements: so they stay short.
  const norm = (most - 1) / (most + 1)
  const step = norm === 0 ? 0 : 2 ** Math.floor(Math.log2(norm / (8 * Math.sqrt(Math.max(1, count)))))
  const entries = listOf(fc.integer({ min: -8, max: 8 }), count, count)
  const sizes = unitDiagonal ? fc.constant(1) : element({ min: 1, max: Math.max(1, most * (1 - 2 ** -50)) })
  const signs = unitDiagonal ? fc.constant(1) : fc.constantFrom(1, -1)
  const diagonal = listOf(fc.tuple(sizes, signs), n, n)
  return fc.tuple(unitDiagonal ? fc.constant(1) : scales, diagonal, entries).map(([scale, sized, strict]) => {
    const d = sized.map(([size, sign]) => scale * size * sign)
    const at = (i: number, j: number): number => strict[(i * (i - 1)) / 2 + j]! * step
    return printed(
      toTensor(
        n,
        n,
        matrixOf(n, n, (i, j) => {
          if (i === j) return d[i]!
          return upper === i > j ? 0 : d[i]! * at(Math.max(i, j), Math.min(i, j)) || 0
        })
      )
    )
  })
}
