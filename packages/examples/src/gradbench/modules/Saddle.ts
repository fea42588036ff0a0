/**
 * `saddle`: a saddle point by gradient descent in gradient descent.
 *
 * @since 0.1.0
 */
import { Expr, Fn } from "@fluxion/core"
import { Schema } from "effect"
import * as Evaluation from "../Evaluation.ts"
import * as Numbers from "../Numbers.ts"
import { argmin, type Mode } from "./GradientDescent.ts"

type Point = Expr.Expr<readonly [number]>

const plane = [2] as readonly [number]

/** `f(x, y) = ‖x‖² - ‖y‖²`. */
const height = (x: Point, y: Point) => Expr.sub(Expr.sum(Expr.square(x)), Expr.sum(Expr.square(y)))

const argmax = (x: Point, mode: Mode, start: Point): Point =>
  argmin(
    Fn.make(plane, (y) => Expr.neg(height(x, y))),
    mode,
    start
  )

/**
 * The place `x` of `min max f(x, y)` and then that of `max f(x, y)`, both from `start`, after one another.
 *
 * **Details**
 *
 * The objective of the outer descent contains the inner one, a loop of unknown length: the `outer` mode differentiates it, and in it derivatives by the `inner` mode.
 *
 * @category programs
 * @since 0.1.0
 */
export const saddlePoint = (outer: Mode, inner: Mode) =>
  Fn.make(plane, (start) => {
    const ridge = Fn.make(plane, (x) => height(x, argmax(x, inner, start)))
    const x = argmin(ridge, outer, start)
    return Expr.concat([x, argmax(x, outer, start)], 0)
  })

const Input = Schema.Struct({ start: Numbers.Vector })

const solve = (outer: Mode, inner: Mode) =>
  Evaluation.taking(Input, ({ start }) => Evaluation.make(saddlePoint(outer, inner), start, Numbers.toList))

/**
 * The module.
 *
 * @category modules
 * @since 0.1.0
 */
export const saddle: Evaluation.Module = {
  name: "saddle",
  functions: {
    ff: solve("forward", "forward"),
    fr: solve("forward", "reverse"),
    rf: solve("reverse", "forward"),
    rr: solve("reverse", "reverse")
  }
}
