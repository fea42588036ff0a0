import type { Failure } from "../Failure.ts"
import { ensured } from "../internal/guards.ts"
import { fromNode, isOperand, liftNode } from "../internal/lift.ts"
import type * as Shape from "../Shape.ts"
import type {
  AnyOperand,
  BoolExpr,
  BoolOperand,
  ElementTypeOf,
  Expr,
  IndexExpr,
  RequirementsOf,
  ErrorOf,
  ShapeOf,
  DataLast
} from "./model.ts"

/**
 * An element of an operand, as a failure reports it: a boolean for truth values, otherwise a number.
 *
 * @category guards
 * @since 0.1.0
 */
export type ElementOf<X> = ElementTypeOf<X> extends "bool" ? boolean : number

/**
 * The operand `X` behind a guard with predicate `P` that fails with `E`.
 *
 * @category guards
 * @since 0.1.0
 */
export type Ensured<X, P, E> =
  ElementTypeOf<X> extends "index"
    ? IndexExpr<ShapeOf<X>, ErrorOf<X | P> | E, RequirementsOf<X | P>>
    : ElementTypeOf<X> extends "bool"
      ? BoolExpr<ShapeOf<X>, ErrorOf<X | P> | E, RequirementsOf<X | P>>
      : Expr<ShapeOf<X>, ErrorOf<X | P> | E, RequirementsOf<X | P>>

/**
 * The expression that stands for an operand in the predicate of a guard.
 *
 * @category guards
 * @since 0.1.0
 */
export type Guarded<X> =
  ElementTypeOf<X> extends "index"
    ? IndexExpr<ShapeOf<X>>
    : ElementTypeOf<X> extends "bool"
      ? BoolExpr<ShapeOf<X>>
      : Expr<ShapeOf<X>>

/**
 * The predicate of a guard: a function of the guarded array, or truth values.
 *
 * @category guards
 * @since 0.1.0
 */
export type PredicateOn<X> = BoolOperand | ((x: Guarded<X>) => BoolOperand)

/**
 * The truth values of a predicate.
 *
 * @category guards
 * @since 0.1.0
 */
export type TruthOf<Q> = Q extends (x: never) => infer P ? P : Q

/**
 * `unknown` when the truth values of the predicate `Q` broadcast to the shape of `X`, otherwise a `Mismatch` that names both.
 *
 * @category guards
 * @since 0.1.0
 */
export type CheckEnsured<X, Q> = Shape.CheckBroadcastTo<ShapeOf<TruthOf<Q>>, ShapeOf<X>>

/**
 * An array as it is, where a predicate holds for every element; otherwise running the program fails with the caller's own error.
 *
 * **Details**
 *
 * The predicate is a function of the array, or truth values; either must broadcast to the shape of the array. `onFail` gets the first element (in row-major
 * order) for which it is false, its index, where in maps and loops that was, and the line of this call, and makes the error. It is
 * called when a run fails, and not otherwise. NaN fails every comparison. An array without elements never fails.
 *
 * Derivatives are those of the array. A guard survives differentiation: a derivative fails where the program fails, also where it does not depend on the
 * guarded value. In `cond` only the branch taken can fail. A guarded expression that a program does not use is not part of it, and cannot fail.
 *
 * Costs the predicate and a pass over it. A program with such a guard cannot be written as JSON.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Data, Effect } from "effect"
 *
 * class Negative extends Data.TaggedError("Negative")<{ readonly value: number; readonly index: ReadonlyArray<number> }> {}
 *
 * const mass = Fn.make([3], (m) =>
 *   Expr.sum(Expr.ensure(m, (x) => Expr.ge(x, 0), ({ index, value }) => new Negative({ index, value }))))
 * const run = (m: Tensor.Tensor<readonly [3]>) =>
 *   Fn.run(mass, m).pipe(Effect.catchTag("Negative", ({ index }) => Effect.succeed(`element ${index[0]} is negative`)))
 * console.log(Effect.runSync(run(Tensor.make([1, 2, 3])))) // 6
 * console.log(Effect.runSync(run(Tensor.make([1, -2, 3])))) // element 1 is negative
 *
 * const halved = Fn.make([], (x) => x.pipe(Expr.ensure((v) => Expr.lt(v, 10), () => "too large"), Expr.div(2)))
 * console.log(`${Fn.runResult(halved, 5)}`.startsWith("success")) // true
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const ensure: {
  <X extends AnyOperand, Q extends PredicateOn<X>, E>(
    predicate: Q & CheckEnsured<X, Q>,
    onFail: (failure: Failure<ElementOf<X>>) => E
  ): DataLast<Q, (self: X) => Ensured<X, TruthOf<Q>, E>>
  <X extends AnyOperand, Q extends PredicateOn<X>, E>(
    self: X,
    predicate: Q & CheckEnsured<X, Q>,
    onFail: (failure: Failure<ElementOf<X>>) => E
  ): Ensured<X, TruthOf<Q>, E>
} = ((...args: ReadonlyArray<unknown>): unknown =>
  args.length === 2
    ? (self: AnyOperand) => makeEnsure(self, args[0], args[1])
    : makeEnsure(args[0] as AnyOperand, args[1], args[2])) as never

const makeEnsure = (self: AnyOperand, predicate: unknown, onFail: unknown): unknown => {
  const x = liftNode(self)
  const ok = isOperand(predicate) ? predicate : (predicate as (x: unknown) => unknown)(fromNode(x))
  return ensured(x, liftNode(ok as BoolOperand), { _tag: "Custom", onFail: onFail as (failure: never) => unknown })
}
