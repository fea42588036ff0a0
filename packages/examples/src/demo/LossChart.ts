/**
 * The loss curve of a training run as a chart in SVG.
 *
 * @since 0.1.0
 */
import { scaleLog } from "d3-scale"
import { line } from "d3-shape"

/**
 * What the chart shows: losses at mini-batches, which are counted from 1.
 *
 * **Details**
 *
 * `batches` holds the loss on the mini-batch itself, `all` the loss on all data, both with the parameters before its update; the last of
 * `all` comes after every update. `best` is the least loss that any parameters reach.
 *
 * @category models
 * @since 0.1.0
 */
export interface Curve {
  readonly title: string
  readonly batches: ReadonlyArray<Point>
  readonly all: ReadonlyArray<Point>
  readonly best: number
}

/**
 * A loss at a mini-batch.
 *
 * @category models
 * @since 0.1.0
 */
export type Point = readonly [batch: number, loss: number]

const width = 800
const height = 450
const margin = { top: 84, right: 178, bottom: 60, left: 68 }
const right = width - margin.right
const bottom = height - margin.bottom
const ink = {
  text: "#1b1f24",
  muted: "#59636e",
  grid: "#e6eaee",
  axis: "#8b949e",
  batches: "#7fb2de",
  all: "#0b5a9d",
  best: "#b3521c"
}

/**
 * Draws a loss curve: each mini-batch as a point, all data as a line, the least possible loss dashed; both axes logarithmic.
 *
 * **Details**
 *
 * Of many mini-batches a sample is drawn, and losses that are not positive stand at the bottom, where the logarithm ends.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = ({ all, batches, best, title }: Curve): string => {
  const [first, last] = [all[0]!, all.at(-1)!]
  const losses = [...batches, ...all].map(([, loss]) => loss).filter((loss) => loss > 0)
  const low = losses.reduce((a, b) => Math.min(a, b), 1)
  const high = losses.reduce((a, b) => Math.max(a, b), low)
  const x = scaleLog([1, Math.max(2, last[0])], [margin.left, right])
  const y = scaleLog([low / 1.2, high * 1.2], [bottom, margin.top])
  const yOf = (loss: number): number => y(Math.max(loss, low / 1.2))

  const curve = line<Point>(
    ([batch]) => x(batch),
    ([, loss]) => yOf(loss)
  ).digits(1)
  const every = Math.ceil(batches.length / 2000)
  const dots = batches
    .filter((_, k) => k % every === 0 || k < 200)
    .map(([batch, loss]) => `M${round(x(batch))},${round(yOf(loss))}h0`)
    .join("")

  const horizontal = ticksOf(low, high).map(
    (tick) =>
      `<line x1="${margin.left}" x2="${right}" y1="${round(y(tick))}" y2="${round(y(tick))}" stroke="${ink.grid}"/>` +
      label(margin.left - 10, y(tick), ink.muted, String(tick), `text-anchor="end" dy="0.35em"`)
  )
  const vertical = ticksOf(1, Math.max(2, last[0])).map(
    (tick) =>
      `<line x1="${round(x(tick))}" x2="${round(x(tick))}" y1="${bottom}" y2="${bottom + 5}" stroke="${ink.axis}"/>` +
      label(x(tick), bottom + 20, ink.muted, tick.toLocaleString("en"), `text-anchor="middle"`)
  )
  // The labels stand apart even where the curve ends on the dashed line.
  const [allY, bestY] = apart(yOf(last[1]), yOf(best), 34)
  const summary =
    `The mean squared error on all data falls from ${short(first[1])} to ${short(last[1])} over ${last[0]} mini-batches; ` +
    `the least possible is ${short(best)}.`

  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description" font-family="system-ui, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif" font-size="12.5">
<title id="title">${escape(title)}</title>
<desc id="description">${escape(summary)}</desc>
<rect width="100%" height="100%" fill="#ffffff"/>
${label(margin.left, 32, ink.text, clip(title), `font-size="17" font-weight="600"`)}
${label(margin.left, 55, ink.muted, "mean squared error in standard units")}
<g>${horizontal.join("")}</g>
<g>${vertical.join("")}</g>
<line x1="${margin.left}" x2="${right}" y1="${bottom}" y2="${bottom}" stroke="${ink.axis}"/>
${label((margin.left + right) / 2, height - 14, ink.muted, "mini-batch, both axes logarithmic", `text-anchor="middle"`)}
<path d="${dots}" fill="none" stroke="${ink.batches}" stroke-opacity="0.55" stroke-width="3" stroke-linecap="round"/>
<line x1="${margin.left}" x2="${right}" y1="${round(yOf(best))}" y2="${round(yOf(best))}" stroke="${ink.best}" stroke-width="1.5" stroke-dasharray="6 4"/>
<path d="${curve(all as Array<Point>) ?? ""}" fill="none" stroke="${ink.all}" stroke-width="2.5" stroke-linejoin="round" stroke-linecap="round"/>
<circle cx="${round(x(last[0]))}" cy="${round(yOf(last[1]))}" r="4.5" fill="${ink.all}" stroke="#ffffff" stroke-width="1.5"/>
${label(right + 14, allY, ink.all, `all data: ${short(last[1])}`, `font-weight="600" dy="0.35em"`)}
${label(right + 14, bestY, ink.best, `least squares: ${short(best)}`, `dy="0.35em"`)}
<circle cx="${right - 104}" cy="51" r="2" fill="${ink.batches}"/>
${label(right, 55, ink.muted, "one mini-batch", `text-anchor="end"`)}
</svg>
`
}

const label = (x: number, y: number, fill: string, text: string, attributes = ""): string =>
  `<text x="${round(x)}" y="${round(y)}" fill="${fill}" ${attributes}>${escape(text)}</text>`

/** Ticks of a logarithmic axis: 1, 2 and 5 in each decade; only powers of ten, not more than eight, when the decades are many. */
const ticksOf = (low: number, high: number): ReadonlyArray<number> => {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))]
  const every = Math.ceil((to - from) / 8)
  const digits = to - from > 3 ? [1] : [1, 2, 5]
  return Array.from({ length: to - from + 1 }, (_, k) => from + k)
    .filter((exponent) => exponent % every === 0)
    .flatMap((exponent) => digits.map((digit) => Number(`${digit}e${exponent}`)))
    .filter((tick) => tick >= low / 1.2 && tick <= high * 1.2)
}

const apart = (a: number, b: number, distance: number): readonly [number, number] => {
  const gap = distance - Math.abs(a - b)
  if (gap <= 0) return [a, b]
  return a <= b ? [a - gap / 2, b + gap / 2] : [a + gap / 2, b - gap / 2]
}

const clip = (text: string): string => (text.length <= 70 ? text : `${text.slice(0, 69)}…`)

const short = (value: number): string => String(Number(value.toPrecision(4)))

const round = (value: number): string => String(Math.round(value * 10) / 10)

const escape = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    // Characters that XML 1.0 does not allow.
    .replaceAll(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, "\ufffd")
