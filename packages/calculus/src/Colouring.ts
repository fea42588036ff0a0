/**
 * Colourings: which columns of a sparse matrix can share one derivative.
 *
 * @since 0.1.0
 */
import { type SparsityPattern, transposePattern } from "./SparsityPattern.ts"

/**
 * A colour for each column (or row), numbered from 0, and how many there are.
 *
 * @category models
 * @since 0.1.0
 */
export interface Colouring {
  readonly colours: Int32Array
  readonly count: number
}

/**
 * Colours the columns of a pattern so that no two columns of one colour have non-zeros in one row.
 *
 * **Details**
 *
 * A partial distance-2 colouring of the bipartite graph of rows and columns, greedily, columns with most non-zeros first (A. H. Gebremedhin, F. Manne and A. Pothen,
 * What color is your Jacobian? Graph coloring for computing derivatives, SIAM Review 47, 2005, section 3 and algorithm 3.2). At least as many colours as the fullest row has
 * non-zeros are needed. Costs the sum of squares of the numbers of non-zeros in the rows.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 *
 * const diagonal = { rowCount: 3, columnCount: 3, rowPointers: Int32Array.of(0, 1, 2, 3), columns: Int32Array.of(0, 1, 2) }
 * console.log(Calculus.colourColumns(diagonal).count) // 1
 * ```
 *
 * @category colourings
 * @since 0.1.0
 */
export const colourColumns = (pattern: SparsityPattern): Colouring => {
  const { columnCount, columns, rowPointers } = pattern
  const transposed = transposePattern(pattern)
  const colours = new Int32Array(columnCount).fill(-1)
  const forbidden = new Int32Array(columnCount + 1).fill(-1)
  let count = 0
  for (const column of byDegree(transposed)) {
    for (let r = transposed.rowPointers[column]!; r < transposed.rowPointers[column + 1]!; r++) {
      const row = transposed.columns[r]!
      for (let k = rowPointers[row]!; k < rowPointers[row + 1]!; k++) {
        const colour = colours[columns[k]!]!
        if (colour >= 0) forbidden[colour] = column
      }
    }
    let colour = 0
    while (forbidden[colour] === column) colour++
    colours[column] = colour
    if (colour >= count) count = colour + 1
  }
  return { colours, count }
}

/** The rows of a pattern, those with most non-zeros first; otherwise in their order. */
const byDegree = ({ rowCount, rowPointers }: SparsityPattern): Int32Array => {
  const degree = (i: number): number => rowPointers[i + 1]! - rowPointers[i]!
  return Int32Array.from({ length: rowCount }, (_, i) => i).sort((a, b) => degree(b) - degree(a) || a - b)
}

/**
 * Colours the columns of a symmetric pattern for direct recovery: a star colouring of its graph.
 *
 * **Details**
 *
 * Neighbours have different colours, and every path of four vertices has at least three: so each entry (i, j) is found alone in column colour(j) of row i, or in colour(i) of
 * row j. Greedy (A. H. Gebremedhin, A. Tarafdar, F. Manne and A. Pothen, New acyclic and star coloring algorithms with application to computing Hessians, SIAM J. Sci. Comput. 29,
 * 2007, algorithm 4.1). Symmetry saves colours: an arrow matrix takes 2, where `colourColumns` takes as many as it has columns.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 *
 * // [x x x]
 * // [x x  ]
 * // [x   x]
 * const arrow = { rowCount: 3, columnCount: 3, rowPointers: Int32Array.of(0, 3, 5, 7), columns: Int32Array.of(0, 1, 2, 0, 1, 0, 2) }
 * console.log(Calculus.colourColumns(arrow).count, Calculus.colourSymmetric(arrow).count) // 3 2
 * ```
 *
 * @category colourings
 * @since 0.1.0
 */
export const colourSymmetric = (pattern: SparsityPattern): Colouring => {
  const { columnCount, columns, rowPointers } = pattern
  const colours = new Int32Array(columnCount).fill(-1)
  const forbidden = new Int32Array(columnCount + 1).fill(-1)
  let count = 0
  for (const v of byDegree(pattern)) {
    for (let k = rowPointers[v]!; k < rowPointers[v + 1]!; k++) {
      const w = columns[k]!
      if (w === v) continue
      if (colours[w]! >= 0) forbidden[colours[w]!] = v
      for (let l = rowPointers[w]!; l < rowPointers[w + 1]!; l++) {
        const x = columns[l]!
        if (x === w || x === v || colours[x]! < 0) continue
        if (colours[w]! < 0) {
          // v and x would be two ends of a path around w, which has no colour yet.
          forbidden[colours[x]!] = v
          continue
        }
        for (let m = rowPointers[x]!; m < rowPointers[x + 1]!; m++) {
          const y = columns[m]!
          if (y === x || y === w) continue
          if (colours[y] === colours[w]) {
            forbidden[colours[x]!] = v
            break
          }
        }
      }
    }
    let colour = 0
    while (forbidden[colour] === v) colour++
    colours[v] = colour
    if (colour >= count) count = colour + 1
  }
  return { colours, count }
}
