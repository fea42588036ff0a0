// Constants: numbers where they are few, base64 where they are many.

import { Result } from "effect"
import * as Base64 from "effect/encoding/Base64"
import * as Shape from "../../Shape.ts"
import * as Tensor from "../../Tensor.ts"
import type * as Type from "../../Type.ts"
import { decodeReal, encodeReal } from "./attributes.ts"
import { atMost, type ConstantEncoded, limits, ProgramEncodeError, type RealEncoded } from "./model.ts"
import { type Budget, describe, elementOf, isList, lengthOf, type Place, recordOf, refuse, within } from "./read.ts"
import { decodeElementType, decodeShape, problemOfShape } from "./specification.ts"

/** Tensors of at most this many elements are written as numbers. */
const listed = 64

const bytesOf = { real: 8, index: 4, bool: 1 } as const

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** The bytes of elements of `size` bytes with the order within each reversed, where the machine is big-endian. */
const littleEndian = (bytes: Uint8Array, size: number): Uint8Array => {
  if (isLittleEndian || size === 1) return bytes
  const swapped = new Uint8Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) swapped[i] = bytes[i - (i % size) + size - 1 - (i % size)]!
  return swapped
}

/** Bytes encoded at a time: a multiple of 3, so that the parts join to the whole. */
const chunk = 3 * 2 ** 14

const toBase64 = (bytes: Uint8Array): string => {
  const parts: Array<string> = []
  for (let at = 0; at < bytes.length; at += chunk) parts.push(Base64.encode(bytes.subarray(at, at + chunk)))
  return parts.join("")
}

/** Whether a NaN has other bits than the one that `NaN` stands for. */
const hasUnusualNaN = (data: Float64Array): boolean => {
  if (!data.includes(NaN)) return false
  const bits = new BigUint64Array(data.buffer, data.byteOffset, data.length)
  return data.some((x, i) => x !== x && bits[i] !== 0x7ff8000000000000n)
}

// -----------------------------------------------------------------------------
// Encoding
// -----------------------------------------------------------------------------

export const encodeConstant = (
  value: Tensor.Any,
  path: () => ReadonlyArray<string | number>,
  taken: { constantBytes: number }
): ConstantEncoded => {
  const fail = (expected: string, actual: string) => new ProgramEncodeError({ path: path(), expected, actual })
  const problem = problemOfShape(value.shape)
  if (problem !== undefined) throw fail(problem.expected, problem.actual)
  taken.constantBytes += value.data.byteLength
  if (taken.constantBytes > limits.constantBytes) throw fail(atMost("constantBytes"), "more")
  const { elementType } = value
  const shape = value.shape.map((n) => n + 0)
  if (value.data.length > listed || (elementType === "real" && hasUnusualNaN(value.data))) {
    const { buffer, byteLength, byteOffset } = value.data
    const bytes = littleEndian(new Uint8Array(buffer, byteOffset, byteLength), bytesOf[elementType])
    return { elementType, shape, base64: toBase64(bytes) }
  }
  const element: (x: number) => RealEncoded | boolean = elementType === "bool" ? (x) => x === 1 : encodeReal
  return shape.length === 0 && elementType !== "index"
    ? element(value.data[0]!)
    : { elementType, shape, data: Array.from(value.data, element) }
}

// -----------------------------------------------------------------------------
// Decoding
// -----------------------------------------------------------------------------

interface ElementKind {
  readonly expected: string
  /** The element as it is stored, or `undefined`. */
  readonly decode: (value: unknown) => number | undefined
}

const kinds: { readonly [D in Type.ElementType]: ElementKind } = {
  real: { expected: `a finite number, "NaN", "Infinity", "-Infinity" or "-0"`, decode: decodeReal },
  index: {
    expected: "a 32-bit integer",
    decode: (value) => (typeof value === "number" && value === (value | 0) ? value : undefined)
  },
  bool: { expected: "true or false", decode: (value) => (typeof value === "boolean" ? Number(value) : undefined) }
}

const allocate = (elementType: Type.ElementType, size: number): Tensor.Data<Type.ElementType> =>
  elementType === "real"
    ? new Float64Array(size)
    : elementType === "index"
      ? new Int32Array(size)
      : new Uint8Array(size)

const scalar = (elementType: Type.ElementType, x: number): Tensor.Any => {
  const data = allocate(elementType, 1)
  data[0] = x
  return Tensor.unsafeMake(elementType, [], data) as Tensor.Any
}

const decodeBase64 = (
  text: unknown,
  elementType: Type.ElementType,
  size: number,
  place: Place
): Tensor.Data<Type.ElementType> => {
  const byteLength = size * bytesOf[elementType]
  const length = 4 * Math.ceil(byteLength / 3)
  const expected = `${byteLength} bytes in base64 (${length} characters)`
  if (typeof text !== "string") throw refuse(place, expected, text)
  // Nothing is allocated before the text is known to be as long as the shape says.
  if (text.length !== length) throw refuse(place, expected, text, `${text.length} characters`)
  const decoded = Base64.decode(text)
  if (Result.isFailure(decoded)) throw refuse(place, expected, text, decoded.failure.message)
  if (decoded.success.length !== byteLength) throw refuse(place, expected, text, `${decoded.success.length} bytes`)
  const { buffer, byteOffset } = littleEndian(decoded.success, bytesOf[elementType])
  if (elementType === "real") return new Float64Array(buffer as ArrayBuffer, byteOffset, size)
  if (elementType === "index") return new Int32Array(buffer as ArrayBuffer, byteOffset, size)
  const wrong = decoded.success.findIndex((byte) => byte > 1)
  if (wrong >= 0) throw refuse(place, "bytes 0 and 1", text, `${decoded.success[wrong]} at ${wrong}`)
  return decoded.success
}

const decodeList = (
  list: unknown,
  elementType: Type.ElementType,
  size: number,
  place: Place
): Tensor.Data<Type.ElementType> => {
  const expected = `a list of ${size} elements`
  if (!isList(list)) throw refuse(place, expected, list)
  const length = lengthOf(list, place)
  if (length !== size) throw refuse(place, expected, list, String(length))
  const kind = kinds[elementType]
  // The length came from the input: a proxy may lie about it, so memory is allocated as elements come.
  const elements: Array<number> = []
  for (let i = 0; i < size; i++) {
    const value = elementOf(list, i, place)
    const element = kind.decode(value)
    if (element === undefined) throw refuse(within(place, i), kind.expected, value)
    elements.push(element)
  }
  const data = allocate(elementType, size)
  data.set(elements)
  return data
}

export const decodeConstant = (value: unknown, place: Place, budget: Budget): Tensor.Any => {
  if (typeof value === "boolean") {
    budget.take("constantBytes", 1, place)
    return scalar("bool", Number(value))
  }
  const real = decodeReal(value)
  if (real !== undefined) {
    budget.take("constantBytes", 8, place)
    return scalar("real", real)
  }
  const expected = "a number, true, false, or an object with elementType, shape, and data or base64"
  if (typeof value !== "object") throw refuse(place, expected, value, describe(value))
  const fields = recordOf(value, place, expected, ["elementType", "shape", "data", "base64"])
  const elementType = decodeElementType(fields[0], within(place, "elementType"))
  const shape = decodeShape(fields[1], within(place, "shape"))
  const [list, text] = [fields[2], fields[3]]
  if ((list === undefined) === (text === undefined)) {
    throw refuse(place, "either data or base64", value, list === undefined ? "neither" : "both")
  }
  const size = Shape.size(shape)
  budget.take("constantBytes", size * bytesOf[elementType], place)
  const data =
    list === undefined
      ? decodeBase64(text, elementType, size, within(place, "base64"))
      : decodeList(list, elementType, size, within(place, "data"))
  return Tensor.unsafeMake(elementType, shape, data) as Tensor.Any
}
