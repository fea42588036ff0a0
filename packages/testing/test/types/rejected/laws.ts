import { Expr, Fn, Initializer, Tensor } from "@fluxion/core"
import { Laws } from "@fluxion/testing"

const x = Tensor.make([1, 2])
const layer = Fn.make([2], (v) => Expr.dot(Expr.param("w1", [2], Initializer.zeros), v))
const noisy = Fn.make([2], (v) => Expr.sum(Expr.add(v, Expr.random.normal([2]))))
const reverseOnly = Fn.make([2], (v) => Expr.sum(v)).pipe(Expr.customVjp(() => Expr.ones([2])))

// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a1 = Laws.modesAgree(layer, x)
// error: this program still requires Random; use Fn.withKey
export const a2 = Laws.agreesWithNumeric(noisy, x)
// error: this program still requires Random; use Fn.withKey
export const a3 = Laws.transpose(noisy, x)
// error: this program has a custom rule without a JVP: it supports reverse mode only
export const a4 = Laws.modesAgree(reverseOnly, x)
// error: this program still requires Param<w1, [2]>; use Fn.withParams
export const a5 = Laws.modesAgree(layer)
