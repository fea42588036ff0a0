// Run with `--disallow-code-generation-from-strings`: what a content-security policy without 'unsafe-eval' does.

import { JavaScript, Wasm } from "@fluxion/compiler"
import { Expr, Fn } from "@fluxion/core"
import { Effect } from "effect"

const f = Fn.make([], (x) => Expr.exp(Expr.mul(x, 2)))
const refused = Effect.runSync(Fn.compile(f).pipe(Effect.provide(JavaScript.layer), Effect.flip))
const computed = Effect.runSync(Fn.run(f, 1).pipe(Effect.provide(Wasm.layer)))
console.log(JSON.stringify({ tag: refused._tag, backend: refused.backend, reason: refused.reason, computed }))
