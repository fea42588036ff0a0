// The simplifying algebra: a body is interpreted in it, operation by operation, and made again with what is known about each operand. What has
// the same structure is made once. Guards are made in their order, none twice; those that results no longer need are tied to them by core.

import { type Algebra, Body, Fn, Interpreter, type Primitive, type Tensor, type Type } from "@fluxion/core"
import { isBody, structureOf, writeAttributes, writeConstant } from "../structure.ts"
import * as Facts from "./facts.ts"
import type { Hoist } from "./hoist.ts"
import { Table } from "./table.ts"
import { filled, isReal, MOST_ELEMENTS, repeated, sizeOf, Term } from "./term.ts"

/** Gives another term for what an operation computes, or nothing. */
export type Rule = (
  graph: Graph,
  primitive: Primitive.Name,
  attributes: object,
  operands: ReadonlyArray<Term>,
  type: Type.Type
) => Term | undefined

/** Gives terms for the results of a control primitive, or nothing. */
export type ControlRule = (
  graph: Graph,
  primitive: Primitive.ControlName,
  attributes: object,
  operands: ReadonlyArray<Term>,
  types: ReadonlyArray<Type.Type>
) => ReadonlyArray<Term> | undefined

/** What a body computes for one of its outputs, as far as that is known without its inputs. */
export interface Outcome {
  /** Another output of the same body with the same elements, or this one. */
  readonly first: number
  /** The input that it is. */
  readonly input: number | undefined
  /** The constant that it is; of a fill, with the shape of the output or without axes. */
  readonly value: Tensor.Any | undefined
  readonly fill: number | undefined
  readonly isZero: boolean
}

export interface Made {
  readonly body: Body.Body
  readonly outcomes: ReadonlyArray<Outcome>
  /** Whether evaluating it can fail. */
  readonly isGuarded: boolean
  /** About how many operations it has. */
  readonly size: number
}

type AnyApply = (
  primitive: Primitive.Name,
  attributes: object,
  operands: ReadonlyArray<unknown>,
  type?: Type.Type
) => unknown

type AnyApplyMany = (
  primitive: Primitive.ControlName,
  attributes: object,
  operands: ReadonlyArray<unknown>,
  types?: ReadonlyArray<Type.Type>
) => ReadonlyArray<unknown>

const build = Fn.expressions.apply as unknown as AnyApply
const buildMany = Fn.expressions.applyMany as unknown as AnyApplyMany
const infer = Interpreter.types.apply as unknown as AnyApply

const none: ReadonlyArray<Term> = []

const noAttributes = {}

const isAnyZero = (x: number): boolean => x === 0

const isNoNegativeZero = (x: number): boolean => !Object.is(x, -0)

/** The same structure computes the same, whichever operand comes first. */
const commutes = new Set<Primitive.Name>([
  "add",
  "mul",
  "mulStrongZero",
  "max",
  "min",
  "eq",
  "ne",
  "and",
  "or",
  "hypot"
])

/** How many more operations calls may come to where they are made part of what calls them. */
export interface Room {
  left: number
}

/** Beyond this, calls are left to be calls. */
const MOST_INLINED = 50_000

export const makeRoom = (): Room => ({ left: MOST_INLINED })

interface Options {
  readonly rules?: ReadonlyArray<Rule>
  readonly controlRules?: ReadonlyArray<ControlRule>
  readonly hoist?: Hoist
  readonly room?: Room
}

/** What goes through a program and its bodies, each body once. */
export class Run {
  readonly rules: ReadonlyArray<Rule>
  readonly controlRules: ReadonlyArray<ControlRule>
  readonly hoist: Hoist | undefined
  readonly room: Room
  /** How many operations were replaced by something else. */
  changes = 0
  private readonly memory = Body.makeMemory()
  private readonly byStructure = new Map<string, Body.Body>()
  private readonly guarded = new Set<Body.Body>()
  private readonly names = new Map<Body.Body, string>()
  private readonly keys = new WeakMap<object, number>()
  private readonly texts = new Map<string, number>()
  private readonly operations = new Map<string, number>()
  private readonly fills = new WeakMap<Tensor.Any, { readonly fill: number | undefined }>()

  constructor({ controlRules = [], hoist, room = makeRoom(), rules = [] }: Options) {
    this.rules = rules
    this.controlRules = controlRules
    this.hoist = hoist
    this.room = room
  }

  /** Makes a program again. */
  program(body: Body.Body): Body.Body {
    return this.make(body).body
  }

  /** Makes a body again, the first time that it is met. */
  body(body: Body.Body): Made {
    return this.memory(body, "made", () => {
      const made = this.make(body)
      const own = { ...made, body: this.canonical(made.body) }
      if (own.isGuarded) this.guarded.add(own.body)
      return own
    })
  }

  /** What is made of a body under a key, once. */
  remember<X>(body: Body.Body, key: string, make: () => X): X {
    return this.memory(body, key, make)
  }

  /** The first body of the same structure. */
  canonical(body: Body.Body): Body.Body {
    if (this.names.has(body)) return body
    const text = structureOf(body, (inner) => this.names.get(inner))
    const known = this.byStructure.get(text)
    if (known !== undefined) return known
    this.byStructure.set(text, body)
    this.names.set(body, `known${this.names.size}`)
    return body
  }

  /** A body with fewer inputs or outputs than one that was made before. */
  restricted(made: Pick<Made, "body" | "isGuarded">, body: Body.Body): Body.Body {
    const own = body === made.body ? body : this.canonical(body)
    if (made.isGuarded) this.guarded.add(own)
    return own
  }

  /** Whether evaluating a body that was made before can fail. */
  isGuarded(body: Body.Body): boolean {
    return this.guarded.has(body)
  }

  private make(body: Body.Body): Made {
    const live = Body.keepOutputs(
      body,
      body.outputNodes.map(() => true)
    )
    if (live.outputNodes.some((node, i) => node !== body.outputNodes[i])) this.changes++
    let graph!: Graph
    let inputs: ReadonlyArray<Term> = []
    let outputs: ReadonlyArray<Term> = []
    const made = Body.make(Body.inputTypes(live), (exprs) => {
      graph = new Graph(this)
      inputs = exprs.map((expr, i) => graph.input(expr, live.inputNodes[i]!))
      outputs = Body.interpret(live, graph.algebra, inputs)
      return outputs.map(({ expr }) => expr)
    })
    const places = new Map(inputs.map((term, i) => [term, i]))
    return {
      body: made,
      isGuarded: graph.isGuarded,
      size: graph.size,
      outcomes: outputs.map((term): Outcome => {
        const first = outputs.indexOf(term)
        const value = term.value ?? (term.fill === undefined ? undefined : term.operands[0]?.value)
        return { first, input: places.get(term), value, fill: term.fill, isZero: term.isZero }
      })
    }
  }

  /** A number for an operation: equal for the same primitive with equal attributes. */
  operation(primitive: string, attributes: object): number {
    let number = this.keys.get(attributes)
    if (number === undefined) {
      const text = writeAttributes(attributes, (body) => this.names.get(body) ?? this.nameOf(body))
      number = this.texts.get(text)
      if (number === undefined) this.texts.set(text, (number = this.texts.size))
      this.keys.set(attributes, number)
    }
    let own = this.operations.get(primitive)
    if (own === undefined) this.operations.set(primitive, (own = this.operations.size))
    return number * 256 + own
  }

  private nameOf(body: Body.Body): string {
    const name = `other${this.names.size}`
    this.names.set(body, name)
    return name
  }

  fillOf(value: Tensor.Any): number | undefined {
    let known = this.fills.get(value)
    if (known === undefined) this.fills.set(value, (known = { fill: repeated(value) }))
    return known.fill
  }
}

export const isCheckpoint = (primitive: Primitive.ControlName, attributes: object): boolean =>
  primitive === "call" && (attributes as Primitive.CallAttributes).checkpoint

/** A body while it is made. */
export class Graph {
  readonly run: Run
  isGuarded = false
  private next = 0
  get size(): number {
    return this.next
  }
  private readonly known = new Table()
  private readonly knownResults = new Map<string, ReadonlyArray<Term>>()
  private readonly constants = new Map<Tensor.Any, Term>()
  private readonly scalars = {
    real: new Map<number, Term>(),
    index: new Map<number, Term>(),
    bool: new Map<number, Term>(),
    negativeZero: new Map<number, Term>()
  }
  private readonly arrays = new Map<string, Term>()

  constructor(run: Run) {
    this.run = run
  }

  readonly algebra: Algebra<Term> = {
    apply: (primitive, attributes, operands, type) =>
      this.apply(primitive, attributes, operands as ReadonlyArray<Term>, type),
    applyMany: (primitive, attributes, operands, types) => this.applyMany(primitive, attributes, operands, types!),
    constant: (value) => this.constant(value),
    typeOf: (term) => term
  }

  input(expr: Term["expr"], type: Type.Type): Term {
    return this.opaque(expr, type)
  }

  private opaque(expr: Term["expr"], type: Type.Type, isGuarded = false): Term {
    return new Term(
      this.next++,
      expr,
      type,
      undefined,
      noAttributes,
      none,
      undefined,
      undefined,
      false,
      type.elementType !== "real",
      isGuarded
    )
  }

  constant(value: Tensor.Any): Term {
    const { data, elementType, shape } = value
    if (shape.length === 0) {
      const x = data[0]!
      // A map takes -0 for 0.
      const scalars = this.scalars[Object.is(x, -0) ? "negativeZero" : elementType]
      let scalar = scalars.get(x)
      if (scalar === undefined) scalars.set(x, (scalar = this.constantOf(value)))
      return scalar
    }
    let term = this.constants.get(value)
    if (term === undefined) {
      const key = writeConstant(value)
      term = this.arrays.get(key) ?? this.constantOf(value)
      this.arrays.set(key, term)
      this.constants.set(value, term)
    }
    return term
  }

  private constantOf(value: Tensor.Any): Term {
    const fill = this.run.fillOf(value)
    const isSmall = value.data.length <= MOST_ELEMENTS
    const holds = (test: (x: number) => boolean): boolean =>
      fill === undefined ? isSmall && (value.data as Float64Array).every(test) : test(fill)
    return new Term(
      this.next++,
      Fn.expressions.constant(value),
      value,
      undefined,
      noAttributes,
      none,
      value,
      fill,
      holds(isAnyZero),
      !isReal(value) || holds(isNoNegativeZero),
      false
    )
  }

  /** An array whose elements are all the same number: a constant where it is small. */
  fill(type: Type.Type, value: number): Term {
    if (sizeOf(type) <= MOST_ELEMENTS) return this.constant(filled(type, value))
    return this.apply("broadcastTo", { shape: type.shape }, [this.scalar(type.elementType, value)], type)
  }

  scalar(elementType: Type.ElementType, value: number): Term {
    return this.constant(filled({ elementType, shape: [] }, value))
  }

  apply(
    primitive: Primitive.Name,
    attributes: object,
    operands: ReadonlyArray<Term>,
    type: Type.Type = infer(primitive, attributes, operands) as Type.Type
  ): Term {
    if (primitive === "ensure") {
      this.isGuarded = true
      return this.node(primitive, attributes, operands, type)
    }
    const operation = this.run.operation(primitive, attributes)
    const [x, y] = operands
    const inOrder = operands.length === 2 && x!.id > y!.id && commutes.has(primitive) ? [y!, x!] : operands
    const known = this.known.get(operation, inOrder)
    if (known !== undefined) {
      this.run.changes++
      return known
    }
    for (const rule of this.run.rules) {
      const other = rule(this, primitive, attributes, operands, type)
      if (other === undefined) continue
      this.run.changes++
      this.known.set(operation, inOrder, other)
      return other
    }
    const made = this.node(primitive, attributes, operands, type)
    this.known.set(operation, inOrder, made)
    return made
  }

  private node(primitive: Primitive.Name, attributes: object, operands: ReadonlyArray<Term>, type: Type.Type): Term {
    const exprs = new Array<Term["expr"]>(operands.length)
    let isGuarded = primitive === "ensure"
    for (let i = 0; i < exprs.length; i++) {
      exprs[i] = operands[i]!.expr
      if (operands[i]!.isGuarded) isGuarded = true
    }
    return new Term(
      this.next++,
      build(primitive, attributes, exprs, type) as Term["expr"],
      type,
      primitive,
      attributes,
      operands,
      undefined,
      primitive === "broadcastTo" && operands[0]!.value !== undefined ? operands[0]!.fill : undefined,
      Facts.isZero(primitive, attributes, operands),
      type.elementType !== "real" || Facts.hasNoNegativeZero(primitive, attributes, operands),
      isGuarded
    )
  }

  private applyMany(
    primitive: Primitive.ControlName,
    attributes: object,
    operands: ReadonlyArray<Term>,
    types: ReadonlyArray<Type.Type>
  ): ReadonlyArray<Term> {
    for (const rule of this.run.controlRules) {
      const results = rule(this, primitive, attributes, operands, types)
      if (results !== undefined) return results
    }
    let isGuarded = false
    const copy = mapBodies(attributes, (body) => {
      const made = this.run.body(body)
      if (made.isGuarded) isGuarded = true
      return made.body
    })
    return primitive === "map" || primitive === "scan" || primitive === "whileLoop"
      ? this.loop(primitive, copy, operands, isGuarded)
      : this.control(primitive, copy, operands, isGuarded)
  }

  /** A loop, without what is the same in each step; its bodies were made before. */
  loop(
    primitive: "map" | "scan" | "whileLoop",
    attributes: object,
    operands: ReadonlyArray<Term>,
    isGuarded: boolean
  ): ReadonlyArray<Term> {
    const moved = this.run.hoist?.(this, primitive, attributes, operands)
    return moved === undefined
      ? this.control(primitive, attributes, operands, isGuarded)
      : this.control(primitive, moved.attributes, moved.operands, isGuarded)
  }

  /** A control primitive as it is; its bodies were made before. */
  control(
    primitive: Primitive.ControlName,
    attributes: object,
    operands: ReadonlyArray<Term>,
    isGuarded: boolean
  ): ReadonlyArray<Term> {
    // A checkpoint is there to be evaluated again.
    const isShared = !isGuarded && !isCheckpoint(primitive, attributes)
    const key = `${this.run.operation(primitive, attributes)} ${operands.map(({ id }) => id).join(" ")}`
    const known = isShared ? this.knownResults.get(key) : undefined
    if (known !== undefined) {
      this.run.changes++
      return known
    }
    if (isGuarded) this.isGuarded = true
    const exprs = buildMany(
      primitive,
      attributes,
      operands.map(({ expr }) => expr)
    ) as ReadonlyArray<Term["expr"]>
    const canFail = isGuarded || operands.some((operand) => operand.isGuarded)
    const results = exprs.map((expr) => this.opaque(expr, Fn.expressions.typeOf(expr), canFail))
    if (isShared) this.knownResults.set(key, results)
    return results
  }
}

/** Attributes with other bodies. */
export const mapBodies = (attributes: object, f: (body: Body.Body) => Body.Body): object => {
  const visit = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value
    if (isBody(value)) return f(value)
    if (Array.isArray(value)) return value.map(visit)
    return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, visit(child)]))
  }
  return visit(attributes) as object
}
