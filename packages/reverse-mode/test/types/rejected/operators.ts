import { Expr, Fn, Tensor, Type } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"

const vector = Fn.make({ x: [3] }, ({ x }) => Expr.sin(x))
const loss = Fn.make({ w: [3], labels: Type.index([2]) }, ({ labels, w }) =>
  Expr.add(Expr.sum(w), Expr.sum(Expr.toReal(labels)))
)

// error: grad: expected a program of one scalar output, got a tree; use vjp or jacobian
export const a0 = Reverse.grad(Fn.make([3], (x) => ({ y: Expr.sum(x) })))
// error: grad: expected a program of one scalar output, got [3]; use vjp or jacobian
export const a = Reverse.grad(vector)
// error: is not assignable
export const b = Reverse.grad(loss, { wrt: ["labels"] })
// error: is not assignable
export const c = Reverse.grad(loss, { wrt: ["v"] })
// error: wrt names labels, which is not a real input
export const d = loss.pipe(Reverse.grad({ wrt: ["labels"] }))

const input = { w: Tensor.make([1, 2, 3]), labels: Tensor.index([0, 1]) }
// error: Property 'labels' does not exist
export const e = Fn.runSync(Reverse.grad(loss), input).labels
