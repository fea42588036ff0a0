// Programs that must type-check, with exactly these types, in both call styles.

import { Expr, Fn, Type } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"

type Equals<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

declare const failing: Expr.Expr<readonly [], "overflow", "Random">
const loss = Fn.make({ labels: Type.index([2]), layer: { b: [], w: [3] } }, ({ labels, layer: { b, w } }) =>
  Expr.add(Expr.sum(Expr.gather(w, labels)), Expr.mul(b, failing))
)
type Inputs = { readonly labels: Type.Type<"index", readonly [2]>; readonly layer: Layer }
type Layer = { readonly b: readonly []; readonly w: readonly [3] }

const gradient = Reverse.grad(loss)
export const exact: Equals<typeof gradient, Fn.Fn<Inputs, { readonly layer: Layer }, "overflow", "Random">> = true
const piped = loss.pipe(Reverse.grad({ wrt: ["layer"] }))
export const exactPiped: Equals<typeof piped, Fn.Fn<Inputs, { readonly layer: Layer }, "overflow", "Random">> = true

export const both: Fn.Fn<
  Inputs,
  { readonly value: readonly []; readonly grad: { readonly layer: Layer } },
  "overflow",
  "Random"
> = Reverse.valueAndGrad(loss)

const hessian = Reverse.jacobian(Reverse.grad(Fn.make([3], (x) => Expr.dot(x, x))))
export const square: Equals<typeof hessian, Fn.Fn<readonly [3], readonly [3, 3]>> = true

/** Generic in the inputs. */
export const descend = <I extends { readonly [key: string]: readonly [] }>(f: Fn.Fn<I, readonly []>) => Reverse.grad(f)
