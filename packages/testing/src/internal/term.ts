// Calls of public combinators as data: built into expressions, and printed as the code that would build them.

import { Expr, type Shape, Tensor } from "@fluxion/core"

export type Term =
  | { readonly _tag: "Value"; readonly id: number }
  | { readonly _tag: "Literal"; readonly value: unknown }
  | { readonly _tag: "Indices"; readonly value: Tensor.NestedOfUnknownRank }
  | { readonly _tag: "List"; readonly items: ReadonlyArray<Term> }
  | { readonly _tag: "Call"; readonly name: string; readonly operands: ReadonlyArray<Term> }

export const value = (id: number): Term => ({ _tag: "Value", id })
export const literal = (x: unknown): Term => ({ _tag: "Literal", value: x })
export const indices = (x: Tensor.NestedOfUnknownRank): Term => ({ _tag: "Indices", value: x })
export const list = (...items: ReadonlyArray<Term>): Term => ({ _tag: "List", items })
export const call = (name: string, ...operands: ReadonlyArray<Term>): Term => ({ _tag: "Call", name, operands })

const combinators = Expr as unknown as Record<string, (...operands: ReadonlyArray<unknown>) => unknown>

/** Builds the expression (or option, or list) a term stands for. */
export const build = (term: Term, values: (id: number) => Expr.Any): unknown => {
  switch (term._tag) {
    case "Value":
      return values(term.id)
    case "Literal":
      return term.value
    case "Indices":
      return Expr.constant(Tensor.index(term.value as ReadonlyArray<number>) as Tensor.Tensor<Shape.Shape, "index">)
    case "List":
      return term.items.map((item) => build(item, values))
    case "Call":
      return combinators[term.name]!(...term.operands.map((operand) => build(operand, values)))
  }
}

const printLiteral = (x: unknown): string => {
  if (Array.isArray(x)) return `[${x.map(printLiteral).join(", ")}]`
  if (typeof x === "object" && x !== null) {
    return `{ ${Object.entries(x)
      .map(([key, field]) => `${key}: ${printLiteral(field)}`)
      .join(", ")} }`
  }
  return typeof x === "string" ? JSON.stringify(x) : Object.is(x, -0) ? "-0" : String(x)
}

/** Prints a term as code. */
export const print = (term: Term, names: (id: number) => string): string => {
  switch (term._tag) {
    case "Value":
      return names(term.id)
    case "Literal":
      return printLiteral(term.value)
    case "Indices":
      return `Expr.constant(Tensor.index(${printLiteral(term.value)}))`
    case "List":
      return `[${term.items.map((item) => print(item, names)).join(", ")}]`
    case "Call":
      return `Expr.${term.name}(${term.operands.map((operand) => print(operand, names)).join(", ")})`
  }
}

/** The values a term refers to. */
export const references = (term: Term): ReadonlyArray<number> => {
  switch (term._tag) {
    case "Value":
      return [term.id]
    case "List":
      return term.items.flatMap(references)
    case "Call":
      return term.operands.flatMap(references)
    default:
      return []
  }
}
