// Compiled, not run: what the types of the comparison of modes accept and reject.

import * as Calculus from "@fluxion/calculus"
import type { Fn, Tensor } from "@fluxion/core"
import type { Effect, Result } from "effect"

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
declare const same: <A, B>(holds: Same<A, B>) => void

declare class Bad {
  readonly _tag: "Bad"
}
declare class Need {
  readonly _tag: "Need"
}

declare const f: Fn.Fn<{ readonly w: readonly [3, 2]; readonly b: readonly [] }, readonly [3], Bad>
declare const needy: Fn.Fn<{ readonly x: readonly [] }, readonly [], never, Need>
declare const at: { readonly w: Tensor.Tensor<readonly [3, 2]>; readonly b: number }

// The program's failures are the effect's; the Jacobian has the program's structure.
const report = Calculus.compareModes(f, at)
type Jacobian = {
  readonly w: Tensor.Tensor<readonly [3, 3, 2]>
  readonly b: Tensor.Tensor<readonly [3]>
}
same<typeof report, Effect.Effect<Calculus.Comparison.Comparison<Jacobian>, Bad>>(true)

Calculus.compareModes(f, at, { time: false, maxPasses: 10, tangents: { w: at.w, b: 1 } })

// @ts-expect-error: a requirement has to be met first
Calculus.compareModes(needy, { x: 1 })
// @ts-expect-error: the point has the structure of the inputs
Calculus.compareModes(f, { w: at.w })
// @ts-expect-error: seeds have the structure of the real inputs
Calculus.compareModes(f, at, { tangents: { w: 1, b: 1 } })

same<ReturnType<typeof Calculus.Trace.make>, Calculus.Trace.Trace>(true)
const trace = Calculus.Trace.makeResult(f, at, { digits: 2 })
same<typeof trace, Result.Result<Calculus.Trace.Trace, Bad>>(true)
const graph = Calculus.Graph.makeResult(f, at, { maxNodes: 2 })
same<typeof graph, Result.Result<Calculus.Graph.Graph, Bad>>(true)

// Programs that still require something have costs and Jacobians.
Calculus.chooseMode(needy)
Calculus.Cost.countOperations(needy)
same<ReturnType<typeof Calculus.chooseMode>["mode"], "forward" | "reverse" | "mixed">(true)
Calculus.jacobian(needy, { mode: "mixed" })
