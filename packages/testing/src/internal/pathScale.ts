// How large the terms are that a derivative is the sum of.

import { type Algebra, Body, Fn, Interpreter, Operations, type Primitive, Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"

interface Step {
  readonly operands: ReadonlyArray<Carrier>
  /** For each operand, the absolute local Jacobian: one row for each element of the operand. */
  readonly partials: ReadonlyArray<ReadonlyArray<Float64Array> | undefined>
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
 * sum, while the derivative itself may be much smaller by cancellation.
 */
export const pathScale = (f: Fn.Any, at: unknown, weights: ReadonlyArray<Tensor.Any>): ReadonlyArray<Float64Array> => {
  const { inputLeaves, inputs, outputLeaves } = Fn.specs(f)
  const dual = Forward.dual(Interpreter.algebra)
  const order: Array<Carrier> = []
  const carrier = (primal: Tensor.Any, step: Step | undefined, varies: boolean): Carrier => {
    const made = { primal, step, varies, total: new Float64Array(primal.data.length) }
    order.push(made)
    return made
  }
  const basis = (primal: Tensor.Any, i: number): Tensor.Any => {
    const data = new Float64Array(primal.data.length)
    data[i] = 1
    return Tensor.fromArray(data, primal.shape)
  }
  const algebra: Algebra<Carrier> = {
    apply: (primitive, attributes, given, type) => {
      const operands = given as ReadonlyArray<Carrier>
      const primals = operands.map(({ primal }) => primal)
      const result = Interpreter.algebra.apply(primitive, attributes, primals as never, type)
      if (result.elementType !== "real" || operands.every(({ varies }) => !varies))
        return carrier(result, undefined, false)
      const partials = operands.map(({ primal, varies }, position) => {
        if (!varies) return undefined
        return Array.from({ length: primal.data.length }, (_, i) => {
          const carriers = primals.map((own, j) => ({
            primal: own,
            tangent: j === position ? basis(primal, i) : Forward.Zero
          }))
          const { tangent } = dual.apply(primitive, attributes, carriers as never, type)
          return tangent === Forward.Zero
            ? new Float64Array(result.data.length)
            : Float64Array.from(tangent.data as Float64Array, Math.abs)
        })
      })
      return carrier(result, { operands, partials }, true)
    },
    applyMany: (primitive, attributes, operands) => {
      // The elements of a map, one after the other.
      if (primitive === "map") {
        const { body, consts, size, summed } = attributes as Primitive.ControlAttributes<"map">
        const ops = Operations.make(algebra)
        const elements = Array.from({ length: size }, (_, k) => {
          const slices = operands.slice(consts).map((x) => {
            const shape = ops.shapeOf(x)
            const rest = shape.slice(1)
            const attributes = {
              starts: [k, ...rest.map(() => 0)],
              limits: [k + 1, ...rest],
              strides: shape.map(() => 1)
            }
            return ops.reshape(ops.slice(x, attributes), rest)
          })
          return Body.interpret(body, algebra, [...operands.slice(0, consts), ...slices])
        })
        return Body.outputTypes(body).map(({ shape }, i, all) => {
          const own = elements.map((element) => element[i]!)
          if (i >= all.length - summed) return own.reduce((total, x) => ops.add(total, x), ops.zeros(shape))
          return size === 0 ? ops.zeros([0, ...shape]) : ops.stack(own, 0)
        })
      }
      throw new Error(`pathScale does not follow paths through ${primitive}`)
    },
    constant: (value) => carrier(value, undefined, false),
    typeOf: ({ primal }) => primal
  }
  const carriers = Tree.toTensors("pathScale", inputs, at).map((primal, i) =>
    carrier(primal, undefined, inputLeaves[i]!.type.elementType === "real")
  )
  let next = 0
  Fn.interpret(f, algebra, carriers).forEach(({ total }, i) => {
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
