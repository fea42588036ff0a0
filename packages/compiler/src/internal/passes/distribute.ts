// Loops taken apart: where a loop computes functions of numbers between loops of its own, the functions can run on vectors in a loop by themselves, and the inner loops
// in theirs. What passes from one to the next is then an array. Only where that is estimated to be faster.

import * as Affine from "../loops/affine.ts"
import { countAccesses, isOfOneIteration, iteration } from "../loops/iterations.ts"
import {
  access,
  type Access,
  assign,
  type Buffer,
  type For,
  forLoop,
  type LoopProgram,
  makeBuffer,
  makeLoop,
  type Statement
} from "../loops/model.ts"
import { fixedExtent } from "../loops/nest.ts"
import { forEachAccess } from "../loops/walk.ts"
import { mayInterleave } from "./interleave.ts"
import { costOf, estimate } from "./vectorise.ts"

/** Less work than this between inner loops is not worth the arrays. */
const LEAST_WORK = 12

/** The largest of those arrays. */
const MOST_ELEMENTS = 65_536

/** What the estimate has to fall below, relative to that of the one loop. */
const GAIN = 0.95

const writesOf = (statements: ReadonlyArray<Statement>): ReadonlySet<Buffer> => {
  const made = new Set<Buffer>()
  forEachAccess(statements, ({ buffer }, role) => {
    if (role !== "read") made.add(buffer)
  })
  return made
}

/** Inner loops, each with what sets its results to where they start, and what stands between them. */
const piecesOf = (body: ReadonlyArray<Statement>): ReadonlyArray<ReadonlyArray<Statement>> => {
  const pieces: Array<ReadonlyArray<Statement>> = []
  let plain: Array<Statement> = []
  for (const statement of body) {
    if (statement._tag !== "For") {
      plain.push(statement)
      continue
    }
    const written = writesOf([statement])
    const uses = countAccesses(plain)
    // It moves past the statements after it: a constant, for what none of them uses.
    const isStart = (own: Statement): boolean =>
      own._tag === "Assign" &&
      own.operands.every(({ _tag }) => _tag === "Literal") &&
      written.has(own.target.buffer) &&
      uses.get(own.target.buffer) === 1
    const before = plain.filter((own) => !isStart(own))
    if (before.length > 0) pieces.push(before)
    pieces.push([...plain.filter(isStart), statement])
    plain = []
  }
  return plain.length > 0 ? [...pieces, plain] : pieces
}

const split = (
  statement: For,
  totals: ReadonlyMap<Buffer, number>,
  leastWork: number
): ReadonlyArray<Statement> | undefined => {
  const { body, isParallel, isReverse, loop } = statement
  const extent = fixedExtent(loop)
  if (!isParallel || isReverse || extent === undefined || extent > MOST_ELEMENTS) return
  if (!body.every(({ _tag }) => _tag === "Assign" || _tag === "For") || !body.some(({ _tag }) => _tag === "For")) return
  const work = body.reduce((sum, inner) => sum + (inner._tag === "Assign" ? costOf(inner.operation) : 0), 0)
  const isOwn = isOfOneIteration(body, totals)
  if (work < leastWork || !mayInterleave(statement, isOwn)) return
  const pieces = piecesOf(body)
  if (pieces.length < 2) return
  const arrays = new Map<Buffer, Buffer>()
  const users = pieces.map((piece) => countAccesses(piece))
  const writers = pieces.map(writesOf)
  for (const buffer of new Set(users.flatMap((counts) => [...counts.keys()]))) {
    if (!isOwn(buffer) || users.filter((counts) => counts.has(buffer)).length === 1) continue
    if (writers.filter((written) => written.has(buffer)).length !== 1 || buffer.elementType !== "real") return
    arrays.set(buffer, makeBuffer("temporary", { elementType: "real", shape: [extent] }))
  }
  return pieces.map((piece, p): Statement => {
    const own = makeLoop(extent)
    const place = [Affine.ofLoop(own)]
    const names = new Map<Buffer, Access>()
    const before: Array<Statement> = []
    const after: Array<Statement> = []
    for (const [buffer, array] of arrays) {
      if (writers[p]!.has(buffer)) after.push(assign(access(array, place), "copy", [access(buffer)]))
      else if (users[p]!.has(buffer)) {
        const name = access(makeBuffer("temporary", buffer))
        names.set(buffer, name)
        before.push(assign(name, "copy", [access(array, place)]))
      }
    }
    const inside = iteration({ ...statement, body: piece }, Affine.ofLoop(own), () => false, names)
    return forLoop(own, [...before, ...inside, ...after], { isParallel: true })
  })
}

export const distribute = (program: LoopProgram, leastWork = LEAST_WORK, gain = GAIN): LoopProgram => {
  const totals = countAccesses(program.statements)
  const cost = (statements: ReadonlyArray<Statement>, original: Statement): number => {
    // What is used elsewhere as well is not the loop's own.
    const elsewhere: Statement = {
      _tag: "Kernel",
      name: "elsewhere",
      operands: [...countAccesses([original])].flatMap(([buffer, own]) => (own === totals.get(buffer) ? [] : [buffer])),
      results: [],
      run: () => []
    }
    return estimate({ ...program, statements: [...statements, elsewhere] }, 2)
  }
  const block = (statements: ReadonlyArray<Statement>): ReadonlyArray<Statement> =>
    statements.flatMap((statement): ReadonlyArray<Statement> => {
      switch (statement._tag) {
        case "For": {
          const made = split(statement, totals, leastWork)
          return made !== undefined && cost(made, statement) < gain * cost([statement], statement) ? made : [statement]
        }
        case "If":
          return [{ ...statement, whenTrue: block(statement.whenTrue), whenFalse: block(statement.whenFalse) }]
        default:
          return [statement]
      }
    })
  return { ...program, statements: block(program.statements) }
}
