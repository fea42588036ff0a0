// The cost of a Jacobian by either mode: what the passes execute, counted from shapes or while they run.

import { type Algebra, Fn, Shape, Tensor, type Tree, type Type } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Zero } from "@fluxion/core/Rule"
import * as Cost from "../Cost.ts"
import { type Counting, countShapes, none } from "./counting.ts"
import { execution } from "./execution.ts"

export const isReal = ({ type }: Tree.PathAndType): boolean => type.elementType === "real"

export const elementsOf = (leaves: ReadonlyArray<Tree.PathAndType>): number =>
  leaves.reduce((sum, leaf) => sum + (isReal(leaf) ? Shape.size(leaf.type.shape) : 0), 0)

/** On what passes are counted: a counting algebra, fresh for each, and its carriers. */
export interface Ground<A> {
  readonly start: () => Counting<A>
  readonly primals: ReadonlyArray<A>
  readonly ones: (type: Type.Type) => A
}

export const shapesOf = (f: Fn.Any): Ground<Type.Type> => ({
  start: countShapes,
  primals: Fn.specs(f).inputLeaves.map(({ type }) => type),
  ones: (type) => type
})

export const pointOf = (primals: ReadonlyArray<Tensor.Any>): Ground<Tensor.Any> => ({
  start: execution,
  primals,
  ones: ({ shape }) => Tensor.ones(shape)
})

/** The cost of the passes of one mode. */
export interface Passes {
  readonly passes: number
  /** One pass in which all inputs (outputs) take part, with the evaluation of the program. */
  readonly pass: Cost.OperationCounts
  /** All passes, over one evaluation of the program. */
  readonly total: Cost.OperationCounts
}

export interface PassCosts {
  readonly primal: Cost.OperationCounts
  /** The evaluation of the program on a tape. */
  readonly recorded: Cost.OperationCounts
  /** None for a program that supports reverse mode only. */
  readonly forward: Passes | undefined
  readonly reverse: Passes
}

/** Above this many leaves, the passes of all leaves are counted as the one in which all take part: an upper bound. */
const manyLeaves = 16

/**
 * What passes execute does not depend on the numbers in their seeds, only on which seeds there are: so one pass for each leaf tells the cost of the
 * passes of all its elements.
 */
const sumOverLeaves = (
  leaves: ReadonlyArray<Tree.PathAndType>,
  base: Cost.OperationCounts,
  passOf: (leaf: number) => Cost.OperationCounts,
  dense: Cost.OperationCounts
): Cost.OperationCounts => {
  const real = leaves.flatMap((leaf, i) => (isReal(leaf) && Shape.size(leaf.type.shape) > 0 ? [i] : []))
  if (real.length > manyLeaves) return Cost.add(base, Cost.scale(dense, elementsOf(leaves)))
  return real.reduce(
    (total, i) => Cost.add(total, Cost.scale(real.length === 1 ? dense : passOf(i), Shape.size(leaves[i]!.type.shape))),
    base
  )
}

export const tangentPass = <A>(
  f: Fn.Any,
  algebra: Algebra<A>,
  { ones, primals }: Ground<A>,
  wanted: (leaf: number) => boolean
): Array<Forward.DualCarrier<A>> =>
  Fn.interpret(
    f,
    Forward.dual(algebra),
    Fn.specs(f).inputLeaves.map((leaf, i) => ({
      primal: primals[i]!,
      tangent: isReal(leaf) && wanted(i) ? ones(leaf.type) : Zero
    }))
  )

/** A program on a tape: its outputs, and the sweep from some of them. */
export const tapeOf = <A>(f: Fn.Any, algebra: Algebra<A>, { ones, primals }: Ground<A>) => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  const tape = Reverse.traced(algebra)
  const carriers = inputLeaves.map((leaf, i) =>
    isReal(leaf) ? tape.input(primals[i]!) : { primal: primals[i]!, entry: undefined }
  )
  const outputs = Fn.interpret(f, tape.algebra, carriers)
  const sweep = (wanted: (leaf: number) => boolean): Array<A | Zero> =>
    tape.pullback(
      outputs,
      outputLeaves.map((leaf, i) => (isReal(leaf) && wanted(i) ? ones(leaf.type) : Zero)),
      carriers.filter((_, i) => isReal(inputLeaves[i]!))
    )
  return { outputs: outputs.map(({ primal }) => primal), sweep }
}

export const passCosts = <A>(f: Fn.Any, ground: Ground<A>): PassCosts => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  const inputElements = elementsOf(inputLeaves)
  const outputElements = elementsOf(outputLeaves)

  const plain = ground.start()
  Fn.interpret(f, plain.algebra, ground.primals)
  const primal = plain.counts()

  const tangent = (wanted: (leaf: number) => boolean): Cost.OperationCounts => {
    const { algebra, counts } = ground.start()
    tangentPass(f, algebra, ground, wanted)
    return Cost.subtract(counts(), primal)
  }
  const forward = (): Passes => {
    const dense = inputElements === 0 ? none : tangent(() => true)
    return {
      passes: inputElements,
      pass: Cost.add(primal, dense),
      total: sumOverLeaves(inputLeaves, primal, (i) => tangent((j) => j === i), dense)
    }
  }

  const { algebra, counts } = ground.start()
  const { sweep } = tapeOf(f, algebra, ground)
  const recorded = counts()
  const adjoint = (wanted: (leaf: number) => boolean): Cost.OperationCounts => {
    const before = counts()
    sweep(wanted)
    return Cost.subtract(counts(), before)
  }
  const denseAdjoint = outputElements === 0 ? none : adjoint(() => true)

  return {
    primal,
    recorded,
    forward: Fn.supportsForward(f) ? forward() : undefined,
    reverse: {
      passes: outputElements,
      pass: Cost.add(recorded, denseAdjoint),
      total: sumOverLeaves(outputLeaves, recorded, (i) => adjoint((j) => j === i), denseAdjoint)
    }
  }
}
