/**
 * `det`: a determinant by expansion into minors.
 *
 * @since 0.1.0
 */
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Schema } from "effect"
import * as Evaluation from "../Evaluation.ts"
import * as Numbers from "../Numbers.ts"

/** The subsets of `m` out of `n` columns, as bit sets in ascending order. */
const subsets = (n: number, m: number): ReadonlyArray<number> =>
  Array.from({ length: 2 ** n }, (_, set) => set).filter((set) => elements(set, n).length === m)

const elements = (set: number, n: number): ReadonlyArray<number> =>
  Array.from({ length: n }, (_, j) => j).filter((j) => (set >> j) % 2 === 1)

/**
 * The determinant of a matrix by Laplace's expansion along the first row.
 *
 * **Details**
 *
 * A minor of the last `m` rows is given by its columns, and occurs in the expansions of many greater ones: each is computed once. That makes `n 2ⁿ⁻¹` products
 * instead of about `e n!`. (`Expr.det` eliminates, which takes `n³/3`; the suite is about the expansion.)
 *
 * @category programs
 * @since 0.1.0
 */
export const determinant = (n: number) =>
  Fn.make([n, n], (matrix) => {
    let smaller = subsets(n, 1)
    let minors: Expr.Expr<readonly [number]> = Expr.at(matrix, -1)
    for (let m = 2; m <= n; m++) {
      const positions = new Map(smaller.map((set, i) => [set, i]))
      const sets = subsets(n, m)
      const columns = sets.map((set) => elements(set, n))
      const without = sets.map((set) => elements(set, n).map((j) => positions.get(set - 2 ** j)!))
      const signs = Tensor.make(Array.from({ length: m }, (_, j) => (j % 2 === 0 ? 1 : -1)))
      const entries = Expr.gather(Expr.at(matrix, -m), Tensor.index(columns))
      const cofactors = Expr.mul(signs, Expr.gather(minors, Tensor.index(without)))
      minors = Expr.sum(Expr.mul(entries, cofactors), { axis: 1 })
      smaller = sets
    }
    return Expr.at(minors, 0)
  })

/**
 * The gradient of the determinant: the matrix of the cofactors.
 *
 * @category programs
 * @since 0.1.0
 */
export const gradient = (n: number) => Reverse.grad(determinant(n))

// The tables of the expansion grow like 2ⁿ.
const largest = 20

const Input = Schema.Struct({
  A: Numbers.Vector,
  ell: Numbers.Size.check(Schema.isLessThanOrEqualTo(largest))
})

const matrix = ({ A, ell }: typeof Input.Type) => Tensor.fromArray(A.data, [ell, ell])

/**
 * The module.
 *
 * @category modules
 * @since 0.1.0
 */
export const det: Evaluation.Module = {
  name: "det",
  functions: {
    primal: Evaluation.taking(Input, (input) =>
      Evaluation.make(determinant(input.ell), matrix(input), (value) => value)
    ),
    gradient: Evaluation.taking(Input, (input) => Evaluation.make(gradient(input.ell), matrix(input), Numbers.toList))
  }
}
