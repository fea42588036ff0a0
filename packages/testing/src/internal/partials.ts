// By how much each element of each result of an operation moves with each element of its operands.

import { Interpreter, Primitive, Tensor } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"

/** An absolute local Jacobian: for each element of an operand a row with an entry for each element of the result. */
export type Rows = ReadonlyArray<Float64Array>

interface Operand {
  readonly primal: Tensor.Any
  readonly varies: boolean
}

type Dual = Forward.DualCarrier<Tensor.Any>

/** For each result, for each operand, the rows; none for an operand that does not vary. */
type Partials = ReadonlyArray<ReadonlyArray<Rows | undefined>>

const dual = Forward.dual(Interpreter.algebra)

const basis = ({ data, shape }: Tensor.Any, i: number): Tensor.Any => {
  const own = new Float64Array(data.length)
  own[i] = 1
  return Tensor.fromArray(own, shape)
}

/** Elimination mixes all elements: each is exact to a few units of rounding of the largest. */
const mixed = (rows: Rows): Rows => {
  const largest = rows.reduce((most, row) => row.reduce((m, x) => Math.max(m, x), most), 0)
  return rows.map((row) => row.fill(largest))
}

const partialsOf = (
  operands: ReadonlyArray<Operand>,
  results: ReadonlyArray<Tensor.Any>,
  mixes: boolean,
  push: (carriers: ReadonlyArray<Dual>) => ReadonlyArray<Dual>
): Partials => {
  const byOperand = operands.map(({ primal, varies }, position) => {
    if (!varies) return undefined
    const rows = results.map(() => new Array<Float64Array>(primal.data.length))
    for (let i = 0; i < primal.data.length; i++) {
      const carriers = operands.map((own, j): Dual => ({
        primal: own.primal,
        tangent: j === position ? basis(primal, i) : Forward.Zero
      }))
      push(carriers).forEach(({ tangent }, r) => {
        rows[r]![i] =
          tangent === Forward.Zero
            ? new Float64Array(results[r]!.data.length)
            : Float64Array.from(tangent.data as Float64Array, Math.abs)
      })
    }
    return mixes ? rows.map(mixed) : rows
  })
  return results.map((_, r) => byOperand.map((rows) => rows?.[r]))
}

/** The partial derivatives of a primitive; their magnitudes. */
export const applyPartials = <K extends Primitive.Name>(
  primitive: K,
  attributes: Primitive.Attributes<K>,
  operands: ReadonlyArray<Operand>,
  result: Tensor.Any
): Partials =>
  partialsOf(operands, [result], Primitive.definitions[primitive].family === "linalg", (carriers) => [
    dual.apply(primitive, attributes, carriers as never, result)
  ])

/** The partial derivatives of a control primitive; their magnitudes. */
export const applyManyPartials = <K extends Primitive.ControlName>(
  primitive: K,
  attributes: Primitive.ControlAttributes<K>,
  operands: ReadonlyArray<Operand>,
  results: ReadonlyArray<Tensor.Any>
): Partials =>
  partialsOf(operands, results, primitive !== "custom", (carriers) => dual.applyMany(primitive, attributes, carriers))
