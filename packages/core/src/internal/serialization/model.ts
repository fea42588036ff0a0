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
 * - `signatures`: inputs and outputs of bodies, counted for each control primitive that refers to them (2^22).
 * - `leaves`: records, tuples, fields and elements of the specifications of the inputs and outputs, and the inputs and outputs of bodies (2^20).
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
  signatures: 2 ** 22,
  leaves: 2 ** 20,
  depth: 128,
  rank: 64,
  constantBytes: 2 ** 28
} as const

const counted = {
  nodes: "nodes",
  values: "operands and values of attributes",
  signatures: "inputs and outputs of the bodies that control primitives refer to",
  leaves: "entries of specifications",
  constantBytes: "bytes of constants"
} as const

/** What is counted over the whole program. */
export type Counted = keyof typeof counted

/** What a limit on the whole program demands. */
export const atMost = (what: Counted): string => `at most ${limits[what]} ${counted[what]} in all`

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
 * A node as JSON: the `input`th input, a constant, a primitive applied to earlier nodes, or a result of a control primitive.
 *
 * **Details**
 *
 * `attributes` are left out where a primitive has none. A body in the attributes of a control primitive is the index of an entry of `bodies`.
 * A control primitive is not an array, and no operand: the array is `{ "project": 5, "index": 0 }`, the first result of node 5.
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
  | { readonly project: number; readonly index: number }

/**
 * A specification as JSON: a shape, a type, a record or a tuple, as in `Tree.Spec`.
 *
 * @category models
 * @since 0.1.0
 */
export type SpecEncoded = Schema.Json

/**
 * A graph as JSON.
 *
 * **Details**
 *
 * The nodes are in the order in which they are evaluated: first the inputs, then constants and operations. Operands are indices of earlier nodes;
 * `results` has the index of a node for each output.
 *
 * @category models
 * @since 0.1.0
 */
export interface GraphEncoded {
  readonly nodes: ReadonlyArray<NodeEncoded>
  readonly results: ReadonlyArray<number>
}

/**
 * An input of a body as JSON; the label is the name by which messages and formulas call it.
 *
 * @category models
 * @since 0.1.0
 */
export interface BodyInputEncoded {
  readonly label: string
  readonly elementType: "real" | "index" | "bool"
  readonly shape: ReadonlyArray<number>
}

/**
 * A body of control primitives as JSON: a closed program from a list of arrays to a list of arrays.
 *
 * @category models
 * @since 0.1.0
 */
export interface BodyEncoded extends GraphEncoded {
  readonly inputs: ReadonlyArray<BodyInputEncoded>
}

/**
 * A program as JSON.
 *
 * **Details**
 *
 * `bodies` are those that attributes refer to, each once and after those it refers to itself; the key is left out where there are none.
 * The first nodes are the leaves of `inputs`, in their order; there is a result for each leaf of `outputs`.
 *
 * @category models
 * @since 0.1.0
 */
export interface ProgramEncoded extends GraphEncoded {
  readonly fluxion: typeof version
  readonly bodies?: ReadonlyArray<BodyEncoded>
  readonly inputs: SpecEncoded
  readonly outputs: SpecEncoded
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
 * itself, and is refused; so is what has attributes that are not data, and what exceeds the `limits`.
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
