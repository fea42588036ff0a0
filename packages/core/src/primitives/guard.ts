/**
 * Guards: primitives that pass an array on, and make a program fail.
 *
 * **Details**
 *
 * Both are the identity in their first operand, in value and in derivative. `ensure` fails at the first element for which its second operand is false; an array
 * without elements never fails. `after` evaluates its second operand first, and does nothing with it.
 *
 * @since 0.1.0
 */
import { broadcastStrides, checkArity, elementTypeError } from "../internal/indexing.ts"
import { Raised } from "../internal/raised.ts"
import type { Definition, Definitions } from "../Primitive.ts"
import * as Shape from "../Shape.ts"

/** The index of the element at a place in row-major order. */
const unravel = (place: number, shape: Shape.Shape): Array<number> => {
  const index = new Array<number>(shape.length)
  let rest = place
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!
    rest = Math.floor(rest / shape[axis]!)
  }
  return index
}

const isPlain = (u: unknown): u is { readonly _tag: unknown } => typeof u === "object" && u !== null && "_tag" in u

const ensure: Definition<"ensure"> = {
  family: "guard",
  arity: 2,
  type: ({ guard }, operands) => {
    checkArity("ensure", operands, 2)
    const [x, ok] = operands
    if (!isPlain(guard)) throw Shape.error("ensure", [x.shape], "expected a guard")
    if (ok.elementType !== "bool") throw elementTypeError("ensure", operands, "an array and truth values")
    if (!Shape.broadcastsTo(ok.shape, x.shape)) {
      throw Shape.error(
        "ensure",
        [x.shape, ok.shape],
        `the predicate: cannot broadcast ${Shape.render(ok.shape)} to ${Shape.render(x.shape)}`
      )
    }
    return x
  },
  evaluate: ({ guard }, [x, ok]) => {
    const holds = ok.data
    const first = holds.indexOf(0 as never)
    const size = x.data.length
    if (first < 0 || size === 0) return x
    let place = first
    if (holds.length !== size) {
      // The first element that reads a false one.
      const strides = broadcastStrides(ok.shape, x.shape)
      place = 0
      for (; place < size; place++) {
        const index = unravel(place, x.shape)
        if (holds[index.reduce((sum, i, axis) => sum + i * strides[axis]!, 0)] === 0) break
      }
    }
    const value = x.data[place]!
    throw new Raised(guard, x.elementType === "bool" ? value === 1 : value, unravel(place, x.shape))
  }
}

const after: Definition<"after"> = {
  family: "guard",
  arity: 2,
  type: (_, operands) => {
    checkArity("after", operands, 2)
    return operands[0]
  },
  evaluate: (_, [x]) => x
}

/**
 * The rows of the guards in core's table.
 *
 * @category tables
 * @since 0.1.0
 */
export const guard = { ensure, after } satisfies Partial<Definitions<"ensure" | "after">>
