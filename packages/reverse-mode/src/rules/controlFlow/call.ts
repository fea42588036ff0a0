// call is pulled back by a call.

import { Zero } from "@fluxion/core/Rule"
import type { ControlVjpRule } from "../../VjpRule.ts"
import { activity, nonZero, present, pulledBody, reached, spread } from "./shared.ts"

export const call: ControlVjpRule<"call"> = {
  active: ({ attributes: { body }, trace, varies }) => activity(body, varies, trace),
  pullback: (algebra, cotangents, operands, _, { attributes: { body, checkpoint }, trace, varies }) => {
    const given = present(cotangents)
    const wanted = reached(body, varies, given, trace)
    if (!wanted.includes(true)) return operands.map(() => Zero)
    const back = pulledBody(body, varies, given, wanted, trace)
    const results = algebra.applyMany("call", { body: back, checkpoint }, [...operands, ...nonZero(cotangents)])
    return spread(results, wanted)
  }
}
