/**
 * `lse`: the logarithm of a sum of exponentials.
 *
 * @since 0.1.0
 */
import { Expr, Fn } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Schema } from "effect"
import * as Evaluation from "../Evaluation.ts"
import * as Numbers from "../Numbers.ts"

/**
 * `log Σ exp(xᵢ)`, shifted by the largest element so that nothing overflows.
 *
 * **Details**
 *
 * The suite asks for it from its parts, instead of `Expr.logSumExp`. The value does not depend on the shift, which therefore is a constant to differentiation.
 *
 * @category programs
 * @since 0.1.0
 */
export const logSumExp = (n: number) =>
  Fn.make([n], (x) => {
    const largest = Expr.stopGradient(Expr.reduceMax(x))
    return Expr.add(largest, Expr.log(Expr.sum(Expr.exp(Expr.sub(x, largest)))))
  })

/**
 * Its gradient.
 *
 * @category programs
 * @since 0.1.0
 */
export const gradient = (n: number) => Reverse.grad(logSumExp(n))

const Input = Schema.Struct({ x: Numbers.Vector })

/**
 * The module.
 *
 * @category modules
 * @since 0.1.0
 */
export const lse: Evaluation.Module = {
  name: "lse",
  functions: {
    primal: Evaluation.taking(Input, ({ x }) => Evaluation.make(logSumExp(x.shape[0]), x, (value) => value)),
    gradient: Evaluation.taking(Input, ({ x }) => Evaluation.make(gradient(x.shape[0]), x, Numbers.toList))
  }
}
