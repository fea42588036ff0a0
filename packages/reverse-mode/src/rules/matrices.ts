// Matrices in the last two axes, as the rules of linear algebra use them.

import type { Operations } from "@fluxion/core"

export type Ops<A> = Operations.Operations<A>

export const leading = (rank: number): ReadonlyArray<number> => Array.from({ length: rank - 2 }, (_, axis) => axis)

export const matrixTranspose = <A>(ops: Ops<A>, x: A): A => {
  const rank = ops.shapeOf(x).length
  return ops.transpose(x, [...leading(rank), rank - 1, rank - 2])
}

type Side = "N" | "T"

/** `op(x) op(y)` for matrices of one batch, each as it is ("N") or transposed ("T"). */
export const multiply = <A>(ops: Ops<A>, x: A, left: Side, y: A, right: Side, strongZero = true): A => {
  const rank = ops.shapeOf(x).length
  const batch = leading(rank)
  const [row, inner, column] = [rank, rank + 1, rank + 2] as const
  return ops.dot(x, y, {
    left: [...batch, ...(left === "N" ? [row, inner] : [inner, row])],
    right: [...batch, ...(right === "N" ? [inner, column] : [column, inner])],
    output: [...batch, row, column],
    strongZero
  })
}
