import { control, derivedControl } from "./control.ts"
import { runSuites } from "./suite.ts"

runSuites(control)
runSuites(derivedControl)
