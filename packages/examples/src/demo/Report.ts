/**
 * What the demo says, as text.
 *
 * @since 0.1.0
 */
import { difference, fixed, number, plural, quote, table } from "../internal/text.ts"
import type { Loaded } from "./Dataset.ts"
import type * as GradientComparison from "./GradientComparison.ts"
import type { Standardised } from "./Standardisation.ts"

/**
 * The rows and columns of a dataset: which are used, and which are left out and why.
 *
 * @category rendering
 * @since 0.1.0
 */
export const data = ({ dataset, leftOut, rows }: Loaded): string => {
  const { features, file, target } = dataset
  const shown = leftOut.malformed.slice(0, 10)
  const lines = [
    `Data: ${file}, ${plural(rows, "row")}`,
    ...(leftOut.malformed.length === 0
      ? []
      : [
          `  ${plural(leftOut.malformed.length, "malformed row")} left out:`,
          ...shown.map((row) => `    ${row.message}`),
          ...(shown.length < leftOut.malformed.length
            ? [`    and ${leftOut.malformed.length - shown.length} more`]
            : [])
        ]),
    ...(leftOut.incomplete === 0
      ? []
      : [
          `  ${plural(leftOut.incomplete, "row")} with missing values left out: ` +
            leftOut.missing.map(({ column, rows }) => `${name(column)} in ${rows}`).join(", ")
        ]),
    ...(leftOut.columns.length === 0
      ? []
      : [
          `  columns not used: ` +
            leftOut.columns
              .map(({ column, kind }) => `${name(column)} (${kind === "nothing" ? "empty" : kind})`)
              .join(", ")
        ]),
    `  ${plural(dataset.x.shape[0], "row")} used, to predict ${name(target)} from ${features.map(name).join(", ")}`
  ]
  return lines.join("\n")
}

/**
 * Mean, standard deviation and range of the columns in use.
 *
 * @category rendering
 * @since 0.1.0
 */
export const columns = ({ dataset }: Loaded, { features, target }: Standardised): string => {
  const [rows, width] = dataset.x.shape
  const column = (k: number): ReadonlyArray<number> =>
    Array.from({ length: rows }, (_, i) => dataset.x.data[i * width + k]!)
  const line = (
    column: string,
    moments: { readonly mean: number; readonly deviation: number },
    values: ReadonlyArray<number>
  ) => [
    name(column),
    number(moments.mean),
    number(moments.deviation),
    number(values.reduce((a, b) => Math.min(a, b))),
    number(values.reduce((a, b) => Math.max(a, b)))
  ]
  return table(
    ["column", "mean", "std. deviation", "least", "greatest"],
    [
      ...features.map((moments, k) => line(dataset.features[k]!, moments, column(k))),
      line(dataset.target, target, Array.from(dataset.y.data))
    ]
  )
}

/**
 * The gradient by each way, and the relative differences.
 *
 * @category rendering
 * @since 0.1.0
 */
export const gradients = (rows: ReadonlyArray<GradientComparison.Row>): string =>
  table(
    ["∂ loss / ∂", "forward mode", "reverse mode", "central diff.", "fwd ~ rev", "rev ~ central"],
    rows.map(({ central, forward, forwardToReverse, parameter, reverse, reverseToCentral }) => [
      name(parameter),
      fixed(forward, 12),
      fixed(reverse, 12),
      fixed(central, 12),
      difference(forwardToReverse),
      difference(reverseToCentral)
    ])
  )

/**
 * Fitted coefficients beside those of least squares.
 *
 * @category models
 * @since 0.1.0
 */
export interface Coefficient {
  readonly name: string
  readonly standard: number
  readonly standardExact: number
  readonly original: number
  readonly originalExact: number
}

/**
 * The fitted coefficients beside the closed-form ones, in standard and in original units.
 *
 * @category rendering
 * @since 0.1.0
 */
export const coefficients = (rows: ReadonlyArray<Coefficient>, target: string): string =>
  [
    table(
      ["standard units", "fitted", "least squares", "difference"],
      rows.map(({ name: parameter, standard, standardExact }) => [
        name(parameter),
        fixed(standard, 6),
        fixed(standardExact, 6),
        difference(Math.abs(standard - standardExact))
      ])
    ),
    "",
    table(
      [`units of ${name(target)}`, "fitted", "least squares", "rel. diff."],
      rows.map(({ name: parameter, original, originalExact }) => [
        name(parameter),
        number(original),
        number(originalExact),
        difference(Math.abs(original - originalExact) / Math.abs(originalExact))
      ])
    )
  ].join("\n")

/** A name from outside as it stands when it is plain, otherwise quoted. */
const name = (text: string): string => (/^[\p{L}\p{N}\p{P}\p{S} ]{1,40}$/u.test(text) ? text : quote(text))
