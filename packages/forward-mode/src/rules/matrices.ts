// Matrices in the last two axes, as the rules of linear algebra use them.

import type { Operations } from "@fluxion/core"

export type Ops<A> = Operations.Operations<A>

export const axesBefore = (rank: number, last: number): Array<number> =>
  Array.from({ length: rank - last }, (_, i) => i)

/** Matrices transposed. */
export const flip = <A>(ops: Ops<A>, x: A): A => {
  const rank = ops.shapeOf(x).length
  return ops.transpose(x, [...axesBefore(rank, 2), rank - 1, rank - 2])
}

/** Products of matrices of one batch. */
export const times = <A>(ops: Ops<A>, x: A, y: A, strongZero: boolean): A => {
  const rank = ops.shapeOf(x).length
  const batch = axesBefore(rank, 2)
  const [i, j, k] = [rank, rank + 1, rank + 2]
  return ops.dot(x, y, { left: [...batch, i, j], right: [...batch, j, k], output: [...batch, i, k], strongZero })
}
