/**
 * The tool: a stream of lines from an eval becomes a stream of answers.
 *
 * @since 0.1.0
 */
import { Backend } from "@fluxion/core"
import { Clock, Effect, Result, Schema, Stream } from "effect"
import { nearest } from "../internal/nearest.ts"
import { list, quote } from "../internal/text.ts"
import * as Evaluation from "./Evaluation.ts"
import { modules } from "./modules/index.ts"
import * as Protocol from "./Protocol.ts"

/**
 * No module has that name.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnknownModule extends Schema.TaggedError<UnknownModule>()("UnknownModule", {
  module: Schema.String
}) {
  override get message(): string {
    return unknown(
      "module",
      this.module,
      modules.map(({ name }) => name)
    )
  }
}

/**
 * A module has no function of that name.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnknownFunction extends Schema.TaggedError<UnknownFunction>()("UnknownFunction", {
  module: Schema.String,
  function: Schema.String,
  functions: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return unknown(`function of ${this.module}`, this.function, this.functions)
  }
}

const unknown = (what: string, name: string, names: ReadonlyArray<string>): string => {
  const near = nearest(name, names)
  return `there is no ${what} ${quote(name)}; ${near === undefined ? `there are ${list(names)}` : `did you mean ${quote(near)}?`}`
}

const moduleNamed = (name: string): Result.Result<Evaluation.Module, UnknownModule> =>
  Result.fromNullishOr(
    modules.find((module) => module.name === name),
    () => new UnknownModule({ module: name })
  )

const functionNamed = (module: Evaluation.Module, name: string): Result.Result<Evaluation.Function, UnknownFunction> =>
  Object.hasOwn(module.functions, name)
    ? Result.succeed(module.functions[name]!)
    : Result.fail(
        new UnknownFunction({ module: module.name, function: name, functions: Object.keys(module.functions) })
      )

const isRecord = (u: unknown): boolean => typeof u === "object" && u !== null && !Array.isArray(u)

// Inputs that are no records cannot say how often to run.
const runsOf = Schema.decodeUnknownResult(Evaluation.Runs)

const evaluate = Effect.fnUntraced(function* (message: Protocol.Evaluate) {
  const module = yield* Effect.fromResult(moduleNamed(message.module))
  const ofInput = yield* Effect.fromResult(functionNamed(module, message.function))
  const invalid = (problem: string) =>
    new Evaluation.InvalidInput({ module: module.name, function: message.function, problem })
  const runs = yield* Effect.fromResult(
    Result.mapError(runsOf(isRecord(message.input) ? message.input : {}), (error) => invalid(error.message))
  )
  const evaluation = yield* Effect.fromResult(Result.mapError(ofInput(message.input), invalid))
  const startedAt = yield* Clock.currentTimeNanos
  const measure = yield* evaluation.compile
  const prepared = Number((yield* Clock.currentTimeNanos) - startedAt)
  const { nanoseconds, output, warmup } = yield* Effect.sync(() => measure(runs))
  const timings: ReadonlyArray<Protocol.Timing> = [
    { name: "prepare", nanoseconds: prepared },
    { name: "warmup", nanoseconds: warmup },
    ...nanoseconds.map((took) => ({ name: "evaluate" as const, nanoseconds: took }))
  ]
  return { output, timings }
})

const refusal = (id: number, error: Error): Protocol.Response => ({ id, success: false, error: error.message })

/**
 * The answer to one message, by the current `Backend`. What cannot be done is said in the answer.
 *
 * @category answering
 * @since 0.1.0
 */
export const answer = Effect.fn("Tool.answer")(function* (message: Protocol.Message) {
  const { id } = message
  switch (message.kind) {
    case "notice": {
      const { name } = yield* Backend.Backend
      const response: Protocol.Response = message.starts ? { id, tool: "fluxion", config: { backend: name } } : { id }
      return response
    }
    case "define":
      return Result.match(moduleNamed(message.module), {
        onSuccess: (): Protocol.Response => ({ id, success: true }),
        onFailure: (error) => refusal(id, error)
      })
    case "evaluate":
      return yield* Effect.match(evaluate(message), {
        onSuccess: (done): Protocol.Response => ({ id, success: true, ...done }),
        onFailure: (error) => refusal(id, error)
      })
  }
})

/**
 * The answers to a stream of lines, in their order, one JSON object a line; empty lines are passed over.
 *
 * **Details**
 *
 * Fails with `MalformedLine` at a line that has no `id` to answer to.
 *
 * @category answering
 * @since 0.1.0
 */
export const answers = <E, R>(
  lines: Stream.Stream<string, E, R>
): Stream.Stream<string, E | Protocol.MalformedLine, R> =>
  lines.pipe(
    Stream.filter((line) => line.trim() !== ""),
    Stream.mapEffect((line) =>
      Result.match(Protocol.decode(line), {
        onSuccess: answer,
        onFailure: (error) =>
          error._tag === "MalformedMessage" ? Effect.succeed(refusal(error.id, error)) : Effect.fail(error)
      })
    ),
    Stream.map((response) => `${JSON.stringify(response)}\n`)
  )
