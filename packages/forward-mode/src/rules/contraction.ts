/**
 * JVP rules of the contractions.
 *
 * @since 0.1.0
 */
import type { JvpRules } from "../JvpRule.ts"

/**
 * The JVP rule of `dot`.
 *
 * **Details**
 *
 * A contraction is linear in each operand: the tangent takes the operand's place. Its products have strong zeros, so a
 * zero in the tangent stays zero beside an infinity or NaN in the other operand (Griewank & Walther 2008, section 3.1).
 *
 * @category tables
 * @since 0.1.0
 */
export const contraction = {
  dot: [
    (t, { ops, attributes, operands: [, right] }) => ops.dot(t, right, { ...attributes, strongZero: true }),
    (t, { ops, attributes, operands: [left] }) => ops.dot(left, t, { ...attributes, strongZero: true })
  ]
} satisfies JvpRules<"dot">
