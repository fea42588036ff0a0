/**
 * Randomness: arrays that are functions of a key, by a counter-based generator.
 *
 * **Details**
 *
 * A key is an array of two indices: 64 bits. Threefry-2x32-20 (Salmon, Moraes, Dror and Shaw 2011) gives the same bits on every machine. What is
 * drawn does not vary with anything real, so derivatives are zero by structure.
 *
 * @since 0.1.0
 */
import { checkArity, checkInteger, checkShape, elementTypeError } from "../internal/indexing.ts"
import * as Streams from "../internal/random/streams.ts"
import type { Definitions } from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import * as Tensor from "../Tensor.ts"
import * as Type from "../Type.ts"

const checkKey = (operation: string, key: Type.Type): void => {
  if (key.elementType !== "index" || !Shape.equals(key.shape, [2])) {
    throw Shape.error(operation, [key.shape], `expected a key, index[2], got ${Type.render(key)}`)
  }
}

const checkCount = (operation: string, shape: Shape.Shape, count: number, most: number): void => {
  if (count > most) {
    throw Shape.error(operation, [shape], `expected at most ${most} elements under one key, got ${Shape.render(shape)}`)
  }
}

/**
 * The definitions of the primitives of randomness.
 *
 * **Details**
 *
 * - `foldIn` gives a key for each index: different ones for different indices under one key.
 * - `randomUniform` gives independent reals in [0, 1), multiples of 2^-53.
 * - `randomPermutation` gives a permutation of 0, 1, ..., `size - 1`, each equally likely (Fisher and Yates' shuffle; draws are without bias).
 *
 * One key may be used once for each of the three: their streams are apart.
 *
 * @category tables
 * @since 0.1.0
 */
export const random: Definitions<"foldIn" | "randomUniform" | "randomPermutation"> = {
  foldIn: {
    family: "random",
    arity: 2,
    type: (_, operands) => {
      checkArity("foldIn", operands, 2)
      const [key, indices] = operands
      checkKey("foldIn", key)
      if (indices.elementType !== "index") throw elementTypeError("foldIn", operands, "a key and indices")
      const shape = [...indices.shape, 2]
      Shape.validate("foldIn", shape)
      return Type.index(shape)
    },
    evaluate: (_, [key, indices], type) =>
      Tensor.unsafeMake("index", type.shape, Streams.foldIn(key.data, indices.data))
  },

  randomUniform: {
    family: "random",
    arity: 1,
    type: ({ shape }, operands) => {
      checkArity("randomUniform", operands, 1)
      checkKey("randomUniform", operands[0])
      checkShape("randomUniform", operands[0].shape, shape)
      checkCount("randomUniform", shape, Shape.size(shape), Streams.limit)
      return Type.real(shape)
    },
    evaluate: (_, [key], type) =>
      Tensor.unsafeMake("real", type.shape, Streams.uniform(key.data, Shape.size(type.shape)))
  },

  randomPermutation: {
    family: "random",
    arity: 1,
    type: ({ size }, operands) => {
      checkArity("randomPermutation", operands, 1)
      checkKey("randomPermutation", operands[0])
      checkInteger("randomPermutation", operands[0].shape, "size", size, 0)
      // Elements are int32.
      checkCount("randomPermutation", [size], size, 2 ** 31)
      return Type.index([size])
    },
    evaluate: ({ size }, [key], type) => Tensor.unsafeMake("index", type.shape, Streams.permutation(key.data, size))
  }
}
