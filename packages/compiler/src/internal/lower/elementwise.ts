// Elementwise primitives: one operation for each element.

import type { Primitive, Type } from "@fluxion/core"
import type { Operation } from "../loops/model.ts"
import type { Builder } from "./builder.ts"
import type { Lowerings } from "./model.ts"
import * as View from "./view.ts"

const lower =
  (operation: Operation) =>
  (builder: Builder, _: object, operands: ReadonlyArray<View.View>, type: Type.Type): View.View =>
    builder.elementwise(type, operation, (index) => operands.map((operand) => View.broadcastAt(operand, index)))

const operations = [
  "neg",
  "abs",
  "sign",
  "exp",
  "expm1",
  "log",
  "log1p",
  "sqrt",
  "cbrt",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "tanh",
  "asinh",
  "acosh",
  "atanh",
  "erf",
  "erfc",
  "lgamma",
  "digamma",
  "sigmoid",
  "softplus",
  "relu",
  "floor",
  "ceil",
  "round",
  "isFinite",
  "toIndex",
  "add",
  "sub",
  "mul",
  "mulStrongZero",
  "div",
  "pow",
  "atan2",
  "hypot",
  "max",
  "min",
  "rem",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "and",
  "or",
  "not",
  "select",
  "clamp"
] as const satisfies ReadonlyArray<Operation & Primitive.Name>

type Name = (typeof operations)[number]

export const elementwise: Lowerings<Name | "polygamma" | "toReal" | "stopGradient"> = {
  ...(Object.fromEntries(operations.map((name) => [name, lower(name)])) as unknown as Lowerings<Name>),
  polygamma: (builder, { order }, [x], type) =>
    builder.elementwise(type, "polygamma", (index) => [View.at(x, index)], order),
  toReal: (builder, _, [x], type) =>
    x.elementType === "real" ? x : builder.elementwise(type, "toReal", (index) => [View.at(x, index)]),
  stopGradient: (_, __, [x]) => x
}
