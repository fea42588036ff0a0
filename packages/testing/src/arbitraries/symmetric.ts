import type { Tensor } from "@fluxion/core"
import type * as fc from "fast-check"
import { printed } from "../internal/code.ts"
import { checkSize, matrixOf, toTensor } from "../internal/matrices.ts"
import { type TensorConstraints, tensor } from "./tensor.ts"

/**
 * An arbitrary symmetric matrix, of elements as in `tensor`; `distinct` speaks of those on and below the diagonal.
 *
 * **Details**
 *
 * Shrinks to zero, and prints as the code that builds it. See `positiveDefinite` for matrices with bounds on their eigenvalues.
 *
 * @example
 * ```ts
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const holds = fc.property(Arbitraries.symmetric(2), ({ data }) => data[1] === data[2])
 * console.log(fc.check(holds).failed) // false
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const symmetric = <const N extends number>(
  n: N,
  constraints?: TensorConstraints
): fc.Arbitrary<Tensor.Tensor<readonly [N, N]>> => {
  checkSize("symmetric", n)
  return tensor([(n * (n + 1)) / 2], constraints).map(({ data }) => {
    const at = (i: number, j: number): number => data[(i * (i + 1)) / 2 + j]!
    return printed(
      toTensor(
        n,
        n,
        matrixOf(n, n, (i, j) => at(Math.max(i, j), Math.min(i, j)))
      )
    )
  })
}
