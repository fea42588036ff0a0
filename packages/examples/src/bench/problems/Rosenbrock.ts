/**
 * Rosenbrock's function of two variables: nothing but the cost of a call.
 *
 * @since 0.1.0
 */
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as Problem from "../Problem.ts"
import * as Program from "../Program.ts"
import type { Subject } from "../Subject.ts"

/**
 * `(1 - x)² + 100 (y - x²)²`.
 *
 * @category programs
 * @since 0.1.0
 */
export const objective = Fn.make({ x: [], y: [] }, ({ x, y }) =>
  Expr.square(Expr.sub(1, x)).pipe(Expr.add(Expr.mul(100, Expr.square(Expr.sub(y, Expr.square(x))))))
)

const at = { x: -1.2, y: 1 }

const byHand = (): Subject => {
  const point = Float64Array.of(at.x, at.y)
  const value = new Float64Array(1)
  const gradient = new Float64Array(2)
  const run = (): void => {
    const x = point[0]!
    const y = point[1]!
    const a = 1 - x
    const b = y - x * x
    value[0] = a * a + 100 * b * b
    gradient[0] = -2 * a - 400 * b * x
    gradient[1] = 200 * b
  }
  return {
    run,
    answer: () => {
      run()
      return { value: value[0]!, derivative: [gradient.slice(0, 1), gradient.slice(1)] }
    }
  }
}

const instance = (): Problem.Instance => ({
  size: "2 variables",
  n: 2,
  programs: {
    primal: Program.make(objective, at),
    forward: Program.make(Forward.jvp(objective), { primals: at, tangents: { x: 1, y: -0.5 } }),
    reverse: Program.make(Reverse.valueAndGrad(objective), at)
  },
  byHand,
  inputs: { x: Tensor.fromArray([at.x], []), y: Tensor.fromArray([at.y], []) }
})

/**
 * The problem.
 *
 * @category problems
 * @since 0.1.0
 */
export const rosenbrock = Problem.make("rosenbrock", { sizes: [2], main: 2, quick: 2 }, instance)
