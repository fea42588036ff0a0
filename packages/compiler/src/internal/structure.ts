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

export const isBody = (value: object): value is Body.Body => "inputNodes" in value && "outputNodes" in value

/** The text of attributes, with names for the bodies in them. */
export const writeAttributes = (value: unknown, nameOf: (body: Body.Body) => string): string => {
  const write = (part: unknown): string => {
    if (typeof part === "number") return number(part)
    if (typeof part === "string") return JSON.stringify(part)
    if (typeof part === "function") return `#${identityOf(part)}`
    if (typeof part !== "object" || part === null) return String(part)
    if (Array.isArray(part)) return `[${part.map(write).join(",")}]`
    if (isBody(part)) return nameOf(part)
    if (Object.getPrototypeOf(part) !== Object.prototype) return `#${identityOf(part)}`
    const fields = Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))
    return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${write(field)}`).join(",")}}`
  }
  return write(value)
}

/** The text of a constant: equal texts are equal arrays. */
export const writeConstant = (value: Tensor.Any): string => `${typeOf(value)} ${dataOf(value.data)}`

/** The text of a closed program. Each body is written down once, however often it is called; what `known` names is not written down. */
export const structureOf = (
  program: Body.Body,
  known: (body: Body.Body) => string | undefined = () => undefined
): string => {
  const lines: Array<string> = []
  const bodies = new Map<Body.Body, number>([[program, 0]])
  const pending: Array<Body.Body> = [program]
  const constants = new Map<Tensor.Any, Value>()

  const nameOf = (body: Body.Body): string => {
    const name = known(body)
    if (name !== undefined) return name
    let place = bodies.get(body)
    if (place === undefined) {
      bodies.set(body, (place = bodies.size))
      pending.push(body)
    }
    return `body${place}`
  }
  const write = (value: unknown): string => writeAttributes(value, nameOf)

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
        lines.push(`${value.name}=${writeConstant(tensor)}`)
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
