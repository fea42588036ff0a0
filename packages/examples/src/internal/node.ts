import * as NodeChildProcessSpawner from "@effect/platform-node-shared/NodeChildProcessSpawner"
import * as NodeFileSystem from "@effect/platform-node-shared/NodeFileSystem"
import * as NodePath from "@effect/platform-node-shared/NodePath"
import * as NodeStdio from "@effect/platform-node-shared/NodeStdio"
import * as NodeTerminal from "@effect/platform-node-shared/NodeTerminal"
import * as NodeRuntime from "@effect/platform-node-shared/NodeRuntime"
import { Effect, Layer } from "effect"
import { CliConfig, CliError, Command, GlobalFlag } from "effect/cli"

/** Files, paths and the terminal of this process. */
export const nodeServices = NodeChildProcessSpawner.layer.pipe(
  Layer.provideMerge(Layer.mergeAll(NodeFileSystem.layer, NodePath.layer, NodeStdio.layer, NodeTerminal.layer))
)

/** Runs a command on the arguments of this process; whatever fails becomes one message on standard error and the exit code 1. */
export const runCommand = <Name extends string, Input, Context, E extends Error>(
  command: Command.Command<Name, Input, Context, E, NodeServices>
): void => {
  // Whoever reads our output may stop reading, as `head` does: that is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error
    process.exit(0)
  })
  // pnpm hands on the `--` of `pnpm demo -- --data FILE`, which here would end the flags.
  const args = process.argv.slice(process.argv[2] === "--" ? 3 : 2)
  Command.runWith(command, { version: "0.1.0" })(args).pipe(
    Effect.provide(Layer.merge(nodeServices, CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] }))),
    NodeRuntime.runMain
  )
}

/** The error as one that the command line shows as a message, without a trace. */
export const forUser = (error: unknown): CliError.UserError =>
  new CliError.UserError({
    cause: error,
    userMessage: (error instanceof Error ? error.message : String(error)).replaceAll("\n", "\n  ")
  })

type NodeServices = typeof nodeServices extends Layer.Layer<infer Services> ? Services : never
