/**
 * The command line of the tool.
 *
 * @since 0.1.0
 */
import { Config, Effect, Stdio, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { forUser } from "../internal/node.ts"
import { backends, names } from "./Backends.ts"
import { answers } from "./Tool.ts"

const flags = {
  backend: Flag.Literals("backend", names).pipe(
    Flag.withDescription(`What programs run on: ${names.join(", ")}; or FLUXION_BACKEND (${names[0]} by default)`),
    Flag.withFallbackConfig(Config.Literals(names, "FLUXION_BACKEND")),
    Flag.withDefault(names[0])
  )
}

/**
 * `gradbench-tool`: answers the messages of an eval of GradBench on standard input, until it ends.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make("gradbench-tool", flags, ({ backend }) =>
  Effect.gen(function* () {
    const { stdin, stdout } = yield* Stdio.Stdio
    yield* stdin.pipe(Stream.decodeText, Stream.splitLines, answers, Stream.run(stdout()))
  }).pipe(Effect.provide(backends[backend]), Effect.mapError(forUser))
).pipe(
  Command.withDescription(
    "A tool of GradBench: reads messages of an eval from standard input and answers on standard output, one JSON object a line."
  ),
  Command.withExamples([
    {
      command: `gradbench run --eval "gradbench repo eval llsq" --tool "pnpm --silent gradbench-tool"`,
      description: "One eval of the suite"
    }
  ])
)
