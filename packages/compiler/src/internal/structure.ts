// The structure of a program as text: programs with the same text compute the same, and fail in the same way.

import { type Algebra, Body, CallSite, type Tensor, type Type } from "@fluxion/core"

interface Value extends Type.Type {
  readonly name: string
}

const identities = new WeakMap<object, number>()
let nextIdentity = 0

/** A number for what can only be told apart by being another object. */
const identityOf = (value: object): number => {
  let identity = identities.get(value)
  if (identity === undefined) identities.set(value, (identity = nextIdentity++))
  return identity
}

/** Arrays up to this size are compared by their elements, larger ones by being the same array. */
const MOST_COMPARED = 4096

const number = (value: number): string => (Object.is(value, -0) ? "-0" : String(value))

const dataOf = (data: Tensor.Any["data"]): string =>
  data.length > MOST_COMPARED ? `#${identityOf(data)}` : Array.from(data, number).join(" ")

const typeOf = ({ elementType, shape }: Type.Type): string => `${elementType}[${shape.join(",")}]`

const isBody = (value: object): value is Body.Body => "inputNodes" in value && "outputNodes" in value

/** The text of a closed program. Each body is written down once, however often it is called. */
export const structureOf = (program: Body.Body): string => {
  const lines: Array<string> = []
  const bodies = new Map<Body.Body, number>([[program, 0]])
  const pending: Array<Body.Body> = [program]
  const constants = new Map<Tensor.Any, Value>()

  const write = (value: unknown): string => {
    if (typeof value === "number") return number(value)
    if (typeof value === "string") return JSON.stringify(value)
    if (typeof value === "function") return `#${identityOf(value)}`
    if (typeof value !== "object" || value === null) return String(value)
    if (Array.isArray(value)) return `[${value.map(write).join(",")}]`
    if (isBody(value)) {
      let place = bodies.get(value)
      if (place === undefined) {
        bodies.set(value, (place = bodies.size))
        pending.push(value)
      }
      return `body${place}`
    }
    if (Object.getPrototypeOf(value) !== Object.prototype) return `#${identityOf(value)}`
    const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${write(field)}`).join(",")}}`
  }

  let next = 0
  const made = (type: Type.Type): Value => ({ name: `v${next++}`, elementType: type.elementType, shape: type.shape })
  const names = (values: ReadonlyArray<Value>): string => values.map(({ name }) => name).join(",")
  const algebra: Algebra<Value> = {
    apply: (primitive, attributes, operands, type) => {
      const value = made(type!)
      // The line of code that built a guard is part of its failure.
      const site = primitive === "ensure" ? `@${CallSite.inherited() ?? ""}` : ""
      lines.push(
        `${value.name}=${primitive}${site}${write(attributes)}(${names(operands as ReadonlyArray<Value>)}):${typeOf(type!)}`
      )
      return value
    },
    applyMany: (primitive, attributes, operands, types) => {
      const values = types!.map(made)
      lines.push(
        `${names(values)}=${primitive}${write(attributes)}(${names(operands)}):${types!.map(typeOf).join(",")}`
      )
      return values
    },
    constant: (tensor) => {
      let value = constants.get(tensor)
      if (value === undefined) {
        value = made(tensor)
        lines.push(`${value.name}=${typeOf(tensor)} ${dataOf(tensor.data)}`)
        constants.set(tensor, value)
      }
      return value
    },
    typeOf: (value) => value
  }
  for (let place = 0; place < pending.length; place++) {
    const body = pending[place]!
    const inputs = Body.inputTypes(body).map(made)
    lines.push(`body${place}(${inputs.map((input) => `${input.name}:${typeOf(input)}`).join(",")})`)
    // What a body before this one named is not in sight here.
    constants.clear()
    lines.push(`return ${names(Body.interpret(body, algebra, inputs))}`)
  }
  return lines.join("\n")
}
