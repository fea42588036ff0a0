// How far the outputs of a program may be off where some of its operations are: running error analysis, to first order.

import { type Algebra, Fn, Interpreter, Primitive, Shape, Tensor, Tree } from "@fluxion/core"
import * as Ulp from "../Ulp.ts"
import { applyManyPartials, applyPartials, type Rows } from "./partials.ts"
import { unroll } from "./unroll.ts"

/** How many units in the last place the result of an operation may be off. */
export type Allowances = { readonly [K in Primitive.Name | Primitive.ControlName]?: number }

/** In which precision the other side computes. */
export type Precision = "float64" | "float32"

interface Carrier {
  readonly primal: Tensor.Any
  /** How far each element may be off; `undefined` where nothing is, infinite where it may be anything. */
  readonly error: Float64Array | undefined
}

const { apply } = Interpreter.algebra

/** Operations whose results are singles where their operands are. */
const selections: ReadonlySet<string> = new Set([
  "neg",
  "abs",
  "sign",
  "relu",
  "floor",
  "ceil",
  "round",
  "max",
  "min",
  "rem",
  "select",
  "clamp",
  "reduceMax",
  "reduceMin",
  "stopGradient"
])

/** From where on rounding to single precision gives infinity. */
const GREATEST = 2 ** 128 - 2 ** 103

/** The unit in the last place of a number. */
const ulpOf = (precision: Precision, x: number): number =>
  precision === "float64" ? Ulp.of(x) : Math.max(2 ** -149, Ulp.of(x) * 2 ** 29)

const comparisons: ReadonlySet<string> = new Set(["eq", "ne", "lt", "le", "gt", "ge"])

const exact = (primal: Tensor.Any): Carrier => ({ primal, error: undefined })

const unknown = (primal: Tensor.Any): Carrier => ({
  primal,
  error: new Float64Array(primal.data.length).fill(Number.POSITIVE_INFINITY)
})

const isUnknown = ({ error, primal }: Carrier): boolean =>
  error !== undefined && (primal.elementType !== "real" || error.includes(Number.POSITIVE_INFINITY))

/** Elements moved by their errors in one direction. */
const moved = ({ error, primal }: Carrier, sign: number): Tensor.Any =>
  error === undefined || primal.elementType !== "real"
    ? primal
    : Tensor.fromArray(
        Float64Array.from(primal.data, (x, i) => x + sign * error[i]!),
        primal.shape
      )

const directions: ReadonlyArray<ReadonlyArray<number>> = [
  [1, 1, 1],
  [-1, -1, -1],
  [1, -1, -1],
  [-1, 1, 1]
]

/** The operands moved together and against each other. */
const corners = (operands: ReadonlyArray<Carrier>): ReadonlyArray<ReadonlyArray<Tensor.Any>> =>
  directions.map((signs) => operands.map((x, i) => moved(x, signs[i % 3]!)))

const same = (a: Tensor.Any, b: Tensor.Any): boolean => a.data.every((x: number, i: number) => Ulp.same(x, b.data[i]!))

/** Whether a comparison is the same wherever its operands are. */
const isDecided = (operands: ReadonlyArray<Carrier>): boolean => {
  const orders = corners(operands).flatMap((at) => [apply("lt", {}, at as never), apply("le", {}, at as never)])
  return orders.every((order) => same(order, orders[0]!))
}

const weighed = (
  rows: ReadonlyArray<Rows | undefined>,
  weights: ReadonlyArray<ArrayLike<number> | undefined>,
  j: number
) =>
  rows.reduce((sum, own, position) => {
    const weight = weights[position]
    if (own === undefined || weight === undefined) return sum
    return own.reduce(
      (total, row, i) => total + (row[j] === 0 || weight[i] === 0 ? 0 : row[j]! * Math.abs(weight[i]!)),
      sum
    )
  }, 0)

/**
 * By how much each element of the outputs may differ when every operation may be off by its allowance, and is exact otherwise.
 *
 * Errors go from operation to operation through the magnitudes of the partial derivatives, and each operation on values that are off may round another way. The unit of an allowance is the last
 * place of the result for elementwise operations, and that of the sum of the magnitudes of the terms for sums, contractions and linear algebra.
 * Where a jump or a comparison may go either way, what depends on it may be anything.
 */
export const errorBounds = (
  f: Fn.Any,
  at: unknown,
  allowances: Allowances,
  precision: Precision = "float64"
): ReadonlyArray<Float64Array> => {
  const isSingle = precision === "float32"
  /** What is rounded to single precision. */
  const rounded = (primal: Tensor.Any): Carrier => {
    if (!isSingle || primal.elementType !== "real") return exact(primal)
    const error = Float64Array.from(primal.data, (x) =>
      !Number.isFinite(x) ? 0 : Math.abs(x) > GREATEST ? Number.POSITIVE_INFINITY : Math.abs(Math.fround(x) - x)
    )
    return { primal, error: error.some((e) => e > 0) ? error : undefined }
  }
  const bounded = (
    primitive: Primitive.Name | Primitive.ControlName,
    family: Primitive.Family,
    operands: ReadonlyArray<Carrier>,
    result: Tensor.Any,
    rows: ReadonlyArray<Rows | undefined>,
    evaluate: (at: ReadonlyArray<Tensor.Any>) => Tensor.Any
  ): Carrier => {
    const rounding = isSingle && family !== "structural" && !selections.has(primitive) ? 0.5 : 0
    const allowance = (allowances[primitive] ?? 0) + rounding
    const others = corners(operands).map(evaluate)
    const sums = family === "reduction" || family === "contraction" || family === "linalg"
    const terms = operands.reduce((n, { primal }) => n + primal.data.length, 0)
    const error = Float64Array.from(result.data, (value, j) => {
      if (!Number.isFinite(value)) {
        return others.every(({ data }) => Ulp.same(data[j]!, value)) ? 0 : Number.POSITIVE_INFINITY
      }
      const carried = weighed(
        rows,
        operands.map((x) => x.error),
        j
      )
      const scale = sums
        ? weighed(
            rows,
            operands.map(({ primal }) => primal.data),
            j
          )
        : Math.abs(value)
      const unit = family === "structural" ? 0 : ulpOf(precision, Math.max(scale, Math.abs(value)))
      const bound = carried + (allowance + (carried > 0 ? (sums ? terms : 1) : 0)) * unit
      if (isSingle && Math.max(scale, Math.abs(value)) + bound > GREATEST) return Number.POSITIVE_INFINITY
      // A jump, or more curvature than a first order sees.
      const jumps = others.some(({ data }) => !(Math.abs(data[j]! - value) <= 2 * bound + unit))
      return jumps || Number.isNaN(bound) ? Number.POSITIVE_INFINITY : bound
    })
    return { primal: result, error: error.some((e) => e > 0) ? error : undefined }
  }
  const carriers = (operands: ReadonlyArray<Carrier>) =>
    operands.map(({ primal }) => ({ primal, varies: primal.elementType === "real" }))
  const algebra: Algebra<Carrier> = {
    apply: (primitive, attributes, given, type) => {
      const operands = given as ReadonlyArray<Carrier>
      const evaluate = (at: ReadonlyArray<Tensor.Any>) => apply(primitive, attributes, at as never, type)
      const result = evaluate(operands.map(({ primal }) => primal))
      if (!isSingle && operands.every(({ error }) => error === undefined) && allowances[primitive] === undefined)
        return exact(result)
      if (operands.some(isUnknown)) return unknown(result)
      if (comparisons.has(primitive)) return isDecided(operands) ? exact(result) : unknown(result)
      if (result.elementType !== "real") {
        const decided = corners(operands).every((at) => same(evaluate(at), result))
        return decided && primitive !== "argmax" && primitive !== "argmin" ? exact(result) : unknown(result)
      }
      const [rows] = applyPartials(primitive, attributes, carriers(operands), result)
      return bounded(primitive, Primitive.definitions[primitive].family, operands, result, rows!, evaluate)
    },
    applyMany: (primitive, attributes, operands) => {
      const evaluate = (at: ReadonlyArray<Tensor.Any>) => Interpreter.algebra.applyMany(primitive, attributes, at)
      const results = evaluate(operands.map(({ primal }) => primal))
      if (!isSingle && operands.every(({ error }) => error === undefined) && allowances[primitive] === undefined)
        return results.map(exact)
      if (operands.some(isUnknown)) return results.map(unknown)
      const rows = applyManyPartials(primitive, attributes, carriers(operands), results)
      return results.map((result, i) =>
        bounded(primitive, "linalg", operands, result, rows[i]!, (at) => evaluate(at)[i]!)
      )
    },
    constant: rounded,
    typeOf: ({ primal }) => primal
  }
  const { inputs, outputLeaves } = Fn.specs(f)
  const tensors = Tree.toTensors("Laws.backendAgrees", inputs, at)
  return Fn.interpret(unroll(f, at, "evaluated"), algebra, tensors.map(rounded)).map(
    ({ error }, i) => error ?? new Float64Array(Shape.size(outputLeaves[i]!.type.shape))
  )
}
