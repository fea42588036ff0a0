/**
 * Linear regression as a differentiable program.
 *
 * @since 0.1.0
 */
import { Expr, Fn, type Tensor } from "@fluxion/core"

/**
 * The parameters of a model of `Features` features: what is differentiated and trained.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parameters<Features extends number = number> {
  readonly weights: Tensor.Tensor<readonly [Features]>
  readonly bias: number
}

/**
 * The predictions of a model for as many rows of features: `x w + b`.
 *
 * @category programs
 * @since 0.1.0
 */
export const predictions = (rows: number, features: number) =>
  Fn.make({ parameters: { weights: [features], bias: [] }, x: [rows, features] }, ({ parameters, x }) =>
    Expr.matmul(x, parameters.weights).pipe(Expr.add(parameters.bias))
  )

/**
 * The mean squared error of a model on a batch of as many rows: a scalar, so that it has a gradient.
 *
 * @category programs
 * @since 0.1.0
 */
export const meanSquaredError = (rows: number, features: number) =>
  Fn.make(
    { parameters: { weights: [features], bias: [] }, batch: { x: [rows, features], y: [rows] } },
    ({ batch, parameters }) => {
      const residuals = Expr.sub(Fn.apply(predictions(rows, features), { parameters, x: batch.x }), batch.y)
      return Expr.mean(Expr.square(residuals))
    }
  )

/**
 * The mean squared error on given data, as a program of the parameters alone.
 *
 * @category programs
 * @since 0.1.0
 */
export const objective = (x: Tensor.Tensor<readonly [number, number]>, y: Tensor.Tensor<readonly [number]>) => {
  const [rows, features] = x.shape
  return Fn.make({ weights: [features], bias: [] }, (parameters) =>
    Fn.apply(meanSquaredError(rows, features), { parameters, batch: { x, y } })
  )
}
