/**
 * VJP rules: how a primitive pulls the cotangent of its result back to its operands.
 *
 * @since 0.1.0
 */
import type { Algebra, Primitive } from "@fluxion/core"
import type { Context, Zero } from "@fluxion/core/Rule"
import type { Tape } from "./Tape.ts"

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
 * - `accumulates`, where true: `pullback` is also told which cotangents the operands have from later steps, and adds to them. So they are summed in the
 *   order in which they would be if the operations inside stood in the place of the primitive.
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
    context: ControlContext<K>,
    before: ReadonlyArray<A | Zero>
  ) => ReadonlyArray<A | Zero>
  readonly accumulates?: true
}

/**
 * A total table of VJP rules for the control primitives named in `K`.
 *
 * @category models
 * @since 0.1.0
 */
export type ControlVjpRules<K extends Primitive.ControlName> = { readonly [P in K]: ControlVjpRule<P> }
