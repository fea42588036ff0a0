/**
 * `particle`: the control parameter with which a charged particle hits the origin.
 *
 * @since 0.1.0
 */
import { Expr, Fn, Tensor } from "@fluxion/core"
import { Schema } from "effect"
import * as Evaluation from "../Evaluation.ts"
import { argmin, gradient, type Mode } from "./GradientDescent.ts"

type Point = Expr.Expr<readonly [number]>

const timeStep = 0.1

/** The potential of two charges at (10, 10 - w) and (10, 0). */
const potential = (w: Expr.Expr<readonly []>) =>
  Fn.make([2] as readonly [number], (x) => {
    const distance = (charge: Point) => Expr.sqrt(Expr.sum(Expr.square(Expr.sub(charge, x))))
    const moved = Expr.stack([10, Expr.sub(10, w)], 0)
    return Expr.add(Expr.div(1, distance(moved)), Expr.div(1, distance(Expr.constant([10, 0]))))
  })

/**
 * The squared distance from the origin at which the particle crosses the first axis, of the control parameter `[w]`.
 *
 * **Details**
 *
 * Euler's method with steps of 0.1 until the particle is below the axis, then back along a straight line. The acceleration is the gradient of a
 * potential, taken by the `inner` mode inside a loop whose length is known when it runs.
 *
 * @category programs
 * @since 0.1.0
 */
export const miss = (inner: Mode) =>
  Fn.make([1] as readonly [number], (parameter) => {
    const slope = gradient(potential(Expr.at(parameter, 0)), inner)
    const start = Expr.constant(Tensor.make([0, 8]))
    const launch = Expr.constant(Tensor.make([0.75, 0]))
    const drift = (x: Point, velocity: Point) => Expr.add(x, Expr.mul(timeStep, velocity))
    // The force is that at the place before: it is known one step late.
    const { velocity, x } = Expr.whileLoop(
      ({ x }) => Expr.gt(Expr.at(x, 1), 0),
      ({ before, velocity, x }) => {
        const next = Expr.sub(velocity, Expr.mul(timeStep, Fn.apply(slope, before)))
        return { before: x, x: drift(x, next), velocity: next }
      },
      { before: start, x: drift(start, launch), velocity: launch }
    )
    const late = Expr.div(Expr.neg(Expr.at(x, 1)), Expr.at(velocity, 1))
    return Expr.square(Expr.add(Expr.at(x, 0), Expr.mul(late, Expr.at(velocity, 0))))
  })

/**
 * The control parameter that minimises the miss, from one at the start; gradient descent by the `outer` mode.
 *
 * @category programs
 * @since 0.1.0
 */
export const control = (outer: Mode, inner: Mode) =>
  Fn.make([], (w) => Expr.at(argmin(miss(inner), outer, Expr.reshape(w, [1])), 0))

const Input = Schema.Struct({ w: Schema.Finite })

const solve = (outer: Mode, inner: Mode) =>
  Evaluation.taking(Input, ({ w }) => Evaluation.make(control(outer, inner), w, (value) => value))

/**
 * The module.
 *
 * @category modules
 * @since 0.1.0
 */
export const particle: Evaluation.Module = {
  name: "particle",
  functions: {
    ff: solve("forward", "forward"),
    fr: solve("forward", "reverse"),
    rf: solve("reverse", "forward"),
    rr: solve("reverse", "reverse")
  }
}
