import { command } from "./bench/Command.ts"
import { runCommand } from "./internal/node.ts"

runCommand(command)
