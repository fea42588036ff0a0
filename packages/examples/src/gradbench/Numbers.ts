/**
 * Schemas for the arrays of the suite, which are nested lists of numbers.
 *
 * @since 0.1.0
 */
import { Tensor } from "@fluxion/core"
import { Effect, Schema, SchemaIssue, SchemaTransformation } from "effect"

type Problem = { readonly path: ReadonlyArray<number>; readonly expected: string; readonly actual: unknown }

const describe = (u: unknown): string =>
  Array.isArray(u) ? `a list of ${u.length}` : typeof u === "number" ? String(u) : u === null ? "null" : typeof u

/** Where the length of an axis is whatever comes. */
const any = "any"

type Lengths = ReadonlyArray<number | typeof any>

type ShapeOf<L extends Lengths> = { readonly [K in keyof L]: L[K] extends number ? L[K] : number }

/** Reads nested lists into row-major data; the first list of each level decides lengths that are not given. */
const flatten = (
  nested: unknown,
  lengths: Lengths
): { readonly shape: ReadonlyArray<number>; readonly data: Float64Array } | Problem => {
  let first: unknown = nested
  const shape = lengths.map((length) => {
    const actual = Array.isArray(first) ? first.length : 0
    first = Array.isArray(first) ? first[0] : undefined
    return length === any ? actual : length
  })
  const data = new Float64Array(shape.reduce((size, n) => size * n, 1))
  let next = 0
  const visit = (list: unknown, axis: number, path: ReadonlyArray<number>): Problem | undefined => {
    const length = shape[axis]!
    if (!Array.isArray(list) || list.length !== length) {
      const expected = axis === 0 && lengths[0] === any ? "a list" : `a list of ${length}`
      return { path, expected, actual: list }
    }
    for (let i = 0; i < length; i++) {
      const element: unknown = list[i]
      if (axis === shape.length - 1) {
        if (typeof element !== "number") return { path: [...path, i], expected: "a number", actual: element }
        data[next++] = element
      } else {
        const problem = visit(element, axis + 1, [...path, i])
        if (problem !== undefined) return problem
      }
    }
    return undefined
  }
  return visit(nested, 0, []) ?? { shape, data }
}

const fits = (shape: ReadonlyArray<number>, lengths: Lengths): boolean =>
  shape.length === lengths.length && lengths.every((length, axis) => length === any || length === shape[axis])

/**
 * Nested lists of numbers, read into a tensor; `"any"` leaves the length of an axis open.
 *
 * @category schemas
 * @since 0.1.0
 */
export const array = <const L extends Lengths>(lengths: L): Schema.Codec<Tensor.Tensor<ShapeOf<L>>, unknown> => {
  const expected = `numbers of shape [${lengths.join(", ")}]`
  const declared = Schema.declare<Tensor.Tensor<ShapeOf<L>>>(
    (u): u is Tensor.Tensor<ShapeOf<L>> => Tensor.isTensor(u) && u.elementType === "real" && fits(u.shape, lengths),
    { expected }
  )
  return Schema.Unknown.pipe(
    Schema.decodeTo(
      declared,
      SchemaTransformation.transformEffect<Tensor.Tensor<ShapeOf<L>>, unknown>({
        decode: (lists) => {
          const read = flatten(lists, lengths)
          if ("data" in read) {
            return Effect.succeed(Tensor.fromArray(read.data, read.shape as ReadonlyArray<number> as ShapeOf<L>))
          }
          const where = read.path.map((i) => `[${i}]`).join("")
          const problem = `expected ${read.expected}${where === "" ? "" : ` at ${where}`}, got ${describe(read.actual)}`
          return Effect.fail(new SchemaIssue.InvalidValue({ message: `expected ${expected}: ${problem}` }))
        },
        encode: (tensor) => Effect.succeed(Tensor.toNested(tensor))
      })
    )
  )
}

/**
 * A list of numbers.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Vector = array([any])

/**
 * A list of rows of numbers, all of one length.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Matrix = array([any, any])

/**
 * A size: a positive integer.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Size = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

/**
 * A vector as a list, for JSON.
 *
 * @category encoding
 * @since 0.1.0
 */
export const toList = ({ data }: Tensor.Tensor): ReadonlyArray<number> => Array.from(data)
