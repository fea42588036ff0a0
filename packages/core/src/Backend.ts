/**
 * Backends: how programs are made ready to run.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, Result, Schema } from "effect"
import { attempt, type GuardFailure } from "./Failure.ts"
import { evaluateBody } from "./internal/evaluate.ts"
import { listing } from "./internal/listing.ts"
import type { Body } from "./internal/schedule.ts"
import * as Shape from "./Shape.ts"
import * as Tensor from "./Tensor.ts"
import type * as Type from "./Type.ts"

/**
 * A program that a backend cannot compile.
 *
 * @example
 * ```ts
 * import { Backend } from "@fluxion/core"
 *
 * const error = new Backend.CompileError({ backend: "wasm", primitive: "qr", reason: "no lowering" })
 * console.log(error.message) // wasm cannot compile qr: no lowering
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class CompileError extends Schema.TaggedError<CompileError>()("CompileError", {
  /** The name of the backend. */
  backend: Schema.String,
  /** The primitive it stumbled on, where there is one. */
  primitive: Schema.optionalKey(Schema.String),
  /** Why. */
  reason: Schema.String
}) {
  override get message(): string {
    return `${this.backend} cannot compile ${this.primitive ?? "the program"}: ${this.reason}`
  }
}

/**
 * A program bound to arrays of its own: write the inputs, run, read the outputs.
 *
 * **Details**
 *
 * There is one array for each leaf, of one element for a scalar, of bytes for truth values; reals are doubles, or singles on a backend that computes in
 * single precision. They stay the same ones for as long as the binding
 * lives, and nothing but the caller and `run` writes to them. `run` gives the guard that failed first, if one did; what is in the outputs then is not said.
 *
 * @category models
 * @since 0.1.0
 */
export interface Binding {
  readonly inputs: ReadonlyArray<Tensor.Any["data"] | Float32Array>
  readonly outputs: ReadonlyArray<Tensor.Any["data"] | Float32Array>
  readonly run: () => GuardFailure | undefined
}

/**
 * A program made ready: tensors in, tensors out, in the order of the leaves; or the guard that failed first, in the order of evaluation.
 *
 * **Details**
 *
 * Results do not share memory with what later runs write to. `bind` makes new arrays each time: bindings do not see each other, nor do runs of `execute`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Executable {
  readonly execute: (inputs: ReadonlyArray<Tensor.Any>) => Result.Result<ReadonlyArray<Tensor.Any>, GuardFailure>
  readonly bind: () => Binding
}

/**
 * The graph of a program, as backends see it.
 *
 * @category models
 * @since 0.1.0
 */
export type Graph = Body

/**
 * What a backend does: make a graph executable, and say what it made of it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  readonly name: string
  readonly compile: (graph: Graph) => Effect.Effect<Executable, CompileError>
  /** For people to read; see `Fn.explain`. */
  readonly explain: (graph: Graph) => Effect.Effect<string, CompileError>
}

const allocate = ({ elementType, shape }: Type.Type): Tensor.Any["data"] => {
  const size = Shape.size(shape)
  return elementType === "real"
    ? new Float64Array(size)
    : elementType === "index"
      ? new Int32Array(size)
      : new Uint8Array(size)
}

/**
 * An executable whose bindings copy: for backends that have no arrays of their own to bind.
 *
 * @example
 * ```ts
 * import { Backend, Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const counts = { executed: 0 }
 * const counting: Backend.Service = {
 *   ...Backend.interpreter,
 *   name: "counting",
 *   compile: (graph) =>
 *     Effect.map(Backend.interpreter.compile(graph), ({ execute }) =>
 *       Backend.executable(graph, (inputs) => {
 *         counts.executed++
 *         return execute(inputs)
 *       })
 *     )
 * }
 * const f = Fn.make([], (x) => Expr.mul(x, x))
 * Effect.runSync(Fn.run(f, 3).pipe(Effect.provide(Backend.layer(counting))))
 * console.log(counts.executed) // 1
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const executable = (graph: Graph, execute: Executable["execute"]): Executable => ({
  execute,
  bind: () => {
    const inputs = graph.inputNodes.map(allocate)
    const outputs = graph.outputNodes.map(allocate)
    return {
      inputs,
      outputs,
      run: () => {
        // Results may be the inputs, or share memory with them.
        const result = execute(
          graph.inputNodes.map(({ elementType, shape }, i) => Tensor.fromData(elementType, inputs[i]!, shape))
        )
        if (Result.isFailure(result)) return result.failure
        result.success.forEach(({ data }, i) => outputs[i]!.set(data))
        return undefined
      }
    }
  }
})

/**
 * The reference interpreter as a backend.
 *
 * @example
 * ```ts
 * import { Backend } from "@fluxion/core"
 *
 * console.log(Backend.interpreter.name) // interpreter
 * ```
 *
 * @category backends
 * @since 0.1.0
 */
export const interpreter: Service = {
  name: "interpreter",
  compile: (graph) => Effect.succeed(executable(graph, (inputs) => attempt(() => evaluateBody(graph, inputs)))),
  explain: (graph) =>
    Effect.sync(
      () => `interpreter: evaluates one operation after the other, each into an array of its own\n\n${listing(graph)}`
    )
}

/**
 * The backend programs run on; the reference interpreter unless another is provided.
 *
 * @example
 * ```ts
 * import { Backend, Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.mul(x, x))
 * const program = Fn.run(f, 3).pipe(Effect.provideService(Backend.Backend, Backend.interpreter))
 * console.log(Effect.runSync(program)) // 9
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export const Backend = Context.Reference<Service>("@fluxion/core/Backend", { defaultValue: () => interpreter })

/**
 * The layer of a backend.
 *
 * @example
 * ```ts
 * import { Backend, Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.mul(x, x))
 * console.log(Effect.runSync(Fn.run(f, 3).pipe(Effect.provide(Backend.layer(Backend.interpreter))))) // 9
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (service: Service): Layer.Layer<never> => Layer.succeed(Backend, service)
