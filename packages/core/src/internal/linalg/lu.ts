// Gaussian elimination of square matrices, row-major and in place.

/**
 * Factors `a` into `P a = L U` with partial pivoting: the first row with the entry of largest magnitude in its column is the pivot
 * (Golub & Van Loan, Matrix Computations, 4th ed. 2013, algorithm 3.4.1). `L` has ones on its diagonal and takes the
 * place of what is eliminated. Where no pivot is left the column stays as it is, as in LAPACK: then `U` has a zero on its
 * diagonal. Row `i` of `P a` is row `rows[i]` of `a`. Returns the sign of the permutation.
 */
export const factor = (a: Float64Array, n: number, rows: Int32Array): 1 | -1 => {
  let sign: 1 | -1 = 1
  for (let i = 0; i < n; i++) rows[i] = i
  for (let k = 0; k < n; k++) {
    let pivot = k
    let best = Math.abs(a[k * n + k]!)
    for (let i = k + 1; i < n; i++) {
      const candidate = Math.abs(a[i * n + k]!)
      if (candidate > best) {
        best = candidate
        pivot = i
      }
    }
    if (pivot !== k) {
      sign = sign === 1 ? -1 : 1
      swapRows(a, n, k, pivot)
      swap(rows, k, pivot)
    }
    eliminate(a, n, k)
  }
  return sign
}

/**
 * As `factor`, with complete pivoting: the pivot is the first entry of largest magnitude (in row-major order) of all that
 * remains, so `P a Q = L U` with zeros last on the diagonal of `U`. Column `j` of `a Q` is column `columns[j]` of `a`. Returns
 * the sign of both permutations together.
 */
export const factorCompletely = (a: Float64Array, n: number, rows: Int32Array, columns: Int32Array): 1 | -1 => {
  let sign: 1 | -1 = 1
  for (let i = 0; i < n; i++) rows[i] = columns[i] = i
  for (let k = 0; k < n; k++) {
    let row = k
    let column = k
    let best = Math.abs(a[k * n + k]!)
    for (let i = k; i < n; i++) {
      for (let j = k; j < n; j++) {
        const candidate = Math.abs(a[i * n + j]!)
        if (candidate > best) {
          best = candidate
          row = i
          column = j
        }
      }
    }
    if (row !== k) {
      sign = sign === 1 ? -1 : 1
      swapRows(a, n, k, row)
      swap(rows, k, row)
    }
    if (column !== k) {
      sign = sign === 1 ? -1 : 1
      for (let i = 0; i < n; i++) swap(a, i * n + k, i * n + column)
      swap(columns, k, column)
    }
    eliminate(a, n, k)
  }
  return sign
}

const swap = (x: Float64Array | Int32Array, i: number, j: number): void => {
  const held = x[i]!
  x[i] = x[j]!
  x[j] = held
}

const swapRows = (a: Float64Array, n: number, i: number, j: number): void => {
  for (let column = 0; column < n; column++) swap(a, i * n + column, j * n + column)
}

const eliminate = (a: Float64Array, n: number, k: number): void => {
  const pivot = a[k * n + k]!
  if (pivot === 0) return
  for (let i = k + 1; i < n; i++) {
    const multiplier = a[i * n + k]! / pivot
    a[i * n + k] = multiplier
    for (let j = k + 1; j < n; j++) a[i * n + j]! -= multiplier * a[k * n + j]!
  }
}
