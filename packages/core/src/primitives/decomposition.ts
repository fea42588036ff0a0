/**
 * Decompositions of matrices, which stand in the last two axes; the axes before them are a batch.
 *
 * **Details**
 *
 * These primitives have several results. Every matrix of a batch is treated by itself.
 *
 * @since 0.1.0
 */
import { checkArity, elementTypeError } from "../internal/indexing.ts"
import { orthogonalise } from "../internal/linalg/householder.ts"
import { eigen } from "../internal/linalg/jacobi.ts"
import type { ControlDefinitions } from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import * as Tensor from "../Tensor.ts"
import * as Type from "../Type.ts"

const matrixOf = (operation: string, operands: ReadonlyArray<Type.Type>): Shape.Shape => {
  checkArity(operation, operands, 1)
  const { elementType, shape } = operands[0]!
  if (elementType !== "real") throw elementTypeError(operation, [{ elementType, shape }], "real")
  if (shape.length < 2) {
    throw Shape.error(operation, [shape], `expected matrices in the last two axes, got ${Shape.render(shape)}`)
  }
  return shape
}

/**
 * The definitions of the decompositions.
 *
 * **Details**
 *
 * - `qr`: of matrices with at least as many rows as columns, reduced, with a diagonal of `r` that is not negative.
 * - `eigh`: eigenvalues (ascending) and eigenvectors (columns) of the symmetric part, with the first of the largest components of each vector
 *   positive.
 *
 * @category tables
 * @since 0.1.0
 */
export const decomposition: ControlDefinitions<"qr" | "eigh"> = {
  qr: {
    types: (_, operands) => {
      const shape = matrixOf("qr", operands)
      const [m, n] = shape.slice(-2) as [number, number]
      if (m < n) {
        throw Shape.error("qr", [shape], `expected at least as many rows as columns, got ${Shape.render(shape)}`)
      }
      return [Type.real(shape), Type.real([...shape.slice(0, -2), n, n])]
    },
    evaluate: (_, operands) => {
      const { data, shape } = operands[0] as Tensor.Tensor
      const [m, n] = shape.slice(-2) as [number, number]
      const batch = shape.slice(0, -2)
      const count = Shape.size(batch)
      const q = new Float64Array(count * m * n)
      const r = new Float64Array(count * n * n)
      for (let i = 0; i < count; i++) orthogonalise(data, i, m, n, q, r)
      return [Tensor.unsafeMake("real", shape, q), Tensor.unsafeMake("real", [...batch, n, n], r)]
    }
  },
  eigh: {
    types: (_, operands) => {
      const shape = matrixOf("eigh", operands)
      if (shape.at(-1) !== shape.at(-2)) {
        throw Shape.error("eigh", [shape], `expected square matrices, got ${Shape.render(shape)}`)
      }
      return [Type.real(shape.slice(0, -1)), Type.real(shape)]
    },
    evaluate: (_, operands) => {
      const { data, shape } = operands[0] as Tensor.Tensor
      const n = shape.at(-1)!
      const count = Shape.size(shape.slice(0, -2))
      const values = new Float64Array(count * n)
      const vectors = new Float64Array(count * n * n)
      for (let i = 0; i < count; i++) eigen(data, i, n, values, vectors)
      return [Tensor.unsafeMake("real", shape.slice(0, -1), values), Tensor.unsafeMake("real", shape, vectors)]
    }
  }
}
