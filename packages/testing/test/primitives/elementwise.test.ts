import { elementwise } from "./elementwise.ts"
import { runSuites } from "./suite.ts"

runSuites(elementwise)
