import { Shape, Tensor, Tree } from "@fluxion/core"
import * as fc from "fast-check"
import { printed } from "../internal/code.ts"
import { listOf } from "../internal/lists.ts"

/**
 * Constraints of `direction`: with `basis`, one element is 1 and the others are 0.
 *
 * @category options
 * @since 0.1.0
 */
export interface DirectionConstraints {
  readonly basis?: boolean
}

/**
 * An arbitrary direction at a point of a tree of inputs: a tangent whose Euclidean norm over all leaves is 1, up to rounding.
 *
 * **Details**
 *
 * A tree of the leaves of reals, as `Forward.jvp` takes tangents: indices and truth values have none. Shrinks to directions along one element, and towards the
 * last one; with `basis`, along one element from the beginning, and towards the first one. Prints as the code that builds it. A specification without
 * elements of reals has no directions: that is a `ShapeError`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const f = Fn.make({ x: [3], y: [] }, ({ x, y }) => Expr.add(Expr.sum(x), y))
 * const bounded = fc.property(Arbitraries.point(f.inputs), Arbitraries.direction(f.inputs), (primals, tangents) =>
 *   Math.abs(Fn.runSync(Forward.jvp(f), { primals, tangents }).tangents) < 2.01)
 * console.log(fc.check(bounded).failed) // false
 *
 * const shrunk = fc.check(fc.property(Arbitraries.direction(f.inputs, { basis: true }), () => false))
 * console.log(fc.stringify(shrunk.counterexample?.[0])) // { x: Tensor.make([1, 0, 0]), y: 0 }
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const direction = <const I extends Tree.Spec>(
  spec: I,
  { basis = false }: DirectionConstraints = {}
): fc.Arbitrary<Tree.Value<Tree.Tangent<I>>> => {
  const tangent = Tree.tangentSpec(spec)
  const shapes = Tree.leaves(tangent).map(({ type }) => type.shape)
  const count = shapes.reduce((sum, shape) => sum + Shape.size(shape), 0)
  if (count === 0) {
    throw Shape.error("Arbitraries.direction", [], `expected an element of reals, got ${Tree.render(spec)}`)
  }
  const elements = basis
    ? fc.nat({ max: count - 1 }).map((place) => new Array<number>(count).fill(0).with(place, 1))
    : listOf(fc.integer({ min: -16, max: 16 }), count, count).map((integers) => {
        const whole: ReadonlyArray<number> = integers.some((n) => n !== 0) ? integers : integers.with(count - 1, 1)
        const norm = Math.sqrt(whole.reduce((sum, n) => sum + n * n, 0))
        return whole.map((n) => n / norm || 0)
      })
  return elements.map((data) => {
    let next = 0
    const tensors = shapes.map((shape) => Tensor.fromArray(data.slice(next, (next += Shape.size(shape))), shape))
    return printed(Tree.fromTensors(tangent, tensors))
  }) as fc.Arbitrary<Tree.Value<Tree.Tangent<I>>>
}
