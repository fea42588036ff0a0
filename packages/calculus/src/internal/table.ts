// Tables, printed as plain text, Markdown and SVG.

import { markdown, oneLine, xml } from "./escape.ts"

export interface Table {
  readonly title: string
  readonly header: ReadonlyArray<string>
  readonly align: ReadonlyArray<"left" | "right">
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
}

/** How many places a text takes: combining marks take none. */
export const width = (text: string): number => Array.from(text.replace(/\p{M}/gu, "")).length

const pad = (text: string, to: number, align: "left" | "right"): string => {
  const space = " ".repeat(Math.max(0, to - width(text)))
  return align === "left" ? text + space : space + text
}

const widthsOf = ({ header, rows }: Table): ReadonlyArray<number> =>
  header.map((title, i) => rows.reduce((most, row) => Math.max(most, width(row[i]!)), width(title)))

const clean = (table: Table): Table => ({ ...table, rows: table.rows.map((row) => row.map(oneLine)) })

export const toTextTable = (given: Table): string => {
  const table = clean(given)
  const widths = widthsOf(table)
  const line = (row: ReadonlyArray<string>): string =>
    row
      .map((cell, i) => pad(cell, widths[i]!, table.align[i]!))
      .join("  ")
      .trimEnd()
  return [line(table.header), line(widths.map((n) => "-".repeat(n))), ...table.rows.map(line)].join("\n")
}

export const toMarkdownTable = ({ align, header, rows }: Table): string => {
  const line = (row: ReadonlyArray<string>): string =>
    `| ${row.map((cell) => markdown(cell.replace(/ +/g, " ").trim())).join(" | ")} |`
  return [line(header), `| ${align.map((a) => (a === "left" ? "---" : "---:")).join(" | ")} |`, ...rows.map(line)].join(
    "\n"
  )
}

const character = 7.3
const rowHeight = 20
const margin = 12

export const svgStyle = `font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="12"`

/** An SVG document of its own: no fonts, styles or scripts from elsewhere. */
export const svgDocument = (title: string, size: { readonly width: number; readonly height: number }, body: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" ` +
  `role="img" ${svgStyle}><title>${xml(title)}</title><rect width="100%" height="100%" fill="#ffffff"/>${body}</svg>`

export const toSvgTable = (given: Table): string => {
  const table = clean(given)
  const widths = widthsOf(table).map((n) => Math.ceil(n * character) + 2 * margin)
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((a, b) => a + b, 0))
  const total = widths.reduce((a, b) => a + b, 0)
  const text = (cell: string, column: number, y: number, weight: string): string => {
    const right = table.align[column] === "right"
    const x = right ? starts[column]! + widths[column]! - margin : starts[column]! + margin
    return cell === ""
      ? ""
      : `<text x="${x}" y="${y}" xml:space="preserve" fill="#1f2328"${right ? ` text-anchor="end"` : ""}${weight}>${xml(cell)}</text>`
  }
  const rows = [table.header, ...table.rows].map((row, r) => {
    const y = r * rowHeight + margin
    const band =
      r % 2 === 0 && r > 0 ? `<rect x="0" y="${y}" width="${total}" height="${rowHeight}" fill="#f3f5f7"/>` : ""
    const weight = r === 0 ? ` font-weight="bold"` : ""
    return band + row.map((cell, i) => text(cell, i, y + 14, weight)).join("")
  })
  const rule = `<path d="M0 ${rowHeight + margin}H${total}" stroke="#8c959f"/>`
  return svgDocument(
    table.title,
    { width: total, height: (table.rows.length + 1) * rowHeight + 2 * margin },
    rows.join("") + rule
  )
}
