// Cross-country elimination at one cut: a program as one part after another, with few values between them.

import { type Algebra, type Expr, Fn, Shape, type Tree, type Type } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import * as Cost from "../Cost.ts"
import { type Blocks, blocksBy, multiply } from "./blocks.ts"
import { countShapes } from "./counting.ts"
import { elementsOf, isReal, type Passes, passCosts, shapesOf } from "./passes.ts"
import { applyStep, type Steps, stepsOf } from "./steps.ts"

/** A program in two parts, how to take the Jacobian of each, and what all of it costs. */
export interface Cut {
  /** The operations before the cut, and all. */
  readonly before: number
  readonly operations: number
  /** Real elements that cross the cut. */
  readonly elements: number
  readonly first: Part
  readonly second: Part
  readonly total: Cost.OperationCounts
}

export interface Part {
  readonly program: Fn.Any
  readonly mode: "forward" | "reverse"
  readonly passes: number
}

/** What a step adds to a forward and to a reverse pass in which everything takes part. */
const stepCosts = ({ constants, inputs, steps, types }: Steps) => {
  const varies = types.map((type, value) => value < inputs && type.elementType === "real")
  const { algebra, counts } = countShapes()
  const dual = Forward.dual(algebra)
  const spent = (): number => Cost.arithmetic(counts())
  return steps.map((step) => {
    const operands = step.operands.map((value) => types[value]!)
    const active = step.operands.map((value) => varies[value] === true && !constants.has(value))
    const start = spent()
    applyStep(algebra, step, operands)
    const plain = spent() - start
    const results = applyStep(
      dual,
      step,
      operands.map((type, i): Forward.DualCarrier<Type.Type> => ({
        primal: type,
        tangent: active[i] === true ? type : Zero
      }))
    )
    const tangent = spent() - start - 2 * plain
    step.results.forEach((value, i) => (varies[value] = results[i]!.tangent !== Zero))
    const tape = Reverse.traced(algebra)
    const carriers = operands.map((type, i) =>
      active[i] === true ? tape.input(type) : { primal: type, entry: undefined }
    )
    const traced = applyStep(tape.algebra, step, carriers)
    const turn = spent()
    tape.pullback(
      traced,
      step.results.map((value) => (varies[value] === true ? types[value]! : Zero)),
      carriers
    )
    return { tangent, adjoint: spent() - turn }
  })
}

const specOf = ({ types }: Steps, values: ReadonlyArray<number>): Tree.SpecRecord =>
  Object.fromEntries(values.map((value, i) => [`v${i}`, types[value]!]))

/** For each place between two steps, the real elements that live across it. */
const crossings = (steps: Steps): ReadonlyArray<number> => {
  const { inputs, steps: list } = steps
  const lastUse = lastUses(steps)
  const sizeOf = (value: number): number => {
    const { elementType, shape } = steps.types[value]!
    return elementType === "real" ? Shape.size(shape) : 0
  }
  const change = new Float64Array(list.length + 1)
  const live = (value: number, from: number): void => {
    const until = lastUse[value]!
    if (until <= from || steps.constants.has(value)) return
    change[from]! += sizeOf(value)
    change[Math.min(until, list.length)]! -= sizeOf(value)
  }
  for (let value = 0; value < inputs; value++) live(value, 0)
  list.forEach(({ results }, i) => results.forEach((value) => live(value, i)))
  let sum = 0
  return list.map((_, i) => (sum += change[i]!))
}

/** For each value the last step that uses it; one more than there are for outputs, -1 where nothing does. */
const lastUses = ({ outputs, steps, types }: Steps): Int32Array => {
  const last = new Int32Array(types.length).fill(-1)
  steps.forEach(({ operands }, i) => {
    for (const value of operands) last[value] = i
  })
  for (const value of outputs) last[value] = steps.length + 1
  return last
}

/** The two parts of a program, before and after a place in its steps. */
const split = (f: Fn.Any, steps: Steps, before: number): readonly [Fn.Any, Fn.Any] => {
  const { inputs, outputs } = Fn.specs(f)
  const lastUse = lastUses(steps)
  const made = [
    ...Array.from({ length: steps.inputs }, (_, i) => i),
    ...steps.steps.slice(0, before).flatMap(({ results }) => results)
  ]
  const crossing = made.filter((value) => lastUse[value]! >= before)
  const spec = specOf(steps, crossing)
  const run = (from: number, to: number, values: Map<number, Expr.Any>): void => {
    for (const [value, expr] of steps.constants) values.set(value, expr)
    for (const step of steps.steps.slice(from, to)) {
      const results = applyStep(
        Fn.expressions,
        step,
        step.operands.map((value) => values.get(value)!)
      )
      step.results.forEach((value, i) => values.set(value, results[i]!))
    }
  }
  const first = Fn.unsafeFromLeaves(inputs, spec, (leaves) => {
    const values = new Map(leaves.map((leaf, i) => [i, leaf] as const))
    run(0, before, values)
    return crossing.map((value) => values.get(value)!)
  })
  const second = Fn.unsafeFromLeaves(spec, outputs, (leaves) => {
    const values = new Map(crossing.map((value, i) => [value, leaves[i]!] as const))
    run(before, steps.steps.length, values)
    return steps.outputs.map((value) => values.get(value)!)
  })
  return [first, second]
}

const partOf = (program: Fn.Any): { readonly part: Part; readonly total: Cost.OperationCounts } => {
  const costs = passCosts(program, shapesOf(program))
  const { reverse } = costs
  // Programs are cut where both modes are supported.
  const forward = costs.forward!
  const cheaper = (a: Passes, b: Passes): boolean => Cost.arithmetic(a.total) <= Cost.arithmetic(b.total)
  const mode = cheaper(forward, reverse) ? "forward" : "reverse"
  const { passes, total } = mode === "forward" ? forward : reverse
  return { part: { program, mode, passes }, total }
}

const shapes = (leaves: ReadonlyArray<Tree.PathAndType>): ReadonlyArray<Shape.Shape> =>
  leaves.filter(isReal).map(({ type }) => type.shape)

/**
 * The best place to cut a program: of all places between two of its steps, the one where the Jacobians of both parts and their product are cheapest,
 * estimated from what each step adds to a pass. The costs of the result are counted. Griewank and Walther (2008), chapter 9.
 */
export const bestCut = (f: Fn.Any): Cut | undefined => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  const [n, m] = [elementsOf(inputLeaves), elementsOf(outputLeaves)]
  const steps = stepsOf(f)
  const costs = stepCosts(steps)
  const widths = crossings(steps)
  const sum = (field: "tangent" | "adjoint") => costs.reduce((total, cost) => total + cost[field], 0)
  const [tangents, adjoints] = [sum("tangent"), sum("adjoint")]
  let best: { readonly before: number; readonly cost: number } | undefined
  let [tangent, adjoint] = [0, 0]
  for (let i = 0; i < costs.length - 1; i++) {
    tangent += costs[i]!.tangent
    adjoint += costs[i]!.adjoint
    const k = widths[i]!
    if (k === 0) continue
    const cost =
      Math.min(n * tangent, k * adjoint) + Math.min(k * (tangents - tangent), m * (adjoints - adjoint)) + 2 * m * k * n
    if (best === undefined || cost < best.cost) best = { before: i + 1, cost }
  }
  if (best === undefined) return undefined
  const [first, second] = split(f, steps, best.before).map(partOf) as [
    ReturnType<typeof partOf>,
    ReturnType<typeof partOf>
  ]
  const between = Fn.specs(second.part.program).inputLeaves
  const { algebra, counts } = countShapes()
  const real = (leaves: ReadonlyArray<Tree.PathAndType>) => shapes(leaves)
  const block = (output: Shape.Shape, input: Shape.Shape) => ({
    elementType: "real" as const,
    shape: [...output, ...input]
  })
  multiply(
    algebra,
    real(outputLeaves).map((output) => real(between).map((input) => block(output, input))),
    real(between),
    real(between).map((output) => real(inputLeaves).map((input) => block(output, input)))
  )
  return {
    before: best.before,
    operations: steps.steps.length,
    elements: elementsOf(between),
    first: first.part,
    second: second.part,
    total: [second.total, counts()].reduce(Cost.add, first.total)
  }
}

/** The Jacobian by the two parts of a cut. */
export const cutBlocks = <A>({ first, second }: Cut, algebra: Algebra<A>, primals: ReadonlyArray<A>): Blocks<A> => {
  const inner = blocksBy[first.mode](first.program, algebra, primals)
  const outer = blocksBy[second.mode](second.program, algebra, inner.outputs)
  const between = Fn.specs(second.program).inputLeaves
  return { outputs: outer.outputs, rows: multiply(algebra, outer.rows, shapes(between), inner.rows) }
}
