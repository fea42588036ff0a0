/**
 * The JavaScript backend: programs as loops over typed arrays.
 *
 * @since 0.1.0
 */
import { Backend } from "@fluxion/core"
import { Effect, type Layer } from "effect"
import { executable, instantiate } from "./internal/javascript/run.ts"
import { print } from "./internal/javascript/print.ts"
import { lower } from "./internal/lower/index.ts"
import { optimise } from "./internal/passes/index.ts"

/**
 * The JavaScript backend as a service.
 *
 * @category services
 * @since 0.1.0
 */
export const service: Backend.Service = {
  name: "javascript",
  compile: (graph) =>
    Effect.sync(() => {
      const program = optimise(lower(graph))
      return executable(program, instantiate(print(program)))
    })
}

/**
 * The layer of the JavaScript backend.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Backend.layer(service)
