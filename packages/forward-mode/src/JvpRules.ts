/**
 * The table of JVP rules.
 *
 * @since 0.1.0
 */
import type { Primitive } from "@fluxion/core"
import type { ControlJvpRules, JvpRules } from "./JvpRule.ts"
import { contraction } from "./rules/contraction.ts"
import { controlFlow } from "./rules/controlFlow.ts"
import { elementwise } from "./rules/elementwise.ts"
import { linalg } from "./rules/linalg.ts"
import { reduction } from "./rules/reduction.ts"
import { structural } from "./rules/structural.ts"

/**
 * The JVP rules of all primitives.
 *
 * **Details**
 *
 * Total over the primitives: one without a rule is a compile error. Each rule is built from operations of the algebra
 * alone, so it computes numbers or builds programs, and is differentiated again by the rules of this same table.
 *
 * @example
 * ```ts
 * import { Interpreter, Operations, Tensor } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 *
 * const ops = Operations.make(Interpreter.algebra)
 * const x = Tensor.make([0, 1])
 * const result = ops.exp(x)
 * const context = { ops, attributes: {}, operands: [x], result, type: ops.typeOf(result) } as const
 * const [rule] = Forward.rules.exp
 * if (typeof rule === "function") console.log(`${rule(Tensor.make([3, 0]), context)}`) // [3, 0]
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const rules: JvpRules<Primitive.Name> = {
  ...elementwise,
  ...reduction,
  ...contraction,
  ...structural,
  ...linalg
}

/**
 * The JVP rules of all control primitives.
 *
 * **Details**
 *
 * Total over the control primitives. Each transforms the bodies by the rules of these tables and applies the same primitive, so loops stay loops.
 *
 * @example
 * ```ts
 * import * as Forward from "@fluxion/forward-mode"
 *
 * console.log(Object.keys(Forward.controlRules)) // [ 'cond', 'scan', 'map', 'call', 'whileLoop', 'custom' ]
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const controlRules: ControlJvpRules<Primitive.ControlName> = controlFlow
