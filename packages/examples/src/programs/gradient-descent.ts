// Gradient descent: walking downhill on x² + 3y², from (4, 3).
//
// The gradient is (2x, 6y). A step against it, at a rate of 0.1, leaves 0.8 of x and 0.4 of y, so that after k steps the point is
// (4 · 0.8ᵏ, 3 · 0.4ᵏ): the steep direction is done first, and the flat one decides how long it takes.

import { Expr, Fn } from "@fluxion/core"
import { iterates, minimize, sgd } from "@fluxion/optim"
import { Console, Effect, Stream } from "effect"
import { number, table } from "../internal/text.ts"
import * as Example from "../Example.ts"

/** x² + 3y² */
export const bowl = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.add(Expr.square(x), Expr.mul(3, Expr.square(y))))

const options = { start: { x: 4, y: 3 }, optimizer: sgd(0.1) }

export const example = Example.make({
  name: "gradient-descent",
  summary: "Gradient descent on x² + 3y² from (4, 3), step by step, and why it stops.",
  main: Effect.gen(function* () {
    // Every point on the way is an element of a stream, and `minimize` is the same walk with only its end.
    const path = yield* iterates(bowl, options).pipe(Stream.take(6), Stream.runCollect)
    const end = yield* minimize(bowl, options)

    yield* Console.log(`${table(
      ["step", "x", "y", "x² + 3y²", "|gradient|"],
      path.map(({ gradientNorm, parameters: { x, y }, step, value }) => [
        String(step),
        number(x),
        number(y),
        number(value),
        number(gradientNorm)
      ])
    )}
${end.reason._tag} after ${end.steps} steps at (${number(end.parameters.x, 3)}, ${number(end.parameters.y, 3)})`)
    return { path, end }
  })
})

if (import.meta.main) Effect.runFork(example.main)
