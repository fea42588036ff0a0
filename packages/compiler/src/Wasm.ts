/**
 * The WebAssembly backend: programs as loops on vectors.
 *
 * @since 0.1.0
 */
import { Backend } from "@fluxion/core"
import { Effect, type Layer } from "effect"
import { lower } from "./internal/lower/index.ts"
import { optimise } from "./internal/passes/index.ts"
import { print } from "./internal/wasm/print.ts"
import { executable, instantiate } from "./internal/wasm/run.ts"

/**
 * The WebAssembly backend as a service.
 *
 * @category services
 * @since 0.1.0
 */
export const service: Backend.Service = {
  name: "wasm",
  compile: (graph) =>
    Effect.sync(() => {
      const program = optimise(lower(graph))
      return executable(program, instantiate(print(program)))
    })
}

/**
 * The layer of the WebAssembly backend.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Backend.layer(service)
