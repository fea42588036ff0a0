// What the encoding knows about primitives. `primitives` is core's own table; a test may add rows to try what no primitive has yet.

import * as Primitive from "../../Primitive.ts"
import type * as Type from "../../Type.ts"
import { none, rows } from "./attributes.ts"
import type { Schema } from "effect"

/** A primitive, as data: its row of the table of attributes and what its definition says about types. */
export interface Entry {
  /** `undefined` where a primitive has no attributes. */
  readonly schema: Schema.Codec<object, { readonly [name: string]: Schema.Json }> | undefined
  /** The attributes that hold programs. */
  readonly programs: ReadonlyArray<string>
  readonly arity: number | "variadic"
  readonly type: (attributes: object, operands: ReadonlyArray<Type.Type>) => Type.Type
}

/** The primitives by name. A map: names of members of `Object.prototype` mean nothing to it. */
export type Language = ReadonlyMap<string, Entry>

const entryOf = (name: Primitive.Name): Entry => {
  const row = rows[name]
  const { arity, type } = Primitive.definitions[name]
  return {
    schema: row === none ? undefined : (row.schema as unknown as Entry["schema"]),
    programs: Object.keys(row.programs),
    arity,
    type: type as unknown as Entry["type"]
  }
}

let made: Language | undefined

/** core's primitives. */
export const primitives = (): Language => (made ??= new Map(Primitive.names.map((name) => [name, entryOf(name)])))
