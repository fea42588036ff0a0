/**
 * The VJP rule of contraction.
 *
 * @since 0.1.0
 */
import type { VjpRules } from "../VjpRule.ts"

/**
 * The VJP rule of `dot`.
 *
 * **Details**
 *
 * With a cotangent `ct`, `⟨ct, dot(left, right)⟩` is a trilinear form: a sum over all labels of products of one element
 * of each. Its derivative in one operand is the contraction of the two others, whose labels already satisfy what
 * `DotAttributes` demands. The products have strong zeros, so that a zero cotangent stays zero beside an operand that
 * is infinite or NaN.
 *
 * @example
 * ```ts
 * import { Interpreter, Operations, Tensor } from "@fluxion/core"
 * import { rules } from "@fluxion/reverse-mode/VjpRules"
 *
 * const ops = Operations.make(Interpreter.algebra)
 * const attributes = { left: [0], right: [0], output: [], strongZero: false }
 * const operands = [Tensor.make([1, 2]), Tensor.make([3, Infinity])] as const
 * const result = ops.dot(...operands, attributes)
 * const context = { ops, attributes, operands, result, type: ops.typeOf(result) } as const
 * const [left] = rules.dot
 * if (typeof left === "function") console.log(`${left(Tensor.make(0), context)}`) // [0, 0]
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const contraction = {
  dot: [
    (ct, { attributes: { left, output, right }, operands, ops }) =>
      ops.dot(ct, operands[1], { left: output, right, output: left, strongZero: true }),
    (ct, { attributes: { left, output, right }, operands, ops }) =>
      ops.dot(operands[0], ct, { left, right: output, output: right, strongZero: true })
  ]
} satisfies VjpRules<"dot">
