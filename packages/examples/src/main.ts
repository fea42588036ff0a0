import { command } from "./Examples.ts"
import { runCommand } from "./internal/node.ts"

runCommand(command)
