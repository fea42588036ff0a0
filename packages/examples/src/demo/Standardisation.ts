/**
 * Standardised data: each column with mean 0 and standard deviation 1, and the way back.
 *
 * @since 0.1.0
 */
import { Expr, Fn, type Tensor } from "@fluxion/core"
import type { Dataset } from "./Dataset.ts"
import type { Parameters } from "./LinearRegression.ts"

/**
 * Mean and standard deviation of a column.
 *
 * @category models
 * @since 0.1.0
 */
export interface Moments {
  readonly mean: number
  readonly deviation: number
}

/**
 * A dataset in standard units, with the moments of its features and its target.
 *
 * @category models
 * @since 0.1.0
 */
export interface Standardised {
  readonly x: Tensor.Tensor<readonly [number, number]>
  readonly y: Tensor.Tensor<readonly [number]>
  readonly features: ReadonlyArray<Moments>
  readonly target: Moments
}

/**
 * Puts a dataset in standard units. The standard deviation is that of the population, divided by the number of rows.
 *
 * @category constructors
 * @since 0.1.0
 */
export const standardise = ({ x, y }: Dataset): Standardised => {
  const program = Fn.make({ x: x.shape, y: y.shape }, ({ x, y }) => {
    const columns = { mean: Expr.mean(x, { axis: 0 }), deviation: Expr.standardDeviation(x, { axis: 0 }) }
    const target = { mean: Expr.mean(y), deviation: Expr.standardDeviation(y) }
    return {
      x: Expr.div(Expr.sub(x, columns.mean), columns.deviation),
      y: Expr.div(Expr.sub(y, target.mean), target.deviation),
      columns,
      target
    }
  })
  const { columns, target, ...standard } = Fn.runSync(program, { x, y })
  return {
    ...standard,
    features: Array.from(columns.mean.data, (mean, k) => ({ mean, deviation: columns.deviation.data[k]! })),
    target
  }
}

/**
 * The coefficients in the units of the data of a model of the standardised data: y = intercept + Σ slope x.
 *
 * @category conversions
 * @since 0.1.0
 */
export const toOriginalUnits = (
  { features, target }: Standardised,
  { bias, weights }: Parameters
): { readonly intercept: number; readonly slopes: ReadonlyArray<number> } => {
  const slopes = features.map(({ deviation }, k) => (weights.data[k]! * target.deviation) / deviation)
  const atMeans = features.reduce((sum, { mean }, k) => sum + slopes[k]! * mean, 0)
  return { intercept: target.mean + bias * target.deviation - atMeans, slopes }
}
