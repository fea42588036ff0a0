import { command } from "./gradbench/Command.ts"
import { runCommand } from "./internal/node.ts"

runCommand(command)
