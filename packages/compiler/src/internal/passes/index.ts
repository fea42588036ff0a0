// The passes, in their order. Each is a function from loop programs to loop programs.

import type { LoopProgram } from "../loops/model.ts"
import { contract } from "./contract.ts"
import { dropDeadCode } from "./deadCode.ts"
import { divide } from "./divide.ts"
import { distributeFills } from "./distributeFills.ts"
import { forwardCopies } from "./forwardCopies.ts"
import { forwardStores } from "./forwardStores.ts"
import { fuse } from "./fuse.ts"
import { hoist } from "./hoist.ts"
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
  ["divide", (program) => divide(program)],
  ["shareLocals", (program) => shareLocals(program)]
]

export const optimise = (program: LoopProgram): LoopProgram => passes.reduce((made, [, pass]) => pass(made), program)
