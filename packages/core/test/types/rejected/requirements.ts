import { Expr, Fn, Initializer, Random, Tensor } from "@fluxion/core"

const x = Tensor.make([1, 2])
const layer = Fn.make([2], (x) => Expr.dot(Expr.param("w1", [2], Initializer.zeros), x))
const noisy = Fn.make([2], (x) => Expr.add(x, Expr.random.normal([2])))
const both = Fn.make([2], (x) => Expr.mul(Fn.apply(layer, x), Fn.apply(noisy, x)))

// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a1 = Fn.run(layer, x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a2 = layer.pipe(Fn.run(x))
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a3 = Fn.runSync(layer, x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a4 = layer.pipe(Fn.runSync(x))
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a12 = Fn.runResult(layer, x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a13 = layer.pipe(Fn.runResult(x))
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a5 = Fn.compile(layer)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a6 = layer.pipe(Fn.compile)
// error: this program still requires Random; use Fn.withKey
export const a7 = Fn.runSync(noisy, x)
// error: this program still requires Random; use Fn.withKey
export const a8 = noisy.pipe(Fn.run(x))
// error: this program still requires Random; use Fn.withKey
export const a9 = Fn.evaluate(Expr.random.uniform([2]))
// error: this program still requires Random; use Fn.withKey
export const a10 = Fn.runSync(Fn.withParams(both), { params: { w1: x }, inputs: x })
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a11 = Fn.withKey(both).pipe(Fn.runSync({ key: Random.key(0), inputs: x }))

const conflict = Fn.make([2], (x) => Expr.add(Fn.apply(layer, x), Expr.sum(Expr.param("w1", [3], Initializer.zeros))))
// error: the parameter w1 has shape [2] in one place and [3] in another
export const b1 = Fn.withParams(conflict)
// error: the parameter w1 has shape [2] in one place and [3] in another
export const b2 = conflict.pipe(Fn.withParams)
// error: the parameter w1 has shape [2] in one place and [3] in another
export const b3 = Fn.initParams(conflict, Random.key(0))
// error: the parameter w1 has shape [2] in one place and [3] in another
export const b4 = conflict.pipe(Fn.initParams(Random.key(0)))

// error: Property 'w1' is missing
export const c1 = Fn.runSync(Fn.withParams(layer), { params: {}, inputs: x })
export const c2 = Fn.runSync(Fn.withKey(noisy), {
  // error: not assignable to type 'Tensor<readonly [2], "index">'
  key: x,
  inputs: x
})
// error: not assignable to parameter of type 'Key'
export const c3 = Fn.initParams(layer, 42)

// error: cannot broadcast [3] to [2]
export const d1 = Expr.random.uniform([2], { min: Expr.ones([3]) })
// error: cannot broadcast [2] to []
export const d2 = Expr.random.normal([], { mean: Expr.ones([2]) })
// error: cannot broadcast [3] to [2]
export const d3 = Expr.random.bernoulli(Expr.ones([3]), [2])
// error: cannot broadcast [3] to [2]
export const d6 = Expr.ones([3]).pipe(Expr.random.bernoulli([2]))
// error: axis 1 is out of range for [3]
export const d4 = Expr.random.categorical(Expr.ones([3]), { axis: 1 })
// error: axis 1 is out of range for [3]
export const d5 = Expr.ones([3]).pipe(Expr.random.categorical({ axis: 1 }))
