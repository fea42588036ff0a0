/**
 * One gradient by three independent ways: dual numbers forward, a tape backward, and differences of values.
 *
 * @since 0.1.0
 */
import { Numeric } from "@fluxion/calculus"
import { Fn } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import type { objective, Parameters } from "./LinearRegression.ts"

/**
 * The derivative in one parameter by each way, and how far they differ.
 *
 * **Details**
 *
 * A relative difference of a and b is |a - b| / max(|a|, |b|), and 0 when they are equal.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  readonly parameter: string
  readonly forward: number
  readonly reverse: number
  readonly central: number
  readonly forwardToReverse: number
  readonly reverseToCentral: number
}

/**
 * Compares the gradient of an objective at given parameters by forward mode, reverse mode and central differences.
 *
 * @category comparison
 * @since 0.1.0
 */
export const compare = (
  loss: ReturnType<typeof objective>,
  features: ReadonlyArray<string>,
  at: Parameters
): ReadonlyArray<Row> => {
  const forwardGradient = Forward.jacobian(loss)
  const reverseGradient = Reverse.grad(loss)
  const forward = Fn.runSync(forwardGradient, at)
  const reverse = Fn.runSync(reverseGradient, at)
  const central = Numeric.gradient(loss, at, { method: "central" }).value
  const row = (parameter: string, of: (gradient: Parameters) => number): Row => {
    const [f, r, c] = [of(forward), of(reverse), of(central)]
    return {
      parameter,
      forward: f,
      reverse: r,
      central: c,
      forwardToReverse: relativeDifference(f, r),
      reverseToCentral: relativeDifference(r, c)
    }
  }
  return [
    ...features.map((feature, k) => row(feature, ({ weights }) => weights.data[k]!)),
    row("(intercept)", ({ bias }) => bias)
  ]
}

/**
 * How far two numbers differ, relative to the larger of them; 0 when they are equal.
 *
 * @category comparison
 * @since 0.1.0
 */
export const relativeDifference = (a: number, b: number): number =>
  a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b))
