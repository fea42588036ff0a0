// An independent, naive account of arrays: a function from index lists to elements. The oracles of the primitives'
// tests are written over it, one element of the result at a time, with none of the library's stride arithmetic.
import * as fc from "fast-check"
import { expect } from "vitest"
import { definitions } from "../../src/Primitive.ts"
import type { Attributes, Definition, Name, Operands } from "../../src/Primitive.ts"
import { ShapeError } from "../../src/Shape.ts"
import * as Tensor from "../../src/Tensor.ts"
import * as Type from "../../src/Type.ts"

export type Index = ReadonlyArray<number>

export type ElementType = "real" | "index" | "bool"

// -----------------------------------------------------------------------------
// Arrays as functions
// -----------------------------------------------------------------------------

/** Every index of a shape in row-major order. */
export const indicesOf = (shape: Index): Array<Index> =>
  shape.reduce<Array<Index>>(
    (prefixes, n) => prefixes.flatMap((prefix) => Array.from({ length: n }, (_, i) => [...prefix, i])),
    [[]]
  )

export const count = (shape: Index): number => shape.reduce((product, n) => product * n, 1)

/** The sum of the products of corresponding elements; products with a zero of `b` are left out. */
export const innerProduct = (a: Tensor.Any, b: Tensor.Any): number => {
  let total = 0
  a.data.forEach((x: number, i: number) => (total += b.data[i] === 0 ? 0 : x * b.data[i]!))
  return total
}

/** The element of a tensor at an index. */
export const at = (tensor: Tensor.Any, index: Index): number => {
  expect(index.length).toBe(tensor.shape.length)
  let place = 0
  index.forEach((i, axis) => {
    expect(i >= 0 && i < tensor.shape[axis]!).toBe(true)
    place = place * tensor.shape[axis]! + i
  })
  return tensor.data[place]!
}

const arrays = { real: Float64Array, index: Int32Array, bool: Uint8Array }

/** The tensor whose element at each index is what the function says. */
export const build = (elementType: ElementType, shape: Index, element: (index: Index) => number): Tensor.Any =>
  fromElements(elementType, shape, indicesOf(shape).map(element))

export const fromElements = (elementType: ElementType, shape: Index, elements: ReadonlyArray<number>): Tensor.Any =>
  Tensor.unsafeMake(elementType, [...shape], arrays[elementType].from(elements)) as Tensor.Any

/** NumPy's broadcast shape, from its definition. */
export const broadcastShape = (...shapes: ReadonlyArray<Index>): Index => {
  const rank = Math.max(...shapes.map((shape) => shape.length))
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.flatMap((shape) => shape[axis - rank + shape.length] ?? [])
    return sizes.find((n) => n !== 1) ?? 1
  })
}

/** The element of a broadcast operand at an index of the result. */
export const broadcastAt = (tensor: Tensor.Any, index: Index): number =>
  at(
    tensor,
    tensor.shape.map((n, axis) => (n === 1 ? 0 : index[axis + index.length - tensor.shape.length]!))
  )

// -----------------------------------------------------------------------------
// Running and comparing
// -----------------------------------------------------------------------------

/** Types and evaluates a primitive; the result must have exactly the type that was announced. */
export const run = <K extends Name>(
  name: K,
  attributes: Attributes<K>,
  ...operands: Operands<K, Tensor.Any>
): Tensor.Any => {
  const { arity, evaluate, type } = definitions[name] as Definition<K>
  if (arity !== "variadic") expect(operands.length).toBe(arity)
  const before = operands.map((operand) => operand.data.slice())
  const types = operands.map((operand) => Type.make(operand.elementType, operand.shape))
  const announced = type(attributes, types as unknown as Operands<K, Type.Type>)
  const result = evaluate(attributes, operands, announced)
  expect({ elementType: result.elementType, shape: result.shape }).toEqual(announced)
  expect(result.data).toBeInstanceOf(arrays[result.elementType])
  expect(result.data.length).toBe(count(result.shape))
  operands.forEach((operand, i) => expect(operand.data).toEqual(before[i]))
  return result
}

/** Shapes, element types and elements agree; -0 differs from 0, and NaN equals NaN. */
export const expectSame = (actual: Tensor.Any, expected: Tensor.Any): void => {
  expect({ elementType: actual.elementType, shape: [...actual.shape] }).toEqual({
    elementType: expected.elementType,
    shape: [...expected.shape]
  })
  if (actual.data.length !== expected.data.length || !actual.data.every((x, i) => Object.is(x, expected.data[i]))) {
    expect([...actual.data]).toEqual([...expected.data])
    throw new Error(`expected ${[...expected.data]}, got ${[...actual.data]}`)
  }
}

/** One wrong use: primitive, attributes and operand types of any kind (as decoded data may hold), and the message. */
export type Misuse = readonly [name: Name, attributes: object, operands: ReadonlyArray<string>, message: string]

/** `real[2,3]` read back into a type. */
export const parseType = (text: string): Type.Type => {
  const [, elementType, dimensions] = /^(real|index|bool)\[(.*)\]$/.exec(text)!
  return Type.make(elementType as ElementType, dimensions === "" ? [] : dimensions!.split(",").map(Number))
}

type AnyRule = (attributes: object, operands: ReadonlyArray<Type.Type>) => Type.Type

/** The typing rule of a primitive, to be called with anything. */
export const typing = (name: Name): AnyRule => definitions[name].type as unknown as AnyRule

export const expectMisuse = ([name, attributes, operands, message]: Misuse): void => {
  let caught: unknown
  try {
    typing(name)(attributes, operands.map(parseType))
  } catch (error) {
    caught = error
  }
  expect(caught).toBeInstanceOf(ShapeError)
  const error = caught as ShapeError
  expect(error.operation).toBe(name)
  expect(error.message.split("\n")[0]).toBe(`${name}: ${message}`)
}

// -----------------------------------------------------------------------------
// Arbitraries
// -----------------------------------------------------------------------------

export const specials: ReadonlyArray<number> = [
  NaN,
  Infinity,
  -Infinity,
  0,
  -0,
  5e-324,
  -5e-324,
  2.2250738585072014e-308,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  2 ** 31,
  -(2 ** 31) - 1
]

const elements = {
  real: fc.oneof(fc.constantFrom(...specials), fc.double({ min: -10, max: 10, noNaN: true }), fc.double()),
  index: fc.oneof(fc.integer({ min: -5, max: 5 }), fc.constantFrom(-2147483648, 2147483647), fc.integer()),
  bool: fc.integer({ min: 0, max: 1 })
}

/** Reals that add and multiply exactly as long as there are few of them. */
export const smallIntegers: fc.Arbitrary<number> = fc.integer({ min: -9, max: 9 }).map((n) => (n === 0 ? 0 : n))

const dimension = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.constant(1) },
  { weight: 8, arbitrary: fc.integer({ min: 2, max: 4 }) }
)

/** Shapes of rank `least` to 4, with empty axes and axes of size 1 among them. */
export const shapes = (least = 0): fc.Arbitrary<Array<number>> =>
  fc.array(dimension, { minLength: least, maxLength: 4 })

export const elementTypes: fc.Arbitrary<ElementType> = fc.constantFrom("real", "index", "bool")

export const tensors = (
  elementType: ElementType,
  shape: Index,
  element: fc.Arbitrary<number> = elements[elementType]
): fc.Arbitrary<Tensor.Any> =>
  fc
    .array(element, { minLength: count(shape), maxLength: count(shape) })
    .map((values) => fromElements(elementType, shape, values))

/** Tensors of any element type and of rank `least` to 4. */
export const anyTensor = (least = 0): fc.Arbitrary<Tensor.Any> =>
  fc.tuple(elementTypes, shapes(least)).chain(([elementType, shape]) => tensors(elementType, shape))

/** Operands of the given element types whose shapes broadcast with each other. */
export const broadcastable = (...types: ReadonlyArray<ElementType>): fc.Arbitrary<Array<Tensor.Any>> =>
  shapes().chain((target) =>
    fc
      .tuple(
        ...types.map((elementType) =>
          fc
            .tuple(fc.nat({ max: target.length }), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }))
            .chain(([dropped, ones]) =>
              tensors(
                elementType,
                target.slice(dropped).map((n, axis) => (ones[axis] ? 1 : n))
              )
            )
        )
      )
      .map((operands) => [...operands])
  )

/** A sorted list of distinct axes of a shape. */
export const axesOf = (shape: Index): fc.Arbitrary<Array<number>> => fc.subarray(shape.map((_, axis) => axis))

/** One axis of a non-scalar shape. */
export const axisOf = (shape: Index): fc.Arbitrary<number> => fc.nat({ max: shape.length - 1 })

export const permutationOf = (shape: Index): fc.Arbitrary<Array<number>> => {
  const axes = shape.map((_, axis) => axis)
  return fc.shuffledSubarray(axes, { minLength: axes.length, maxLength: axes.length })
}

/** An integer from `least` to `most` for each axis. */
export const perAxis = (shape: Index, least: number, most: (n: number) => number): fc.Arbitrary<Array<number>> =>
  fc.tuple(...shape.map((n) => fc.integer({ min: least, max: most(n) }))).map((values) => [...values])
