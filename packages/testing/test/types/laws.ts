// Compiled, not run: what the types of laws and arbitraries accept and reject.

import { Backend, type Failure, type Fn, type Shape, type Tensor } from "@fluxion/core"
import { Arbitraries, Laws } from "@fluxion/testing"
import type { Effect, Layer } from "effect"
import { expect } from "vitest"
import "../../src/Vitest.ts"
import type * as fc from "fast-check"

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare const same: <A, B>(holds: Same<A, B>) => void

declare const scalar: Fn.Fn<{ readonly x: readonly [2]; readonly y: readonly [] }, readonly []>
declare const vector: Fn.Fn<{ readonly x: readonly [2] }, { readonly z: readonly [3] }>
declare const needy: Fn.Fn<readonly [], readonly [], never, "Random">
declare const x: Tensor.Tensor<readonly [2]>
declare const z: Tensor.Tensor<readonly [3]>

const checked = Laws.modesAgree(scalar, { x, y: 1 })
same<typeof checked, Effect.Effect<Laws.Report, Laws.LawViolation>>(true)
Laws.modesAgree(vector, { x })
Laws.transpose(vector, { x }, { tangents: { x }, cotangents: { z } })
Laws.agreesWithNumeric(scalar, { x, y: 1 }, { safety: 2, method: "central" })

const tensors = Arbitraries.tensor([2, 3], { special: true })
same<typeof tensors, fc.Arbitrary<Tensor.Tensor<readonly [2, 3]>>>(true)
const shapes = Arbitraries.shape()
same<typeof shapes, fc.Arbitrary<Shape.Shape>>(true)
const law = ({ fn, inputs }: Arbitraries.Program) => Laws.modesAgree(fn, inputs)
same<ReturnType<typeof law>, typeof checked>(true)

declare const failing: Fn.Fn<{ readonly x: readonly [2] }, readonly [], Failure.DomainError>
declare const reverseOnly: Fn.Fn<{ readonly x: readonly [2] }, readonly [], never, Fn.ReverseOnly>
declare const layer: Layer.Layer<never, "absent">

const claim = Laws.modesAgree(scalar)
same<ReturnType<typeof claim.check>, typeof checked>(true)
const point = (at: { readonly x: Tensor.Tensor<readonly [2]>; readonly y: number }) => claim.assert(at)
same<ReturnType<typeof point>, Laws.Report>(true)
same<
  typeof claim.property extends (options?: infer _O) => fc.IPropertyWithHooks<[infer At]> ? At : never,
  Parameters<typeof point>[0]
>(true)
const fails = Laws.linearity(failing, { x })
same<typeof fails, Effect.Effect<Laws.Report, Laws.LawViolation | Failure.DomainError>>(true)
const onBackend = Laws.backendAgrees(Backend.interpreter)(failing, { x }, { ulps: { exp: 1 } })
same<typeof onBackend, Effect.Effect<Laws.Report, Laws.LawViolation | Backend.CompileError>>(true)
const onLayer = Laws.backendAgrees(layer)(reverseOnly, { x })
same<typeof onLayer, Effect.Effect<Laws.Report, Laws.LawViolation | Backend.CompileError | "absent">>(true)
const trip = Laws.roundTrip(failing, { x })
same<typeof trip, Effect.Effect<Laws.Report, Laws.LawViolation>>(true)
Laws.agreesWithNumeric(reverseOnly, { x })
Laws.hessianSymmetric(reverseOnly, { x })
Laws.chainRule(vector, { x }, { outer: null as never as Fn.Fn<{ readonly z: readonly [3] }, readonly []> })

expect(scalar).toHaveCorrectGradient({ x, y: 1 }, { wrong: 1e-4 })
expect(reverseOnly).toHaveCorrectGradient({ x })
expect(failing).not.toHaveCorrectGradient({ x })
expect({ x, y: 1 }).toBeCloseTensor({ x, y: 2 }, { ulps: 2 })
expect(scalar).toEqualProgram(vector)
// @ts-expect-error no gradient: several outputs
expect(vector).toHaveCorrectGradient({ x })
// @ts-expect-error an input is missing
expect(scalar).toHaveCorrectGradient({ x })
// @ts-expect-error a program with requirements cannot be run
expect(needy).toHaveCorrectGradient(1)
// @ts-expect-error there is no such tolerance
expect(x).toBeCloseTensor(x, { ulp: 2 })
// @ts-expect-error no program
expect(x).toEqualProgram(vector)
// @ts-expect-error no program to compare with
expect(scalar).toEqualProgram(x)
// @ts-expect-error forward mode is not supported
Laws.modesAgree(reverseOnly)
// @ts-expect-error a Hessian is of one scalar output
Laws.hessianSymmetric(vector)
// @ts-expect-error what follows does not take the outputs
Laws.chainRule(vector, { x }, { outer: scalar })
// @ts-expect-error there is no such primitive
Laws.backendAgrees(Backend.interpreter)(scalar, { x, y: 1 }, { ulps: { expo: 1 } })

// @ts-expect-error numerical gradients are of one scalar output
Laws.agreesWithNumeric(vector, { x })
// @ts-expect-error an input is missing
Laws.modesAgree(scalar, { x })
// @ts-expect-error a tangent of the wrong shape
Laws.transpose(vector, { x }, { tangents: { x: z } })
// @ts-expect-error a program with requirements cannot be run
Laws.modesAgree(needy, 1)
// @ts-expect-error there is no such switch
Arbitraries.program({ kinks: "sometimes" })
