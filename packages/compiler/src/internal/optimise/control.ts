// Control primitives: calls are made part of what calls them, branches that are known are taken, and loops are rid of what does not change in them: operands that
// are constants, the same twice or repeated, carries that stay what they were, results that are operands or constants.

import { Body, Fn, type Primitive, type Tensor, type Type } from "@fluxion/core"
import type { ControlRule, Graph, Made } from "./graph.ts"
import { isCheckpoint } from "./graph.ts"
import { filled, type Term } from "./term.ts"

type Flags = ReadonlyArray<boolean>

const typeOf = ({ elementType, shape }: Type.Type): Type.Type => ({ elementType, shape })

const select = <X>(list: ReadonlyArray<X>, flags: Flags): Array<X> => list.filter((_, i) => flags[i])

const count = (flags: Flags): number => flags.filter(Boolean).length

const { apply, applyMany, constant, typeOf: typeOfExpr } = Fn.expressions

/** Makes the same operations again, in their order. */
export const copying: typeof Fn.expressions = { apply, applyMany, constant, typeOf: typeOfExpr }

// -----------------------------------------------------------------------------
// Bodies with other inputs
// -----------------------------------------------------------------------------

/** Where an input of a body comes from: a constant, or one of the new inputs. */
type Source = { readonly value: Tensor.Any } | { readonly input: number }

const identities = new WeakMap<Tensor.Any, number>()
let nextIdentity = 0

const identityOf = (value: Tensor.Any): number => {
  let identity = identities.get(value)
  if (identity === undefined) identities.set(value, (identity = nextIdentity++))
  return identity
}

/** The body with other inputs, made again. */
const withSources = (
  graph: Graph,
  body: Body.Body,
  sources: ReadonlyArray<Source>,
  types: ReadonlyArray<Type.Type>
): Made => {
  const isSame =
    sources.length === types.length && sources.every((source, i) => "input" in source && source.input === i)
  if (isSame) return graph.run.body(body)
  const key = `${types.length} ${sources.map((source) => ("input" in source ? source.input : `#${identityOf(source.value)}`)).join(" ")}`
  const made = graph.run.remember(body, key, () =>
    Body.make(types, (inputs) =>
      Body.interpret(
        body,
        copying,
        sources.map((source) => ("input" in source ? inputs[source.input]! : copying.constant(source.value)))
      )
    )
  )
  return graph.run.body(made)
}

/** The body without the inputs that it does not use and some of its outputs. */
const restrict = (
  graph: Graph,
  made: Made,
  outputs: Flags,
  keep: (used: Flags) => Flags = (used) => used
): { readonly body: Body.Body; readonly inputs: Flags } => {
  const reduced = outputs.includes(false) ? Body.keepOutputs(made.body, outputs) : made.body
  const inputs = keep(Body.usedInputs(reduced))
  const body = Body.keepInputs(reduced, inputs)
  return { body: graph.run.restricted(made, body), inputs }
}

/** The fill of a result, or the constant that repeats in it. */
const ofConstant = (graph: Graph, value: Tensor.Any, fill: number | undefined, type: Type.Type): Term =>
  fill === undefined
    ? graph.apply("broadcastTo", { shape: type.shape }, [graph.constant(value)], typeOf(type))
    : graph.fill(typeOf(type), fill)

// -----------------------------------------------------------------------------
// Loops over arrays
// -----------------------------------------------------------------------------

interface Loop {
  readonly body: Body.Body
  readonly consts: number
  readonly carries: number
  readonly length: number
  /** How many of the results are added up. */
  readonly summed: number
}

/** The slice that is the same in all steps, where that is known. */
const invariantSlice = (graph: Graph, x: Term, slice: Type.Type): Term | undefined => {
  if (x.fill !== undefined) return graph.fill(slice, x.fill)
  if (x.primitive !== "broadcastTo") return undefined
  const [inner] = x.operands as readonly [Term]
  if (inner.shape.length === x.shape.length && inner.shape[0] !== 1) return undefined
  const shape = inner.shape.length === x.shape.length ? inner.shape.slice(1) : inner.shape
  const row = graph.apply("reshape", { shape }, [inner], { elementType: x.elementType, shape })
  return graph.apply("broadcastTo", { shape: slice.shape }, [row], slice)
}

const loop = (
  graph: Graph,
  { body, carries, consts, length, summed }: Loop,
  operands: ReadonlyArray<Term>,
  types: ReadonlyArray<Type.Type>,
  make: (loop: Loop, operands: ReadonlyArray<Term>, isGuarded: boolean) => ReadonlyArray<Term>
): ReadonlyArray<Term> => {
  const stacks = types.length - summed
  if (length === 0) {
    graph.run.changes++
    return types.map((type, i) => (i < carries ? operands[consts + i]! : graph.constant(filled(typeOf(type), 0))))
  }
  const inputTypes = Body.inputTypes(body).map(typeOf)
  // What is the same in each step, by the input that it is.
  const invariants = operands.map((x, i) =>
    i < consts ? x : i < consts + carries ? undefined : invariantSlice(graph, x, inputTypes[i]!)
  )
  for (;;) {
    const plan = arrange(operands, invariants, inputTypes, consts, carries)
    const made = withSources(graph, body, plan.sources, plan.types)
    // A carry that each step leaves as it is does not change.
    let found = false
    for (let i = 0; i < carries; i++) {
      const source = plan.sources[consts + i]!
      if (invariants[consts + i] !== undefined || "value" in source) continue
      const { fill, input } = made.outcomes[i]!
      const init = operands[consts + i]!
      if (input === source.input || (fill !== undefined && Object.is(fill, init.fill))) {
        invariants[consts + i] = init
        found = true
      }
    }
    if (found) continue
    return finish(graph, { carries, consts, length }, operands, types, invariants, plan, made, stacks, make)
  }
}

interface Plan {
  readonly sources: ReadonlyArray<Source>
  readonly types: ReadonlyArray<Type.Type>
  readonly consts: ReadonlyArray<Term>
  /** Which carries are left, and the arrays that are sliced. */
  readonly carried: ReadonlyArray<number>
  readonly sliced: ReadonlyArray<Term>
}

/** Constants go into the body, what does not change comes before carries, and nothing comes in twice. */
const arrange = (
  operands: ReadonlyArray<Term>,
  invariants: ReadonlyArray<Term | undefined>,
  inputTypes: ReadonlyArray<Type.Type>,
  consts: number,
  carries: number
): Plan => {
  const shared = new Map<Term, number>()
  const slices = new Map<Term, number>()
  const carried: Array<number> = []
  const ofConsts: Array<Type.Type> = []
  const ofSlices: Array<Type.Type> = []
  invariants.forEach((x, i) => {
    if (x !== undefined) {
      if (x.value === undefined && !shared.has(x)) {
        shared.set(x, shared.size)
        ofConsts.push(inputTypes[i]!)
      }
    } else if (i < consts + carries) carried.push(i - consts)
    else if (!slices.has(operands[i]!)) {
      slices.set(operands[i]!, slices.size)
      ofSlices.push(inputTypes[i]!)
    }
  })
  const sources = invariants.map((x, i): Source => {
    if (x?.value !== undefined) return { value: x.value }
    if (x !== undefined) return { input: shared.get(x)! }
    if (i < consts + carries) return { input: shared.size + carried.indexOf(i - consts) }
    return { input: shared.size + carried.length + slices.get(operands[i]!)! }
  })
  return {
    sources,
    types: [...ofConsts, ...carried.map((k) => inputTypes[consts + k]!), ...ofSlices],
    consts: [...shared.keys()],
    carried,
    sliced: [...slices.keys()]
  }
}

const finish = (
  graph: Graph,
  { carries, consts, length }: Omit<Loop, "body" | "summed">,
  operands: ReadonlyArray<Term>,
  types: ReadonlyArray<Type.Type>,
  invariants: ReadonlyArray<Term | undefined>,
  plan: Plan,
  made: Made,
  stacks: number,
  make: (loop: Loop, operands: ReadonlyArray<Term>, isGuarded: boolean) => ReadonlyArray<Term>
): ReadonlyArray<Term> => {
  const results = new Array<Term | undefined>(types.length).fill(undefined)
  const { outcomes } = made
  const givenConsts = plan.consts.length
  const firstSlice = givenConsts + plan.carried.length
  for (let i = 0; i < types.length; i++) {
    const { fill, input, isZero, value } = outcomes[i]!
    const type = types[i]!
    if (i < carries) {
      results[i] = invariants[consts + i]
    } else if (i >= stacks) {
      if (isZero) results[i] = graph.fill(typeOf(type), 0)
    } else if (value !== undefined) results[i] = ofConstant(graph, value, fill, type)
    else if (input !== undefined && input >= firstSlice) results[i] = plan.sliced[input - firstSlice]
    else if (input !== undefined && input < givenConsts) {
      results[i] = graph.apply("broadcastTo", { shape: type.shape }, [plan.consts[input]!], typeOf(type))
    }
  }
  // Results that are the same as others.
  const isKind = (i: number): number => (i < carries ? 0 : i < stacks ? 1 : 2)
  const twins = outcomes.map(({ first }, i) => {
    for (let k = first; k < i; k++) if (outcomes[k]!.first === first && isKind(k) === 1 && isKind(i) === 1) return k
    return i
  })
  let keep: Flags = results.map((result, i) => result === undefined && twins[i] === i)
  // A guard is evaluated, whatever becomes of the results.
  if (made.isGuarded && !keep.includes(true))
    keep = keep.map((_, i) => i >= carries || invariants[consts + i] === undefined)
  if (keep.includes(true)) {
    // Carries stay together with what they become.
    const { body: own, inputs } = restrict(graph, made, keep, (used) =>
      used.map((flag, i) => flag || (i >= givenConsts && i < firstSlice))
    )
    const given = [...plan.consts, ...plan.carried.map((k) => operands[consts + k]!), ...plan.sliced]
    const fresh = make(
      {
        body: own,
        consts: count(inputs.slice(0, givenConsts)),
        carries: plan.carried.length,
        length,
        summed: count(keep.slice(stacks))
      },
      select(given, inputs),
      made.isGuarded
    )
    let next = 0
    keep.forEach((flag, i) => {
      if (!flag) return
      const result = fresh[next++]!
      results[i] ??= result
    })
    if (inputs.includes(false) || keep.includes(false) || given.length < operands.length) graph.run.changes++
  } else graph.run.changes++
  return results.map((result, i) => result ?? results[twins[i]!]!)
}

// -----------------------------------------------------------------------------
// The rules
// -----------------------------------------------------------------------------

/** A body in the place of what evaluates it, while there is room. */
const inline = (graph: Graph, body: Body.Body, operands: ReadonlyArray<Term>): ReadonlyArray<Term> | undefined => {
  const { room } = graph.run
  const made = graph.run.body(body)
  if (made.size > room.left) return undefined
  room.left -= made.size
  graph.run.changes++
  return Body.interpret(made.body, graph.algebra, operands)
}

const ofLoop = (graph: Graph, primitive: "map" | "scan", attributes: object) => {
  const make = (
    { body, carries, consts, length, summed }: Loop,
    operands: ReadonlyArray<Term>,
    isGuarded: boolean
  ): ReadonlyArray<Term> => {
    const own = primitive === "map" ? { body, consts, size: length, summed } : { ...attributes, body, consts, carries }
    return graph.loop(primitive, own, operands, isGuarded)
  }
  return make
}

export const control: ControlRule = (graph, primitive, attributes, operands, types) => {
  switch (primitive) {
    case "call": {
      const { body } = attributes as Primitive.CallAttributes
      return isCheckpoint(primitive, attributes) ? undefined : inline(graph, body, operands)
    }
    case "custom":
      // Rules of differentiation have done their work.
      return inline(graph, (attributes as Primitive.CustomAttributes).body, operands)
    case "root":
      return inline(graph, (attributes as Primitive.RootAttributes).solve, operands)
    case "cond":
      return cond(graph, attributes as Primitive.CondAttributes, operands, types)
    case "map": {
      const { body, consts, size, summed } = attributes as Primitive.MapAttributes
      return loop(
        graph,
        { body, consts, carries: 0, length: size, summed },
        operands,
        types,
        ofLoop(graph, "map", attributes)
      )
    }
    case "scan": {
      const { body, carries, consts, length } = attributes as Primitive.ScanAttributes
      return loop(
        graph,
        { body, consts, carries, length, summed: 0 },
        operands,
        types,
        ofLoop(graph, "scan", attributes)
      )
    }
    case "whileLoop":
      return whileLoop(graph, attributes as Primitive.WhileLoopAttributes, operands)
    default:
      return undefined
  }
}

/** What goes into a body: constants, and nothing twice. */
const arrangeConsts = (operands: ReadonlyArray<Term>) => {
  const given = new Map<Term, number>()
  for (const x of operands) if (x.value === undefined && !given.has(x)) given.set(x, given.size)
  return {
    given: [...given.keys()],
    sources: operands.map((x): Source => (x.value === undefined ? { input: given.get(x)! } : { value: x.value }))
  }
}

const cond = (
  graph: Graph,
  { whenFalse, whenTrue }: Primitive.CondAttributes,
  [predicate, ...consts]: ReadonlyArray<Term>,
  types: ReadonlyArray<Type.Type>
): ReadonlyArray<Term> => {
  const known = predicate!.fill
  const taken = known === undefined ? undefined : inline(graph, known === 0 ? whenFalse : whenTrue, consts)
  if (taken !== undefined) return taken
  const { given, sources } = arrangeConsts(consts)
  const branches = [whenTrue, whenFalse].map((body) => withSources(graph, body, sources, given.map(typeOf)))
  const [yes, no] = branches as [Made, Made]
  const results = types.map((type, i): Term | undefined => {
    const [a, b] = [yes.outcomes[i]!, no.outcomes[i]!]
    if (a.input !== undefined && a.input === b.input) return given[a.input]
    if (a.fill !== undefined && Object.is(a.fill, b.fill)) return graph.fill(typeOf(type), a.fill)
    return undefined
  })
  const isGuarded = yes.isGuarded || no.isGuarded
  let keep: Flags = results.map((result) => result === undefined)
  if (isGuarded && !keep.includes(true)) keep = keep.map(() => true)
  if (!keep.includes(true)) {
    graph.run.changes++
    return results as ReadonlyArray<Term>
  }
  const reduced = branches.map(({ body }) => (keep.includes(false) ? Body.keepOutputs(body, keep) : body))
  const [left, right] = reduced.map(Body.usedInputs) as [Flags, Flags]
  const used = left.map((flag, i) => flag || right[i]!)
  if (used.includes(false) || keep.includes(false) || given.length < consts.length) graph.run.changes++
  const [ofTrue, ofFalse] = reduced.map((body, i) =>
    graph.run.restricted(branches[i]!, Body.keepInputs(body, used))
  ) as [Body.Body, Body.Body]
  const fresh = graph.control(
    "cond",
    { whenTrue: ofTrue, whenFalse: ofFalse },
    [predicate!, ...select(given, used)],
    isGuarded
  )
  let next = 0
  return results.map((result, i) => {
    const own = keep[i] === true ? fresh[next++]! : undefined
    return result ?? own!
  })
}

const whileLoop = (
  graph: Graph,
  { condition, consts, sweeps }: Primitive.WhileLoopAttributes,
  operands: ReadonlyArray<Term>
): ReadonlyArray<Term> => {
  const { given, sources } = arrangeConsts(operands.slice(0, consts))
  const states = operands.slice(consts)
  let isGuarded = false
  const inner = (body: Body.Body): Body.Body => {
    const types = Body.inputTypes(body).map(typeOf)
    const rest = types.slice(consts)
    const own = [...sources, ...rest.map((_, i): Source => ({ input: given.length + i }))]
    const made = withSources(graph, body, own, [...given.map(typeOf), ...rest])
    if (made.isGuarded) isGuarded = true
    return made.body
  }
  const bodies = sweeps.map((sweep) => ({ ...sweep, body: inner(sweep.body) }))
  const test = inner(condition)
  // What no body uses any more.
  const used = given.map((_, i) => [test, ...bodies.map(({ body }) => body)].some((body) => Body.usedInputs(body)[i]!))
  if (used.includes(false) || given.length < consts) graph.run.changes++
  const without = (body: Body.Body): Body.Body => {
    const flags = Body.inputTypes(body).map((_, i) => i >= given.length || used[i]!)
    return graph.run.restricted({ body, isGuarded: graph.run.isGuarded(body) }, Body.keepInputs(body, flags))
  }
  return graph.loop(
    "whileLoop",
    {
      condition: without(test),
      consts: count(used),
      sweeps: bodies.map((sweep) => ({ ...sweep, body: without(sweep.body) }))
    },
    [...select(given, used), ...states],
    isGuarded
  )
}
