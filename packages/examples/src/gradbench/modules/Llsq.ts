/**
 * `llsq`: the fit of a polynomial to the sign function in the sense of least squares.
 *
 * @since 0.1.0
 */
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Schema } from "effect"
import * as Evaluation from "../Evaluation.ts"
import * as Numbers from "../Numbers.ts"

/**
 * `n` points and `m` coefficients.
 *
 * @category models
 * @since 0.1.0
 */
export interface Sizes {
  readonly n: number
  readonly m: number
}

/**
 * Half the sum of the squared residuals `sign(tᵢ) - Σⱼ xⱼ tᵢʲ` at `n` equidistant points of [-1, 1], of the `m` coefficients.
 *
 * **Details**
 *
 * The polynomial is evaluated at all points at once by Horner's scheme, from the last coefficient to the first.
 *
 * @category programs
 * @since 0.1.0
 */
export const objective = ({ m, n }: Sizes) =>
  Fn.make([m], (x) => {
    const t = Expr.sub(Expr.div(Expr.mul(2, Expr.toReal(Tensor.iota(n))), n - 1), 1)
    const polynomial = Expr.fold(
      (value, coefficient) => Expr.add(Expr.mul(value, t), coefficient),
      Expr.zeros([n]),
      x,
      {
        reverse: true
      }
    )
    return Expr.mul(0.5, Expr.sum(Expr.square(Expr.sub(Expr.sign(t), polynomial))))
  })

/**
 * The gradient of the objective.
 *
 * @category programs
 * @since 0.1.0
 */
export const gradient = (problem: Sizes) => Reverse.grad(objective(problem))

const Input = Schema.Struct({ x: Numbers.Vector, n: Numbers.Size })

const sizes = ({ n, x }: typeof Input.Type): Sizes => ({ n, m: x.shape[0] })

/**
 * The module.
 *
 * @category modules
 * @since 0.1.0
 */
export const llsq: Evaluation.Module = {
  name: "llsq",
  functions: {
    primal: Evaluation.taking(Input, (input) => Evaluation.make(objective(sizes(input)), input.x, (value) => value)),
    gradient: Evaluation.taking(Input, (input) => Evaluation.make(gradient(sizes(input)), input.x, Numbers.toList))
  }
}
