/**
 * The backends that the tool can run on.
 *
 * @since 0.1.0
 */
import { JavaScript, Wasm } from "@fluxion/compiler"
import { Backend } from "@fluxion/core"
import type { Layer } from "effect"

/**
 * The backends by name; the first is the one unless said otherwise.
 *
 * @category backends
 * @since 0.1.0
 */
export const backends = {
  interpreter: Backend.layer(Backend.interpreter),
  javascript: JavaScript.layer,
  wasm: Wasm.layer
} as const satisfies Readonly<Record<string, Layer.Layer<never>>>

/**
 * The name of a backend.
 *
 * @category backends
 * @since 0.1.0
 */
export type Name = keyof typeof backends

/**
 * All names.
 *
 * @category backends
 * @since 0.1.0
 */
export const names = Object.keys(backends) as ReadonlyArray<string> as readonly [Name, ...ReadonlyArray<Name>]
