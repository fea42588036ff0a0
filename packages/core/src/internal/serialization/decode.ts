// JSON to programs. Every operation is typed anew; nothing that the data says about types is believed. Errors are thrown inside, and
// returned by `decode`.

import { Result, Schema, SchemaIssue } from "effect"
import type * as Primitive from "../../Primitive.ts"
import * as Shape from "../../Shape.ts"
import * as Tree from "../../Tree.ts"
import * as Type from "../../Type.ts"
import { replaceIn } from "../bodies.ts"
import { inherit } from "../callSite.ts"
import { applyTyped, constant, controlNode, input, type Node, project } from "../node.ts"
import type { Body } from "../schedule.ts"
import { decodeConstant } from "./constant.ts"
import { isReference } from "./controlAttributes.ts"
import type { Program } from "./encode.ts"
import { type Entry, primitives } from "./language.ts"
import { limits, ProgramDecodeError, version } from "./model.ts"
import { Budget, copyOf, describe, elementsOf, fieldOf, keysOf, type Place, recordOf, refuse, within } from "./read.ts"
import { decodeElementType, decodeShape, decodeSpec, problemOfShape } from "./specification.ts"

/** Makes a program; its type is the business of who calls `decode`. */
export type MakeProgram<F extends Program> = (
  inputs: Tree.Spec,
  outputs: Tree.Spec,
  inputNodes: ReadonlyArray<Node>,
  outputNodes: ReadonlyArray<Node>
) => F

const firstIssue = SchemaIssue.makeFormatterStandardSchemaV1()

type DecodeAttributes = (value: unknown) => Result.Result<object, Schema.SchemaError>

const nodeFields = ["input", "constant", "primitive", "attributes", "operands", "project", "index"] as const

const aNode = "a constant, a primitive with operands, or a result to project"

class Decoder<F extends Program> {
  private readonly make: MakeProgram<F>
  private readonly budget = new Budget()
  private readonly decoders = new Map<Entry, DecodeAttributes>()
  private readonly bodies: Array<Body> = []

  constructor(make: MakeProgram<F>) {
    this.make = make
  }

  decode(data: unknown): F {
    const expected = "an object with fluxion (the version), inputs, outputs, nodes and results"
    // The version first: of another version, nothing else is known.
    const found = keysOf(data, undefined, expected).includes("fluxion")
    const place = within(undefined, "fluxion")
    const actual = found ? fieldOf(data, "fluxion", undefined) : undefined
    if (actual !== version) throw refuse(place, `the version ${version} of the encoding`, actual)
    const fields = ["fluxion", "bodies", "inputs", "outputs", "nodes", "results"]
    const [, bodies, inputs, outputs, nodes, results] = recordOf(data, undefined, expected, fields)
    if (bodies !== undefined) {
      const at = within(undefined, "bodies")
      elementsOf(bodies, at, "a list of bodies", limits.nodes).forEach((body, i) => {
        this.budget.take("nodes", 1, at)
        this.bodies.push(this.body(body, within(at, i)))
      })
    }
    const inputSpec = decodeSpec(inputs, within(undefined, "inputs"), this.budget)
    const outputSpec = decodeSpec(outputs, within(undefined, "outputs"), this.budget)
    const inputNodes = Tree.leaves(inputSpec).map(({ path, type }) => input(path === "" ? "x" : path, type))
    const made = this.nodes(nodes, inputNodes, within(undefined, "nodes"))
    const types = Tree.leaves(outputSpec).map(({ type }) => type)
    const outputNodes = this.outputs(results, made, types, within(undefined, "results"))
    return this.make(inputSpec, outputSpec, inputNodes, outputNodes)
  }

  private body(value: unknown, place: Place): Body {
    const expected = "a body: an object with inputs, nodes and results"
    const [inputs, nodes, results] = recordOf(value, place, expected, ["inputs", "nodes", "results"])
    const at = within(place, "inputs")
    const given = elementsOf(inputs, at, "a list of inputs", limits.leaves)
    this.budget.take("leaves", given.length, at)
    const inputNodes = given.map((element, i) => this.bodyInput(element, within(at, i)))
    const made = this.nodes(nodes, inputNodes, within(place, "nodes"))
    const to = within(place, "results")
    const found = elementsOf(results, to, "a list of results (indices of nodes)", limits.leaves)
    this.budget.take("leaves", found.length, to)
    return { inputNodes, outputNodes: found.map((index, i) => arrayAt(index, made, within(to, i), "")) }
  }

  private bodyInput(value: unknown, place: Place): Node {
    const expected = "an input: an object with label, elementType and shape"
    const [label, elementType, shape] = recordOf(value, place, expected, ["label", "elementType", "shape"])
    if (typeof label !== "string") throw refuse(within(place, "label"), "a name", label)
    return input(label, {
      elementType: decodeElementType(elementType, within(place, "elementType")),
      shape: decodeShape(shape, within(place, "shape"))
    })
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
    const fields = recordOf(value, place, aNode, nodeFields)
    const [inputIndex, constantValue, primitive, attributes, operands, projected, index] = fields
    if (inputIndex !== undefined) {
      throw refuse(within(place, "input"), `${aNode} (there are no more inputs)`, inputIndex)
    }
    const kinds = [constantValue, primitive ?? attributes ?? operands, projected ?? index]
    if (kinds.filter((kind) => kind !== undefined).length > 1) throw refuse(place, aNode, value, "several of them")
    if (constantValue !== undefined) {
      return constant(decodeConstant(constantValue, within(place, "constant"), this.budget))
    }
    if (projected !== undefined || index !== undefined) return this.projection(projected, index, earlier, place)
    const entry = typeof primitive === "string" ? primitives().get(primitive) : undefined
    if (entry === undefined) throw refuse(within(place, "primitive"), "the name of a primitive", primitive)
    return this.applied(primitive as string, entry, attributes, operands, earlier, place)
  }

  private projection(projected: unknown, index: unknown, earlier: ReadonlyArray<Node>, place: Place): Node {
    const node = nodeAt(projected, earlier, within(place, "project"), "earlier ")
    if (node._tag !== "Control") {
      throw refuse(within(place, "project"), "the index of a control primitive", undefined, describeNode(node))
    }
    const count = node.control!.types.length
    if (typeof index !== "number" || !Number.isInteger(index) || index < 0 || index >= count) {
      const which = `the index of one of the ${count} results of ${node.control!.primitive}`
      throw refuse(within(place, "index"), which, index)
    }
    return project(node, index)
  }

  private applied(
    primitive: string,
    entry: Entry,
    attributes: unknown,
    operands: unknown,
    earlier: ReadonlyArray<Node>,
    place: Place
  ): Node {
    const used = this.operands(operands, entry, primitive, earlier, within(place, "operands"))
    const at = within(place, "attributes")
    const decoded = this.attributes(attributes, entry, primitive, at)
    if (!entry.isControl) {
      const [type] = this.types(entry, primitive, decoded, used, place)
      return applyTyped(primitive as Primitive.Name, decoded, used, type!)
    }
    const complete = replaceIn(decoded, isReference, ({ index }, path) => {
      const here = path.reduce<Place>(within, at)
      if (index >= this.bodies.length) {
        throw refuse(here, `the index of one of the ${this.bodies.length} bodies before this one`, index)
      }
      const body = this.bodies[index]!
      // Typing a control primitive takes as long as its bodies have inputs and outputs.
      this.budget.take("signatures", body.inputNodes.length + body.outputNodes.length, here)
      return body
    }) as object
    const types = this.types(entry, primitive, complete, used, place)
    return controlNode(primitive as Primitive.ControlName, complete, used, types)
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
    return elements.map((index, i) => arrayAt(index, earlier, within(place, i), "earlier "))
  }

  private attributes(value: unknown, entry: Entry, primitive: string, place: Place): object {
    const { schema } = entry
    if (value === undefined && schema !== undefined) throw refuse(place, `the attributes of ${primitive}`, value)
    const fields = value === undefined ? {} : copyOf(value, place, this.budget)
    if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
      throw refuse(place, `the attributes of ${primitive} (an object)`, fields)
    }
    if (schema === undefined) {
      const [extra] = Object.entries(fields)
      if (extra !== undefined) throw refuse(within(place, extra[0]), `no such attribute of ${primitive}`, extra[1])
      return {}
    }
    let decode = this.decoders.get(entry)
    if (decode === undefined) {
      decode = Schema.decodeUnknownResult(schema, { onExcessProperty: "error" }) as DecodeAttributes
      this.decoders.set(entry, decode)
    }
    const result = decode(fields)
    if (Result.isFailure(result)) throw attributeError(result.failure, fields, primitive, place)
    return result.success
  }

  /** The types of the results, by the rule of the primitive. */
  private types(
    entry: Entry,
    primitive: string,
    attributes: object,
    operands: ReadonlyArray<Node>,
    place: Place
  ): ReadonlyArray<Type.Type> {
    const expected = `operands and attributes that ${primitive} accepts`
    let types: ReadonlyArray<Type.Type>
    try {
      types = entry.types(attributes, operands)
    } catch (error) {
      if (!(error instanceof Shape.ShapeError)) throw error
      throw refuse(place, expected, undefined, `${renderSome(operands)}: ${error.problem}`)
    }
    for (const { shape } of types) {
      const problem = problemOfShape(shape)
      if (problem !== undefined) {
        throw refuse(place, `a result with ${problem.expected}`, undefined, problem.actual)
      }
    }
    return types
  }

  private outputs(
    value: unknown,
    nodes: ReadonlyArray<Node>,
    types: ReadonlyArray<Type.Type>,
    place: Place
  ): Array<Node> {
    const expected = `one result for each of the ${types.length} outputs`
    const elements = elementsOf(value, place, expected, limits.leaves)
    if (elements.length !== types.length) throw refuse(place, expected, undefined, String(elements.length))
    return elements.map((index, i) => {
      const here = within(place, i)
      const node = arrayAt(index, nodes, here, "")
      const type = types[i]!
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

/** A node that is an array: a control primitive is none. */
const arrayAt = (index: unknown, nodes: ReadonlyArray<Node>, place: Place, which: string): Node => {
  const node = nodeAt(index, nodes, place, which)
  if (node._tag === "Control") {
    throw refuse(place, "the index of an array", undefined, `${describeNode(node)} (project one of its results)`)
  }
  return node
}

const describeNode = (node: Node): string =>
  node._tag === "Control" ? `the control primitive ${node.control!.primitive}` : `an array ${Type.render(node)}`

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
  make: MakeProgram<F>
): Result.Result<F, ProgramDecodeError> => {
  // No line of code built what is decoded.
  const before = inherit(null)
  try {
    return Result.succeed(new Decoder(make).decode(data))
  } catch (error) {
    if (error instanceof ProgramDecodeError) return Result.fail(error)
    throw error
  } finally {
    inherit(before)
  }
}
