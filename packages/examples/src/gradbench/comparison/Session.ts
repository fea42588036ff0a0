/**
 * Sessions of the suite in which several tools answer the same messages.
 *
 * @since 0.1.0
 */
import { Effect, Schema, Stream } from "effect"
import * as Peer from "./Peer.ts"

/**
 * What a tool took for one message: the median and the number of its runs, or why there is none.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome =
  | { readonly _tag: "Measured"; readonly nanoseconds: number; readonly runs: number }
  | { readonly _tag: "Refused"; readonly error: string }

/**
 * One evaluation: what each tool took, by its name, and what the eval said to the first tool's answer.
 *
 * @category models
 * @since 0.1.0
 */
export interface Round {
  readonly module: string
  readonly function: string
  readonly description: string
  readonly outcomes: Readonly<Record<string, Outcome>>
  readonly verdict: Verdict
}

/**
 * What an eval says to an answer.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict =
  | { readonly _tag: "Valid" }
  | { readonly _tag: "Invalid"; readonly error: string }
  | { readonly _tag: "NoAnswer"; readonly error: string }

/**
 * An eval or a tool did not keep to the protocol.
 *
 * @category errors
 * @since 0.1.0
 */
export class ProtocolError extends Schema.TaggedError<ProtocolError>()("ProtocolError", {
  name: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.name} does not keep to the protocol: ${this.problem}`
  }
}

const Message = Schema.fromJsonString(
  Schema.Struct({
    id: Schema.Int,
    kind: Schema.String,
    module: Schema.optionalKey(Schema.String),
    function: Schema.optionalKey(Schema.String),
    description: Schema.optionalKey(Schema.String),
    of: Schema.optionalKey(Schema.Int),
    valid: Schema.optionalKey(Schema.Boolean),
    error: Schema.optionalKey(Schema.String)
  })
)

const Answer = Schema.fromJsonString(
  Schema.Struct({
    id: Schema.Int,
    success: Schema.optionalKey(Schema.Boolean),
    error: Schema.optionalKey(Schema.String),
    timings: Schema.optionalKey(Schema.Array(Schema.Struct({ name: Schema.String, nanoseconds: Schema.Finite })))
  })
)

const read = <A, E>(schema: Schema.Codec<A, E>, name: string, line: string): Effect.Effect<A, ProtocolError> =>
  Effect.mapError(
    Schema.decodeUnknownEffect(schema)(line),
    ({ message }) => new ProtocolError({ name, problem: message })
  )

/** The middle of a list, or the mean of the two in the middle. */
const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

const silent = "no reason given"

const outcomeOf = ({ error, success, timings }: typeof Answer.Type): Outcome => {
  const times = (timings ?? []).flatMap(({ name, nanoseconds }) => (name === "evaluate" ? [nanoseconds] : []))
  return success === true && times.length > 0
    ? { _tag: "Measured", nanoseconds: median(times), runs: times.length }
    : { _tag: "Refused", error: error ?? (success === true ? "no timings" : silent) }
}

/**
 * The rounds of an eval with tools that answer in turn, as they end.
 *
 * **Details**
 *
 * Each message goes to all tools, one after the other, so that they work on the same inputs and never at the same time. The eval sees the answers of the first, and
 * that is the one it validates.
 *
 * @category running
 * @since 0.1.0
 */
export const rounds = (evaluation: Peer.Start, tools: readonly [Peer.Start, ...ReadonlyArray<Peer.Start>]) =>
  Stream.unwrap(
    Effect.gen(function* () {
      const evaluator = yield* Peer.start(evaluation)
      const peers = yield* Effect.forEach(tools, Peer.start)
      // What tools said that do not know the module: they are not asked for more.
      const refusals = new Map<string, Outcome>()
      const open = new Map<number, Omit<Round, "verdict">>()

      const step = Effect.gen(function* () {
        const line = yield* evaluator.receive
        if (line === undefined) return undefined
        const message = yield* read(Message, evaluator.name, line)
        const outcomes: Record<string, Outcome> = {}
        let first: { readonly text: string; readonly answer: typeof Answer.Type } | undefined
        for (const peer of peers) {
          const refusal = refusals.get(peer.name)
          if (refusal !== undefined && message.kind === "evaluate") {
            outcomes[peer.name] = refusal
            continue
          }
          yield* peer.send(line)
          const text = yield* peer.expect
          const answer = yield* read(Answer, peer.name, text)
          if (answer.id !== message.id) {
            const problem = `expected the answer to message ${message.id}, got that to ${answer.id}`
            return yield* new ProtocolError({ name: peer.name, problem })
          }
          first ??= { text, answer }
          if (message.kind === "define" && answer.success !== true) refusals.set(peer.name, outcomeOf(answer))
          outcomes[peer.name] = outcomeOf(answer)
        }
        if (first === undefined) {
          return yield* new ProtocolError({
            name: evaluator.name,
            problem: "it goes on with a module that the tool refused"
          })
        }
        yield* evaluator.send(first.text)
        if (message.kind === "evaluate") {
          const { description = "", function: name = "", module = "" } = message
          const round = { module, function: name, description, outcomes }
          const { error, success } = first.answer
          if (success !== true) return [{ ...round, verdict: { _tag: "NoAnswer" as const, error: error ?? silent } }]
          open.set(message.id, round)
        }
        if (message.kind === "analysis" && message.of !== undefined) {
          const round = open.get(message.of)
          if (round === undefined) return []
          open.delete(message.of)
          const verdict: Verdict =
            message.valid === true ? { _tag: "Valid" } : { _tag: "Invalid", error: message.error ?? silent }
          return [{ ...round, verdict }]
        }
        return [] as ReadonlyArray<Round>
      })

      return Stream.unfold(undefined, () =>
        Effect.map(step, (ended): readonly [ReadonlyArray<Round>, undefined] | undefined =>
          ended === undefined ? undefined : [ended, undefined]
        )
      ).pipe(Stream.flatMap(Stream.fromIterable))
    })
  )
