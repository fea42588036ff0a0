/**
 * The tape of reverse mode: what was applied, in order, and the sweep that reads it backwards.
 *
 * @since 0.1.0
 */
import type { Algebra, CallSite, Primitive } from "@fluxion/core"
import type { Zero } from "@fluxion/core/Rule"

/**
 * One step of the tape: a primitive that was applied, one of the results of a control primitive, or an input. What the sweep makes of a step has
 * its call site.
 *
 * @category tape
 * @since 0.1.0
 */
export type TapeStep<A> =
  | { readonly _tag: "Input" }
  | {
      readonly _tag: "Apply"
      readonly primitive: Primitive.Name
      readonly attributes: object
      readonly operands: ReadonlyArray<Traced<A>>
      readonly result: A
      readonly site: CallSite.CallSite
    }
  | {
      readonly _tag: "Control"
      readonly primitive: Primitive.ControlName
      readonly attributes: object
      readonly operands: ReadonlyArray<Traced<A>>
      readonly results: ReadonlyArray<A>
      readonly residuals: ReadonlyArray<A>
      readonly site: CallSite.CallSite
    }
  | { readonly _tag: "Project"; readonly of: number; readonly position: number }

/**
 * A place on the tape, with what the pullback of its step needs.
 *
 * @category tape
 * @since 0.1.0
 */
export interface TapeEntry<A> {
  /** The position on the tape. */
  readonly index: number
  /** What was applied. */
  readonly step: TapeStep<A>
}

/**
 * A carrier with its place on the tape; without one it does not vary with the inputs.
 *
 * @category tape
 * @since 0.1.0
 */
export interface Traced<A> {
  readonly primal: A
  readonly entry: TapeEntry<A> | undefined
}

/**
 * A tape: the algebra that records on it, and the sweep that reads it backwards.
 *
 * **Details**
 *
 * - `input` puts a carrier on the tape as a quantity to differentiate with respect to.
 * - `pullback` takes a cotangent for each output and gives the cotangent of each input. It may be called many times.
 *
 * @category tape
 * @since 0.1.0
 */
export interface Tape<A> {
  readonly algebra: Algebra<Traced<A>>
  readonly input: (primal: A) => Traced<A>
  readonly pullback: (
    outputs: ReadonlyArray<Traced<A>>,
    cotangents: ReadonlyArray<A | Zero>,
    inputs: ReadonlyArray<Traced<A>>
  ) => Array<A | Zero>
}
