/**
 * What the derivative rules of every mode share: the zero that is never computed, and what a rule may use.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
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

/**
 * A program was differentiated in a mode that a custom rule in it does not support.
 *
 * **Details**
 *
 * Thrown, as the defect it is: a program that lacks a mode is a type error there, so it comes to this only through a cast.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Rule } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 *
 * const f: Fn.Any = Expr.customVjp(Fn.make([], (x) => x), ({ cotangents }) => cotangents)
 * try {
 *   Forward.derivative(f as Fn.Fn<[], []>)
 * } catch (error) {
 *   if (error instanceof Rule.MissingRule) console.log(error.message) // this program has a custom rule without a JVP: it supports reverse mode only
 * }
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class MissingRule extends Schema.TaggedError<MissingRule>()("MissingRule", {
  /** The mode that was asked for: reverse mode has a rule always, if need be by transposing a JVP. */
  mode: Schema.Literal("forward")
}) {
  override get message(): string {
    return "this program has a custom rule without a JVP: it supports reverse mode only"
  }
}
