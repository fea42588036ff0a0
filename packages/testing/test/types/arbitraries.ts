// Compiled, not run: the types of arbitraries follow the specifications that they are given.

import { Expr, Fn, Tensor, type Tree, Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import { Arbitraries } from "@fluxion/testing"
import { Schema } from "effect"
import * as fc from "fast-check"

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_holds: Same<A, B>): void => {}

const inputs = { w: [2, 3], labels: Type.index([5]), deep: [{ on: Type.bool([]) }, []] } as const

const points = Arbitraries.point(inputs)
type Point = {
  readonly w: Tensor.Tensor<readonly [2, 3]>
  readonly labels: Tensor.Tensor<readonly [5], "index">
  readonly deep: readonly [{ readonly on: boolean }, number]
}
same<typeof points, fc.Arbitrary<Point>>(true)
Arbitraries.point(inputs, {
  reals: { positive: true },
  indices: { max: 4 },
  leaves: { w: { min: 0 }, labels: { min: 0, max: 2 }, deep: [{ on: fc.constant(true) }, fc.constant(2)] }
})
Arbitraries.point({ a: [3, 3] }, { leaves: { a: Arbitraries.positiveDefinite(3) } })

const directions = Arbitraries.direction({ w: [2, 3], labels: Type.index([5]), deep: [[2], []] })
same<
  typeof directions,
  fc.Arbitrary<{
    readonly w: Tensor.Tensor<readonly [2, 3]>
    readonly deep: readonly [Tensor.Tensor<readonly [2]>, number]
  }>
>(true)

const programs = Arbitraries.program({ inputs, outputs: { y: [4], k: Type.index([]) }, kinks: "none" })
same<
  typeof programs,
  fc.Arbitrary<
    Arbitraries.Program<typeof inputs, { readonly y: readonly [4]; readonly k: Type.Type<"index", readonly []> }>
  >
>(true)
fc.property(programs, points, ({ fn, inputs: at }, other) => {
  const y: Tensor.Tensor<readonly [4]> = Fn.runSync(fn, at).y
  const k: number = Fn.runSync(fn, other).k
  return y.data.length > k
})

// One scalar, unless something else is asked for.
const scalars = Arbitraries.program({ inputs: { x: [2] } })
same<typeof scalars, fc.Arbitrary<Arbitraries.Program<{ readonly x: readonly [2] }, readonly []>>>(true)
fc.property(scalars, Arbitraries.direction({ x: [2] }), ({ fn, inputs: primals }, tangents) => {
  const derivative: number = Fn.runSync(Forward.jvp(fn), { primals, tangents }).tangents
  return derivative === 0
})

// Inputs by their number: their shapes are not known, the outputs are.
const wide = Arbitraries.program({ inputs: 2, outputs: [[3], Type.real([2])] })
same<typeof wide, fc.Arbitrary<Arbitraries.Program<Arbitraries.Inputs, readonly [readonly [3], readonly [2]]>>>(true)
const any = Arbitraries.program()
same<typeof any, fc.Arbitrary<Arbitraries.Program>>(true)
const unknown = Arbitraries.program({ inputs: inputs as Tree.Spec, outputs: [3] as Tree.Spec })
same<typeof unknown, fc.Arbitrary<Arbitraries.Program<Tree.Spec, Tree.Spec>>>(true)

const square = Arbitraries.orthogonal(3)
same<typeof square, fc.Arbitrary<Tensor.Tensor<readonly [3, 3]>>>(true)
const tall = Arbitraries.wellConditioned([4, 2], { condition: 10 })
same<typeof tall, fc.Arbitrary<Tensor.Tensor<readonly [4, 2]>>>(true)

const formulas = Arbitraries.formula({ variables: ["a", "b"] })
fc.property(formulas, ({ fn }) => Fn.runSync(fn, { a: 1, b: 2 }) > 0)
fc.property(Arbitraries.formula(), ({ fn }) => Fn.runSync(fn, { x: 1, y: 2 }) > 0)

const values = Arbitraries.schema(Schema.Struct({ w: Tensor.schema([2]) }))
same<typeof values, fc.Arbitrary<{ readonly w: Tensor.Tensor<readonly [2]> }>>(true)

// A program of one's own takes the points of its inputs.
const own = Fn.make(inputs, ({ deep: [, x], w }) => Expr.sum(Expr.mul(w, x)))
fc.property(Arbitraries.point(own.inputs), (at) => Fn.runSync(own, at) > 0)
