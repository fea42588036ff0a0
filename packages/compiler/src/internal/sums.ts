// Which variables hold sums that loops add up. In single precision they are doubles where that is free, and in blocks elsewhere: adding many
// singles up in singles loses what they have.

import type { Buffer, LoopProgram, Statement } from "./loops/model.ts"
import { forEachAccess } from "./loops/walk.ts"

/** The variables to which a loop adds reals, and how often in an iteration, but for those that it does anything else with. */
export const addedBy = (
  body: ReadonlyArray<Statement>,
  isVariable: (buffer: Buffer) => boolean
): ReadonlyMap<Buffer, number> => {
  const counts = new Map<Buffer, number>()
  const others = new Set<Buffer>()
  const visit = (statements: ReadonlyArray<Statement>, times: number): void => {
    for (const statement of statements) {
      if (statement._tag === "For") {
        const { extent } = statement.loop
        if (typeof extent !== "number") forEachAccess([{ ...statement, body: [] }], ({ buffer }) => others.add(buffer))
        visit(statement.body, times * (typeof extent === "number" ? extent : 1))
        continue
      }
      forEachAccess([statement], ({ buffer }, role) => {
        if (buffer.elementType !== "real" || !isVariable(buffer)) return
        if (role === "add") counts.set(buffer, (counts.get(buffer) ?? 0) + times)
        else others.add(buffer)
      })
    }
  }
  visit(body, 1)
  for (const buffer of others) counts.delete(buffer)
  return counts
}

/** The variables of a program that some loop adds up. */
export const sumsOf = ({ statements }: LoopProgram, isVariable: (buffer: Buffer) => boolean): ReadonlySet<Buffer> => {
  const sums = new Set<Buffer>()
  const visit = (statements: ReadonlyArray<Statement>): void => {
    for (const statement of statements) {
      switch (statement._tag) {
        case "For":
          for (const buffer of addedBy(statement.body, isVariable).keys()) sums.add(buffer)
          visit(statement.body)
          break
        case "Part":
          visit(statement.body)
          break
        case "While":
          visit(statement.test)
          visit(statement.body)
          break
        case "If":
          visit(statement.whenTrue)
          visit(statement.whenFalse)
          break
        default:
      }
    }
  }
  visit(statements)
  return sums
}
