import { contraction } from "./contraction.ts"
import { runSuites } from "./suite.ts"

runSuites(contraction)
