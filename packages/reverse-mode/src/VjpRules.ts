/**
 * The VJP rules of all primitives.
 *
 * **Details**
 *
 * One file a family, as in core's table of definitions. The table is total over `Primitive.Name`: a primitive without a
 * rule does not compile. The rules are written without regard to the JVP rules of forward mode, so that the agreement
 * of both is evidence.
 *
 * @since 0.1.0
 */
import type { Primitive } from "@fluxion/core"
import { contraction } from "./rules/contraction.ts"
import { controlFlow } from "./rules/controlFlow.ts"
import { elementwise } from "./rules/elementwise.ts"
import { linalg } from "./rules/linalg.ts"
import { reduction } from "./rules/reduction.ts"
import { structural } from "./rules/structural.ts"
import type { ControlVjpRules, VjpRules } from "./VjpRule.ts"

/**
 * Reverse mode's table of all primitives.
 *
 * **Details**
 *
 * Every rule is built from primitives of the algebra and never looks at a value, so derivatives can be differentiated
 * again, by any mode and to any order. Products of a cotangent and a partial derivative have strong zeros: 0 times
 * anything is 0, so a branch not taken never poisons a gradient.
 *
 * @example
 * ```ts
 * import { Interpreter, Operations, Tensor } from "@fluxion/core"
 * import { rules } from "@fluxion/reverse-mode/VjpRules"
 *
 * const ops = Operations.make(Interpreter.algebra)
 * const x = Tensor.make([0, 1])
 * const result = ops.log(x)
 * const context = { ops, attributes: {}, operands: [x], result, type: ops.typeOf(result) } as const
 * const [pullback] = rules.log
 * if (typeof pullback === "function") console.log(`${pullback(Tensor.make([0, 1]), context)}`) // [0, 1]
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const rules: VjpRules<Primitive.Name> = {
  ...elementwise,
  ...reduction,
  ...contraction,
  ...structural,
  ...linalg
}

/**
 * The VJP rules of all control primitives.
 *
 * **Details**
 *
 * Total over the control primitives. Each pulls back through the bodies by the rules of these tables and applies the same primitive, so loops stay loops.
 *
 * @example
 * ```ts
 * import * as Reverse from "@fluxion/reverse-mode"
 *
 * console.log(Object.keys(Reverse.controlRules)) // [ 'cond', 'scan', 'map', 'call', 'whileLoop', 'custom' ]
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const controlRules: ControlVjpRules<Primitive.ControlName> = controlFlow
