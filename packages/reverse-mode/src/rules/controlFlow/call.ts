// call is pulled back by a call.

import { Zero } from "@fluxion/core/Rule"
import type { ControlVjpRule } from "../../VjpRule.ts"
import { activity, nonZero, present, pulledBody, reached, select, spread } from "./shared.ts"

export const call: ControlVjpRule<"call"> = {
  active: ({ attributes: { body }, trace, varies }) => activity(body, varies, trace),
  accumulates: true,
  pullback: (algebra, cotangents, operands, _, { attributes: { body, checkpoint }, trace, varies }, had) => {
    const given = present(cotangents)
    const wanted = reached(body, varies, given, trace)
    if (!wanted.includes(true)) return operands.map(() => Zero)
    const before = had.map((x, i) => x !== Zero && wanted[i]!)
    const back = pulledBody(body, varies, given, wanted, trace, before)
    const results = algebra.applyMany("call", { body: back, checkpoint }, [
      ...operands,
      ...nonZero(cotangents),
      ...nonZero(select(had, before))
    ])
    return spread(results, wanted)
  }
}
