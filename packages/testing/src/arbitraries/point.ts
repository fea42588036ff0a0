import { Shape, type Tensor, Tree, type Type } from "@fluxion/core"
import * as fc from "fast-check"
import { printed, tensorOf } from "../internal/code.ts"
import { listOf } from "../internal/lists.ts"
import { type TensorConstraints, tensor } from "./tensor.ts"

/**
 * Bounds of indices: 0 to 3 by default, both included.
 *
 * @category options
 * @since 0.1.0
 */
export interface IndexConstraints {
  readonly min?: number
  readonly max?: number
}

/**
 * What is asked of single leaves of a point: a tree like its specification, of constraints or of arbitraries, any part of which may be left out.
 *
 * @category options
 * @since 0.1.0
 */
export type LeafConstraints<S> = [Tree.Spec] extends [S]
  ? unknown
  : S extends Shape.Shape
    ? TensorConstraints | fc.Arbitrary<Tree.Value<S>>
    : S extends Type.Type<infer D, Shape.Shape>
      ?
          | fc.Arbitrary<Tree.Value<S>>
          | (D extends "real" ? TensorConstraints : D extends "index" ? IndexConstraints : never)
      : { readonly [K in keyof S]?: LeafConstraints<S[K]> | undefined }

/**
 * Constraints of `point`: of all leaves of reals, of all leaves of indices, and of single leaves, which go first.
 *
 * @category options
 * @since 0.1.0
 */
export interface PointConstraints<S = Tree.Spec> {
  readonly reals?: TensorConstraints
  readonly indices?: IndexConstraints
  readonly leaves?: LeafConstraints<S>
}

const typed = (type: Type.Type, elements: fc.Arbitrary<number>): fc.Arbitrary<Tensor.Any> => {
  const size = Shape.size(type.shape)
  return listOf(elements, size, size).map((data) => tensorOf(type, data))
}

const leaf = (type: Type.Type, constraints: Omit<PointConstraints, "leaves">, own: object): fc.Arbitrary<unknown> => {
  if (own instanceof fc.Arbitrary) return own
  switch (type.elementType) {
    case "real":
      return tensor(type.shape, { ...constraints.reals, ...own })
    case "index": {
      const { max = 3, min = Math.min(0, max) }: IndexConstraints = { ...constraints.indices, ...own }
      if (!(min <= max))
        throw new RangeError(`Arbitraries.point: expected min <= max of indices, got ${min} and ${max}`)
      return typed(type, fc.integer({ min, max }))
    }
    case "bool":
      return typed(type, fc.nat({ max: 1 }))
  }
}

const at = (tree: unknown, key: string | number): unknown =>
  typeof tree === "object" && tree !== null && Object.hasOwn(tree, key)
    ? (tree as Record<string | number, unknown>)[key]
    : undefined

/**
 * An arbitrary point of a tree of inputs: a value of a program's specification.
 *
 * **Details**
 *
 * `Arbitraries.point(f.inputs)` gives what `Fn.run(f, ...)` takes. Leaves of reals are as in `tensor`, indices from 0 to 3, truth values `false` or `true`; `reals` and `indices`
 * say otherwise for all leaves, and `leaves` for single ones: a tree of constraints, or of other arbitraries. Shrinks leaf by leaf, and prints as the code that builds it.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Type } from "@fluxion/core"
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const f = Fn.make({ a: [2, 2], b: [2], row: Type.index([]) }, ({ a, b, row }) => Expr.gather(Expr.solve(a, b), row))
 * const points = Arbitraries.point(f.inputs, {
 *   reals: { min: -1, max: 1 },
 *   leaves: { a: Arbitraries.positiveDefinite(2), row: { max: 1 } }
 * })
 * console.log(fc.check(fc.property(points, (at) => Number.isFinite(Fn.runSync(f, at)))).failed) // false
 *
 * const shrunk = fc.check(fc.property(points, () => false))
 * console.log(fc.stringify(shrunk.counterexample?.[0])) // { a: Tensor.make([[1, 0], [0, 1]]), b: Tensor.make([0, 0]), row: 0 }
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const point = <const I extends Tree.Spec>(
  spec: I,
  constraints: PointConstraints<I> = {}
): fc.Arbitrary<Tree.Value<I>> => {
  const { leaves: ofLeaves, ...ofAll } = constraints
  const leaves = Tree.leaves(spec).map(({ keys, type }) => {
    const own = keys.reduce<unknown>(at, ofLeaves) ?? {}
    return leaf(type, ofAll, own).map((x) => ({ type, x }))
  })
  return fc.tuple(...leaves).map((values) =>
    printed(
      Tree.unflatten(
        spec,
        values.map(({ type, x }) =>
          type.shape.length > 0 || typeof x !== "object" ? x : Tree.fromTensors(type, [x as Tensor.Any])
        )
      )
    )
  ) as fc.Arbitrary<Tree.Value<I>>
}
