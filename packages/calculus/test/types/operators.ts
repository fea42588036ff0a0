// Compiled, not run: what the types of the operators accept and reject.

import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, type Requirement, type Tensor, Type } from "@fluxion/core"
import type { Effect, Result } from "effect"

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare const same: <A, B>(holds: Same<A, B>) => void

declare class Bad {
  readonly _tag: "Bad"
}
declare class Need {
  readonly _tag: "Need"
}

declare const scalar: Fn.Fn<{ readonly w: readonly [3, 2]; readonly b: readonly [] }, readonly [], Bad, Need>
declare const pure: Fn.Fn<{ readonly w: readonly [3, 2]; readonly b: readonly [] }, readonly []>
declare const vector: Fn.Fn<{ readonly x: readonly [4] }, { readonly y: readonly [2]; readonly z: readonly [] }>

// Failures and requirements are kept; the structure is known.
const hessian = Calculus.hessian(scalar)
same<
  typeof hessian,
  Fn.Fn<
    { readonly w: readonly [3, 2]; readonly b: readonly [] },
    {
      readonly w: { readonly w: readonly [3, 2, 3, 2]; readonly b: readonly [3, 2] }
      readonly b: { readonly w: readonly [3, 2]; readonly b: readonly [] }
    },
    Bad,
    Need
  >
>(true)

const hvp = Calculus.hvp(pure)
same<Fn.Input<typeof hvp>["tangents"], { readonly w: Tensor.Tensor<readonly [3, 2]>; readonly b: number }>(true)
same<Fn.Output<typeof hvp>, { readonly w: Tensor.Tensor<readonly [3, 2]>; readonly b: number }>(true)

// Both call styles.
const jacobian = Calculus.jacobian(vector)
const piped = vector.pipe(Calculus.jacobian({ mode: "reverse" }))
same<typeof jacobian, typeof piped>(true)
same<
  typeof jacobian,
  Fn.Fn<
    { readonly x: readonly [4] },
    { readonly y: { readonly x: readonly [2, 4] }; readonly z: { readonly x: readonly [4] } }
  >
>(true)

const report = Calculus.checkGradient(pure, { w: null as never, b: 1 })
same<typeof report, Effect.Effect<Calculus.GradientReport>>(true)

const numeric = Calculus.Numeric.jacobian(vector, { x: null as never })
same<typeof numeric.value.y.x, Tensor.Tensor<readonly [2, 4]>>(true)

// Indices carry no derivatives.
const labelled = Fn.make({ x: [3], i: Type.index([2]) }, ({ i, x }) => Expr.sum(Expr.gather(x, i)))
const gradient = Calculus.Numeric.gradient(labelled, { x: null as never, i: null as never })
same<keyof typeof gradient.value, "x">(true)

// @ts-expect-error the Hessian of an array is not defined
Calculus.hessian(vector)
// @ts-expect-error nor is its product with a vector
Calculus.hvp(vector)
// @ts-expect-error there is no such mode
Calculus.jacobian(vector, { mode: "sideways" })
// @ts-expect-error there is no such mode
vector.pipe(Calculus.jacobian({ mode: "sideways" }))
// @ts-expect-error a gradient check is of one scalar output
Calculus.checkGradient(vector, { x: null as never })
// @ts-expect-error a program with requirements cannot be run
Calculus.checkGradient(scalar, { w: null as never, b: 1 })
// @ts-expect-error an input is missing
Calculus.Numeric.gradient(pure, { b: 1 })
// @ts-expect-error there is no such method
Calculus.Numeric.gradient(pure, { w: null as never, b: 1 }, { method: "backward" })

// Vector calculus: the structure of the inputs, failures and requirements are kept.
declare const field: Fn.Fn<
  { readonly x: readonly []; readonly y: readonly [2] },
  { readonly x: readonly []; readonly y: readonly [2] },
  Bad,
  Need
>
declare const space: Fn.Fn<readonly [3], readonly [3], Bad, Need>
const laplacian = Calculus.laplacian(scalar)
same<typeof laplacian, Fn.Fn<{ readonly w: readonly [3, 2]; readonly b: readonly [] }, readonly [], Bad, Need>>(true)
const estimate = Calculus.laplacianEstimate(scalar, { samples: 3 })
same<
  typeof estimate,
  Fn.Fn<{ readonly w: readonly [3, 2]; readonly b: readonly [] }, readonly [], Bad, Need | Requirement.Random>
>(true)
const norm = scalar.pipe(Calculus.gradientNorm)
same<typeof norm, typeof laplacian>(true)
const diagonal = Calculus.diagonalHessian(scalar)
same<
  typeof diagonal,
  Fn.Fn<
    { readonly w: readonly [3, 2]; readonly b: readonly [] },
    { readonly w: readonly [3, 2]; readonly b: readonly [] },
    Bad,
    Need
  >
>(true)
const divergence = Calculus.divergence(field)
same<typeof divergence, Fn.Fn<{ readonly x: readonly []; readonly y: readonly [2] }, readonly [], Bad, Need>>(true)
const curl = Calculus.curl(space)
same<typeof curl, Fn.Fn<readonly [3], readonly [3], Bad, Need>>(true)
const transpose = Calculus.linearTranspose(vector)
same<typeof transpose, Fn.Fn<{ readonly y: readonly [2]; readonly z: readonly [] }, { readonly x: readonly [4] }>>(true)

declare const failing: Fn.Fn<readonly [], { readonly y: readonly [2] }, Bad>
const linearised = Calculus.linearize(failing, 1)
same<typeof linearised, Effect.Effect<Calculus.Linearization<readonly [], { readonly y: readonly [2] }>, Bad>>(true)

// A field has outputs like its inputs; a program that requires something is not run.
// @ts-expect-error the outputs are not like the inputs
Calculus.divergence(vector)
// @ts-expect-error the outputs are not like the inputs
Calculus.curl(vector)
// @ts-expect-error one scalar output
Calculus.laplacian(vector)
// @ts-expect-error it requires something
Calculus.linearize(scalar, { w: null as never, b: 0 })

// Taylor coefficients: a leading axis at each output; both call styles.
const series = Calculus.taylor(scalar, 3)
same<Fn.Output<typeof series>, Tensor.Tensor<readonly [number]>>(true)
same<Fn.Input<typeof series>["at"], Fn.Input<typeof scalar>>(true)
const both = vector.pipe(Calculus.taylor(2))
same<
  Fn.Output<typeof both>,
  { readonly y: Tensor.Tensor<readonly [number, 2]>; readonly z: Tensor.Tensor<readonly [number]> }
>(true)

// A program that supports reverse mode only.
const reverseOnly = Fn.make({ x: [4] }, ({ x }) => Expr.sum(x)).pipe(Expr.customVjp(() => ({ x: Expr.ones([4]) })))
const row = Calculus.jacobian(reverseOnly, { mode: "reverse" })
same<typeof row, Fn.Fn<{ readonly x: readonly [4] }, { readonly x: readonly [4] }, never, Fn.ReverseOnly>>(true)
reverseOnly.pipe(Calculus.jacobian({ mode: "reverse" }))
const auto = () => Calculus.jacobian(reverseOnly)
Calculus.Numeric.gradient(reverseOnly, { x: null as never })
Calculus.checkGradient(reverseOnly, { x: null as never })
same<typeof row, ReturnType<typeof auto>>(true)
// @ts-expect-error forward mode is not supported
reverseOnly.pipe(Calculus.jacobian({ mode: "forward" }))
// @ts-expect-error a Hessian is taken forward over reverse
Calculus.hessian(reverseOnly)
// @ts-expect-error so is its product with a vector
Calculus.hvp(reverseOnly)
// @ts-expect-error so are the series, the traces and the diagonals
Calculus.taylor(reverseOnly, 2)
// @ts-expect-error in both call styles
reverseOnly.pipe(Calculus.taylor(2))
// @ts-expect-error forward over reverse
Calculus.laplacian(reverseOnly)
// @ts-expect-error forward over reverse
Calculus.diagonalHessian(reverseOnly)
// @ts-expect-error forward over reverse
Calculus.sparseHessian(reverseOnly)
// @ts-expect-error a linear map is taken forward
Calculus.linearize(reverseOnly, { x: null as never })
// @ts-expect-error it compares both modes
Calculus.compareModes(reverseOnly, { x: null as never })
// @ts-expect-error forward mode is not supported
Calculus.sparseJacobian(reverseOnly, { mode: "forward" })
// What is made of reverse mode alone is supported.
const sparse = () => [
  Calculus.sparseJacobian(reverseOnly),
  Calculus.vhp(reverseOnly),
  Calculus.gradientNorm(reverseOnly)
]
same<ReturnType<typeof sparse>["length"], number>(true)

// Every other operator keeps failures and requirements too.
type W = { readonly w: readonly [3, 2]; readonly b: readonly [] }
const all = [
  Calculus.jacobian(scalar),
  Calculus.jacobian(scalar, { mode: "mixed" }),
  scalar.pipe(Calculus.jacobian({ mode: "reverse" })),
  Calculus.hvp(scalar),
  Calculus.vhp(scalar),
  Calculus.jvp(scalar),
  Calculus.vjp(scalar),
  Calculus.directional(scalar),
  Calculus.taylor(scalar, 2),
  Calculus.linearTranspose(scalar),
  Calculus.sparseJacobian(scalar).values,
  Calculus.sparseHessian(scalar).values,
  Calculus.hessian(Calculus.laplacian(scalar)),
  Calculus.jvp(Calculus.hvp(scalar))
] as const
type Kept<F> = F extends Fn.Fn<infer _I, infer _O, infer E, infer R> ? [E, R] : never
same<Kept<(typeof all)[number]>, [Bad, Need]>(true)
const third = Calculus.jvp(Calculus.hvp(pure))
same<Fn.Input<typeof third>["primals"]["primals"], Fn.Input<Fn.Fn<W, readonly []>>>(true)

// A check of higher order has a report of its own.
const higher = Calculus.checkGradient(pure, { w: null as never, b: 1 }, { order: 2 })
same<typeof higher, Effect.Effect<Calculus.HigherReport>>(true)
const firstOrder = Calculus.checkGradient(pure, { w: null as never, b: 1 }, { order: 1, correct: 1e-6 })
same<typeof firstOrder, typeof report>(true)
const anyOrder = (order: number) => Calculus.checkGradient(pure, { w: null as never, b: 1 }, { order })
same<ReturnType<typeof anyOrder>, Effect.Effect<Calculus.GradientReport | Calculus.HigherReport>>(true)
// @ts-expect-error one scalar output
Calculus.checkGradient(vector, { x: null as never }, { order: 2 })

// Complex steps say where they do not apply, and how the program fails.
const complexStep = Calculus.Numeric.complexStep(failing, 1)
same<
  typeof complexStep,
  Result.Result<
    Calculus.Numeric.Estimates<{ readonly y: Tensor.Tensor<readonly [2]> }>,
    Bad | Calculus.Numeric.NotAnalyticError
  >
>(true)
// @ts-expect-error there is one method
Calculus.Numeric.complexStep(failing, 1, { method: "central" })
