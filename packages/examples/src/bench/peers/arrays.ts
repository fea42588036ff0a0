// Arrays that other libraries are given instead of inputs.

/** Numbers, and the shape they have. */
export interface Shaped {
  readonly data: ArrayLike<number>
  readonly shape: ReadonlyArray<number>
}

export const scalar = (value: number): Shaped => ({ data: [value], shape: [] })

/** Strictly lower triangular matrices from lists of what is below the diagonal, column by column. */
export const expand = (l: ArrayLike<number>, k: number, d: number): Shaped => {
  const data = new Float64Array(k * d * d)
  let next = 0
  for (let c = 0; c < k; c++) {
    for (let j = 0; j < d; j++) for (let i = j + 1; i < d; i++) data[(c * d + i) * d + j] = l[next++]!
  }
  return { data, shape: [k, d, d] }
}

/** The inverse of `expand`. */
export const compress = (matrices: ArrayLike<number>, k: number, d: number): ReadonlyArray<number> => {
  const l: Array<number> = []
  for (let c = 0; c < k; c++) {
    for (let j = 0; j < d; j++) for (let i = j + 1; i < d; i++) l.push(matrices[(c * d + i) * d + j]!)
  }
  return l
}

/** The points of `llsq`. */
export const points = (n: number): Readonly<Record<string, Shaped>> => ({
  t: { data: Float64Array.from({ length: n }, (_, i) => (2 * i) / (n - 1) - 1), shape: [n] }
})
