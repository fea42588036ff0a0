/**
 * Sparsity patterns: where a derivative may differ from zero.
 *
 * @since 0.1.0
 */
import { Fn, Shape, Tree } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { isEmpty } from "./internal/indexSets.ts"
import { known, type Pattern, sparsity as propagate } from "./internal/sparsityAlgebra.ts"

/**
 * A pattern of non-zeros in compressed rows: those of row `i` are in the columns `columns[rowPointers[i]] … columns[rowPointers[i + 1] - 1]`, ascending.
 *
 * @category models
 * @since 0.1.0
 */
export interface SparsityPattern {
  readonly rowCount: number
  readonly columnCount: number
  readonly rowPointers: Int32Array
  readonly columns: Int32Array
}

/**
 * The pattern with rows and columns exchanged.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 *
 * const pattern = { rowCount: 1, columnCount: 3, rowPointers: Int32Array.of(0, 2), columns: Int32Array.of(0, 2) }
 * console.log(Calculus.transposePattern(pattern).rowPointers) // Int32Array(4) [ 0, 1, 1, 2 ]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const transposePattern = ({ columnCount, columns, rowCount, rowPointers }: SparsityPattern): SparsityPattern => {
  const pointers = new Int32Array(columnCount + 1)
  for (const column of columns) pointers[column + 1]!++
  for (let j = 0; j < columnCount; j++) pointers[j + 1]! += pointers[j]!
  const next = pointers.slice(0, columnCount)
  const rows = new Int32Array(columns.length)
  for (let i = 0; i < rowCount; i++) {
    for (let k = rowPointers[i]!; k < rowPointers[i + 1]!; k++) rows[next[columns[k]!]!++] = i
  }
  return { rowCount: columnCount, columnCount: rowCount, rowPointers: pointers, columns: rows }
}

/**
 * The sparsity pattern of the Jacobian of a program.
 *
 * **Details**
 *
 * Rows are the elements of the real outputs, columns those of the real inputs, leaf after leaf, row-major. Found by propagating through the program, for each
 * element of each value, the set of input elements it varies with (A. Griewank and A. Walther, Evaluating Derivatives, 2nd ed., 2008, section 7.1). The pattern
 * holds at every point: of branches that depend on real inputs it takes the union, of loops as well. It depends on inputs that are not real (indices, truth
 * values) through `at`, of which nothing else is read; `at` may be left out when there are none.
 *
 * Conservative where indices are computed from real inputs, and in linear algebra, where each result varies with its whole matrix. Costs time and memory in proportion to the
 * sizes of the sets.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make([4], (x) =>
 *   Expr.mul(Expr.slice(x, { starts: [0], limits: [3] }), Expr.slice(x, { starts: [1], limits: [4] })))
 * console.log(Calculus.sparsity(f).columns) // Int32Array(6) [ 0, 1, 1, 2, 2, 3 ]
 * ```
 *
 * @category patterns
 * @since 0.1.0
 */
export const sparsity = <I extends Tree.Spec, O, E, R>(f: Fn.Fn<I, O, E, R>, at?: NonReal<I>): SparsityPattern =>
  pattern(f, at)

/**
 * Values for the inputs of `I` that are not real; whatever stands for real inputs is not read.
 *
 * @category type-level
 * @since 0.1.0
 */
export type NonReal<I> = [Tree.Spec] extends [I]
  ? unknown
  : I extends Shape.Shape
    ? unknown
    : I extends { readonly elementType: "real" }
      ? unknown
      : I extends { readonly elementType: "index" | "bool"; readonly shape: Shape.Shape }
        ? Tree.Value<I>
        : { readonly [K in keyof I]?: NonReal<I[K]> }

const elements = (leaves: ReadonlyArray<Tree.PathAndType>): number =>
  leaves.reduce((sum, { type }) => sum + (type.elementType === "real" ? Shape.size(type.shape) : 0), 0)

const pattern = (f: Fn.Any, at: unknown): SparsityPattern => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  // What the program requires comes first, and does not vary.
  const program: Fn.Any = Fn.withKey(Fn.withParams(f as Fn.Fn<Tree.Spec, unknown>))
  const leaves = Fn.specs(program).inputLeaves
  const required = leaves.slice(0, leaves.length - inputLeaves.length)
  const columnCount = elements(inputLeaves)
  const rowCount = elements(outputLeaves)
  let first = 0
  const carriers = inputLeaves.map(({ keys, path, type }): Pattern => {
    if (type.elementType !== "real") {
      const given = keys.reduce<unknown>((tree, key) => (tree as Record<string, unknown> | undefined)?.[key], at)
      if (given === undefined) return { type, value: undefined, sets: undefined }
      const [value] = Tree.toTensors(`Calculus.sparsity: ${path}`, type as Tree.Spec, given)
      return known(value!)
    }
    const size = Shape.size(type.shape)
    const own: Pattern = {
      type,
      value: undefined,
      sets: {
        pointers: Int32Array.from({ length: size + 1 }, (_, i) => i),
        items: Int32Array.from({ length: size }, (_, i) => first + i)
      }
    }
    first += size
    return own
  })
  const unknown = required.map(({ type }): Pattern => ({ type, value: undefined, sets: undefined }))
  const results = Fn.interpret(program, propagate(columnCount), [...unknown, ...carriers])
  const rowPointers = new Int32Array(rowCount + 1)
  const parts: Array<Int32Array> = []
  let row = 0
  let count = 0
  results.forEach(({ sets }, o) => {
    const { type } = outputLeaves[o]!
    if (type.elementType !== "real") return
    const size = Shape.size(type.shape)
    for (let i = 0; i < size; i++) {
      rowPointers[row + i + 1] = count + (sets === undefined ? 0 : sets.pointers[i + 1]!)
    }
    row += size
    if (sets === undefined || isEmpty(sets)) return
    parts.push(sets.items)
    count += sets.items.length
  })
  const columns = new Int32Array(count)
  let offset = 0
  for (const part of parts) {
    columns.set(part, offset)
    offset += part.length
  }
  return { rowCount, columnCount, rowPointers, columns }
}

/**
 * The sparsity pattern of the Hessian of a program of one scalar output: symmetric, with rows and columns for the elements of the real inputs.
 *
 * **Details**
 *
 * The pattern of the Jacobian of the gradient, and of its transpose. See `sparsity`.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [], y: [], z: [] }, ({ x, y, z }) => Expr.add(Expr.mul(x, y), Expr.exp(z)))
 * console.log(Calculus.hessianSparsity(f).columns) // Int32Array(3) [ 1, 0, 2 ]
 * ```
 *
 * @category patterns
 * @since 0.1.0
 */
export const hessianSparsity = <I extends Tree.Spec, E, R>(
  f: Fn.Fn<I, readonly [], E, R>,
  at?: NonReal<I>
): SparsityPattern => {
  const own = pattern(Reverse.grad(f), at)
  const other = transposePattern(own)
  const rowPointers = new Int32Array(own.rowCount + 1)
  const columns: Array<number> = []
  for (let i = 0; i < own.rowCount; i++) {
    const row = new Set<number>()
    for (const { columns, rowPointers } of [own, other]) {
      for (let k = rowPointers[i]!; k < rowPointers[i + 1]!; k++) row.add(columns[k]!)
    }
    for (const column of Array.from(row).sort((a, b) => a - b)) columns.push(column)
    rowPointers[i + 1] = columns.length
  }
  return { ...own, rowPointers, columns: Int32Array.from(columns) }
}
