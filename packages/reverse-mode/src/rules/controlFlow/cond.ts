// cond is pulled back by a cond over the pullbacks of its branches.

import { Zero } from "@fluxion/core/Rule"
import type { ControlVjpRule } from "../../VjpRule.ts"
import { activity, nonZero, or, present, pulledBody, reached, spread } from "./shared.ts"

export const cond: ControlVjpRule<"cond"> = {
  active: ({ attributes: { whenFalse, whenTrue }, trace, varies }) => {
    const consts = varies.slice(1)
    return or(activity(whenTrue, consts, trace), activity(whenFalse, consts, trace))
  },
  pullback: (algebra, cotangents, operands, _, { attributes: { whenFalse, whenTrue }, trace, varies }) => {
    const active = varies.slice(1)
    const given = present(cotangents)
    const wanted = or(reached(whenTrue, active, given, trace), reached(whenFalse, active, given, trace))
    if (!wanted.includes(true)) return operands.map(() => Zero)
    const attributes = {
      whenTrue: pulledBody(whenTrue, active, given, wanted, trace),
      whenFalse: pulledBody(whenFalse, active, given, wanted, trace)
    }
    const results = algebra.applyMany("cond", attributes, [...operands, ...nonZero(cotangents)])
    return [Zero, ...spread(results, wanted)]
  }
}
