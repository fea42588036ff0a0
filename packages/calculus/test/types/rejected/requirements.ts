import * as Calculus from "@fluxion/calculus"
import * as Numeric from "@fluxion/calculus/Numeric"
import { Expr, Fn, Initializer, Tensor } from "@fluxion/core"

const x = Tensor.make([1, 2])
const layer = Fn.make([2], (v) => Expr.dot(Expr.param("w1", [2], Initializer.zeros), v))
const noisy = Fn.make([2], (v) => Expr.sum(Expr.add(v, Expr.random.normal([2]))))
const field = Fn.make([2], (v) => Expr.mul(v, Expr.param("w1", [2], Initializer.zeros)))

// What runs a program.
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a1 = Calculus.checkGradient(layer, x)
// error: this program still requires Random; use Fn.withKey
export const a2 = Calculus.checkGradient(noisy, x, { order: 2 })
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a3 = Calculus.compareModes(layer, x)
// error: this program still requires Random; use Fn.withKey
export const a4 = Calculus.linearize(noisy, x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a5 = Calculus.Trace.make(layer, x)
// error: this program still requires Random; use Fn.withKey
export const a6 = Calculus.Trace.make(noisy, x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a7 = Calculus.Graph.make(layer, x)
// error: this program still requires Random; use Fn.withKey
export const a8 = Numeric.gradient(noisy, x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a9 = Numeric.jacobian(field, x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a10 = Numeric.oneSidedGradient(layer, x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a11 = Numeric.directional(layer, x, x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a12 = Numeric.complexStep(layer, x)

// Derivatives keep what is required.
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const b1 = Fn.runSync(Calculus.jacobian(field), x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const b2 = Fn.runSync(field.pipe(Calculus.jacobian({ mode: "reverse" })), x)
// error: this program still requires Random; use Fn.withKey
export const b3 = Fn.runSync(Calculus.hessian(noisy), x)
// error: this program still requires Random; use Fn.withKey
export const b4 = Fn.runSync(Calculus.hvp(noisy), { primals: x, tangents: x })
// error: this program still requires Random; use Fn.withKey
export const b5 = Fn.runSync(Calculus.vhp(noisy), { primals: x, tangents: x })
// error: this program still requires Random; use Fn.withKey
export const b6 = Fn.runSync(Calculus.diagonalHessian(noisy), x)
// error: this program still requires Random; use Fn.withKey
export const b7 = Fn.runSync(Calculus.gradientNorm(noisy), x)
// error: this program still requires Random; use Fn.withKey
export const b8 = Fn.runSync(Calculus.laplacian(noisy), x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const b9 = Fn.runSync(Calculus.divergence(field), x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const b10 = Fn.runSync(Calculus.directional(field), { at: x, direction: x })
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const b11 = Fn.runSync(Calculus.jvp(field), { primals: x, tangents: x })
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const b12 = Fn.runSync(Calculus.vjp(field), { primals: x, cotangents: x })
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const b13 = Fn.runSync(Calculus.taylor(layer, 2), { at: x, direction: x })
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const b14 = Fn.runSync(Calculus.linearTranspose(field), x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const b15 = Fn.runSync(Calculus.sparseJacobian(field).values, x)
// error: this program still requires Random; use Fn.withKey
export const b16 = Fn.runSync(Calculus.sparseHessian(noisy).values, x)
const pure = Fn.make([2], (v) => Expr.sum(Expr.sin(v)))
const estimate = Calculus.laplacianEstimate(pure, { samples: 2 })
// error: this program still requires Random; use Fn.withKey
export const b17 = Fn.runSync(estimate, x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const b18 = Fn.runSync(Calculus.hessian(Calculus.laplacian(layer)), x)
