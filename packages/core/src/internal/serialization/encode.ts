// Programs to JSON. Iterative in the number of operations and in the nesting of programs.

import { Schema, SchemaIssue, Result } from "effect"
import type * as Primitive from "../../Primitive.ts"
import type * as Tree from "../../Tree.ts"
import type { Node } from "../node.ts"
import { type Body, schedule } from "../schedule.ts"
import { encodeConstant } from "./constant.ts"
import type { Language } from "./language.ts"
import {
  type BodyEncoded,
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

const firstIssue = SchemaIssue.makeFormatterStandardSchemaV1()

class Encoder {
  private readonly language: Language
  private readonly encoders = new Map<string, (attributes: object) => Result.Result<object, Schema.SchemaError>>()
  private readonly taken = { nodes: 0, values: 0, leaves: 0, constantBytes: 0 }
  /** The bodies encoded so far, and where they are in the table. */
  private readonly table: Array<BodyEncoded> = []
  private readonly places = new Map<Program, number>()

  constructor(language: Language) {
    this.language = language
  }

  encode(main: Program): ProgramEncoded {
    this.encodeBodies(main)
    const body = this.body(main, [])
    return {
      fluxion: version,
      ...(this.table.length === 0 ? {} : { programs: this.table }),
      ...body
    }
  }

  /** Encodes the programs that `main` holds, innermost first. A program cannot hold itself, so this ends. */
  private encodeBodies(main: Program): void {
    const pending: Array<{ readonly program: Program; visited: boolean }> = [{ program: main, visited: false }]
    while (pending.length > 0) {
      const top = pending.at(-1)!
      if (this.places.has(top.program)) {
        pending.pop()
      } else if (top.visited) {
        pending.pop()
        if (top.program === main) continue
        const place = this.table.length
        this.table.push(this.body(top.program, ["programs", place]))
        this.places.set(top.program, place)
      } else {
        top.visited = true
        const held = this.programsOf(top.program)
        for (let i = held.length - 1; i >= 0; i--) {
          if (!this.places.has(held[i]!)) pending.push({ program: held[i]!, visited: false })
        }
      }
    }
  }

  /** The programs that attributes of a program hold, in order. */
  private programsOf(program: Program): Array<Program> {
    const held: Array<Program> = []
    for (const node of schedule(program, false).nodes) {
      if (node._tag !== "Apply") continue
      for (const key of this.language.get(node.primitive!)?.programs ?? []) held.push(heldBy(node, key))
    }
    return held
  }

  private body(program: Program, path: Path): BodyEncoded {
    const inputs = encodeSpec(program.inputs, [...path, "inputs"], this.taken)
    const outputs = encodeSpec(program.outputs, [...path, "outputs"], this.taken)
    const { first, inputIndex, nodes, operands, outputs: results } = schedule(program, false)
    this.take("nodes", nodes.length, [...path, "nodes"])
    this.take("values", operands.length, [...path, "nodes"])
    // Inputs come first, and the others in the order in which they are evaluated.
    const position = new Int32Array(nodes.length)
    const encoded: Array<NodeEncoded> = program.inputNodes.map((_, input) => ({ input }))
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
    return { inputs, outputs, nodes: encoded, results: results.map((i) => position[i]!) }
  }

  private node(node: Node, operands: ReadonlyArray<number>, path: () => Path): NodeEncoded {
    if (node._tag === "Constant") {
      return { constant: encodeConstant(node.value!, () => [...path(), "constant"], this.taken) }
    }
    if (node._tag === "Input") {
      throw new ProgramEncodeError({
        path: path(),
        expected: "an input of the program itself",
        actual: `the input ${JSON.stringify(node.label)} of another program`
      })
    }
    if (node._tag === "Control" || node._tag === "Project") {
      throw new ProgramEncodeError({
        path: path(),
        expected: "a program without control flow",
        actual: node._tag === "Control" ? node.control!.primitive : "a result of control flow"
      })
    }
    const problem = problemOfShape(node.shape)
    if (problem !== undefined) {
      throw new ProgramEncodeError({ path: path(), expected: problem.expected, actual: problem.actual })
    }
    const own = node.primitive === "ensure" ? ownFailure(node) : undefined
    if (own !== undefined) {
      throw new ProgramEncodeError({
        path: [...path(), "attributes", "guard"],
        expected: "a guard of the library (Expr.checked, Fn.finite)",
        actual: own
      })
    }
    const attributes = this.attributes(node, path)
    return attributes === undefined
      ? { primitive: node.primitive!, operands }
      : { primitive: node.primitive!, attributes, operands }
  }

  private attributes(node: Node, path: () => Path): { readonly [name: string]: Schema.Json } | undefined {
    const primitive = node.primitive!
    const entry = this.language.get(primitive)
    if (entry === undefined) {
      throw new ProgramEncodeError({
        path: [...path(), "primitive"],
        expected: "a known primitive",
        actual: JSON.stringify(primitive)
      })
    }
    const written: { [name: string]: Schema.Json } = {}
    if (entry.schema !== undefined) {
      let encode = this.encoders.get(primitive)
      if (encode === undefined) {
        encode = Schema.encodeUnknownResult(entry.schema) as (
          attributes: object
        ) => Result.Result<object, Schema.SchemaError>
        this.encoders.set(primitive, encode)
      }
      const result = encode(node.attributes!)
      if (Result.isFailure(result)) {
        const issue = firstIssue(result.failure.issue).issues[0]!
        throw new ProgramEncodeError({
          path: [...path(), "attributes", ...((issue.path ?? []) as ReadonlyArray<string | number>)],
          expected: `attributes of ${primitive} that are data`,
          actual: issue.message
        })
      }
      Object.assign(written, result.success)
    }
    for (const key of entry.programs) written[key] = this.places.get(heldBy(node, key))!
    if (entry.schema === undefined && entry.programs.length === 0) return undefined
    this.take("values", countOf(written), path())
    return written
  }

  private take(what: "nodes" | "values", count: number, path: Path): void {
    this.taken[what] += count
    if (this.taken[what] > limits[what]) {
      const named = what === "nodes" ? "nodes" : "operands and values of attributes"
      throw new ProgramEncodeError({ path, expected: `at most ${limits[what]} ${named} in all`, actual: "more" })
    }
  }
}

const heldBy = (node: Node, key: string): Program => (node.attributes as { readonly [key: string]: Program })[key]!

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
export const encode = (program: Program, language: Language): Result.Result<ProgramEncoded, ProgramEncodeError> => {
  try {
    return Result.succeed(new Encoder(language).encode(program))
  } catch (error) {
    if (error instanceof ProgramEncodeError) return Result.fail(error)
    throw error
  }
}
