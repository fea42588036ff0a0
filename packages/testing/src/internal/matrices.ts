// Matrices with known singular values, made of reflections.

import { Tensor } from "@fluxion/core"
import * as fc from "fast-check"
import { element } from "../arbitraries/tensor.ts"
import { listOf } from "./lists.ts"

/** Rows of numbers. */
export type Rows = ReadonlyArray<ReadonlyArray<number>>

export const range = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, i) => i)

/** A matrix by its elements. */
export const matrixOf = (m: number, n: number, at: (i: number, j: number) => number): Rows =>
  range(m).map((i) => range(n).map((j) => at(i, j)))

export const toTensor = <M extends number, N extends number>(m: M, n: N, rows: Rows): Tensor.Tensor<readonly [M, N]> =>
  Tensor.fromArray(rows.flat(), [m, n])

/** Checks how large a matrix is asked for. */
export const checkSize = (name: string, ...sizes: ReadonlyArray<number>): void => {
  for (const n of sizes) {
    if (!Number.isInteger(n) || n < 0) throw new RangeError(`Arbitraries.${name}: expected a number of rows, got ${n}`)
  }
}

/** Checks a bound on a condition number. */
export const checkCondition = (name: string, condition: number): void => {
  if (!(condition >= 1) || condition > 1e12) {
    throw new RangeError(`Arbitraries.${name}: expected a condition number from 1 to 1e12, got ${condition}`)
  }
}

/** Vectors of small integers: reflections. Zero, to which they shrink, stands for no reflection. */
const reflections = (n: number): fc.Arbitrary<Rows> =>
  listOf(listOf(fc.noBias(fc.integer({ min: -4, max: 4 })), n, n), 0, n)

const dot = (x: ReadonlyArray<number>, y: ReadonlyArray<number>): number =>
  x.reduce((sum, xi, i) => sum + xi * y[i]!, 0)

/** The rows, each reflected: `x - 2 v (v·x) / (v·v)`. */
const reflect = (rows: Rows, v: ReadonlyArray<number>): Rows => {
  const square = dot(v, v)
  if (square === 0) return rows
  return rows.map((row) => {
    const along = (2 * dot(v, row)) / square
    return row.map((x, j) => x - along * v[j]!)
  })
}

/** Orthogonal matrices as products of reflections; they shrink to the identity. */
export const orthogonalRows = (n: number): fc.Arbitrary<Rows> =>
  reflections(n).map((vectors) =>
    vectors.reduce(
      reflect,
      matrixOf(n, n, (i, j) => (i === j ? 1 : 0))
    )
  )

/**
 * Singular values from 1 to `condition`, short of what rounding can add to their quotient: the products below are exact to a few units of rounding
 * of the largest one for each row.
 */
export const singularValues = (count: number, condition: number): fc.Arbitrary<ReadonlyArray<number>> => {
  const largest = Math.max(1, condition / (1 + 2 ** -46 * (count + 1) * condition))
  return listOf(element({ min: 1, max: largest }), count, count)
}

/** Powers of two, which change no digits. */
export const scales: fc.Arbitrary<number> = fc.integer({ min: -3, max: 3 }).map((k) => 2 ** k)

/** `U diag(s) Vᵀ`, with as many singular values as there are rows or columns. */
export const composed = (u: Rows, s: ReadonlyArray<number>, v: Rows): Rows =>
  matrixOf(u.length, v.length, (i, j) => s.reduce((sum, sk, k) => sum + u[i]![k]! * sk * v[j]![k]!, 0) || 0)
