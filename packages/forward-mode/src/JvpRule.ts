/**
 * JVP rules: how a primitive carries tangents forward.
 *
 * @since 0.1.0
 */
import type { Algebra, Primitive } from "@fluxion/core"
import type { Context, Zero } from "@fluxion/core/Rule"

/**
 * The JVP rule of primitive `K`, one function for each operand, over any algebra.
 *
 * **Details**
 *
 * A derivative is linear in its tangents, so the tangent of the result is the sum of the contributions of the operands; a
 * contribution is computed only for operands whose tangent is not `Zero`. A contribution may have any shape that broadcasts to the result's:
 * the caller broadcasts it. `Zero` as a function says that the result does not vary with that operand.
 * Variadic primitives get all tangents at once.
 *
 * @category models
 * @since 0.1.0
 */
export type JvpRule<K extends Primitive.Name> = Primitive.Signatures[K]["arity"] extends "variadic"
  ? <A>(tangents: ReadonlyArray<A | Zero>, context: Context<K, A>) => A | Zero
  : Primitive.Operands<K, (<A>(tangent: A, context: Context<K, A>) => A) | Zero>

/**
 * A total table of JVP rules for the primitives named in `K`.
 *
 * @category models
 * @since 0.1.0
 */
export type JvpRules<K extends Primitive.Name> = { readonly [P in K]: JvpRule<P> }

/**
 * A carrier with several tangents, one for each seed; `undefined` when all are zero by structure.
 *
 * @category models
 * @since 0.1.0
 */
export interface VectorCarrier<A> {
  readonly primal: A
  readonly tangents: ReadonlyArray<A | Zero> | undefined
}

/**
 * What the rule of a control primitive may use besides its operands: the algebra, the attributes, the number of tangents, and the transformer of
 * algebras by which it differentiates the bodies in its attributes. The same transformer is the same function each time: rules may remember what they
 * made with it.
 *
 * @category models
 * @since 0.1.0
 */
export interface ControlContext<K extends Primitive.ControlName, A> {
  readonly algebra: Algebra<A>
  readonly attributes: Primitive.ControlAttributes<K>
  readonly count: number
  readonly transform: <B>(algebra: Algebra<B>) => Algebra<VectorCarrier<B>>
}

/**
 * The JVP rule of control primitive `K`: results with their tangents from operands with their tangents, over any algebra.
 *
 * **Details**
 *
 * At least one operand has a tangent. The rule applies the same primitive to bodies that carry the tangents along.
 *
 * @category models
 * @since 0.1.0
 */
export type ControlJvpRule<K extends Primitive.ControlName> = <A>(
  operands: ReadonlyArray<VectorCarrier<A>>,
  context: ControlContext<K, A>
) => ReadonlyArray<VectorCarrier<A>>

/**
 * A total table of JVP rules for the control primitives named in `K`.
 *
 * @category models
 * @since 0.1.0
 */
export type ControlJvpRules<K extends Primitive.ControlName> = { readonly [P in K]: ControlJvpRule<P> }
