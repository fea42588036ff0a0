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

const identity = Fn.make([], (x) => x)
const reverseOnly = Expr.customVjp(identity, ({ cotangents }) => cotangents)
// error: this program has a custom rule without a JVP: it supports reverse mode only
export const d1 = Forward.jvp(reverseOnly)
// error: this program has a custom rule without a JVP: it supports reverse mode only
export const d2 = Forward.derivative(reverseOnly)
// error: this program has a custom rule without a JVP: it supports reverse mode only
export const d3 = Forward.directional(Fn.make([3], (x) => Expr.map((xi) => Fn.apply(reverseOnly, xi), x)))
// error: this program has a custom rule without a JVP: it supports reverse mode only
export const d4 = reverseOnly.pipe(Forward.jacobian)
// error: this program has a custom rule without a JVP: it supports reverse mode only
export const d5 = Forward.evaluate(reverseOnly, { primals: 1, tangents: 1 })
