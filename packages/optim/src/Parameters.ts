/**
 * Parameters: trees whose leaves are arrays of reals.
 *
 * @since 0.1.0
 */
import { type Expr, Fn, type Shape, Tensor, type Tree } from "@fluxion/core"
import * as Vector from "./Vector.ts"

/**
 * The specification of a tree of parameters: records and tuples with shapes at the leaves.
 *
 * **Details**
 *
 * Every leaf is an array of reals. Indices and truth values have no gradient, so a tree that holds them is a type error.
 *
 * @category models
 * @since 0.1.0
 */
export type Spec = Shape.Shape | SpecRecord | ReadonlyArray<SpecElement>

/**
 * A record of parameters.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpecRecord {
  readonly [key: string]: Spec
}

/**
 * An element of a tuple of parameters.
 *
 * @category models
 * @since 0.1.0
 */
export type SpecElement = Shape.Shape | SpecRecord | ReadonlyArray<SpecElement>

/**
 * Values of parameters: numbers for scalars, tensors for arrays.
 *
 * @category models
 * @since 0.1.0
 */
export type Values = number | Tensor.Tensor | ReadonlyArray<Values> | { readonly [key: string]: Values }

/**
 * The specification of values.
 *
 * @category type-level
 * @since 0.1.0
 */
export type SpecOf<V> = Tree.SpecOf<V> extends infer P extends Spec ? P : never

/**
 * The specification of values: a number is a scalar, a tensor has its shape.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 * import { Parameters } from "@fluxion/optim"
 *
 * console.log(Parameters.specOf({ slope: 0, weights: Tensor.zeros([3]) })) // { slope: [], weights: [ 3 ] }
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const specOf = <V extends Values>(values: V): SpecOf<V> => {
  const visit = (value: Values): Spec => {
    if (typeof value === "number") return []
    if (Tensor.isTensor(value)) return value.shape
    if (Array.isArray(value)) return (value as ReadonlyArray<Values>).map(visit) as ReadonlyArray<SpecElement>
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, visit(child)]))
  }
  return visit(values) as SpecOf<V>
}

/**
 * The program that adds updates to parameters.
 *
 * @example
 * ```ts
 * import { Fn } from "@fluxion/core"
 * import { Parameters } from "@fluxion/optim"
 *
 * console.log(Fn.runSync(Parameters.applyUpdates({ w: [] }), { parameters: { w: 3 }, updates: { w: -1 } })) // { w: 2 }
 * ```
 *
 * @category programs
 * @since 0.1.0
 */
export const applyUpdates = <const P extends Spec>(
  spec: P
): Fn.Fn<{ readonly parameters: P; readonly updates: P }, P> =>
  Fn.unsafeFromLeaves({ parameters: spec, updates: spec }, spec, (leaves) => {
    const reals = leaves as ReadonlyArray<Expr.Expr>
    const half = reals.length / 2
    return Vector.add(Vector.make(reals.slice(0, half)), Vector.make(reals.slice(half))).leaves
  }) as never

/**
 * The program that computes the Euclidean norm of all elements of a tree together.
 *
 * **Details**
 *
 * Scaled by the largest element, so it neither overflows nor underflows early. The derivative at 0 is 0.
 *
 * @example
 * ```ts
 * import { Fn, Tensor } from "@fluxion/core"
 * import { Parameters } from "@fluxion/optim"
 *
 * console.log(Fn.runSync(Parameters.globalNorm({ w: [2], b: [] }), { w: Tensor.make([2, 3]), b: 6 })) // 7
 * ```
 *
 * @category programs
 * @since 0.1.0
 */
export const globalNorm = <const P extends Spec>(spec: P): Fn.Fn<P, readonly []> =>
  Fn.unsafeFromLeaves(spec, [], (leaves) => [Vector.norm(Vector.make(leaves as ReadonlyArray<Expr.Expr>))]) as never
