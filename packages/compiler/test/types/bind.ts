// Bound programs: the arrays and what `run` gives.

import { JavaScript, Wasm } from "@fluxion/compiler"
import { type Backend, Expr, type Failure, Fn, Type } from "@fluxion/core"
import { Effect, type Layer, type Result } from "effect"

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <T extends true>(): T => true as T

const mixed = Fn.make(
  { x: [3], n: [], k: Type.index([2]), flags: [Type.bool([]), [2, 2]] },
  ({ flags: [flag, w], k, n, x }) => ({
    y: Expr.mul(x, n),
    rest: [Expr.not(flag), k, Expr.sum(w)]
  })
)
const logarithm = Fn.make([], (x) => Expr.checked.log(x))

export const program = Effect.gen(function* () {
  const bound = (yield* Fn.compile(mixed)).bind()
  holds<
    Equal<
      typeof bound.inputs,
      {
        readonly x: Float64Array
        readonly n: Float64Array
        readonly k: Int32Array
        readonly flags: readonly [Uint8Array, Float64Array]
      }
    >
  >()
  holds<Equal<typeof bound.outputs.y, Float64Array>>()
  holds<Equal<typeof bound.outputs.rest, readonly [Uint8Array, Int32Array, Float64Array]>>()
  // No failure, no result.
  holds<Equal<typeof bound.run, () => void>>()

  const single = (yield* Fn.compile(mixed)).bind({ precision: "float32" })
  holds<
    Equal<
      typeof single.inputs,
      {
        readonly x: Float32Array
        readonly n: Float32Array
        readonly k: Int32Array
        readonly flags: readonly [Uint8Array, Float32Array]
      }
    >
  >()
  holds<Equal<typeof single.outputs.rest, readonly [Uint8Array, Int32Array, Float32Array]>>()
  holds<Equal<typeof single.run, () => void>>()
  const double = (yield* Fn.compile(mixed)).bind({ precision: "float64" })
  holds<Equal<typeof double, typeof bound>>()

  const failing = (yield* logarithm.pipe(Fn.compile)).bind()
  holds<Equal<typeof failing.inputs, Float64Array>>()
  holds<Equal<typeof failing.run, () => Result.Result<void, Failure.DomainError>>>()
  return failing.outputs
})

holds<Equal<typeof program, Effect.Effect<Float64Array, Backend.CompileError>>>()

export const explained: Effect.Effect<string, Backend.CompileError> = mixed.pipe(Fn.explain)

export const layers: ReadonlyArray<Layer.Layer<never>> = [
  Wasm.layer,
  Wasm.layerWith({}),
  Wasm.layerWith({ memoryLimit: 2 ** 20, precision: "float32", relaxedSimd: true }),
  JavaScript.layerWith({ precision: "float32" })
]
