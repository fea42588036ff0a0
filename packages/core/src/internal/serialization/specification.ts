// Specifications of inputs and outputs, and the types of their leaves.

import * as Shape from "../../Shape.ts"
import * as Tree from "../../Tree.ts"
import type * as Type from "../../Type.ts"
import { atMost, limits, ProgramEncodeError, type SpecEncoded } from "./model.ts"
import {
  type Budget,
  describe,
  elementsOf,
  fieldOf,
  isList,
  keysOf,
  type Place,
  recordOf,
  refuse,
  within
} from "./read.ts"

const isElementType = (value: unknown): value is Type.ElementType =>
  value === "real" || value === "index" || value === "bool"

const isDimension = (n: unknown): n is number => typeof n === "number" && Number.isSafeInteger(n) && n >= 0

/** What is wrong with a shape, as expected and actual; `undefined` when nothing is. */
export const problemOfShape = (
  shape: ReadonlyArray<unknown>
): { readonly axis?: number; readonly expected: string; readonly actual: string } | undefined => {
  if (shape.length > limits.rank) {
    return { expected: `a shape of at most ${limits.rank} axes`, actual: `${shape.length} axes` }
  }
  for (let axis = 0; axis < shape.length; axis++) {
    if (!isDimension(shape[axis])) {
      return { axis, expected: "a dimension (a non-negative integer)", actual: describe(shape[axis]) }
    }
  }
  return Number.isSafeInteger(Shape.size(shape as Shape.Shape))
    ? undefined
    : { expected: "a shape of at most 2^53 elements", actual: Shape.render(shape as Shape.Shape) }
}

/** A shape; `-0` is taken for 0. */
export const decodeShape = (value: unknown, place: Place): ReadonlyArray<number> =>
  checkedShape(elementsOf(value, place, "a shape (a list of dimensions)", limits.leaves), place)

const checkedShape = (elements: ReadonlyArray<unknown>, place: Place): ReadonlyArray<number> => {
  const problem = problemOfShape(elements)
  if (problem !== undefined) {
    throw refuse(
      problem.axis === undefined ? place : within(place, problem.axis),
      problem.expected,
      undefined,
      problem.actual
    )
  }
  return elements.map((n) => (n as number) + 0)
}

export const decodeElementType = (value: unknown, place: Place): Type.ElementType => {
  if (!isElementType(value)) throw refuse(place, `"real", "index" or "bool"`, value)
  return value
}

const expected = "a specification (a shape, a type, a record or a tuple)"

/** The recursion is as deep as `limits.depth` allows. */
export const decodeSpec = (value: unknown, place: Place, budget: Budget, depth = 0): Tree.Spec => {
  if (depth > limits.depth) throw refuse(place, `a specification nested at most ${limits.depth} deep`, value)
  budget.take("leaves", 1, place)
  if (isList(value)) {
    const elements = elementsOf(value, place, expected, limits.leaves)
    if (elements.every((element) => typeof element === "number")) return checkedShape(elements, place)
    return elements.map((element, i) => {
      if (typeof element === "number") throw refuse(within(place, i), expected, element)
      return decodeSpec(element, within(place, i), budget, depth + 1)
    }) as ReadonlyArray<Tree.SpecElement>
  }
  const entries = keysOf(value, place, expected).map((key) => [key, fieldOf(value, key, place)] as const)
  const fields = new Map(entries)
  const shape = fields.get("shape")
  if (typeof fields.get("elementType") === "string" && isList(shape)) {
    const [elementType] = recordOf(Object.fromEntries(entries), place, expected, ["elementType", "shape"])
    return {
      elementType: decodeElementType(elementType, within(place, "elementType")),
      shape: decodeShape(shape, within(place, "shape"))
    }
  }
  // Defines own properties, whatever their names.
  return Object.fromEntries(
    entries.map(([key, child]) => [key, decodeSpec(child, within(place, key), budget, depth + 1)])
  )
}

/** The specification as JSON. `taken` counts its entries, and those of the specifications before it. */
export const encodeSpec = (
  spec: Tree.Spec,
  path: ReadonlyArray<string | number>,
  taken: { leaves: number },
  depth = 0
): SpecEncoded => {
  const fail = (expected: string, actual: string) => new ProgramEncodeError({ path, expected, actual })
  if (depth > limits.depth) throw fail(`a specification nested at most ${limits.depth} deep`, "a deeper one")
  if (++taken.leaves > limits.leaves) throw fail(atMost("leaves"), "more")
  if (Tree.isLeaf(spec)) {
    const { elementType, shape } = Tree.typeOfLeaf(spec)
    const problem = problemOfShape(shape)
    if (problem !== undefined) throw fail(problem.expected, problem.actual)
    const dimensions = shape.map((n) => n + 0)
    return Array.isArray(spec) ? dimensions : { elementType, shape: dimensions }
  }
  if (Array.isArray(spec)) {
    return (spec as ReadonlyArray<Tree.Spec>).map((child, i) => encodeSpec(child, [...path, i], taken, depth + 1))
  }
  return Object.fromEntries(
    Object.entries(spec as Tree.SpecRecord).map(([key, child]) => [
      key,
      encodeSpec(child, [...path, key], taken, depth + 1)
    ])
  )
}

/** Whether two specifications have the same leaves at the same paths, whatever the order of fields. */
export const sameSpec = (a: Tree.Spec, b: Tree.Spec): boolean => {
  if (Tree.isLeaf(a) || Tree.isLeaf(b)) {
    if (!Tree.isLeaf(a) || !Tree.isLeaf(b)) return false
    const [x, y] = [Tree.typeOfLeaf(a), Tree.typeOfLeaf(b)]
    return x.elementType === y.elementType && Shape.equals(x.shape, y.shape)
  }
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const [x, y] = [a as Tree.SpecRecord, b as Tree.SpecRecord]
  const keys = Object.keys(x)
  return (
    keys.length === Object.keys(y).length && keys.every((key) => Object.hasOwn(y, key) && sameSpec(x[key]!, y[key]!))
  )
}
