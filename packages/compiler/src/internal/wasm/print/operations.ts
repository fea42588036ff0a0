// The operations that are one instruction.

import type { Assign } from "../../loops/model.ts"

export const comparisons: Partial<Record<Assign["operation"], string>> = {
  eq: "eq",
  ne: "ne",
  lt: "lt",
  le: "le",
  gt: "gt",
  ge: "ge"
}

/** Operations on reals that single elements and vectors have under the same name. */
export const common: Partial<Record<Assign["operation"], string>> = {
  neg: "neg",
  abs: "abs",
  sqrt: "sqrt",
  floor: "floor",
  ceil: "ceil",
  round: "nearest",
  add: "add",
  sub: "sub",
  mul: "mul",
  div: "div",
  max: "max",
  min: "min"
}
