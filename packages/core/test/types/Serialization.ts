// Programs of a schema with known inputs and outputs, in types.

import { type Result, Schema } from "effect"
import { Expr, Fn, Serialization, Type } from "../../src/index.ts"

const codec = Serialization.schema({ x: [], labels: Type.index([3]) }, { loss: [] })

const f = Schema.decodeUnknownSync(codec)({})
export const loss: number = Fn.runSync(f, { x: 1, labels: null as never }).loss

// @ts-expect-error the program takes x
Fn.runSync(f, { y: 1, labels: null as never })

// @ts-expect-error the program computes a record
export const wrong: number = Fn.runSync(f, { x: 1, labels: null as never })

const other = Fn.make({ y: [] }, ({ y }) => ({ loss: Expr.exp(y) }))
// @ts-expect-error the schema is of programs that take x and labels
Schema.encodeSync(codec)(other)

export const any: Fn.Any = Schema.decodeUnknownSync(Fn.schema)({})
export const encoded: Serialization.ProgramEncoded = Schema.encodeSync(Fn.schema)(other)

// @ts-expect-error what decoding gives may be an error
export const program: Fn.Any = Serialization.decode(encoded)
export const result: Result.Result<Fn.Any, Serialization.ProgramDecodeError> = Serialization.decode(encoded)

// @ts-expect-error an expression is not a program
Serialization.encode(Expr.constant(1))
