// A loop in any order, and one in order after it that takes up what its iterations computed, become one loop in order: what passes between them is then one element
// and not an array. Only where iterations of the first are loops themselves: others are better left to run on vectors.

import {
  type Buffer,
  type For,
  forLoop,
  type LoopProgram,
  makeLoop,
  type Statement,
  storageOf
} from "../loops/model.ts"
import { fixedExtent } from "../loops/nest.ts"
import { forEachAccess, hasChecks } from "../loops/walk.ts"
import { isPartitioned, renamed, type Use } from "./fuse.ts"

const isFor = (statement: Statement | undefined): statement is For => statement?._tag === "For"

const usesOf = (statements: ReadonlyArray<Statement>, loop: Use["loop"]): ReadonlyMap<Buffer, ReadonlyArray<Use>> => {
  const uses = new Map<Buffer, Array<Use>>()
  forEachAccess(statements, (access, role) => {
    const storage = storageOf(access.buffer)
    const use = { access, role, loop }
    const own = uses.get(storage)
    if (own === undefined) uses.set(storage, [use])
    else own.push(use)
  })
  return uses
}

const writes = (uses: ReadonlyArray<Use>): boolean => uses.some(({ role }) => role !== "read")

/** Whether statements may change places with a loop. */
const areIndependent = (statements: ReadonlyArray<Statement>, loop: For): boolean => {
  const others = usesOf([loop], loop.loop)
  return [...usesOf(statements, loop.loop)].every(([buffer, own]) => {
    const shared = others.get(buffer)
    return shared === undefined || (!writes(own) && !writes(shared))
  })
}

/** Two loops as one, where that is legal and something passes between them. */
const joined = (first: For, second: For): For | undefined => {
  const extent = fixedExtent(first.loop)
  if (extent === undefined || extent !== second.loop.extent || !first.isParallel || second.isParallel) return
  if (first.isReverse || !first.body.some(isFor)) return
  if (hasChecks([first, second])) return
  const later = usesOf(second.body, second.loop)
  let isPassing = false
  for (const [buffer, uses] of usesOf(first.body, first.loop)) {
    const others = later.get(buffer)
    if (others === undefined || (!writes(uses) && !writes(others))) continue
    if (!isPartitioned([...uses, ...others])) return
    isPassing = true
  }
  if (!isPassing) return
  const loop = makeLoop(extent)
  return forLoop(loop, [...renamed(first.body, first.loop, loop), ...renamed(second.body, second.loop, loop)], {
    isParallel: false,
    isReverse: second.isReverse
  })
}

export const joinSteps = (program: LoopProgram): LoopProgram => {
  const block = (statements: ReadonlyArray<Statement>, isInLoop: boolean): ReadonlyArray<Statement> => {
    const made: Array<Statement> = []
    // The place of the last loop.
    let last = -1
    for (const statement of statements.map((inner) => inside(inner, isInLoop))) {
      const previous = made[last]
      if (isInLoop && isFor(previous) && isFor(statement)) {
        const between = made.slice(last + 1)
        const one = between.every(({ _tag }) => _tag === "Assign") ? joined(previous, statement) : undefined
        if (one !== undefined && areIndependent(between, previous)) {
          made.splice(last, made.length - last, ...between, one)
          last = made.length - 1
          continue
        }
      }
      if (isFor(statement)) last = made.length
      made.push(statement)
    }
    return made
  }
  const inside = (statement: Statement, isInLoop: boolean): Statement => {
    switch (statement._tag) {
      case "For":
        return { ...statement, body: block(statement.body, isInLoop || statement.isParallel) }
      case "If":
        return {
          ...statement,
          whenTrue: block(statement.whenTrue, isInLoop),
          whenFalse: block(statement.whenFalse, isInLoop)
        }
      case "While":
        return { ...statement, test: block(statement.test, isInLoop), body: block(statement.body, isInLoop) }
      default:
        return statement
    }
  }
  return { ...program, statements: block(program.statements, false) }
}
