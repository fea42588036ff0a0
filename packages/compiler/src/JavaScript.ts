/**
 * The JavaScript backend: programs as fused loops over typed arrays.
 *
 * **Details**
 *
 * A program becomes one JavaScript function. Elementary functions are those of the engine, as in the reference interpreter, so results are the same bit by
 * bit except where sums of several terms are added up in another order.
 *
 * The code is made with `new Function`, from generated names and numbers only. Where a content-security policy forbids that, compiling fails
 * with a `CompileError`; `Wasm.layer` works there.
 *
 * @since 0.1.0
 */
import { Backend } from "@fluxion/core"
import type { Layer } from "effect"
import { cached } from "./internal/cache.ts"
import { explain } from "./internal/explain.ts"
import { print } from "./internal/javascript/print.ts"
import { executable } from "./internal/javascript/run.ts"
import { lower } from "./internal/lower/index.ts"
import { optimise as optimiseProgram } from "./internal/optimise/index.ts"
import { optimise } from "./internal/passes/index.ts"
import { attempt } from "./internal/refusal.ts"

const name = "javascript"

/**
 * Options of the JavaScript backend.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * In which precision reals are held and computed: `"float64"` unless said otherwise.
   *
   * In `"float32"` each operation is rounded to single precision, but for sums, which are added up in double precision and rounded then; numbers beyond
   * `3.4e38` become infinite. See `Wasm.Options`.
   */
  readonly precision?: "float64" | "float32"
}

/**
 * The JavaScript backend with options, as a service.
 *
 * **Details**
 *
 * Compiling the same program again by the same service, or one of the same structure, gives what was compiled before.
 *
 * @example
 * ```ts
 * import { JavaScript } from "@fluxion/compiler"
 * import { Backend, Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const third = Fn.make([], (x) => Expr.div(x, 3))
 * const single = JavaScript.make({ precision: "float32" })
 * const program = Fn.run(third, 1).pipe(Effect.provideService(Backend.Backend, single))
 * console.log(Effect.runSync(program)) // 0.3333333432674408
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export const make = (options: Options = {}): Backend.Service => {
  const { precision = "float64" } = options
  const compile = cached((graph: Backend.Graph) => {
    const program = optimise(lower(optimiseProgram(graph)))
    return executable(program, print(program, precision), precision)
  })
  return {
    name,
    compile: (graph) => attempt(name, () => compile(graph)),
    explain: (graph) =>
      attempt(name, () => {
        const optimised = optimiseProgram(graph)
        const program = optimise(lower(optimised))
        const { source } = print(program, precision)
        return explain({ backend: name, precision, optimised, program, isVector: () => false, source })
      })
  }
}

/**
 * The JavaScript backend as a service.
 *
 * @example
 * ```ts
 * import { JavaScript } from "@fluxion/compiler"
 *
 * console.log(JavaScript.service.name) // javascript
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export const service: Backend.Service = make()

/**
 * The layer of the JavaScript backend.
 *
 * @example
 * ```ts
 * import { JavaScript } from "@fluxion/compiler"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make([3], (x) => Expr.sum(Expr.mul(x, x)))
 * const program = Fn.run(f, Tensor.make([1, 2, 3])).pipe(Effect.provide(JavaScript.layer))
 * console.log(Effect.runSync(program)) // 14
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Backend.layer(service)

/**
 * The layer of the JavaScript backend with options.
 *
 * @example
 * ```ts
 * import { JavaScript } from "@fluxion/compiler"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make([2], (x) => Expr.mul(x, 1e30))
 * const program = Fn.run(f, Tensor.make([1, 1e10])).pipe(Effect.provide(JavaScript.layerWith({ precision: "float32" })))
 * console.log(Tensor.toNested(Effect.runSync(program))) // [ 1.0000000150474662e+30, Infinity ]
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options: Options): Layer.Layer<never> => Backend.layer(make(options))
