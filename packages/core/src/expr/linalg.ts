import { dual } from "effect/Function"
import { apply, applyMany } from "../internal/apply.ts"
import type { Node } from "../internal/node.ts"
import * as Shape from "../Shape.ts"
import { fromNode, isOperand, liftNode } from "../internal/lift.ts"
import type { Operand, Real, ShapeOf, DataLast } from "./model.ts"

// -----------------------------------------------------------------------------
// One square matrix
// -----------------------------------------------------------------------------

/**
 * The type of a function of square matrices that gives matrices of the same shape.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface MatrixFunction {
  <X extends Operand>(x: X & Shape.CheckSquare<ShapeOf<X>>): Real<ShapeOf<X>, X>
}

/**
 * The type of a function of square matrices that gives a number for each.
 *
 * @category signatures
 * @since 0.1.0
 */
export interface MatrixScalar {
  <X extends Operand>(x: X & Shape.CheckSquare<ShapeOf<X>>): Real<Shape.Batch<ShapeOf<X>>, X>
}

type MatrixName = "cholesky" | "inverse" | "adjugate" | "det" | "detSign" | "logdet"

const ofMatrix = <Signature>(primitive: MatrixName): Signature =>
  ((x: Operand) => fromNode(apply(primitive, {}, [liftNode(x)]))) as Signature

/**
 * The Cholesky factor of symmetric positive definite matrices: lower triangular `L` with `L Lᵀ = A` and a positive diagonal.
 *
 * **Details**
 *
 * Works on the last two axes; axes before them are a batch. It is a function of the symmetric part `(A + Aᵀ) / 2` (as in JAX), so its gradient is
 * symmetric, and a step against it keeps a symmetric matrix symmetric. (A library that reads one triangle only gives that triangle the sum of both
 * halves of the gradient.)
 *
 * Where a pivot is not positive the matrix is not positive definite, and the lower triangle of its factor is NaN; other
 * matrices of the batch are not affected. Of nearly singular matrices the factor is accurate, but derivatives grow with the inverse of the
 * smallest pivot.
 *
 * Costs `n³ / 3` operations a matrix. Derivatives in both modes (Giles 2008; Murray 2016) cost a small multiple of `n³`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.cholesky(Expr.constant([[4, 2], [2, 10]])))}`) // [[2, 0], [1, 3]]
 * console.log(`${Fn.evaluate(Expr.cholesky(Expr.constant([[1, 2], [2, 1]])))}`) // [[NaN, 0], [NaN, NaN]]
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const cholesky: MatrixFunction = ofMatrix("cholesky")

/**
 * The inverse of square matrices.
 *
 * **Details**
 *
 * Works on the last two axes; axes before them are a batch. To multiply an inverse by something use `solve`, which is faster and more accurate.
 *
 * A singular matrix (a pivot of exactly 0) divides by zero: its inverse is not finite, and so are its derivatives. Of nearly singular matrices the
 * inverse is finite, with a relative error of about `2⁻⁵³` times the condition number. Costs `8 n³ / 3` operations a matrix.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.inverse(Expr.constant([[2, 0], [1, 4]])))}`) // [[0.5, 0], [-0.125, 0.25]]
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const inverse: MatrixFunction = ofMatrix("inverse")

/**
 * The adjugate of square matrices: the transposed matrix of cofactors, with `A adj(A) = det(A) I`.
 *
 * **Details**
 *
 * Works on the last two axes; axes before them are a batch. Its elements are polynomials, so it is finite and smooth at singular matrices too;
 * it is computed by elimination with complete pivoting and accurate also there (the error grows with the ratio of the largest to the second smallest
 * singular value, not with the condition number). It is the derivative of the determinant: the
 * gradient of `det(A)` is `adj(A)ᵀ`.
 *
 * Costs `8 n³ / 3` operations a matrix; its derivatives, exact at singular matrices as well, `n` times that.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(`${Fn.evaluate(Expr.adjugate(Expr.constant([[1, 2], [3, 4]])))}`) // [[4, -2], [-3, 1]]
 * console.log(`${Fn.evaluate(Expr.adjugate(Expr.constant([[1, 2], [2, 4]])))}`) // [[4, -2], [-2, 1]]
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const adjugate: MatrixFunction = ofMatrix("adjugate")

/**
 * The determinant of square matrices.
 *
 * **Details**
 *
 * Works on the last two axes, which are removed; axes before them are a batch. The determinant of the matrix of no rows is 1. Intermediate products
 * neither over- nor underflow; where the determinant itself does, use `slogdet`.
 *
 * The determinant is a polynomial, and its derivatives of every order are right at every matrix, singular or not: the first is the
 * adjugate. Costs `2 n³ / 3` operations a matrix, the gradient `8 n³ / 3`, and every further order `n` times more (those of `logdet` stay at `n³`).
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(Fn.evaluate(Expr.det(Expr.constant([[1, 2], [3, 4]])))) // -2
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const det: MatrixScalar = ofMatrix("det")

/**
 * The sign of the determinant of square matrices: 1, -1, or 0 for a singular matrix.
 *
 * **Details**
 *
 * Right also where the determinant over- or underflows. Its derivative is zero by structure.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(Fn.evaluate(Expr.detSign(Expr.constant([[1, 2], [3, 4]])))) // -1
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const detSign: MatrixScalar = ofMatrix("detSign")

/**
 * The logarithm of the magnitude of the determinant of square matrices, `log |det A|`.
 *
 * **Details**
 *
 * Works on the last two axes, which are removed; axes before them are a batch. Does not overflow where the determinant would. The gradient is
 * the transposed inverse.
 *
 * A singular matrix (a pivot of exactly 0) gives `-Infinity`, and a gradient that is not finite. Costs `2 n³ / 3` operations a matrix, derivatives a
 * small multiple of it.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(Fn.evaluate(Expr.logdet(Expr.constant([[4, 0], [0, 0.25]])))) // 0
 * console.log(Fn.evaluate(Expr.logdet(Expr.constant([[1, 2], [2, 4]])))) // -Infinity
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const logdet: MatrixScalar = ofMatrix("logdet")

/**
 * The sign of the determinant of square matrices, and the logarithm of its magnitude.
 *
 * **Details**
 *
 * `det(A) = sign * exp(logdet)`, without overflow. Singular matrices give 0 and `-Infinity`. Only `logdet` carries derivatives.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const { logdet, sign } = Expr.slogdet(Expr.constant([[0, 1], [1, 0]]))
 * console.log(Fn.evaluate(sign), Fn.evaluate(logdet)) // -1 0
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const slogdet = <X extends Operand>(
  x: X & Shape.CheckSquare<ShapeOf<X>>
): { readonly sign: Real<Shape.Batch<ShapeOf<X>>, X>; readonly logdet: Real<Shape.Batch<ShapeOf<X>>, X> } => ({
  sign: detSign(x),
  logdet: logdet(x)
})

// -----------------------------------------------------------------------------
// Systems of equations
// -----------------------------------------------------------------------------

/** Brings a system to the form of the primitives: matrices on both sides, with one batch. */
const system = (operation: string, square: boolean, a: Node, b: Node, solve: (a: Node, b: Node) => Node): Node => {
  const shapes = [a.shape, b.shape]
  const rank = a.shape.length
  if (rank < 2 || (square && a.shape.at(-1) !== a.shape.at(-2))) {
    throw Shape.error(
      operation,
      shapes,
      `expected ${square ? "square matrices" : "matrices"}, got ${Shape.render(a.shape)}`
    )
  }
  const fail = () =>
    Shape.error(operation, shapes, `cannot solve ${Shape.render(a.shape)} for ${Shape.render(b.shape)}`)
  const vector = b.shape.length === 1
  if (b.shape.length === 0 || a.shape.at(-2) !== (vector ? b.shape[0] : b.shape.at(-2))) throw fail()
  const right = vector ? apply("reshape", { shape: [b.shape[0]!, 1] }, [b]) : b
  const batchA = a.shape.slice(0, -2)
  const batchB = right.shape.slice(0, -2)
  const [m, k] = right.shape.slice(-2) as [number, number]
  const n = a.shape.at(-1)!
  if (batchA.length === 0 && batchB.length > 0) {
    // One matrix for a whole batch: its right-hand sides stand side by side, so that it is factored once.
    const last = batchB.length
    const axes = batchB.map((_, i) => i)
    const rowsFirst = apply("transpose", { permutation: [last, ...axes, last + 1] }, [right])
    const flat = apply("reshape", { shape: [m, Shape.size(batchB) * k] }, [rowsFirst])
    const solved = apply("reshape", { shape: [n, ...batchB, k] }, [solve(a, flat)])
    return apply("transpose", { permutation: [...axes.map((i) => i + 1), 0, last + 1] }, [solved])
  }
  const batch = broadcastBatch(batchA, batchB, fail)
  const stretch = (node: Node): Node => {
    const shape = [...batch, ...node.shape.slice(-2)]
    return Shape.equals(node.shape, shape) ? node : apply("broadcastTo", { shape }, [node])
  }
  const solved = solve(stretch(a), stretch(right))
  return vector ? apply("reshape", { shape: [...batch, n] }, [solved]) : solved
}

const broadcastBatch = (a: Shape.Shape, b: Shape.Shape, fail: () => Shape.ShapeError): Shape.Shape => {
  for (let i = 1; i <= Math.min(a.length, b.length); i++) {
    const [m, n] = [a.at(-i), b.at(-i)]
    if (m !== n && m !== 1 && n !== 1) throw fail()
  }
  return Shape.broadcast("solve", a, b)
}

/**
 * The solution `x` of the linear equations `A x = b`, for square `A`.
 *
 * **Details**
 *
 * `b` is a vector (rank 1) or matrices whose columns are right-hand sides (rank 2 and up); leading axes broadcast, as in `matmul`. One
 * matrix with a batch of right-hand sides is factored once.
 *
 * Eliminates with partial pivoting. A singular matrix (a pivot of exactly 0) divides by zero: the solution and its derivatives are
 * not finite. Of nearly singular matrices the solution is finite, with a relative error of about `2⁻⁵³` times the condition number; of its
 * gradient about twice as many digits are lost.
 *
 * Costs `2 n³ / 3` operations a matrix and `2 n²` a right-hand side; each derivative is another solve with the same matrix, which is factored
 * again. Shapes that do not fit are type errors where literal, otherwise a `ShapeError` is thrown.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const A = Expr.constant([[2, 1], [1, 3]])
 * console.log(`${Fn.evaluate(Expr.solve(A, Expr.constant([3, 4])))}`) // [1, 1]
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
    ) => Real<Shape.Matmul<ShapeOf<X>, ShapeOf<Y>>, X | Y>
  >
  <X extends Operand, Y extends Operand>(
    self: X,
    that: Y & Shape.CheckSolve<ShapeOf<X>, ShapeOf<Y>>
  ): Real<Shape.Matmul<ShapeOf<X>, ShapeOf<Y>>, X | Y>
} = dual(2, (self: Operand, that: Operand) =>
  fromNode(
    system("solve", true, liftNode(self), liftNode(that), (a, b) => apply("solve", { strongZero: false }, [a, b]))
  )
)

/**
 * Which triangle of the matrix is read, and how; `false` where absent.
 *
 * **Details**
 *
 * The matrix of the system is the lower (or `upper`) triangle, with ones on the diagonal when `unitDiagonal`, and then transposed when
 * `transposed`.
 *
 * @category options
 * @since 0.1.0
 */
export interface TriangularSolveOptions {
  readonly upper?: boolean
  readonly transposed?: boolean
  readonly unitDiagonal?: boolean
}

/**
 * The solution `x` of the linear equations `T x = b`, where `T` is a triangle of a square matrix.
 *
 * **Details**
 *
 * `b` is a vector (rank 1) or matrices whose columns are right-hand sides (rank 2 and up); leading axes broadcast, as in `matmul`. Reads the
 * lower triangle unless `upper`. Elements that are not read have derivatives of zero.
 *
 * A zero on the diagonal divides by zero: the solution and its derivatives are not finite. Costs `n²` operations a right-hand side, and so does each
 * derivative with respect to it.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const L = Expr.constant([[2, 0], [1, 4]])
 * console.log(`${Fn.evaluate(Expr.triangularSolve(L, Expr.constant([2, 5])))}`) // [1, 1]
 * console.log(`${Fn.evaluate(L.pipe(Expr.triangularSolve(Expr.constant([3, 4]), { transposed: true })))}`) // [1, 1]
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const triangularSolve: {
  <Y extends Operand>(
    that: Y,
    options?: TriangularSolveOptions
  ): DataLast<
    Y,
    <X extends Operand>(
      self: X & Shape.CheckSolve<ShapeOf<X>, ShapeOf<Y>>
    ) => Real<Shape.Matmul<ShapeOf<X>, ShapeOf<Y>>, X | Y>
  >
  <X extends Operand, Y extends Operand>(
    self: X,
    that: Y & Shape.CheckSolve<ShapeOf<X>, ShapeOf<Y>>,
    options?: TriangularSolveOptions
  ): Real<Shape.Matmul<ShapeOf<X>, ShapeOf<Y>>, X | Y>
} = dual(
  (args) => isOperand(args[1]),
  (
    self: Operand,
    that: Operand,
    { transposed = false, unitDiagonal = false, upper = false }: TriangularSolveOptions = {}
  ) =>
    fromNode(
      system("triangularSolve", true, liftNode(self), liftNode(that), (a, b) =>
        apply("triangularSolve", { upper, transposed, unitDiagonal, strongZero: false }, [a, b])
      )
    )
)

/**
 * The least-squares solution of the linear equations `A x = b`: the `x` for which `A x - b` is shortest.
 *
 * **Details**
 *
 * `A` has any number of rows and columns, and full rank. With more unknowns than equations, `x` is the shortest of all solutions. `b` is
 * a vector (rank 1) or matrices whose columns are right-hand sides (rank 2 and up); leading axes broadcast, as in `matmul`.
 *
 * By Householder's orthogonal factorisation, so the condition number is not squared as the normal equations would square it. Derivatives by Golub and Pereyra (1973),
 * of every order. A matrix without full rank divides by zero, up to rounding: the solution is not finite or has no correct digits.
 *
 * Costs `2 n² (m - n / 3)` operations a matrix of `m ≥ n` rows and `n` columns (or transposed), and `4 m n` a right-hand side.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * // The constant nearest to three numbers is their mean.
 * const mean = Fn.evaluate(Expr.lstsq(Expr.ones([3, 1]), Expr.constant([1, 2, 6])))
 * console.log(Math.abs(mean.data[0]! - 3) < 1e-14) // true
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
    ) => Real<Shape.Lstsq<ShapeOf<X>, ShapeOf<Y>>, X | Y>
  >
  <X extends Operand, Y extends Operand>(
    self: X,
    that: Y & Shape.CheckLstsq<ShapeOf<X>, ShapeOf<Y>>
  ): Real<Shape.Lstsq<ShapeOf<X>, ShapeOf<Y>>, X | Y>
} = dual(2, (self: Operand, that: Operand) =>
  fromNode(
    system("lstsq", false, liftNode(self), liftNode(that), (a, b) => apply("lstsq", { strongZero: false }, [a, b]))
  )
)

// -----------------------------------------------------------------------------
// Decompositions
// -----------------------------------------------------------------------------

const columns = (a: Node, from: number, to: number): Node => {
  const last = a.shape.length - 1
  return apply(
    "slice",
    {
      starts: a.shape.map((_, axis) => (axis === last ? from : 0)),
      limits: a.shape.map((n, axis) => (axis === last ? to : n)),
      strides: a.shape.map(() => 1)
    },
    [a]
  )
}

/** `x' y` for matrices of one batch. */
const transposedTimes = (x: Node, y: Node): Node => {
  const rank = x.shape.length
  const batch = Array.from({ length: rank - 2 }, (_, axis) => axis)
  const [inner, row, column] = [rank, rank + 1, rank + 2]
  const labels = { left: [...batch, inner, row], right: [...batch, inner, column], output: [...batch, row, column] }
  return apply("dot", { ...labels, strongZero: false }, [x, y])
}

/**
 * The reduced QR factorisation of matrices: `q` with orthonormal columns and upper triangular `r`, with `q r = A`.
 *
 * **Details**
 *
 * Works on the last two axes; axes before them are a batch. For `m` rows and `n` columns, `q` has `k = min(m, n)` columns and `r` as many rows. The
 * diagonal of `r` is not negative, which makes the factors of a matrix of full rank unique, and so functions that can be differentiated. (LAPACK
 * leaves the signs to the algorithm.)
 *
 * By Householder reflections: `q` is orthonormal up to rounding, whatever the condition of the matrix. Derivatives (Walter and Lehmann 2010; for more columns
 * than rows Roberts and Roberts 2020) divide by the diagonal of `r`: where the first `k` columns are not independent they are not finite, or have no correct
 * digits. Of a matrix with an element that is NaN or infinite the factors of its first `k` columns are NaN.
 *
 * Costs `4 n² (m - n / 3)` operations a matrix of `m ≥ n` rows, derivatives a small multiple of it.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const { q, r } = Expr.qr(Expr.constant([[0, 2], [3, 1]]))
 * console.log(`${Fn.evaluate(q)} ${Fn.evaluate(r)}`) // [[0, 1], [1, 0]] [[3, 1], [0, 2]]
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const qr = <X extends Operand>(
  x: X & Shape.CheckMatrix<ShapeOf<X>>
): {
  readonly q: Real<Shape.OrthonormalFactor<ShapeOf<X>>, X>
  readonly r: Real<Shape.TriangularFactor<ShapeOf<X>>, X>
} => {
  const a = liftNode(x)
  const [m, n] = a.shape.slice(-2)
  const wide = m !== undefined && n !== undefined && m < n
  const [q, r] = applyMany("qr", {}, [wide ? columns(a, 0, m) : a]) as [Node, Node]
  // The remaining columns follow from q, by which they are differentiated as well.
  const whole = wide ? apply("concat", { axis: a.shape.length - 1 }, [r, transposedTimes(q, columns(a, m, n))]) : r
  return { q: fromNode(q), r: fromNode(whole) }
}

/**
 * The eigenvalues and eigenvectors of symmetric matrices: `A = V diag(values) V'` with orthonormal `V`.
 *
 * **Details**
 *
 * Works on the last two axes; axes before them are a batch. `values` are in ascending order, `vectors` has the eigenvectors as its columns. It is a function
 * of the symmetric part `(A + Aᵀ) / 2`, as `cholesky` is, so its gradient is symmetric. In each vector the first of the components that are largest in
 * magnitude (up to a relative `2⁻²⁰`) is positive.
 *
 * By Jacobi's method, so that small eigenvalues of positive definite matrices are as accurate as the matrix determines them (Demmel and Veselić 1992). Of a
 * matrix with an element that is NaN or infinite all is NaN.
 *
 * Derivatives (Giles 2008; Walter and Lehmann 2010): those of `values` are finite everywhere; where eigenvalues coincide they are those along the
 * eigenvectors that were found, and only symmetric functions of the equal ones are differentiable. Those of `vectors` divide by the differences of
 * eigenvalues: where some coincide they are not finite. A cotangent (tangent) of zero stays zero there.
 *
 * Costs some `50 n³` operations a matrix, derivatives `6 n³`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const { values, vectors } = Expr.eigh(Expr.constant([[2, 0], [0, -1]]))
 * console.log(`${Fn.evaluate(values)} ${Fn.evaluate(vectors)}`) // [-1, 2] [[0, 1], [1, 0]]
 * ```
 *
 * @category linear algebra
 * @since 0.1.0
 */
export const eigh = <X extends Operand>(
  x: X & Shape.CheckSquare<ShapeOf<X>>
): { readonly values: Real<Shape.Diagonal<ShapeOf<X>>, X>; readonly vectors: Real<ShapeOf<X>, X> } => {
  const [values, vectors] = applyMany("eigh", {}, [liftNode(x)]) as [Node, Node]
  return { values: fromNode(values), vectors: fromNode(vectors) }
}
