import { measure, cases } from "./scripts/references/torch.ts"
let t=performance.now()
const e=(w:any)=>w.error.toExponential(1)
for (const k of cases) { const t=performance.now(); const m=measure(k)
console.log(k.name, e(m.outputs), Object.values(m.gradients).map(e).join(), Object.values(m.products).map(e).join(), Math.round(performance.now()-t)) }
console.log(performance.now()-t)
