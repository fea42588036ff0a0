import type { Shape } from "@fluxion/core"
import * as fc from "fast-check"

/**
 * Constraints of `shape`: ranks 0 to 3 and dimensions 1 to 4 by default, 64 elements at most.
 *
 * @category options
 * @since 0.1.0
 */
export interface ShapeConstraints {
  readonly minRank?: number
  readonly maxRank?: number
  readonly minDimension?: number
  readonly maxDimension?: number
  readonly maxSize?: number
}

/**
 * An arbitrary shape.
 *
 * **Details**
 *
 * Shrinks to fewer axes and smaller dimensions. `minDimension: 0` includes empty arrays.
 *
 * @example
 * ```ts
 * import { Shape } from "@fluxion/core"
 * import { Arbitraries } from "@fluxion/testing"
 * import * as fc from "fast-check"
 *
 * const small = fc.property(Arbitraries.shape({ maxRank: 2 }), (shape) => shape.length <= 2 && Shape.size(shape) <= 64)
 * console.log(fc.check(small).failed) // false
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const shape = (constraints: ShapeConstraints = {}): fc.Arbitrary<Shape.Shape> => {
  const { maxDimension = 4, maxRank = 3, maxSize = 64, minDimension = 1, minRank = 0 } = constraints
  return fc
    .array(fc.integer({ min: minDimension, max: maxDimension }), { minLength: minRank, maxLength: maxRank })
    .map((dimensions) => {
      // Later axes give way until the array is small enough.
      let size = 1
      return dimensions.map((n) => {
        const fitting = size * n <= maxSize ? n : Math.max(minDimension, Math.floor(maxSize / size))
        size *= fitting
        return fitting
      })
    })
}
