import { reduction } from "./reduction.ts"
import { runSuites } from "./suite.ts"

runSuites(reduction)
