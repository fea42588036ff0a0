/**
 * The command line of the demo.
 *
 * @since 0.1.0
 */
import { Effect, Option, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { forUser } from "../internal/node.ts"
import type { Source } from "./Dataset.ts"
import * as Demo from "./Demo.ts"
import * as Penguins from "./Penguins.ts"
import { Progress } from "./Progress.ts"

const flags = {
  data: Flag.String("data").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("Comma-separated values with a header line; the Palmer penguins by default"),
    Flag.optional
  ),
  target: Flag.String("target").pipe(
    Flag.withMetavar("COLUMN"),
    Flag.withDescription("The column of numbers to predict; needed with --data, body_mass_g by default"),
    Flag.optional
  ),
  features: Flag.String("features").pipe(
    Flag.withMetavar("COLUMNS"),
    Flag.withDescription(
      "The columns to predict from, with commas; by default the other measurements of the penguins, or every column of numbers but the target"
    ),
    Flag.optional
  ),
  onMalformed: Flag.Literals("on-error", ["skip", "stop"]).pipe(
    Flag.withDescription("At a malformed row: report it and go on (the default), or stop"),
    Flag.withDefault("skip")
  ),
  epochs: Flag.Int("epochs").pipe(
    Flag.withSchema(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 100_000 }))),
    Flag.withDescription("How often training sees all rows; by default as often as makes about 6000 mini-batches"),
    Flag.optional
  ),
  batchSize: Flag.Int("batch-size").pipe(
    Flag.withSchema(Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))),
    Flag.withDescription("How many rows make a mini-batch, 16 by default"),
    Flag.withDefault(16)
  ),
  rate: Flag.Finite("rate").pipe(
    Flag.withSchema(Schema.Finite.check(Schema.isGreaterThan(0))),
    Flag.withDescription("The learning rate at the start, 0.02 by default"),
    Flag.withDefault(0.02)
  ),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("Decides the parameters at the start and the order of the rows, 1 by default"),
    Flag.withDefault(1)
  ),
  out: Flag.String("out").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("Where to write the chart of the loss, out/loss.svg by default"),
    Flag.withDefault("out/loss.svg")
  )
}

/**
 * `demo`: a linear regression from a file of comma-separated values, by gradients that three ways agree on.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make("demo", flags, ({ data, epochs, features, target, ...options }) => {
  const source: Source = Option.match(data, {
    onNone: () => Penguins.source,
    onSome: (path) => ({ path, file: path })
  })
  if (Option.isSome(data) && Option.isNone(target)) {
    return Effect.fail(forUser(`--data needs --target: which column of ${data.value} is to be predicted?`))
  }
  return Demo.run({
    ...options,
    source,
    epochs: Option.getOrUndefined(epochs),
    target: Option.getOrElse(target, () => "body_mass_g"),
    features: Option.getOrUndefined(
      Option.map(features, (names) =>
        names
          .split(",")
          .map((name) => name.trim())
          .filter((name) => name !== "")
      )
    )
  }).pipe(Effect.provide(Progress.layer), Effect.mapError(forUser))
}).pipe(
  Command.withDescription(
    "Reads a table, compares the gradient of a linear regression by forward mode, reverse mode and central differences, trains it by mini-batch gradient descent, and compares the coefficients with least squares in closed form."
  ),
  Command.withExamples([
    { command: "pnpm demo", description: "The body mass of the Palmer penguins" },
    { command: "pnpm demo --data FILE --target COLUMN", description: "Any other table" }
  ])
)
