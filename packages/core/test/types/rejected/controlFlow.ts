import { Expr, Tensor } from "@fluxion/core"

const xs = Expr.ones([5, 3])
const v4 = Expr.ones([4])
const flag = Expr.gt(Expr.constant(1), 0)

// error: carry: expected [3], got [5,3]
export const a1 = Expr.scan((c, x) => [Expr.add(c, xs), x], Expr.ones([3]), xs)
// error: carry.w: expected [], got [3]
export const a2 = Expr.fold(({ w }, x) => ({ w: Expr.add(w, x) }), { w: 0 }, xs)
// error: carry.b: nothing there, expected []
export const a3 = Expr.fold(({ w }, x) => ({ w: Expr.add(w, x) }), { w: Expr.ones([3]), b: 0 }, xs)
// error: carry.b: nothing expected there
export const a4 = Expr.iterate(3, ({ w }) => ({ w, b: w }), { w: v4 })
// error: carry[1]: expected [], got [4]
export const a5 = Expr.iterate(3, ([a, b]) => [b, Expr.add(a, v4)] as const, [0, 0])
// error: carry: expected [], got [4]
export const a6 = Expr.constant(0).pipe(Expr.iterate(3, (x: Expr.Expr<readonly []>) => Expr.add(x, v4)))
export const a7 = Expr.whileLoop(
  (i) => Expr.lt(i, 3),
  // error: carry: expected index[], got []
  (i) => Expr.toReal(i),
  Expr.constant(Tensor.index(0))
)
export const a8 = Expr.whileLoop(
  // error: expected one truth value, got [4]
  (x) => Expr.lt(x, 3),
  (x) => Expr.mul(x, 2),
  v4
)
// error: leading axes differ
export const b1 = Expr.map(({ a, b }) => Expr.add(a, b), { a: xs, b: Expr.ones([4, 3]) })
// error: a scalar has no leading axis
export const b2 = Expr.map((x) => x, Expr.constant(1))
// error: leading axes differ
export const b3 = Expr.fold((c) => c, 0, [xs, v4])
// error: slices of xs are not what the body takes
export const b4 = xs.pipe(Expr.map((x: Expr.Expr<readonly [4]>) => x))
export const b5 = xs.pipe(
  Expr.mul(2),
  // error: the type of a slice is not known here: write it out
  Expr.map((x) => Expr.sin(x))
)
// error: a scalar has no leading axis
export const b6 = Expr.constant(1).pipe(Expr.fold((c, x: Expr.Expr<readonly []>) => Expr.add(c, x), 0))
export const c1 = Expr.cond(
  flag,
  () => v4,
  // error: whenFalse: expected [4], got [5,3]
  () => xs
)
export const c2 = flag.pipe(
  Expr.cond(
    () => v4,
    // error: whenFalse: expected [4], got [5,3]
    () => xs
  )
)
export const c3 = Expr.cond(
  // error: expected one truth value, got [4]
  Expr.gt(v4, 0),
  () => v4,
  () => v4
)
// error: "some"
export const d1 = Expr.fold((c, x) => Expr.add(c, x), 0, v4, { checkpoint: "some" })
// error: 'ever' does not exist
export const d2 = Expr.iterate(3, (c) => Expr.add(c, c), 0, { checkpoint: { ever: 3 } })
