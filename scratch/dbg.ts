import { Expr, Fn } from "@fluxion/core"
import { lower } from "../packages/compiler/src/internal/lower/index.ts"
import { optimise } from "../packages/compiler/src/internal/passes/index.ts"
import { print } from "../packages/compiler/src/internal/javascript/print.ts"
import { print as wprint } from "../packages/compiler/src/internal/wasm/print.ts"
import { writeFileSync } from "node:fs"
const f = Fn.make({ x: [2, 2] }, ({ x }) => Expr.sum(x))
const p = optimise(lower(f as any))
console.log(print(p).source)
writeFileSync("/tmp/m.wasm", wprint(p).bytes)
