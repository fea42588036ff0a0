import { Expr, Fn, Initializer, Tensor } from "@fluxion/core"
import { iterates, minimize, sgd } from "@fluxion/optim"

const start = Tensor.make([1, 2])
const layer = Fn.make([2], (v) => Expr.dot(Expr.param("w1", [2], Initializer.zeros), v))
const noisy = Fn.make([2], (v) => Expr.sum(Expr.add(v, Expr.random.normal([2]))))
const options = { start, optimizer: sgd(0.1) }

// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a1 = minimize(layer, options)
// error: this program still requires Random; use Fn.withKey
export const a2 = noisy.pipe(minimize(options))
// error: this program still requires Random; use Fn.withKey
export const a3 = iterates(noisy, options)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a4 = layer.pipe(iterates(options))
