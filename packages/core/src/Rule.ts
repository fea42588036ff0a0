/**
 * What the derivative rules of every mode share: the zero that is never computed, and what a rule may use.
 *
 * @since 0.1.0
 */
import type * as Operations from "./Operations.ts"
import type * as Primitive from "./Primitive.ts"
import type * as Type from "./Type.ts"

/**
 * A tangent or cotangent that is zero by structure: it is never computed.
 *
 * @example
 * ```ts
 * import { Rule } from "@fluxion/core"
 *
 * console.log(String(Rule.Zero)) // Symbol(@fluxion/core/Zero)
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export const Zero = Symbol.for("@fluxion/core/Zero")

/**
 * The type of `Zero`.
 *
 * @category models
 * @since 0.1.0
 */
export type Zero = typeof Zero

/**
 * What the rule of primitive `K` may use besides tangents or cotangents: the operations of the algebra, the attributes, the primal operands,
 * and the primal result with its type.
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
 * `Context` for whatever primitive: what looks rules up in a table passes on.
 *
 * @category models
 * @since 0.1.0
 */
export interface AnyContext<A> {
  readonly ops: Operations.Operations<A>
  readonly attributes: object
  readonly operands: ReadonlyArray<A>
  readonly result: A
  readonly type: Type.Type
}
