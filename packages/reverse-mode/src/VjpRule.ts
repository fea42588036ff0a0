/**
 * VJP rules: how a primitive pulls the cotangent of its result back to its operands.
 *
 * @since 0.1.0
 */
import type { Algebra, Operations, Primitive, Type } from "@fluxion/core"

/**
 * A cotangent that is zero by structure: it is never computed.
 *
 * @example
 * ```ts
 * import * as Reverse from "@fluxion/reverse-mode"
 *
 * console.log(String(Reverse.Zero)) // Symbol(@fluxion/reverse-mode/Zero)
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export const Zero = Symbol.for("@fluxion/reverse-mode/Zero")

/**
 * The type of `Zero`.
 *
 * @category models
 * @since 0.1.0
 */
export type Zero = typeof Zero

/**
 * What a rule may use besides the cotangent: the operations of the algebra, the attributes, the primal operands, and the primal result.
 *
 * @category models
 * @since 0.1.0
 */
export interface Context<K extends Primitive.Name, A> {
  readonly ops: Operations.Operations<A>
  readonly attributes: Primitive.Attributes<K>
  readonly operands: Primitive.Operands<K, A>
  readonly result: A
  readonly type: Type.Type
}

/**
 * The VJP rule of primitive `K`, one pullback for each operand, over any algebra.
 *
 * **Details**
 *
 * The pullback of an operand is computed only when that operand varies with the inputs. For elementwise primitives a pullback may return a
 * cotangent of the broadcast shape: the caller sums it back to the operand's shape. `Zero` in the place of a pullback says that the result
 * does not vary with that operand (indices, predicates, piecewise constant functions).
 * A variadic primitive has one pullback, which is told the position of the operand.
 *
 * @category models
 * @since 0.1.0
 */
export type VjpRule<K extends Primitive.Name> = Primitive.Signatures[K]["arity"] extends "variadic"
  ? <A>(cotangent: A, context: Context<K, A>, position: number) => A
  : Primitive.Operands<K, (<A>(cotangent: A, context: Context<K, A>) => A) | Zero>

/**
 * A total table of VJP rules for the primitives named in `K`.
 *
 * @category models
 * @since 0.1.0
 */
export type VjpRules<K extends Primitive.Name> = { readonly [P in K]: VjpRule<P> }

/**
 * One step of the tape: a primitive that was applied, one of the results of a control primitive, or an input.
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
    }
  | {
      readonly _tag: "Control"
      readonly primitive: Primitive.ControlName
      readonly attributes: object
      readonly operands: ReadonlyArray<Traced<A>>
      readonly results: ReadonlyArray<A>
      readonly residuals: ReadonlyArray<A>
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

/**
 * What the rule of a control primitive may use: the algebra, the attributes, which operands vary with the inputs, and the maker of tapes by
 * which it differentiates the bodies in its attributes.
 *
 * @category models
 * @since 0.1.0
 */
export interface ControlContext<K extends Primitive.ControlName> {
  readonly attributes: Primitive.ControlAttributes<K>
  readonly varies: ReadonlyArray<boolean>
  readonly trace: <B>(algebra: Algebra<B>) => Tape<B>
}

/**
 * What a forward evaluation leaves for the pullback: the results, and whatever else it saved.
 *
 * @category models
 * @since 0.1.0
 */
export interface Evaluated<A> {
  readonly results: ReadonlyArray<A>
  readonly residuals: ReadonlyArray<A>
}

/**
 * The VJP rule of control primitive `K`, over any algebra.
 *
 * **Details**
 *
 * - `active` says which results vary, given which operands do.
 * - `forward`, where present, evaluates the primitive and saves what the pullback needs; without it nothing but operands and results is kept.
 * - `pullback` takes a cotangent for each result and gives one for each operand: `Zero` for those that do not vary.
 *
 * @category models
 * @since 0.1.0
 */
export interface ControlVjpRule<K extends Primitive.ControlName> {
  readonly active: (context: ControlContext<K>) => ReadonlyArray<boolean>
  readonly forward?: <A>(algebra: Algebra<A>, operands: ReadonlyArray<A>, context: ControlContext<K>) => Evaluated<A>
  readonly pullback: <A>(
    algebra: Algebra<A>,
    cotangents: ReadonlyArray<A | Zero>,
    operands: ReadonlyArray<A>,
    evaluated: Evaluated<A>,
    context: ControlContext<K>
  ) => ReadonlyArray<A | Zero>
}

/**
 * A total table of VJP rules for the control primitives named in `K`.
 *
 * @category models
 * @since 0.1.0
 */
export type ControlVjpRules<K extends Primitive.ControlName> = { readonly [P in K]: ControlVjpRule<P> }
