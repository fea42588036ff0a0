// The one class behind every expression: an immutable node of the program graph. A control node has several results;
// a `Project` node takes one of them.

import { Pipeable } from "effect"
import type * as Primitive from "../Primitive.ts"
import type { Requirement } from "../Requirement.ts"
import type * as Shape from "../Shape.ts"
import type * as Tensor from "../Tensor.ts"
import type * as Type from "../Type.ts"
import { bodiesOf } from "./bodies.ts"
import { siteOfNode } from "./callSite.ts"

export const TypeId = "~@fluxion/core/Expr"

// Operands exist before the nodes that use them, so ascending ids are a topological order.
let nextId = 0

/** What the free inputs that a node depends on are, as bits. */
export const requires = { params: 1, random: 2 } as const

export class Node extends Pipeable.Class implements Type.Type {
  readonly id: number
  readonly _tag: "Input" | "Constant" | "Apply" | "Control" | "Project"
  readonly elementType: Type.ElementType
  readonly shape: Shape.Shape
  readonly primitive: Primitive.Name | undefined
  readonly attributes: object | undefined
  readonly operands: ReadonlyArray<Node>
  readonly value: Tensor.Any | undefined
  readonly label: string | undefined
  /** Of a control node: the primitive and the types of its results. */
  readonly control: { readonly primitive: Primitive.ControlName; readonly types: ReadonlyArray<Type.Type> } | undefined
  /** Of a projection: which result of its operand it is. */
  readonly index: number
  /** Of a free input that a program requires: what it is. Other inputs belong to a program. */
  readonly requirement: Requirement | undefined
  /** Which kinds of requirement the node depends on. */
  readonly requires: number
  /** Whether evaluating it can fail: it is a guard, holds one in a body, or needs one. */
  readonly guarded: boolean
  /** Of an application: the line of user code that built it, `file:line:column`; `null` where that is not known. */
  readonly site: string | null
  /** Scratch of the scheduler, meaningless outside of one call: which visit saw this node last, and where it put it. */
  visit = 0
  position = 0
  constructor(
    tag: Node["_tag"],
    elementType: Type.ElementType,
    shape: Shape.Shape,
    primitive: Primitive.Name | undefined,
    attributes: object | undefined,
    operands: ReadonlyArray<Node>,
    value: Tensor.Any | undefined,
    label: string | undefined,
    control?: Node["control"],
    index = 0,
    guarded = false,
    site: string | null = null,
    requirement?: Requirement
  ) {
    super()
    this.id = nextId++
    this._tag = tag
    this.elementType = elementType
    this.shape = shape
    this.primitive = primitive
    this.attributes = attributes
    this.operands = operands
    this.value = value
    this.label = label
    this.control = control
    this.index = index
    this.requirement = requirement
    let bits = requirement === undefined ? 0 : requirement._tag === "Param" ? requires.params : requires.random
    for (let i = 0; i < operands.length; i++) bits |= operands[i]!.requires
    this.requires = bits
    this.guarded = guarded
    this.site = site
  }
  // A million nodes are no rarity: what all have in common is on the prototype.
  get [TypeId](): typeof TypeId {
    return TypeId
  }
  toJSON() {
    return {
      _id: "Expr",
      _tag: this._tag,
      elementType: this.elementType,
      shape: this.shape,
      ...(this.primitive === undefined ? {} : { primitive: this.primitive }),
      ...(this._tag === "Project" ? { primitive: this.operands[0]!.control!.primitive, index: this.index } : {}),
      ...(this.label === undefined ? {} : { label: this.label })
    }
  }
  override toString(): string {
    const what =
      this._tag === "Apply"
        ? this.primitive
        : this._tag === "Input"
          ? this.label
          : this._tag === "Project"
            ? `${this.operands[0]!.control!.primitive}#${this.index}`
            : (this.control?.primitive ?? "constant")
    return `Expr(${what}: ${this.elementType}[${this.shape.join(",")}])`
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }
}

const none: ReadonlyArray<Node> = []

export const input = (label: string, type: Type.Type): Node =>
  new Node("Input", type.elementType, type.shape, undefined, undefined, none, undefined, label)

/** A free input that a program requires: bound to an input of the program by `Fn.withParams` or `Fn.withKey`. */
export const required = (label: string, type: Type.Type, requirement: Requirement): Node =>
  new Node(
    "Input",
    type.elementType,
    type.shape,
    undefined,
    undefined,
    none,
    undefined,
    label,
    undefined,
    0,
    false,
    null,
    requirement
  )

export const constant = (value: Tensor.Any): Node =>
  new Node("Constant", value.elementType, value.shape, undefined, undefined, none, value, undefined)

// Shared by all nodes that have none.
const noAttributes = {}

const isEmpty = (attributes: object): boolean => {
  for (const _ in attributes) return false
  return true
}

export const applyTyped = (
  primitive: Primitive.Name,
  attributes: object,
  operands: ReadonlyArray<Node>,
  type: Type.Type
): Node =>
  new Node(
    "Apply",
    type.elementType,
    type.shape,
    primitive,
    isEmpty(attributes) ? noAttributes : attributes,
    operands,
    undefined,
    undefined,
    undefined,
    0,
    primitive === "ensure" || operands.some(isGuarded),
    siteOfNode()
  )

const isGuarded = (node: Node): boolean => node.guarded

const noShape: Shape.Shape = []

/** A control node, whose results have no nodes yet. */
export const controlNode = (
  primitive: Primitive.ControlName,
  attributes: object,
  operands: ReadonlyArray<Node>,
  types: ReadonlyArray<Type.Type>
): Node =>
  new Node(
    "Control",
    "real",
    noShape,
    undefined,
    attributes,
    operands,
    undefined,
    undefined,
    { primitive, types: types.map(({ elementType, shape }): Type.Type => ({ elementType, shape })) },
    0,
    operands.some(isGuarded) || bodiesOf(attributes).some((body) => body.outputNodes.some(isGuarded)),
    siteOfNode()
  )

/** One of the results of a control node. */
export const project = (control: Node, index: number): Node => {
  const { elementType, shape } = control.control!.types[index]!
  return new Node(
    "Project",
    elementType,
    shape,
    undefined,
    undefined,
    [control],
    undefined,
    undefined,
    undefined,
    index,
    control.guarded,
    control.site
  )
}

/** The results of a control primitive. */
export const control = (
  primitive: Primitive.ControlName,
  attributes: object,
  operands: ReadonlyArray<Node>,
  types: ReadonlyArray<Type.Type>
): ReadonlyArray<Node> => {
  const node = controlNode(primitive, attributes, operands, types)
  return types.map((_, index) => project(node, index))
}

/** Nodes made from now on have at least this id. */
export const upcomingId = (): number => nextId
