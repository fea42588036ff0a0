import { measure, references } from "./scripts/references/mgh.ts"
let t=performance.now()
const e=(w:any)=>w.error.toExponential(1)
for (const k of references) { const t=performance.now(); const m=measure(k)
console.log(k.name, e(m.value), e(m.residuals), Object.values(m.gradients).map(e).join(), Object.values(m.hessians).map(e).join(), e(m.minimum), e(m.eigenvalues), m.stationarity, performance.now()-t) }
console.log(performance.now()-t)
