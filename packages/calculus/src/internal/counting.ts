// Counting operations from shapes: the algebra of types, with a counter beside it.

import { type Algebra, Body, Interpreter, type Primitive, type Type } from "@fluxion/core"
import type { OperationCounts } from "../Cost.ts"
import { controlCosts, costs } from "./costs.ts"

export type Mutable = { -readonly [K in keyof OperationCounts]: OperationCounts[K] }

export const none: OperationCounts = {
  additions: 0,
  multiplications: 0,
  divisions: 0,
  transcendentals: 0,
  comparisons: 0,
  moves: 0
}

export const zeroCounts = (): Mutable => ({ ...none })

export const accumulate = (total: Mutable, part: Partial<OperationCounts>, times = 1): void => {
  for (const name of Object.keys(part) as Array<keyof OperationCounts>) total[name] += times * part[name]!
}

type AnyCost = (attributes: object, operands: ReadonlyArray<Type.Type>, result: Type.Type) => Partial<OperationCounts>

export const costOf = costs as unknown as Record<Primitive.Name, AnyCost>

interface AnyControlCost {
  readonly own: (attributes: object, results: ReadonlyArray<Type.Type>) => Partial<OperationCounts>
  readonly ways: (attributes: object) => ReadonlyArray<ReadonlyArray<readonly [Primitive.Body, number]>>
}

export const controlCostOf = controlCosts as unknown as Record<Primitive.ControlName, AnyControlCost>

/** An algebra with a counter: `counts` gives what has been counted so far. */
export interface Counting<A> {
  readonly algebra: Algebra<A>
  readonly counts: () => OperationCounts
}

const total = (counts: OperationCounts): number => Object.values(counts).reduce((sum: number, n: number) => sum + n, 0)

const ofBody = (body: Primitive.Body): OperationCounts => {
  const { algebra, counts } = countShapes()
  Body.interpret(body, algebra, Body.inputTypes(body))
  return counts()
}

export const countShapes = (): Counting<Type.Type> => {
  const counted = zeroCounts()
  const { types } = Interpreter
  return {
    counts: () => ({ ...counted }),
    algebra: {
      ...types,
      apply: (primitive, attributes, operands, type) => {
        const result = types.apply(primitive, attributes, operands, type)
        accumulate(counted, costOf[primitive](attributes, operands as ReadonlyArray<Type.Type>, result))
        return result
      },
      applyMany: (primitive, attributes, operands, known) => {
        const results = types.applyMany(primitive, attributes, operands, known)
        const { own, ways } = controlCostOf[primitive]
        accumulate(counted, own(attributes, results))
        // Of several ways the dearest.
        let dearest = zeroCounts()
        for (const way of ways(attributes)) {
          const cost = zeroCounts()
          for (const [body, times] of way) if (times > 0) accumulate(cost, ofBody(body), times)
          if (total(cost) > total(dearest)) dearest = cost
        }
        accumulate(counted, dearest)
        return results
      }
    }
  }
}
