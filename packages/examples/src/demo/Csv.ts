/**
 * Tables of comma-separated values: a header line, then rows, read through a schema.
 *
 * **Details**
 *
 * RFC 4180 by `csv-parse`: quoted cells may hold commas, quotes and line breaks. Spaces around cells and empty lines are ignored, a byte order
 * mark too. Every cell remembers its line, so that what is wrong can be named.
 *
 * @since 0.1.0
 */
import { type CsvError, type InfoField, parse as parseRecords } from "csv-parse/sync"
import { Effect, FileSystem, Result, Schema, SchemaIssue } from "effect"
import { EmptyFile, MalformedHeader, MalformedRow, UnreadableFile } from "./DataError.ts"
import { describe } from "../internal/fileError.ts"
import { plural, quote } from "../internal/text.ts"

/**
 * A row as it stands in the file: the text of its cells, and the line it begins on.
 *
 * @category models
 * @since 0.1.0
 */
export interface Row {
  readonly line: number
  readonly cells: ReadonlyArray<string>
}

/**
 * A file of comma-separated values, not yet decoded; rows that do not fit the header are errors in their place.
 *
 * @category models
 * @since 0.1.0
 */
export interface Table {
  readonly file: string
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<Result.Result<Row, MalformedRow>>
}

/**
 * Reads a table from a file.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = Effect.fn("Csv.read")(function* (path: string, file: string = path) {
  const fileSystem = yield* FileSystem.FileSystem
  const text = yield* Effect.mapError(
    fileSystem.readFileString(path),
    ({ reason }) => new UnreadableFile({ file, reason: describe(reason) })
  )
  return yield* parse(text, file)
})

/**
 * Reads a table from text.
 *
 * **Details**
 *
 * A quote that is never closed makes its row malformed, and reading goes on at the next line.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (text: string, file: string): Effect.Effect<Table, EmptyFile | MalformedHeader> =>
  Effect.gen(function* () {
    const name = file
    const [header, ...rows] = records(text, name)
    if (header === undefined) return yield* new EmptyFile({ file: name, has: "nothing" })
    const malformed = (line: number, column: number, problem: string) =>
      new MalformedHeader({ file: name, line, column, problem })
    if (Result.isFailure(header)) return yield* malformed(header.failure.line, 1, header.failure.problems[0].problem)
    const columns = header.success.cells
    for (const [k, column] of columns.entries()) {
      if (column === "")
        return yield* malformed(header.success.line, k + 1, "expected the name of a column, got nothing")
      const first = columns.indexOf(column)
      if (first < k) {
        return yield* malformed(
          header.success.line,
          k + 1,
          `the name ${quote(column)} is also that of column ${first + 1}`
        )
      }
    }
    if (rows.length === 0) return yield* new EmptyFile({ file: name, has: "only a header" })
    return { file: name, columns, rows: rows.map(Result.flatMap((row) => fit(name, columns, row))) }
  })

/**
 * A row that fitted its schema.
 *
 * @category models
 * @since 0.1.0
 */
export interface Decoded<A> {
  readonly line: number
  readonly value: A
}

/**
 * Decodes the rows of a table by the schema of one row.
 *
 * **Details**
 *
 * The schema sees a record with the text of each cell, or `null` where the cell is one of `missing`. With `onMalformed: "stop"` the first malformed
 * row is the failure; with `"skip"` they are collected.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = Effect.fn("Csv.decode")(function* <A>(
  table: Table,
  schema: Schema.Codec<A, Readonly<Record<string, string | null>>>,
  options: { readonly onMalformed: "stop" | "skip" }
) {
  const decodeRow = Schema.decodeUnknownResult(schema, { errors: "all", reportInput: true })
  const rows: Array<Decoded<A>> = []
  const malformed: Array<MalformedRow> = []
  for (const structural of table.rows) {
    const decoded = Result.flatMap(structural, ({ cells, line }) => {
      const record = Object.fromEntries(table.columns.map((name, k) => [name, isMissing(cells[k]!) ? null : cells[k]!]))
      return Result.match(decodeRow(record), {
        onSuccess: (value) => Result.succeed({ line, value }),
        onFailure: ({ issue }) =>
          Result.fail(new MalformedRow({ file: table.file, line, problems: problems(table, issue) }))
      })
    })
    if (Result.isSuccess(decoded)) rows.push(decoded.success)
    else if (options.onMalformed === "stop") return yield* decoded.failure
    else malformed.push(decoded.failure)
  }
  return { rows, malformed }
})

/**
 * Whether the text of a cell stands for a missing value.
 *
 * @category guards
 * @since 0.1.0
 */
export const isMissing = (cell: string): boolean => missing.has(cell)

const missing: ReadonlySet<string> = new Set(["", "NA", "N/A", "NaN", "nan", "null", "NULL"])

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

/**
 * Whether the text of a cell is a number in decimal notation.
 *
 * @category guards
 * @since 0.1.0
 */
export const isNumber = (cell: string): boolean => decimal.test(cell)

/**
 * A cell that holds a finite number in decimal notation.
 *
 * @category schemas
 * @since 0.1.0
 */
export const NumberCell = Schema.String.check(Schema.isPattern(decimal, { expected: "a number" })).pipe(
  Schema.decodeTo(Schema.FiniteFromString)
)

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/** What is wrong with each cell; the first message of each says it best. */
const problems = (table: Table, issue: SchemaIssue.Issue): MalformedRow["problems"] => {
  const byColumn = new Map<string, string>()
  for (const { message, path } of formatIssue(issue).issues) {
    const name = String(path?.[0] ?? table.columns[0])
    if (!byColumn.has(name)) byColumn.set(name, message.replace(/^E/, "e"))
  }
  return Array.from(byColumn, ([name, problem]) => ({
    column: table.columns.indexOf(name) + 1,
    name,
    problem
  })) as never
}

const fit = (file: string, columns: ReadonlyArray<string>, row: Row): Result.Result<Row, MalformedRow> => {
  const [expected, actual] = [columns.length, row.cells.length]
  if (actual === expected) return Result.succeed(row)
  const count = `the row has ${plural(actual, "cell")}, the header ${expected}`
  return Result.fail(
    new MalformedRow({
      file,
      line: row.line,
      problems:
        actual < expected
          ? [
              {
                column: actual + 1,
                name: columns[actual]!,
                problem: `expected a cell, got the end of the row (${count})`
              }
            ]
          : [
              {
                column: expected + 1,
                problem: `expected the end of the row, got ${quote(row.cells[expected]!)} (${count})`
              }
            ]
    })
  )
}

/** The records of a text. After one that cannot be split into cells, reading starts again at the line after its first. */
const records = (text: string, file: string): ReadonlyArray<Result.Result<Row, MalformedRow>> => {
  const lines = text.split(/\r\n|\n|\r/)
  const result: Array<Result.Result<Row, MalformedRow>> = []
  let start = 0
  while (start < lines.length) {
    const problem = readFrom(lines, start, (row) => result.push(Result.succeed(row)))
    if (problem === undefined) break
    result.push(Result.fail(new MalformedRow({ file, line: problem.line, problems: [problem] })))
    start = problem.line
  }
  return result
}

/** Gives the rows from a line on (counted from 0) to `onRow`; returns where and why it could not go on. */
const readFrom = (lines: ReadonlyArray<string>, start: number, onRow: (row: Row) => void) => {
  let cells: Array<{ readonly text: string; readonly line: number }> = []
  let linesRead = start
  try {
    parseRecords(lines.slice(start).join("\n"), {
      bom: true,
      cast: (text: string, context: InfoField) => {
        // A cell knows the line it ends on.
        cells.push({ text, line: start + context.lines - (text.split("\n").length - 1) })
        return text
      },
      on_record: (_: unknown, context: { readonly lines: number }) => {
        onRow({ line: cells[0]!.line, cells: cells.map((cell) => cell.text) })
        linesRead = start + context.lines
        cells = []
        return null
      },
      // A quote inside a cell is kept as text, and the schema says what is wrong with it.
      relax_quotes: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true
    })
    return undefined
  } catch (error) {
    const { code } = error as CsvError
    const line = cells[0]?.line ?? lines.findIndex((text, k) => k >= linesRead && text.trim() !== "") + 1
    const unclosed = code === "CSV_QUOTE_NOT_CLOSED" || code === "CSV_MAX_RECORD_SIZE"
    const problem = unclosed
      ? "the quote that opens here is never closed"
      : "expected a comma or the end of the line after the closing quote"
    return { line, column: cells.length + 1, problem }
  }
}
