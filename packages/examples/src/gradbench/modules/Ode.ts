/**
 * `ode`: a system of ordinary differential equations by the classical Runge-Kutta method.
 *
 * @since 0.1.0
 */
import { Expr, Fn } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Schema } from "effect"
import * as Evaluation from "../Evaluation.ts"
import * as Numbers from "../Numbers.ts"

/**
 * `n` equations in `steps` steps.
 *
 * @category models
 * @since 0.1.0
 */
export interface Problem {
  readonly n: number
  readonly steps: number
}

/**
 * The solution at t = 2 of `y₀′ = x₀`, `yᵢ′ = xᵢ yᵢ₋₁` that starts from zeros, of the coefficients `x`.
 *
 * @category programs
 * @since 0.1.0
 */
export const solution = ({ n, steps }: Problem) =>
  Fn.make([n], (x) => {
    const h = 2 / steps
    const slope = (y: Expr.Expr<readonly [number]>) =>
      Expr.mul(x, Expr.concat([Expr.ones([1]), Expr.slice(y, { starts: [0], limits: [n - 1] })], 0))
    const advance = (y: Expr.Expr<readonly [number]>) => {
      const k1 = slope(y)
      const k2 = slope(Expr.add(y, Expr.mul(h / 2, k1)))
      const k3 = slope(Expr.add(y, Expr.mul(h / 2, k2)))
      const k4 = slope(Expr.add(y, Expr.mul(h, k3)))
      const sum = Expr.add(Expr.add(k1, k4), Expr.mul(2, Expr.add(k2, k3)))
      return Expr.add(y, Expr.mul(h / 6, sum))
    }
    return Expr.iterate(steps, advance, Expr.zeros([n]))
  })

/**
 * The last component of the solution.
 *
 * @category programs
 * @since 0.1.0
 */
export const last = (problem: Problem) => Fn.make([problem.n], (x) => Expr.at(Fn.apply(solution(problem), x), -1))

/**
 * The gradient of the last component.
 *
 * @category programs
 * @since 0.1.0
 */
export const gradient = (problem: Problem) => Reverse.grad(last(problem))

const Input = Schema.Struct({ x: Numbers.Vector, s: Numbers.Size })

const problem = ({ s, x }: typeof Input.Type): Problem => ({ n: x.shape[0], steps: s })

/**
 * The module.
 *
 * @category modules
 * @since 0.1.0
 */
export const ode: Evaluation.Module = {
  name: "ode",
  functions: {
    primal: Evaluation.taking(Input, (input) => Evaluation.make(solution(problem(input)), input.x, Numbers.toList)),
    gradient: Evaluation.taking(Input, (input) => Evaluation.make(gradient(problem(input)), input.x, Numbers.toList))
  }
}
