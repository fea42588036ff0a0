// Values and specifications as the code that builds them, and values that fast-check prints as their code.

import { Expr, Fn, Shape, Tensor, Tree, type Type } from "@fluxion/core"
import * as fc from "fast-check"

/** A name that may stand for itself in an object literal and in a pattern. */
const plainKey = /^[A-Za-z_$][\w$]*$/

/** A key of an object literal or of a pattern. */
const keyCode = (key: string): string =>
  // Written plainly or in quotes, this one would set the prototype.
  key === "__proto__" ? `["__proto__"]` : plainKey.test(key) ? key : JSON.stringify(key)

/** The fields of an object literal or of a pattern; `names` stand for themselves. */
export const fieldsCode = (fields: ReadonlyArray<readonly [string, string]>, names = false): string =>
  fields.length === 0
    ? "{}"
    : `{ ${fields.map(([key, code]) => (names && key === code ? key : `${keyCode(key)}: ${code}`)).join(", ")} }`

/** Plain data: numbers, truth values, strings, arrays and records. */
export const literalCode = (x: unknown): string => {
  if (Array.isArray(x)) return `[${x.map(literalCode).join(", ")}]`
  if (typeof x === "object" && x !== null) {
    return fieldsCode(Object.entries(x).map(([key, field]) => [key, literalCode(field)]))
  }
  return typeof x === "string" ? JSON.stringify(x) : Object.is(x, -0) ? "-0" : String(x)
}

const constructors = { real: "Tensor.make", index: "Tensor.index", bool: "Tensor.bool" } as const

const tensorCode = (x: Tensor.Any): string => {
  if (Shape.size(x.shape) > 0)
    return `${constructors[x.elementType]}(${literalCode(Tensor.toNested(x as Tensor.Tensor))})`
  const zeros = `Tensor.zeros(${literalCode(x.shape)})`
  // Nested arrays cannot say how long what is not there would be.
  if (x.elementType === "index") return `Fn.evaluate(Expr.toIndex(${zeros}))`
  return x.elementType === "bool" ? `Fn.evaluate(Expr.gt(${zeros}, 0))` : zeros
}

/** A value of a tree of inputs or outputs. */
export const valueCode = (x: unknown): string => {
  if (Tensor.isTensor(x)) return tensorCode(x)
  if (Array.isArray(x)) return `[${x.map(valueCode).join(", ")}]`
  if (typeof x === "object" && x !== null) {
    return fieldsCode(Object.entries(x).map(([key, field]) => [key, valueCode(field)]))
  }
  return literalCode(x)
}

/** A specification of inputs or outputs. */
export const specCode = (spec: Tree.Spec): string => {
  if (Tree.isLeaf(spec)) {
    if (Array.isArray(spec)) return literalCode(spec)
    const { elementType, shape } = spec as Type.Type
    return `Type.${elementType}(${literalCode(shape)})`
  }
  if (Array.isArray(spec)) return `[${(spec as ReadonlyArray<Tree.Spec>).map(specCode).join(", ")}]`
  return fieldsCode(Object.entries(spec as Tree.SpecRecord).map(([key, child]) => [key, specCode(child)]))
}

/** The value, which fast-check prints as this code from now on. */
export const printedAs = <X extends object>(value: X, code: () => string): X =>
  Object.defineProperty(value, fc.toStringMethod, { value: code, configurable: true })

/** The value (any tree of numbers, truth values and tensors), which fast-check prints as its code from now on. */
export const printed = <X>(value: X): X => {
  if (typeof value !== "object" || value === null) return value
  if (!Tensor.isTensor(value)) Object.values(value).forEach(printed)
  return printedAs(value, () => valueCode(value))
}

/** The constructors, for shapes that are not known statically. */
const nested = { index: Tensor.index, bool: Tensor.bool } as {
  readonly index: (elements: Tensor.NestedOfUnknownRank) => Tensor.Any
  readonly bool: (elements: Tensor.NestedOfUnknownRank<boolean>) => Tensor.Any
}

const nest = <X>(elements: ReadonlyArray<X>, shape: Shape.Shape): Tensor.NestedOfUnknownRank<X> => {
  if (shape.length === 0) return elements[0]!
  const inner = Shape.size(shape.slice(1))
  return Array.from({ length: shape[0]! }, (_, i) => nest(elements.slice(i * inner, (i + 1) * inner), shape.slice(1)))
}

/** The tensor of a type with these elements in row-major order; truth values are 0 and 1. */
export const tensorOf = ({ elementType, shape }: Type.Type, elements: ReadonlyArray<number>): Tensor.Any => {
  if (elementType === "real") return Tensor.fromArray(elements, shape)
  if (Shape.size(shape) === 0) {
    const zeros = Tensor.zeros(shape)
    return (elementType === "index" ? Fn.evaluate(Expr.toIndex(zeros)) : Fn.evaluate(Expr.gt(zeros, 0))) as Tensor.Any
  }
  if (elementType === "index") return nested.index(nest(elements, shape))
  return nested.bool(
    nest(
      elements.map((x) => x === 1),
      shape
    )
  )
}
