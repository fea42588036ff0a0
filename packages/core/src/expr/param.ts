import type { Initializer } from "../Initializer.ts"
import { fromNode } from "../internal/lift.ts"
import { required } from "../internal/node.ts"
import type * as Requirement from "../Requirement.ts"
import * as Shape from "../Shape.ts"
import type { Expr } from "./model.ts"

/**
 * A parameter of the program: an array of reals that the program requires, by its name.
 *
 * **Details**
 *
 * `Fn.withParams` makes the parameters of a program an input, `Fn.initParams` makes values for them by their initialisers. Two parameters of one
 * name are the same parameter; `Fn.withParams` throws a `ShapeError` where their shapes or their initialisers differ (different literal shapes are a
 * type error). Any string is a name.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Initializer, Random } from "@fluxion/core"
 *
 * const affine = Fn.make([2], (x) => {
 *   const w = Expr.param("w", [2], Initializer.ones)
 *   const b = Expr.param("b", [], Initializer.zeros)
 *   return Expr.add(Expr.dot(w, x), b)
 * })
 * const params = Fn.initParams(affine, Random.key(0))
 * console.log(`${params.w} ${params.b}`) // [1, 1] 0
 * console.log(Fn.withParams(affine).inputs) // { params: { w: [ 2 ], b: [] }, inputs: [ 2 ] }
 * ```
 *
 * @category requirements
 * @since 0.1.0
 */
export const param = <const Name extends string, const S extends Shape.Shape>(
  name: Name,
  shape: S,
  initializer: Initializer
): Expr<S, never, Requirement.Param<Name, S>> => {
  Shape.validate("param", shape)
  return fromNode(required(name, { elementType: "real", shape }, { _tag: "Param", name, shape, initializer }))
}
