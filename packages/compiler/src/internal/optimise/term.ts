// What the optimiser knows about an expression that it has made: how it was made, and what holds for all of its elements.

import { type Expr, type Primitive, Shape, Tensor, type Type } from "@fluxion/core"

export class Term implements Type.Type {
  readonly id: number
  readonly expr: Expr.Any
  readonly elementType: Type.ElementType
  readonly shape: Shape.Shape
  /** What was applied to make it; `undefined` for inputs, constants and results of control primitives. */
  readonly primitive: Primitive.Name | undefined
  readonly attributes: object
  readonly operands: ReadonlyArray<Term>
  /** Of a constant: its elements. */
  readonly value: Tensor.Any | undefined
  /** The number that all elements are, where that is known. */
  readonly fill: number | undefined
  /** Whether all elements are zeros, of either sign. */
  readonly isZero: boolean
  /** Whether no element is -0. */
  readonly hasNoNegativeZero: boolean
  /** Whether evaluating it can fail. */
  readonly isGuarded: boolean
  constructor(
    id: number,
    expr: Expr.Any,
    type: Type.Type,
    primitive: Primitive.Name | undefined,
    attributes: object,
    operands: ReadonlyArray<Term>,
    value: Tensor.Any | undefined,
    fill: number | undefined,
    isZero: boolean,
    hasNoNegativeZero: boolean,
    isGuarded: boolean
  ) {
    this.id = id
    this.expr = expr
    this.elementType = type.elementType
    this.shape = type.shape
    this.primitive = primitive
    this.attributes = attributes
    this.operands = operands
    this.value = value
    this.fill = fill
    this.isZero = isZero
    this.hasNoNegativeZero = hasNoNegativeZero
    this.isGuarded = isGuarded
  }
}

/** Constants of up to this many elements are looked at, and made. */
export const MOST_ELEMENTS = 4096

export const sizeOf = ({ shape }: Type.Type): number => Shape.size(shape)

export const isReal = ({ elementType }: Type.Type): boolean => elementType === "real"

/** The number that all elements of an array are, if there is one. */
export const repeated = ({ data }: Tensor.Any): number | undefined => {
  const first = data[0]
  if (first === undefined) return undefined
  for (let i = 1; i < data.length; i++) if (!Object.is(data[i], first)) return undefined
  return first
}

const arrays = { real: Float64Array, index: Int32Array, bool: Uint8Array } as const

/** An array whose elements are all the same. */
export const filled = ({ elementType, shape }: Type.Type, value: number): Tensor.Any =>
  Tensor.fromData(elementType, new arrays[elementType](Shape.size(shape)).fill(value), shape)

export const isFill = (term: Term, value: number): boolean => Object.is(term.fill, value)
