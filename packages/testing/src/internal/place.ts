// How elements of trees are named, and how values are written in reports.

import { Tensor } from "@fluxion/core"

/** The index along each axis of an element counted in row-major order. */
export const indexOf = (flat: number, shape: ReadonlyArray<number>): ReadonlyArray<number> => {
  const index = new Array<number>(shape.length)
  let rest = flat
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!
    rest = Math.floor(rest / shape[axis]!)
  }
  return index
}

/** `params.w[0,2]`; a tree that is one leaf has no path, and is called `whole`. */
export const placeOf = (path: string, index: ReadonlyArray<number>, whole: string): string => {
  const name = path === "" ? whole : path
  return index.length === 0 ? name : `${name}[${index.join(",")}]`
}

const most = 400

/** Text that is cut where it would fill the screen. */
export const cut = (text: string, length = most): string => (text.length > length ? `${text.slice(0, length)}…` : text)

/** A number; the sign of zero shows. */
export const renderNumber = (x: number): string => (Object.is(x, -0) ? "-0" : String(x))

/** The value of a tree, as one would write it: `{ x: [1, 2], y: 0.5 }`. */
export const renderValue = (value: unknown): string => {
  if (typeof value === "number") return renderNumber(value)
  if (Tensor.isTensor(value)) return String(value)
  if (Array.isArray(value)) return `[${value.map(renderValue).join(", ")}]`
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([key, own]) => `${key}: ${renderValue(own)}`)
    return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`
  }
  return String(value)
}
