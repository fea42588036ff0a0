/**
 * JVP rules of the reductions and of the cumulative primitives.
 *
 * **Details**
 *
 * The products carry pairs (p, t) of a partial product and its tangent, combined by the product rule `(p, t)(q, u) = (p
 * q, t q + p u)`. This operation is associative, so a tree reduces the pairs and a doubling scan accumulates them.
 * Nothing is divided, so any number of zeros among the factors is right, and since only products and sums are used, so
 * are the derivatives of the rule of any order (Speelpenning's product: Griewank & Walther 2008, section 3.3; the scan:
 * Hillis & Steele, Data parallel algorithms, CACM 29, 1986; Blelloch, Prefix sums and their applications, 1990).
 *
 * @since 0.1.0
 */
import type { Operations, Primitive } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { JvpRules } from "../JvpRule.ts"

/** Elements `from` to `to` along one axis. */
const window = <A>(ops: Operations.Operations<A>, x: A, axis: number, from: number, to: number): A => {
  const shape = ops.shapeOf(x)
  return ops.slice(x, {
    starts: shape.map((_, i) => (i === axis ? from : 0)),
    limits: shape.map((n, i) => (i === axis ? to : n)),
    strides: shape.map(() => 1)
  })
}

/** `low` and `high` further elements of the given value along one axis. */
const extend = <A>(ops: Operations.Operations<A>, x: A, axis: number, low: number, high: number, value: number): A => {
  const shape = ops.shapeOf(x)
  return ops.pad(x, {
    low: shape.map((_, i) => (i === axis ? low : 0)),
    high: shape.map((_, i) => (i === axis ? high : 0)),
    interior: shape.map(() => 0),
    value
  })
}

/** The tangent of the product of two factors. */
const productTangent = <A>(ops: Operations.Operations<A>, p: A, t: A, q: A, u: A): A =>
  ops.add(ops.mulStrongZero(t, q), ops.mulStrongZero(u, p))

/**
 * Shares of a maximum or minimum: one over the number of elements that reach it, for those that do. Where the result is
 * NaN no element equals it, and 0 times 1/0 makes the shares NaN.
 */
const shares = <A>(ops: Operations.Operations<A>, x: A, result: A, axes: ReadonlyArray<number>): A => {
  const shape = ops.shapeOf(x)
  const reached = ops.toReal(ops.eq(x, ops.expandReduced(result, axes, shape)))
  return ops.mul(reached, ops.expandReduced(ops.div(1, ops.sum(reached, axes)), axes, shape))
}

/**
 * The JVP rules of the reductions and of the cumulative primitives.
 *
 * **Details**
 *
 * `prod` takes O(n) work in O(log n) operations, `cumprod` O(n log n) work in O(log n) operations. Elements that tie
 * for a maximum or minimum share its derivative equally; a NaN result has a NaN derivative.
 *
 * @category tables
 * @since 0.1.0
 */
export const reduction = {
  sum: [(t, { ops, attributes: { axes } }) => ops.sum(t, axes)],
  prod: [
    (tangent, { ops, attributes: { axes }, operands: [x], type }) => {
      const shape = ops.shapeOf(x)
      const kept = shape.flatMap((_, i) => (axes.includes(i) ? [] : [i]))
      const count = axes.reduce((n, axis) => n * shape[axis]!, 1)
      // The sum of no or one tangent.
      if (count < 2) return ops.sum(tangent, axes)
      const axis = kept.length
      const rows = [...kept.map((i) => shape[i]!), count]
      const length = 2 ** Math.ceil(Math.log2(count))
      const prepare = (y: typeof x, fill: number): typeof x => {
        const flat = ops.reshape(ops.transpose(y, [...kept, ...axes]), rows)
        return length === count ? flat : extend(ops, flat, axis, 0, length - count, fill)
      }
      let p = prepare(x, 1)
      let t = prepare(tangent, 0)
      for (let half = length / 2; half >= 1; half /= 2) {
        const left = window(ops, p, axis, 0, half)
        const right = window(ops, p, axis, half, 2 * half)
        t = productTangent(ops, left, window(ops, t, axis, 0, half), right, window(ops, t, axis, half, 2 * half))
        if (half > 1) p = ops.mul(left, right)
      }
      return ops.reshape(t, type.shape)
    }
  ],
  reduceMax: [
    (t, { ops, attributes: { axes }, operands: [x], result }) =>
      ops.sum(ops.mulStrongZero(t, shares(ops, x, result, axes)), axes)
  ],
  reduceMin: [
    (t, { ops, attributes: { axes }, operands: [x], result }) =>
      ops.sum(ops.mulStrongZero(t, shares(ops, x, result, axes)), axes)
  ],
  argmax: [Zero],
  argmin: [Zero],
  any: [Zero],
  all: [Zero],
  cumsum: [(t, { ops, attributes: { axis, reverse } }) => ops.cumsum(t, axis, reverse)],
  cumprod: [
    (tangent, { ops, attributes: { axis, reverse }, operands: [x] }) => {
      const count = ops.shapeOf(x)[axis]!
      const shift = (y: typeof x, by: number, fill: number): typeof x =>
        reverse
          ? extend(ops, window(ops, y, axis, by, count), axis, 0, by, fill)
          : extend(ops, window(ops, y, axis, 0, count - by), axis, by, 0, fill)
      // After each step, p and t are the products of up to 2 * by factors that end at each place, and their tangents.
      let p = x
      let t = tangent
      for (let by = 1; by < count; by *= 2) {
        const before = shift(p, by, 1)
        t = productTangent(ops, before, shift(t, by, 0), p, t)
        if (2 * by < count) p = ops.mul(before, p)
      }
      return t
    }
  ]
} satisfies Partial<JvpRules<Primitive.Name>>
