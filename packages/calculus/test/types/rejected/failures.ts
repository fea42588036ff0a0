import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect } from "effect"

const f = Fn.make([], (x) => Expr.checked.log(x))

// error: runSync: the program can fail; use Fn.runResult or Fn.run
export const a = Fn.runSync(f, 1)
// error: runSync: the program can fail; use Fn.runResult or Fn.run
export const b = f.pipe(Fn.runSync(1))
// error: runSync: the program can fail; use Fn.runResult or Fn.run
export const c = Fn.runSync(Reverse.grad(f), 1)
// error: runSync: the program can fail; use Fn.runResult or Fn.run
export const d = Fn.runSync(Fn.finite(Fn.make([], (x) => Expr.exp(x))), 1)
// error: evaluate: the program can fail; use Fn.make and Fn.runResult
export const e = Fn.evaluate(Expr.checked.log(1))
// error: evaluate: the program can fail; use evaluateResult
export const g = Reverse.evaluate(f, { primals: 1, cotangents: 1 })
// error: evaluate: the program can fail; use evaluateResult
export const h = Forward.evaluate(f, { primals: 1, tangents: 1 })
// error: runSync: the program can fail; use runResult or run
export const i = Effect.map(Fn.compile(f), ({ runSync }) => runSync(1))

// What is not caught is still there.
// error: DomainError
export const j: Effect.Effect<number> = Fn.run(f, 1)
export const k = Fn.run(f, 1).pipe(
  // error: "NonFiniteError"
  Effect.catchTag("NonFiniteError", () => Effect.succeed(0))
)

const x = Expr.ones([2, 3])
// error: cannot broadcast [2] to [2,3]
export const l = Expr.ensure(x, Expr.gt(Expr.ones([2]), 0), () => "never")
export const m = Expr.ensure(
  x,
  // error: cannot broadcast [4,2,3] to [2,3]
  () => Expr.gt(Expr.ones([4, 2, 3]), 0),
  () => "never"
)
export const n = Expr.ensure(
  x,
  // error: is not assignable
  (v) => Expr.add(v, 1),
  () => "never"
)
// error: cannot broadcast [4] to [2,3]
export const o = x.pipe(Expr.ensure(Expr.constant(Tensor.bool([true, true, true, true])), () => "never"))
// error: cannot broadcast [2,3] with [4]
export const p = Expr.checked.div(x, Expr.ones([4]))

// error: Trace.make: the program can fail; use Trace.makeResult
export const q = Calculus.Trace.make(f, 1)
// error: Graph.make: the program can fail; use Graph.makeResult
export const r = Calculus.Graph.make(f, 1)
