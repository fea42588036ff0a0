/**
 * Reductions, arg-reductions and cumulative primitives.
 *
 * **Details**
 *
 * The reduced elements of one result are taken in row-major order of the reduced axes. A reduction over no axes is the
 * identity.
 *
 * @since 0.1.0
 */
import {
  allocate,
  checkArity,
  checkAxes,
  checkAxis,
  checkBoolean,
  elementTypeError,
  permuted,
  tensor
} from "../internal/indexing.ts"
import type { Elements } from "../internal/indexing.ts"
import type { Definition, Definitions, Name } from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import * as Tensor from "../Tensor.ts"
import * as Type from "../Type.ts"

// Rows of one kind differ in their name only, so one of them stands for the type of all. (`Row` takes the name
// out of the type, which would otherwise be compared before the structure.)
type Row<D> = { readonly [Field in keyof D]: D[Field] }
type Reduction = Row<Definition<"sum">>
type ArgReduction = Row<Definition<"argmax">>
type Cumulative = Row<Definition<"cumsum">>

/** Reduces the `count` elements of `x` from place `at` on. */
type Reduce<In> = (x: In, at: number, count: number) => number

// -----------------------------------------------------------------------------
// Sums
// -----------------------------------------------------------------------------

const BLOCK = 128

/**
 * Pairwise summation: blocks of at most 128 elements are added one after the other, starting from 0, and the sums of
 * blocks are added in a balanced tree. The left part takes the largest 128 * 2^k elements below `count`, so a streaming
 * implementation gets the same bits by merging block sums as a binary counter carries. The error is at most about
 * (128 + log2(count / 128)) * eps relative to the sum of magnitudes, where adding in sequence has count * eps
 * (N. J. Higham, "The accuracy of floating point summation", SIAM J. Sci. Comput. 14, 1993).
 */
const sumOfReals = (x: Float64Array, at: number, count: number): number => {
  if (count <= BLOCK) {
    let total = 0
    for (let i = at; i < at + count; i++) total += x[i]!
    return total
  }
  let left = BLOCK
  while (left * 2 < count) left *= 2
  return sumOfReals(x, at, left) + sumOfReals(x, at + left, count - left)
}

const sumOfIndices = (x: Int32Array, at: number, count: number): number => {
  let total = 0
  for (let i = at; i < at + count; i++) total = (total + x[i]!) | 0
  return total
}

// -----------------------------------------------------------------------------
// Typing
// -----------------------------------------------------------------------------

const checkOperand = (
  operation: string,
  operands: readonly [Type.Type],
  accepted: ReadonlyArray<Type.ElementType>
): Type.Type => {
  checkArity(operation, operands, 1)
  if (!accepted.includes(operands[0].elementType)) {
    throw elementTypeError(operation, operands, accepted.join(" or "))
  }
  return operands[0]
}

const reducing = (
  operation: string,
  reduce: {
    readonly real?: Reduce<Float64Array>
    readonly index?: Reduce<Int32Array>
    readonly bool?: Reduce<Uint8Array>
  }
): Reduction => {
  const accepted = Object.keys(reduce) as Array<Type.ElementType>
  return {
    family: "reduction",
    arity: 1,
    type: ({ axes }, operands) => {
      const x = checkOperand(operation, operands, accepted)
      checkAxes(operation, x.shape, axes)
      return axes.length === 0 ? x : Type.make(x.elementType, Shape.reduce(x.shape, axes))
    },
    evaluate: ({ axes }, [x], type) => {
      if (axes.length === 0) return x
      const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
      // With the reduced axes last, the elements of one result are next to each other.
      const data = permuted(x.elementType, x.data, x.shape, [...kept, ...axes])
      const out = allocate(x.elementType, Shape.size(type.shape))
      const count = Shape.size(axes.map((axis) => x.shape[axis]!))
      const of = reduce[x.elementType] as Reduce<Elements>
      for (let i = 0; i < out.length; i++) out[i] = of(data, i * count, count)
      return tensor(type, out)
    }
  }
}

// -----------------------------------------------------------------------------
// Along one axis
// -----------------------------------------------------------------------------

/** The lines of an array along one axis: `outer * inner` lines of `count` elements, `inner` apart. */
const linesAlong = (shape: Shape.Shape, axis: number) => ({
  outer: Shape.size(shape.slice(0, axis)),
  count: shape[axis]!,
  inner: Shape.size(shape.slice(axis + 1))
})

const argReduction = (operation: string, better: (candidate: number, best: number) => boolean): ArgReduction => ({
  family: "reduction",
  arity: 1,
  type: ({ axis }, operands) => {
    const x = checkOperand(operation, operands, ["real", "index"])
    checkAxis(operation, x.shape, axis)
    if (x.shape[axis] === 0) {
      throw Shape.error(
        operation,
        [x.shape],
        `expected a non-empty axis, but axis ${axis} of ${Shape.render(x.shape)} is empty`
      )
    }
    return Type.index(Shape.reduce(x.shape, [axis]))
  },
  evaluate: ({ axis }, [x], type) => {
    const { outer, count, inner } = linesAlong(x.shape, axis)
    const out = new Int32Array(outer * inner)
    for (let line = 0; line < out.length; line++) {
      const start = Math.floor(line / inner) * count * inner + (line % inner)
      let best = x.data[start]!
      let found = 0
      // A NaN is the extremum: nothing is better than the first one.
      for (let i = 1; i < count && best === best; i++) {
        const candidate = x.data[start + i * inner]!
        if (better(candidate, best) || candidate !== candidate) {
          best = candidate
          found = i
        }
      }
      out[line] = found
    }
    return Tensor.unsafeMake("index", type.shape, out)
  }
})

const cumulative = (
  operation: string,
  accepted: ReadonlyArray<Type.ElementType>,
  initial: number,
  combine: (total: number, element: number) => number
): Cumulative => ({
  family: "reduction",
  arity: 1,
  type: ({ axis, reverse }, operands) => {
    const x = checkOperand(operation, operands, accepted)
    checkAxis(operation, x.shape, axis)
    checkBoolean(operation, x.shape, "reverse", reverse)
    return x
  },
  evaluate: ({ axis, reverse }, [x], type) => {
    const { outer, count, inner } = linesAlong(x.shape, axis)
    const out = allocate(x.elementType, x.data.length)
    const step = reverse ? -inner : inner
    // An empty array may still have any number of (empty) lines.
    for (let o = 0; o < outer && out.length > 0; o++) {
      for (let line = 0; line < inner; line++) {
        let at = o * count * inner + line + (reverse ? (count - 1) * inner : 0)
        let total = initial
        for (let i = 0; i < count; i++, at += step) {
          total = combine(total, x.data[at]!)
          out[at] = total
        }
      }
    }
    return tensor(type, out)
  }
})

// -----------------------------------------------------------------------------
// The table
// -----------------------------------------------------------------------------

/**
 * The reducing rows of core's table.
 *
 * **Details**
 *
 * Nothing sums to 0 and multiplies to 1; its maximum is `-Infinity` (for indices the least int32) and its minimum
 * `Infinity` (the greatest). Sums start from 0, so a sum over some axes is never `-0`. `NaN` propagates; for `argmax`
 * and `argmin` the first `NaN` is the extremum, else the first of ties.
 * Sums of indices wrap around. Everything but `sum` runs in sequence.
 *
 * @internal
 */
export const reduction = {
  sum: reducing("sum", { real: sumOfReals, index: sumOfIndices }),
  prod: reducing("prod", {
    real: (x, at, count) => {
      let total = 1
      for (let i = at; i < at + count; i++) total *= x[i]!
      return total
    }
  }),
  reduceMax: reducing("reduceMax", {
    real: (x, at, count) => {
      let most = -Infinity
      for (let i = at; i < at + count; i++) most = Math.max(most, x[i]!)
      return most
    },
    index: (x, at, count) => {
      let most = -2147483648
      for (let i = at; i < at + count; i++) if (x[i]! > most) most = x[i]!
      return most
    }
  }),
  reduceMin: reducing("reduceMin", {
    real: (x, at, count) => {
      let least = Infinity
      for (let i = at; i < at + count; i++) least = Math.min(least, x[i]!)
      return least
    },
    index: (x, at, count) => {
      let least = 2147483647
      for (let i = at; i < at + count; i++) if (x[i]! < least) least = x[i]!
      return least
    }
  }),
  argmax: argReduction("argmax", (candidate, best) => candidate > best),
  argmin: argReduction("argmin", (candidate, best) => candidate < best),
  any: reducing("any", {
    bool: (x, at, count) => {
      for (let i = at; i < at + count; i++) if (x[i] !== 0) return 1
      return 0
    }
  }),
  all: reducing("all", {
    bool: (x, at, count) => {
      for (let i = at; i < at + count; i++) if (x[i] === 0) return 0
      return 1
    }
  }),
  cumsum: cumulative("cumsum", ["real"], 0, (total, element) => total + element),
  cumprod: cumulative("cumprod", ["real"], 1, (total, element) => total * element)
} satisfies Partial<Definitions<Name>>
