// Run with `--expose-gc --max-semi-space-size=1`: counts collections and measures the heap over many calls of bound programs.

import { JavaScript, Wasm } from "@fluxion/compiler"
import { type Backend, Expr, Fn } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Effect } from "effect"
import { PerformanceObserver } from "node:perf_hooks"
import { setTimeout } from "node:timers/promises"
import { getHeapStatistics } from "node:v8"

interface Case {
  readonly program: Fn.Any
  readonly calls: number
}

const rosenbrock = Fn.make({ x: [], y: [] }, ({ x, y }) =>
  Expr.add(Expr.square(Expr.sub(1, x)), Expr.mul(100, Expr.square(Expr.sub(y, Expr.square(x)))))
)
const logSumExp = Fn.make([100], (x) => Expr.logSumExp(x))
// A tape that grows at the first call, and stays as large.
const iterated = Fn.make(
  { x: [] },
  ({ x }) =>
    Expr.whileLoop(
      ({ k }) => Expr.lt(k, 50),
      ({ k, v }) => ({ k: Expr.add(k, 1), v: Expr.sin(v) }),
      { k: 0, v: x }
    ).v
)
const guarded = Fn.make([3], (x) => Expr.sum(Expr.checked.log(x)))

const cases: Readonly<Record<string, Case>> = {
  rosenbrock: { program: Reverse.grad(rosenbrock), calls: 400_000 },
  logSumExp: { program: Reverse.valueAndGrad(logSumExp), calls: 50_000 },
  iterated: { program: Reverse.grad(iterated), calls: 50_000 },
  guarded: { program: guarded, calls: 400_000 }
}

let collections = 0
new PerformanceObserver((list) => {
  collections += list.getEntries().length
}).observe({ entryTypes: ["gc"] })

/** The quietest of some rounds: the engine takes its time until it has compiled what runs often for good. */
const measured = async (calls: number, run: () => void): Promise<{ collections: number; grown: number }> => {
  let quietest = { collections: Infinity, grown: Infinity }
  for (let round = 0; round < 12 && (quietest.grown >= calls || quietest.collections > 0); round++) {
    for (let i = 0; i < calls; i++) run()
    collect()
    await setTimeout(20)
    collections = 0
    const before = getHeapStatistics().used_heap_size
    for (let i = 0; i < calls; i++) run()
    const grown = getHeapStatistics().used_heap_size - before
    await setTimeout(20)
    if (collections < quietest.collections || grown < quietest.grown) quietest = { collections, grown }
  }
  return quietest
}

const collect = (globalThis as unknown as { readonly gc: () => void }).gc
const results: Array<object> = []
for (const [backend, layer] of [
  ["javascript", JavaScript.layer],
  ["wasm", Wasm.layer]
] as const) {
  for (const [name, { calls, program }] of Object.entries(cases)) {
    const compiled = Effect.runSync(
      (Fn.compile as unknown as (f: Fn.Any) => Effect.Effect<Fn.Compiled<never, never, never>, Backend.CompileError>)(
        program
      ).pipe(Effect.provide(layer))
    )
    const { inputs, run } = compiled.bind() as { readonly inputs: object; readonly run: () => void }
    const arrays = (ArrayBuffer.isView(inputs) ? [inputs] : Object.values(inputs)) as ReadonlyArray<Float64Array>
    for (const array of arrays) array.fill(0.5)
    results.push({ backend, name, calls, ...(await measured(calls, run)) })
  }
}
// What does allocate is seen: one array a call.
const kept: Array<unknown> = [undefined]
results.push({
  backend: "none",
  name: "control",
  calls: 100_000,
  ...(await measured(100_000, () => void (kept[0] = [kept.length])))
})
console.log(JSON.stringify(results))
