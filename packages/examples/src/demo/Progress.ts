/**
 * Progress on standard error: a bar where a person watches, a few plain lines where a pipe or a log does.
 *
 * @since 0.1.0
 */
import { styleText } from "node:util"
import { Clock, Context, Effect, Layer, Ref, Stdio, Stream } from "effect"

/**
 * How far some work has come.
 *
 * @category models
 * @since 0.1.0
 */
export interface State {
  readonly done: number
  readonly total: number
  readonly unit: string
  readonly detail: string
}

/**
 * Shows progress. What `during` surrounds may report as often as it likes; nothing of a bar is left behind, however it ends.
 *
 * @category services
 * @since 0.1.0
 */
export class Progress extends Context.Service<
  Progress,
  {
    readonly report: (state: State) => Effect.Effect<void>
    readonly during: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  }
>()("@fluxion/examples/demo/Progress") {
  /**
   * A bar when standard error is a terminal that can redraw a line, otherwise lines.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<Progress, never, Stdio.Stdio> = Layer.unwrap(
    Effect.map(
      Effect.flatMap(Stdio.Stdio, (stdio) => stdio.stderrIsTerminal),
      (terminal) => (terminal && process.env["TERM"] !== "dumb" ? Progress.bar : Progress.lines)
    )
  )

  /**
   * One line, redrawn at most twenty times a second; coloured unless `NO_COLOR` says otherwise.
   *
   * @since 0.1.0
   */
  static readonly bar: Layer.Layer<Progress, never, Stdio.Stdio> = Layer.effect(
    Progress,
    Effect.gen(function* () {
      const write = yield* writer
      const drawnAt = yield* Ref.make(Number.NEGATIVE_INFINITY)
      return Progress.of({
        report: Effect.fnUntraced(function* (state: State) {
          const now = yield* Clock.currentTimeMillis
          if (now - (yield* Ref.get(drawnAt)) < 50 && state.done < state.total) return
          yield* Ref.set(drawnAt, now)
          yield* write(`\r${renderBar(state, process.stderr.columns || undefined)}\u001b[K`)
        }),
        during: Effect.ensuring(write("\r\u001b[K"))
      })
    })
  )

  /**
   * A plain line at the start and after each quarter.
   *
   * @since 0.1.0
   */
  static readonly lines: Layer.Layer<Progress, never, Stdio.Stdio> = Layer.effect(
    Progress,
    Effect.gen(function* () {
      const write = yield* writer
      const quarter = yield* Ref.make(-1)
      return Progress.of({
        report: Effect.fnUntraced(function* (state: State) {
          const reached = Math.floor((4 * state.done) / state.total)
          if (reached <= (yield* Ref.get(quarter))) return
          yield* Ref.set(quarter, reached)
          yield* write(`${renderLine(state)}\n`)
        }),
        during: (work) => work
      })
    })
  )
}

const writer = Effect.map(
  Stdio.Stdio,
  (stdio) =>
    (text: string): Effect.Effect<void> =>
      // What cannot be shown must not stop the work.
      Effect.ignore(Stream.run(Stream.make(text), stdio.stderr({ endOnDone: false })))
)

/**
 * A state as a line of text, e.g. `epoch  50/200  loss 0.2513`.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderLine = ({ detail, done, total, unit }: State): string =>
  `${unit} ${String(done).padStart(String(total).length)}/${total}  ${detail}`

/**
 * A state as a bar that fits in as many columns.
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderBar = (state: State, columns = 80): string => {
  const fraction = state.total === 0 ? 1 : state.done / state.total
  const text = `  ${String(Math.floor(100 * fraction)).padStart(3)}%  ${renderLine(state)}`
  const width = Math.min(30, columns - text.length - 1)
  if (width < 5) return text.trimStart().slice(0, Math.max(0, columns - 1))
  const filled = Math.floor(width * fraction)
  const paint = (style: "cyan" | "dim", part: string) => styleText(style, part, { stream: process.stderr })
  return `${paint("cyan", "━".repeat(filled))}${paint("dim", "─".repeat(width - filled))}${text}`
}
