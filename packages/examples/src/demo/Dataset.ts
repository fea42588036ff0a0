/**
 * Rows of numbers for a regression: the features and the target, chosen from a table and checked.
 *
 * @since 0.1.0
 */
import { Tensor } from "@fluxion/core"
import { Effect, Result, Schema } from "effect"
import { plural } from "../internal/text.ts"
import * as Csv from "./Csv.ts"
import {
  ConstantColumn,
  EmptyColumn,
  type MalformedRow,
  TextColumn,
  TooFewRows,
  UnknownColumn,
  UnusableFeatures
} from "./DataError.ts"

/**
 * Features and target of as many examples.
 *
 * **Details**
 *
 * `x` holds a row for each example and a column for each feature, `y` the target of each example. How many there are is known
 * only when the file has been read, so the dimensions are `number`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Dataset {
  readonly file: string
  readonly features: ReadonlyArray<string>
  readonly target: string
  readonly x: Tensor.Tensor<readonly [number, number]>
  readonly y: Tensor.Tensor<readonly [number]>
}

/**
 * What was left out of a dataset and why.
 *
 * @category models
 * @since 0.1.0
 */
export interface LeftOut {
  readonly columns: ReadonlyArray<{ readonly column: string; readonly kind: Kind }>
  readonly malformed: ReadonlyArray<MalformedRow>
  readonly incomplete: number
  readonly missing: ReadonlyArray<{ readonly column: string; readonly rows: number }>
}

/**
 * A dataset with the number of rows of its file and an account of those that were left out.
 *
 * @category models
 * @since 0.1.0
 */
export interface Loaded {
  readonly dataset: Dataset
  readonly rows: number
  readonly leftOut: LeftOut
}

/**
 * Where a dataset comes from.
 *
 * **Details**
 *
 * `path` is where the file is and `file` what messages call it. A `schema` describes a whole row; without one the columns in use must hold numbers.
 * `features` are the usual ones; without them every column of numbers but the target is a feature.
 *
 * @category models
 * @since 0.1.0
 */
export interface Source {
  readonly path: string
  readonly file: string
  readonly schema?: RowSchema
  readonly features?: ReadonlyArray<string>
}

/**
 * The schema of a row: the text of each cell, or `null` where it is missing, to values.
 *
 * @category models
 * @since 0.1.0
 */
export type RowSchema = Schema.Codec<
  Readonly<Record<string, number | string | null>>,
  Readonly<Record<string, string | null>>
>

/**
 * What the cells of a column are, going by most of them.
 *
 * @category models
 * @since 0.1.0
 */
export type Kind = "numbers" | "text" | "nothing"

/**
 * Which columns to use, and what to do about a malformed row.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly target: string
  readonly features?: ReadonlyArray<string> | undefined
  readonly onMalformed: "stop" | "skip"
}

/**
 * Reads a dataset from its source.
 *
 * **Details**
 *
 * A column is one of numbers when at least half of its cells are; in such a column a cell that is not a number makes its row malformed.
 * A row is incomplete when a column that the schema describes is missing in it. Columns in use must not be constant.
 *
 * @category constructors
 * @since 0.1.0
 */
export const load = Effect.fn("Dataset.load")(function* (source: Source, options: Options) {
  const table = yield* Csv.read(source.path, source.file)
  const kinds = new Map(table.columns.map((column, k) => [column, kindOf(table, k)]))
  const { target } = options
  yield* checkColumn(table, kinds, target, "target")
  const features =
    options.features ??
    source.features?.filter((column) => column !== target) ??
    table.columns.filter((column) => column !== target && kinds.get(column) === "numbers")
  yield* checkFeatures(table.file, features, target)
  for (const feature of features) yield* checkColumn(table, kinds, feature, "feature")

  const used = [...features, target]
  const schema: RowSchema = source.schema ?? Schema.Struct(Object.fromEntries(used.map((name) => [name, cell])))
  const { malformed, rows } = yield* Csv.decode(table, schema, options)
  const complete = rows.filter(({ value }) => Object.values(value).every((v) => v !== null))
  const missing = Object.keys(rows[0]?.value ?? {})
    .map((column) => ({ column, rows: rows.filter(({ value }) => value[column] === null).length }))
    .filter(({ rows }) => rows > 0)
  const leftOut: LeftOut = {
    columns: table.columns
      .filter((column) => !used.includes(column))
      .map((column) => ({ column, kind: kinds.get(column)! })),
    malformed,
    incomplete: rows.length - complete.length,
    missing
  }

  const values = (column: string): ReadonlyArray<number> => complete.map(({ value }) => value[column] as number)
  const coefficients = features.length + 1
  if (complete.length <= coefficients) {
    const parts = [
      ...(malformed.length > 0
        ? [`${plural(malformed.length, "row")} malformed, the first: ${malformed[0]!.message}`]
        : []),
      ...(leftOut.incomplete > 0 ? [`${plural(leftOut.incomplete, "row")} with missing values`] : [])
    ]
    return yield* new TooFewRows({
      file: table.file,
      rows: complete.length,
      needed: coefficients + 1,
      coefficients,
      leftOut: parts.length === 0 ? "" : `\nLeft out: ${parts.join("; ")}.`
    })
  }
  for (const column of used) {
    const [first, ...others] = values(column)
    if (others.some((value) => value !== first)) continue
    return yield* new ConstantColumn({
      file: table.file,
      column,
      role: column === target ? "target" : "feature",
      value: first!,
      rows: complete.length,
      others: features.filter((feature) => feature !== column)
    })
  }
  const dataset: Dataset = {
    file: table.file,
    features,
    target,
    x: Tensor.fromArray(
      complete.flatMap(({ value }) => features.map((feature) => value[feature] as number)),
      [complete.length, features.length]
    ),
    y: Tensor.fromArray(values(target), [complete.length])
  }
  return { dataset, rows: table.rows.length, leftOut } satisfies Loaded
})

const cell = Schema.NullOr(Csv.NumberCell)

const cellsOf = (table: Csv.Table, k: number): ReadonlyArray<{ readonly line: number; readonly text: string }> =>
  table.rows.flatMap((row) =>
    Result.isSuccess(row) && !Csv.isMissing(row.success.cells[k]!)
      ? [{ line: row.success.line, text: row.success.cells[k]! }]
      : []
  )

const kindOf = (table: Csv.Table, k: number): Kind => {
  const cells = cellsOf(table, k)
  if (cells.length === 0) return "nothing"
  return cells.filter(({ text }) => Csv.isNumber(text)).length * 2 >= cells.length ? "numbers" : "text"
}

const checkColumn = Effect.fnUntraced(function* (
  table: Csv.Table,
  kinds: ReadonlyMap<string, Kind>,
  column: string,
  role: "target" | "feature"
) {
  const { columns, file } = table
  const kind = kinds.get(column)
  if (kind === undefined) return yield* new UnknownColumn({ file, column, columns })
  // With no good row there is nothing to tell what the column holds; `load` says so.
  if (kind === "nothing" && table.rows.some(Result.isSuccess)) return yield* new EmptyColumn({ file, column, role })
  if (kind !== "text") return
  const { line, text } = cellsOf(table, columns.indexOf(column)).find(({ text }) => !Csv.isNumber(text))!
  const numeric = columns.filter((name) => kinds.get(name) === "numbers")
  return yield* new TextColumn({ file, column, role, line, value: text, numeric })
})

const checkFeatures = Effect.fnUntraced(function* (file: string, features: ReadonlyArray<string>, target: string) {
  const twice = features.find((feature, k) => features.indexOf(feature) < k)
  const problem =
    features.length === 0
      ? "there is no column of numbers beside the target, expected at least one feature"
      : features.includes(target)
        ? `${JSON.stringify(target)} is the target, so it cannot be a feature`
        : twice === undefined
          ? undefined
          : `the feature ${JSON.stringify(twice)} is named twice`
  if (problem !== undefined) return yield* new UnusableFeatures({ file, problem })
})
