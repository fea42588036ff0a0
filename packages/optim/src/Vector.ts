/**
 * Vectors: parameters of any specification, seen as elements of one vector space.
 *
 * **Details**
 *
 * The definition of an optimiser holds for every specification of parameters, so it sees gradients, parameters and the parts of
 * its state that are like them as vectors: it works on all leaves alike and cannot look at the structure.
 *
 * @since 0.1.0
 */
import { Expr, Shape, Type } from "@fluxion/core"

const TypeId = "~@fluxion/optim/Vector"

/**
 * The leaves of parameters, as expressions, in the order of `Tree.leaves`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Vector {
  readonly [TypeId]: typeof TypeId
  readonly leaves: ReadonlyArray<Expr.Expr>
}

/**
 * Makes a vector from its leaves.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Vector } from "@fluxion/optim"
 *
 * const vector = Vector.make([Expr.constant(3), Expr.constant([4, 12])])
 * console.log(Fn.evaluate(Vector.norm(vector))) // 13
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (leaves: ReadonlyArray<Expr.Expr>): Vector => ({ [TypeId]: TypeId, leaves })

/**
 * Whether a value is a vector.
 *
 * @example
 * ```ts
 * import { Vector } from "@fluxion/optim"
 *
 * console.log(Vector.isVector(Vector.make([]))) // true
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const isVector = (u: unknown): u is Vector => typeof u === "object" && u !== null && TypeId in u

const checked = (operation: string, like: Expr.Expr, leaf: Expr.Expr): Expr.Expr => {
  if (Shape.equals(leaf.shape, like.shape)) return leaf
  throw Shape.error(
    operation,
    [like.shape, leaf.shape],
    `expected a leaf of ${Type.render(like)}, got ${Type.render(leaf)}`
  )
}

/**
 * Applies a function to each leaf.
 *
 * **Details**
 *
 * A result of another shape throws a `ShapeError`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Vector } from "@fluxion/optim"
 *
 * const doubled = Vector.map(Vector.make([Expr.constant([1, 2])]), (leaf) => Expr.mul(2, leaf))
 * console.log(doubled.leaves.map((leaf) => `${Fn.evaluate(leaf)}`)) // [ '[2, 4]' ]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const map = (self: Vector, f: (leaf: Expr.Expr) => Expr.Expr): Vector =>
  make(self.leaves.map((leaf) => checked("Vector.map", leaf, f(leaf))))

/**
 * Applies a function to each pair of leaves of two vectors.
 *
 * **Details**
 *
 * Vectors of different structure, or a result of another shape, throw a `ShapeError`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Vector } from "@fluxion/optim"
 *
 * const product = Vector.zipWith(Vector.make([Expr.constant(3)]), Vector.make([Expr.constant(4)]), (x, y) => Expr.mul(x, y))
 * console.log(product.leaves.map(Fn.evaluate)) // [ 12 ]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const zipWith = (self: Vector, that: Vector, f: (left: Expr.Expr, right: Expr.Expr) => Expr.Expr): Vector => {
  if (self.leaves.length !== that.leaves.length) {
    throw Shape.error(
      "Vector.zipWith",
      [],
      `expected vectors of the same parameters, got ${self.leaves.length} and ${that.leaves.length} leaves`
    )
  }
  return make(
    self.leaves.map((leaf, i) => {
      const other = checked("Vector.zipWith", leaf, that.leaves[i]!)
      return checked("Vector.zipWith", leaf, f(leaf, other))
    })
  )
}

/**
 * The sum of two vectors.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Vector } from "@fluxion/optim"
 *
 * const sum = Vector.add(Vector.make([Expr.constant(3)]), Vector.make([Expr.constant(4)]))
 * console.log(sum.leaves.map(Fn.evaluate)) // [ 7 ]
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const add = (self: Vector, that: Vector): Vector => zipWith(self, that, (x, y) => Expr.add(x, y))

/**
 * A vector times a number.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Vector } from "@fluxion/optim"
 *
 * console.log(Vector.scale(Vector.make([Expr.constant(3)]), 2).leaves.map(Fn.evaluate)) // [ 6 ]
 * ```
 *
 * @category arithmetic
 * @since 0.1.0
 */
export const scale = (self: Vector, factor: number | Expr.Expr<readonly []>): Vector =>
  map(self, (leaf) => Expr.mul(factor as Expr.Expr, leaf))

/**
 * The zero vector of the same parameters.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Vector } from "@fluxion/optim"
 *
 * console.log(Vector.zerosLike(Vector.make([Expr.constant(3)])).leaves.map(Fn.evaluate)) // [ 0 ]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const zerosLike = (self: Vector): Vector => map(self, (leaf) => Expr.zeros(leaf.shape))

/**
 * All elements as one array: the leaves in order, row-major.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Vector } from "@fluxion/optim"
 *
 * const vector = Vector.make([Expr.constant(3), Expr.constant([4, 12])])
 * console.log(`${Fn.evaluate(Vector.flat(vector))}`) // [3, 4, 12]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const flat = (self: Vector): Expr.Expr<readonly [number]> => {
  const [first, ...rest] = self.leaves.map((leaf) => Expr.reshape(leaf, [Shape.size(leaf.shape)]))
  if (first === undefined) return Expr.zeros([0])
  return rest.length === 0 ? first : Expr.concat([first, ...rest], 0)
}

/**
 * The Euclidean norm: the square root of the sum of the squares of all elements.
 *
 * **Details**
 *
 * Scaled by the largest element, so it neither overflows nor underflows early. The derivative at 0 is 0.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Vector } from "@fluxion/optim"
 *
 * console.log(Fn.evaluate(Vector.norm(Vector.make([Expr.constant(2e200), Expr.constant([1e200, 2e200])])))) // 3e+200
 * ```
 *
 * @category reductions
 * @since 0.1.0
 */
export const norm = (self: Vector): Expr.Expr<readonly []> => Expr.norm(flat(self))
