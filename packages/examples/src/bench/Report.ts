/**
 * Figures as tables, for a terminal or in Markdown.
 *
 * @since 0.1.0
 */
import { cpus } from "node:os"
import { number, type Style, styledTable } from "../internal/text.ts"
import type { Ratio, Times } from "./Measurement.ts"

/**
 * A table under a heading, with sentences below it.
 *
 * @category models
 * @since 0.1.0
 */
export interface Section {
  readonly title: string
  readonly header: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  readonly notes?: ReadonlyArray<string>
}

/**
 * A section as text.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = ({ header, notes = [], rows, title }: Section, style: Style): string =>
  [
    style === "text" ? title : `### ${title}`,
    styledTable(style, header, rows),
    ...notes.map((note) => (style === "text" ? `  ${note}` : note))
  ].join("\n\n")

const units = [
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
  [1, "ns"]
] as const

/**
 * A time of so many nanoseconds, with three digits and a unit.
 *
 * @category rendering
 * @since 0.1.0
 */
export const time = (nanoseconds: number): string => {
  const [size, unit] = units.find(([size]) => nanoseconds >= size) ?? [1, "ns"]
  return `${number(nanoseconds / size, 3)} ${unit}`
}

/**
 * The cells of times: the median, and the quartiles.
 *
 * @category rendering
 * @since 0.1.0
 */
export const timeCells = ({ lowerQuartile, median, upperQuartile }: Times): readonly [string, string] => [
  time(median),
  `${time(lowerQuartile)} – ${time(upperQuartile)}`
]

/**
 * A ratio, and in parentheses what its rounds range over.
 *
 * @category rendering
 * @since 0.1.0
 */
export const ratioCell = ({ largest, median, smallest }: Ratio): string =>
  smallest === largest ? number(median, 3) : `${number(median, 3)} (${number(smallest, 3)} – ${number(largest, 3)})`

/**
 * An error of an answer.
 *
 * @category rendering
 * @since 0.1.0
 */
export const errorCell = (error: number): string =>
  error === 0 ? "0" : Number.isFinite(error) ? error.toExponential(1) : "not a number"

/**
 * When and where: the day, the processor, the engine.
 *
 * @category rendering
 * @since 0.1.0
 */
export const circumstances = (date: Date): string => {
  const processors = cpus()
  return `${date.toISOString().slice(0, 10)}; ${processors[0]?.model.trim() ?? process.arch}, ${processors.length} logical processors; Node ${process.versions.node}, V8 ${process.versions.v8}`
}
