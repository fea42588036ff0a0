/**
 * VJP rules of the structural primitives.
 *
 * @since 0.1.0
 */
import type { Operations, Primitive, Shape } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { VjpRules } from "../VjpRule.ts"

type Ops<A> = Operations.Operations<A>

/** The part of `x` from `start` to `limit` on one axis. */
const part = <A>(ops: Ops<A>, x: A, axis: number, start: number, limit: number): A => {
  const shape = ops.shapeOf(x)
  return ops.slice(x, {
    starts: shape.map((_, i) => (i === axis ? start : 0)),
    limits: shape.map((n, i) => (i === axis ? limit : n)),
    strides: shape.map(() => 1)
  })
}

/** Whether each index is below `count`, shaped to broadcast against a `gather` on an axis of an array of this rank. */
const inRange = <A>(ops: Ops<A>, indices: A, count: number, rank: number, axis: number): A => {
  const places = ops.toReal(indices)
  const valid = ops.and(ops.ge(places, 0), ops.lt(places, count))
  return ops.reshape(valid, [...ops.shapeOf(indices), ...new Array<number>(rank - axis - 1).fill(1)])
}

/**
 * The VJP rules of the structural primitives.
 *
 * **Details**
 *
 * Each is linear in what varies, and its pullback is its transpose: `broadcastTo` and `sumTo`, `slice` and `pad`,
 * `dynamicSlice` and `dynamicUpdateSlice`, `gather` and `scatterAdd` are pairs; `reshape`, `transpose`, `reverse` and
 * `triangle` are transposed by one of their own kind. `scatterAdd` drops updates whose index is out of range, so their
 * cotangents are zero (`gather` would read NaN there).
 *
 * @example
 * ```ts
 * import { Interpreter, Operations, Tensor } from "@fluxion/core"
 * import { rules } from "@fluxion/reverse-mode/VjpRules"
 *
 * const ops = Operations.make(Interpreter.algebra)
 * const x = Tensor.make([1, 2, 3])
 * const attributes = { starts: [1], limits: [3], strides: [1] }
 * const result = ops.slice(x, attributes)
 * const context = { ops, attributes, operands: [x], result, type: ops.typeOf(result) } as const
 * const [pullback] = rules.slice
 * if (typeof pullback === "function") console.log(`${pullback(Tensor.make([10, 20]), context)}`) // [0, 10, 20]
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const structural = {
  broadcastTo: [(ct, { operands: [x], ops }) => ops.sumTo(ct, ops.shapeOf(x))],
  reshape: [(ct, { operands: [x], ops }) => ops.reshape(ct, ops.shapeOf(x))],
  transpose: [
    (ct, { attributes: { permutation }, ops }) =>
      ops.transpose(
        ct,
        permutation.map((_, axis) => permutation.indexOf(axis))
      )
  ],
  slice: [
    (ct, { attributes: { starts, strides }, operands: [x], ops }) => {
      const shape: Shape.Shape = ops.shapeOf(x)
      const kept = ops.shapeOf(ct)
      return ops.pad(ct, {
        low: starts,
        high: shape.map((n, i) => n - starts[i]! - (kept[i] === 0 ? 0 : (kept[i]! - 1) * strides[i]! + 1)),
        interior: strides.map((stride) => stride - 1),
        value: 0
      })
    }
  ],
  dynamicSlice: [
    (ct, { operands: [x, starts], ops }) => ops.dynamicUpdateSlice(ops.zeros(ops.shapeOf(x)), ct, starts),
    Zero
  ],
  dynamicUpdateSlice: [
    (ct, { operands: [, update, starts], ops }) => ops.dynamicUpdateSlice(ct, ops.zeros(ops.shapeOf(update)), starts),
    (ct, { operands: [, update, starts], ops }) => ops.dynamicSlice(ct, starts, ops.shapeOf(update)),
    Zero
  ],
  pad: [
    (ct, { attributes: { interior, low }, operands: [x], ops }) => {
      const strides = interior.map((n) => n + 1)
      return ops.slice(ct, {
        starts: low,
        limits: ops.shapeOf(x).map((n, i) => low[i]! + (n === 0 ? 0 : (n - 1) * strides[i]! + 1)),
        strides
      })
    }
  ],
  concat: (ct, { attributes: { axis }, operands, ops }, position) => {
    const lengths = operands.map((operand) => ops.shapeOf(operand)[axis]!)
    const start = lengths.slice(0, position).reduce((total, n) => total + n, 0)
    return part(ops, ct, axis, start, start + lengths[position]!)
  },
  stack: (ct, { attributes: { axis }, operands, ops }, position) =>
    ops.reshape(part(ops, ct, axis, position, position + 1), ops.shapeOf(operands[position]!)),
  reverse: [(ct, { attributes: { axes }, ops }) => ops.reverse(ct, axes)],
  gather: [
    (ct, { attributes: { axis }, operands: [x, indices], ops }) =>
      ops.scatterAdd(ops.zeros(ops.shapeOf(x)), indices, ct, axis),
    Zero
  ],
  scatterAdd: [
    (ct) => ct,
    Zero,
    (ct, { attributes: { axis }, operands: [x, indices], ops }) => {
      const shape = ops.shapeOf(x)
      return ops.select(inRange(ops, indices, shape[axis]!, shape.length, axis), ops.gather(ct, indices, axis), 0)
    }
  ],
  triangle: [(ct, { attributes, ops }) => ops.triangle(ct, attributes)]
} satisfies Partial<VjpRules<Primitive.Name>>
