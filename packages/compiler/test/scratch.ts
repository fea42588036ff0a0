import { Fn, Backend, Tensor } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import * as Forward from "@fluxion/forward-mode"
import { Arbitraries } from "@fluxion/testing"
import { JavaScript } from "@fluxion/compiler"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
const flat = (v: unknown): number[] => Tensor.isTensor(v) ? [...v.data] : typeof v === "number" ? [v] : typeof v === "boolean" ? [v?1:0] : Object.values(v as object).flatMap(flat)
const n = Number(process.argv[2] ?? 300)
const seed = Number(process.argv[3] ?? 1)
let ms = 0, count = 0
const out = fc.check(fc.property(Arbitraries.program({ maxOperations: Number(process.argv[4] ?? 30), domains: process.argv[5] as "any" ?? "safe" }), ({ fn, inputs }) => {
  for (const [name, f] of [["f", fn], ["grad", Reverse.grad(fn)], ["jvp", Forward.jvp(fn)]].slice(0, 3) as any) {
    const at = name === "jvp" ? { primals: inputs, tangents: inputs } : inputs
    const t0 = performance.now()
    const compiled = Effect.runSync(Fn.compile(f as any).pipe(Effect.provide(JavaScript.layer))) as any
    ms += performance.now() - t0; count++
    const expected = flat(Fn.runSync(f, at as never))
    const got = flat(compiled.runSync(at))
    const scale = Math.max(1, ...expected.map(Math.abs).filter(Number.isFinite))
    expected.forEach((e, i) => {
      const g = got[i]!
      if (!(Object.is(e, g) || (e === 0 && g === 0) || Math.abs(e - g) <= 1e-12 * scale)) throw new Error(`${name} [${i}]: ${e} vs ${g}`)
    })
  }
}), { numRuns: n, seed })
console.log(out.failed ? fc.defaultReportMessage(out).slice(0, 6000) + (out.errorInstance as Error)?.stack?.slice(0,1500) : `ok ${count} compiled, ${(ms / count).toFixed(2)} ms each`)
