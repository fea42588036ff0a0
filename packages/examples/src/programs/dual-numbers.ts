// Three ways to one derivative: of (2x + 1)² at x = 1.
//
// A dual number a + bε carries a value and its derivative. Because ε² = 0, arithmetic on duals is the chain rule:
// (a + bε)(c + dε) = ac + (ad + bc)ε. Forward mode does this to whole programs; reverse mode goes through the same program backwards.

import { Expr, Fn } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import { Dual } from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Console, Effect } from "effect"
import * as Example from "../Example.ts"

/** (2x + 1)² */
export const f = Fn.make({ x: [] }, ({ x }) => Expr.square(Expr.add(Expr.mul(2, x), 1)))

export const example = Example.make({
  name: "dual-numbers",
  summary: "The derivative of (2x + 1)² at 1 by dual numbers, by forward mode and by reverse mode.",
  main: Effect.gen(function* () {
    // By hand, on dual numbers: x is 1 and its derivative with respect to itself is 1.
    const x = Dual.make(1, 1)
    const inner = Dual.add(Dual.mul(2, x), 1)
    const outer = Dual.mul(inner, inner)

    // The same for the program, and by the other mode.
    const value = yield* Fn.run(f, { x: 1 })
    const forward = yield* Fn.run(Forward.derivative(f), { x: 1 })
    const reverse = yield* Fn.run(Reverse.grad(f), { x: 1 })

    yield* Console.log(`x         = ${x}
2x + 1    = ${inner}
(2x + 1)² = ${outer}

value        ${value}
forward mode ${forward}
reverse mode ${reverse.x}`)
    return { dual: { primal: outer.primal, tangent: outer.tangent }, value, forward, reverse: reverse.x }
  })
})

if (import.meta.main) Effect.runFork(example.main)
