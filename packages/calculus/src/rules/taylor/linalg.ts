/**
 * Taylor rules of linear algebra.
 *
 * @since 0.1.0
 */
import type { Operations, Primitive } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { Coefficients, TaylorRules } from "../../TaylorRule.ts"
import { at, type Series, total } from "./series.ts"

const strong = { strongZero: true } as const

/** Products of matrices of one batch. */
const times = <A>(ops: Operations.Operations<A>, x: A | Zero, y: A | Zero): A | Zero => {
  if (x === Zero || y === Zero) return Zero
  const rank = ops.shapeOf(x).length
  const batch = Array.from({ length: rank - 2 }, (_, i) => i)
  const [i, j, k] = [rank, rank + 1, rank + 2]
  return ops.dot(x, y, { left: [...batch, i, j], right: [...batch, j, k], output: [...batch, i, k], ...strong })
}

/** From `A X = B`: `A_0 X_k = B_k - Σ_{j>0} A_j X_{k-j}`. */
const solution = <A>(
  ops: Operations.Operations<A>,
  c: Coefficients<A>,
  x0: A,
  matrix: Series<A>,
  right: Series<A>,
  order: number,
  solve: (right: A) => A
): Series<A> => {
  const x: Array<A | Zero> = [x0]
  for (let k = 1; k <= order; k++) {
    const moved = total(c, 1, k, (j) => times(ops, at(matrix, j), x[k - j]!))
    const own = c.sub(at(right, k), moved)
    x.push(own === Zero ? Zero : solve(own))
  }
  return x
}

/**
 * The Taylor rules of linear algebra: solutions by the recurrence of their equation, with one matrix for all orders; the others by their derivative.
 *
 * @category tables
 * @since 0.1.0
 */
export const linalg = {
  cholesky: "byDerivative",
  triangularSolve: "byDerivative",
  solve: ({ c, ops, order, result, u0 }, a, b) =>
    solution(ops, c, result, a, b, order, (right) => ops.solve(u0, right, strong)),
  lstsq: "byDerivative",
  inverse: ({ c, ops, order, result }, a) =>
    solution(ops, c, result, a, [], order, (right) => times(ops, result, right) as typeof result),
  adjugate: "byDerivative",
  det: "byDerivative",
  detSign: "linear",
  logdet: "byDerivative"
} satisfies Partial<TaylorRules<Primitive.Name>>
