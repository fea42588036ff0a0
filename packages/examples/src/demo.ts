import * as NodeRuntime from "@effect/platform-node-shared/NodeRuntime"
import { Effect } from "effect"
import { Command } from "effect/cli"
import { command } from "./demo/Command.ts"
import { args, nodeServices } from "./internal/node.ts"

Command.runWith(command, { version: "0.1.0" })(args).pipe(Effect.provide(nodeServices), NodeRuntime.runMain)
