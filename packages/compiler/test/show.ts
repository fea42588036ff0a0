import { Expr, Fn, Tensor, Body } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { lower } from "../src/internal/lower/index.ts"
import { passes } from "../src/internal/passes/index.ts"
import { print } from "../src/internal/javascript/print.ts"
const lse = Fn.make([1000], (x) => Expr.logSumExp(x))
const llsq = (n: number, m: number) => Fn.make([m], (x) => {
  const t = Expr.constant(Tensor.linspace(-1, 1, n))
  const init = { power: Expr.ones([n]), total: Expr.zeros([n]) }
  const { total } = Expr.fold((c: any, xj: any) => ({ power: Expr.mul(c.power, t), total: Expr.add(c.total, Expr.mul(xj, c.power)) }), init as any, x as any) as any
  return Expr.sum(Expr.square(Expr.sub(Expr.sign(t), total))) as any
})
const which = process.argv[2]
const f: any = which === "lse" ? lse : which === "glse" ? Reverse.grad(lse) : which === "llsq" ? llsq(4096, 16) : Reverse.grad(llsq(4096, 16) as any)
const { inputs, outputs } = f
void inputs, outputs
const body = (Fn as any).bodyOf?.(f) ?? f.body ?? f
let p = lower(body as Body.Body)
for (const [name, pass] of passes) { const t0 = performance.now(); p = pass(p); console.error(name, (performance.now() - t0).toFixed(2)) }
console.log(print(p).source)
