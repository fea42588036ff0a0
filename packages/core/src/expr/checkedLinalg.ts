import { dual } from "effect/Function"
import type { NotConvergedError, NotPositiveDefiniteError, SingularMatrixError } from "../Failure.ts"
import { apply } from "../internal/apply.ts"
import { read } from "../internal/exprTree.ts"
import { ensured } from "../internal/guards.ts"
import { fromNode, liftNode } from "../internal/lift.ts"
import type { Node } from "../internal/node.ts"
import type * as Shape from "../Shape.ts"
import * as Tree from "../Tree.ts"
import { diagonal } from "./derived.ts"
import { abs, div, ge, gt, isFinite, mul, select, stopGradient } from "./elementwise.ts"
import * as implicit from "./implicit.ts"
import * as linalg from "./linalg.ts"
import type { ErrorOf, Expr, Operand, RequirementsOf, ShapeOf, DataLast } from "./model.ts"
import { reduceMax, reduceMin, sum } from "./reduction.ts"
import type { CheckCarry, Inside } from "./controlFlow.ts"

/**
 * An array of reals of shape `S` computed from the operands `X`, that can fail with `E`.
 *
 * @category models
 * @since 0.1.0
 */
export type Failing<S extends Shape.Shape, X, E> = Expr<S, ErrorOf<X> | E, RequirementsOf<X>>

/**
 * Options of the checked functions of matrices: the reciprocal condition number below which a matrix is refused. Where absent it is `2⁻⁵²` (singular to
 * working precision), for `lstsq` times the larger dimension; 0 refuses only matrices that are exactly singular.
 *
 * @category options
 * @since 0.1.0
 */
export interface ConditionOptions {
  readonly leastCondition?: number
}

const epsilon = 2 ** -52

/** The value behind guards on something else. */
const after = (x: Node, guard: Node): Expr => fromNode(apply("after", {}, [x, guard]))

/** One number a matrix: `1 / (‖A‖₁ ‖A⁻¹‖₁)`, and 0 where the inverse is not finite. */
const reciprocalCondition = (matrix: Expr): Expr => {
  const norm = (x: Expr): Expr => reduceMax(sum(abs(x), { axis: -2 }), { axis: -1 }) as Expr
  const condition = div(1, mul(norm(matrix), norm(linalg.inverse(matrix as never) as Expr))) as Expr
  return select(isFinite(condition), condition, 0) as Expr
}

/** For a matrix with at least as many rows as columns: the ratio of the smallest to the largest of the diagonal of R, at least the reciprocal condition. */
const diagonalRatio = (matrix: Expr): Expr => {
  const { r } = linalg.qr(matrix as never) as { readonly r: Expr }
  const elements = diagonal(r as never) as Expr
  const ratio = div(reduceMin(elements, { axis: -1 }), reduceMax(elements, { axis: -1 })) as Expr
  return select(isFinite(ratio), ratio, 0) as Expr
}

const guarded = (
  operation: string,
  x: Node,
  matrix: Node,
  measure: (matrix: Expr) => Expr,
  options: ConditionOptions | undefined
): Expr => {
  if (matrix.shape.slice(-2).includes(0)) return fromNode(x)
  const condition = liftNode(measure(stopGradient(fromNode(matrix) as Expr) as Expr))
  // Elimination leaves of a dependent row an exact zero or next to nothing, reflections leave their rounding errors.
  const usual = operation === "lstsq" ? epsilon * Math.max(...matrix.shape.slice(-2)) : epsilon
  const least = options?.leastCondition ?? usual
  const ok = least === 0 ? gt(fromNode(condition) as Expr, 0) : ge(fromNode(condition) as Expr, least)
  return after(x, ensured(condition, liftNode(ok), { _tag: "SingularMatrix", operation }))
}

const system = (
  operation: string,
  solve: (a: Operand, b: Operand) => unknown,
  measure: (matrix: Expr) => Expr
): never =>
  dual(
    (args) => args.length > 1,
    (self: Operand, that: Operand, options?: ConditionOptions) =>
      guarded(operation, liftNode(solve(self, that) as Operand), liftNode(self), measure, options)
  ) as never

/**
 * The solution of systems of linear equations `A X = B`, of matrices that are not singular.
 *
 * **Details**
 *
 * Value and derivatives are those of `Expr.solve`. Fails with `SingularMatrixError` for a matrix whose reciprocal condition number `1 / (‖A‖₁ ‖A⁻¹‖₁)` is below
 * `leastCondition`, or not a number: it carries that number, and the index of the matrix in its batch. The check costs an inverse, `2 n³` operations a matrix; derivatives add nothing.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([2, 2], (a) => Expr.checked.solve(a, Expr.constant([1, 2])))
 * console.log(`${Result.getOrThrow(Fn.runResult(f, Tensor.make([[2, 0], [0, 4]])))}`) // [0.5, 0.5]
 * const failed = Fn.runResult(f, Tensor.make([[1, 2], [2, 4]]))
 * if (Result.isFailure(failed)) console.log(failed.failure.message.split("\n")[0]) // solve: the matrix is singular (reciprocal condition number 0)
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const solve: {
  <Y extends Operand>(
    that: Y
  ): DataLast<
    Y,
    <X extends Operand>(
      self: X & Shape.CheckSolve<ShapeOf<X>, ShapeOf<Y>>
    ) => Failing<Shape.Matmul<ShapeOf<X>, ShapeOf<Y>>, X | Y, SingularMatrixError>
  >
  <X extends Operand, Y extends Operand>(
    self: X,
    that: Y & Shape.CheckSolve<ShapeOf<X>, ShapeOf<Y>>,
    options?: ConditionOptions
  ): Failing<Shape.Matmul<ShapeOf<X>, ShapeOf<Y>>, X | Y, SingularMatrixError>
} = system("solve", (a, b) => linalg.solve(a, b as never), reciprocalCondition)

/**
 * The solution of least squares problems, of matrices of full rank.
 *
 * **Details**
 *
 * Value and derivatives are those of `Expr.lstsq`. Fails with `SingularMatrixError` where the smallest diagonal element of the triangular factor (of `A`, or of `Aᵀ` where it
 * has more columns than rows) is less than `leastCondition` of the largest: a bound from above on the reciprocal condition number. The check costs a QR factorisation.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([3, 2], (a) => Expr.checked.lstsq(a, Expr.constant([1, 2, 3])))
 * console.log(Result.isSuccess(Fn.runResult(f, Tensor.make([[1, 0], [1, 1], [1, 2]])))) // true
 * console.log(Result.isFailure(Fn.runResult(f, Tensor.make([[1, 2], [1, 2], [1, 2]])))) // true
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const lstsq: {
  <Y extends Operand>(
    that: Y
  ): DataLast<
    Y,
    <X extends Operand>(
      self: X & Shape.CheckLstsq<ShapeOf<X>, ShapeOf<Y>>
    ) => Failing<Shape.Lstsq<ShapeOf<X>, ShapeOf<Y>>, X | Y, SingularMatrixError>
  >
  <X extends Operand, Y extends Operand>(
    self: X,
    that: Y & Shape.CheckLstsq<ShapeOf<X>, ShapeOf<Y>>,
    options?: ConditionOptions
  ): Failing<Shape.Lstsq<ShapeOf<X>, ShapeOf<Y>>, X | Y, SingularMatrixError>
} = system(
  "lstsq",
  (a, b) => linalg.lstsq(a, b as never),
  (matrix) => {
    const [m, n] = matrix.shape.slice(-2) as [number, number]
    if (m >= n) return diagonalRatio(matrix)
    const rank = matrix.shape.length
    const flipped = apply(
      "transpose",
      { permutation: [...matrix.shape.keys()].map((axis) => (axis < rank - 2 ? axis : 2 * rank - 3 - axis)) },
      [liftNode(matrix)]
    )
    return diagonalRatio(fromNode(flipped))
  }
)

/**
 * The inverse of square matrices that are not singular.
 *
 * **Details**
 *
 * Value and derivatives are those of `Expr.inverse`; fails as `checked.solve` does.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make([2, 2], (a) => Expr.checked.inverse(a))
 * const run = (a: Tensor.Tensor<readonly [2, 2]>) =>
 *   Fn.run(f, a).pipe(Effect.map(String), Effect.catchTag("SingularMatrixError", () => Effect.succeed("singular")))
 * console.log(Effect.runSync(run(Tensor.make([[2, 0], [0, 4]])))) // [[0.5, 0], [0, 0.25]]
 * console.log(Effect.runSync(run(Tensor.make([[1, 1], [1, 1]])))) // singular
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const inverse: {
  <X extends Operand>(
    x: X & Shape.CheckSquare<ShapeOf<X>>,
    options?: ConditionOptions
  ): Failing<ShapeOf<X>, X, SingularMatrixError>
} = ((x: Operand, options?: ConditionOptions) =>
  guarded(
    "inverse",
    liftNode(linalg.inverse(x as never) as Operand),
    liftNode(x),
    reciprocalCondition,
    options
  )) as never

/**
 * The logarithm of the magnitude of the determinant of square matrices that are not singular.
 *
 * **Details**
 *
 * Value and derivatives are those of `Expr.logdet`; fails as `checked.solve` does.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([2, 2], (a) => Expr.checked.logdet(a))
 * console.log(Result.getOrThrow(Fn.runResult(f, Tensor.make([[1, 0], [0, 1]])))) // 0
 * console.log(Result.isFailure(Fn.runResult(f, Tensor.zeros([2, 2])))) // true
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const logdet: {
  <X extends Operand>(
    x: X & Shape.CheckSquare<ShapeOf<X>>,
    options?: ConditionOptions
  ): Failing<Shape.Batch<ShapeOf<X>>, X, SingularMatrixError>
} = ((x: Operand, options?: ConditionOptions) =>
  guarded("logdet", liftNode(linalg.logdet(x as never) as Operand), liftNode(x), reciprocalCondition, options)) as never

/**
 * The Cholesky factor of symmetric positive definite matrices.
 *
 * **Details**
 *
 * Value and derivatives are those of `Expr.cholesky`. Fails with `NotPositiveDefiniteError`, with the index of the matrix in its batch, where a pivot is not positive. The check
 * costs next to nothing.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([2, 2], (a) => Expr.checked.cholesky(a))
 * console.log(`${Result.getOrThrow(Fn.runResult(f, Tensor.make([[4, 2], [2, 10]])))}`) // [[2, 0], [1, 3]]
 * const failed = Fn.runResult(f, Tensor.make([[1, 2], [2, 1]]))
 * if (Result.isFailure(failed)) console.log(failed.failure.message.split("\n")[0]) // cholesky: the matrix is not positive definite
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const cholesky: {
  <X extends Operand>(x: X & Shape.CheckSquare<ShapeOf<X>>): Failing<ShapeOf<X>, X, NotPositiveDefiniteError>
} = ((x: Operand) => {
  const factor = liftNode(linalg.cholesky(x as never) as Operand)
  if (factor.shape.slice(-2).includes(0)) return fromNode(factor)
  const pivots = diagonal(stopGradient(fromNode(factor) as Expr) as never) as Expr
  const least = liftNode(reduceMin(pivots, { axis: -1 }) as Expr)
  return after(
    factor,
    ensured(least, liftNode(gt(fromNode(least) as Expr, 0)), { _tag: "NotPositiveDefinite", operation: "cholesky" })
  )
}) as never

/**
 * The results of a solver with the failure that it may end in.
 *
 * @category implicit
 * @since 0.1.0
 */
export type Converged<T, X> = T extends { readonly elementType: "real"; readonly shape: infer S extends Shape.Shape }
  ? Failing<S, X, NotConvergedError>
  : T extends number
    ? Failing<readonly [], X, NotConvergedError>
    : { readonly [K in keyof T]: Converged<T[K], X> }

/**
 * The type of the checked `root` and `fixedPoint`.
 *
 * @category implicit
 * @since 0.1.0
 */
export interface CheckedImplicit {
  <const C extends Tree.ExprTree, const D extends Tree.ExprTree, const S extends Tree.ExprTree = C>(
    f: ((x: Inside<C>) => D) & CheckCarry<C, D>,
    init: C,
    options?: implicit.ImplicitOptions<C, S>
  ): Converged<C, Expr<readonly [], Tree.ErrorOf<C | D | S>, Tree.RequirementsOf<C | D | S>>>
}

const converging = (operation: "root" | "fixedPoint"): CheckedImplicit =>
  ((f: never, init: never, options: never) => {
    const { nodes, spec } = read(operation, "the solution", implicit[operation](f, init, options))
    const checked = nodes.map((node) => {
      const value = stopGradient(fromNode(node) as Expr) as Expr
      return liftNode(
        after(node, ensured(liftNode(value), liftNode(isFinite(value)), { _tag: "NotConverged", operation }))
      )
    })
    return Tree.unflatten(spec, checked)
  }) as never

/**
 * A solution of equations that was found.
 *
 * **Details**
 *
 * Value and derivatives are those of `Expr.root`. Fails with `NotConvergedError` where it is not finite, which it is not where none was found.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (a) => Expr.checked.root((x) => Expr.sub(Expr.mul(x, x), a), 1))
 * console.log(Result.getOrThrow(Fn.runResult(f, 4)).toFixed(10)) // 2.0000000000
 * const failed = Fn.runResult(f, -4)
 * if (Result.isFailure(failed)) console.log(failed.failure.message.split("\n")[0]) // root: no solution was found
 * ```
 *
 * @category implicit
 * @since 0.1.0
 */
export const root: CheckedImplicit = converging("root")

/**
 * A fixed point that was found.
 *
 * **Details**
 *
 * Value and derivatives are those of `Expr.fixedPoint`. Fails with `NotConvergedError` where it is not finite, which it is not where none was found.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (a) => Expr.checked.fixedPoint((x) => Expr.mul(a, Expr.cos(x)), 1))
 * console.log(Result.getOrThrow(Fn.runResult(f, 1)).toFixed(10)) // 0.7390851332
 * console.log(Result.isFailure(Fn.runResult(f, 10))) // true
 * ```
 *
 * @category implicit
 * @since 0.1.0
 */
export const fixedPoint: CheckedImplicit = converging("fixedPoint")
