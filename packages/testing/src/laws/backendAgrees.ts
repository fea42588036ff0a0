import { Backend, Fn, type Primitive, Tree } from "@fluxion/core"
import { Effect, Layer, Result } from "effect"
import { errorBounds } from "../internal/errorBounds.ts"
import { compareEntries, define } from "../internal/law.ts"
import { renderFailure, sameFailure } from "../internal/failures.ts"
import type { Kind, Law } from "./model.ts"

/**
 * Options of `backendAgrees`: what may differ. Nothing, unless said otherwise.
 *
 * **Details**
 *
 * - `ulps`: by how many units in the last place the result of a primitive may be off: `{ exp: 1, sin: 1 }`. For reductions, contractions and linear
 *   algebra the unit is that of the sum of the magnitudes of the terms, so `{ sum: 8 }` allows another order of summation.
 * - `tolerance`: how far outputs may differ besides, relative to the larger of both.
 * - `precision`: in which precision the backend computes. In `"float32"` units are those of singles, inputs, constants and the results of all operations
 *   are rounded besides (to nearest), and where numbers are beyond singles nothing is compared.
 * - `reference`: the backend to agree with; the reference interpreter by default.
 *
 * @category options
 * @since 0.1.0
 */
export interface BackendOptions {
  readonly ulps?: { readonly [K in Primitive.Name | Primitive.ControlName]?: number }
  readonly tolerance?: number
  readonly precision?: "float64" | "float32"
  readonly reference?: Backend.Service
}

/**
 * `BackendOptions` whatever the program, and the failures to compile it; failures of programs are compared.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface OnBackend<E> extends Kind {
  readonly options: BackendOptions
  readonly errors: Backend.CompileError | E
}

type Outcome = Result.Result<unknown, unknown>

/**
 * A backend computes what the reference interpreter computes: to the bit, but for the errors that are allowed.
 *
 * **Details**
 *
 * Takes a backend, or its `Layer`. Without options every output has to have the same bits (NaN agrees with NaN, and the sign of zero counts). Where `ulps` allows errors of single operations, what they may grow to is
 * worked out along the program at that point by running error analysis: through the magnitudes of partial derivatives, with one more rounding at each operation on values that are off. So the tolerance of an output
 * is that of this program at this point, and an output that no allowance reaches has to have the same bits still. Where a comparison or a jump may go either way, what depends on it is not compared.
 *
 * A program that fails has to fail on both with the same error. One that the backend cannot compile is a `CompileError`. Costs an evaluation on each backend, and where bits differ that analysis: a
 * forward pass for each element of each operand.
 *
 * N. Higham, Accuracy and Stability of Numerical Algorithms (2002), section 3.3.
 *
 * @example
 * ```ts
 * import { Backend, Expr, Fn } from "@fluxion/core"
 * import { Laws } from "@fluxion/testing"
 * import { Effect } from "effect"
 * import * as fc from "fast-check"
 *
 * const f = Fn.make({ x: [3] }, ({ x }) => Expr.sum(Expr.exp(x)))
 * const agrees = Laws.backendAgrees(Backend.layer(Backend.interpreter))
 * fc.assert(agrees(f).property({ ulps: { exp: 1 } }))
 * console.log(agrees.title) // the backend agrees with the interpreter
 * ```
 *
 * @category laws
 * @since 0.1.0
 */
export const backendAgrees = <E = never>(
  backend: Backend.Service | Layer.Layer<never, E>
): Law<OnBackend<E>, unknown, Fn.ReverseOnly> => {
  const layer = Layer.isLayer(backend) ? (backend as Layer.Layer<never, E>) : Backend.layer(backend as Backend.Service)
  return define({
    title: "the backend agrees with the interpreter",
    sides: ["interpreter", "backend"],
    runs: false,
    examine: Effect.fnUntraced(function* (f, at, given) {
      const options = (given ?? {}) as BackendOptions
      const compiled = Fn.compile(f as Fn.Fn<Tree.Spec, Tree.Spec, unknown>)
      const reference = yield* Effect.provide(compiled, Backend.layer(options.reference ?? Backend.interpreter))
      const other = yield* Effect.provide(compiled, layer)
      const sides = [reference.backend, other.backend] as const
      const [expected, actual]: ReadonlyArray<Outcome> = [
        reference.runResult(at as never),
        other.runResult(at as never)
      ]
      if (Result.isFailure(expected!) || Result.isFailure(actual!)) {
        return sameFailure(expected!, actual!)
          ? { comparisons: [], sides }
          : { reason: `${sides[0]} ${renderFailure(expected!)}, ${sides[1]} ${renderFailure(actual!)}` }
      }
      const { outputs: spec } = Fn.specs(f)
      const left = Tree.toTensors("Laws.backendAgrees", spec, expected!.success)
      const right = Tree.toTensors("Laws.backendAgrees", spec, actual!.success)
      const relative = options.tolerance ?? 0
      let bounds: ReadonlyArray<Float64Array> | undefined
      const tolerance = (leaf: number, i: number, a: number, b: number): number => {
        const simple = relative * Math.max(Math.abs(a), Math.abs(b)) || 0
        if (Object.is(a, b) || (options.ulps === undefined && options.precision !== "float32")) return simple
        return simple + (bounds ??= errorBounds(f, at, options.ulps ?? {}, options.precision))[leaf]![i]!
      }
      const comparisons = compareEntries({ spec, left, right, tolerance, whole: "the output" }).map((entry) => {
        const { left, right, tolerance } = entry
        const bits = Object.is(left, right)
        return { ...entry, agrees: bits || tolerance === Infinity || (tolerance > 0 && entry.agrees) }
      })
      return { comparisons, sides }
    })
  })
}
