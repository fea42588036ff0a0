/**
 * Sparse derivatives: compressed by colours, and recovered entry by entry.
 *
 * @since 0.1.0
 */
import { Basis, type Expr, Fn, Operations, Shape, Tensor, type Tree, type Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Zero } from "@fluxion/core/Rule"
import { colourColumns, type Colouring, colourSymmetric } from "./Colouring.ts"
import type { CheckMode, Mode } from "./Jacobian.ts"
import { hessianSparsity, type NonReal, sparsity, type SparsityPattern, transposePattern } from "./SparsityPattern.ts"

const expressions = Operations.make(Fn.expressions)

/**
 * A sparse derivative: where it may differ from zero, the program that computes these entries, and what that costs.
 *
 * **Details**
 *
 * `values` takes the inputs of the program and computes the entries of the pattern, row after row: together they are the matrix in compressed rows (CSR). `passes` is the number of
 * derivatives taken, one for each colour.
 *
 * @category models
 * @since 0.1.0
 */
export interface SparseDerivative<I extends Tree.Spec, E, R> {
  readonly pattern: SparsityPattern
  readonly values: Fn.Fn<I, readonly [number], E, R>
  readonly mode: Mode
  readonly passes: number
}

/**
 * Options of `sparseJacobian`: values of the inputs that are not real (see `sparsity`), a pattern that is known already, and a mode other than the one that
 * takes fewer passes.
 *
 * @category options
 * @since 0.1.0
 */
export interface SparseOptions<I, M extends Mode | "auto" = Mode | "auto"> {
  readonly at?: NonReal<I>
  readonly pattern?: SparsityPattern
  readonly mode?: M
}

const isReal = ({ type }: Tree.PathAndType): boolean => type.elementType === "real"

const size = (type: Type.Type): number => Shape.size(type.shape)

/** For each array, one row of ones and zeros a colour. */
const seeds = (types: ReadonlyArray<Type.Type>, { colours, count }: Colouring): ReadonlyArray<Expr.Any> => {
  let first = 0
  return types.map((type) => {
    const own = size(type)
    const data = new Float64Array(count * own)
    for (let e = 0; e < own; e++) data[colours[first + e]! * own + e] = 1
    first += own
    return expressions.constant(Tensor.fromArray(data, [count, ...type.shape]))
  })
}

/** Entries of compressed derivatives: those at the given colours and elements. */
const recover = (
  compressed: ReadonlyArray<Expr.Any | Zero>,
  types: ReadonlyArray<Type.Type>,
  count: number,
  colours: Int32Array,
  elements: Int32Array
): Expr.Any => {
  const rows = types.map((type, i) => {
    const own = compressed[i]!
    return own === Zero ? expressions.zeros([count, size(type)]) : expressions.reshape(own, [count, size(type)])
  })
  const width = types.reduce((sum, type) => sum + size(type), 0)
  if (colours.length === 0) return expressions.zeros([0])
  const flat = expressions.reshape(expressions.concat(rows, 1), [count * width])
  const positions = Int32Array.from(colours, (colour, k) => colour * width + elements[k]!)
  return expressions.gather(flat, expressions.constant(Tensor.index(Array.from(positions))), 0)
}

/** The row of each entry of a pattern. */
const rowsOf = ({ columns, rowCount, rowPointers }: SparsityPattern): Int32Array => {
  const rows = new Int32Array(columns.length)
  for (let i = 0; i < rowCount; i++) rows.fill(i, rowPointers[i]!, rowPointers[i + 1]!)
  return rows
}

/** Tangents of the real outputs along one direction through all real inputs. */
const pushforward = (
  f: Fn.Any,
  at: ReadonlyArray<Expr.Any>,
  directions: ReadonlyArray<Expr.Any>
): ReadonlyArray<Expr.Any | Zero> => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  let next = 0
  const carriers = at.map((primal, i): Forward.DualCarrier<Expr.Any> => ({
    primal,
    tangent: isReal(inputLeaves[i]!) && size(inputLeaves[i]!.type) > 0 ? directions[next++]! : Zero
  }))
  return Fn.interpret(f, Forward.dual(Fn.expressions), carriers)
    .filter((_, o) => isReal(outputLeaves[o]!))
    .map(({ tangent }) => tangent)
}

/** Cotangents of the real inputs from one for all real outputs. */
const pullback = (
  f: Fn.Any,
  at: ReadonlyArray<Expr.Any>,
  cotangents: ReadonlyArray<Expr.Any>
): ReadonlyArray<Expr.Any | Zero> => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  const tape = Reverse.traced(Fn.expressions)
  const carriers = at.map((primal, i) => (isReal(inputLeaves[i]!) ? tape.input(primal) : { primal, entry: undefined }))
  const outputs = Fn.interpret(f, tape.algebra, carriers)
  let next = 0
  const given = outputLeaves.map((leaf) => (isReal(leaf) && size(leaf.type) > 0 ? cotangents[next++]! : Zero))
  const wanted = carriers.filter((_, i) => isReal(inputLeaves[i]!))
  return tape.pullback(outputs, given, wanted)
}

const realTypes = (leaves: ReadonlyArray<Tree.PathAndType>): ReadonlyArray<Type.Type> =>
  leaves.filter(isReal).map(({ type }) => type)

const filled = (types: ReadonlyArray<Type.Type>): ReadonlyArray<Type.Type> => types.filter((type) => size(type) > 0)

/**
 * The Jacobian of a program as a sparse matrix.
 *
 * **Details**
 *
 * Rows are the elements of the real outputs, columns those of the real inputs (see `sparsity`). Columns without a common row share one pass of forward mode, rows without a common
 * column one of reverse mode; the mode that takes fewer passes is taken (forward when equal). The entries are exact, not differences. Failures and requirements
 * are those of `f`.
 *
 * A. R. Curtis, M. J. D. Powell and J. K. Reid, On the estimation of sparse Jacobian matrices, J. Inst. Math. Appl. 13, 1974; Gebremedhin, Manne and Pothen (2005).
 *
 * Costs the pattern and the colouring now (see `sparsity`, `colourColumns`); then each run of `values` costs one evaluation and `passes` derivatives.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([1000], (x) => {
 *   const [before, after] = [Expr.slice(x, { starts: [0], limits: [999] }), Expr.slice(x, { starts: [1], limits: [1000] })]
 *   return Expr.sub(Expr.mul(after, after), before)
 * })
 * const { passes, pattern, values } = Calculus.sparseJacobian(f)
 * console.log(passes, pattern.columns.length) // 2 1998
 * console.log(Fn.runSync(values, Tensor.ones([1000])).data.slice(0, 4)) // Float64Array(4) [ -1, 2, -1, 2 ]
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const sparseJacobian = <I extends Tree.Spec, O, E, R, const M extends Mode | "auto" = "auto">(
  f: Fn.Fn<I, O, E, R> & CheckMode<R, M>,
  options?: SparseOptions<I, M>
): SparseDerivative<I, E, R> => {
  const program: Fn.Any = f
  const pattern = options?.pattern ?? sparsity(program as Fn.Fn<Tree.Spec, unknown>, options?.at)
  const wanted = options?.mode ?? "auto"
  const byColumns =
    wanted === "reverse" || (wanted === "auto" && !Fn.supportsForward(program)) ? undefined : colourColumns(pattern)
  const byRows = wanted === "forward" ? undefined : colourColumns(transposePattern(pattern))
  const { inputLeaves, outputLeaves } = Fn.specs(program)
  const [inputs, outputs] = [realTypes(inputLeaves), realTypes(outputLeaves)]
  const forward = byRows === undefined || (byColumns !== undefined && byColumns.count <= byRows.count)
  const colouring = forward ? byColumns! : byRows
  const [from, to] = forward ? [inputs, outputs] : [outputs, inputs]
  const [coloured, others] = forward ? [pattern.columns, rowsOf(pattern)] : [rowsOf(pattern), pattern.columns]
  const values = Fn.unsafeFromLeaves(program.inputs, [pattern.columns.length], (leaves) => {
    if (coloured.length === 0) return [expressions.zeros([0])]
    const compressed = Basis.along(
      {
        at: leaves,
        directions: filled(from),
        build: (at, directions) => [forward ? pushforward(program, at, directions) : pullback(program, at, directions)]
      },
      seeds(filled(from), colouring)
    )
    const colours = Int32Array.from(coloured, (j) => colouring.colours[j]!)
    return [recover(compressed, to, colouring.count, colours, others)]
  })
  return { pattern, values: values as never, mode: forward ? "forward" : "reverse", passes: colouring.count }
}

/**
 * The Hessian of a program of one scalar output as a sparse symmetric matrix.
 *
 * **Details**
 *
 * Rows and columns are the elements of the real inputs; all entries of the pattern are given, on both sides of the diagonal. Columns of one colour of a star colouring (see
 * `colourSymmetric`) share one Hessian-vector product, forward over reverse. Failures and requirements are those of `f`.
 *
 * T. F. Coleman and J. J. Moré, Estimation of sparse Hessian matrices and graph coloring problems, Math. Programming 28, 1984; Gebremedhin, Tarafdar, Manne and Pothen (2007).
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([1000], (x) => Expr.sum(Expr.mul(Expr.at(x, 0), Expr.mul(x, x))))
 * const { passes, pattern, values } = Calculus.sparseHessian(f)
 * console.log(passes, pattern.columns.length) // 2 2998
 * console.log(Fn.runSync(values, Tensor.ones([1000])).data.slice(0, 3)) // Float64Array(3) [ 6, 2, 2 ]
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const sparseHessian = <I extends Tree.Spec, E, R>(
  f: Fn.Fn<I, readonly [], E, R> & Forward.CheckForward<R>,
  options?: Omit<SparseOptions<I>, "mode">
): SparseDerivative<I, E, R> => {
  const gradient: Fn.Any = Reverse.grad(f)
  const pattern = options?.pattern ?? hessianSparsity(f as unknown as Fn.Fn<Tree.Spec, readonly []>, options?.at)
  const colouring = colourSymmetric(pattern)
  const types = realTypes(Fn.specs(gradient).inputLeaves)
  const { colours, elements } = symmetricEntries(pattern, colouring)
  const values = Fn.unsafeFromLeaves(gradient.inputs, [pattern.columns.length], (leaves) => {
    if (pattern.columns.length === 0) return [expressions.zeros([0])]
    const compressed = Basis.along(
      {
        at: leaves,
        directions: filled(types),
        build: (at, directions) => [pushforward(gradient, at, directions)]
      },
      seeds(filled(types), colouring)
    )
    return [recover(compressed, types, colouring.count, colours, elements)]
  })
  return { pattern, values: values as never, mode: "forward", passes: colouring.count }
}

/** Where each entry of a symmetric matrix stands alone in the compressed one: in its row, or in the row of its mirror image. */
const symmetricEntries = ({ columns, rowCount, rowPointers }: SparsityPattern, colouring: Colouring) => {
  const colours = new Int32Array(columns.length)
  const elements = new Int32Array(columns.length)
  const inRow = new Int32Array(colouring.count)
  for (let i = 0; i < rowCount; i++) {
    inRow.fill(0)
    for (let k = rowPointers[i]!; k < rowPointers[i + 1]!; k++) inRow[colouring.colours[columns[k]!]!]!++
    for (let k = rowPointers[i]!; k < rowPointers[i + 1]!; k++) {
      const j = columns[k]!
      const alone = inRow[colouring.colours[j]!] === 1
      colours[k] = colouring.colours[alone ? j : i]!
      elements[k] = alone ? i : j
    }
  }
  return { colours, elements }
}

/**
 * Writes the entries of a sparse matrix into a dense one.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Tensor } from "@fluxion/core"
 *
 * const pattern = { rowCount: 2, columnCount: 2, rowPointers: Int32Array.of(0, 1, 2), columns: Int32Array.of(1, 0) }
 * console.log(`${Calculus.toDense(pattern, Tensor.make([5, 7]))}`) // [[0, 5], [7, 0]]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const toDense = (
  pattern: SparsityPattern,
  values: Tensor.Tensor<readonly [number]>
): Tensor.Tensor<readonly [number, number]> => {
  const { columnCount, columns, rowCount } = pattern
  const data = new Float64Array(rowCount * columnCount)
  rowsOf(pattern).forEach((row, k) => (data[row * columnCount + columns[k]!] = values.data[k]!))
  return Tensor.fromArray(data, [rowCount, columnCount])
}
