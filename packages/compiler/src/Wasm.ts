/**
 * The WebAssembly backend: programs as fused loops on vectors.
 *
 * **Details**
 *
 * A program becomes one module with a memory of its own: inputs, outputs, constants and intermediate arrays have fixed places, loops run on vectors
 * of two doubles where that pays. Elementary functions are part of the module, so results are the same bit by bit on every engine; they are
 * within 1 ULP (exp, log) or 2 ULP of the exact value. Sums of several terms may be added up in another order than in the interpreter.
 *
 * No code is made from strings, so a content-security policy needs to allow `'wasm-unsafe-eval'` only.
 *
 * @since 0.1.0
 */
import { Backend } from "@fluxion/core"
import type { Layer } from "effect"
import { cached } from "./internal/cache.ts"
import { explain } from "./internal/explain.ts"
import type { LoopProgram } from "./internal/loops/model.ts"
import { lower } from "./internal/lower/index.ts"
import { optimise as optimiseProgram } from "./internal/optimise/index.ts"
import { optimise } from "./internal/passes/index.ts"
import { attempt, Refused } from "./internal/refusal.ts"
import { print, type Printed } from "./internal/wasm/print.ts"
import { MOST_MEMORY, PAGE } from "./internal/wasm/print/memory.ts"
import { executable } from "./internal/wasm/run.ts"

const name = "wasm"

/**
 * Options of the WebAssembly backend.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  /**
   * How many bytes of memory a program may use: 2 GiB by default, which is the most there can be.
   *
   * A program that needs more for its arrays does not compile. What reverse mode records of a `whileLoop` grows at run time; where that does not fit, the run dies with
   * an error that says so.
   */
  readonly memoryLimit?: number
  /**
   * In which precision reals are held and computed: `"float64"` unless said otherwise.
   *
   * In `"float32"` vectors have four lanes instead of two, and arrays take half of the memory. Inputs and constants are rounded, and each operation is:
   * its result is the single nearest to what it gives for singles (elementary functions: within 2 ULP of a single). Numbers beyond `3.4e38` become infinite,
   * those below `7e-46` zero. Sums are added up in single precision for 128 terms in a row at most, and in double precision beyond, where
   * their order is the compiler's to choose (`docs/decisions/compiler.md` says which those are).
   *
   * What programs take and give stays the same: tensors hold doubles. `Compiled.bind({ precision: "float32" })` gives arrays of singles.
   */
  readonly precision?: "float64" | "float32"
  /**
   * Whether vectors may compute products and sums in one instruction where the engine has one: `false` unless said otherwise.
   *
   * A product that is only added to something, or subtracted, is then not rounded on engines that have fused multiply-adds, and is on others: results depend on
   * the engine, and on which elements run on vectors. Compiling fails with a `CompileError` where the engine has no relaxed SIMD.
   */
  readonly relaxedSimd?: boolean
}

/**
 * The WebAssembly backend with options, as a service.
 *
 * **Details**
 *
 * Compiling the same program again by the same service, or one of the same structure, gives what was compiled before.
 *
 * @example
 * ```ts
 * import { Wasm } from "@fluxion/compiler"
 * import { Backend, Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make([1000, 1000], (x) => Expr.cumsum(x))
 * const small = Wasm.make({ memoryLimit: 2 ** 20 })
 * const error = Effect.runSync(Fn.compile(f).pipe(Effect.provideService(Backend.Backend, small), Effect.flip))
 * console.log(error.message.split(" (")[0]) // wasm cannot compile the program: it needs 15.3 MiB of memory
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export const make = (options: Options = {}): Backend.Service => {
  const { memoryLimit = MOST_MEMORY, precision = "float64", relaxedSimd = false } = options
  const printed = (
    graph: Backend.Graph
  ): { readonly optimised: Backend.Graph; readonly program: LoopProgram; readonly module: Printed } => {
    if (!(memoryLimit >= PAGE && memoryLimit <= MOST_MEMORY)) {
      throw new Refused(`memoryLimit: expected a number of bytes from ${PAGE} to ${MOST_MEMORY}, got ${memoryLimit}`)
    }
    const optimised = optimiseProgram(graph)
    const program = optimise(lower(optimised))
    return { optimised, program, module: print(program, { memoryLimit, precision, relaxedSimd }) }
  }
  const compile = cached((graph: Backend.Graph) => {
    const { module, program } = printed(graph)
    return executable(program, module)
  })
  return {
    name,
    compile: (graph) => attempt(name, () => compile(graph)),
    explain: (graph) =>
      attempt(name, () => {
        const { module, optimised, program } = printed(graph)
        return explain({
          backend: name,
          precision,
          optimised,
          program,
          isVector: module.isVector,
          source: module.text()
        })
      })
  }
}

/**
 * The WebAssembly backend as a service.
 *
 * @example
 * ```ts
 * import { Wasm } from "@fluxion/compiler"
 *
 * console.log(Wasm.service.name) // wasm
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export const service: Backend.Service = make()

/**
 * The layer of the WebAssembly backend.
 *
 * @example
 * ```ts
 * import { Wasm } from "@fluxion/compiler"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make([3], (x) => Expr.sum(Expr.mul(x, x)))
 * const program = Fn.run(f, Tensor.make([1, 2, 3])).pipe(Effect.provide(Wasm.layer))
 * console.log(Effect.runSync(program)) // 14
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Backend.layer(service)

/**
 * The layer of the WebAssembly backend with options.
 *
 * @example
 * ```ts
 * import { Wasm } from "@fluxion/compiler"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make([3], (x) => Expr.sum(Expr.exp(x)))
 * const program = Fn.run(f, Tensor.make([0, 0, 0])).pipe(Effect.provide(Wasm.layerWith({ memoryLimit: 2 ** 24 })))
 * console.log(Effect.runSync(program)) // 3
 *
 * const single = Wasm.layerWith({ precision: "float32", relaxedSimd: true })
 * const { inputs, outputs, run } = Effect.runSync(Fn.compile(f).pipe(Effect.provide(single))).bind({ precision: "float32" })
 * inputs.set([0, 1, 2])
 * run()
 * console.log(outputs) // Float32Array(1) [ 11.107337951660156 ]
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (options: Options): Layer.Layer<never> => Backend.layer(make(options))
