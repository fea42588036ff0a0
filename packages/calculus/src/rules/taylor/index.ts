/**
 * The table of Taylor rules.
 *
 * @since 0.1.0
 */
import type { Primitive } from "@fluxion/core"
import type { TaylorRules } from "../../TaylorRule.ts"
import { contraction } from "./contraction.ts"
import { elementwise } from "./elementwise.ts"
import { guard } from "./guard.ts"
import { linalg } from "./linalg.ts"
import { random } from "./random.ts"
import { reduction } from "./reduction.ts"
import { structural } from "./structural.ts"

/**
 * The Taylor rules of all primitives; total, so a primitive without a rule is a compile error.
 *
 * @category tables
 * @since 0.1.0
 */
export const rules: TaylorRules<Primitive.Name> = {
  ...elementwise,
  ...reduction,
  ...contraction,
  ...structural,
  ...linalg,
  ...random,
  ...guard,
  ...linalg
}
