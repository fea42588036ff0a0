// Linear algebra with complex numbers, row-major: the algorithms of real matrices carried over as they are, without conjugation, so that each result is
// an analytic function of the elements. Pivots are chosen by their real parts.

export type Complex = readonly [re: number, im: number]

/** A matrix of so many columns. */
export interface Matrix {
  readonly columns: number
  readonly elements: Array<Complex>
}

const zero: Complex = [0, 0]
const one: Complex = [1, 0]

// Imaginary parts may be so small that their products vanish; a zero among them never meets an infinity.
const scaled = (x: number, y: number): number => (x === 0 || y === 0 ? 0 : x * y)
const add = ([a, b]: Complex, [c, d]: Complex): Complex => [a + c, b + d]
const subtract = ([a, b]: Complex, [c, d]: Complex): Complex => [a - c, b - d]
export const multiply = ([a, b]: Complex, [c, d]: Complex): Complex => [
  a * c - scaled(b, d),
  scaled(a, d) + scaled(b, c)
]

/** Smith's division, which neither over- nor underflows early. */
export const divide = ([a, b]: Complex, [c, d]: Complex): Complex => {
  if (d === 0) return [a / c, b / c]
  if (Math.abs(c) >= Math.abs(d)) {
    const ratio = d / c
    const size = c + d * ratio
    return [(a + b * ratio) / size, (b - a * ratio) / size]
  }
  const ratio = c / d
  const size = c * ratio + d
  return [(a * ratio + b) / size, (b * ratio - a) / size]
}

const root = ([a, b]: Complex): Complex => {
  const re = Math.sqrt(a)
  return [re, b === 0 ? 0 : b / (2 * re)]
}

export const identity = (n: number): Matrix => ({
  columns: n,
  elements: Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? one : zero))
})

export const transpose = ({ columns, elements }: Matrix): Matrix => {
  const rows = columns === 0 ? 0 : elements.length / columns
  return {
    columns: rows,
    elements: Array.from({ length: elements.length }, (_, i) => elements[(i % rows) * columns + Math.floor(i / rows)]!)
  }
}

export const product = (x: Matrix, y: Matrix): Matrix => {
  const rows = x.columns === 0 ? 0 : x.elements.length / x.columns
  const elements = Array.from({ length: rows * y.columns }, (_, at) => {
    const [i, j] = [Math.floor(at / y.columns), at % y.columns]
    let sum = zero
    for (let k = 0; k < x.columns; k++) {
      sum = add(sum, multiply(x.elements[i * x.columns + k]!, y.elements[k * y.columns + j]!))
    }
    return sum
  })
  return { columns: y.columns, elements }
}

/** Gaussian elimination with partial pivoting. */
export const factor = (a: Matrix) => {
  const n = a.columns
  const lu = a.elements.slice()
  const rows = Array.from({ length: n }, (_, i) => i)
  let sign = 1
  const larger = ([a, b]: Complex, [c, d]: Complex) =>
    Math.abs(a) > Math.abs(c) || (a === 0 && c === 0 && Math.abs(b) > Math.abs(d))
  for (let k = 0; k < n; k++) {
    let pivot = k
    for (let i = k + 1; i < n; i++) if (larger(lu[i * n + k]!, lu[pivot * n + k]!)) pivot = i
    if (pivot !== k) {
      sign = -sign
      for (let j = 0; j < n; j++) {
        const held = lu[k * n + j]!
        lu[k * n + j] = lu[pivot * n + j]!
        lu[pivot * n + j] = held
      }
      const held = rows[k]!
      rows[k] = rows[pivot]!
      rows[pivot] = held
    }
    const head = lu[k * n + k]!
    if (head[0] === 0 && head[1] === 0) continue
    for (let i = k + 1; i < n; i++) {
      const ratio = divide(lu[i * n + k]!, head)
      lu[i * n + k] = ratio
      for (let j = k + 1; j < n; j++) lu[i * n + j] = subtract(lu[i * n + j]!, multiply(ratio, lu[k * n + j]!))
    }
  }
  const diagonal = Array.from({ length: n }, (_, i) => lu[i * n + i]!)
  return { diagonal, lu: { columns: n, elements: lu }, rows, sign, singular: diagonal.some(([re]) => re === 0) }
}

export interface Reading {
  readonly upper: boolean
  readonly transposed: boolean
  readonly unitDiagonal: boolean
}

/** Solves with a triangular matrix. */
export const substitute = (
  { columns: n, elements: a }: Matrix,
  right: Matrix,
  { transposed, unitDiagonal, upper }: Reading
): Matrix => {
  const { columns } = right
  const x = right.elements.slice()
  const at = (i: number, j: number): Complex => (transposed ? a[j * n + i]! : a[i * n + j]!)
  const ascending = upper === transposed
  for (let step = 0; step < n; step++) {
    const i = ascending ? step : n - 1 - step
    for (let c = 0; c < columns; c++) {
      let value = x[i * columns + c]!
      for (let known = 0; known < step; known++) {
        const j = ascending ? known : n - 1 - known
        value = subtract(value, multiply(at(i, j), x[j * columns + c]!))
      }
      x[i * columns + c] = unitDiagonal ? value : divide(value, at(i, i))
    }
  }
  return { columns, elements: x }
}

/** Solves a system of equations. */
export const solve = (a: Matrix, right: Matrix): Matrix => {
  const { lu, rows } = factor(a)
  const { columns } = right
  const permuted = rows.flatMap((row) => right.elements.slice(row * columns, (row + 1) * columns))
  const lower = substitute(lu, { columns, elements: permuted }, { upper: false, transposed: false, unitDiagonal: true })
  return substitute(lu, lower, { upper: true, transposed: false, unitDiagonal: false })
}

export const determinant = (a: Matrix): Complex => {
  const { diagonal, sign } = factor(a)
  return diagonal.reduce<Complex>(multiply, [sign, 0])
}

/** The matrix of cofactors, transposed: it is defined for singular matrices too. */
export const adjugate = ({ columns: n, elements }: Matrix): Matrix => ({
  columns: n,
  elements: Array.from({ length: n * n }, (_, at) => {
    const [j, i] = [Math.floor(at / n), at % n]
    const minor = elements.filter((_, e) => Math.floor(e / n) !== i && e % n !== j)
    const [re, im] = determinant({ columns: n - 1, elements: minor })
    return (i + j) % 2 === 0 ? [re, im] : [-re, -im]
  })
})

/** The lower triangular `L` with `L Lᵀ = (A + Aᵀ) / 2`. */
export const cholesky = ({ columns: n, elements: a }: Matrix): Matrix => {
  const l = Array.from({ length: n * n }, () => zero)
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let value = multiply([0.5, 0], add(a[i * n + j]!, a[j * n + i]!))
      for (let k = 0; k < j; k++) value = subtract(value, multiply(l[i * n + k]!, l[j * n + k]!))
      l[i * n + j] = i === j ? root(value) : divide(value, l[j * n + j]!)
    }
  }
  return { columns: n, elements: l }
}

/** `Q` with `Qᵀ Q = 1` and the upper triangular `R`, by Gram's and Schmidt's process done twice. */
export const orthogonalise = (a: Matrix): { readonly q: Matrix; readonly r: Matrix } => {
  const n = a.columns
  const m = n === 0 ? 0 : a.elements.length / n
  const q = a.elements.slice()
  const r = Array.from({ length: n * n }, () => zero)
  const inner = (j: number, k: number): Complex => {
    let sum = zero
    for (let i = 0; i < m; i++) sum = add(sum, multiply(q[i * n + j]!, q[i * n + k]!))
    return sum
  }
  for (let k = 0; k < n; k++) {
    for (let round = 0; round < 2; round++) {
      for (let j = 0; j < k; j++) {
        const along = inner(j, k)
        r[j * n + k] = add(r[j * n + k]!, along)
        for (let i = 0; i < m; i++) q[i * n + k] = subtract(q[i * n + k]!, multiply(along, q[i * n + j]!))
      }
    }
    const size = root(inner(k, k))
    r[k * n + k] = size
    for (let i = 0; i < m; i++) q[i * n + k] = divide(q[i * n + k]!, size)
  }
  return { q: { columns: n, elements: q }, r: { columns: n, elements: r } }
}

/** The solution of least squares, the shortest one where there are more unknowns than equations. */
export const leastSquares = (a: Matrix, rows: number, right: Matrix): Matrix => {
  const tall = rows >= a.columns
  const { q, r } = orthogonalise(tall ? a : transpose(a))
  if (tall) {
    return substitute(r, product(transpose(q), right), { upper: true, transposed: false, unitDiagonal: false })
  }
  return product(q, substitute(r, right, { upper: true, transposed: true, unitDiagonal: false }))
}
