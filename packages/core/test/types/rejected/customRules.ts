import { Expr, Fn, Initializer, Tensor, Type } from "@fluxion/core"

const f = Fn.make({ labels: Type.index([2]), w: [3] }, ({ labels, w }) => Expr.gather(w, labels))
declare const random: Expr.Expr<readonly [], never, "Random">

// error: tangents: expected [2], got [3]
export const a1 = Expr.customJvp(f, ({ tangents }) => tangents.w)
// error: tangents: expected [2], got a tree
export const a2 = f.pipe(Expr.customJvp(({ tangents }) => tangents))
// error: cotangents.w: expected [3], got [2]
export const a3 = Expr.customVjp(f, ({ cotangents }) => ({ w: cotangents }))
// error: cotangents.labels: nothing expected there
export const a4 = f.pipe(Expr.customVjp(({ primals }) => ({ w: primals.w, labels: primals.labels })))
// error: cotangents.w: nothing there, expected [3]
export const a5 = Expr.customVjp(f, () => ({}))
export const a6 = Expr.customVjp(f, {
  vjp: ({ primals }) => ({ w: primals.w }),
  // error: tangents: expected [2], got []
  jvp: () => 0
})
// error: Property 'labels' does not exist
export const a7 = Expr.customJvp(f, ({ tangents }) => Expr.gather(tangents.w, tangents.labels))
// error: a rule requires nothing
export const b1 = Expr.customJvp(f, () => Expr.mul(Expr.ones([2]), random))
export const b2 = Expr.customJvp(
  // error: a program with a rule of its own requires nothing
  Fn.make([], (x) => Expr.mul(x, random)),
  ({ tangents }) => tangents
)

// Running minds neither rules nor what they lack, but what is still required.
const rounded = Expr.customVjp(
  Fn.make([2], (x) => Expr.round(x)),
  ({ cotangents }) => cotangents
)
const scaled = Fn.make([2], (x) => Expr.mul(Fn.apply(rounded, x), Expr.param("w", [], Initializer.zeros)))
const at = Tensor.make([1, 2])
// error: this program still requires Param<w, []>; use Fn.withParams
export const c1 = Fn.runSync(scaled, at)
// error: this program still requires Param<w, []>; use Fn.withParams
export const c2 = scaled.pipe(Fn.run(at))
// error: this program still requires Param<w, []>; use Fn.withParams
export const c3 = scaled.pipe(Fn.runResult(at))
export const c4 = Expr.customJvp(
  // error: a program with a rule of its own requires nothing
  scaled,
  ({ tangents }) => tangents
)
