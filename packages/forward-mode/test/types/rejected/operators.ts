import { Expr, Fn } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"

const two = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y))
const vector = Fn.make([3], (x) => Expr.sin(x))

// error: expected a program of one scalar input
export const a = Forward.derivative(two)
// error: expected a program of one scalar input
export const b = Forward.derivative(vector)
// error: is not assignable
export const c = Fn.runSync(Forward.jvp(two), { primals: { x: 1, y: 2 }, tangents: { x: 1, y: "2" } })
