// Short loops inside of others are written out where that is estimated to be faster: what they read can then stay in local variables, while the loops around run
// on vectors.

import * as Affine from "../loops/affine.ts"
import { countAccesses, isOfOneIteration, iteration } from "../loops/iterations.ts"
import { type Assign, type Buffer, type For, type LoopProgram, type Statement } from "../loops/model.ts"
import { fixedExtent } from "../loops/nest.ts"
import { dropDeadCode } from "./deadCode.ts"
import { forwardStores } from "./forwardStores.ts"
import { hoist } from "./hoist.ts"
import { simplifyValues } from "./values.ts"
import { estimate } from "./vectorise.ts"

/** The longest loop, and the most statements that one becomes. */
const MOST_ITERATIONS = 16
const MOST_STATEMENTS = 96

const isAssign = (statement: Statement): statement is Assign => statement._tag === "Assign"

/** The iterations of a loop one after the other. */
const writtenOut = (statement: For, isOwn: (buffer: Buffer) => boolean): ReadonlyArray<Statement> => {
  const extent = fixedExtent(statement.loop)!
  return Array.from({ length: extent }, (_, i) => Affine.constant(statement.isReverse ? extent - 1 - i : i)).flatMap(
    (place) => iteration(statement, place, isOwn)
  )
}

export const unroll = (program: LoopProgram): LoopProgram => {
  const totals = countAccesses(program.statements)
  /** Whether a loop is short, also beside the longest of those around it that may run on vectors. */
  const isShort = ({ body, loop }: For, around: number): boolean => {
    const extent = fixedExtent(loop)
    return (
      extent !== undefined &&
      extent > 0 &&
      extent <= Math.min(MOST_ITERATIONS, around / 2) &&
      extent * body.length <= MOST_STATEMENTS &&
      body.every(isAssign)
    )
  }
  let count = 0
  const block = (statements: ReadonlyArray<Statement>, around: number): ReadonlyArray<Statement> =>
    statements.flatMap((statement): ReadonlyArray<Statement> => {
      switch (statement._tag) {
        case "For": {
          if (isShort(statement, around)) {
            count++
            return writtenOut(statement, isOfOneIteration(statement.body, totals))
          }
          const extent = statement.isParallel ? (fixedExtent(statement.loop) ?? 0) : 0
          return [{ ...statement, body: block(statement.body, Math.max(around, extent)) }]
        }
        case "If":
          return [
            {
              ...statement,
              whenTrue: block(statement.whenTrue, around),
              whenFalse: block(statement.whenFalse, around)
            }
          ]
        case "While":
          return [{ ...statement, test: block(statement.test, around), body: block(statement.body, around) }]
        default:
          return [statement]
      }
    })
  /** The estimated cost of a statement that takes the place of one, after what later passes make of it. */
  const cost = (statement: Statement, original: Statement): number => {
    const isShared = ([buffer, own]: readonly [Buffer, number]): boolean => own !== totals.get(buffer)
    // What is used elsewhere as well must not seem to be of no use.
    const elsewhere: Statement = {
      _tag: "Kernel",
      name: "elsewhere",
      operands: [...countAccesses([original])].filter(isShared).map(([buffer]) => buffer),
      results: [],
      run: () => []
    }
    const alone = { ...program, statements: [statement, elsewhere] }
    return estimate(hoist(dropDeadCode(simplifyValues(forwardStores(alone)))), 2)
  }
  return {
    ...program,
    statements: program.statements.map((statement) => {
      count = 0
      const [made] = block([statement], 0)
      return count > 0 && cost(made!, statement) < cost(statement, statement) ? made! : statement
    })
  }
}
