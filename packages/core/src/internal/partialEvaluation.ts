// Splits a body into the part that some of its inputs determine and the rest: what is known is evaluated once, what is unknown many times.

import type * as Primitive from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import * as Type from "../Type.ts"
import { copyingAlgebra } from "./expressionAlgebra.ts"
import { allocate, tensor } from "./indexing.ts"
import { interpret } from "./interpret.ts"
import { inherit, keepingSites } from "./callSite.ts"
import { all, and, count, type Flags, not, select } from "./flags.ts"
import { guardsFrom, unwatched } from "./guards.ts"
import { memory } from "./memory.ts"
import { applyTyped, constant, control, input, type Node } from "./node.ts"
import { type Body, schedule } from "./schedule.ts"

export interface Parts {
  /** Takes the known inputs; computes the known outputs, then the residuals. */
  readonly known: Body
  /** Takes the residuals, the direct inputs, and the unknown inputs; computes the other outputs. */
  readonly unknown: Body
  readonly knownOutputs: Flags
  readonly residuals: number
  /** The known inputs that the unknown part takes as they are. */
  readonly direct: Flags
}

const remember = memory()

/**
 * Splits a body. `allowed` says which outputs may belong to the known part; `directable`, which known inputs the unknown part may take
 * as they are rather than as residuals.
 */
export const splitBody = (body: Body, known: Flags, allowed: Flags, directable: Flags): Parts => {
  const key = [known, allowed, directable].map((flags) => flags.map(Number).join("")).join(",")
  return remember(body, key, () => unwatched(() => keepingSites(() => build(body, known, allowed, directable))))
}

/** Which outputs of a body the known inputs determine. */
const knownOutputs = (body: Body, known: Flags): Flags =>
  splitBody(
    body,
    known,
    body.outputNodes.map(() => true),
    known
  ).knownOutputs

const build = (body: Body, known: Flags, allowed: Flags, directable: Flags): Parts => {
  const { first, inputIndex, nodes, operands, outputs } = schedule(body, false)
  const fresh = body.inputNodes.map((node) => input(node.label ?? "x", node))
  const inUnknown = body.inputNodes.map((node) => input(node.label ?? "x", node))
  const direct = known.map(() => false)

  // Values of the known part as the unknown part sees them.
  const residuals: Array<{ readonly value: Node; readonly input: Node }> = []
  const seen = new Map<Node, Node>()
  const freshIndex = new Map(fresh.map((node, i) => [node, i]))
  const pass = (value: Node): Node => {
    const i = freshIndex.get(value)
    if (i !== undefined && directable[i] === true) {
      direct[i] = true
      return inUnknown[i]!
    }
    if (value._tag === "Constant" || value.requirement !== undefined) return value
    // A broadcast is made again rather than kept.
    if (value.primitive === "broadcastTo") {
      return applyTyped("broadcastTo", value.attributes!, [toUnknown(value.operands[0]!)], value)
    }
    const residual = input(`residual${residuals.length}`, value)
    residuals.push({ value, input: residual })
    return residual
  }
  const toUnknown = (value: Node): Node => {
    const node = seen.get(value) ?? pass(value)
    seen.set(value, node)
    return node
  }

  const values = new Array<Value>(nodes.length)
  const results = new Map<number, ReadonlyArray<Value>>()
  // What can fail in the known part: it has to be evaluated, whether or not something needs it.
  const guarded: Array<Node> = []
  const note = (node: Node): void => {
    if (node.guarded) guarded.push(node)
  }
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!
    inherit(node.site)
    const at = inputIndex[i]!
    const own = Array.from({ length: first[i + 1]! - first[i]! }, (_, j) => operands[first[i]! + j]!)
    if (at >= 0)
      values[i] = known[at] === true ? { known: true, node: fresh[at]! } : { known: false, node: inUnknown[at]! }
    // What a program requires is free in both parts.
    else if (node._tag === "Constant" || node.requirement !== undefined) values[i] = { known: true, node }
    else if (node._tag === "Project") values[i] = results.get(own[0]!)![node.index]!
    else {
      const carriers = own.map((p) => values[p]!)
      if (node.control !== undefined) {
        results.set(i, splitControl(node.control, node.attributes!, carriers, toUnknown, note))
      } else if (carriers.every((carrier) => carrier.known)) {
        const copy = applyTyped(node.primitive!, node.attributes!, carriers.map(nodeOf), node)
        if (node.primitive === "ensure") note(copy)
        values[i] = { known: true, node: copy }
      } else {
        const inner = carriers.map((carrier) => seenFrom(carrier, toUnknown))
        values[i] = { known: false, node: applyTyped(node.primitive!, node.attributes!, inner, node) }
      }
    }
  }
  const outcomes = outputs.map((p) => values[p]!)
  const isKnown = outcomes.map((value, i) => value.known && allowed[i]!)
  const unknownOutputs = select(outcomes, not(isKnown)).map((value) => seenFrom(value, toUnknown))
  const { reach, reached } = guardsFrom([])
  reach([...select(outcomes, isKnown).map(nodeOf), ...residuals.map(({ value }) => value)])
  for (const node of guarded.reverse()) {
    if (reached.has(node)) continue
    toUnknown(node)
    reach([node])
  }
  return {
    known: {
      inputNodes: select(fresh, known),
      outputNodes: [...select(outcomes, isKnown).map(nodeOf), ...residuals.map(({ value }) => value)]
    },
    unknown: {
      inputNodes: [
        ...residuals.map((residual) => residual.input),
        ...select(inUnknown, direct),
        ...select(inUnknown, not(known))
      ],
      outputNodes: unknownOutputs
    },
    knownOutputs: isKnown,
    residuals: residuals.length,
    direct
  }
}

/** A value of either part, in the graph of that part. */
interface Value {
  readonly known: boolean
  readonly node: Node
}

const nodeOf = ({ node }: Value): Node => node

const seenFrom = (value: Value, toUnknown: (node: Node) => Node): Node =>
  value.known ? toUnknown(value.node) : value.node

interface Context<A> {
  readonly attributes: A
  readonly operands: ReadonlyArray<Value>
  readonly known: Flags
  readonly types: ReadonlyArray<Type.Type>
  readonly toUnknown: (node: Node) => Node
  readonly note: (node: Node) => void
}

type Splitter<A> = (context: Context<A>) => ReadonlyArray<Value>

const splitControl = (
  { primitive, types }: NonNullable<Node["control"]>,
  attributes: object,
  operands: ReadonlyArray<Value>,
  toUnknown: (node: Node) => Node,
  note: (node: Node) => void
): ReadonlyArray<Value> => {
  const known = operands.map((operand) => operand.known)
  if (all(known)) {
    const results = control(primitive, attributes, operands.map(nodeOf), types)
    results.forEach(note)
    return results.map((node) => ({ known: true, node }))
  }
  const splitter = splitters[primitive] as Splitter<object> | undefined
  const context = { attributes, operands, known, types, toUnknown, note }
  return (splitter ?? whole(primitive))(context)
}

/** The control primitive stays in one piece, in the unknown part. */
const whole =
  (primitive: Primitive.ControlName): Splitter<object> =>
  ({ attributes, operands, toUnknown, types }) => {
    const inner = operands.map((operand) => seenFrom(operand, toUnknown))
    return control(primitive, attributes, inner, types).map((node) => ({ known: false, node }))
  }

/** Results in their order, from those of the known and of the unknown part. */
const merge = (
  known: Flags,
  fromKnown: ReadonlyArray<Node>,
  fromUnknown: ReadonlyArray<Node>
): ReadonlyArray<Value> => {
  let k = 0
  let u = 0
  return known.map((flag) => ({ known: flag, node: flag ? fromKnown[k++]! : fromUnknown[u++]! }))
}

const stacked =
  (size: number) =>
  (type: Type.Type): Type.Type => ({ elementType: type.elementType, shape: [size, ...type.shape] })

/**
 * A loop whose body has nothing left to compute from known constants alone: that is the same in each step, and is computed before the loop.
 */
const hoist = (body: Body, consts: number, operands: ReadonlyArray<Value>) => {
  const invariant = operands.map((operand, i) => i < consts && operand.known)
  const none = body.outputNodes.map(() => false)
  const parts = splitBody(body, invariant, none, invariant)
  // A guard stays where it is: a loop without steps does not fail.
  if (parts.residuals === 0 || parts.known.outputNodes.some(({ guarded }) => guarded)) return { body, consts, operands }
  const before = interpret(parts.known, copyingAlgebra, select(operands, invariant).map(nodeOf))
  return {
    body: parts.unknown,
    consts: consts - count(invariant) + count(parts.direct) + parts.residuals,
    operands: [
      ...before.map((node): Value => ({ known: true, node })),
      ...select(operands, parts.direct),
      ...select(operands, not(invariant))
    ]
  }
}

const splitCall: Splitter<Primitive.CallAttributes> = (context) => {
  const { attributes, known, operands, toUnknown, types } = context
  const { body, checkpoint } = attributes
  // A checkpoint keeps no residuals.
  if (checkpoint) return whole("call")(context)
  const parts = splitBody(
    body,
    known,
    types.map(() => true),
    known
  )
  const fromKnown = control(
    "call",
    { ...attributes, body: parts.known },
    select(operands, known).map(nodeOf),
    parts.known.outputNodes
  )
  fromKnown.forEach(context.note)
  const own = fromKnown.length - parts.residuals
  const fromUnknown = control(
    "call",
    { ...attributes, body: parts.unknown },
    [
      ...fromKnown.slice(own).map(toUnknown),
      ...select(operands, parts.direct).map((operand) => toUnknown(operand.node)),
      ...select(operands, not(known)).map(nodeOf)
    ],
    parts.unknown.outputNodes
  )
  return merge(parts.knownOutputs, fromKnown, fromUnknown)
}

const zerosLike = ({ elementType, shape }: Node): Node =>
  constant(tensor(Type.make(elementType, shape), allocate(elementType, Shape.size(shape))))

const splitCond: Splitter<Primitive.CondAttributes> = (context) => {
  const { attributes, operands, toUnknown, types } = context
  const [predicate, ...consts] = operands as [Value, ...Array<Value>]
  if (!predicate.known) return whole("cond")(context)
  const { whenFalse, whenTrue } = attributes
  const known = consts.map((operand) => operand.known)
  const allowed = and(knownOutputs(whenTrue, known), knownOutputs(whenFalse, known))
  // Both branches take the same direct inputs: none, so that each says by its residuals what it needs.
  const none = known.map(() => false)
  const [yes, no] = [whenTrue, whenFalse].map((body) => splitBody(body, known, allowed, none)) as [Parts, Parts]
  const own = count(allowed)
  const residualsOf = ({ known: { outputNodes } }: Parts): ReadonlyArray<Node> => outputNodes.slice(own)
  const withResiduals = (parts: Parts, residuals: ReadonlyArray<Node>): Body => ({
    inputNodes: parts.known.inputNodes,
    outputNodes: [...parts.known.outputNodes.slice(0, own), ...residuals]
  })
  const knownAttributes = {
    whenTrue: withResiduals(yes, [...residualsOf(yes), ...residualsOf(no).map(zerosLike)]),
    whenFalse: withResiduals(no, [...residualsOf(yes).map(zerosLike), ...residualsOf(no)])
  }
  const fromKnown = control(
    "cond",
    knownAttributes,
    [predicate.node, ...select(consts, known).map(nodeOf)],
    knownAttributes.whenTrue.outputNodes
  )
  fromKnown.forEach(context.note)
  // Each branch takes the residuals of both.
  const placeholders = (parts: Parts): Array<Node> => residualsOf(parts).map((node, i) => input(`residual${i}`, node))
  const inputsOf = ({ residuals, unknown: { inputNodes } }: Parts) =>
    [inputNodes.slice(0, residuals), inputNodes.slice(residuals)] as const
  const [yesResiduals, yesInputs] = inputsOf(yes)
  const [noResiduals, noInputs] = inputsOf(no)
  const unknownAttributes = {
    whenTrue: {
      inputNodes: [...yesResiduals, ...placeholders(no), ...yesInputs],
      outputNodes: yes.unknown.outputNodes
    },
    whenFalse: { inputNodes: [...placeholders(yes), ...noResiduals, ...noInputs], outputNodes: no.unknown.outputNodes }
  }
  const fromUnknown = control(
    "cond",
    unknownAttributes,
    [toUnknown(predicate.node), ...fromKnown.slice(own).map(toUnknown), ...select(consts, not(known)).map(nodeOf)],
    select(types, not(allowed))
  )
  return merge(allowed, fromKnown, fromUnknown)
}

const splitMap: Splitter<Primitive.MapAttributes> = (context) => {
  const { attributes, toUnknown, types } = context
  const { size, summed } = attributes
  const { body, consts, operands } = hoist(attributes.body, attributes.consts, context.operands)
  const known = operands.map((operand) => operand.known)
  const parts = splitBody(
    body,
    known,
    types.map(() => true),
    known
  )
  const stacks = types.length - summed
  const isConst = operands.map((_, i) => i < consts)
  // Sums come last: the residuals are stacked before them.
  const knownStacks = count(parts.knownOutputs.slice(0, stacks))
  const knownSums = count(parts.knownOutputs.slice(stacks))
  const outputs = parts.known.outputNodes
  const residuals = outputs.slice(knownStacks + knownSums)
  const outputNodes = [
    ...outputs.slice(0, knownStacks),
    ...residuals,
    ...outputs.slice(knownStacks, knownStacks + knownSums)
  ]
  const resultType = (type: Type.Type, i: number): Type.Type =>
    i < outputNodes.length - knownSums ? stacked(size)(type) : type
  const results = control(
    "map",
    { body: { ...parts.known, outputNodes }, consts: count(and(known, isConst)), size, summed: knownSums },
    select(operands, known).map(nodeOf),
    outputNodes.map(resultType)
  )
  results.forEach(context.note)
  const fromResiduals = results.slice(knownStacks, knownStacks + residuals.length)
  const fromKnown = [...results.slice(0, knownStacks), ...results.slice(knownStacks + residuals.length)]

  const unknown = groupInputs(parts, known, [isConst, not(isConst)])
  const [ofConsts, ofXs] = unknown.groups as [Group, Group]
  const take = takeGroup(operands, toUnknown)
  const fromUnknown = control(
    "map",
    {
      body: {
        inputNodes: [...ofConsts.inputs, ...unknown.residuals, ...ofXs.inputs],
        outputNodes: parts.unknown.outputNodes
      },
      consts: ofConsts.inputs.length,
      size,
      summed: summed - knownSums
    },
    [...take(ofConsts), ...fromResiduals.map(toUnknown), ...take(ofXs)],
    select(types, not(parts.knownOutputs))
  )
  return merge(parts.knownOutputs, fromKnown, fromUnknown)
}

const splitScan: Splitter<Primitive.ScanAttributes> = (context) => {
  const { attributes, toUnknown, types } = context
  const { carries, checkpoint, length } = attributes
  if (checkpoint !== "all") return whole("scan")(context)
  const { body, consts, operands } = hoist(attributes.body, attributes.consts, context.operands)
  const isConst = operands.map((_, i) => i < consts)
  const isCarry = operands.map((_, i) => i >= consts && i < consts + carries)
  const isXs = operands.map((_, i) => i >= consts + carries)
  // A carry is known when it starts from what is known and each step computes it from what is known.
  let flags: Flags = operands.map((operand) => operand.known)
  for (;;) {
    const outputs = knownOutputs(body, flags)
    const next = flags.map((flag, i) => flag && (isCarry[i] === false || outputs[i - consts]!))
    if (next.every((flag, i) => flag === flags[i])) break
    flags = next
  }
  const allowed = types.map((_, i) => i >= carries || flags[consts + i]!)
  const parts = splitBody(body, flags, allowed, and(flags, not(isCarry)))
  const knownCarries = count(and(flags, isCarry))
  const results = control(
    "scan",
    { ...attributes, body: parts.known, consts: count(and(flags, isConst)), carries: knownCarries },
    select(operands, flags).map(nodeOf),
    parts.known.outputNodes.map((type, i) => (i < knownCarries ? type : stacked(length)(type)))
  )
  results.forEach(context.note)
  const own = results.length - parts.residuals
  const unknown = groupInputs(parts, flags, [isConst, isCarry, isXs])
  const [ofConsts, ofCarries, ofXs] = unknown.groups as [Group, Group, Group]
  const take = takeGroup(operands, toUnknown)
  const fromUnknown = control(
    "scan",
    {
      ...attributes,
      body: {
        inputNodes: [...ofConsts.inputs, ...ofCarries.inputs, ...unknown.residuals, ...ofXs.inputs],
        outputNodes: parts.unknown.outputNodes
      },
      consts: ofConsts.inputs.length,
      carries: ofCarries.inputs.length
    },
    [...take(ofConsts), ...take(ofCarries), ...results.slice(own).map(toUnknown), ...take(ofXs)],
    select(types, not(parts.knownOutputs))
  )
  return merge(parts.knownOutputs, results.slice(0, own), fromUnknown)
}

/** Inputs of an unknown part that stay together, and the operands they stand for. */
interface Group {
  readonly inputs: ReadonlyArray<Node>
  readonly operands: ReadonlyArray<number>
}

/** The inputs of an unknown part in groups, each in the order of the operands. */
const groupInputs = (parts: Parts, known: Flags, groups: ReadonlyArray<Flags>) => {
  const { inputNodes } = parts.unknown
  const places = known.map((_, i) => i)
  const order = [...select(places, parts.direct), ...select(places, not(known))]
  const inputs = new Map(order.map((place, k) => [place, inputNodes[parts.residuals + k]!]))
  return {
    residuals: inputNodes.slice(0, parts.residuals),
    groups: groups.map((group): Group => {
      const own = places.filter((place) => group[place] === true && inputs.has(place))
      return { inputs: own.map((place) => inputs.get(place)!), operands: own }
    })
  }
}

const takeGroup =
  (operands: ReadonlyArray<Value>, toUnknown: (node: Node) => Node) =>
  (group: Group): Array<Node> =>
    group.operands.map((place) => seenFrom(operands[place]!, toUnknown))

/** The loop over the known states runs on its own; for the unknown ones it runs again, as a whole. */
const splitWhileLoop: Splitter<Primitive.WhileLoopAttributes> = (context) => {
  const { attributes, known, operands } = context
  const { condition, consts, sweeps } = attributes
  const [sweep, ...later] = sweeps
  const again = whole("whileLoop")(context)
  if (sweep === undefined || later.length > 0) return again
  let flags: Flags = known
  for (;;) {
    const outputs = knownOutputs(sweep.body, flags)
    const next = flags.map((flag, i) => flag && (i < consts || outputs[i - consts]!))
    if (next.every((flag, i) => flag === flags[i])) break
    flags = next
  }
  const states = flags.slice(consts)
  const guarded = [condition, sweep.body].some(({ outputNodes }) => outputNodes.some((node) => node.guarded))
  if (guarded || !states.includes(true) || !all(knownOutputs(condition, flags))) return again
  const restrict = (body: Body, outputs: Flags): Body => {
    const { inputNodes, outputNodes } = splitBody(body, flags, outputs, flags).known
    return { inputNodes, outputNodes: outputNodes.slice(0, count(outputs)) }
  }
  const results = control(
    "whileLoop",
    {
      condition: restrict(condition, [true]),
      consts: count(flags.slice(0, consts)),
      sweeps: [{ body: restrict(sweep.body, states), states: count(states), records: 0 }]
    },
    select(operands, flags).map(nodeOf),
    select(context.types, states)
  )
  return merge(states, results, select(again, not(states)).map(nodeOf))
}

const splitters: { readonly [K in Primitive.ControlName]?: Splitter<Primitive.ControlAttributes<K>> } = {
  call: splitCall,
  cond: splitCond,
  map: splitMap,
  scan: splitScan,
  whileLoop: splitWhileLoop
}
