/**
 * JVP rules of the decompositions of matrices.
 *
 * @since 0.1.0
 */
import { Operations, Tensor } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { ControlContext, ControlJvpRules, VectorCarrier } from "../JvpRule.ts"
import { axesBefore, flip, type Ops, times as product } from "./matrices.ts"

/** Products of matrices of one batch, with strong zeros. */
const times = <A>(ops: Ops<A>, x: A, y: A): A => product(ops, x, y, true)

/** The tangents of two results, for each tangent of the operand. */
const both = <A>(
  { tangents }: VectorCarrier<A>,
  [first, second]: readonly [A, A],
  tangentsOf: (tangent: A) => readonly [A, A]
): ReadonlyArray<VectorCarrier<A>> => {
  const pairs = tangents?.map((t) => (t === Zero ? Zero : tangentsOf(t)))
  return [
    { primal: first, tangents: pairs?.map((pair) => (pair === Zero ? Zero : pair[0])) },
    { primal: second, tangents: pairs?.map((pair) => (pair === Zero ? Zero : pair[1])) }
  ]
}

/**
 * The JVP rules of the decompositions.
 *
 * **Details**
 *
 * Each follows from differentiating the equations that define the results (S. F. Walter and L. Lehmann, Algorithmic differentiation of linear
 * algebra functions with application in optimum experimental design, 2010, sections 3.1 and 3.2). Products and solutions have strong zeros.
 *
 * - `qr`: from `A = Q R`, `Q' dA R^-1 = Q' dQ + dR R^-1`, of which the first part is antisymmetric and the second upper triangular.
 * - `eigh`: with `P = V' dS V`, where `dS` is the symmetric part of the tangent, `dλ` is the diagonal of `P`, and
 *   `(V' dV)_ij = P_ij / (λ_j - λ_i)` off the diagonal, 0 on it.
 *
 * @category tables
 * @since 0.1.0
 */
export const decomposition: ControlJvpRules<"qr" | "eigh"> = {
  qr: <A>([a]: ReadonlyArray<VectorCarrier<A>>, { algebra }: ControlContext<"qr", A>) => {
    const ops = Operations.make(algebra)
    const [q, r] = algebra.applyMany("qr", {}, [a!.primal]) as unknown as readonly [A, A]
    return both(a!, [q, r], (t) => {
      const [m, n] = ops.shapeOf(t).slice(-2) as [number, number]
      const reading = { upper: true, transposed: true, unitDiagonal: false, strongZero: true }
      const scaled = flip(ops, ops.triangularSolve(r, flip(ops, t), reading))
      const inner = times(ops, flip(ops, q), scaled)
      const lower = ops.triangle(inner, { upper: false, diagonal: -1 })
      const turned = flip(ops, lower)
      const growth = ops.add(ops.triangle(inner, { upper: true, diagonal: 0 }), turned)
      const dr = times(ops, growth, r)
      // Columns that span the whole space can but turn.
      const dq = m === n ? times(ops, q, ops.sub(lower, turned)) : ops.sub(scaled, times(ops, q, growth))
      return [dq, dr]
    })
  },
  eigh: <A>([a]: ReadonlyArray<VectorCarrier<A>>, { algebra }: ControlContext<"eigh", A>) => {
    const ops = Operations.make(algebra)
    const [values, vectors] = algebra.applyMany("eigh", {}, [a!.primal]) as unknown as readonly [A, A]
    return both(a!, [values, vectors], (t) => {
      const shape = ops.shapeOf(t)
      const rank = shape.length
      const n = shape[rank - 1]!
      const batch = axesBefore(rank, 2)
      const [i, j] = [rank, rank + 1]
      const symmetric = ops.mul(0.5, ops.add(t, flip(ops, t)))
      const moved = times(ops, symmetric, vectors)
      const dValues = ops.dot(vectors, moved, {
        left: [...batch, i, j],
        right: [...batch, i, j],
        output: [...batch, j],
        strongZero: true
      })
      const eye = ops.constant(Tensor.identity(n))
      const leading = shape.slice(0, -2)
      const differences = ops.sub(ops.reshape(values, [...leading, 1, n]), ops.reshape(values, [...leading, n, 1]))
      const factors = ops.div(ops.sub(1, eye), ops.add(differences, eye))
      const turned = ops.mulStrongZero(times(ops, flip(ops, vectors), moved), factors)
      return [dValues, times(ops, vectors, turned)]
    })
  }
}
