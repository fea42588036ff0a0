import { command } from "./gradbench/comparison/Command.ts"
import { runCommand } from "./internal/node.ts"

runCommand(command)
