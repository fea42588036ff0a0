// Checking a gradient on data: the mean squared error of a line on twenty points, at bias 0 and slope 0.
//
// By hand the gradient is (2/n) Σ r and (2/n) Σ r x, where r = bias + slope x - y. Forward mode needs one pass for each parameter,
// reverse mode one backward sweep for both, and differences of values know no calculus at all. They agree.

import * as Calculus from "@fluxion/calculus"
import { Fn } from "@fluxion/core"
import { Console, Effect } from "effect"
import * as Example from "../Example.ts"
import { meanSquaredError, readPoints } from "./line-fit.ts"

export const example = Example.make({
  name: "gradient-check",
  summary: "The gradient of a line's mean squared error on 20 points, by both modes and by differences.",
  main: Effect.gen(function* () {
    const batch = yield* readPoints("gradient-check-20.csv")
    const program = meanSquaredError({
      parameters: { bias: [], slope: [] },
      batch: { x: batch.x.shape, y: batch.y.shape }
    })
    // The data are fixed: what is left is a program of the two parameters.
    const loss = Fn.make({ bias: [], slope: [] }, (parameters) => Fn.apply(program, { parameters, batch }))

    const report = yield* Calculus.checkGradient(loss, { bias: 0, slope: 0 })
    yield* Console.log(Calculus.renderGradientReport(report))
    return report
  })
})

if (import.meta.main) Effect.runFork(example.main)
