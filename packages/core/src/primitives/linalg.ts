/**
 * Linear algebra on matrices, which stand in the last two axes; the axes before them are a batch.
 *
 * **Details**
 *
 * Every matrix of a batch is treated by itself: one that is singular leaves the others alone.
 *
 * @since 0.1.0
 */
import { checkArity, checkBoolean, elementTypeError } from "../internal/indexing.ts"
import * as Cholesky from "../internal/linalg/cholesky.ts"
import { leastSquares } from "../internal/linalg/householder.ts"
import * as Lu from "../internal/linalg/lu.ts"
import * as Scaled from "../internal/linalg/scaled.ts"
import { substitute } from "../internal/linalg/triangular.ts"
import type { Definition, Definitions, Name } from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import * as Tensor from "../Tensor.ts"
import * as Type from "../Type.ts"

type Row<D> = { readonly [Field in keyof D]: D[Field] }

// -----------------------------------------------------------------------------
// Typing
// -----------------------------------------------------------------------------

const isSquare = (shape: Shape.Shape): boolean => shape.length >= 2 && shape.at(-1) === shape.at(-2)

const checkSquare = (operation: string, { elementType, shape }: Type.Type): void => {
  if (elementType !== "real") throw elementTypeError(operation, [{ elementType, shape }], "real")
  if (!isSquare(shape)) {
    throw Shape.error(operation, [shape], `expected square matrices, got ${Shape.render(shape)}`)
  }
}

const checkSystem = (operation: string, operands: readonly [Type.Type, Type.Type], strongZero: boolean): void => {
  checkArity(operation, operands, 2)
  const [a, b] = operands
  const shapes = [a.shape, b.shape]
  if (a.elementType !== "real" || b.elementType !== "real") throw elementTypeError(operation, operands, "two reals")
  for (const shape of shapes) {
    if (shape.length < 2) {
      throw Shape.error(operation, shapes, `expected matrices in the last two axes, got ${Shape.render(shape)}`)
    }
  }
  const rendered = `${Shape.render(a.shape)} and ${Shape.render(b.shape)}`
  if (!Shape.equals(a.shape.slice(0, -2), b.shape.slice(0, -2))) {
    throw Shape.error(operation, shapes, `expected equal axes before the last two, got ${rendered}`)
  }
  if (a.shape.at(-2) !== b.shape.at(-2)) {
    throw Shape.error(operation, shapes, `expected equal numbers of rows, got ${rendered}`)
  }
  checkBoolean(operation, a.shape, "strongZero", strongZero)
}

// -----------------------------------------------------------------------------
// One matrix
// -----------------------------------------------------------------------------

/** The number of matrices in a batch. */
const countOf = (shape: Shape.Shape): number => Shape.size(shape.slice(0, -2))

const positiveZero = (x: number): number => (x === 0 ? 0 : x)

interface Factors {
  readonly sign: 1 | -1
  readonly lu: Float64Array
}

/** The value for each matrix that its factors `P a = L U` give. */
const scalar = (operation: string, valueOf: (factors: Factors, n: number) => number): Row<Definition<"det">> => ({
  family: "linalg",
  arity: 1,
  type: (_, operands) => {
    checkArity(operation, operands, 1)
    checkSquare(operation, operands[0])
    return Type.real(operands[0].shape.slice(0, -2))
  },
  evaluate: (_, [a], type) => {
    const n = a.shape.at(-1)!
    const out = new Float64Array(countOf(a.shape))
    const lu = new Float64Array(n * n)
    const rows = new Int32Array(n)
    for (let m = 0; m < out.length; m++) {
      lu.set((a.data as Float64Array).subarray(m * n * n, (m + 1) * n * n))
      out[m] = valueOf({ sign: Lu.factor(lu, n, rows), lu }, n)
    }
    return Tensor.unsafeMake("real", type.shape, out)
  }
})

const matrix = (
  operation: string,
  compute: (a: Float64Array, from: number, n: number, out: Float64Array) => void
): Row<Definition<"inverse">> => ({
  family: "linalg",
  arity: 1,
  type: (_, operands) => {
    checkArity(operation, operands, 1)
    checkSquare(operation, operands[0])
    return operands[0]
  },
  evaluate: (_, [a], type) => {
    const n = a.shape.at(-1)!
    const out = new Float64Array(a.data.length)
    for (let m = 0; m < countOf(a.shape); m++) compute(a.data as Float64Array, m * n * n, n, out)
    return Tensor.unsafeMake("real", type.shape, out)
  }
})

const LOWER = { upper: false, transposed: false, unitDiagonal: true }
const UPPER = { upper: true, transposed: false, unitDiagonal: false }

/** Solves `a x = b` for `columns` right-hand sides `b`, which stand in `x` from `at` on and are replaced. */
const solveInPlace = (a: Float64Array, from: number, n: number, x: Float64Array, at: number, columns: number): void => {
  const lu = a.slice(from, from + n * n)
  const rows = new Int32Array(n)
  Lu.factor(lu, n, rows)
  const right = x.slice(at, at + n * columns)
  for (let i = 0; i < n; i++) {
    x.set(right.subarray(rows[i]! * columns, (rows[i]! + 1) * columns), at + i * columns)
  }
  substitute(lu, 0, n, n, x, at, columns, LOWER)
  substitute(lu, 0, n, n, x, at, columns, UPPER)
}

const invert = (a: Float64Array, from: number, n: number, out: Float64Array): void => {
  for (let i = 0; i < n; i++) out[from + i * n + i] = 1
  solveInPlace(a, from, n, out, from, n)
}

/**
 * The adjugate from `P a Q = L U` with complete pivoting, without a division by the last pivot, which is the only one that is
 * zero when the rank is `n - 1`. With `U = [V u; 0 d]` the adjugate of `U` is `det V [d V^-1, -V^-1 u; 0, 1]`; that of `L` is
 * its inverse, that of a permutation its transpose times its sign; and `adj(X Y) = adj Y adj X` (G. W. Stewart, "On the
 * adjugate matrix", Linear Algebra and its Applications 283, 1998).
 */
const adjugate = (a: Float64Array, from: number, n: number, out: Float64Array): void => {
  if (n === 0) return
  const lu = a.slice(from, from + n * n)
  const rows = new Int32Array(n)
  const columns = new Int32Array(n)
  const sign = Lu.factorCompletely(lu, n, rows, columns)
  let product = Scaled.times(Scaled.one, sign)
  for (let k = 0; k < n - 1; k++) {
    // Two zeros on the diagonal: every minor is zero.
    if (lu[k * n + k] === 0) return
    product = Scaled.times(product, lu[k * n + k]!)
  }
  const x = new Float64Array(n * n)
  for (let i = 0; i < n; i++) x[i * n + i] = 1
  substitute(lu, 0, n, n, x, 0, n, LOWER)
  const last = (n - 1) * n
  const pivot = lu[last + n - 1]!
  for (let i = 0; i < n - 1; i++) {
    for (let j = 0; j < n; j++) x[i * n + j] = pivot * x[i * n + j]! - lu[i * n + n - 1]! * x[last + j]!
  }
  substitute(lu, 0, n, n - 1, x, 0, n, UPPER)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const element = x[i * n + j]!
      const place = from + columns[i]! * n + rows[j]!
      // A zero stays one where the product of the pivots overflows.
      out[place] = element === 0 ? 0 : Scaled.toNumber(Scaled.times(product, element))
    }
  }
}

// -----------------------------------------------------------------------------
// Systems of equations
// -----------------------------------------------------------------------------

/** Which of the `columns` right-hand sides of `rows` numbers each are zero throughout. */
const zeroColumns = (b: Float64Array, at: number, rows: number, columns: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let c = 0; c < columns; c++) {
    let zero = true
    for (let i = 0; i < rows && zero; i++) zero = b[at + i * columns + c] === 0
    if (zero) found.push(c)
  }
  return found
}

const evaluateSystem = (
  [a, b]: readonly [Tensor.Any, Tensor.Any],
  type: Type.Type,
  strongZero: boolean,
  solve: (out: Float64Array, index: number, columns: number) => void
): Tensor.Any => {
  const [rows, columns] = b.shape.slice(-2) as [number, number]
  const unknowns = a.shape.at(-1)!
  const out = new Float64Array(Shape.size(type.shape))
  for (let m = 0; m < countOf(a.shape); m++) {
    solve(out, m, columns)
    if (!strongZero) continue
    for (const c of zeroColumns(b.data as Float64Array, m * rows * columns, rows, columns)) {
      for (let i = 0; i < unknowns; i++) out[(m * unknowns + i) * columns + c] = 0
    }
  }
  return Tensor.unsafeMake("real", type.shape, out)
}

const solve: Definition<"solve"> = {
  family: "linalg",
  arity: 2,
  type: ({ strongZero }, operands) => {
    checkSystem("solve", operands, strongZero)
    checkSquare("solve", operands[0])
    return operands[1]
  },
  evaluate: ({ strongZero }, operands, type) => {
    const [a, b] = operands
    const n = a.shape.at(-1)!
    return evaluateSystem(operands, type, strongZero, (out, m, columns) => {
      const at = m * n * columns
      out.set((b.data as Float64Array).subarray(at, at + n * columns), at)
      solveInPlace(a.data as Float64Array, m * n * n, n, out, at, columns)
    })
  }
}

const triangularSolve: Definition<"triangularSolve"> = {
  family: "linalg",
  arity: 2,
  type: ({ strongZero, transposed, unitDiagonal, upper }, operands) => {
    checkSystem("triangularSolve", operands, strongZero)
    checkSquare("triangularSolve", operands[0])
    checkBoolean("triangularSolve", operands[0].shape, "upper", upper)
    checkBoolean("triangularSolve", operands[0].shape, "transposed", transposed)
    checkBoolean("triangularSolve", operands[0].shape, "unitDiagonal", unitDiagonal)
    return operands[1]
  },
  evaluate: (attributes, operands, type) => {
    const [a, b] = operands
    const n = a.shape.at(-1)!
    return evaluateSystem(operands, type, attributes.strongZero, (out, m, columns) => {
      const at = m * n * columns
      out.set((b.data as Float64Array).subarray(at, at + n * columns), at)
      substitute(a.data as Float64Array, m * n * n, n, n, out, at, columns, attributes)
    })
  }
}

const lstsq: Definition<"lstsq"> = {
  family: "linalg",
  arity: 2,
  type: ({ strongZero }, operands) => {
    checkSystem("lstsq", operands, strongZero)
    const shape = [...operands[0].shape.slice(0, -2), operands[0].shape.at(-1)!, operands[1].shape.at(-1)!]
    Shape.validate("lstsq", shape)
    return Type.real(shape)
  },
  evaluate: ({ strongZero }, operands, type) => {
    const [a, b] = operands as readonly [Tensor.Tensor, Tensor.Tensor]
    const [m, n] = a.shape.slice(-2) as [number, number]
    return evaluateSystem(operands, type, strongZero, (out, index, columns) => {
      const matrix = a.data.subarray(index * m * n, (index + 1) * m * n)
      const right = b.data.subarray(index * m * columns, (index + 1) * m * columns)
      out.set(leastSquares(matrix, m, n, right, columns), index * n * columns)
    })
  }
}

// -----------------------------------------------------------------------------
// The table
// -----------------------------------------------------------------------------

/**
 * The linear-algebra rows of core's table.
 *
 * **Details**
 *
 * - `cholesky` factors the symmetric part; the factor of a matrix that is not positive definite is NaN.
 * - `solve`, `inverse`, `det`, `detSign` and `logdet` eliminate with partial pivoting. A matrix is singular when a pivot is exactly zero;
 *   then `det` is 0 and `logdet` is `-Infinity`, and solutions divide by zero under IEEE 754.
 * - `det` neither over- nor underflows unless the determinant does. `adjugate` is accurate also at singular matrices.
 * - The matrix of no rows has determinant 1.
 *
 * @internal
 */
export const linalg = {
  cholesky: matrix("cholesky", (a, from, n, out) => Cholesky.factor(a, out, from, n)),
  triangularSolve,
  solve,
  lstsq,
  inverse: matrix("inverse", invert),
  adjugate: matrix("adjugate", adjugate),
  det: scalar("det", ({ lu, sign }, n) => {
    let product = Scaled.times(Scaled.one, sign)
    for (let i = 0; i < n; i++) product = Scaled.times(product, lu[i * n + i]!)
    return positiveZero(Scaled.toNumber(product))
  }),
  detSign: scalar("detSign", ({ lu, sign }, n) => {
    let product: number = sign
    for (let i = 0; i < n; i++) product *= Math.sign(lu[i * n + i]!)
    return positiveZero(product)
  }),
  logdet: scalar("logdet", ({ lu }, n) => {
    let total = 0
    for (let i = 0; i < n; i++) total += Math.log(Math.abs(lu[i * n + i]!))
    return total
  })
} satisfies Partial<Definitions<Name>>
