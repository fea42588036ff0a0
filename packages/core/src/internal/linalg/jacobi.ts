// Eigenvalues and eigenvectors of symmetric matrices by Jacobi's method, row-major.

/** Sweeps converge quadratically in the end: 5 to 10 serve for orders up to some hundreds. */
const MOST_SWEEPS = 60

/** Components of a vector are the largest of it when they are so up to this, relatively. */
const TIE = 2 ** -20

/** The power of two at or below `x`, which is positive and finite. */
const powerBelow = (x: number): number => {
  let power = 2 ** Math.floor(Math.log2(x))
  if (power > x) power /= 2
  return power
}

/**
 * Rotates `s`, symmetric of order `n`, to diagonal form and applies the same rotations to the rows of `v`; says whether that form was reached. Cyclic by rows
 * (Golub & Van Loan 2013, section 8.5; H. Rutishauser, The Jacobi method for real symmetric matrices, Numerische Mathematik 9, 1966). An
 * element is left alone when it is small beside the geometric mean of its diagonal elements, by which small eigenvalues of positive definite
 * matrices are as accurate as their elements determine them (J. Demmel & K. Veselić, Jacobi's method is more accurate than QR, SIAM J.
 * Matrix Anal. Appl. 13, 1992).
 */
const diagonalise = (s: Float64Array, v: Float64Array, n: number): boolean => {
  for (let sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    let rotations = 0
    for (let p = 0; p < n - 1; p++) {
      for (let q = p + 1; q < n; q++) {
        const [rowP, rowQ] = [p * n, q * n]
        const off = s[rowP + q]!
        if (off === 0) continue
        const first = s[rowP + p]!
        const second = s[rowQ + q]!
        if (Math.abs(off) <= 2 ** -53 * Math.sqrt(Math.abs(first)) * Math.sqrt(Math.abs(second))) continue
        rotations++
        const theta = (second - first) / (2 * off)
        const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(1, theta))
        const cosine = 1 / Math.sqrt(1 + t * t)
        const sine = t * cosine
        const tau = sine / (1 + cosine)
        for (let k = 0; k < n; k++) {
          const g = s[rowP + k]!
          const h = s[rowQ + k]!
          s[k * n + p] = s[rowP + k] = g - sine * (h + g * tau)
          s[k * n + q] = s[rowQ + k] = h + sine * (g - h * tau)
        }
        s[rowP + p] = first - t * off
        s[rowQ + q] = second + t * off
        s[rowP + q] = s[rowQ + p] = 0
        for (let k = 0; k < n; k++) {
          const g = v[rowP + k]!
          const h = v[rowQ + k]!
          v[rowP + k] = g - sine * (h + g * tau)
          v[rowQ + k] = h + sine * (g - h * tau)
        }
      }
    }
    if (rotations === 0) return true
  }
  return false
}

/** Whether the first of the largest components of a row is negative. */
const pointsBackwards = (v: Float64Array, at: number, n: number): boolean => {
  let largest = 0
  for (let k = 0; k < n; k++) largest = Math.max(largest, Math.abs(v[at + k]!))
  for (let k = 0; k < n; k++) if (Math.abs(v[at + k]!) >= largest * (1 - TIE)) return v[at + k]! < 0
  return false
}

/**
 * The eigenvalues (ascending) and the eigenvectors (as columns) of the symmetric part of matrix `index` of a batch of matrices of order `n`. In each vector the
 * first of the components that are largest in magnitude is positive. Of a matrix with an element that is not finite all are NaN.
 */
export const eigen = (a: Float64Array, index: number, n: number, values: Float64Array, vectors: Float64Array): void => {
  const at = index * n * n
  let largest = 0
  let finite = true
  for (let i = at; i < at + n * n; i++) {
    finite &&= Number.isFinite(a[i]!)
    largest = Math.max(largest, Math.abs(a[i]!))
  }
  // Divided by a power of two, nothing overflows and nothing that matters underflows.
  const scale = finite && largest > 0 ? powerBelow(largest) : 1
  const s = new Float64Array(n * n)
  const v = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    v[i * n + i] = 1
    for (let j = 0; j < n; j++) s[i * n + j] = (a[at + i * n + j]! / scale + a[at + j * n + i]! / scale) / 2
  }
  if (!finite || !diagonalise(s, v, n)) {
    values.fill(NaN, index * n, (index + 1) * n)
    vectors.fill(NaN, at, at + n * n)
    return
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => s[i * n + i]! - s[j * n + j]!)
  order.forEach((row, j) => {
    values[index * n + j] = s[row * n + row]! * scale
    const backwards = pointsBackwards(v, row * n, n)
    for (let k = 0; k < n; k++) vectors[at + k * n + j] = backwards ? 0 - v[row * n + k]! : v[row * n + k]!
  })
}
