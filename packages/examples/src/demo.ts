import { command } from "./demo/Command.ts"
import { runCommand } from "./internal/node.ts"

runCommand(command)
