/**
 * What can be wrong with data that comes from outside, each with a message that says what was expected, what came and where.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { nearest } from "../internal/nearest.ts"
import { list, plural, quote } from "../internal/text.ts"

/**
 * The file cannot be read: it is missing, a folder, or not permitted.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnreadableFile extends Schema.TaggedError<UnreadableFile>()("UnreadableFile", {
  file: Schema.String,
  reason: Schema.String
}) {
  override get message(): string {
    return `cannot read ${this.file}: ${this.reason}`
  }
}

/**
 * The file has no rows.
 *
 * @category errors
 * @since 0.1.0
 */
export class EmptyFile extends Schema.TaggedError<EmptyFile>()("EmptyFile", {
  file: Schema.String,
  has: Schema.Literals(["nothing", "only a header"])
}) {
  override get message(): string {
    return this.has === "nothing"
      ? `${this.file} is empty: expected a header line with the names of the columns, then rows`
      : `${this.file} has a header but no rows: expected at least one row after line 1`
  }
}

/**
 * The header line does not name the columns.
 *
 * @category errors
 * @since 0.1.0
 */
export class MalformedHeader extends Schema.TaggedError<MalformedHeader>()("MalformedHeader", {
  file: Schema.String,
  line: Schema.Int,
  column: Schema.Int,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.file}, line ${this.line}, column ${this.column}: ${this.problem}`
  }
}

/**
 * A row that does not fit the header or the schema, with every cell that is wrong.
 *
 * **Details**
 *
 * Lines and columns are counted from 1, the header being line 1.
 *
 * @category errors
 * @since 0.1.0
 */
export class MalformedRow extends Schema.TaggedError<MalformedRow>()("MalformedRow", {
  file: Schema.String,
  line: Schema.Int,
  problems: Schema.NonEmptyArray(
    Schema.Struct({ column: Schema.Int, name: Schema.optionalKey(Schema.String), problem: Schema.String })
  )
}) {
  override get message(): string {
    const problems = this.problems.map(
      ({ column, name, problem }) => `column ${column}${name === undefined ? "" : ` (${quote(name)})`}: ${problem}`
    )
    return `${this.file}, line ${this.line}, ${problems.join("; ")}`
  }
}

/**
 * A column was named that the file does not have.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnknownColumn extends Schema.TaggedError<UnknownColumn>()("UnknownColumn", {
  file: Schema.String,
  column: Schema.String,
  columns: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const hint = nearest(this.column, this.columns)
    return (
      `${this.file} has no column ${quote(this.column)}` +
      (hint === undefined ? "" : `; did you mean ${quote(hint)}?`) +
      `\n${this.columns.length === 1 ? "Its only column is" : "Its columns are"} ${list(this.columns)}.`
    )
  }
}

/**
 * A column that must hold numbers holds text.
 *
 * @category errors
 * @since 0.1.0
 */
export class TextColumn extends Schema.TaggedError<TextColumn>()("TextColumn", {
  file: Schema.String,
  column: Schema.String,
  role: Schema.Literals(["target", "feature"]),
  line: Schema.Int,
  value: Schema.String,
  numeric: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return (
      `${this.file}: the ${this.role} ${quote(this.column)} is a text column (line ${this.line} has ${quote(this.value)}); ` +
      `linear regression needs numbers\n` +
      (this.numeric.length === 0
        ? `The file has no columns of numbers.`
        : `${this.numeric.length === 1 ? "The only column of numbers is" : "The columns of numbers are"} ${list(this.numeric)}.`)
    )
  }
}

/**
 * A column has no value in any row.
 *
 * @category errors
 * @since 0.1.0
 */
export class EmptyColumn extends Schema.TaggedError<EmptyColumn>()("EmptyColumn", {
  file: Schema.String,
  column: Schema.String,
  role: Schema.Literals(["target", "feature"])
}) {
  override get message(): string {
    return `${this.file}: the ${this.role} ${quote(this.column)} is missing in every row`
  }
}

/**
 * The features do not make a regression: there are none, or one is named twice or is the target itself.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnusableFeatures extends Schema.TaggedError<UnusableFeatures>()("UnusableFeatures", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.file}: ${this.problem}`
  }
}

/**
 * Every row has the same value in a column, so that it has no spread to divide by.
 *
 * @category errors
 * @since 0.1.0
 */
export class ConstantColumn extends Schema.TaggedError<ConstantColumn>()("ConstantColumn", {
  file: Schema.String,
  column: Schema.String,
  role: Schema.Literals(["target", "feature"]),
  value: Schema.Number,
  rows: Schema.Int,
  others: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const fact =
      `${this.file}: the ${this.role} ${quote(this.column)} is constant ` +
      `(${this.value} in all ${plural(this.rows, "row")}), so it cannot be standardised`
    if (this.role === "target") return `${fact} and there is nothing to predict`
    return this.others.length === 0
      ? `${fact}; it is the only feature`
      : `${fact}\nLeave it out with --features ${shellWord(this.others.join(","))}`
  }
}

/**
 * A feature is a linear combination of the others, so that the least-squares coefficients are not unique.
 *
 * @category errors
 * @since 0.1.0
 */
export class CollinearFeature extends Schema.TaggedError<CollinearFeature>()("CollinearFeature", {
  file: Schema.String,
  column: Schema.String,
  others: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return (
      `${this.file}: the feature ${quote(this.column)} is a linear combination of the features before it, ` +
      `so the coefficients are not unique\nLeave it out with --features ${shellWord(this.others.join(","))}`
    )
  }
}

/**
 * Too few rows are left to fit as many coefficients.
 *
 * @category errors
 * @since 0.1.0
 */
export class TooFewRows extends Schema.TaggedError<TooFewRows>()("TooFewRows", {
  file: Schema.String,
  rows: Schema.Int,
  needed: Schema.Int,
  coefficients: Schema.Int,
  leftOut: Schema.String
}) {
  override get message(): string {
    return (
      `${this.file}: ${plural(this.rows, "usable row")}, expected at least ${this.needed} ` +
      `to fit ${plural(this.coefficients, "coefficient")}${this.leftOut}`
    )
  }
}

/**
 * Anything that can be wrong with data.
 *
 * @category errors
 * @since 0.1.0
 */
export type DataError =
  | UnreadableFile
  | EmptyFile
  | MalformedHeader
  | MalformedRow
  | UnknownColumn
  | TextColumn
  | EmptyColumn
  | UnusableFeatures
  | ConstantColumn
  | CollinearFeature
  | TooFewRows

const shellWord = (text: string): string => (/^[\w.,:+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
