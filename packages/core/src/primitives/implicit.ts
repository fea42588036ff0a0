/**
 * Values defined by equations.
 *
 * @since 0.1.0
 */
import type { ControlDefinitions } from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import * as Type from "../Type.ts"
import { checkCount, checkTypes } from "./controlFlow.ts"

/**
 * The definition of `root`.
 *
 * **Details**
 *
 * Evaluation is that of the solver; the residual serves the derivatives alone.
 *
 * @category tables
 * @since 0.1.0
 */
export const implicit: ControlDefinitions<"root"> = {
  root: {
    types: ({ consts, residual, solve }, operands) => {
      checkCount("root", "consts", consts, operands.length)
      const unknowns = solve.outputNodes.map(({ elementType, shape }) => Type.make(elementType, shape))
      const other = unknowns.find(({ elementType }) => elementType !== "real")
      if (other !== undefined) {
        throw Shape.error("root", [other.shape], `expected unknowns that are real, got ${Type.render(other)}`)
      }
      checkTypes("root", solve.inputNodes, operands, "operands of the solver")
      checkTypes("root", unknowns, operands.slice(consts), "initial values")
      checkTypes("root", residual.inputNodes, [...operands.slice(0, consts), ...unknowns], "operands of the residual")
      checkTypes("root", unknowns, residual.outputNodes, "results of the residual")
      return unknowns
    },
    evaluate: ({ solve }, operands) => ({ body: solve, inputs: operands })
  }
}
