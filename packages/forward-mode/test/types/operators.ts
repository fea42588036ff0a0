// Programs that must type-check, with exactly these types.

import { Expr, Fn, type Tree, Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

declare const failing: Expr.Expr<readonly [], "overflow", "Random">
const f = Fn.make({ labels: Type.index([2]), w: [3] }, ({ labels, w }) => ({
  best: Expr.argmax(w, 0),
  picked: Expr.mul(Expr.gather(w, labels), failing)
}))
type Inputs = { readonly labels: Type.Type<"index", readonly [2]>; readonly w: readonly [3] }
type Outputs = { readonly best: Type.Type<"index", readonly []>; readonly picked: readonly [2] }

const jvp = Forward.jvp(f)
export const exact: Equals<
  typeof jvp,
  Fn.Fn<
    { readonly primals: Inputs; readonly tangents: { readonly w: readonly [3] } },
    { readonly primals: Outputs; readonly tangents: { readonly picked: readonly [2] } },
    "overflow",
    "Random"
  >
> = true

const jacobian = f.pipe(Forward.jacobian)
export const blocks: Equals<
  typeof jacobian,
  Fn.Fn<Inputs, { readonly picked: { readonly w: readonly [2, 3] } }, "overflow", "Random">
> = true

const velocity = Forward.derivative(Fn.make({ t: [] }, ({ t }) => Expr.stack([Expr.cos(t), Expr.sin(t)])))
export const record: Equals<typeof velocity, Fn.Fn<{ readonly t: readonly [] }, readonly [2]>> = true

const second = Fn.make([], (x) => Expr.sin(x)).pipe(Forward.derivative, Forward.derivative)
export const nested: Equals<typeof second, Fn.Fn<readonly [], readonly []>> = true

// A custom rule with a JVP supports forward mode.
const identity = Fn.make([], (x) => x)
const both = Expr.customVjp(identity, { vjp: ({ cotangents }) => cotangents, jvp: ({ tangents }) => tangents })
export const supported = [
  Forward.derivative(both),
  both.pipe(Forward.jacobian),
  Forward.evaluate(identity.pipe(Expr.customJvp(({ tangents }) => tangents)), { primals: 1, tangents: 1 }).tangents
]

// A function of programs passes the question on.
export const velocity2 = <I extends Tree.Spec, O, E, R>(f: Fn.Fn<I, O, E, R> & Forward.CheckForward<R>) =>
  Forward.directional(f)
export const still: typeof both = velocity2(both) as never
