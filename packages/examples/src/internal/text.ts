// How values, lists and tables are written for people.

/** A name or value from outside, safe to print: quoted, control characters escaped, cut after 60 characters. */
export const quote = (text: string): string => {
  const escaped = JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
  return escaped.length <= 62 ? escaped : `${escaped.slice(0, 60)}…"`
}

/** Quoted names with commas, the first twenty of them. */
export const list = (names: ReadonlyArray<string>): string => {
  const shown = names.slice(0, 20).map(quote).join(", ")
  return names.length <= 20 ? shown : `${shown} and ${names.length - 20} more`
}

/** `1 row`, `2 rows`. */
export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`

/** A number with at most so many significant digits; in exponential form when very large or very small. */
export const number = (value: number, digits = 6): string => {
  const size = Math.abs(value)
  const exponential = size !== 0 && Number.isFinite(value) && (size < 1e-4 || size >= 10 ** Math.max(digits, 6))
  return String(exponential ? value.toExponential(digits - 1) : Number(value.toPrecision(digits)))
}

/** A number with so many decimals, where zero has no sign. */
export const fixed = (value: number, decimals: number): string => value.toFixed(decimals).replace(/^-(?=0\.?0*$)/, "")

/** A relative difference: `0` when equal, otherwise with two digits. */
export const difference = (value: number): string => (value === 0 ? "0" : value.toExponential(1))

/** Rows of cells under a header, the first column aligned left and the others right, indented by two spaces. */
export const table = (header: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = header.map((name, k) => Math.max(name.length, ...rows.map((row) => row[k]!.length)))
  const line = (cells: ReadonlyArray<string>): string =>
    `  ${cells.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]!) : cell.padStart(widths[k]!))).join("  ")}`.trimEnd()
  return [line(header), `  ${widths.map((width) => "─".repeat(width)).join("  ")}`, ...rows.map(line)].join("\n")
}

/** How tables are written: for a terminal, or in Markdown. */
export type Style = "text" | "markdown"

const markdownTable = (header: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [header, header.map((_, k) => (k === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`)
    .join("\n")

/** A table in a style. */
export const styledTable = (
  style: Style,
  header: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>
): string => (style === "text" ? table : markdownTable)(header, rows)
