/**
 * Writes the Cholesky factor of the symmetric part of the matrix at `from` in `a` to the same place of `l`, row by row
 * (Cholesky-Banachiewicz: Golub & Van Loan 2013, section 4.2). `l` holds zeros before. Where a pivot is not positive the
 * matrix is not positive definite, and the whole lower triangle is NaN.
 */
export const factor = (a: Float64Array, l: Float64Array, from: number, n: number): void => {
  for (let i = 0; i < n; i++) {
    const row = from + i * n
    for (let j = 0; j <= i; j++) {
      const other = from + j * n
      let rest = 0.5 * (a[row + j]! + a[other + i]!)
      for (let k = 0; k < j; k++) rest -= l[row + k]! * l[other + k]!
      if (j < i) l[row + j] = rest / l[other + j]!
      else if (rest > 0) l[row + i] = Math.sqrt(rest)
      else {
        for (let r = 0; r < n; r++) l.fill(Number.NaN, from + r * n, from + r * n + r + 1)
        return
      }
    }
  }
}
