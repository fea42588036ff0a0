/**
 * What programs still require before they can run: parameters and randomness, in the type parameter `R`.
 *
 * **Details**
 *
 * `Expr.param` requires a `Param`, the functions of `Expr.random` require `Random`. Combinators unite requirements, differentiation
 * preserves them, and `Fn.withParams` and `Fn.withKey` turn them into inputs.
 *
 * @since 0.1.0
 */
import type { Initializer } from "./Initializer.ts"
import type { Runnable } from "./Fn.ts"
import type * as Shape from "./Shape.ts"
import type * as Tree from "./Tree.ts"

/**
 * A parameter: an array of reals of shape `S`, known by its name.
 *
 * @category models
 * @since 0.1.0
 */
export interface Param<out Name extends string = string, out S extends Shape.Shape = Shape.Shape> {
  readonly _tag: "Param"
  readonly name: Name
  readonly shape: S
}

/**
 * A key to draw random numbers with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Random {
  readonly _tag: "Random"
}

/**
 * What a free input of a program stands for: see `Expr.view`.
 *
 * @category models
 * @since 0.1.0
 */
export type Requirement = (Param & { readonly initializer: Initializer }) | Random

/**
 * The specification of the parameters among the requirements `R`: a record by name.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Params<R> = { readonly [P in Extract<R, Param> as P["name"]]: P["shape"] } extends infer T extends Tree.Spec
  ? T
  : never

/**
 * The requirements `R` without parameters.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ExcludeParams<R> = Exclude<R, Param>

/**
 * The requirements `R` without randomness.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ExcludeRandom<R> = Exclude<R, Random>

type Missing<R> =
  R extends Param<infer Name, infer S>
    ? `Param<${Name}, ${Shape.Render<S>}>; use Fn.withParams`
    : R extends Random
      ? "Random; use Fn.withKey"
      : R extends string
        ? R
        : "what is not known"

/**
 * `unknown` when nothing is required that stands in the way of running, otherwise a `Mismatch` that names what is, and what provides it.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckNone<R> = [Exclude<R, Runnable>] extends [never]
  ? unknown
  : Shape.Mismatch<`this program still requires ${Missing<Exclude<R, Runnable>>}`>

type Fits<A extends Shape.Shape, B extends Shape.Shape> = number extends A["length"] | B["length"]
  ? true
  : A extends readonly [infer M extends number, ...infer RestA extends Shape.Shape]
    ? B extends readonly [infer N extends number, ...infer RestB extends Shape.Shape]
      ? number extends M | N
        ? Fits<RestA, RestB>
        : M extends N
          ? Fits<RestA, RestB>
          : false
      : false
    : B extends readonly []
      ? true
      : false

type Conflict<P, Q> =
  P extends Param<infer Name, infer S>
    ? string extends Name
      ? never
      : Q extends Param<Name, infer T>
        ? Fits<S, T> extends true
          ? never
          : `the parameter ${Name} has shape ${Shape.Render<S>} in one place and ${Shape.Render<T>} in another`
        : never
    : never

/**
 * `unknown` when parameters of one name have one shape, otherwise a `Mismatch` that names both.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckParams<R> = [Conflict<R, R>] extends [never] ? unknown : Shape.Mismatch<Conflict<R, R>>
