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

const compile = cached((graph: Backend.Graph) => {
  const program = optimise(lower(optimiseProgram(graph)))
  return executable(program, print(program))
})

/**
 * The JavaScript backend as a service.
 *
 * **Details**
 *
 * Compiling the same program again, or one of the same structure, gives what was compiled before.
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
export const service: Backend.Service = {
  name,
  compile: (graph) => attempt(name, () => compile(graph)),
  explain: (graph) =>
    attempt(name, () => {
      const optimised = optimiseProgram(graph)
      const program = optimise(lower(optimised))
      return explain({ backend: name, optimised, program, isVector: () => false, source: print(program).source })
    })
}

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
