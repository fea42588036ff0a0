import { Expr, Fn, Tensor } from "@fluxion/core"

const m34 = Expr.ones([3, 4])
const v5 = Expr.ones([5])
const flags = Expr.gt(v5, 0)
const labels = Expr.constant(Tensor.index([1, 2]))

// error: cannot broadcast [3,4] with [5]
export const a1 = Expr.add(m34, v5)
// error: cannot broadcast [3,4] with [5]
export const a2 = m34.pipe(Expr.add(v5))
// error: cannot broadcast [3,4] with [5]
export const a3 = Expr.lt(m34, v5)
// error: cannot broadcast [3,4] with [5]
export const a4 = Expr.pow(m34, v5)
// error: cannot broadcast [5] with [3,4]
export const a5 = Expr.select(flags, m34, 0)
// error: cannot multiply [3,4] by [5] as matrices
export const b1 = Expr.matmul(m34, v5)
// error: cannot multiply [3,4] by [3,4] as matrices
export const b2 = m34.pipe(Expr.matmul(m34))
// error: einsum ij,jk->ik does not fit [3,4] and [3,4]
export const b3 = Expr.einsum("ij,jk->ik", m34, m34)
// error: einsum ij,jk->ikz does not fit [3,4] and [4,3]
export const b4 = Expr.einsum("ij,jk->ikz", m34, Expr.transpose(m34))
// error: dot: [3,4] and [5] differ
export const b5 = Expr.dot(m34, v5)
// error: axis 2 is out of range for [3,4]
export const c1 = Expr.sum(m34, { axis: 2 })
// error: axis -3 is out of range for [3,4]
export const c2 = m34.pipe(Expr.mean({ axis: -3 }))
// error: axis 1 is out of range for [5]
export const c3 = Expr.softmax(v5, { axis: 1 })
// error: cannot reshape [3,4] (12 elements) to [5,2] (10 elements)
export const d1 = Expr.reshape(m34, [5, 2])
// error: cannot reshape [3,4] (12 elements) to [5,2] (10 elements)
export const d2 = m34.pipe(Expr.reshape([5, 2]))
// error: cannot broadcast [3,4] to [2,4]
export const d3 = Expr.broadcastTo(m34, [2, 4])
// error: cannot concatenate [3,4] with [5] along axis 0
export const d4 = Expr.concat([m34, v5])
// error: stack: [3,4] and [5] differ
export const d5 = Expr.stack([m34, v5])
// error: permutation [0] does not fit [3,4]
export const d6 = Expr.transpose(m34, [0])
// error: expected at least two axes, got [5]
export const d7 = Expr.tril(v5)
// error: element types differ: real and index
export const e1 = Expr.eq(v5, labels)
// error: is not assignable
export const e2 = Expr.sin(labels)
// error: is not assignable
export const e3 = Expr.and(v5, flags)

const f = Fn.make({ w: [3], b: [] }, ({ b, w }) => Expr.add(Expr.sum(w), b))
// error: is not assignable
export const g1 = Fn.runSync(f, { w: Tensor.make([1, 2]), b: 0 })
// error: is missing
export const g2 = Fn.run(f, { w: Tensor.make([1, 2, 3]) })
// error: is not assignable
export const g3: { readonly value: string } = Fn.runSync(f, { w: Tensor.make([1, 2, 3]), b: 0 })
// error: is not assignable
export const g4 = Fn.apply(f, { w: v5, b: 0 })
