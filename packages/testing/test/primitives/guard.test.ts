import { guard } from "./guard.ts"
import { runSuites } from "./suite.ts"

runSuites(guard)
