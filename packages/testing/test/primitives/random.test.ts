import { random } from "./random.ts"
import { runSuites } from "./suite.ts"

runSuites(random)
