/**
 * Element types, and the type of one array: element type and shape.
 *
 * @since 0.1.0
 */
import type * as Shape from "./Shape.ts"

/**
 * The element types of a program: differentiable reals (float64), indices (int32) and truth values.
 *
 * **Details**
 *
 * Only `"real"` carries derivatives. `"index"` and `"bool"` have expression types of their own,
 * so a gradient with respect to an index does not type-check.
 *
 * @category models
 * @since 0.1.0
 */
export type ElementType = "real" | "index" | "bool"

/**
 * The type of one array in a program: what its elements are, and its shape.
 *
 * @category models
 * @since 0.1.0
 */
export interface Type<out D extends ElementType = ElementType, out S extends Shape.Shape = Shape.Shape> {
  readonly elementType: D
  readonly shape: S
}

/**
 * Makes a `Type` from an element type and a shape.
 *
 * @example
 * ```ts
 * import { Type } from "@fluxion/core"
 *
 * console.log(Type.render(Type.make("index", [3, 4]))) // index[3,4]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const D extends ElementType, const S extends Shape.Shape>(
  elementType: D,
  shape: S
): Type<D, S> => ({
  elementType,
  shape
})

/**
 * The type of an array of reals (float64).
 *
 * @example
 * ```ts
 * import { Type } from "@fluxion/core"
 *
 * console.log(Type.render(Type.real([2]))) // real[2]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const real = <const S extends Shape.Shape>(shape: S): Type<"real", S> => make("real", shape)

/**
 * The type of an array of indices (int32).
 *
 * @example
 * ```ts
 * import { Type } from "@fluxion/core"
 *
 * console.log(Type.render(Type.index([10]))) // index[10]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const index = <const S extends Shape.Shape>(shape: S): Type<"index", S> => make("index", shape)

/**
 * The type of an array of truth values.
 *
 * @example
 * ```ts
 * import { Type } from "@fluxion/core"
 *
 * console.log(Type.render(Type.bool([]))) // bool[]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const bool = <const S extends Shape.Shape>(shape: S): Type<"bool", S> => make("bool", shape)

/**
 * Writes a type as `real[3,4]`.
 *
 * @example
 * ```ts
 * import { Type } from "@fluxion/core"
 *
 * console.log(Type.render(Type.real([3, 4]))) // real[3,4]
 * ```
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (type: Type): string => `${type.elementType}[${type.shape.join(",")}]`
