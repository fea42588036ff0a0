// What programs as data are: the encoded form, the limits, the errors. `Serialization` exports all of it.

import { Schema } from "effect"

/**
 * The version of the encoding that this release writes, and the only one it reads.
 *
 * @example
 * ```ts
 * import { Serialization } from "@fluxion/core"
 *
 * console.log(Serialization.version) // 1
 * ```
 *
 * @category constants
 * @since 0.1.0
 */
export const version = 1

/**
 * What a program may hold at most, to be encoded and to be decoded.
 *
 * **Details**
 *
 * Together with the length of the input they bound the time and the memory of decoding. Programs of a billion elements are far below
 * them: nothing of the size of an array is allocated for a program, except for its constants, which the input spells out.
 *
 * - `nodes`: inputs, constants and operations, those of bodies included (2^24).
 * - `values`: operands, and numbers in attributes, of all nodes (2^26).
 * - `leaves`: records, tuples, fields and elements of the specifications of all inputs and outputs (2^20).
 * - `depth`: how deep a specification nests (128).
 * - `rank`: the axes of an array, also of a result (64).
 * - `constantBytes`: the size of all constants (2^28: 256 MiB).
 *
 * @example
 * ```ts
 * import { Serialization } from "@fluxion/core"
 *
 * console.log(Serialization.limits.rank) // 64
 * ```
 *
 * @category constants
 * @since 0.1.0
 */
export const limits = {
  nodes: 2 ** 24,
  values: 2 ** 26,
  leaves: 2 ** 20,
  depth: 128,
  rank: 64,
  constantBytes: 2 ** 28
} as const

/**
 * A real as JSON: a finite number other than -0, or the name of what JSON has no number for.
 *
 * @category models
 * @since 0.1.0
 */
export type RealEncoded = number | "NaN" | "Infinity" | "-Infinity" | "-0"

/**
 * A constant as JSON.
 *
 * **Details**
 *
 * A real or a truth value stands for itself. Other tensors are written as their elements in row-major order, and from 65 elements on in
 * base64: the bytes of the elements, little-endian, 8 for a real, 4 for an index and 1 for a truth value.
 *
 * @category models
 * @since 0.1.0
 */
export type ConstantEncoded =
  | RealEncoded
  | boolean
  | {
      readonly elementType: "real" | "index" | "bool"
      readonly shape: ReadonlyArray<number>
      readonly data: ReadonlyArray<RealEncoded | boolean>
    }
  | {
      readonly elementType: "real" | "index" | "bool"
      readonly shape: ReadonlyArray<number>
      readonly base64: string
    }

/**
 * A node as JSON: the `input`th leaf of the inputs, a constant, or a primitive applied to earlier nodes.
 *
 * **Details**
 *
 * `attributes` are left out where a primitive has none. An attribute that holds a program is the index of an earlier entry of `programs`.
 *
 * @category models
 * @since 0.1.0
 */
export type NodeEncoded =
  | { readonly input: number }
  | { readonly constant: ConstantEncoded }
  | {
      readonly primitive: string
      readonly attributes?: { readonly [name: string]: Schema.Json }
      readonly operands: ReadonlyArray<number>
    }

/**
 * A specification as JSON: a shape, a type, a record or a tuple, as in `Tree.Spec`.
 *
 * @category models
 * @since 0.1.0
 */
export type SpecEncoded = Schema.Json

/**
 * A program without its version, as JSON: the body of another program, or the main one.
 *
 * **Details**
 *
 * The nodes are in the order in which they are evaluated: first the inputs, one for each leaf of `inputs`, then constants and operations.
 * Operands are indices of earlier nodes; `results` has the index of a node for each leaf of `outputs`.
 *
 * @category models
 * @since 0.1.0
 */
export interface BodyEncoded {
  readonly inputs: SpecEncoded
  readonly outputs: SpecEncoded
  readonly nodes: ReadonlyArray<NodeEncoded>
  readonly results: ReadonlyArray<number>
}

/**
 * A program as JSON.
 *
 * **Details**
 *
 * `programs` are the bodies that attributes refer to, each once and after those it uses; the key is left out where there are none.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProgramEncoded extends BodyEncoded {
  readonly fluxion: typeof version
  readonly programs?: ReadonlyArray<BodyEncoded>
}

const identifier = /^[A-Za-z_$][\w$]*$/

/** At most this much of a path is written out. */
const pathLength = 32

/** `nodes[3].attributes.axes`. */
const renderPath = (path: ReadonlyArray<string | number>): string => {
  const shown = path.length > pathLength ? path.slice(0, pathLength) : path
  const parts = shown.map((key, i) =>
    typeof key === "number"
      ? `[${key}]`
      : identifier.test(key)
        ? `${i === 0 ? "" : "."}${key.slice(0, 80)}`
        : `[${JSON.stringify(key.slice(0, 80))}]`
  )
  return `${parts.join("")}${shown === path ? "" : "…"}`
}

/**
 * Data that is not a program.
 *
 * **Details**
 *
 * `path` leads from the root of the data to what is wrong.
 *
 * @example
 * ```ts
 * import { Serialization } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const data = { fluxion: 1, inputs: [], outputs: [], nodes: [{ input: 0 }], results: [1] }
 * const decoded = Serialization.decode(data)
 * if (Result.isFailure(decoded)) console.log(decoded.failure.message) // results[0]: expected the index of one of 1 nodes, got 1
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class ProgramDecodeError extends Schema.TaggedError<ProgramDecodeError>()("ProgramDecodeError", {
  /** Where. */
  path: Schema.Array(Schema.Union([Schema.String, Schema.Number])),
  /** What should have been there. */
  expected: Schema.String,
  /** What is there. */
  actual: Schema.String
}) {
  override get message(): string {
    const place = this.path.length === 0 ? "the program" : renderPath(this.path)
    return `${place}: expected ${this.expected}, got ${this.actual}`
  }
}

/**
 * A program that cannot be encoded.
 *
 * **Details**
 *
 * `path` leads to where what is wrong would be in the encoded program. A program that uses an input of another program has no meaning by
 * itself, and is refused; so is what exceeds the `limits`.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Serialization } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * let inner: Fn.Any | undefined
 * Fn.make({ a: [] }, ({ a }) => {
 *   inner = Fn.make({ x: [] }, ({ x }) => Expr.mul(a, x))
 *   return a
 * })
 * const encoded = Serialization.encode(inner!)
 * if (Result.isFailure(encoded)) console.log(encoded.failure.expected) // an input of the program itself
 * if (Result.isFailure(encoded)) console.log(encoded.failure.actual) // the input "a" of another program
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class ProgramEncodeError extends Schema.TaggedError<ProgramEncodeError>()("ProgramEncodeError", {
  /** Where in the encoded program. */
  path: Schema.Array(Schema.Union([Schema.String, Schema.Number])),
  /** What can be encoded. */
  expected: Schema.String,
  /** What was to be encoded. */
  actual: Schema.String
}) {
  override get message(): string {
    const place = this.path.length === 0 ? "the program" : renderPath(this.path)
    return `${place}: expected ${this.expected}, got ${this.actual}`
  }
}
