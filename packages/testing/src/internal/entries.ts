// Two values side by side, element by element: numbers, truth values, tensors, and records and arrays of them.

import { Tensor, Type } from "@fluxion/core"
import { indexOf, placeOf, renderValue } from "./place.ts"

/** A pair of elements at the same place. */
export interface Pair {
  readonly path: string
  readonly index: ReadonlyArray<number>
  readonly place: string
  readonly received: number
  readonly expected: number
  /** Indices and truth values are the same or not: nothing is close. */
  readonly exact: boolean
}

/** A place where one value is of another kind, shape or structure. */
export interface Mismatch {
  readonly place: string
  readonly received: string
  readonly expected: string
}

interface Sides {
  readonly received: unknown
  readonly expected: unknown
  readonly path: string
}

const isArray = (u: unknown): u is ArrayLike<unknown> =>
  Array.isArray(u) || (ArrayBuffer.isView(u) && !(u instanceof DataView))

const isRecord = (u: unknown): u is Readonly<Record<string, unknown>> =>
  typeof u === "object" && u !== null && !isArray(u) && !Tensor.isTensor(u)

/** A scalar is a number wherever a value is given, and may be a tensor without axes too. */
const asTensor = (u: unknown): Tensor.Any | undefined => {
  if (typeof u === "number") return Tensor.full([], u)
  if (typeof u === "boolean") return Tensor.bool(u)
  return Tensor.isTensor(u) ? u : undefined
}

const describe = (u: unknown): string => {
  const own = asTensor(u)
  if (own !== undefined) return own.shape.length === 0 ? renderValue(u) : `a tensor ${Type.render(own)}`
  if (isArray(u)) return `an array of length ${u.length}`
  if (isRecord(u)) return `a record with the fields ${Object.keys(u).join(", ") || "(none)"}`
  return String(u)
}

const nameOf = (path: string): string => (path === "" ? "the value" : path)

/** The elements of two values in order, or the first place where there is nothing to compare. */
export const pairsOf = (received: unknown, expected: unknown): ReadonlyArray<Pair> | Mismatch => {
  const pairs: Array<Pair> = []
  const pending: Array<Sides> = [{ received, expected, path: "" }]
  while (pending.length > 0) {
    const { path, ...sides } = pending.pop()!
    const mismatch: Mismatch = {
      place: nameOf(path),
      received: describe(sides.received),
      expected: describe(sides.expected)
    }
    const [a, b] = [asTensor(sides.received), asTensor(sides.expected)]
    if (a !== undefined && b !== undefined) {
      // A number stands for an index as well.
      const scalars =
        a.shape.length === 0 && b.shape.length === 0 && a.elementType !== "bool" && b.elementType !== "bool"
      if (!scalars && Type.render(a) !== Type.render(b)) return mismatch
      a.data.forEach((x: number, i: number) => {
        const index = indexOf(i, a.shape)
        const place = placeOf(path, index, "the value")
        const exact = a.elementType !== "real" || b.elementType !== "real"
        pairs.push({ path, index, place, received: x, expected: b.data[i]!, exact })
      })
      continue
    }
    if (a !== undefined || b !== undefined) return mismatch
    if (isArray(sides.received) && isArray(sides.expected)) {
      if (sides.received.length !== sides.expected.length) return mismatch
      for (let i = sides.received.length - 1; i >= 0; i--) {
        pending.push({ received: sides.received[i], expected: sides.expected[i], path: `${path}[${i}]` })
      }
      continue
    }
    if (!isRecord(sides.received) || !isRecord(sides.expected)) return mismatch
    const keys = Object.keys(sides.received)
    const [own, other] = [sides.received, sides.expected]
    if (keys.length !== Object.keys(other).length || !keys.every((key) => Object.hasOwn(other, key))) return mismatch
    for (const key of keys.toReversed()) {
      pending.push({ received: own[key], expected: other[key], path: path === "" ? key : `${path}.${key}` })
    }
  }
  return pairs
}
