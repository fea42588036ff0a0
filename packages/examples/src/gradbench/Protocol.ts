/**
 * The messages of GradBench, one JSON object a line: what an eval sends and what a tool answers.
 *
 * **Details**
 *
 * The protocol is that of the suite's CONTRIBUTING.md. A tool answers each message with its `id`; those of kinds other than `define` and `evaluate` need nothing more.
 *
 * @since 0.1.0
 */
import { Result, Schema } from "effect"

const Id = Schema.Int

const Any = Schema.Struct({ id: Id, kind: Schema.String })

const Define = Schema.Struct({ id: Id, kind: Schema.Literal("define"), module: Schema.String })

const Evaluate = Schema.Struct({
  id: Id,
  kind: Schema.Literal("evaluate"),
  module: Schema.String,
  function: Schema.String,
  input: Schema.Unknown
})

/**
 * A request for a module.
 *
 * @category models
 * @since 0.1.0
 */
export type Define = typeof Define.Type

/**
 * A request to evaluate a function at an input.
 *
 * @category models
 * @since 0.1.0
 */
export type Evaluate = typeof Evaluate.Type

/**
 * A message that wants no work done: the start of a session, the analysis of an answer, or a kind that is not known yet.
 *
 * @category models
 * @since 0.1.0
 */
export interface Notice {
  readonly id: number
  readonly kind: "notice"
  /** Whether it is the first of a session. */
  readonly starts: boolean
}

/**
 * What an eval sends.
 *
 * @category models
 * @since 0.1.0
 */
export type Message = Define | Evaluate | Notice

/**
 * A line that is no message: there is no `id` to answer to.
 *
 * @category errors
 * @since 0.1.0
 */
export class MalformedLine extends Schema.TaggedError<MalformedLine>()("MalformedLine", {
  line: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    const shown = this.line.length <= 80 ? this.line : `${this.line.slice(0, 80)}…`
    return `expected a message, one JSON object with "id" and "kind", got ${JSON.stringify(shown)}: ${this.problem}`
  }
}

/**
 * A message that can be answered, but lacks what its kind needs.
 *
 * @category errors
 * @since 0.1.0
 */
export class MalformedMessage extends Schema.TaggedError<MalformedMessage>()("MalformedMessage", {
  id: Id,
  kind: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `the message of kind ${JSON.stringify(this.kind)} is not as expected: ${this.problem}`
  }
}

/**
 * Reads a line.
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (line: string): Result.Result<Message, MalformedLine | MalformedMessage> =>
  Result.gen(function* () {
    const json = yield* Result.try({
      try: (): unknown => JSON.parse(line),
      catch: (error) => new MalformedLine({ line, problem: String(error) })
    })
    const { id, kind } = yield* Result.mapError(
      Schema.decodeUnknownResult(Any)(json),
      ({ message }) => new MalformedLine({ line, problem: message })
    )
    const whole = <A, E>(schema: Schema.Codec<A, E>) =>
      Result.mapError(
        Schema.decodeUnknownResult(schema)(json),
        ({ message }) => new MalformedMessage({ id, kind, problem: message })
      )
    if (kind === "define") return yield* whole(Define)
    if (kind === "evaluate") return yield* whole(Evaluate)
    return { id, kind: "notice", starts: kind === "start" } as const
  })

/**
 * What a step of the work took.
 *
 * @category models
 * @since 0.1.0
 */
export interface Timing {
  readonly name: "prepare" | "warmup" | "evaluate"
  readonly nanoseconds: number
}

/**
 * What a tool answers.
 *
 * @category models
 * @since 0.1.0
 */
export type Response =
  | { readonly id: number; readonly tool?: string; readonly config?: { readonly backend: string } }
  | { readonly id: number; readonly success: false; readonly error: string }
  | {
      readonly id: number
      readonly success: true
      readonly output?: unknown
      readonly timings?: ReadonlyArray<Timing>
    }
