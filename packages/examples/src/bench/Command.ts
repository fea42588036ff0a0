/**
 * The command line of the benchmark.
 *
 * @since 0.1.0
 */
import { Clock, Console, Effect, Schema } from "effect"
import { Command, Flag } from "effect/cli"
import { forUser } from "../internal/node.ts"
import * as Compilation from "./Compilation.ts"
import * as OwnBenchmark from "./OwnBenchmark.ts"
import * as PeerBenchmark from "./PeerBenchmark.ts"
import * as Peers from "./peers/index.ts"
import { problems } from "./problems/index.ts"
import * as Report from "./Report.ts"

const compilation = "compilation"

const topics = [...problems.map(({ name }) => name), compilation]

const flags = {
  only: Flag.Literals("only", topics).pipe(
    Flag.withDescription(`One of ${topics.join(", ")}; may be given again. All of them unless said otherwise`),
    Flag.atLeast(0)
  ),
  seconds: Flag.Finite("min-seconds").pipe(
    Flag.withSchema(Schema.Finite.check(Schema.isGreaterThan(0))),
    Flag.withDescription("How long each subject is measured, 0.5 by default"),
    Flag.withDefault(0.5)
  ),
  peers: Flag.Boolean("peers").pipe(
    Flag.withDescription("Other libraries too: jax-js, TensorFlow.js and rose, all in this run and on one thread"),
    Flag.withDefault(false)
  ),
  quick: Flag.Boolean("quick").pipe(
    Flag.withDescription("Tiny sizes and almost no time: that everything runs, not how fast"),
    Flag.withDefault(false)
  ),
  markdown: Flag.Boolean("markdown").pipe(
    Flag.withDescription("Tables in Markdown, as in docs/performance.md"),
    Flag.withDefault(false)
  )
}

/**
 * `bench`: times of values and derivatives on every backend, beside JavaScript written by hand.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make("bench", flags, ({ markdown, only, peers, quick, seconds }) =>
  Effect.gen(function* () {
    const report = (section: Report.Section) =>
      Console.log(`\n${Report.render(section, markdown ? "markdown" : "text")}`)
    const isWanted = (topic: string): boolean => only.length === 0 || only.includes(topic)
    const options = { seconds: quick ? 0.001 : seconds }
    yield* Console.log(Report.circumstances(new Date(yield* Clock.currentTimeMillis)))
    const others = peers ? yield* Peers.load : []
    for (const problem of problems) {
      if (!isWanted(problem.name)) continue
      yield* OwnBenchmark.run(problem, quick ? [problem.quick] : problem.instances, options, report)
      if (peers) {
        const instance = quick ? problem.quick() : problem.main()
        yield* Effect.flatMap(PeerBenchmark.run(others, problem, instance, options), report)
      }
    }
    if (isWanted(compilation)) {
      yield* Effect.flatMap(Compilation.run(quick ? [50] : [1000, 100_000]), report)
    }
  }).pipe(Effect.mapError(forUser))
).pipe(
  Command.withDescription(
    "Measures values and derivatives of the benchmark problems on the interpreter, JavaScript and WebAssembly, beside JavaScript written by hand and other libraries, and how long programs take to compile."
  ),
  Command.withExamples([
    { command: "pnpm bench", description: "Everything" },
    { command: "pnpm bench --peers --markdown", description: "Other libraries too, as tables for docs/performance.md" },
    { command: "pnpm bench --only lse --min-seconds 2", description: "One problem, for longer" }
  ])
)
