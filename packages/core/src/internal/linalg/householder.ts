// Orthogonal factorisation by Householder reflections, row-major and in place.

import { substitute } from "./triangular.ts"

/** The Euclidean length of part of a column, without overflow in between. */
const length = (a: Float64Array, at: number, stride: number, count: number): number => {
  let largest = 0
  for (let i = 0; i < count; i++) {
    const size = Math.abs(a[at + i * stride]!)
    if (size > largest || size !== size) largest = size
  }
  if (largest === 0 || largest - largest !== 0) return largest
  let total = 0
  for (let i = 0; i < count; i++) {
    const ratio = a[at + i * stride]! / largest
    total += ratio * ratio
  }
  return largest * Math.sqrt(total)
}

/** Applies reflection `k`, whose vector is column `k` of `a` from row `k` on, to columns `first` to `count` of `x`. */
const reflect = (
  a: Float64Array,
  m: number,
  n: number,
  k: number,
  x: Float64Array,
  first: number,
  count: number,
  products: Float64Array
): void => {
  const head = a[k * n + k]!
  if (head === 0) return
  products.fill(0, first, count)
  for (let i = k; i < m; i++) {
    const v = a[i * n + k]!
    for (let c = first; c < count; c++) products[c]! += v * x[i * count + c]!
  }
  for (let c = first; c < count; c++) products[c]! /= -head
  for (let i = k; i < m; i++) {
    const v = a[i * n + k]!
    for (let c = first; c < count; c++) x[i * count + c]! += products[c]! * v
  }
}

/**
 * Factors `a`, of `m >= n` rows and `n` columns, into `Q R`. `Q` is the product of the reflections `I - v v' / v[k]`, whose
 * vectors take the place of the lower triangle and of the diagonal; the diagonal of `R` goes to `diagonal`, the rest stands
 * above the diagonal (Golub & Van Loan 2013, algorithm 5.2.1).
 */
const factor = (a: Float64Array, m: number, n: number, diagonal: Float64Array): void => {
  const products = new Float64Array(n)
  for (let k = 0; k < n; k++) {
    const at = k * n + k
    const size = length(a, at, n, m - k)
    // The sign that avoids cancellation.
    const signed = a[at]! < 0 ? -size : size
    diagonal[k] = -signed
    if (size === 0) continue
    for (let i = k; i < m; i++) a[i * n + k]! /= signed
    a[at]! += 1
    reflect(a, m, n, k, a, k + 1, n, products)
  }
}

/**
 * The solution of least squares of `a x = b`, for `columns` right-hand sides, of the `m` by `n` matrix `a`; the shortest one where there
 * are more unknowns than equations (Golub & Van Loan 2013, algorithms 5.3.2 and 5.6.2). The matrix is taken to have full
 * rank: otherwise there is a zero, up to rounding, on the diagonal of `R`, by which is divided.
 */
export const leastSquares = (a: Float64Array, m: number, n: number, b: Float64Array, columns: number): Float64Array => {
  const tall = m >= n
  const [rows, order] = tall ? [m, n] : [n, m]
  const q = new Float64Array(a.length)
  if (tall) q.set(a)
  else for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) q[j * m + i] = a[i * n + j]!
  const diagonal = new Float64Array(order)
  factor(q, rows, order, diagonal)
  const products = new Float64Array(columns)
  const solve = (x: Float64Array, transposed: boolean): void => {
    const r = new Float64Array(order * order)
    for (let i = 0; i < order; i++) {
      r[i * order + i] = diagonal[i]!
      for (let j = i + 1; j < order; j++) r[i * order + j] = q[i * order + j]!
    }
    substitute(r, 0, order, order, x, 0, columns, { upper: true, transposed, unitDiagonal: false })
  }
  const x = new Float64Array(rows * columns)
  x.set(b)
  if (tall) {
    for (let k = 0; k < order; k++) reflect(q, rows, order, k, x, 0, columns, products)
    solve(x, false)
    return x.subarray(0, n * columns)
  }
  solve(x, true)
  for (let k = order - 1; k >= 0; k--) reflect(q, rows, order, k, x, 0, columns, products)
  return x
}

/**
 * The reduced factorisation `a = q r` of matrix `index` of a batch, of `m >= n` rows and `n` columns: `q` has orthonormal columns, `r` is upper triangular with
 * a diagonal that is not negative (Golub & Van Loan 2013, algorithm 5.2.1 and section 5.1.6). Of a matrix with an element that is not finite `q` and the
 * upper triangle of `r` are NaN.
 */
export const orthogonalise = (
  a: Float64Array,
  index: number,
  m: number,
  n: number,
  q: Float64Array,
  r: Float64Array
): void => {
  const atQ = index * m * n
  const atR = index * n * n
  const work = a.slice(atQ, atQ + m * n)
  if (!work.every(Number.isFinite)) {
    q.fill(NaN, atQ, atQ + m * n)
    for (let i = 0; i < n; i++) r.fill(NaN, atR + i * n + i, atR + (i + 1) * n)
    return
  }
  const diagonal = new Float64Array(n)
  factor(work, m, n, diagonal)
  const own = new Float64Array(m * n)
  const products = new Float64Array(n)
  for (let i = 0; i < n; i++) own[i * n + i] = 1
  for (let k = n - 1; k >= 0; k--) reflect(work, m, n, k, own, 0, n, products)
  // The factors are unique up to the signs of the rows of `r`.
  for (let i = 0; i < n; i++) {
    const negative = diagonal[i]! < 0
    r[atR + i * n + i] = Math.abs(diagonal[i]!)
    for (let j = i + 1; j < n; j++) r[atR + i * n + j] = negative ? 0 - work[i * n + j]! : work[i * n + j]!
    if (negative) for (let k = 0; k < m; k++) own[k * n + i] = 0 - own[k * n + i]!
  }
  q.set(own, atQ)
}
