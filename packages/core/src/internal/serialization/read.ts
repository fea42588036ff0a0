// Reading data of unknown origin. It need not come from `JSON.parse`: each property is read once, and reading may throw (getters,
// proxies). Everything that decoding learns about its input, it learns from here.

import { atMost, type Counted, limits, ProgramDecodeError } from "./model.ts"

/** A place in the data; its path is written out only when something is wrong there. */
export interface Place {
  readonly parent: Place | undefined
  readonly key: string | number
}

export const within = (parent: Place | undefined, key: string | number): Place => ({ parent, key })

export const pathOf = (place: Place | undefined): Array<string | number> => {
  const path: Array<string | number> = []
  for (let p = place; p !== undefined; p = p.parent) path.push(p.key)
  return path.reverse()
}

const shown = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)

/** What a value is, in a few words, without running any code of its own. */
export const describe = (value: unknown): string => {
  switch (typeof value) {
    case "string":
      return shown(value)
    case "number":
      return Object.is(value, -0) ? "-0" : String(value)
    case "boolean":
      return String(value)
    case "undefined":
      return "nothing"
    case "object":
      if (value === null) return "null"
      try {
        return Array.isArray(value) ? `an array of ${String(value.length)}` : "an object"
      } catch {
        return "an object that cannot be read"
      }
    default:
      return `a ${typeof value}`
  }
}

/** The error of a value; decoding throws it to itself, and returns it. */
export const refuse = (
  place: Place | undefined,
  expected: string,
  value: unknown,
  actual: string = describe(value)
): ProgramDecodeError => new ProgramDecodeError({ path: pathOf(place), expected, actual })

/** How much has been read, in the units of `limits`. */
export class Budget {
  private readonly spent: { [K in Counted]: number } = {
    nodes: 0,
    values: 0,
    signatures: 0,
    leaves: 0,
    constantBytes: 0
  }
  /** Throws when more than the limit has been taken in all. */
  take(what: Counted, count: number, place: Place | undefined): void {
    this.spent[what] += count
    if (this.spent[what] > limits[what]) throw refuse(place, atMost(what), undefined, "more")
  }
}

const property = (container: object, key: string | number, place: Place | undefined): unknown => {
  try {
    return (container as { readonly [key: string | number]: unknown })[key]
  } catch {
    throw refuse(within(place, key), "a value that can be read", undefined, "an error from reading it")
  }
}

/** Whether a value is an array; a revoked proxy is not. */
export const isList = (value: unknown): value is ReadonlyArray<unknown> => {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/** The length of an array; a proxy may say anything. */
export const lengthOf = (list: ReadonlyArray<unknown>, place: Place | undefined): number => {
  const length = property(list, "length", place)
  if (typeof length === "number" && Number.isSafeInteger(length) && length >= 0) return length
  throw refuse(place, "a list", undefined, `a list of length ${describe(length)}`)
}

/** An element of an array; a hole is an error. */
export const elementOf = (list: ReadonlyArray<unknown>, i: number, place: Place | undefined): unknown => {
  const element = property(list, i, place)
  if (element === undefined) throw refuse(within(place, i), "a value", undefined)
  return element
}

/** The elements of an array, at most `limit`. */
export const elementsOf = (
  value: unknown,
  place: Place | undefined,
  expected: string,
  limit: number
): Array<unknown> => {
  if (!isList(value)) throw refuse(place, expected, value)
  const length = lengthOf(value, place)
  if (length > limit) throw refuse(place, `at most ${limit} elements`, undefined, String(length))
  const elements: Array<unknown> = []
  for (let i = 0; i < length; i++) elements.push(elementOf(value, i, place))
  return elements
}

// An object as `JSON.parse` makes it, of any realm: its prototype, where it has one, is the root of all objects.
const isPlain = (value: unknown): value is object => {
  if (typeof value !== "object" || value === null || isList(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** The names of the fields of a plain object. */
export const keysOf = (value: unknown, place: Place | undefined, expected: string): Array<string> => {
  let keys: Array<string> | undefined
  try {
    keys = isPlain(value) ? Object.keys(value) : undefined
  } catch {
    throw refuse(place, expected, undefined, "an object that cannot be read")
  }
  if (keys === undefined) throw refuse(place, expected, value)
  return keys
}

/** A field that `keysOf` found. */
export const fieldOf = (value: unknown, key: string, place: Place | undefined): unknown =>
  property(value as object, key, place)

/** The values of the fields of a plain object that has no others; `undefined` where one is missing. */
export const recordOf = (
  value: unknown,
  place: Place | undefined,
  expected: string,
  names: ReadonlyArray<string>
): Array<unknown> => {
  const values = new Array<unknown>(names.length).fill(undefined)
  for (const key of keysOf(value, place, expected)) {
    const at = names.indexOf(key)
    if (at < 0)
      throw refuse(within(place, key), `no field but ${names.join(", ")}`, undefined, `the field ${shown(key)}`)
    values[at] = fieldOf(value, key, place)
  }
  return values
}

/** How deep attributes nest. */
const attributeDepth = 8

/** A copy of JSON values, as plain data without prototypes. */
export const copyOf = (value: unknown, place: Place | undefined, budget: Budget, depth = 0): unknown => {
  budget.take("values", 1, place)
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean" || value === null) {
    return value
  }
  if (depth === attributeDepth) throw refuse(place, `attributes nested at most ${attributeDepth} deep`, value)
  if (isList(value)) {
    return elementsOf(value, place, "a list", limits.values).map((element, i) =>
      copyOf(element, within(place, i), budget, depth + 1)
    )
  }
  const copy = Object.create(null) as { [key: string]: unknown }
  for (const key of keysOf(value, place, "a JSON value")) {
    copy[key] = copyOf(fieldOf(value, key, place), within(place, key), budget, depth + 1)
  }
  return copy
}
