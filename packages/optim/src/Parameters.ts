/**
 * Parameters: trees whose leaves are arrays of reals, and what optimisers do with whole trees.
 *
 * @since 0.1.0
 */
import { Expr, Shape, Tensor, Tree } from "@fluxion/core"

/**
 * The specification of a tree of parameters: records and tuples with shapes at the leaves.
 *
 * **Details**
 *
 * Every leaf is an array of reals. Indices and truth values have no gradient, so a tree that holds them is a type error.
 *
 * @category models
 * @since 0.1.0
 */
export type Spec = Shape.Shape | SpecRecord | ReadonlyArray<SpecElement>

/**
 * A record of parameters.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpecRecord {
  readonly [key: string]: Spec
}

/**
 * An element of a tuple of parameters.
 *
 * @category models
 * @since 0.1.0
 */
export type SpecElement = Shape.Shape | SpecRecord | ReadonlyArray<SpecElement>

/**
 * Values of parameters: numbers for scalars, tensors for arrays.
 *
 * @category models
 * @since 0.1.0
 */
export type Values = number | Tensor.Tensor | ReadonlyArray<Values> | { readonly [key: string]: Values }

/**
 * The specification of values.
 *
 * @category type-level
 * @since 0.1.0
 */
export type SpecOf<V> = Tree.SpecOf<V> extends infer P extends Spec ? P : never

/**
 * The specification of values: a number is a scalar, a tensor has its shape.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 * import { Parameters } from "@fluxion/optim"
 *
 * console.log(Parameters.specOf({ slope: 0, weights: Tensor.zeros([3]) })) // { slope: [], weights: [ 3 ] }
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const specOf = <V extends Values>(values: V): SpecOf<V> => {
  const visit = (value: Values): Spec => {
    if (typeof value === "number") return []
    if (Tensor.isTensor(value)) return value.shape
    if (Array.isArray(value)) return (value as ReadonlyArray<Values>).map(visit) as ReadonlyArray<SpecElement>
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, visit(child)]))
  }
  return visit(values) as SpecOf<V>
}

/**
 * Applies a function leaf by leaf to one, two or three trees of the same specification.
 *
 * **Details**
 *
 * The function receives one leaf of each tree and returns a leaf of the same shape; another shape throws a `ShapeError` that names the
 * path.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Parameters } from "@fluxion/optim"
 *
 * const spec = { w: [2], b: [] } as const
 * const double = Fn.make(spec, (tree) => Parameters.map(spec, (leaf) => Expr.mul(2, leaf), tree))
 * console.log(Fn.runSync(double, { w: Tensor.make([1, 2]), b: 3 })) // { w: [2, 4], b: 6 }
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const map: {
  <P extends Spec>(spec: P, f: (leaf: Expr.Expr) => Expr.Expr, tree: Tree.Exprs<P>): Tree.Exprs<P>
  <P extends Spec>(
    spec: P,
    f: (first: Expr.Expr, second: Expr.Expr) => Expr.Expr,
    first: Tree.Exprs<P>,
    second: Tree.Exprs<P>
  ): Tree.Exprs<P>
  <P extends Spec>(
    spec: P,
    f: (first: Expr.Expr, second: Expr.Expr, third: Expr.Expr) => Expr.Expr,
    first: Tree.Exprs<P>,
    second: Tree.Exprs<P>,
    third: Tree.Exprs<P>
  ): Tree.Exprs<P>
} = (spec: Spec, f: (...leaves: ReadonlyArray<Expr.Expr>) => Expr.Expr, ...trees: ReadonlyArray<unknown>): never => {
  const columns = trees.map((tree) => Tree.flatten(spec, tree) as ReadonlyArray<Expr.Expr>)
  const leaves = Tree.leaves(spec).map(({ path, type }, i) => {
    const leaf = f(...columns.map((column) => column[i]!))
    if (!Shape.equals(leaf.shape, type.shape)) {
      throw Shape.error(
        "Parameters.map",
        [type.shape, leaf.shape],
        `${path === "" ? "the leaf" : path}: expected ${Tree.render(type)}, got ${Tree.render(leaf)}`
      )
    }
    return leaf
  })
  return Tree.unflatten(spec, leaves) as never
}

/**
 * A tree of zeros.
 *
 * @example
 * ```ts
 * import { Fn } from "@fluxion/core"
 * import { Parameters } from "@fluxion/optim"
 *
 * console.log(Fn.runSync(Fn.make({}, () => Parameters.zeros({ w: [2], b: [] })), {})) // { w: [0, 0], b: 0 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const zeros = <const P extends Spec>(spec: P): Tree.Exprs<P> =>
  Tree.unflatten(
    spec,
    Tree.leaves(spec).map(({ type }) => Expr.zeros(type.shape))
  ) as Tree.Exprs<P>

/**
 * The Euclidean norm of all elements of a tree together.
 *
 * **Details**
 *
 * Scaled by the largest element, so it neither overflows nor underflows early. Its derivative at 0 is 0.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Parameters } from "@fluxion/optim"
 *
 * const spec = { w: [2], b: [] } as const
 * const norm = Fn.make(spec, (tree) => Parameters.globalNorm(spec, tree))
 * console.log(Fn.runSync(norm, { w: Tensor.make([2, 3]), b: 6 })) // 7
 * ```
 *
 * @category reductions
 * @since 0.1.0
 */
export const globalNorm = <P extends Spec>(spec: P, tree: Tree.Exprs<P>): Expr.Expr<readonly []> =>
  Expr.norm(flat(spec, tree))

/**
 * All elements of a tree as one array: the leaves in the order of `Tree.leaves`, row-major.
 *
 * @example
 * ```ts
 * import { Fn, Tensor } from "@fluxion/core"
 * import { Parameters } from "@fluxion/optim"
 *
 * const spec = { w: [2], b: [] } as const
 * const flat = Fn.make(spec, (tree) => Parameters.flat(spec, tree))
 * console.log(`${Fn.runSync(flat, { w: Tensor.make([2, 3]), b: 6 })}`) // [2, 3, 6]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const flat = <P extends Spec>(spec: P, tree: Tree.Exprs<P>): Expr.Expr<readonly [number]> => {
  const columns = (Tree.flatten(spec, tree) as ReadonlyArray<Expr.Expr>).map((leaf) =>
    Expr.reshape(leaf, [Shape.size(leaf.shape)])
  )
  const [first, ...rest] = columns
  if (first === undefined) return Expr.zeros([0])
  return rest.length === 0 ? first : (Expr.concat([first, ...rest], 0) as Expr.Expr<readonly [number]>)
}
