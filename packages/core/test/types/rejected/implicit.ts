import { Expr } from "@fluxion/core"

const v3 = Expr.ones([3])

// error: carry: expected [3], got [4]
export const a1 = Expr.root(() => Expr.ones([4]), v3)
// error: carry.b: nothing there, expected []
export const a2 = Expr.fixedPoint(({ a }) => ({ a }), { a: 1, b: 2 })
// error: carry: expected [], got [3]
export const a3 = Expr.root((x) => x, 1, { solver: () => v3 })
// error: does not exist in type
export const a4 = Expr.root((x) => x, 1, { toleranec: 1 })
