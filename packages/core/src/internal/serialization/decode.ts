// JSON to programs. Every operation is typed anew; nothing that the data says about types is believed. Errors are thrown inside, and
// returned by `decode`.

import { Result, Schema, SchemaIssue } from "effect"
import type * as Primitive from "../../Primitive.ts"
import * as Shape from "../../Shape.ts"
import * as Tree from "../../Tree.ts"
import * as Type from "../../Type.ts"
import { inherit } from "../callSite.ts"
import { applyTyped, constant, input, type Node } from "../node.ts"
import { decodeConstant } from "./constant.ts"
import type { Program } from "./encode.ts"
import type { Entry, Language } from "./language.ts"
import { limits, ProgramDecodeError, version } from "./model.ts"
import { Budget, copyOf, describe, elementsOf, fieldOf, keysOf, type Place, recordOf, refuse, within } from "./read.ts"
import { decodeSpec, problemOfShape } from "./specification.ts"

/** Makes a program; its type is the business of who calls `decode`. */
export type MakeProgram<F extends Program> = (
  inputs: Tree.Spec,
  outputs: Tree.Spec,
  inputNodes: ReadonlyArray<Node>,
  outputNodes: ReadonlyArray<Node>
) => F

const firstIssue = SchemaIssue.makeFormatterStandardSchemaV1()

type DecodeAttributes = (value: unknown) => Result.Result<object, Schema.SchemaError>

const bodyFields = ["inputs", "outputs", "nodes", "results"] as const
const wanted = "an object with inputs, outputs, nodes and results"

class Decoder<F extends Program> {
  private readonly make: MakeProgram<F>
  private readonly language: Language
  private readonly budget = new Budget()
  private readonly decoders = new Map<Entry, DecodeAttributes>()
  private readonly programs: Array<F> = []

  constructor(make: MakeProgram<F>, language: Language) {
    this.make = make
    this.language = language
  }

  decode(data: unknown): F {
    const expected = "an object with fluxion (the version), inputs, outputs, nodes and results"
    // The version first: of another version, nothing else is known.
    const found = keysOf(data, undefined, expected).includes("fluxion")
    const place = within(undefined, "fluxion")
    const actual = found ? fieldOf(data, "fluxion", undefined) : undefined
    if (actual !== version) throw refuse(place, `the version ${version} of the encoding`, actual)
    const [, programs, ...main] = recordOf(data, undefined, expected, ["fluxion", "programs", ...bodyFields])
    if (programs !== undefined) {
      const at = within(undefined, "programs")
      elementsOf(programs, at, "a list of programs", limits.nodes).forEach((body, i) => {
        this.budget.take("nodes", 1, at)
        const here = within(at, i)
        this.programs.push(this.body(recordOf(body, here, wanted, bodyFields), here))
      })
    }
    return this.body(main, undefined)
  }

  private body([inputs, outputs, nodes, results]: ReadonlyArray<unknown>, place: Place | undefined): F {
    const inputSpec = decodeSpec(inputs, within(place, "inputs"), this.budget)
    const outputSpec = decodeSpec(outputs, within(place, "outputs"), this.budget)
    const inputNodes = Tree.leaves(inputSpec).map(({ path, type }) => input(path === "" ? "x" : path, type))
    const made = this.nodes(nodes, inputNodes, within(place, "nodes"))
    const outputNodes = this.results(results, made, outputSpec, within(place, "results"))
    return this.make(inputSpec, outputSpec, inputNodes, outputNodes)
  }

  private nodes(value: unknown, inputs: ReadonlyArray<Node>, place: Place): Array<Node> {
    const elements = elementsOf(value, place, "a list of nodes", limits.nodes)
    this.budget.take("nodes", elements.length, place)
    if (elements.length < inputs.length) {
      throw refuse(place, `at least the ${inputs.length} inputs`, undefined, `${elements.length} nodes`)
    }
    const made: Array<Node> = []
    for (let i = 0; i < elements.length; i++) {
      const here = within(place, i)
      made.push(i < inputs.length ? this.input(elements[i], i, inputs, here) : this.node(elements[i], made, here))
    }
    return made
  }

  private input(value: unknown, index: number, inputs: ReadonlyArray<Node>, place: Place): Node {
    const [actual] = recordOf(value, place, `an input, { "input": ${index} }`, ["input"])
    if (actual !== index) throw refuse(within(place, "input"), `${index} (inputs come first and in order)`, actual)
    return inputs[index]!
  }

  private node(value: unknown, earlier: ReadonlyArray<Node>, place: Place): Node {
    const expected = "a constant, or a primitive with operands"
    const fields = recordOf(value, place, expected, ["constant", "primitive", "attributes", "operands", "input"])
    const [constantValue, primitive, attributes, operands, inputIndex] = fields
    if (inputIndex !== undefined) {
      throw refuse(within(place, "input"), `${expected} (there are no more inputs)`, inputIndex)
    }
    if (constantValue !== undefined) {
      if (primitive !== undefined || attributes !== undefined || operands !== undefined) {
        throw refuse(place, expected, value, "both")
      }
      return constant(decodeConstant(constantValue, within(place, "constant"), this.budget))
    }
    const entry = typeof primitive === "string" ? this.language.get(primitive) : undefined
    if (entry === undefined) throw refuse(within(place, "primitive"), "the name of a primitive", primitive)
    const used = this.operands(operands, entry, primitive as string, earlier, within(place, "operands"))
    const decoded = this.attributes(attributes, entry, primitive as string, within(place, "attributes"))
    return applyTyped(
      primitive as Primitive.Name,
      decoded,
      used,
      this.type(entry, primitive as string, decoded, used, place)
    )
  }

  private operands(
    value: unknown,
    { arity }: Entry,
    primitive: string,
    earlier: ReadonlyArray<Node>,
    place: Place
  ): Array<Node> {
    const count = arity === "variadic" ? "some" : String(arity)
    const elements = elementsOf(value, place, `a list of ${count} operands (indices of earlier nodes)`, limits.values)
    this.budget.take("values", elements.length, place)
    if (arity !== "variadic" && elements.length !== arity) {
      throw refuse(
        place,
        `${count} operand${arity === 1 ? "" : "s"} of ${primitive}`,
        undefined,
        String(elements.length)
      )
    }
    return elements.map((index, i) => nodeAt(index, earlier, within(place, i), "earlier "))
  }

  private attributes(value: unknown, entry: Entry, primitive: string, place: Place): object {
    const { programs, schema } = entry
    if (value === undefined && (schema !== undefined || programs.length > 0)) {
      throw refuse(place, `the attributes of ${primitive}`, value)
    }
    const copied = value === undefined ? {} : copyOf(value, place, this.budget)
    if (typeof copied !== "object" || copied === null || Array.isArray(copied)) {
      throw refuse(place, `the attributes of ${primitive} (an object)`, copied)
    }
    const fields = copied as { [key: string]: unknown }
    const decoded: { [key: string]: unknown } = {}
    for (const key of programs) {
      decoded[key] = this.programAt(fields[key], within(place, key))
      delete fields[key]
    }
    if (schema === undefined) {
      const [extra] = Object.keys(fields)
      if (extra !== undefined) {
        throw refuse(within(place, extra), `no such attribute of ${primitive}`, fields[extra])
      }
      return decoded
    }
    let decode = this.decoders.get(entry)
    if (decode === undefined) {
      decode = Schema.decodeUnknownResult(schema, { onExcessProperty: "error" }) as DecodeAttributes
      this.decoders.set(entry, decode)
    }
    const result = decode(fields)
    if (Result.isFailure(result)) throw attributeError(result.failure, fields, primitive, place)
    return Object.assign(decoded, result.success)
  }

  private programAt(index: unknown, place: Place): F {
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= this.programs.length) {
      throw refuse(place, `the index of one of the ${this.programs.length} programs before this one`, index)
    }
    return this.programs[index]!
  }

  /** The type of the result, by the rule of the primitive. */
  private type(
    entry: Entry,
    primitive: string,
    attributes: object,
    operands: ReadonlyArray<Node>,
    place: Place
  ): Type.Type {
    const expected = `operands and attributes that ${primitive} accepts`
    let type: Type.Type
    try {
      type = entry.type(attributes, operands)
    } catch (error) {
      if (!(error instanceof Shape.ShapeError)) throw error
      throw refuse(place, expected, undefined, `${renderSome(operands)}: ${error.problem}`)
    }
    const problem = problemOfShape(type.shape)
    if (problem !== undefined) {
      throw refuse(place, `a result with ${problem.expected}`, undefined, problem.actual)
    }
    return type
  }

  private results(value: unknown, nodes: ReadonlyArray<Node>, spec: Tree.Spec, place: Place): Array<Node> {
    const leaves = Tree.leaves(spec)
    const expected = `one result for each of the ${leaves.length} outputs`
    const elements = elementsOf(value, place, expected, limits.leaves)
    if (elements.length !== leaves.length) throw refuse(place, expected, undefined, String(elements.length))
    return elements.map((index, i) => {
      const here = within(place, i)
      const node = nodeAt(index, nodes, here, "")
      const { type } = leaves[i]!
      if (node.elementType !== type.elementType || !Shape.equals(node.shape, type.shape)) {
        throw refuse(here, `a result of type ${Type.render(type)}`, undefined, Type.render(node))
      }
      return node
    })
  }
}

const nodeAt = (index: unknown, nodes: ReadonlyArray<Node>, place: Place, which: string): Node => {
  if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= nodes.length) {
    throw refuse(place, `the index of one of ${nodes.length} ${which}nodes`, index)
  }
  return nodes[index]!
}

const renderSome = (types: ReadonlyArray<Type.Type>): string =>
  types.length === 0
    ? "no operands"
    : `${types.slice(0, 4).map(Type.render).join(", ")}${types.length > 4 ? `, … (${types.length} operands)` : ""}`

/** What is wrong first, where it is, and what is there. */
const attributeError = (
  { issue }: Schema.SchemaError,
  fields: object,
  primitive: string,
  place: Place
): ProgramDecodeError => {
  const { message, path = [] } = firstIssue(issue).issues[0]!
  const keys = path.map((key) => (typeof key === "object" ? key.key : key)) as Array<string | number>
  let at = place
  let value: unknown = fields
  for (const key of keys) {
    at = within(at, key)
    value = typeof value === "object" && value !== null ? (value as { [key: string]: unknown })[key] : undefined
  }
  const expected = /^Expected (.*)$/s.exec(message)?.[1] ?? (message === "Missing key" ? "a value" : message)
  return refuse(at, `${expected} (an attribute of ${primitive})`, undefined, describe(value))
}

/** The program that the data says, or what is wrong with it. */
export const decode = <F extends Program>(
  data: unknown,
  make: MakeProgram<F>,
  language: Language
): Result.Result<F, ProgramDecodeError> => {
  // No line of code built what is decoded.
  const before = inherit(null)
  try {
    return Result.succeed(new Decoder(make, language).decode(data))
  } catch (error) {
    if (error instanceof ProgramDecodeError) return Result.fail(error)
    throw error
  } finally {
    inherit(before)
  }
}
