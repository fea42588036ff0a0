// The passes, in their order. Each is a function from loop programs to loop programs.

import type { LoopProgram, Statement } from "../loops/model.ts"
import { contract } from "./contract.ts"
import { dropDeadCode } from "./deadCode.ts"
import { divide } from "./divide.ts"
import { distribute } from "./distribute.ts"
import { distributeFills } from "./distributeFills.ts"
import { forwardCopies } from "./forwardCopies.ts"
import { forwardStores } from "./forwardStores.ts"
import { fuse } from "./fuse.ts"
import { hoist } from "./hoist.ts"
import { interleave } from "./interleave.ts"
import { joinSteps } from "./joinSteps.ts"
import { partialSums } from "./partialSums.ts"
import { promote } from "./promote.ts"
import { shareLocals } from "./shareLocals.ts"
import { speculate } from "./speculate.ts"
import { tileProducts } from "./tileProducts.ts"
import { unroll } from "./unroll.ts"
import { simplifyValues } from "./values.ts"

export const passes: ReadonlyArray<readonly [string, (program: LoopProgram) => LoopProgram]> = [
  ["simplifyValues", simplifyValues],
  ["dropDeadCode", dropDeadCode],
  ["forwardCopies", forwardCopies],
  ["forwardCopies", forwardCopies],
  ["forwardCopies", forwardCopies],
  ["distributeFills", distributeFills],
  ["tileProducts", (program) => tileProducts(program)],
  ["fuse", fuse],
  ["joinSteps", joinSteps],
  ["contract", contract],
  ["promote", promote],
  ["unroll", unroll],
  ["partialSums", partialSums],
  ["forwardStores", forwardStores],
  ["simplifyValues", simplifyValues],
  ["dropDeadCode", dropDeadCode],
  ["hoist", hoist],
  ["speculate", speculate],
  ["distribute", (program) => distribute(program)],
  ["interleave", (program) => interleave(program)],
  ["divide", (program) => divide(program)],
  ["shareLocals", (program) => shareLocals(program)]
]

/** Passes that have nothing to do where there are no loops. */
const ofLoops: ReadonlySet<string> = new Set([
  "distributeFills",
  "tileProducts",
  "fuse",
  "joinSteps",
  "contract",
  "promote",
  "unroll",
  "partialSums",
  "hoist",
  "speculate",
  "distribute",
  "interleave"
])

const hasLoops = (statements: ReadonlyArray<Statement>): boolean =>
  statements.some((statement) => {
    switch (statement._tag) {
      case "For":
      case "While":
        return true
      case "If":
        return hasLoops(statement.whenTrue) || hasLoops(statement.whenFalse)
      default:
        return false
    }
  })

export const optimise = (program: LoopProgram): LoopProgram => {
  const isLooping = hasLoops(program.statements)
  return passes.reduce((made, [name, pass]) => (isLooping || !ofLoops.has(name) ? pass(made) : made), program)
}
