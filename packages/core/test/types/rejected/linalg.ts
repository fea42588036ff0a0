import { Expr, Tensor } from "@fluxion/core"

const m34 = Expr.ones([3, 4])
const m3 = Expr.ones([3, 3])
const v5 = Expr.ones([5])

// error: expected square matrices, got [3,4]
export const a1 = Expr.cholesky(m34)
// error: expected square matrices, got [3,4]
export const a2 = m34.pipe(Expr.inverse)
// error: expected square matrices, got [5]
export const a3 = Expr.det(v5)
// error: expected square matrices, got []
export const a4 = Expr.logdet(2)
// error: expected square matrices, got [7,3,4]
export const a5 = Expr.slogdet(Expr.ones([7, 3, 4]))
// error: is not assignable
export const a6 = Expr.adjugate(Tensor.index([[1]]))
// error: cannot solve [3,3] for [5]
export const b1 = Expr.solve(m3, v5)
// error: cannot solve [3,3] for [5]
export const b2 = m3.pipe(Expr.solve(v5))
// error: expected square matrices, got [3,4]
export const b3 = Expr.solve(m34, Expr.ones([3]))
// error: cannot solve [2,3,3] for [4,3,1]
export const b4 = Expr.solve(Expr.ones([2, 3, 3]), Expr.ones([4, 3, 1]))
// error: cannot solve [3,3] for []
export const b5 = Expr.solve(m3, 1)
// error: cannot solve [3,3] for [5]
export const c1 = Expr.triangularSolve(m3, v5, { upper: true })
// error: expected square matrices, got [3,4]
export const c2 = m34.pipe(Expr.triangularSolve(Expr.ones([3]), { transposed: true }))
// error: does not exist in type 'TriangularSolveOptions'
export const c3 = Expr.triangularSolve(m3, Expr.ones([3]), { lower: true })
// error: cannot solve [3,4] for [5]
export const d1 = Expr.lstsq(m34, v5)
// error: cannot solve [3,4] for [4]
export const d2 = m34.pipe(Expr.lstsq(Expr.ones([4])))
// error: cannot solve [5] for [5]
export const d3 = Expr.lstsq(v5, v5)

// error: expected matrices, got [5]
export const d1 = Expr.qr(v5)
// error: expected matrices, got [5]
export const d2 = v5.pipe(Expr.qr)
// error: expected square matrices, got [3,4]
export const d3 = Expr.eigh(m34)
// error: expected square matrices, got [3,4]
export const d4 = m34.pipe(Expr.eigh)
// error: is not assignable
export const d5 = Expr.eigh(Tensor.index([[1]]))
