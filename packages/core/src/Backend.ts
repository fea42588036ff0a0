/**
 * Backends: how programs are made ready to run.
 *
 * @since 0.1.0
 */
import { Context, Effect, Layer, type Result, Schema } from "effect"
import { attempt, type GuardFailure } from "./Failure.ts"
import type { Body } from "./internal/schedule.ts"
import { evaluateBody } from "./Interpreter.ts"
import type * as Tensor from "./Tensor.ts"

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
 * A program made ready: tensors in, tensors out, in the order of the leaves; or the guard that failed first, in the order of evaluation.
 *
 * @category models
 * @since 0.1.0
 */
export interface Executable {
  readonly execute: (inputs: ReadonlyArray<Tensor.Any>) => Result.Result<ReadonlyArray<Tensor.Any>, GuardFailure>
}

/**
 * The graph of a program, as backends see it.
 *
 * @category models
 * @since 0.1.0
 */
export type Graph = Body

/**
 * What a backend does: make a graph executable.
 *
 * @category models
 * @since 0.1.0
 */
export interface Service {
  readonly name: string
  readonly compile: (graph: Graph) => Effect.Effect<Executable, CompileError>
}

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
  compile: (graph) => Effect.succeed({ execute: (inputs) => attempt(() => evaluateBody(graph, inputs)) })
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
