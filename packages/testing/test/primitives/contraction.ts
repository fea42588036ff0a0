// Contractions of two operands.

import { Expr, type Shape } from "@fluxion/core"
import { type Cases, named, ofArrays } from "./rows.ts"

const einsum = (subscripts: string, a: Shape.Shape, b: Shape.Shape): Cases[number] => [
  [a, b],
  (x, y) => Expr.einsum(subscripts, x, y) as Expr.Any
]

export const einsums: Cases = [
  einsum("ij,jk->ik", [2, 3], [3, 2]),
  einsum("i,i->", [3], [3]),
  einsum(",->", [], []),
  einsum("ij,->ji", [2, 3], []),
  einsum("i,j->ji", [2], [3]),
  einsum("bij,bjk->kbi", [2, 2, 3], [2, 3, 2]),
  einsum("ijkl,lk->ji", [2, 1, 2, 2], [2, 2]),
  einsum("ii,ij->j", [3, 3], [3, 2]),
  einsum("ij,kl->l", [2, 2], [2, 3]),
  einsum("ij,jk->ik", [2, 0], [0, 3]),
  einsum("i,i->i", [0], [0])
]

export const contraction = named({ dot: ofArrays(einsums) })
