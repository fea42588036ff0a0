// Long sums of little work: an addition waits for the one before it. So parts of the range are added up side by side, and the partial sums at the end.

import * as Affine from "../loops/affine.ts"
import { countAccesses, isOfOneIteration, iteration } from "../loops/iterations.ts"
import {
  type Access,
  access,
  assign,
  type Assign,
  type Buffer,
  type Combine,
  type For,
  forLoop,
  literal,
  type LoopProgram,
  makeBuffer,
  makeLoop,
  type Statement
} from "../loops/model.ts"
import { fixedExtent } from "../loops/nest.ts"
import { isLocal } from "../loops/scopes.ts"
import { forEachAccess, mapBlocks } from "../loops/walk.ts"
import { costOf } from "./vectorise.ts"

/** How many sums at a time keep the arithmetic units busy. */
const SUMS = 4

/** Shorter loops are over before it pays. */
const LEAST_EXTENT = 64

/** Bodies of more work than this have something else to do while an addition is under way. */
const MOST_WORK = 12

/** What leaves every number as it is; a sum keeps the sign of its zeros. */
const identities: Partial<Record<Combine, number>> = { add: -0, mul: 1, max: -Infinity, min: Infinity }

const isAssign = (statement: Statement): statement is Assign => statement._tag === "Assign"

interface Sum {
  readonly variable: Access
  readonly combine: Combine
}

/** The local variables into which a loop combines, and that it does not use otherwise. */
const sumsOf = (
  body: ReadonlyArray<Statement>,
  totals: ReadonlyMap<Buffer, number>
): ReadonlyArray<Sum> | undefined => {
  const sums = new Map<Buffer, Sum>()
  const counts = countAccesses(body)
  let fits = true
  forEachAccess(body, (a, role) => {
    if (!isLocal(a.buffer) || role === "read" || role === "write") return
    if (sums.has(a.buffer) || counts.get(a.buffer) !== 1 || totals.get(a.buffer) === 1) fits = false
    if (a.buffer.elementType !== "real" || identities[role] === undefined) fits = false
    sums.set(a.buffer, { variable: a, combine: role })
  })
  return fits && sums.size > 0 ? [...sums.values()] : undefined
}

const split = (statement: For, totals: ReadonlyMap<Buffer, number>): ReadonlyArray<Statement> | undefined => {
  const { body, isParallel, isReverse, loop } = statement
  const extent = fixedExtent(loop)
  if (!isParallel || isReverse || extent === undefined || extent < LEAST_EXTENT || !body.every(isAssign)) return
  if (body.reduce((work, { operation }) => work + costOf(operation), 0) > MOST_WORK) return
  const sums = sumsOf(body, totals)
  if (sums === undefined || sums.length > SUMS / 2) return
  const copies = Math.floor(SUMS / sums.length)
  // An even number of iterations, for vectors.
  const iterations = 2 * Math.floor(extent / (2 * copies))
  const isOwn = isOfOneIteration(body, totals)
  const own = makeLoop(iterations)
  const before: Array<Statement> = []
  const after: Array<Statement> = []
  const parts = Array.from({ length: copies }, (_, i) => {
    const names = new Map<Buffer, Access>()
    if (i > 0) {
      for (const { combine, variable } of sums) {
        const partial = access(makeBuffer("temporary", variable.buffer))
        names.set(variable.buffer, partial)
        before.push(assign(partial, "copy", [literal("real", identities[combine]!)]))
        after.push(assign(variable, "copy", [partial], { combine }))
      }
    }
    return iteration(statement, Affine.add(Affine.ofLoop(own), Affine.constant(i * iterations)), isOwn, names)
  })
  const rest = makeLoop(extent - copies * iterations)
  const start = Affine.constant(copies * iterations)
  return [
    ...before,
    forLoop(own, parts.flat(), { isParallel: true }),
    ...(rest.extent === 0
      ? []
      : [forLoop(rest, iteration(statement, Affine.add(Affine.ofLoop(rest), start), isOwn), { isParallel: true })]),
    ...after
  ]
}

export const partialSums = (program: LoopProgram): LoopProgram => {
  const totals = countAccesses(program.statements)
  const block = (statements: ReadonlyArray<Statement>): ReadonlyArray<Statement> =>
    statements.flatMap(
      (statement) => (statement._tag === "For" ? split(statement, totals) : undefined) ?? [mapBlocks(statement, block)]
    )
  return { ...program, statements: block(program.statements) }
}
