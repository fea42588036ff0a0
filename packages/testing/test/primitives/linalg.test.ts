import { linalg } from "./linalg.ts"
import { runSuites } from "./suite.ts"

runSuites(linalg)
