/**
 * The command line of the comparison.
 *
 * @since 0.1.0
 */
import { Console, Effect, FileSystem, Path, Schema, Stream } from "effect"
import { Command, Flag } from "effect/cli"
import { forUser } from "../../internal/node.ts"
import { list } from "../../internal/text.ts"
import { names } from "../Backends.ts"
import { modules } from "../modules/index.ts"
import type { Start } from "./Peer.ts"
import { rounds, type Round } from "./Session.ts"
import * as Summary from "./Summary.ts"

/**
 * Evals did not come to their end.
 *
 * @category errors
 * @since 0.1.0
 */
export class Unfinished extends Schema.TaggedError<Unfinished>()("Unfinished", {
  evals: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `not finished: ${list(this.evals)}; the table has what was measured before`
  }
}

/** Sizes that the reference interpreter finishes in seconds. */
const small: Readonly<Record<string, string>> = {
  llsq: "-n 16 128 1024",
  lse: "-n 2500 20000",
  gmm: "-d 2 10 -k 5 10",
  lstm: "-l 2 4 -c 128 256",
  ode: "-n 1000 -s 1 10",
  det: "-l 5 7 9",
  kmeans: "-k 10 -n 1000",
  ba: "--max 1",
  ht: "--max 3 --model small"
}

const flags = {
  suite: Flag.String("suite").pipe(
    Flag.withMetavar("FOLDER"),
    Flag.withDescription("A checkout of github.com/gradbench/gradbench, with `make -C tools/manual` done")
  ),
  evals: Flag.String("eval").pipe(
    Flag.withMetavar('"NAME OPTIONS"'),
    Flag.withDescription(
      'An eval with options of its own, as in --eval "llsq -n 4096"; may be given again. All evals unless said otherwise'
    ),
    Flag.atLeast(0)
  ),
  small: Flag.Boolean("small").pipe(
    Flag.withDescription("Sizes for the reference interpreter, where --eval does not say which"),
    Flag.withDefault(false)
  ),
  seconds: Flag.Finite("min-seconds").pipe(
    Flag.withDescription("How long each function is run at least, 1 by default"),
    Flag.withDefault(1)
  ),
  backend: Flag.Literals("backend", names).pipe(
    Flag.withDescription("What our tool runs on"),
    Flag.withDefault(names[0])
  ),
  peer: Flag.String("peer").pipe(
    Flag.withMetavar("COMMAND"),
    Flag.withDescription("The tool to compare with, a command line in the folder of the suite"),
    Flag.withDefault("python3 python/gradbench/gradbench/cpp.py manual")
  ),
  peerName: Flag.String("peer-name").pipe(
    Flag.withDescription("What it is called in tables"),
    Flag.withDefault("manual")
  ),
  python: Flag.String("python").pipe(
    Flag.withDescription("The Python that runs the evals, python3 by default"),
    Flag.withDefault("python3")
  ),
  markdown: Flag.Boolean("markdown").pipe(
    Flag.withDescription("The table in Markdown, as in docs/performance.md"),
    Flag.withDefault(false)
  ),
  out: Flag.String("out").pipe(
    Flag.withMetavar("FILE"),
    Flag.withDescription("Where to write all rounds as JSON"),
    Flag.optional
  )
}

const tool = "fluxion"

// These have no options.
const untimed = new Set(["hello"])

/**
 * `gradbench`: runs evals of the suite against our tool and another one, and prints ratios of their times.
 *
 * @category commands
 * @since 0.1.0
 */
export const command = Command.make("gradbench", flags, (options) =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const folder = path.resolve(options.suite)
    const library = path.join(folder, "python", "gradbench")
    const inherited = process.env["PYTHONPATH"]
    const environment = { PYTHONPATH: inherited === undefined ? library : `${inherited}:${library}` }
    const main = path.resolve(import.meta.dirname, "../../gradbench.ts")
    const tools: readonly [Start, Start] = [
      { name: tool, command: `"${process.execPath}" "${main}" --backend ${options.backend}`, folder },
      { name: options.peerName, command: options.peer, folder, environment }
    ]
    const chosen = options.evals.length > 0 ? options.evals : modules.map(({ name }) => name)
    const all: Array<Round> = []
    const unfinished: Array<string> = []
    for (const text of chosen) {
      const [name = "", ...own] = text.trim().split(/\s+/)
      const sizes = own.length === 0 && options.small ? (small[name] ?? "") : own.join(" ")
      const timing = untimed.has(name) ? "" : `--min-seconds ${options.seconds}`
      const evaluation = {
        name: `the eval ${name}`,
        command: `${options.python} python/gradbench/gradbench/evals/${name}/run.py ${sizes} ${timing}`,
        folder,
        environment
      }
      // A run of all evals takes long: what one of them does not finish is said, and the others go on.
      yield* rounds(evaluation, tools).pipe(
        Stream.runForEach((round) => {
          all.push(round)
          return Console.log(Summary.renderRound(round))
        }),
        Effect.catch((error) => {
          unfinished.push(text)
          return Console.error(`${text}: ${error.message}`)
        })
      )
    }
    const style = options.markdown ? "markdown" : "text"
    yield* Console.log(`\n${Summary.render(Summary.rows(all, tool, options.peerName), tool, options.peerName, style)}`)
    if (options.out._tag === "Some") {
      const files = yield* FileSystem.FileSystem
      yield* files.writeFileString(options.out.value, `${JSON.stringify(all, undefined, 2)}\n`)
    }
    if (unfinished.length > 0) {
      return yield* Effect.fail(new Unfinished({ evals: unfinished }))
    }
  }).pipe(Effect.mapError(forUser))
).pipe(
  Command.withDescription(
    "Runs evals of GradBench: each message goes to our tool, whose answers the eval validates, and to another tool. Prints the ratios of their times."
  ),
  Command.withExamples([
    {
      command: "pnpm gradbench --suite ../gradbench --small",
      description: "All evals in sizes for the reference interpreter"
    },
    {
      command: "pnpm gradbench --suite ../gradbench --backend wasm --markdown",
      description: "All evals in the suite's own sizes, as a table for docs/performance.md"
    },
    { command: 'pnpm gradbench --suite ../gradbench --eval "gmm -d 64 -k 25"', description: "One eval in one size" }
  ])
)
