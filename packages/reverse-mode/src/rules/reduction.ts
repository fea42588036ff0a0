/**
 * VJP rules of reductions, arg-reductions and cumulative primitives.
 *
 * @since 0.1.0
 */
import type { Operations, Primitive } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { VjpRules } from "../VjpRule.ts"

type Ops<A> = Operations.Operations<A>

const constantly = (rank: number, value: number): Array<number> => new Array<number>(rank).fill(value)

/**
 * Element `i` is `x[i - by]` along the axis, and `fill` where there is none. Steps of the length of the axis or more
 * leave only `fill`.
 */
const shift = <A>(ops: Ops<A>, x: A, axis: number, by: number, fill: number): A => {
  const shape = ops.shapeOf(x)
  const rank = shape.length
  const distance = Math.min(Math.abs(by), shape[axis]!)
  const starts = constantly(rank, 0)
  const limits = [...shape]
  const low = constantly(rank, 0)
  const high = constantly(rank, 0)
  if (by > 0) {
    limits[axis]! -= distance
    low[axis] = distance
  } else {
    starts[axis] = distance
    high[axis] = distance
  }
  const kept = ops.slice(x, { starts, limits, strides: constantly(rank, 1) })
  return ops.pad(kept, { low, high, interior: constantly(rank, 0), value: fill })
}

/** The product of all elements but one, for every one along an axis: no division, so any number of zeros is right. */
const productOfOthers = <A>(ops: Ops<A>, x: A, axis: number): A =>
  ops.mul(ops.cumprod(shift(ops, x, axis, 1, 1), axis, false), ops.cumprod(shift(ops, x, axis, -1, 1), axis, true))

const partialOfProduct = <A>(ops: Ops<A>, x: A, axes: ReadonlyArray<number>): A => {
  if (axes.length === 1) return productOfOthers(ops, x, axes[0]!)
  // Several axes become one: they are moved to the end and flattened.
  const shape = ops.shapeOf(x)
  const kept = shape.flatMap((_, axis) => (axes.includes(axis) ? [] : [axis]))
  const permutation = [...kept, ...axes]
  const moved = permutation.map((axis) => shape[axis]!)
  const flat = [...moved.slice(0, kept.length), moved.slice(kept.length).reduce((size, n) => size * n, 1)]
  const partial = productOfOthers(ops, ops.reshape(ops.transpose(x, permutation), flat), kept.length)
  const inverse = shape.map((_, axis) => permutation.indexOf(axis))
  return ops.transpose(ops.reshape(partial, moved), inverse)
}

/** What the pullback of a reduction is told, without regard to its name. */
interface Reduced<A> {
  readonly ops: Ops<A>
  readonly attributes: Primitive.ReductionAttributes
  readonly operands: readonly [A]
  readonly result: A
}

/** The elements that attain the extremum share its cotangent equally; nothing attains NaN, and 0 / 0 says so. */
const extremum = <A>(ct: A, { attributes: { axes }, operands: [x], ops, result }: Reduced<A>): A => {
  const shape = ops.shapeOf(x)
  const attains = ops.toReal(ops.eq(x, ops.expandReduced(result, axes, shape)))
  const count = ops.expandReduced(ops.sum(attains, axes), axes, shape)
  return ops.mulStrongZero(ops.expandReduced(ct, axes, shape), ops.div(attains, count))
}

/**
 * The VJP rules of the reducing primitives.
 *
 * **Details**
 *
 * - `prod` gives every element the product of the others, from cumulative products of those before and those after it:
 *   linear work, and right with any number of zeros, to any order.
 * - `cumprod`: with the products `p[i]` of the elements before `i`, the cotangent of `x[i]` is `p[i] h[i]` with `h[i] =
 *   ct[i] + x[i + 1] h[i + 1]`. This linear recurrence is a scan over affine maps, which compose associatively, done by
 *   doubling in `log2(n)` steps (G. E. Blelloch, "Prefix sums and their applications", CMU-CS-90-190, 1990, section
 *   1.4). Nothing is divided by `x`.
 * - `reduceMax` and `reduceMin` share the cotangent equally among ties; NaN results give NaN.
 *
 * @example
 * ```ts
 * import { Interpreter, Operations, Tensor } from "@fluxion/core"
 * import { rules } from "@fluxion/reverse-mode/VjpRules"
 *
 * const ops = Operations.make(Interpreter.algebra)
 * const x = Tensor.make([2, 0, 5])
 * const attributes = { axes: [0] }
 * const result = ops.prod(x, [0])
 * const context = { ops, attributes, operands: [x], result, type: ops.typeOf(result) } as const
 * const [pullback] = rules.prod
 * if (typeof pullback === "function") console.log(`${pullback(Tensor.make(1), context)}`) // [0, 10, 0]
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const reduction = {
  sum: [(ct, { attributes: { axes }, operands: [x], ops }) => ops.expandReduced(ct, axes, ops.shapeOf(x))],
  prod: [
    (ct, { attributes: { axes }, operands: [x], ops }) =>
      axes.length === 0
        ? ct
        : ops.mulStrongZero(ops.expandReduced(ct, axes, ops.shapeOf(x)), partialOfProduct(ops, x, axes))
  ],
  reduceMax: [extremum],
  reduceMin: [extremum],
  argmax: [Zero],
  argmin: [Zero],
  any: [Zero],
  all: [Zero],
  cumsum: [(ct, { attributes: { axis, reverse }, ops }) => ops.cumsum(ct, axis, !reverse)],
  cumprod: [
    (ct, { attributes: { axis, reverse }, operands: [x], ops, result }) => {
      const forward = reverse ? -1 : 1
      const count = ops.shapeOf(x)[axis]!
      // Going backwards, h[i] = offset[i] + factor[i] h[i + distance], with h = 0 beyond the end.
      let offset = ct
      let factor = shift(ops, x, axis, -forward, 1)
      for (let distance = 1; distance < count; distance *= 2) {
        offset = ops.add(offset, ops.mulStrongZero(shift(ops, offset, axis, -forward * distance, 0), factor))
        if (2 * distance < count) factor = ops.mul(factor, shift(ops, factor, axis, -forward * distance, 1))
      }
      return ops.mulStrongZero(offset, shift(ops, result, axis, forward, 1))
    }
  ]
} satisfies Partial<VjpRules<Primitive.Name>>
