// A program of two inputs, its value and its gradient.
//
// A program is a value: `Fn.make` takes the shapes of the inputs (`[]` is a scalar) and builds the body once. Nothing runs until
// it is interpreted, and `Reverse.grad` turns the program into another program, the one that computes the gradient.

import { Expr, Fn } from "@fluxion/core"
import * as Reverse from "@fluxion/reverse-mode"
import { Console, Effect } from "effect"
import { number } from "../internal/text.ts"
import * as Example from "../Example.ts"

/** c² + 2cd + d */
export const risk = Fn.make({ c: [], d: [] }, ({ c, d }) =>
  Expr.square(c).pipe(Expr.add(Expr.mul(2, Expr.mul(c, d))), Expr.add(d))
)

/** By hand: ∂/∂c = 2c + 2d and ∂/∂d = 2c + 1. */
export const gradient = Reverse.grad(risk)

export const example = Example.make({
  name: "gradient",
  summary: "The value and the gradient of c² + 2cd + d at (0.5, 0.3).",
  main: Effect.gen(function* () {
    const point = { c: 0.5, d: 0.3 }
    const value = yield* Fn.run(risk, point)
    const slopes = yield* Fn.run(gradient, point)

    yield* Console.log(`f(c, d)  = c² + 2cd + d
f(0.5, 0.3) = ${number(value)}
∂f/∂c = 2c + 2d = ${number(slopes.c)}
∂f/∂d = 2c + 1  = ${number(slopes.d)}`)
    return { value, gradient: slopes }
  })
})

if (import.meta.main) Effect.runFork(example.main)
