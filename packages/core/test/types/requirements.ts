// Programs with requirements that must type-check, with exactly these types, in both call styles.

import { Expr, Fn, Initializer, Random, type Requirement, Tensor, type Type } from "@fluxion/core"
import type { Effect } from "effect"

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const the = <U>(_value: U) => ({
  is: <T>(..._proof: Equals<T, U> extends true ? [] : [U, "is not", T]): void => {}
})

type W = Requirement.Param<"w", readonly [64, 10]>
type B = Requirement.Param<"b", readonly [10]>
type Random = Requirement.Random
declare const size: number
declare const failing: Expr.Expr<readonly [], "overflow", B>

const w = Expr.param("w", [64, 10], Initializer.glorotUniform)
const b = Expr.param("b", [10], Initializer.zeros)
the(w).is<Expr.Expr<readonly [64, 10], never, W>>()
the(Expr.param("n", [size], Initializer.zeros)).is<
  Expr.Expr<readonly [number], never, Requirement.Param<"n", readonly [number]>>
>()

// draws
the(Expr.random.uniform([3])).is<Expr.Expr<readonly [3], never, Random>>()
the(Expr.random.uniform([3], { min: -1 })).is<Expr.Expr<readonly [3], never, Random>>()
the(Expr.random.uniform([2, 10], { min: b, max: failing })).is<Expr.Expr<readonly [2, 10], "overflow", Random | B>>()
the(Expr.random.normal([])).is<Expr.Expr<readonly [], never, Random>>()
the(Expr.random.normal([size, 10], { mean: b, standardDeviation: 2 })).is<
  Expr.Expr<readonly [number, 10], never, Random | B>
>()
the(Expr.random.bernoulli(0.5)).is<Expr.BoolExpr<readonly [], never, Random>>()
the(Expr.random.bernoulli(b)).is<Expr.BoolExpr<readonly [10], never, Random | B>>()
the(b.pipe(Expr.random.bernoulli())).is<Expr.BoolExpr<readonly [10], never, Random | B>>()
the(b.pipe(Expr.random.bernoulli([2, 10]))).is<Expr.BoolExpr<readonly [2, 10], never, Random | B>>()
the(Expr.random.bernoulli(failing, [4])).is<Expr.BoolExpr<readonly [4], "overflow", Random | B>>()
the(Expr.random.categorical(w)).is<Expr.IndexExpr<readonly [64], never, Random | W>>()
the(Expr.random.categorical(w, { axis: 0 })).is<Expr.IndexExpr<readonly [10], never, Random | W>>()
the(w.pipe(Expr.random.categorical())).is<Expr.IndexExpr<readonly [64], never, Random | W>>()
the(w.pipe(Expr.random.categorical({ axis: 0 }))).is<Expr.IndexExpr<readonly [10], never, Random | W>>()
the(Expr.random.permutation(5)).is<Expr.IndexExpr<readonly [5], never, Random>>()
the(Expr.random.permutation(size)).is<Expr.IndexExpr<readonly [number], never, Random>>()

// combinators unite requirements
const x64 = Expr.ones([64])
the(Expr.add(Expr.matmul(x64, w), b)).is<Expr.Expr<readonly [10], never, W | B>>()
the(x64.pipe(Expr.matmul(w), Expr.add(b), Expr.mul(Expr.random.normal([10])))).is<
  Expr.Expr<readonly [10], never, W | B | Random>
>()
the(Expr.sum(w, { axis: 0 })).is<Expr.Expr<readonly [10], never, W>>()
the(Expr.select(Expr.random.bernoulli(0.5, [10]), b, 0)).is<Expr.Expr<readonly [10], never, Random | B>>()
the(Expr.gt(b, 0)).is<Expr.BoolExpr<readonly [10], never, B>>()
the(Expr.concat([b, Expr.random.uniform([2])], 0)).is<Expr.Expr<readonly [12], never, B | Random>>()
the(Expr.gather(b, Expr.random.permutation(10))).is<Expr.Expr<readonly [10], never, B | Random>>()

// control flow too
the(Expr.map((x) => Expr.add(x, Expr.random.uniform([])), b)).is<Expr.Expr<readonly [10], never, B | Random>>()
the(Expr.scan((c, x) => [Expr.add(c, x), Expr.random.bernoulli(0.5)], 0, b)).is<
  readonly [Expr.Expr<readonly [], never, B | Random>, Expr.BoolExpr<readonly [10], never, B | Random>]
>()
the(Expr.iterate(3, (x) => Expr.mul(x, Expr.random.uniform([])), Expr.constant(1))).is<
  Expr.Expr<readonly [], never, Random>
>()
the(
  Expr.whileLoop(
    (x) => Expr.lt(x, Expr.random.uniform([])),
    (x) => Expr.add(x, 1),
    Expr.constant(0)
  )
).is<Expr.Expr<readonly [], never, Random>>()
the(
  Expr.cond(
    Expr.random.bernoulli(0.5),
    () => b,
    () => Expr.zeros([10])
  )
).is<Expr.Expr<readonly [10], never, B | Random>>()

// programs
const layer = Fn.make([64], (x) => Expr.add(Expr.matmul(x, w), b))
const noisy = Fn.make([10], (x) => Expr.add(x, Expr.random.normal([10])))
the(layer).is<Fn.Fn<readonly [64], readonly [10], never, W | B>>()
the(noisy).is<Fn.Fn<readonly [10], readonly [10], never, Random>>()
the(Fn.andThen(layer, noisy)).is<Fn.Fn<readonly [64], readonly [10], never, W | B | Random>>()
the(layer.pipe(Fn.andThen(noisy))).is<Fn.Fn<readonly [64], readonly [10], never, W | B | Random>>()
the(Fn.apply(layer, x64)).is<Expr.Expr<readonly [10], never, W | B>>()
the(noisy.pipe(Fn.apply(b))).is<Expr.Expr<readonly [10], never, Random | B>>()
the(Fn.call(noisy, b)).is<Expr.Expr<readonly [10], never, Random | B>>()
the(noisy.pipe(Fn.call(b))).is<Expr.Expr<readonly [10], never, Random | B>>()
the(Fn.map(noisy, { size: 5 })).is<Fn.Fn<readonly [5, 10], readonly [5, 10], never, Random>>()
the(layer.pipe(Fn.map({ size: 5 }))).is<Fn.Fn<readonly [5, 64], readonly [5, 10], never, W | B>>()

// handlers remove them, in any order
type Params = { readonly w: readonly [64, 10]; readonly b: readonly [10] }
type Key = Type.Type<"index", readonly [2]>
const both = Fn.andThen(layer, noisy)
the(Fn.withParams(layer)).is<Fn.Fn<{ readonly params: Params; readonly inputs: readonly [64] }, readonly [10]>>()
the(layer.pipe(Fn.withParams)).is<Fn.Fn<{ readonly params: Params; readonly inputs: readonly [64] }, readonly [10]>>()
the(Fn.withKey(noisy)).is<Fn.Fn<{ readonly key: Key; readonly inputs: readonly [10] }, readonly [10]>>()
the(noisy.pipe(Fn.withKey)).is<Fn.Fn<{ readonly key: Key; readonly inputs: readonly [10] }, readonly [10]>>()
the(Fn.withParams(both)).is<
  Fn.Fn<{ readonly params: Params; readonly inputs: readonly [64] }, readonly [10], never, Random>
>()
the(Fn.withKey(both)).is<Fn.Fn<{ readonly key: Key; readonly inputs: readonly [64] }, readonly [10], never, W | B>>()
the(both.pipe(Fn.withParams, Fn.withKey)).is<
  Fn.Fn<
    { readonly key: Key; readonly inputs: { readonly params: Params; readonly inputs: readonly [64] } },
    readonly [10]
  >
>()
the(both.pipe(Fn.withKey, Fn.withParams)).is<
  Fn.Fn<
    { readonly params: Params; readonly inputs: { readonly key: Key; readonly inputs: readonly [64] } },
    readonly [10]
  >
>()
the(Fn.withParams(noisy)).is<
  Fn.Fn<{ readonly params: {}; readonly inputs: readonly [10] }, readonly [10], never, Random>
>()
const guarded = Fn.make([], (x) => Expr.add(x, failing))
the(Fn.withParams(guarded)).is<
  Fn.Fn<{ readonly params: { readonly b: readonly [10] }; readonly inputs: readonly [] }, readonly [], "overflow">
>()

// parameters of one name whose shapes may be the same
declare const vague: Expr.Expr<readonly [number, 10], never, Requirement.Param<"w", readonly [number, 10]>>
Fn.withParams(Fn.make({}, () => [w, vague]))

// first values, in both call styles
const key = Random.key(0)
the(Fn.initParams(layer, key)).is<{
  readonly w: Tensor.Tensor<readonly [64, 10]>
  readonly b: Tensor.Tensor<readonly [10]>
}>()
the(layer.pipe(Fn.initParams(key))).is<{
  readonly w: Tensor.Tensor<readonly [64, 10]>
  readonly b: Tensor.Tensor<readonly [10]>
}>()
the(
  Fn.initParams(
    Fn.make({}, () => Expr.param("s", [], Initializer.ones)),
    key
  )
).is<{ readonly s: number }>()

// and then they run
const params = Fn.initParams(layer, key)
const at = { key, inputs: { params, inputs: Tensor.zeros([64]) } }
the(Fn.runSync(both.pipe(Fn.withParams, Fn.withKey), at)).is<Tensor.Tensor<readonly [10]>>()
the(both.pipe(Fn.withParams, Fn.withKey, Fn.runSync(at))).is<Tensor.Tensor<readonly [10]>>()
the(Fn.run(Fn.withParams(layer), { params, inputs: Tensor.zeros([64]) })).is<
  Effect.Effect<Tensor.Tensor<readonly [10]>>
>()

// A function that is generic in what programs require.
export const twice = <E, R>(f: Fn.Fn<readonly [], readonly [], E, R>): Fn.Fn<readonly [], readonly [], E, R> =>
  Fn.andThen(f, f)
