// Leaves out results of control primitives that nothing needs, and what their bodies compute for them alone.

import type * as Primitive from "../Primitive.ts"
import { bodiesOf } from "./bodies.ts"
import { inherit, keepingSites } from "./callSite.ts"
import { count, type Flags, or, select } from "./flags.ts"
import { memory } from "./memory.ts"
import { applyTyped, control, type Node } from "./node.ts"
import { type Body, schedule, usedInputs } from "./schedule.ts"

/** A control primitive with fewer results, and which of its operands it still takes. */
interface Reduced {
  readonly attributes: object
  readonly operands: Flags
  /** The results that are left: at least those that were asked for. */
  readonly results: Flags
}

type Reducer<A> = (attributes: A, results: Flags, operands: number) => Reduced

const remember = memory()

/** The body with some of its outputs only, without what the others alone need. */
export const keepOutputs = (body: Body, keep: Flags): Body =>
  remember(body, keep.map(Number).join(""), () =>
    keepingSites(() => reduceBody({ inputNodes: body.inputNodes, outputNodes: select(body.outputNodes, keep) }))
  )

const keepInputs = (body: Body, keep: Flags): Body => ({
  inputNodes: select(body.inputNodes, keep),
  outputNodes: body.outputNodes
})

const reduceBody = (body: Body): Body => {
  const { first, nodes, operands, outputs } = schedule(body, false)
  if (nodes.every((node) => node.control === undefined)) return body
  const live = new Uint8Array(nodes.length)
  for (const p of outputs) live[p] = 1
  const asked = new Map<number, Array<boolean>>()
  const reduced = new Map<number, Reduced>()
  for (let i = nodes.length - 1; i >= 0; i--) {
    if (live[i] === 0) continue
    const node = nodes[i]!
    const start = first[i]!
    const end = first[i + 1]!
    if (node._tag === "Project") {
      const of = operands[start]!
      const flags = asked.get(of) ?? nodes[of]!.control!.types.map(() => false)
      flags[node.index] = true
      asked.set(of, flags)
      live[of] = 1
    } else if (node.control === undefined) {
      for (let j = start; j < end; j++) live[operands[j]!] = 1
    } else {
      const own = reduce(node, asked.get(i)!)
      reduced.set(i, own)
      for (let j = start; j < end; j++) if (own.operands[j - start] === true) live[operands[j]!] = 1
    }
  }
  // Nodes before the first change stay the same.
  const values = new Array<Node>(nodes.length)
  const results = new Map<number, ReadonlyArray<Node | undefined>>()
  for (let i = 0; i < nodes.length; i++) {
    if (live[i] === 0) continue
    const node = nodes[i]!
    inherit(node.site)
    const own = Array.from({ length: first[i + 1]! - first[i]! }, (_, j) => operands[first[i]! + j]!)
    if (node._tag === "Project") {
      values[i] = results.get(own[0]!)![node.index] ?? node
    } else if (node.control !== undefined) {
      const { attributes, operands: kept, results: left } = reduced.get(i)!
      const inner = select(own, kept).map((p) => values[p]!)
      const same = !left.includes(false) && inner.length === own.length && inner.every((x, j) => x === node.operands[j])
      const fresh = same ? [] : control(node.control.primitive, attributes, inner, select(node.control.types, left))
      let next = 0
      results.set(
        i,
        left.map((flag) => (flag ? fresh[next++] : undefined))
      )
    } else {
      const inner = own.map((p) => values[p]!)
      values[i] =
        node._tag !== "Apply" || inner.every((x, j) => x === node.operands[j])
          ? node
          : applyTyped(node.primitive!, node.attributes!, inner, node)
    }
  }
  return { inputNodes: body.inputNodes, outputNodes: outputs.map((p) => values[p]!) }
}

const reduce = (node: Node, results: Flags): Reduced => {
  const reducer = reducers[node.control!.primitive] as Reducer<object> | undefined
  // A guard is evaluated whether or not its results are needed.
  const guarded = bodiesOf(node.attributes!).map(({ outputNodes }) => outputNodes.map((output) => output.guarded))
  const isLoop = node.control!.primitive === "whileLoop"
  return reducer === undefined || (isLoop && guarded.some((flags) => flags.includes(true)))
    ? { attributes: node.attributes!, operands: node.operands.map(() => true), results: results.map(() => true) }
    : reducer(node.attributes!, isLoop ? results : guarded.reduce(or, results), node.operands.length)
}

const call: Reducer<Primitive.CallAttributes> = (attributes, results) => {
  const body = keepOutputs(attributes.body, results)
  const operands = usedInputs(body)
  return { attributes: { ...attributes, body: keepInputs(body, operands) }, operands, results }
}

const cond: Reducer<Primitive.CondAttributes> = (attributes, results) => {
  const whenTrue = keepOutputs(attributes.whenTrue, results)
  const whenFalse = keepOutputs(attributes.whenFalse, results)
  const used = or(usedInputs(whenTrue), usedInputs(whenFalse))
  return {
    attributes: { whenTrue: keepInputs(whenTrue, used), whenFalse: keepInputs(whenFalse, used) },
    operands: [true, ...used],
    results
  }
}

const map: Reducer<Primitive.MapAttributes> = (attributes, results) => {
  const { consts, size, summed } = attributes
  const body = keepOutputs(attributes.body, results)
  const operands = usedInputs(body)
  return {
    attributes: {
      body: keepInputs(body, operands),
      consts: count(operands.slice(0, consts)),
      size,
      summed: count(results.slice(results.length - summed))
    },
    operands,
    results
  }
}

const scan: Reducer<Primitive.ScanAttributes> = (attributes, asked) => {
  const { carries, consts } = attributes
  // A carry is needed when its final value is, or when a step needs it for what is needed.
  let results = asked
  for (;;) {
    const used = usedInputs(keepOutputs(attributes.body, results))
    const next = results.map((flag, i) => flag || (i < carries && used[consts + i]!))
    if (next.every((flag, i) => flag === results[i])) break
    results = next
  }
  const body = keepOutputs(attributes.body, results)
  const operands = usedInputs(body).map((used, i) =>
    i >= consts && i < consts + carries ? results[i - consts]! : used
  )
  return {
    attributes: {
      ...attributes,
      body: keepInputs(body, operands),
      consts: count(operands.slice(0, consts)),
      carries: count(results.slice(0, carries))
    },
    operands,
    results
  }
}

const whileLoop: Reducer<Primitive.WhileLoopAttributes> = (attributes, asked) => {
  const { condition, consts, sweeps } = attributes
  // For each sweep, which of its outputs (states, then records) are needed.
  let next = 0
  let needed: ReadonlyArray<Flags> = sweeps.map(({ records, states }, k) => {
    const own = asked.slice(next, (next += states))
    const used = k === 0 ? or(own, usedInputs(condition).slice(consts)) : own
    return [...used, ...new Array<boolean>(records).fill(false)]
  })
  const bodies = () => sweeps.map(({ body }, k) => keepOutputs(body, needed[k]!))
  for (;;) {
    const used = bodies().map(usedInputs)
    const from = needed
    needed = sweeps.map((sweep, k) => {
      const offset = consts + sweeps.slice(0, k).reduce((sum, { records, states }) => sum + states + records, 0)
      const own = used[k]!.slice(offset)
      return from[k]!.map(
        (flag, j) =>
          flag || (j < sweep.states && own[j]!) || used.some((flags, later) => later > k && flags[offset + j] === true)
      )
    })
    if (needed.every((flags, k) => flags.every((flag, j) => flag === from[k]![j]))) break
  }
  const reduced = bodies()
  const ofConsts = [...reduced, condition]
    .map((body): Flags => usedInputs(body).slice(0, consts))
    .reduce((a, b) => or(a, b))
  const states = sweeps.map((sweep, k) => needed[k]!.slice(0, sweep.states))
  const onTape = (k: number): Flags => needed.slice(0, k).flat()
  return {
    attributes: {
      condition: keepInputs(condition, [...ofConsts, ...states[0]!]),
      consts: count(ofConsts),
      sweeps: sweeps.map((sweep, k) => ({
        body: keepInputs(reduced[k]!, [...ofConsts, ...onTape(k), ...states[k]!]),
        states: count(states[k]!),
        records: count(needed[k]!.slice(sweep.states))
      }))
    },
    operands: [...ofConsts, ...states.flat()],
    results: states.flat()
  }
}

// A primitive without a row keeps all of its results.
const reducers: { readonly [K in Primitive.ControlName]?: Reducer<Primitive.ControlAttributes<K>> } = {
  call,
  cond,
  map,
  scan,
  whileLoop
}
