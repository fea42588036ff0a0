// Checking a gradient: the Huber loss at five predictions.
//
// The Huber loss of a residual r is r²/2 while |r| ≤ δ, and δ(|r| - δ/2) beyond: a parabola whose arms go on as straight lines, so that
// outliers pull with a constant force. Here the target is 0 and δ is 1, so that the residual is the prediction and the gradient is the
// prediction itself, cut off at -1 and 1 (Huber, "Robust estimation of a location parameter", 1964).
//
// The prediction -1 stands exactly where parabola and line meet. Both have the slope -1 there, so the gradient has no kink; but the
// slope of the gradient jumps from 0 to 1, and forward and reverse mode both take the parabola's side, as the `≤` above says.

import * as Calculus from "@fluxion/calculus"
import { Expr, Fn } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import { Console, Effect } from "effect"
import { number, table } from "../internal/text.ts"
import * as Example from "../Example.ts"

/** The Huber loss of a prediction, for the target 0 and δ = 1. */
export const loss = Fn.make({ prediction: [] }, ({ prediction }) => Expr.huber(Expr.sub(prediction, 0), 1))

/** The derivative of the derivative: forward mode over forward mode. */
export const curvature = Forward.derivative(Forward.derivative(loss))

export const predictions = [-1, 0.5, 2, 2.5, 5]

export const example = Example.make({
  name: "huber",
  summary: "The gradient of the Huber loss at -1, 0.5, 2, 2.5 and 5, checked against differences of its values.",
  main: Effect.gen(function* () {
    const figures = yield* Effect.forEach(
      predictions,
      Effect.fnUntraced(function* (prediction) {
        // Forward mode, reverse mode and an extrapolated difference quotient, with the quotient's own error.
        const { entries, value, verdict } = yield* Calculus.checkGradient(loss, { prediction })
        const { forward, kink, numeric, numericError, reverse } = entries[0]!
        return {
          prediction,
          loss: value,
          forward,
          reverse,
          numeric,
          numericError,
          kink,
          curvature: yield* Fn.run(curvature, { prediction }),
          verdict
        }
      })
    )

    yield* Console.log(
      table(
        ["prediction", "loss", "forward", "reverse", "numerical", "± error", "curvature", "verdict"],
        figures.map((f) => [
          String(f.prediction),
          String(f.loss),
          String(f.forward),
          String(f.reverse),
          number(f.numeric, 9),
          f.numericError.toExponential(0),
          String(f.curvature),
          f.verdict
        ])
      )
    )
    return figures
  })
})

if (import.meta.main) Effect.runFork(example.main)
