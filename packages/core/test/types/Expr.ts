// Programs that must type-check, with exactly these types, in both call styles.

import { Expr, Fn, Tensor, Type } from "@fluxion/core"
import type { Effect } from "effect"

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const shape = <S extends ReadonlyArray<number>>(_: Expr.Proto<"real" | "index" | "bool", S, unknown, unknown>) => ({
  is: <T extends ReadonlyArray<number>>(..._: Equals<S, T> extends true ? [] : [S, "is not", T]): void => {}
})

const m34 = Expr.ones([3, 4])
const v4 = Expr.ones([4])
const n: number = v4.shape.length
const unknownLength = Expr.ones([n])

shape(Expr.add(m34, v4)).is<readonly [3, 4]>()
shape(m34.pipe(Expr.add(v4))).is<readonly [3, 4]>()
shape(Expr.mul(2, m34)).is<readonly [3, 4]>()
shape(m34.pipe(Expr.mul(2))).is<readonly [3, 4]>()
shape(Expr.add(Expr.ones([3, 1]), Expr.ones([1, 4]))).is<readonly [3, 4]>()
shape(Expr.add(m34, unknownLength)).is<readonly [3, 4]>()
shape(Expr.add(1, 2)).is<readonly []>()
shape(
  Expr.add(
    Tensor.make([
      [1, 2],
      [3, 4]
    ]),
    1
  )
).is<readonly [2, 2]>()
shape(Expr.sin(m34)).is<readonly [3, 4]>()
shape(m34.pipe(Expr.sin, Expr.exp)).is<readonly [3, 4]>()
shape(Expr.gt(m34, v4)).is<readonly [3, 4]>()
shape(Expr.select(Expr.gt(v4, 0), m34, 0)).is<readonly [3, 4]>()
shape(Expr.gt(v4, 0).pipe(Expr.select(m34, 0))).is<readonly [3, 4]>()
shape(Expr.clamp(m34, 0, v4)).is<readonly [3, 4]>()

shape(Expr.sum(m34)).is<readonly []>()
shape(Expr.sum(m34, { axis: 0 })).is<readonly [4]>()
shape(Expr.sum(m34, { axis: -1 })).is<readonly [3]>()
shape(Expr.sum(m34, { axis: [0, 1] })).is<readonly []>()
shape(Expr.sum(m34, { axis: 1, keepDims: true })).is<readonly [3, 1]>()
shape(m34.pipe(Expr.sum({ axis: 0 }))).is<readonly [4]>()
shape(m34.pipe(Expr.mean({ axis: 0, keepDims: true }))).is<readonly [1, 4]>()
shape(Expr.argmax(m34, 1)).is<readonly [3]>()
shape(m34.pipe(Expr.argmax(1))).is<readonly [3]>()
shape(Expr.cumsum(m34)).is<readonly [3, 4]>()
shape(Expr.softmax(m34)).is<readonly [3, 4]>()
shape(Expr.crossEntropy(m34, Tensor.index([0, 1, 2]))).is<readonly [3]>()
shape(Expr.crossEntropy(m34, m34)).is<readonly [3]>()

shape(Expr.matmul(m34, Expr.ones([4, 5]))).is<readonly [3, 5]>()
shape(m34.pipe(Expr.matmul(v4))).is<readonly [3]>()
shape(Expr.matmul(Expr.ones([7, 1, 2, 3]), Expr.ones([8, 3, 6]))).is<readonly [7, 8, 2, 6]>()
shape(Expr.einsum("ij,jk->ki", m34, Expr.ones([4, 5]))).is<readonly [5, 3]>()
shape(m34.pipe(Expr.einsum("ij,ij->", m34))).is<readonly []>()
shape(Expr.outer(v4, m34)).is<readonly [4, 3, 4]>()
shape(Expr.diagonal(Expr.ones([4, 4]))).is<readonly [4]>()

shape(Expr.reshape(m34, [2, 6])).is<readonly [2, 6]>()
shape(Expr.reshape(Expr.ones([1000, 1000]), [1000000])).is<readonly [1000000]>()
shape(Expr.reshape(m34, [2, -1])).is<readonly [2, number]>()
shape(Expr.transpose(m34)).is<readonly [4, 3]>()
shape(m34.pipe(Expr.transpose([1, 0]))).is<readonly [4, 3]>()
shape(Expr.concat([m34, Expr.ones([96, 4])])).is<readonly [99, 4]>()
shape(Expr.concat([m34, Expr.ones([3, 6])], 1)).is<readonly [3, 10]>()
shape(Expr.stack([v4, v4, v4])).is<readonly [3, 4]>()
shape(Expr.stack([v4, v4, v4], 1)).is<readonly [4, 3]>()
shape(Expr.slice(m34, { starts: [1, 0], limits: [3, 4] })).is<readonly [2, 4]>()
shape(Expr.at(m34, 0)).is<readonly [4]>()
shape(Expr.at(m34, 0, 1)).is<readonly [3]>()
shape(Expr.gather(m34, Tensor.index([0, 1, 2, 0]))).is<readonly [4, 4]>()
shape(Expr.gather(m34, Tensor.index([0, 1]), 1)).is<readonly [3, 2]>()
shape(Expr.expandDims(m34, 0)).is<readonly [1, 3, 4]>()
shape(Expr.expandDims(m34, -1)).is<readonly [3, 4, 1]>()
shape(Expr.squeeze(Expr.ones([3, 1]), 1)).is<readonly [3]>()
shape(Expr.broadcastTo(v4, [3, 4])).is<readonly [3, 4]>()
shape(Expr.oneHot(Tensor.index([0, 1]), 5)).is<readonly [2, 5]>()
shape(
  Expr.constant([
    [1, 2, 3],
    [4, 5, 6]
  ])
).is<readonly [2, 3]>()

// Element types follow operands.
export const indices: Expr.IndexExpr<readonly [2]> = Expr.add(Tensor.index([1, 2]), 1)
export const flags: Expr.BoolExpr<readonly [2]> = Expr.eq(Tensor.index([1, 2]), 1)

// Failures and requirements of operands are united.
declare const failing: Expr.Expr<readonly [4], "overflow", "Random">
export const united: Expr.Expr<readonly [3, 4], "overflow", "Random"> = Expr.add(m34, failing)
export const piped: Expr.Expr<readonly [3, 4], "overflow", "Random"> = m34.pipe(Expr.add(failing))
const program = Fn.make({ x: [3, 4] }, ({ x }) => ({ y: Expr.add(x, failing) }))
export const exact: Equals<
  typeof program,
  Fn.Fn<{ readonly x: readonly [3, 4] }, { readonly y: readonly [3, 4] }, "overflow", "Random">
> = true
// @ts-expect-error a program that still requires something does not run
export const refused = Fn.run(program, { x: Tensor.zeros([3, 4]) })

declare const fails: Fn.Fn<readonly [], readonly [], "overflow">
export const run: Effect.Effect<number, "overflow"> = Fn.run(fails, 1)
export const runPiped: Effect.Effect<number, "overflow"> = fails.pipe(Fn.run(1))

const typed = Fn.make(
  { labels: Type.index([2]), w: [3] },
  ({ labels, w }) => [Expr.gather(w, labels), Expr.sum(w)] as const
)
export const outputs: readonly [Tensor.Tensor<readonly [2]>, number] = Fn.runSync(typed, {
  labels: Tensor.index([0, 1]),
  w: Tensor.make([1, 2, 3])
})
// @ts-expect-error the value does not fit the input, data-last
export const refusedPiped = fails.pipe(Fn.run("1"))

// Functions that are generic in dimensions or shapes.
export const dense = <I extends number, O extends number>(
  w: Expr.Expr<readonly [O, I]>,
  x: Expr.Expr<readonly [I]>,
  b: Expr.Expr<readonly [O]>
): Expr.Expr<readonly [O]> => Expr.tanh(Expr.add(Expr.matmul(w, x), b))
export const batch = <N extends number, I extends number, O extends number>(
  x: Expr.Expr<readonly [N, I]>,
  w: Expr.Expr<readonly [I, O]>
): Expr.Expr<readonly [N, O]> => Expr.matmul(x, w)
export const square = <S extends ReadonlyArray<number>>(x: Expr.Expr<S>): Expr.Expr<S> => Expr.mul(x, x)
export const half = <S extends ReadonlyArray<number>>(x: Expr.Expr<S>): Expr.Expr<S> => Expr.mul(x, 0.5)
export const twice = <S extends ReadonlyArray<number>>(x: Expr.Expr<S>): Expr.Expr<S> => Expr.mul(2, x)
export const halfPiped = <S extends ReadonlyArray<number>>(x: Expr.Expr<S>): Expr.Expr<S> => x.pipe(Expr.mul(0.5))
export const mse = <N extends number>(x: Expr.Expr<readonly [N]>, y: Expr.Expr<readonly [N]>): Expr.Expr<readonly []> =>
  Expr.mean(Expr.square(Expr.sub(x, y)))
export const norm = <S extends ReadonlyArray<number>>(x: Expr.Expr<S>): Expr.Expr<readonly []> => Expr.norm(x)

// Lists of unknown length.
declare const list: ReadonlyArray<Expr.Expr<readonly [3]>>
shape(Expr.stack(list)).is<readonly [number, 3]>()
shape(Expr.stack(list, 1)).is<readonly [3, number]>()
shape(Expr.concat(list)).is<readonly [number]>()
