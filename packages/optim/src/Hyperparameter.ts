/**
 * Hyperparameters: the numbers that tune an optimiser.
 *
 * @since 0.1.0
 */
import { Expr, Fn } from "@fluxion/core"
import type { Schedule } from "./Schedule.ts"

/**
 * A hyperparameter that stays the same from step to step: a number, or a scalar expression of the program that is being built.
 *
 * @category models
 * @since 0.1.0
 */
export type Fixed = number | Expr.Expr<readonly [], unknown, unknown>

/**
 * A hyperparameter: a number, a scalar expression of the program that is being built, or a schedule.
 *
 * **Details**
 *
 * An expression makes the optimiser part of an outer program: differentiate that program to get the derivative of training with respect to
 * the hyperparameter. Such an optimiser has no meaning outside that program, so `train` and `minimize` take numbers and schedules.
 *
 * @category models
 * @since 0.1.0
 */
export type Hyperparameter = Fixed | Schedule<unknown, unknown>

/**
 * The failures a hyperparameter can raise.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ErrorOf<H> = H extends Fn.Fn<readonly [], readonly [], infer E, unknown> ? E : Expr.ErrorOf<H>

/**
 * What a hyperparameter still requires.
 *
 * @category type-level
 * @since 0.1.0
 */
export type RequirementsOf<H> = H extends Fn.Fn<readonly [], readonly [], unknown, infer R> ? R : Expr.RequirementsOf<H>

/**
 * The value of a hyperparameter at a step count.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Hyperparameter, Schedule } from "@fluxion/optim"
 *
 * console.log(Fn.evaluate(Hyperparameter.at(0.1, Expr.constant(50)))) // 0.1
 * console.log(Fn.evaluate(Hyperparameter.at(Schedule.cosine(1, 100), Expr.constant(50)))) // 0.5
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const at = <const H extends Hyperparameter>(
  hyperparameter: H,
  count: Expr.Expr<readonly []>
): Expr.Expr<readonly [], ErrorOf<H>, RequirementsOf<H>> => {
  const h: Hyperparameter = hyperparameter
  return (Fn.isFn(h) ? Fn.apply(h, count) : typeof h === "number" ? Expr.constant(h) : h) as never
}

/** @internal */
export const render = (hyperparameter: Hyperparameter): string =>
  Fn.isFn(hyperparameter) ? "schedule" : String(hyperparameter)
