/**
 * Other libraries of automatic differentiation for JavaScript, asked for the same values and gradients.
 *
 * @since 0.1.0
 */
import type { Tensor } from "@fluxion/core"
import { Schema } from "effect"
import type { Subject } from "../Subject.ts"

/**
 * What numbers are in the arrays of a library.
 *
 * @category models
 * @since 0.1.0
 */
export type Precision = "float64" | "float32"

/**
 * The inputs of a problem by name.
 *
 * @category models
 * @since 0.1.0
 */
export type Inputs = Readonly<Record<string, Tensor.Any>>

/**
 * A way to compute a value and a gradient with a library.
 *
 * **Details**
 *
 * `end` gives back what the library holds for it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Contestant {
  readonly name: string
  readonly precision: Precision
  readonly subject: Subject
  readonly end: () => void
}

/**
 * A library: the ways it has for a problem, made for its inputs one after the other; none where it has none.
 *
 * @category models
 * @since 0.1.0
 */
export interface Peer {
  readonly name: string
  readonly contestants: (problem: string, inputs: Inputs) => ReadonlyArray<() => Promise<Contestant>>
}

/**
 * A library is not installed, or does not start here.
 *
 * @category errors
 * @since 0.1.0
 */
export class PeerMissing extends Schema.TaggedError<PeerMissing>()("PeerMissing", {
  name: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `--peers needs ${this.name}, a development dependency of @fluxion/examples; \`pnpm install\` (not with --prod) installs it: ${this.reason}`
  }
}
