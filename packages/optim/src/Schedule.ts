/**
 * Schedules: hyperparameters that change from step to step, as programs of the step count.
 *
 * @since 0.1.0
 */
import { Expr, Fn } from "@fluxion/core"
import { InvalidOption } from "./Errors.ts"

/**
 * A program from the number of updates made so far (a real scalar; 0 for the first update) to a hyperparameter.
 *
 * **Details**
 *
 * Any program from a scalar to a scalar is a schedule. It stands wherever an optimiser takes a rate.
 *
 * @category models
 * @since 0.1.0
 */
export interface Schedule<out E = never, out R = never> extends Fn.Fn<readonly [], readonly [], E, R> {}

type Scalar = number | Expr.Expr<readonly [], unknown, unknown>

/**
 * The schedule that never changes.
 *
 * @example
 * ```ts
 * import { Fn } from "@fluxion/core"
 * import { Schedule } from "@fluxion/optim"
 *
 * console.log(Fn.runSync(Schedule.constant(0.1), 1000)) // 0.1
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const constant = <const X extends Scalar>(value: X): Schedule<Expr.ErrorOf<X>, Expr.RequirementsOf<X>> =>
  Fn.make([], () => value) as never

/**
 * The options of `cosine`.
 *
 * **Details**
 *
 * `warmup` is how many of the steps are spent growing to the initial value (0 by default), `final` what is reached at the end (0 by
 * default).
 *
 * @category options
 * @since 0.1.0
 */
export interface CosineOptions<Final extends Scalar = Scalar> {
  readonly warmup?: number
  readonly final?: Final
}

/**
 * Half a period of the cosine from an initial value to a final one, after an optional linear warm-up.
 *
 * **Details**
 *
 * With `w` warm-up steps and `n` steps in all, at count `t`: `initial (t + 1) / (w + 1)` while `t < w`, then
 * `final + (initial - final) (1 + cos(π (t - w) / (n - w))) / 2` up to `t = n`, then `final`. No step of the warm-up has rate 0, and the
 * two pieces meet at `t = w`. `steps` that is not a positive integer, or a `warmup` that is not a smaller non-negative one,
 * throws `InvalidOption`.
 *
 * Loshchilov and Hutter (2017), "SGDR: stochastic gradient descent with warm restarts", equation 5, without restarts; gradual warm-up as in
 * Goyal et al. (2017), section 2.2.
 *
 * @example
 * ```ts
 * import { Fn } from "@fluxion/core"
 * import { Schedule } from "@fluxion/optim"
 *
 * const rate = Schedule.cosine(0.5, 100, { warmup: 4, final: 0.25 })
 * console.log([0, 4, 52, 100, 200].map((count) => Fn.runSync(rate, count))) // [ 0.1, 0.5, 0.375, 0.25, 0.25 ]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const cosine = <const X extends Scalar, const Y extends Scalar = number>(
  initial: X,
  steps: number,
  options?: CosineOptions<Y>
): Schedule<Expr.ErrorOf<X | Y>, Expr.RequirementsOf<X | Y>> => {
  const warmup = options?.warmup ?? 0
  if (!Number.isSafeInteger(steps) || steps < 1) {
    throw new InvalidOption({
      operation: "Schedule.cosine",
      option: "steps",
      expected: "a positive integer",
      actual: String(steps)
    })
  }
  if (!Number.isSafeInteger(warmup) || warmup < 0 || warmup >= steps) {
    throw new InvalidOption({
      operation: "Schedule.cosine",
      option: "warmup",
      expected: `a non-negative integer below the ${steps} steps`,
      actual: String(warmup)
    })
  }
  const final: Scalar = options?.final ?? 0
  return Fn.make([], (count) => {
    const progress = Expr.clamp(Expr.div(Expr.sub(count, warmup), steps - warmup), 0, 1)
    const weight = Expr.mul(0.5, Expr.add(1, Expr.cos(Expr.mul(Math.PI, progress))))
    const decayed = Expr.add(final, Expr.mul(Expr.sub(initial as Scalar, final), weight))
    if (warmup === 0) return decayed
    const growing = Expr.mul(initial as Scalar, Expr.div(Expr.add(count, 1), warmup + 1))
    return Expr.select(Expr.lt(count, warmup), growing, decayed)
  }) as never
}
