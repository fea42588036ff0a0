// Substitution: systems of equations with triangular matrices, row-major, solved in place for many right-hand sides.

/** Which triangle of the matrix is read, and how: see `TriangularSolveAttributes`. */
export interface Reading {
  readonly upper: boolean
  readonly transposed: boolean
  readonly unitDiagonal: boolean
}

/**
 * Replaces the `n` rows of `x` from `at` on, of `columns` numbers each, by the solution. The matrix begins at `from` in `a`; its
 * rows are `stride` apart, and only its leading `n` rows and columns are read (Golub & Van Loan 2013, algorithms 3.1.3
 * and 3.1.4).
 */
export const substitute = (
  a: Float64Array,
  from: number,
  stride: number,
  n: number,
  x: Float64Array,
  at: number,
  columns: number,
  { transposed, unitDiagonal, upper }: Reading
): void => {
  const rowStride = transposed ? 1 : stride
  const columnStride = transposed ? stride : 1
  // A transposed upper triangle is a lower one: then the first unknown comes first.
  const ascending = upper === transposed
  for (let step = 0; step < n; step++) {
    const i = ascending ? step : n - 1 - step
    const row = from + i * rowStride
    const target = at + i * columns
    for (let known = 0; known < step; known++) {
      const j = ascending ? known : n - 1 - known
      const coefficient = a[row + j * columnStride]!
      const source = at + j * columns
      for (let c = 0; c < columns; c++) x[target + c]! -= coefficient * x[source + c]!
    }
    if (unitDiagonal) continue
    const diagonal = a[row + i * columnStride]!
    for (let c = 0; c < columns; c++) x[target + c]! /= diagonal
  }
}
