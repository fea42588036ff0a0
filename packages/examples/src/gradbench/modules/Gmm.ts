/**
 * `gmm`: the log posterior of a mixture of Gaussians with a Wishart prior on the precision matrices.
 *
 * @since 0.1.0
 */
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Schema } from "effect"
import * as Evaluation from "../Evaluation.ts"
import * as Numbers from "../Numbers.ts"

/**
 * `k` components in `d` dimensions, `n` observations, and the prior: `m` additional degrees of freedom, precision `gamma`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Mixture {
  readonly n: number
  readonly k: number
  readonly d: number
  readonly m: number
  readonly gamma: number
}

/** Where the entries of a lower triangular matrix stand in a list: first its diagonal, then what is below it, column by column. Above it, 0. */
const positions = (d: number): Tensor.Tensor<readonly [number, number], "index"> => {
  const below = (row: number, column: number) => column * (d - 1) - (column * (column - 1)) / 2 + row - column - 1
  return Tensor.index(
    Array.from({ length: d }, (_, row) =>
      Array.from({ length: d }, (_, column) => (row === column ? row : row > column ? d + below(row, column) : 0))
    )
  )
}

/** Rows of lower triangular matrices that are multiplied together. */
const rowsAtOnce = 16

/** `Q x` for lower triangular matrices `Q` and all `x`: blocks of rows, each without the columns in which all its entries are above the diagonal. */
const triangularProducts = (
  factors: Expr.Expr<readonly [number, number, number]>,
  x: Expr.Expr<readonly [number, number]>
): Expr.Expr<readonly [number, number, number]> => {
  const [k, d] = factors.shape
  const [n] = x.shape
  return Expr.concat(
    Array.from({ length: Math.ceil(d / rowsAtOnce) }, (_, block) => {
      const first = block * rowsAtOnce
      const end = Math.min(d, first + rowsAtOnce)
      const rows = Expr.slice(factors, { starts: [0, first, 0], limits: [k, end, end] })
      return Expr.einsum("kij,nj->kni", rows, Expr.slice(x, { starts: [0, 0], limits: [n, end] }))
    }),
    2
  )
}

/** `log Γ_d(x)`, the multivariate gamma function. */
const logMultivariateGamma = (d: number, x: number) =>
  Expr.add(
    (d * (d - 1) * Math.log(Math.PI)) / 4,
    Expr.sum(
      Expr.lgamma(
        Tensor.fromArray(
          Array.from({ length: d }, (_, j) => x - j / 2),
          [d]
        )
      )
    )
  )

/**
 * The log posterior of a mixture.
 *
 * **Details**
 *
 * The precision of a component is `QᵀQ`, where `Q` has `exp(q)` on its diagonal and `l` below it, column by column. All `Q x - Q μ` come from one matrix
 * product for each component.
 *
 * @category programs
 * @since 0.1.0
 */
export const logPosterior = ({ d, gamma, k, m, n }: Mixture) =>
  Fn.make({ alpha: [k], mu: [k, d], q: [k, d], l: [k, (d * (d - 1)) / 2], x: [n, d] }, ({ alpha, l, mu, q, x }) => {
    const diagonals = Expr.exp(q)
    const factors = Expr.tril(Expr.gather(Expr.concat([diagonals, l], 1), positions(d), 1))
    const centres = Expr.einsum("kij,kj->ki", factors, mu)
    const deviations = Expr.sub(triangularProducts(factors, x), Expr.expandDims(centres, 1))
    // β, of shape [k, n]: the logarithms of the weighted densities, but for a constant.
    const weights = Expr.add(alpha, Expr.sum(q, { axis: 1 }))
    const squaredNorms = Expr.sum(Expr.square(deviations), { axis: 2 })
    const exponents = Expr.sub(Expr.expandDims(weights, 1), Expr.mul(0.5, squaredNorms))
    const logLikelihood = Expr.sub(
      Expr.sum(Expr.logSumExp(exponents, { axis: 0 })),
      Expr.mul(n, Expr.add((d / 2) * Math.log(2 * Math.PI), Expr.logSumExp(alpha)))
    )

    const freedom = d + m + 1
    const constant = Expr.sub(freedom * d * Math.log(gamma / Math.SQRT2), logMultivariateGamma(d, freedom / 2))
    const squares = Expr.add(Expr.sum(Expr.square(diagonals)), Expr.sum(Expr.square(l)))
    const logPrior = Expr.mul(k, constant).pipe(
      Expr.sub(Expr.mul((gamma * gamma) / 2, squares)),
      Expr.add(Expr.mul(m, Expr.sum(q)))
    )
    return Expr.add(logLikelihood, logPrior)
  })

/**
 * The gradient of the log posterior with respect to the parameters of the mixture.
 *
 * @category programs
 * @since 0.1.0
 */
export const gradient = (mixture: Mixture) => Reverse.grad(logPosterior(mixture), { wrt: ["alpha", "mu", "q", "l"] })

const Input = Schema.Struct({
  d: Numbers.Size,
  k: Numbers.Size,
  n: Numbers.Size,
  x: Numbers.Matrix,
  m: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  gamma: Schema.Finite.check(Schema.isGreaterThan(0)),
  alpha: Numbers.Vector,
  mu: Numbers.Matrix,
  q: Numbers.Matrix,
  l: Numbers.Matrix
})

const at = ({ alpha, l, mu, q, x }: typeof Input.Type) => ({ alpha, mu, q, l, x })

/**
 * The module.
 *
 * @category modules
 * @since 0.1.0
 */
export const gmm: Evaluation.Module = {
  name: "gmm",
  functions: {
    objective: Evaluation.taking(Input, (input) => Evaluation.make(logPosterior(input), at(input), (value) => value)),
    jacobian: Evaluation.taking(Input, (input) =>
      Evaluation.make(gradient(input), at(input), ({ alpha, l, mu, q }) => ({
        alpha: Tensor.toNested(alpha),
        mu: Tensor.toNested(mu),
        q: Tensor.toNested(q),
        l: Tensor.toNested(l)
      }))
    )
  }
}
