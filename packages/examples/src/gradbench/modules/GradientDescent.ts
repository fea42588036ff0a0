/**
 * Gradient descent as a program: what `particle` and `saddle` are solved by.
 *
 * @since 0.1.0
 */
import { Expr, Fn } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"

/**
 * A mode of differentiation.
 *
 * @category models
 * @since 0.1.0
 */
export type Mode = "forward" | "reverse"

/**
 * A program of `n` numbers that computes one.
 *
 * @category models
 * @since 0.1.0
 */
export type Objective = Fn.Fn<readonly [number], readonly []>

/**
 * The gradient of a program by the mode that is asked for.
 *
 * @category operators
 * @since 0.1.0
 */
export const gradient = (f: Objective, mode: Mode): Fn.Fn<readonly [number], readonly [number]> =>
  mode === "forward" ? Forward.jacobian(f) : Reverse.grad(f)

const tolerance = 1e-5

/**
 * The place of a minimum near `start`.
 *
 * **Details**
 *
 * The algorithm that the suite prescribes: a step is taken when it makes the value smaller; the rate, 10⁻⁵ at the start, is halved when it does not, and doubled after ten
 * steps in a row. It ends where the gradient or the step is not longer than 10⁻⁵. It is a loop of the program, so that programs that contain it can be differentiated.
 *
 * @category programs
 * @since 0.1.0
 */
export const argmin = (f: Objective, mode: Mode, start: Expr.Expr<readonly [number]>): Expr.Expr<readonly [number]> => {
  const slope = gradient(f, mode)
  const length = (x: Expr.Expr<readonly [number]>) => Expr.sqrt(Expr.sum(Expr.square(x)))
  const { x } = Expr.whileLoop(
    ({ downhill, rate, streak }) => {
      const steepness = length(downhill)
      const moves = Expr.or(Expr.eq(streak, 10), Expr.gt(Expr.mul(rate, steepness), tolerance))
      return Expr.and(Expr.gt(steepness, tolerance), moves)
    },
    ({ downhill, rate, streak, value, x }) =>
      Expr.cond(
        Expr.eq(streak, 10),
        () => ({ x, value, downhill, rate: Expr.mul(2, rate), streak: Expr.constant(0) }),
        () => {
          const next = Expr.sub(x, Expr.mul(rate, downhill))
          const nextValue = Fn.apply(f, next)
          return Expr.cond(
            Expr.lt(nextValue, value),
            () => ({ x: next, value: nextValue, downhill: Fn.apply(slope, next), rate, streak: Expr.add(streak, 1) }),
            () => ({ x, value, downhill, rate: Expr.div(rate, 2), streak: Expr.constant(0) })
          )
        }
      ),
    { x: start, value: Fn.apply(f, start), downhill: Fn.apply(slope, start), rate: 1e-5, streak: 0 }
  )
  return x
}
