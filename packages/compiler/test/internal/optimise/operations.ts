// How many operations a program has.

import { type Algebra, Body, type Primitive, type Type } from "@fluxion/core"

/** What only says how an array is read, or keeps an order, computes nothing. */
const views = new Set<Primitive.Name>(["broadcastTo", "reshape", "after"])

const own = (primitive: Primitive.ControlName, attributes: object): ReadonlyArray<Body.Body> => {
  const given = attributes as { readonly [name: string]: Body.Body }
  // Derivative rules and residuals are not evaluated.
  if (primitive === "custom") return [given["body"]!]
  if (primitive === "root") return [given["solve"]!]
  const found: Array<Body.Body> = []
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return
    if ("inputNodes" in value) found.push(value as Body.Body)
    else Object.values(value).forEach(visit)
  }
  visit(attributes)
  return found
}

const remember = Body.makeMemory()

/** The operations of a program and of its bodies: those of a body as often as something holds it. */
export const operations = (body: Body.Body): number =>
  remember(body, "operations", () => {
    let count = 0
    const types: Algebra<Type.Type> = {
      apply: (primitive, _, __, type) => {
        if (!views.has(primitive)) count++
        return type!
      },
      applyMany: (primitive, attributes, _, results) => {
        if (primitive !== "call" && primitive !== "custom" && primitive !== "root") count++
        for (const held of own(primitive, attributes)) count += operations(held)
        return results!
      },
      constant: (value) => value,
      typeOf: (type) => type
    }
    Body.interpret(body, types, Body.inputTypes(body))
    return count
  })
