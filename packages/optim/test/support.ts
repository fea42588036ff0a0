// What several tests share.

import { Expr, Fn, Tensor, Tree } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Optimizer, Parameters } from "@fluxion/optim"
import * as fc from "fast-check"

/** Every element of a tree of values, in the order of the leaves. */
export const flatten = (spec: Tree.Spec, value: unknown): ReadonlyArray<number> =>
  Tree.toTensors("flatten", spec, value).flatMap((tensor) => Array.from(tensor.data))

export const spec = { w: [2], b: [] } as const
export type Spec = { readonly w: readonly [2]; readonly b: readonly [] }

export const start = { w: Tensor.make([4, 3]), b: -2 } as const

/** w₀² + 3 w₁² + b² / 2 + w₀ b. */
export const bowl = Fn.make(spec, ({ b, w }) => {
  const w0 = Expr.at(w, 0)
  const w1 = Expr.at(w, 1)
  const squares = Expr.add(Expr.square(w0), Expr.mul(3, Expr.square(w1)))
  return Expr.add(Expr.add(squares, Expr.div(Expr.square(b), 2)), Expr.mul(w0, b))
})

/** The parameters after each of `steps` updates from `start`, by the update program on its own. */
export const trajectory = <S>(
  optimizer: Optimizer.Optimizer<S>,
  steps: number
): ReadonlyArray<ReadonlyArray<number>> => {
  const { init, update } = Optimizer.instantiate(optimizer, spec)
  const gradient = Reverse.grad(bowl)
  const move = Parameters.applyUpdates(spec)
  let parameters: Tree.Value<Spec> = start
  let state = Fn.runSync(init, parameters)
  return Array.from({ length: steps }, () => {
    const gradients = Fn.runSync(gradient, parameters)
    const outputs = Fn.runSync(update, { gradients, state, parameters } as never) as {
      readonly updates: Tree.Value<Spec>
      readonly state: typeof state
    }
    state = outputs.state
    parameters = Fn.runSync(move, { parameters, updates: outputs.updates })
    return flatten(spec, parameters)
  })
}

/** Numbers of every size that can be squared and added, and zero. */
export const number: fc.Arbitrary<number> = fc.oneof(
  fc.constant(0),
  fc.double({ min: -1e3, max: 1e3, noNaN: true }),
  fc
    .tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.integer({ min: -250, max: 250 }))
    .map(([mantissa, exponent]) => mantissa * 10 ** exponent)
)

/** The five-point derivative of `f` at `x` with step `h`, and a bound on its error from halving the step. */
export const derivative = (f: (x: number) => number, x: number, h: number) => {
  const at = (h: number) => (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)
  const [coarse, fine] = [at(h), at(h / 2)]
  const rounding = (8 * Number.EPSILON * Math.max(Math.abs(f(x)), Number.MIN_VALUE)) / h
  return { value: fine, error: Math.abs(fine - coarse) + rounding }
}
