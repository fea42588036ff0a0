// In which precision a program computes.

import { Tensor, type Type } from "@fluxion/core"

export type Precision = "float64" | "float32"

/** The elements of an array in memory: those of a tensor, or singles. */
export type Data = Tensor.Any["data"] | Float32Array

export const bytesOf = (precision: Precision, elementType: Type.ElementType): number =>
  elementType === "real" ? (precision === "float64" ? 8 : 4) : elementType === "index" ? 4 : 1

/** The class of arrays of a type of elements. */
export const arrayOf = (precision: Precision, elementType: Type.ElementType) =>
  elementType === "real"
    ? precision === "float64"
      ? Float64Array
      : Float32Array
    : elementType === "index"
      ? Int32Array
      : Uint8Array

/** The number that takes the place of one of a program. */
export const round = (precision: Precision, value: number): number =>
  precision === "float64" ? value : Math.fround(value)

export const allocate = (precision: Precision, { elementType, shape }: Type.Type): Data =>
  new (arrayOf(precision, elementType))(shape.reduce((a, b) => a * b, 1))

/** A tensor of what is in memory, as a copy where singles have to be converted. */
export const toTensor = (data: Data, { elementType, shape }: Type.Type): Tensor.Any =>
  Tensor.fromData(elementType, data instanceof Float32Array ? Float64Array.from(data) : data, shape)

/** The elements of a tensor as they are in memory: rounded to single precision, or just as they are. */
export const inPrecision = (precision: Precision, data: Tensor.Any["data"]): Data =>
  precision === "float32" && data instanceof Float64Array ? Float32Array.from(data) : data
