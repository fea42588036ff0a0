/**
 * The command line of the examples: lists them, and runs all or the named ones.
 *
 * @since 0.1.0
 */
import { styleText } from "node:util"
import { Console, Effect, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import type { Example } from "./Example.ts"
import { nearest } from "./internal/nearest.ts"
import { forUser } from "./internal/node.ts"
import { quote } from "./internal/text.ts"
import { examples } from "./programs/index.ts"

/**
 * No example has this name.
 *
 * @category errors
 * @since 0.1.0
 */
export class UnknownExample extends Schema.TaggedError<UnknownExample>()("UnknownExample", {
  name: Schema.String
}) {
  override get message(): string {
    const hint = nearest(
      this.name,
      examples.map(({ name }) => name)
    )
    return (
      `there is no example ${quote(this.name)}${hint === undefined ? "" : `; did you mean ${quote(hint)}?`}\n` +
      `The examples are:\n${list}`
    )
  }
}

const width = Math.max(...examples.map(({ name }) => name.length))

/**
 * The names of the examples with their sentences, a line each.
 *
 * @category rendering
 * @since 0.1.0
 */
export const list: string = examples.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n")

/**
 * The example of a name.
 *
 * @category queries
 * @since 0.1.0
 */
export const find = (name: string): Effect.Effect<Example, UnknownExample> => {
  const example = examples.find((example) => example.name === name)
  return example === undefined ? Effect.fail(new UnknownExample({ name })) : Effect.succeed(example)
}

/**
 * `examples`: runs the named examples, or lists and runs all of them.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make(
  "examples",
  {
    names: Argument.String("name").pipe(
      Argument.withDescription("An example to run; all of them by default"),
      Argument.variadic()
    ),
    list: Flag.Boolean("list").pipe(Flag.withDescription("Only list the examples"), Flag.withDefault(false))
  },
  (options) =>
    Effect.gen(function* () {
      // Every name is looked up before anything runs.
      const chosen = yield* Effect.forEach(options.names, find)
      if (chosen.length === 0) yield* Console.log(`The examples of Fluxion\n\n${list}`)
      if (options.list) return
      for (const { main, name, summary } of chosen.length === 0 ? examples : chosen) {
        yield* Console.log(`\n${styleText("bold", name, { stream: process.stdout })}: ${summary}\n`)
        yield* main
      }
    }).pipe(Effect.mapError(forUser))
).pipe(
  Command.withDescription("Short programs, each with one idea; their sources are in packages/examples/src/programs."),
  Command.withExamples([
    { command: "pnpm examples", description: "List and run all examples" },
    { command: "pnpm examples line-fit huber", description: "Run two of them" }
  ])
)
