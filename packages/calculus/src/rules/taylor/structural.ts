/**
 * Taylor rules of the structural primitives: all are linear, so a coefficient moves as its primal moves.
 *
 * @since 0.1.0
 */
import type { Primitive } from "@fluxion/core"
import type { TaylorRules } from "../../TaylorRule.ts"

/**
 * The Taylor rules of the structural primitives.
 *
 * @category tables
 * @since 0.1.0
 */
export const structural = {
  broadcastTo: "linear",
  reshape: "linear",
  transpose: "linear",
  slice: "linear",
  dynamicSlice: "linear",
  dynamicUpdateSlice: "linear",
  pad: "linear",
  concat: "linear",
  stack: "linear",
  reverse: "linear",
  gather: "linear",
  scatterAdd: "linear",
  triangle: "linear"
} satisfies Partial<TaylorRules<Primitive.Name>>
