/**
 * Least squares in closed form, by a QR factorisation: the independent answer that training is compared with.
 *
 * @since 0.1.0
 */
import type { Tensor } from "@fluxion/core"
import { Result } from "effect"

/**
 * The column of a design that is a linear combination of the ones before it.
 *
 * @category errors
 * @since 0.1.0
 */
export interface Collinear {
  readonly column: number
}

/**
 * The coefficients that minimise |A c - y|², where A has a column of ones and then the columns of `x`: the intercept, then the slopes.
 *
 * **Details**
 *
 * Householder QR (Golub and Van Loan, "Matrix Computations", 4th edition, algorithms 5.2.1 and 5.3.2). No part of it is a Fluxion program, so that
 * it bears witness to one. Fails when a column is, to rounding, a combination of the ones before it. Cost: O(rows · columns²).
 *
 * @category solvers
 * @since 0.1.0
 */
export const solve = (
  x: Tensor.Tensor<readonly [number, number]>,
  y: Tensor.Tensor<readonly [number]>
): Result.Result<ReadonlyArray<number>, Collinear> => {
  const [rows, features] = x.shape
  const size = features + 1
  // The columns of A, then y: the reflections that make A triangular are applied to y on the way.
  const columns = [
    new Float64Array(rows).fill(1),
    ...Array.from({ length: features }, (_, k) =>
      Float64Array.from({ length: rows }, (_, i) => x.data[i * features + k]!)
    ),
    Float64Array.from(y.data)
  ]
  const norms = columns.map((column) => norm(column, 0))
  for (let k = 0; k < size; k++) {
    const pivot = columns[k]!
    const length = norm(pivot, k)
    if (length <= rows * Number.EPSILON * norms[k]!) return Result.fail({ column: k - 1 })
    // The reflection I - 2 v vᵀ / vᵀv with v = a + sign(a₀) |a| e₀ sends a to a multiple of e₀.
    const diagonal = pivot[k]! > 0 ? -length : length
    const v = pivot.slice(k)
    v[0]! -= diagonal
    const scale = 2 / v.reduce((sum, value) => sum + value * value, 0)
    for (const column of columns.slice(k)) {
      let projection = 0
      for (let i = k; i < rows; i++) projection += v[i - k]! * column[i]!
      for (let i = k; i < rows; i++) column[i]! -= scale * projection * v[i - k]!
    }
  }
  const right = columns[size]!
  const coefficients = new Array<number>(size).fill(0)
  for (let k = size - 1; k >= 0; k--) {
    let sum = right[k]!
    for (let j = k + 1; j < size; j++) sum -= columns[j]![k]! * coefficients[j]!
    coefficients[k] = sum / columns[k]![k]!
  }
  return Result.succeed(coefficients)
}

const norm = (column: Float64Array, from: number): number => {
  let sum = 0
  for (let i = from; i < column.length; i++) sum += column[i]! * column[i]!
  return Math.sqrt(sum)
}
