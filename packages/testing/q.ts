import * as Fixtures from "@fluxion/testing/Fixtures"
import { measure } from "./scripts/references/nist.ts"
let t=performance.now()
for (const k of Fixtures.nistNames) { const t=performance.now(); const m=measure(k)
console.log(k, m.jacobian.forward.error, m.jacobian.reverse.error, m.jacobian.reverse.place, m.jacobian.reverse.expected,m.accurate,'| grad', m.gradient.forward.error, m.gradient.reverse.error,'| rss', m.sumOfSquares, m.stationarity, performance.now()-t) }
console.log(performance.now()-t)
