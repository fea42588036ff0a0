/**
 * The loss curve of a training run as a chart in SVG.
 *
 * @since 0.1.0
 */
import { scaleLinear, scaleLog } from "d3-scale"
import { line } from "d3-shape"

/**
 * What the chart shows.
 *
 * **Details**
 *
 * `batches` holds the loss of each mini-batch, at a position in epochs, as training saw it; `epochs` the loss on all data before training (epoch 0) and
 * after each epoch; `best` the least loss that any coefficients reach. All are positive.
 *
 * @category models
 * @since 0.1.0
 */
export interface Curve {
  readonly title: string
  readonly batches: ReadonlyArray<readonly [epoch: number, loss: number]>
  readonly epochs: ReadonlyArray<readonly [epoch: number, loss: number]>
  readonly best: number
}

const width = 760
const height = 440
const margin = { top: 78, right: 172, bottom: 56, left: 64 }
const ink = { text: "#1b1f24", muted: "#59636e", grid: "#e4e8ec", axis: "#8b949e", batches: "#9ec5e8", epochs: "#0b62a8", best: "#b3521c" }

/**
 * Draws a loss curve: mini-batches thin, all data bold, the least possible loss dashed, on a logarithmic scale.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = ({ batches, best, epochs, title }: Curve): string => {
  const last = epochs.at(-1)!
  const losses = [...batches, ...epochs].map(([, loss]) => loss)
  const positive = [...losses, best].filter((loss) => loss > 0)
  const x = scaleLinear([0, last[0]], [margin.left, width - margin.right])
  const domain: readonly [number, number] = [Math.min(...positive), Math.max(...positive)]
  const y = scaleLog([domain[0] / 1.15, domain[1] * 1.15], [height - margin.bottom, margin.top])
  const path = line()
    .x(([epoch]) => x(epoch))
    .y(([, loss]) => y(Math.max(loss, domain[0])))
    .digits(1)
  const ticks = ticksOf(domain)
  const right = width - margin.right
  const bottom = height - margin.bottom
  const tag = (px: number, py: number, fill: string, text: string, extra = "") =>
    `<text x="${round(px)}" y="${round(py)}" fill="${fill}"${extra}>${escape(text)}</text>`

  const horizontal = ticks.map(
    (tick) =>
      `<line x1="${margin.left}" x2="${right}" y1="${round(y(tick))}" y2="${round(y(tick))}" stroke="${ink.grid}"/>` +
      tag(margin.left - 10, y(tick), ink.muted, String(tick), ` text-anchor="end" dominant-baseline="central"`)
  )
  const vertical = x
    .ticks(Math.min(8, Math.max(1, last[0])))
    .map(
      (tick) =>
        `<line x1="${round(x(tick))}" x2="${round(x(tick))}" y1="${bottom}" y2="${bottom + 5}" stroke="${ink.axis}"/>` +
        tag(x(tick), bottom + 20, ink.muted, String(tick), ` text-anchor="middle"`)
    )
  // The two labels stand apart even where the curve ends on the line.
  const [endY, bestY] = apart(y(last[1]), y(best), 32)

  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description" font-family="system-ui, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif" font-size="12.5">
<title id="title">${escape(title)}</title>
<desc id="description">${escape(
    `The mean squared error falls from ${short(epochs[0]![1])} before training to ${short(last[1])} after ${last[0]} epochs; the least possible is ${short(best)}.`
  )}</desc>
<rect width="100%" height="100%" fill="#ffffff"/>
${tag(margin.left, 30, ink.text, title, ` font-size="17" font-weight="600"`)}
${tag(margin.left, 51, ink.muted, "mean squared error in standard units, logarithmic scale")}
<g>${horizontal.join("")}</g>
<g>${vertical.join("")}</g>
<line x1="${margin.left}" x2="${right}" y1="${bottom}" y2="${bottom}" stroke="${ink.axis}"/>
${tag((margin.left + right) / 2, height - 14, ink.muted, "epoch", ` text-anchor="middle"`)}
<path d="${path(batches as Array<[number, number]>) ?? ""}" fill="none" stroke="${ink.batches}" stroke-width="1" stroke-linejoin="round"/>
<line x1="${margin.left}" x2="${right}" y1="${round(y(Math.max(best, domain[0])))}" y2="${round(y(Math.max(best, domain[0])))}" stroke="${ink.best}" stroke-width="1.5" stroke-dasharray="6 4"/>
<path d="${path(epochs as Array<[number, number]>) ?? ""}" fill="none" stroke="${ink.epochs}" stroke-width="2.5" stroke-linejoin="round" stroke-linecap="round"/>
<circle cx="${round(x(last[0]))}" cy="${round(y(last[1]))}" r="4" fill="${ink.epochs}" stroke="#ffffff" stroke-width="1.5"/>
${tag(right + 12, endY, ink.epochs, `all data: ${short(last[1])}`, ` font-weight="600" dominant-baseline="central"`)}
${tag(right + 12, bestY, ink.best, `least squares: ${short(best)}`, ` dominant-baseline="central"`)}
</svg>
`
}

/** Ticks of a logarithmic axis: 1, 2, 5 in each decade, or only the powers of ten when the decades are many. */
const ticksOf = ([low, high]: readonly [number, number]): ReadonlyArray<number> => {
  const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))]
  const steps = to - from > 4 ? [1] : [1, 2, 5]
  const all = Array.from({ length: to - from + 1 }, (_, k) => from + k).flatMap((exponent) =>
    steps.map((step) => Number(`${step}e${exponent}`))
  )
  return all.filter((tick) => tick >= low / 1.15 && tick <= high * 1.15)
}

const apart = (a: number, b: number, distance: number): readonly [number, number] => {
  const gap = distance - Math.abs(a - b)
  if (gap <= 0) return [a, b]
  return a <= b ? [a - gap / 2, b + gap / 2] : [a + gap / 2, b - gap / 2]
}

const short = (value: number): string => String(Number(value.toPrecision(4)))

const round = (value: number): string => String(Math.round(value * 10) / 10)

const escape = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    // Characters that XML 1.0 does not allow.
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
