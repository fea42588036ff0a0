// Iterations side by side: where each iteration of a loop in any order runs loops in order, every step waits for the one before it. Several iterations at a time have
// steps that do not wait for each other, and what they add to one place is added to it at once.

import * as Affine from "../loops/affine.ts"
import { clone } from "../loops/clone.ts"
import { countAccesses, isOfOneIteration, iteration } from "../loops/iterations.ts"
import {
  access,
  assign,
  type Assign,
  type Buffer,
  type Combine,
  type For,
  forLoop,
  type LoopProgram,
  makeBuffer,
  makeLoop,
  type Operand,
  type Operation,
  type Statement
} from "../loops/model.ts"
import { fixedExtent } from "../loops/nest.ts"
import { isLocal } from "../loops/scopes.ts"
import { forEachAccess, mapBlocks } from "../loops/walk.ts"
import { isPartitioned, type Use } from "./fuse.ts"
import { costOf } from "./vectorise.ts"

/** How many iterations at a time keep the arithmetic units busy. */
const COPIES = 4

/** Shorter loops are over before it pays. */
const LEAST_EXTENT = 64

/** Steps of more work than this have something else to do while an operation is under way. */
const MOST_WORK = 12

/** What all copies keep from step to step should stay in registers. */
const MOST_KEPT = 12

const combiners: Partial<Record<Combine, Operation>> = { add: "add", mul: "mul", max: "max", min: "min" }

const isAssign = (statement: Statement): statement is Assign => statement._tag === "Assign"

/** Whether a loop is one of little work for each step. */
const isShortStep = ({ body, loop }: For): boolean =>
  fixedExtent(loop) !== undefined &&
  body.every(isAssign) &&
  body.reduce((work, { operation }) => work + costOf(operation), 0) <= MOST_WORK

/** The local variables that a loop keeps from step to step or reads in all of them. */
const keptBy = (body: ReadonlyArray<Statement>): number => {
  const first = new Map<Buffer, boolean>()
  forEachAccess(body, ({ buffer }, role) => {
    if (isLocal(buffer) && !first.has(buffer)) first.set(buffer, role === "read")
  })
  return [...first.values()].filter((isRead) => isRead).length
}

/** Whether iterations may take turns, statement by statement. */
export const mayInterleave = ({ body, loop }: For, isOwn: (buffer: Buffer) => boolean): boolean => {
  const uses = new Map<Buffer, Array<Use>>()
  let hasOtherNames = false
  forEachAccess(body, (own, role) => {
    const { buffer } = own
    if (buffer.storage !== undefined) hasOtherNames = true
    const known = uses.get(buffer)
    if (known === undefined) uses.set(buffer, [{ access: own, role, loop }])
    else known.push({ access: own, role, loop })
  })
  return (
    !hasOtherNames &&
    [...uses].every(([buffer, list]) => {
      const [{ role }] = list as [Use]
      if (isOwn(buffer) || list.every((use) => use.role === "read")) return true
      if (role in combiners && list.every((use) => use.role === role)) return true
      return !isLocal(buffer) && isPartitioned(list)
    })
  )
}

/** Copies of one assignment. What all of them combine into is combined with once. */
const together = (copies: ReadonlyArray<Assign>): ReadonlyArray<Statement> => {
  const [{ combine, target }] = copies as readonly [Assign]
  const operation = combine === undefined ? undefined : combiners[combine]
  const isOne = copies.every((copy) => Affine.sameAccess(copy.target, target))
  if (operation === undefined || !isOne) return copies
  const made: Array<Statement> = []
  const computed = (own: Operation, operands: ReadonlyArray<Operand>, order?: number): Operand => {
    const name = access(makeBuffer("temporary", { elementType: target.buffer.elementType, shape: [] }))
    made.push(assign(name, own, operands, order === undefined ? {} : { order }))
    return name
  }
  let terms = copies.map((copy) =>
    copy.operation === "copy" ? copy.operands[0]! : computed(copy.operation, copy.operands, copy.order)
  )
  while (terms.length > 1) {
    const half = terms.length / 2
    terms = Array.from({ length: half }, (_, i) => computed(operation, [terms[i]!, terms[i + half]!]))
  }
  return [...made, assign(target, "copy", terms, { combine: combine! })]
}

/** Copies of a block, which differ in names and places only, as one block. */
const interleaved = (copies: ReadonlyArray<ReadonlyArray<Statement>>): ReadonlyArray<Statement> =>
  copies[0]!.flatMap((statement, i): ReadonlyArray<Statement> => {
    const own = copies.map((copy) => copy[i]!)
    if (statement._tag !== "For") return together(own as ReadonlyArray<Assign>)
    return [{ ...statement, body: interleaved(own.map((copy) => (copy as For).body)) }]
  })

const split = (
  statement: For,
  totals: ReadonlyMap<Buffer, number>,
  leastExtent: number
): ReadonlyArray<Statement> | undefined => {
  const { body, isParallel, isReverse, loop } = statement
  const extent = fixedExtent(loop)
  if (!isParallel || isReverse || extent === undefined || extent < leastExtent) return
  const steps = body.filter((inner): inner is For => inner._tag === "For")
  if (!steps.some((inner) => !inner.isParallel) || !steps.every(isShortStep)) return
  if (!body.every((inner) => isAssign(inner) || inner._tag === "For")) return
  if (steps.some((inner) => COPIES * keptBy(inner.body) > MOST_KEPT)) return
  const isOwn = isOfOneIteration(body, totals)
  if (!mayInterleave(statement, isOwn)) return
  // A multiple of the lanes of a vector.
  const iterations = 4 * Math.floor(extent / (4 * COPIES))
  const own = makeLoop(iterations)
  const rest = makeLoop(extent - COPIES * iterations)
  const at = (l: typeof own, start: number): ReadonlyArray<Statement> =>
    iteration(statement, Affine.add(Affine.ofLoop(l), Affine.constant(start)), isOwn)
  return [
    forLoop(own, interleaved(Array.from({ length: COPIES }, (_, i) => at(own, i * iterations))), { isParallel: true }),
    ...(rest.extent === 0
      ? []
      : [
          forLoop(
            rest,
            clone(at(rest, COPIES * iterations), () => false),
            { isParallel: true }
          )
        ])
  ]
}

export const interleave = (program: LoopProgram, leastExtent = LEAST_EXTENT): LoopProgram => {
  const totals = countAccesses(program.statements)
  const block = (statements: ReadonlyArray<Statement>): ReadonlyArray<Statement> =>
    statements.flatMap(
      (statement) =>
        (statement._tag === "For" ? split(statement, totals, leastExtent) : undefined) ?? [mapBlocks(statement, block)]
    )
  return { ...program, statements: block(program.statements) }
}
