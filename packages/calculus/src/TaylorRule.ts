/**
 * Taylor rules: how a primitive carries truncated power series forward.
 *
 * @since 0.1.0
 */
import type { Operations, Primitive, Type } from "@fluxion/core"
import type { Coefficients, Series } from "./rules/taylor/series.ts"

export type { Coefficients, Series }

/**
 * What the Taylor rule of primitive `K` may use besides the series of its operands.
 *
 * @category models
 * @since 0.1.0
 */
export interface TaylorContext<K extends Primitive.Name, A> {
  readonly ops: Operations.Operations<A>
  /** Operations on coefficients, some of which are zero by structure. */
  readonly c: Coefficients<A>
  readonly attributes: Primitive.Attributes<K>
  /** The highest power that is kept. */
  readonly order: number
  /** The value of the first operand. */
  readonly u0: A
  /** The value of the result, and its type. */
  readonly result: A
  readonly type: Type.Type
  /** For each operand, its value where it is a scalar constant. */
  readonly constants: ReadonlyArray<number | undefined>
}

/**
 * The Taylor rule of primitive `K`, over any algebra.
 *
 * **Details**
 *
 * - A function computes the series of the result from those of the operands; its coefficients may have any shape that broadcasts to the result's.
 * - `"linear"`: the primitive is linear around each point (or piecewise so), so each coefficient moves as a tangent does.
 * - `"byDerivative"`: the series of `w = f(u)` is the integral of that of `w' = J_f(u) u'`, by the primitive's JVP rule; O(K³).
 *
 * @category models
 * @since 0.1.0
 */
export type TaylorRule<K extends Primitive.Name> =
  | "linear"
  | "byDerivative"
  | (Primitive.Signatures[K]["arity"] extends 1
      ? <A>(context: TaylorContext<K, A>, u: Series<A>) => Series<A>
      : <A>(context: TaylorContext<K, A>, u: Series<A>, v: Series<A>) => Series<A>)

/**
 * A total table of Taylor rules for the primitives named in `K`.
 *
 * @category models
 * @since 0.1.0
 */
export type TaylorRules<K extends Primitive.Name> = { readonly [P in K]: TaylorRule<P> }
