/**
 * VJP rules of the control primitives: the same primitive, with bodies that pull cotangents back.
 *
 * @since 0.1.0
 */
import type { ControlVjpRules } from "../VjpRule.ts"
import { call } from "./controlFlow/call.ts"
import { cond } from "./controlFlow/cond.ts"
import { custom } from "./controlFlow/custom.ts"
import { map } from "./controlFlow/map.ts"
import { scan } from "./controlFlow/scan.ts"
import { whileLoop } from "./controlFlow/whileLoop.ts"

/**
 * The VJP rules of the control primitives.
 *
 * **Details**
 *
 * - `cond` pulls back through the branch that was taken, and evaluates it again to do so.
 * - `scan` saves the carries before each step (those that the pullback reads), and scans in the other direction; each step is evaluated again
 *   from its carries.
 * - `map` pulls back in a `map`; cotangents of constants are summed over the axis.
 * - `whileLoop` runs once more with a tape that grows, then backwards along it: its sweeps are followed by the pullbacks of its sweeps, last one first.
 * - `custom` calls its VJP rule, or the transpose of its JVP rule.
 *
 * Which values have a cotangent at all is found first, as least fixed points over a step.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Reverse from "@fluxion/reverse-mode"
 *
 * const power = Fn.make([], (x) => Expr.iterate(3, (y) => Expr.mul(y, x), Expr.constant(1)))
 * console.log(Fn.runSync(Reverse.grad(power), 2)) // 12
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const controlFlow: ControlVjpRules<"cond" | "scan" | "map" | "call" | "whileLoop" | "custom"> = {
  cond,
  scan,
  map,
  call,
  whileLoop,
  custom
}
