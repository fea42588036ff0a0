/**
 * Programs as data: versioned JSON.
 *
 * **Details**
 *
 * A program is written as the list of its nodes, each with the indices of the earlier nodes it uses, so what is shared stays shared and
 * nothing nests. The bodies of control flow are in a table, each once, and refer to earlier bodies by index: what cannot be built (a body that holds itself) cannot be
 * written either. The same program always gives the same text, and a program that was decoded gives the text it came from. Decoding
 * believes nothing: whatever the data, the answer is a program or a `ProgramDecodeError`, within the `limits`.
 *
 * Decoding is bounded; *running* what was decoded is not. A few lines can ask for 2^40 iterations, for a loop that never ends, for bodies that call bodies twice at each of a hundred
 * levels, or for an array of a terabyte. Whoever runs programs of unknown origin gives them a limit of time and memory of their own: a worker that can be ended.
 *
 * `Fn.schema` is the same as a `Schema`; `schema` here also says what the program takes and computes.
 *
 * @since 0.1.0
 */
import type { Result, Schema } from "effect"
import type { GuardError } from "./Failure.ts"
import * as Fn from "./Fn.ts"
import type { ProgramDecodeError, ProgramEncoded, ProgramEncodeError } from "./internal/serialization/model.ts"
import type * as Tree from "./Tree.ts"

export {
  type BodyEncoded,
  type BodyInputEncoded,
  type ConstantEncoded,
  type GraphEncoded,
  limits,
  type NodeEncoded,
  ProgramDecodeError,
  type ProgramEncoded,
  ProgramEncodeError,
  type RealEncoded,
  type SpecEncoded,
  version
} from "./internal/serialization/model.ts"

/**
 * Writes a program as JSON.
 *
 * **Details**
 *
 * The result is plain data for `JSON.stringify`. Nodes keep the order in which they are evaluated; constants keep their bits; a body is written once, however
 * often it is used, but a constant in each body that holds it. A program that uses an input of another program, has attributes that are not data, or exceeds the
 * `limits`, is a `ProgramEncodeError`.
 *
 * Takes time and memory linear in the program and its bodies.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Serialization } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.mul(2, Expr.sin(x)))
 * const { nodes, results } = Result.getOrThrow(Serialization.encode(f))
 * console.log(JSON.stringify(nodes[2])) // {"constant":2}
 * console.log(JSON.stringify(nodes[3])) // {"primitive":"mul","operands":[2,1]}
 * console.log(results) // [ 3 ]
 *
 * const g = Fn.make([3], (xs) => Expr.map((x) => Expr.exp(x), xs))
 * const { bodies, nodes: outer } = Result.getOrThrow(Serialization.encode(g))
 * console.log(JSON.stringify(bodies?.[0]?.nodes)) // [{"input":0},{"primitive":"exp","operands":[0]}]
 * console.log(JSON.stringify(outer.slice(1)))
 * // [{"primitive":"map","attributes":{"body":0,"consts":0,"size":3,"summed":0},"operands":[0]},{"project":1,"index":0}]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const encode = (self: Fn.Any): Result.Result<ProgramEncoded, ProgramEncodeError> => Fn.codec.encode(self)

/**
 * Reads a program from data of unknown origin.
 *
 * **Details**
 *
 * Every operation is typed anew by the rule of its primitive. Data that is not a program is a `ProgramDecodeError` with the path, what was
 * expected and what came; nothing is thrown, also for data that `JSON.parse` cannot give (cycles, getters, proxies).
 *
 * Takes time and memory linear in the data, whatever shapes and lengths it speaks of: only constants are allocated, and the data spells them out. (The results of
 * control primitives that nothing uses are not spelled out; `limits.signatures` bounds them.) Running a program is another matter, see the top of this module.
 *
 * @example
 * ```ts
 * import { Fn, Serialization } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const text = `{
 *   "fluxion": 1, "inputs": { "x": [] }, "outputs": [], "results": [1],
 *   "nodes": [{ "input": 0 }, { "primitive": "exp", "operands": [0] }]
 * }`
 * const f = Result.getOrThrow(Serialization.decode(JSON.parse(text)))
 * console.log(f.inputs) // { x: [] }
 * console.log(Fn.operationCount(f)) // 1
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const decode = (data: unknown): Result.Result<Fn.Any, ProgramDecodeError> => Fn.codec.decode(data)

/**
 * A schema for programs with these inputs and outputs, encoded as JSON.
 *
 * **Details**
 *
 * Decoding fails for a program that takes or computes something else; the order of fields does not matter. It also fails for a program that can fail itself (one with
 * guards), unless `mayFail` says that this is expected: then its failures are those of the library. `Fn.schema` takes any program.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Serialization } from "@fluxion/core"
 * import { Schema } from "effect"
 *
 * const codec = Schema.fromJsonString(Serialization.schema({ x: [], y: [] }, []))
 * const text = Schema.encodeSync(codec)(Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.atan2(y, x)))
 * const f = Schema.decodeSync(codec)(text)
 * console.log(Fn.runSync(f, { x: 1, y: 0 })) // 0
 *
 * const failing = Schema.fromJsonString(Serialization.schema([], [], { mayFail: true }))
 * const log = Schema.decodeSync(failing)(Schema.encodeSync(failing)(Fn.make([], (x) => Expr.checked.log(x))))
 * console.log(Fn.runResult(log, -1).toString().includes("DomainError")) // true
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema: {
  <const I extends Tree.Spec, const O extends Tree.Spec>(
    inputs: I,
    outputs: O,
    options?: { readonly mayFail?: false }
  ): Schema.Codec<Fn.Fn<I, O>, ProgramEncoded>
  <const I extends Tree.Spec, const O extends Tree.Spec>(
    inputs: I,
    outputs: O,
    options: { readonly mayFail: boolean }
  ): Schema.Codec<Fn.Fn<I, O, GuardError>, ProgramEncoded>
} = (inputs: Tree.Spec, outputs: Tree.Spec, options?: { readonly mayFail?: boolean }): never =>
  Fn.codec.schema({ inputs, outputs, mayFail: options?.mayFail === true }) as never
