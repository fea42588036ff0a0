// Compiled, not run: what the types of laws and arbitraries accept and reject.

import type { Fn, Shape, Tensor } from "@fluxion/core"
import { Arbitraries, Laws } from "@fluxion/testing"
import type { Effect } from "effect"
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
