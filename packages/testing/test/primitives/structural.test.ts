import { structural } from "./structural.ts"
import { runSuites } from "./suite.ts"

runSuites(structural)
