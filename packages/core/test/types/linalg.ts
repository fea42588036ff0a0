// Programs of linear algebra that must type-check, with exactly these types, in both call styles.

import { Expr, Fn, type Tensor } from "@fluxion/core"

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const shape = <S extends ReadonlyArray<number>>(expr: Expr.Proto<"real", S, unknown, unknown>) => ({
  expr,
  is: <T extends ReadonlyArray<number>>(...wrong: Equals<S, T> extends true ? [] : [S, "is not", T]) => wrong
})

const m3 = Expr.ones([3, 3])
const m34 = Expr.ones([3, 4])
const v3 = Expr.ones([3])
const batch = Expr.ones([7, 1, 3, 3])
const n: number = m3.shape.length
const unknownRank = Expr.ones([n] as ReadonlyArray<number>)
const unknownSizes = Expr.ones([n, n])

shape(Expr.cholesky(m3)).is<readonly [3, 3]>()
shape(m3.pipe(Expr.cholesky)).is<readonly [3, 3]>()
shape(Expr.inverse(batch)).is<readonly [7, 1, 3, 3]>()
shape(Expr.adjugate(unknownSizes)).is<readonly [number, number]>()
shape(Expr.det(m3)).is<readonly []>()
shape(m3.pipe(Expr.det)).is<readonly []>()
shape(Expr.det(batch)).is<readonly [7, 1]>()
shape(Expr.logdet(unknownSizes)).is<readonly []>()
shape(Expr.logdet(unknownRank)).is<ReadonlyArray<number>>()
shape(Expr.detSign(Expr.ones([2, n, n]))).is<readonly [2]>()
shape(Expr.slogdet(batch).sign).is<readonly [7, 1]>()
shape(Expr.slogdet(batch).logdet).is<readonly [7, 1]>()

shape(Expr.solve(m3, v3)).is<readonly [3]>()
shape(m3.pipe(Expr.solve(v3))).is<readonly [3]>()
shape(Expr.solve(m3, m34)).is<readonly [3, 4]>()
shape(m3.pipe(Expr.solve(m34))).is<readonly [3, 4]>()
shape(Expr.solve(batch, v3)).is<readonly [7, 1, 3]>()
shape(Expr.solve(batch, Expr.ones([8, 3, 2]))).is<readonly [7, 8, 3, 2]>()
shape(Expr.solve(m3, Expr.ones([8, 3, 2]))).is<readonly [8, 3, 2]>()
shape(Expr.solve(unknownSizes, v3)).is<readonly [number]>()
shape(Expr.solve(unknownRank, v3)).is<ReadonlyArray<number>>()
shape(Expr.triangularSolve(m3, v3, { upper: true })).is<readonly [3]>()
shape(m3.pipe(Expr.triangularSolve(m34, { transposed: true }))).is<readonly [3, 4]>()
shape(m3.pipe(Expr.triangularSolve(v3))).is<readonly [3]>()
shape(Expr.lstsq(m34, v3)).is<readonly [4]>()
shape(m34.pipe(Expr.lstsq(v3))).is<readonly [4]>()
shape(Expr.lstsq(Expr.ones([5, 3, 4]), Expr.ones([3, 2]))).is<readonly [5, 4, 2]>()

shape(Expr.qr(m3).q).is<readonly [3, 3]>()
shape(Expr.qr(m34).q).is<readonly [3, 3]>()
shape(Expr.qr(m34).r).is<readonly [3, 4]>()
shape(Expr.qr(Expr.ones([7, 12, 9])).q).is<readonly [7, 12, 9]>()
shape(Expr.qr(Expr.ones([7, 12, 9])).r).is<readonly [7, 9, 9]>()
shape(m34.pipe(Expr.qr).r).is<readonly [3, 4]>()
shape(Expr.qr(Expr.ones([5, n])).q).is<readonly [5, number]>()
shape(Expr.qr(Expr.ones([5, n])).r).is<readonly [number, number]>()
shape(Expr.qr(unknownRank).r).is<ReadonlyArray<number>>()
shape(Expr.eigh(m3).values).is<readonly [3]>()
shape(Expr.eigh(batch).values).is<readonly [7, 1, 3]>()
shape(Expr.eigh(batch).vectors).is<readonly [7, 1, 3, 3]>()
shape(m3.pipe(Expr.eigh).vectors).is<readonly [3, 3]>()
shape(Expr.eigh(unknownRank).values).is<ReadonlyArray<number>>()

// Failures and requirements of operands are united.
declare const failing: Expr.Expr<readonly [3, 3], "singular", "Random">
export const united: Expr.Expr<readonly [3], "singular", "Random"> = Expr.solve(failing, v3)
export const piped: Expr.Expr<readonly [], "singular", "Random"> = failing.pipe(Expr.logdet)
export const triangular: Expr.Expr<readonly [3, 3], "singular", "Random"> = failing.pipe(Expr.qr).r
export const spectrum: Expr.Expr<readonly [3], "singular", "Random"> = Expr.eigh(failing).values

const logDensity = Fn.make({ covariance: [2, 2], x: [2] }, ({ covariance, x }) => {
  const z = Expr.triangularSolve(Expr.cholesky(covariance), x)
  return Expr.neg(Expr.div(Expr.add(Expr.sum(Expr.square(z)), Expr.logdet(covariance)), 2))
})
export const density: (covariance: Tensor.Tensor<readonly [2, 2]>, x: Tensor.Tensor<readonly [2]>) => number = (
  covariance,
  x
) => Fn.runSync(logDensity, { covariance, x })
