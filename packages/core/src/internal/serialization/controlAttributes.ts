// How the attributes of each control primitive are written as JSON: one row a primitive, total over `Primitive.ControlName`. A body is
// written as its place in the table of bodies, wherever in the attributes it stands.

import { Effect, Option, Schema, SchemaGetter } from "effect"
import type * as Primitive from "../../Primitive.ts"
import type { Body } from "../schedule.ts"
import { nonNegative, type Row } from "./attributes.ts"

/** A body, as its place in the table of bodies. */
export class Reference {
  readonly index: number
  constructor(index: number) {
    this.index = index
  }
}

export const isReference = (u: unknown): u is Reference => u instanceof Reference

/** Attributes with references in the places of bodies. */
type Referring<A> = A extends Body
  ? Reference
  : A extends ReadonlyArray<infer X>
    ? ReadonlyArray<Referring<X>>
    : A extends object
      ? { readonly [K in keyof A]: Referring<A[K]> }
      : A

export type ControlRows = { readonly [K in Primitive.ControlName]: Row<Referring<Primitive.ControlAttributes<K>>> }

const body: Schema.Codec<Reference, number> = nonNegative.pipe(
  Schema.decodeTo(Schema.declare(isReference, { expected: "a body" }), {
    decode: SchemaGetter.transform((index) => new Reference(index)),
    encode: SchemaGetter.transform(({ index }) => index)
  })
)

const count = nonNegative

const positive = count.check(Schema.isGreaterThan(0))

/** A field that is left out where it has its usual value. */
const usually = <const X>(value: X, schema: Schema.Codec<X, Schema.Json>) =>
  Schema.optionalKey(schema).pipe(
    Schema.decodeTo(Schema.toType(schema), {
      decode: SchemaGetter.withDefault(Effect.succeed(value)),
      encode: SchemaGetter.transformOptional(Option.filter((own: X) => own !== value))
    })
  )

const checkpoint = Schema.Union([
  Schema.Literals(["all", "none", "revolve"]),
  Schema.Struct({ every: positive }),
  Schema.Struct({ snapshots: positive })
])

export const controlRows: ControlRows = {
  cond: { schema: Schema.Struct({ whenTrue: body, whenFalse: body }) },
  scan: {
    schema: Schema.Struct({
      body,
      consts: count,
      carries: count,
      length: count,
      reverse: Schema.Boolean,
      checkpoint: usually<Primitive.Checkpoint>("all", checkpoint)
    })
  },
  map: { schema: Schema.Struct({ body, consts: count, size: count, summed: count }) },
  call: { schema: Schema.Struct({ body, checkpoint: usually<boolean>(false, Schema.Boolean) }) },
  whileLoop: {
    schema: Schema.Struct({
      condition: body,
      consts: count,
      sweeps: Schema.Array(Schema.Struct({ body, states: count, records: count }))
    })
  },
  custom: {
    schema: Schema.Struct({ body, jvp: Schema.optionalKey(body), vjp: Schema.optionalKey(body) })
  },
  qr: { schema: Schema.Struct({}) },
  eigh: { schema: Schema.Struct({}) },
  root: { schema: Schema.Struct({ residual: body, solve: body, consts: count }) }
}
