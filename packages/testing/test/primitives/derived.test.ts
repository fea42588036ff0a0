import { derivedElementwise, derivedOfArrays } from "./derived.ts"
import { runSuites } from "./suite.ts"

runSuites(derivedElementwise)
runSuites(derivedOfArrays)
