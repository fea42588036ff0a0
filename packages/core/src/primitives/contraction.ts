/**
 * The contraction of two operands: any two-operand einsum.
 *
 * @since 0.1.0
 */
import { checkArity, checkBoolean, checkIntegers, elementTypeError, permuted } from "../internal/indexing.ts"
import type { Definition, Definitions } from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import * as Tensor from "../Tensor.ts"
import * as Type from "../Type.ts"

type Labels = ReadonlyArray<number>

// -----------------------------------------------------------------------------
// Typing
// -----------------------------------------------------------------------------

const type: Definition<"dot">["type"] = ({ left, right, output, strongZero }, operands) => {
  checkArity("dot", operands, 2)
  const [x, y] = operands
  if (x.elementType !== "real" || y.elementType !== "real") throw elementTypeError("dot", operands, "two reals")
  const shapes = [x.shape, y.shape]
  const fail = (problem: string) => Shape.error("dot", shapes, problem)
  const between = `${Shape.render(x.shape)} and ${Shape.render(y.shape)}`
  checkIntegers("dot", x.shape, "left labels", left, x.shape.length, 0)
  checkIntegers("dot", y.shape, "right labels", right, y.shape.length, 0)
  checkIntegers("dot", x.shape, "output labels", output, undefined, 0)
  checkBoolean("dot", x.shape, "strongZero", strongZero)
  const sizes = new Map<number, number>()
  const occurrences = new Map<number, number>()
  const visit = (list: string, labels: Labels): void => {
    const seen = new Set<number>()
    for (const label of labels) {
      if (seen.has(label)) throw fail(`expected distinct ${list} labels for ${between}, but ${label} occurs twice`)
      seen.add(label)
      occurrences.set(label, (occurrences.get(label) ?? 0) + 1)
    }
  }
  visit("left", left)
  visit("right", right)
  visit("output", output)
  left.forEach((label, axis) => sizes.set(label, x.shape[axis]!))
  right.forEach((label, axis) => {
    const known = sizes.get(label)
    if (known !== undefined && known !== y.shape[axis]) {
      throw fail(`label ${label} has size ${known} in the left and ${y.shape[axis]} in the right operand of ${between}`)
    }
    sizes.set(label, y.shape[axis]!)
  })
  for (const [label, count] of occurrences) {
    if (count < 2) {
      throw fail(
        `expected every label in two of left, right and output, but ${label} occurs in one only, for ${between}`
      )
    }
  }
  const shape = output.map((label) => sizes.get(label)!)
  Shape.validate("dot", shape)
  return Type.real(shape)
}

// -----------------------------------------------------------------------------
// Evaluation
// -----------------------------------------------------------------------------

const isWhollyFinite = (data: Float64Array): boolean => {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i]!)) return false
  return true
}

// Three loop nests over the same sums. Each adds the products of one element of the result in the order of the
// contracted index, starting from 0, so they agree to the last bit and the layout decides between them by speed alone.

/** out[b,m,n] = sum over k of x[b,m,k] y[b,k,n]: the innermost loop runs along rows of `y` and `out`. */
const byRows = (
  out: Float64Array,
  x: Float64Array,
  y: Float64Array,
  batch: number,
  rows: number,
  columns: number,
  inner: number
): void => {
  for (let row = 0; row < batch * rows; row++) {
    const matrix = Math.floor(row / rows) * inner * columns
    for (let k = 0; k < inner; k++) {
      const a = x[row * inner + k]!
      const from = matrix + k * columns
      const to = row * columns
      for (let n = 0; n < columns; n++) out[to + n]! += a * y[from + n]!
    }
  }
}

/** out[b,m,n] = sum over k of x[b,m,k] y[b,n,k]: the innermost loop runs along rows of both operands. */
const byInnerProducts = (
  out: Float64Array,
  x: Float64Array,
  y: Float64Array,
  batch: number,
  rows: number,
  columns: number,
  inner: number
): void => {
  for (let row = 0; row < batch * rows; row++) {
    const matrix = Math.floor(row / rows) * columns * inner
    for (let n = 0; n < columns; n++) {
      const from = matrix + n * inner
      let total = 0
      for (let k = 0; k < inner; k++) total += x[row * inner + k]! * y[from + k]!
      out[row * columns + n] = total
    }
  }
}

/** As `byRows`, where a product with a zero factor is zero whatever the other factor. */
const byRowsStrongZero = (
  out: Float64Array,
  x: Float64Array,
  y: Float64Array,
  batch: number,
  rows: number,
  columns: number,
  inner: number
): void => {
  for (let row = 0; row < batch * rows; row++) {
    const matrix = Math.floor(row / rows) * inner * columns
    for (let k = 0; k < inner; k++) {
      const a = x[row * inner + k]!
      if (a === 0) continue
      const from = matrix + k * columns
      const to = row * columns
      for (let n = 0; n < columns; n++) {
        const b = y[from + n]!
        if (b !== 0) out[to + n]! += a * b
      }
    }
  }
}

const evaluate: Definition<"dot">["evaluate"] = ({ left, right, output, strongZero }, [x, y], type) => {
  const xs = x.data as Float64Array
  const ys = y.data as Float64Array
  const result = new Float64Array(Shape.size(type.shape))
  if (result.length === 0 || xs.length === 0) return Tensor.unsafeMake("real", type.shape, result)
  // Every contraction is a batch of matrix products once the labels are grouped by the lists they occur in.
  const batch = output.filter((label) => left.includes(label) && right.includes(label))
  const rows = output.filter((label) => !right.includes(label))
  const columns = output.filter((label) => !left.includes(label))
  const inner = left.filter((label) => !output.includes(label))
  const sizeOf = (labels: Labels, of: Labels, shape: Shape.Shape): number =>
    Shape.size(labels.map((label) => shape[of.indexOf(label)]!))
  const batchSize = sizeOf(batch, left, x.shape)
  const rowCount = sizeOf(rows, left, x.shape)
  const columnCount = sizeOf(columns, right, y.shape)
  const innerSize = sizeOf(inner, left, x.shape)
  // `permuted` copies only where the layout differs: matrix products written the usual way copy nothing.
  const arrange = (data: Float64Array, shape: Shape.Shape, from: Labels, to: Labels): Float64Array =>
    permuted(
      "real",
      data,
      shape,
      to.map((label) => from.indexOf(label))
    ) as Float64Array
  const a = arrange(xs, x.shape, left, [...batch, ...rows, ...inner])
  const transposed = [...batch, ...columns, ...inner]
  const ordinary = !strongZero || (isWhollyFinite(xs) && isWhollyFinite(ys))
  if (ordinary && arrange(ys, y.shape, right, transposed) === ys) {
    byInnerProducts(result, a, ys, batchSize, rowCount, columnCount, innerSize)
  } else {
    const b = arrange(ys, y.shape, right, [...batch, ...inner, ...columns])
    const multiply = ordinary ? byRows : byRowsStrongZero
    multiply(result, a, b, batchSize, rowCount, columnCount, innerSize)
  }
  const order = [...batch, ...rows, ...columns]
  const arranged = order.map((label) => type.shape[output.indexOf(label)]!)
  return Tensor.unsafeMake("real", type.shape, arrange(result, arranged, order, output))
}

// -----------------------------------------------------------------------------
// The table
// -----------------------------------------------------------------------------

/**
 * The contracting row of core's table.
 *
 * **Details**
 *
 * The products of one element of the result are added in sequence, in row-major order of the contracted labels as they
 * occur in `left`, starting from 0.
 *
 * @internal
 */
export const contraction = {
  dot: { family: "contraction", arity: 2, type, evaluate }
} satisfies Definitions<"dot">
