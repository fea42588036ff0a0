/**
 * JVP rules of the structural primitives.
 *
 * **Details**
 *
 * All are linear in their real operands: a tangent moves as its primal moves (Griewank & Walther 2008, section 3.1).
 *
 * @since 0.1.0
 */
import { type Operations, type Primitive, Tensor } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { JvpRules } from "../JvpRule.ts"

/** The tangents, with zeros written out; `Zero` if there are no others. */
const written = <A>(
  ops: Operations.Operations<A>,
  tangents: ReadonlyArray<A | Zero>,
  operands: ReadonlyArray<A>
): ReadonlyArray<A> | Zero =>
  tangents.every((t) => t === Zero)
    ? Zero
    : tangents.map((t, i) => (t === Zero ? ops.zeros(ops.shapeOf(operands[i]!)) : t))

/**
 * Tangents gathered along an axis, 0 where an index is out of range: what is read there is NaN whatever `x` is, so it
 * does not vary with `x`.
 */
const gatherTangent = <A>(ops: Operations.Operations<A>, t: A, indices: A, axis: number): A => {
  const shape = ops.shapeOf(t)
  const index = (value: number): A => ops.constant(Tensor.index(value))
  const reads = ops.and(ops.ge(indices, index(0)), ops.lt(indices, index(shape[axis]!)))
  const trailing = shape.slice(axis + 1).map(() => 1)
  return ops.select(ops.reshape(reads, [...ops.shapeOf(indices), ...trailing]), ops.gather(t, indices, axis), 0)
}

/**
 * The JVP rules of the structural primitives.
 *
 * **Details**
 *
 * An index out of range reads NaN in `gather`; its tangent is 0. What `scatterAdd` drops from the updates it drops from
 * their tangents.
 *
 * @category tables
 * @since 0.1.0
 */
export const structural = {
  broadcastTo: [(t, { ops, attributes: { shape } }) => ops.broadcastTo(t, shape)],
  reshape: [(t, { ops, attributes: { shape } }) => ops.reshape(t, shape)],
  transpose: [(t, { ops, attributes: { permutation } }) => ops.transpose(t, permutation)],
  slice: [(t, { ops, attributes }) => ops.slice(t, attributes)],
  dynamicSlice: [(t, { ops, attributes: { sizes }, operands: [, starts] }) => ops.dynamicSlice(t, starts, sizes), Zero],
  dynamicUpdateSlice: [
    (t, { ops, operands: [, update, starts] }) => ops.dynamicUpdateSlice(t, ops.zeros(ops.shapeOf(update)), starts),
    (t, { ops, operands: [x, , starts] }) => ops.dynamicUpdateSlice(ops.zeros(ops.shapeOf(x)), t, starts),
    Zero
  ],
  pad: [(t, { ops, attributes }) => ops.pad(t, { ...attributes, value: 0 })],
  concat: (tangents, { ops, attributes: { axis }, operands }) => {
    const all = written(ops, tangents, operands)
    return all === Zero ? Zero : ops.concat(all, axis)
  },
  stack: (tangents, { ops, attributes: { axis }, operands }) => {
    const all = written(ops, tangents, operands)
    return all === Zero ? Zero : ops.stack(all, axis)
  },
  reverse: [(t, { ops, attributes: { axes } }) => ops.reverse(t, axes)],
  gather: [(t, { ops, attributes: { axis }, operands: [, indices] }) => gatherTangent(ops, t, indices, axis), Zero],
  scatterAdd: [
    (t) => t,
    Zero,
    (t, { ops, attributes: { axis }, operands: [x, indices] }) =>
      ops.scatterAdd(ops.zeros(ops.shapeOf(x)), indices, t, axis)
  ],
  triangle: [(t, { ops, attributes }) => ops.triangle(t, attributes)]
} satisfies Partial<JvpRules<Primitive.Name>>
