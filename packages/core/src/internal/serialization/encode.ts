// Programs to JSON. Iterative in the number of operations and in the nesting of bodies.

import { Schema, SchemaIssue, Result } from "effect"
import type * as Primitive from "../../Primitive.ts"
import type * as Tree from "../../Tree.ts"
import { bodiesWithin, isBody, replaceIn } from "../bodies.ts"
import type { Node } from "../node.ts"
import { type Body, schedule } from "../schedule.ts"
import { encodeConstant } from "./constant.ts"
import { Reference } from "./controlAttributes.ts"
import { primitives } from "./language.ts"
import {
  atMost,
  type BodyEncoded,
  type BodyInputEncoded,
  type Counted,
  type GraphEncoded,
  limits,
  type NodeEncoded,
  type ProgramEncoded,
  ProgramEncodeError,
  version
} from "./model.ts"
import { encodeSpec, problemOfShape } from "./specification.ts"

/** A program: its graph and the specifications of its inputs and outputs. */
export interface Program extends Body {
  readonly inputs: Tree.Spec
  readonly outputs: Tree.Spec
}

type Path = ReadonlyArray<string | number>

type EncodeAttributes = (attributes: object) => Result.Result<object, Schema.SchemaError>

const firstIssue = SchemaIssue.makeFormatterStandardSchemaV1()

class Encoder {
  private readonly encoders = new Map<string, EncodeAttributes>()
  private readonly taken = { nodes: 0, values: 0, signatures: 0, leaves: 0, constantBytes: 0 }
  /** The bodies encoded so far, and where they are in the table. */
  private readonly table: Array<BodyEncoded> = []
  private readonly places = new Map<Body, number>()

  encode(main: Program): ProgramEncoded {
    for (const body of bodiesWithin(main)) {
      const place = this.table.length
      this.table.push(this.body(body, ["bodies", place]))
      this.places.set(body, place)
    }
    const inputs = encodeSpec(main.inputs, ["inputs"], this.taken)
    const outputs = encodeSpec(main.outputs, ["outputs"], this.taken)
    return {
      fluxion: version,
      ...(this.table.length === 0 ? {} : { bodies: this.table }),
      inputs,
      outputs,
      ...this.graph(main, [])
    }
  }

  private body(body: Body, path: Path): BodyEncoded {
    this.take("nodes", 1, path)
    this.take("leaves", body.inputNodes.length + body.outputNodes.length, path)
    const inputs = body.inputNodes.map(({ elementType, label, shape }, i): BodyInputEncoded => {
      this.shape(shape, [...path, "inputs", i])
      return { label: label!, elementType, shape: shape.map((n) => n + 0) }
    })
    return { inputs, ...this.graph(body, path) }
  }

  private graph(body: Body, path: Path): GraphEncoded {
    const { first, inputIndex, nodes, operands, outputs: results } = schedule(body, false)
    this.take("nodes", nodes.length, [...path, "nodes"])
    this.take("values", operands.length, [...path, "nodes"])
    // Inputs come first, and the others in the order in which they are evaluated.
    const position = new Int32Array(nodes.length)
    const encoded: Array<NodeEncoded> = body.inputNodes.map((_, input) => ({ input }))
    for (let i = 0; i < nodes.length; i++) {
      if (inputIndex[i]! >= 0) {
        position[i] = inputIndex[i]!
        continue
      }
      position[i] = encoded.length
      const used: Array<number> = []
      for (let j = first[i]!; j < first[i + 1]!; j++) used.push(position[operands[j]!]!)
      encoded.push(this.node(nodes[i]!, used, () => [...path, "nodes", position[i]!]))
    }
    return { nodes: encoded, results: results.map((i) => position[i]!) }
  }

  private node(node: Node, operands: ReadonlyArray<number>, path: () => Path): NodeEncoded {
    switch (node._tag) {
      case "Constant":
        return { constant: encodeConstant(node.value!, () => [...path(), "constant"], this.taken) }
      case "Input":
        throw new ProgramEncodeError({
          path: path(),
          expected: "an input of the program itself",
          actual:
            node.requirement?._tag === "Param"
              ? `the parameter ${JSON.stringify(node.label)} (make it an input: Fn.withParams)`
              : node.requirement?._tag === "Random"
                ? "a key (make it an input: Fn.withKey)"
                : `the input ${JSON.stringify(node.label)} of another program`
        })
      case "Project":
        this.shape(node.shape, path)
        return { project: operands[0]!, index: node.index }
      case "Apply": {
        this.shape(node.shape, path)
        const own = node.primitive === "ensure" ? ownFailure(node) : undefined
        if (own !== undefined) {
          throw new ProgramEncodeError({
            path: [...path(), "attributes", "guard"],
            expected: "a guard of the library (Expr.checked, Fn.finite)",
            actual: own
          })
        }
        return this.applied(node.primitive!, node.attributes!, operands, path)
      }
      case "Control":
        return this.applied(node.control!.primitive, this.referring(node, path), operands, path)
    }
  }

  private applied(
    primitive: string,
    attributes: object,
    operands: ReadonlyArray<number>,
    path: () => Path
  ): NodeEncoded {
    const written = this.attributes(primitive, attributes, path)
    return written === undefined ? { primitive, operands } : { primitive, attributes: written, operands }
  }

  /** The attributes of a control primitive with places in the table for its bodies. */
  private referring(node: Node, path: () => Path): object {
    return replaceIn(node.attributes!, isBody, (body) => {
      this.take("signatures", body.inputNodes.length + body.outputNodes.length, path)
      return new Reference(this.places.get(body)!)
    }) as object
  }

  private attributes(
    primitive: string,
    attributes: object,
    path: () => Path
  ): { readonly [name: string]: Schema.Json } | undefined {
    const entry = primitives().get(primitive)
    if (entry === undefined) {
      throw new ProgramEncodeError({
        path: [...path(), "primitive"],
        expected: "a known primitive",
        actual: JSON.stringify(primitive)
      })
    }
    if (entry.schema === undefined) return undefined
    let encode = this.encoders.get(primitive)
    if (encode === undefined) {
      encode = Schema.encodeUnknownResult(entry.schema) as EncodeAttributes
      this.encoders.set(primitive, encode)
    }
    const result = encode(attributes)
    if (Result.isFailure(result)) {
      const issue = firstIssue(result.failure.issue).issues[0]!
      throw new ProgramEncodeError({
        path: [...path(), "attributes", ...((issue.path ?? []) as ReadonlyArray<string | number>)],
        expected: `attributes of ${primitive} that are data`,
        actual: issue.message
      })
    }
    const written = result.success as { readonly [name: string]: Schema.Json }
    this.take("values", countOf(written), path)
    return written
  }

  private shape(shape: ReadonlyArray<number>, path: Path | (() => Path)): void {
    const problem = problemOfShape(shape)
    if (problem === undefined) return
    throw new ProgramEncodeError({ path: written(path), expected: problem.expected, actual: problem.actual })
  }

  private take(what: Counted, count: number, path: Path | (() => Path)): void {
    this.taken[what] += count
    if (this.taken[what] <= limits[what]) return
    throw new ProgramEncodeError({ path: written(path), expected: atMost(what), actual: "more" })
  }
}

const written = (path: Path | (() => Path)): Path => (typeof path === "function" ? path() : path)

/** The failure of the caller's own that a guard raises, in words: its constructor is not data. */
const ownFailure = ({ attributes, site }: Node): string | undefined => {
  const { guard } = attributes as Primitive.EnsureAttributes
  if (guard._tag !== "Custom") return undefined
  const name = guard.onFail.name === "" ? "" : ` ${guard.onFail.name}`
  return `the caller's own failure${name} of Expr.ensure${site === null ? "" : ` at ${site}`}`
}

/** How many values attributes count for, as `copyOf` counts them when it reads them. */
const countOf = (value: Schema.Json): number => {
  if (typeof value !== "object" || value === null) return 1
  let count = 1
  for (const child of Object.values(value)) count += countOf(child as Schema.Json)
  return count
}

/** The program as JSON, or why it has none. */
export const encode = (program: Program): Result.Result<ProgramEncoded, ProgramEncodeError> => {
  try {
    return Result.succeed(new Encoder().encode(program))
  } catch (error) {
    if (error instanceof ProgramEncodeError) return Result.fail(error)
    throw error
  }
}
