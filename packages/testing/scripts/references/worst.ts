// What the reports of the references share.

/** One comparison. An error that is not a number counts as infinite. */
export interface Comparison {
  readonly place: string
  readonly expected: number
  readonly actual: number
  readonly error: number
}

/** The worst of several comparisons. */
export type Worst = Comparison

export const worst = (comparisons: ReadonlyArray<Comparison>): Worst => {
  let result: Worst = { place: "nowhere", expected: 0, actual: 0, error: 0 }
  for (const comparison of comparisons) {
    if (Number.isNaN(comparison.error)) return { ...comparison, error: Number.POSITIVE_INFINITY }
    if (comparison.error > result.error) result = comparison
  }
  return result
}

/** An error in a table: two digits. */
export const shown = (error: number): string => (error === 0 ? "0" : error.toExponential(1))

export const table = (
  header: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>
): ReadonlyArray<string> => [
  `| ${header.join(" | ")} |`,
  `| ${header.map((_, i) => (i === 0 ? "---" : "---:")).join(" | ")} |`,
  ...rows.map((row) => `| ${row.join(" | ")} |`)
]
