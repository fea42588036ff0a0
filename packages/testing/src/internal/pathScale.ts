// How large the terms are that a derivative is the sum of.

import { type Algebra, Fn, Interpreter, type Tensor, Tree } from "@fluxion/core"
import { applyManyPartials, applyPartials, type Rows } from "./partials.ts"
import { unroll } from "./unroll.ts"

interface Step {
  readonly operands: ReadonlyArray<Carrier>
  /** For each operand, the absolute local Jacobian: one row for each element of the operand. */
  readonly partials: ReadonlyArray<Rows | undefined>
}

interface Carrier {
  readonly primal: Tensor.Any
  readonly step: Step | undefined
  readonly varies: boolean
  readonly total: Float64Array
}

/**
 * For every real input element, the sum over all paths to the outputs of the absolute product of partial derivatives, times the weights of the outputs.
 *
 * Forward and reverse mode add up the same products along the same paths in different orders, so each is exact to a few units of rounding of this
 * sum, while the derivative itself may be much smaller by cancellation. Paths through control flow are those of the branches taken and the iterations run.
 */
export const pathScale = (f: Fn.Any, at: unknown, weights: ReadonlyArray<Tensor.Any>): ReadonlyArray<Float64Array> => {
  const { inputLeaves, inputs, outputLeaves } = Fn.specs(f)
  const order: Array<Carrier> = []
  const carrier = (primal: Tensor.Any, step: Step | undefined, varies: boolean): Carrier => {
    const made = { primal, step, varies, total: new Float64Array(primal.data.length) }
    order.push(made)
    return made
  }
  const step = (result: Tensor.Any, operands: ReadonlyArray<Carrier>, partials: () => Step["partials"]): Carrier =>
    result.elementType !== "real" || operands.every(({ varies }) => !varies)
      ? carrier(result, undefined, false)
      : carrier(result, { operands, partials: partials() }, true)
  const algebra: Algebra<Carrier> = {
    apply: (primitive, attributes, given, type) => {
      const operands = given as ReadonlyArray<Carrier>
      const primals = operands.map(({ primal }) => primal)
      const result = Interpreter.algebra.apply(primitive, attributes, primals as never, type)
      return step(result, operands, () => applyPartials(primitive, attributes, operands, result)[0]!)
    },
    applyMany: (primitive, attributes, operands) => {
      const primals = operands.map(({ primal }) => primal)
      const results = Interpreter.algebra.applyMany(primitive, attributes, primals)
      const partials = operands.some(({ varies }) => varies)
        ? applyManyPartials(primitive, attributes, operands, results)
        : []
      return results.map((result, i) => step(result, operands, () => partials[i]!))
    },
    constant: (value) => carrier(value, undefined, false),
    typeOf: ({ primal }) => primal
  }
  const carriers = Tree.toTensors("pathScale", inputs, at).map((primal, i) =>
    carrier(primal, undefined, inputLeaves[i]!.type.elementType === "real")
  )
  let next = 0
  Fn.interpret(unroll(f, at), algebra, carriers).forEach(({ total }, i) => {
    if (outputLeaves[i]!.type.elementType !== "real") return
    weights[next++]!.data.forEach((w, j) => (total[j]! += Math.abs(w)))
  })
  for (let i = order.length - 1; i >= 0; i--) {
    const { step, total } = order[i]!
    step?.partials.forEach((rows, position) => {
      rows?.forEach((row, element) => {
        let sum = 0
        for (let j = 0; j < row.length; j++) if (row[j] !== 0 && total[j] !== 0) sum += row[j]! * total[j]!
        step.operands[position]!.total[element]! += sum
      })
    })
  }
  return carriers.flatMap(({ total, varies }) => (varies ? [total] : []))
}
