/**
 * VJP rules: how a primitive pulls the cotangent of its result back to its operands.
 *
 * @since 0.1.0
 */
import type { Operations, Primitive, Type } from "@fluxion/core"

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
