/**
 * `hello`: a square and its derivative.
 *
 * @since 0.1.0
 */
import { Expr, Fn } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Schema } from "effect"
import * as Evaluation from "../Evaluation.ts"

/**
 * The square of a number.
 *
 * @category programs
 * @since 0.1.0
 */
export const square = Fn.make([], (x) => Expr.mul(x, x))

/**
 * Its derivative.
 *
 * @category programs
 * @since 0.1.0
 */
export const double = Reverse.grad(square)

const identity = (value: number): number => value

/**
 * The module.
 *
 * @category modules
 * @since 0.1.0
 */
export const hello: Evaluation.Module = {
  name: "hello",
  functions: {
    square: Evaluation.taking(Schema.Finite, (x) => Evaluation.make(square, x, identity)),
    double: Evaluation.taking(Schema.Finite, (x) => Evaluation.make(double, x, identity))
  }
}
