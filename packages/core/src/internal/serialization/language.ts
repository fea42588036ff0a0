// What the encoding knows about primitives: their rows of the tables of attributes, and what their definitions say about types.

import type { Schema } from "effect"
import * as Primitive from "../../Primitive.ts"
import type * as Type from "../../Type.ts"
import { none, rows } from "./attributes.ts"
import { controlRows } from "./controlAttributes.ts"

/** A primitive, as data. */
export interface Entry {
  /** `undefined` where a primitive has no attributes. */
  readonly schema: Schema.Codec<object, { readonly [name: string]: Schema.Json }> | undefined
  readonly arity: number | "variadic"
  /** Whether it has bodies and any number of results. */
  readonly isControl: boolean
  /** The types of the results. */
  readonly types: (attributes: object, operands: ReadonlyArray<Type.Type>) => ReadonlyArray<Type.Type>
}

const entryOf = (name: Primitive.Name): Entry => {
  const row = rows[name]
  const definition = Primitive.definitions[name]
  const type = definition.type as unknown as (attributes: object, operands: ReadonlyArray<Type.Type>) => Type.Type
  return {
    schema: row === none ? undefined : (row.schema as unknown as Entry["schema"]),
    arity: definition.arity,
    isControl: false,
    types: (attributes, operands) => [type(attributes, operands)]
  }
}

const controlEntryOf = (name: Primitive.ControlName): Entry => ({
  schema: controlRows[name].schema as unknown as Entry["schema"],
  arity: "variadic",
  isControl: true,
  types: Primitive.controlDefinitions[name].types as unknown as Entry["types"]
})

let made: ReadonlyMap<string, Entry> | undefined

/** The primitives by name. A map: names of members of `Object.prototype` mean nothing to it. */
export const primitives = (): ReadonlyMap<string, Entry> =>
  (made ??= new Map([
    ...Primitive.names.map((name) => [name, entryOf(name)] as const),
    ...Primitive.controlNames.map((name) => [name, controlEntryOf(name)] as const)
  ]))
