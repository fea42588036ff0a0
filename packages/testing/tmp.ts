import { Fn, Expr, Primitive } from "@fluxion/core"
import { Arbitraries } from "@fluxion/testing"
import * as fc from "fast-check"
const t=Date.now()
const ps = fc.sample(Arbitraries.program(), 1000)
console.log((Date.now()-t)/1000, "ms each")
const seen = new Map<string, number>(); let ops=0
const hist=new Array(40).fill(0)
for (const p of ps) { const n=Fn.operationCount(p.fn); ops+=n; hist[p.code.split("\n").length-4]++; for (const node of Fn.nodes(p.fn)) { const v=Expr.view(node); if(v._tag==="Apply") seen.set(v.primitive,(seen.get(v.primitive)??0)+1) } }
console.log("mean ops", ops/ps.length, hist.join(" "))
console.log([...seen].sort((a,b)=>a[1]-b[1]).slice(0,25), Primitive.names.filter(n=>!seen.has(n)))
console.log(ps.find(p=>p.code.split("\n").length==14)!.code)
console.log(ps.find(p=>p.code.split("\n").length==24)!.code)
try { fc.assert(fc.property(Arbitraries.program(), ({code}) => !code.includes("softmax(")||!code.includes("log("))) } catch(e) {console.log(String(e).slice(0,1500))}
