/**
 * Linear regression as a differentiable program.
 *
 * @since 0.1.0
 */
import { Expr, Fn, type Tensor } from "@fluxion/core"

/**
 * The parameters of a model: what is differentiated and trained.
 *
 * @category models
 * @since 0.1.0
 */
export type Parameters = {
  readonly weights: Tensor.Tensor<readonly [number]>
  readonly bias: number
}

/**
 * What the loss is computed from: the parameters, and rows of features with their targets.
 *
 * **Details**
 *
 * How many rows and features there are is known only when the data have been read, so the dimensions are `number`: the types know that `x` is
 * a matrix and `y` a vector, and that they fit is checked when the program is built.
 *
 * @category models
 * @since 0.1.0
 */
export type LossInputs = {
  readonly parameters: { readonly weights: readonly [number]; readonly bias: readonly [] }
  readonly batch: { readonly x: readonly [number, number]; readonly y: readonly [number] }
}

/**
 * The mean squared error of the predictions `x w + b`: a program of one scalar output, so that it has a gradient.
 *
 * @category programs
 * @since 0.1.0
 */
export const meanSquaredError = (inputs: LossInputs) =>
  Fn.make(inputs, ({ batch: { x, y }, parameters: { bias, weights } }) => {
    const predictions = Expr.matmul(x, weights).pipe(Expr.add(bias))
    return Expr.mean(Expr.square(Expr.sub(predictions, y)))
  })

/**
 * The mean squared error on given data, as a program of the parameters alone.
 *
 * @category programs
 * @since 0.1.0
 */
export const objective = (x: Tensor.Tensor<readonly [number, number]>, y: Tensor.Tensor<readonly [number]>) => {
  const inputs: LossInputs = { parameters: { weights: [x.shape[1]], bias: [] }, batch: { x: x.shape, y: y.shape } }
  return Fn.make(inputs.parameters, (parameters) => Fn.apply(meanSquaredError(inputs), { parameters, batch: { x, y } }))
}
