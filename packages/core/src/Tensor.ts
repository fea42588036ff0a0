/**
 * Values: a shape and a contiguous row-major typed array, immutable by contract.
 *
 * @since 0.1.0
 */
import {
  Effect,
  Equal,
  Hash,
  Inspectable,
  Pipeable,
  Schema,
  SchemaGetter,
  SchemaIssue,
  SchemaTransformation
} from "effect"
import * as Shape from "./Shape.ts"
import type * as Type from "./Type.ts"

const TypeId = "~@fluxion/core/Tensor"

/**
 * The typed array that holds elements of type `D`: float64 for reals, int32 for indices, one byte (0 or 1) per truth value.
 *
 * @category models
 * @since 0.1.0
 */
export type Data<D extends Type.ElementType> = {
  readonly real: Float64Array
  readonly index: Int32Array
  readonly bool: Uint8Array
}[D]

/**
 * An array of shape `S` with elements of type `D`.
 *
 * **Details**
 *
 * `data` is row-major and exactly as long as the shape says. It must not be written to: programs hold
 * tensors as constants, and results may share memory with their inputs. Two tensors are `Equal` when shape, element type and
 * every element agree (`NaN` equals `NaN`, and `-0` differs from `0`).
 *
 * @category models
 * @since 0.1.0
 */
export interface Tensor<out S extends Shape.Shape = Shape.Shape, out D extends Type.ElementType = "real">
  extends Pipeable.Pipeable, Equal.Equal, Inspectable.Inspectable {
  readonly [TypeId]: typeof TypeId
  readonly elementType: D
  readonly shape: S
  readonly data: Data<D>
}

/**
 * A tensor of any element type and shape.
 *
 * @category models
 * @since 0.1.0
 */
export type Any = Tensor<Shape.Shape, "real"> | Tensor<Shape.Shape, "index"> | Tensor<Shape.Shape, "bool">

/**
 * Nested arrays as deep as `S` is long; a plain element for a scalar.
 *
 * @category models
 * @since 0.1.0
 */
export type Nested<S extends Shape.Shape, Element = number> = number extends S["length"]
  ? NestedOfUnknownRank<Element>
  : S extends readonly [number, ...infer Rest extends Shape.Shape]
    ? ReadonlyArray<Nested<Rest, Element>>
    : Element

/**
 * Nested arrays whose depth is not known statically.
 *
 * @category models
 * @since 0.1.0
 */
export type NestedOfUnknownRank<Element = number> = Element | ReadonlyArray<NestedOfUnknownRank<Element>>

/**
 * The shape of a nested array literal.
 *
 * @category models
 * @since 0.1.0
 */
export type ShapeOfNested<N> =
  N extends ReadonlyArray<infer Element>
    ? N extends readonly []
      ? readonly [0]
      : readonly [N["length"], ...ShapeOfNested<Element>]
    : readonly []

class TensorImpl extends Pipeable.Class implements Tensor<Shape.Shape, Type.ElementType> {
  readonly [TypeId] = TypeId
  readonly elementType: Type.ElementType
  readonly shape: Shape.Shape
  readonly data: Data<Type.ElementType>
  constructor(elementType: Type.ElementType, shape: Shape.Shape, data: Data<Type.ElementType>) {
    super()
    this.elementType = elementType
    this.shape = shape
    this.data = data
  }
  [Equal.symbol](that: unknown): boolean {
    if (!isTensor(that) || that.elementType !== this.elementType || !Shape.equals(that.shape, this.shape)) return false
    for (let i = 0; i < this.data.length; i++) if (!Object.is(this.data[i], that.data[i])) return false
    return true
  }
  [Hash.symbol](): number {
    return Hash.array([this.elementType, ...this.shape, ...this.data.subarray(0, 64)])
  }
  toJSON() {
    return { _id: "Tensor", elementType: this.elementType, shape: this.shape, values: toNested(this as Any) }
  }
  override toString(): string {
    return render(this as Any)
  }
  [Inspectable.NodeInspectSymbol]() {
    return render(this as Any)
  }
}

/**
 * Whether a value is a tensor.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(Tensor.isTensor(Tensor.make([1, 2]))) // true
 * console.log(Tensor.isTensor([1, 2])) // false
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const isTensor = (u: unknown): u is Any => typeof u === "object" && u !== null && TypeId in u

/** @internal */
export const unsafeMake = <D extends Type.ElementType, S extends Shape.Shape>(
  elementType: D,
  shape: S,
  data: Data<D>
): Tensor<S, D> => new TensorImpl(elementType, shape, data) as unknown as Tensor<S, D>

const shapeOfNested = (nested: unknown, operation: string): Array<number> => {
  const shape: Array<number> = []
  for (let level = nested; Array.isArray(level); level = level[0]) shape.push(level.length)
  const check = (level: unknown, depth: number, path: string): void => {
    if (depth === shape.length) {
      if (Array.isArray(level))
        throw Shape.error(operation, [shape], `ragged nesting: an array where an element was expected, at ${path}`)
      return
    }
    if (!Array.isArray(level)) {
      throw Shape.error(operation, [shape], `ragged nesting: an element where an array was expected, at ${path}`)
    }
    if (level.length !== shape[depth]) {
      throw Shape.error(
        operation,
        [shape],
        `ragged nesting: expected ${shape[depth]} elements at ${path}, got ${level.length}`
      )
    }
    for (let i = 0; i < level.length; i++) check(level[i], depth + 1, `${path}[${i}]`)
  }
  check(nested, 0, "value")
  return shape
}

const fillNested = (nested: unknown, data: { [index: number]: number }): void => {
  let next = 0
  const visit = (level: unknown): void => {
    if (Array.isArray(level)) for (const element of level) visit(element)
    else data[next++] = Number(level)
  }
  visit(nested)
}

/**
 * Makes a tensor of reals from a number or nested arrays of numbers.
 *
 * **Details**
 *
 * The shape is read off the nesting; the static type keeps literal lengths where the argument is a literal.
 * Ragged nesting throws a `ShapeError` that names the place.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * const matrix = Tensor.make([[1, 2], [3, 4]])
 * console.log(matrix.shape) // [ 2, 2 ]
 * console.log(`${matrix}`) // [[1, 2], [3, 4]]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const N extends NestedOfUnknownRank>(nested: N): Tensor<ShapeOfNested<N>> => {
  const shape = shapeOfNested(nested, "Tensor.make")
  const data = new Float64Array(Shape.size(shape))
  fillNested(nested, data)
  return unsafeMake("real", shape as ReadonlyArray<number> as ShapeOfNested<N>, data)
}

/**
 * Makes a tensor of indices from an integer or nested arrays of integers.
 *
 * **Details**
 *
 * Elements are stored as int32; an element that is not one throws a `RangeError` naming it.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(Tensor.index([2, 0, 1]).elementType) // index
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const index = <const N extends NestedOfUnknownRank>(nested: N): Tensor<ShapeOfNested<N>, "index"> => {
  const shape = shapeOfNested(nested, "Tensor.index")
  const exact: Array<number> = []
  fillNested(nested, exact)
  const data = Int32Array.from(exact)
  exact.forEach((value, i) => {
    if (data[i] !== value) throw new RangeError(`Tensor.index: ${value} (element ${i}) is not a 32-bit integer`)
  })
  return unsafeMake("index", shape as ReadonlyArray<number> as ShapeOfNested<N>, data)
}

/**
 * Makes a tensor of truth values from a boolean or nested arrays of booleans.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(`${Tensor.bool([true, false])}`) // [true, false]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const bool = <const N extends NestedOfUnknownRank<boolean>>(nested: N): Tensor<ShapeOfNested<N>, "bool"> => {
  const shape = shapeOfNested(nested, "Tensor.bool")
  const data = new Uint8Array(Shape.size(shape))
  fillNested(nested, data)
  return unsafeMake("bool", shape as ReadonlyArray<number> as ShapeOfNested<N>, data)
}

/**
 * Makes a tensor of reals from its elements in row-major order, and a shape.
 *
 * **Details**
 *
 * A `Float64Array` is taken over without a copy (do not write to it afterwards); anything else is copied.
 * A length that does not match the shape throws a `ShapeError`.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(`${Tensor.fromArray([1, 2, 3, 4, 5, 6], [2, 3])}`) // [[1, 2, 3], [4, 5, 6]]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromArray = <const S extends Shape.Shape>(data: ArrayLike<number>, shape: S): Tensor<S> => {
  Shape.validate("Tensor.fromArray", shape)
  if (data.length !== Shape.size(shape)) {
    throw Shape.error(
      "Tensor.fromArray",
      [shape],
      `expected ${Shape.size(shape)} elements for shape ${Shape.render(shape)}, got ${data.length}`
    )
  }
  return unsafeMake("real", shape, data instanceof Float64Array ? data : Float64Array.from(data))
}

/**
 * Makes a tensor of any element type around a typed array, which is not copied and must not be written to afterwards.
 *
 * **Details**
 *
 * Throws a `ShapeError` when the array is not as long as the shape says.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(`${Tensor.fromData("index", Int32Array.of(3, 1), [2])}`) // [3, 1]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromData = (elementType: Type.ElementType, data: Data<Type.ElementType>, shape: Shape.Shape): Any => {
  if (data.length !== Shape.size(shape)) {
    throw Shape.error(
      "Tensor.fromData",
      [shape],
      `expected ${Shape.size(shape)} elements for shape ${Shape.render(shape)}, got ${data.length}`
    )
  }
  return unsafeMake(elementType, shape, data) as Any
}

/**
 * Makes a tensor of reals in which every element has the same value.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(`${Tensor.full([2, 2], 7)}`) // [[7, 7], [7, 7]]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const full = <const S extends Shape.Shape>(shape: S, value: number): Tensor<S> => {
  Shape.validate("Tensor.full", shape)
  return unsafeMake("real", shape, new Float64Array(Shape.size(shape)).fill(value))
}

/**
 * Makes a tensor of zeros.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(`${Tensor.zeros([3])}`) // [0, 0, 0]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const zeros = <const S extends Shape.Shape>(shape: S): Tensor<S> => full(shape, 0)

/**
 * Makes a tensor of ones.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(`${Tensor.ones([3])}`) // [1, 1, 1]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const ones = <const S extends Shape.Shape>(shape: S): Tensor<S> => full(shape, 1)

/**
 * Makes the identity matrix of `n` rows.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(`${Tensor.identity(2)}`) // [[1, 0], [0, 1]]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const identity = <const N extends number>(n: N): Tensor<readonly [N, N]> => {
  const result = zeros([n, n])
  for (let i = 0; i < n; i++) result.data[i * n + i] = 1
  return result
}

/**
 * Makes `count` equally spaced reals from `start` to `stop`, both included.
 *
 * **Details**
 *
 * The last element is `stop` exactly; with `count` 1 the only element is `start`.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(`${Tensor.linspace(0, 1, 5)}`) // [0, 0.25, 0.5, 0.75, 1]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const linspace = <const N extends number>(start: number, stop: number, count: N): Tensor<readonly [N]> => {
  const result = zeros([count])
  for (let i = 0; i < count; i++) {
    result.data[i] = i === 0 ? start : i === count - 1 ? stop : start + ((stop - start) * i) / (count - 1)
  }
  return result
}

/**
 * Makes the indices `0, 1, ..., count - 1`.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(`${Tensor.iota(4)}`) // [0, 1, 2, 3]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const iota = <const N extends number>(count: N): Tensor<readonly [N], "index"> => {
  Shape.validate("Tensor.iota", [count])
  return unsafeMake(
    "index",
    [count],
    Int32Array.from({ length: count }, (_, i) => i)
  )
}

/**
 * The elements as nested arrays; a plain element for a scalar.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(Tensor.toNested(Tensor.fromArray([1, 2, 3, 4], [2, 2]))) // [ [ 1, 2 ], [ 3, 4 ] ]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const toNested = <S extends Shape.Shape, D extends Type.ElementType>(
  self: Tensor<S, D>
): Nested<S, D extends "bool" ? boolean : number> => {
  const element = (i: number) => (self.elementType === "bool" ? self.data[i] === 1 : self.data[i])
  const build = (axis: number, offset: number, size: number): unknown => {
    if (axis === self.shape.length) return element(offset)
    const length = self.shape[axis]!
    const step = length === 0 ? 0 : size / length
    return Array.from({ length }, (_, i) => build(axis + 1, offset + i * step, step))
  }
  return build(0, 0, self.data.length) as Nested<S, D extends "bool" ? boolean : number>
}

/**
 * The single element of a tensor of size one.
 *
 * **Details**
 *
 * Throws a `ShapeError` for any other size.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(Tensor.item(Tensor.make([[42]]))) // 42
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const item = (self: Any): number => {
  if (self.data.length !== 1) {
    throw Shape.error("Tensor.item", [self.shape], `expected one element, got ${self.data.length}`)
  }
  return self.data[0]!
}

const elementLimit = 1000

/**
 * Writes a tensor as nested brackets, e.g. `[[1, 2], [3, 4]]`; long ones are abbreviated after 1000 elements.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 *
 * console.log(Tensor.render(Tensor.make([[1, -0], [NaN, 4]]))) // [[1, -0], [NaN, 4]]
 * ```
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (self: Any): string => {
  let written = 0
  const element = (i: number): string =>
    self.elementType === "bool" ? String(self.data[i] === 1) : Object.is(self.data[i], -0) ? "-0" : String(self.data[i])
  const build = (axis: number, offset: number, size: number): string => {
    if (axis === self.shape.length) {
      written++
      return element(offset)
    }
    const length = self.shape[axis]!
    const step = length === 0 ? 0 : size / length
    const parts: Array<string> = []
    for (let i = 0; i < length; i++) {
      if (written >= elementLimit) {
        parts.push("…")
        break
      }
      parts.push(build(axis + 1, offset + i * step, step))
    }
    return `[${parts.join(", ")}]`
  }
  return build(0, 0, self.data.length)
}

const special = { NaN, Infinity, "-Infinity": -Infinity, "-0": -0 }

/**
 * A schema for tensors of reals of one shape, encoded as `{ shape, data }` with row-major data.
 *
 * **Details**
 *
 * Non-finite elements are encoded as the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, and negative zero as `"-0"`, so
 * that the encoding is JSON. Decoding fails with a message that names the expected and the actual shape, or the position of the offending element.
 * `Arbitrary.schema` of `effect` derives tensors of any elements from it.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 * import { Schema } from "effect"
 *
 * const decoded = Schema.decodeUnknownSync(Tensor.schema([2]))({ shape: [2], data: [1, "NaN"] })
 * console.log(`${decoded}`) // [1, NaN]
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema = <const S extends Shape.Shape>(shape: S): Schema.Codec<Tensor<S>, TensorEncoded> => {
  Shape.validate("Tensor.schema", shape)
  const declared = Schema.declare<Tensor<S>>(
    (u): u is Tensor<S> => isTensor(u) && u.elementType === "real" && Shape.equals(u.shape, shape),
    {
      expected: `a tensor of reals of shape ${Shape.render(shape)}`,
      toCodecArbitrary: () => {
        const size = Shape.size(shape)
        const elements = Schema.Array(Schema.Number).check(Schema.isMinLength(size), Schema.isMaxLength(size))
        return Schema.link<Tensor<S>>()(elements, {
          decode: SchemaGetter.transform((data) => unsafeMake("real", shape, Float64Array.from(data))),
          encode: SchemaGetter.transform((tensor) => Array.from(tensor.data))
        })
      }
    }
  )
  const invalid = (message: string) => Effect.fail(new SchemaIssue.InvalidValue({ message }))
  return TensorEncoded.pipe(
    Schema.decodeTo(
      declared,
      SchemaTransformation.transformEffect<Tensor<S>, TensorEncoded>({
        decode: ({ data, shape: actual }) => {
          if (!Shape.equals(actual, shape)) {
            return invalid(`expected shape ${Shape.render(shape)}, got ${Shape.render(actual)}`)
          }
          if (data.length !== Shape.size(shape)) {
            return invalid(`expected ${Shape.size(shape)} elements, got ${data.length}`)
          }
          const elements = Float64Array.from(data, (x) => (typeof x === "number" ? x : special[x]))
          return Effect.succeed(unsafeMake("real", shape, elements))
        },
        encode: (tensor) =>
          Effect.succeed({
            shape: tensor.shape,
            data: Array.from(tensor.data, (x) =>
              Object.is(x, -0) ? "-0" : Number.isFinite(x) ? x : (String(x) as keyof typeof special)
            )
          })
      })
    )
  )
}

/**
 * The encoded form of a tensor of reals: `{ shape, data }`, row-major, non-finite elements and `-0` as strings.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 * import { Schema } from "effect"
 *
 * console.log(Schema.is(Tensor.TensorEncoded)({ shape: [1], data: ["-0"] })) // true
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const TensorEncoded = Schema.Struct({
  shape: Schema.Array(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
  data: Schema.Array(Schema.Union([Schema.Finite, Schema.Literals(["NaN", "Infinity", "-Infinity", "-0"])]))
})

/**
 * The type of `TensorEncoded`.
 *
 * @category schemas
 * @since 0.1.0
 */
export type TensorEncoded = typeof TensorEncoded.Type
