// Points that are drawn for the operands of a primitive, all from one seed.

import { Interpreter, Shape, Tensor, Type } from "@fluxion/core"
import { type Operand, type Subject, elementTypeOf } from "./model.ts"

/** Numbers in [0, 1): the generator mulberry32 of Tommy Ettinger. */
export type Generator = () => number

export const generator = (seed: number, ...parts: ReadonlyArray<string>): Generator => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  // Each check draws from a sequence of its own, whichever others are run.
  for (const character of parts.join("\n")) state = (Math.imul(state, 31) + character.charCodeAt(0)) >>> 0
  next()
  return next
}

/** What stays away from kinks, relative to their size where that is above 1. */
const margin = 0.1

const rangesOf = (operand: Operand): ReadonlyArray<readonly [number, number]> => operand.ranges ?? [[-2, 2]]

const awayFromKinks = ({ kinks = [] }: Operand, x: number): boolean =>
  kinks.every((kink) => Math.abs(x - kink) > margin * Math.max(1, Math.abs(kink)))

const attempts = 2000

const element = (random: Generator, operand: Operand): number => {
  switch (elementTypeOf(operand)) {
    case "bool":
      return random() < 0.5 ? 0 : 1
    case "index": {
      const [low, high] = rangesOf(operand)[0]!
      return low + Math.floor(random() * (high - low + 1))
    }
    case "real": {
      const ranges = rangesOf(operand)
      for (let attempt = 0; attempt < attempts; attempt++) {
        const [low, high] = ranges[Math.floor(random() * ranges.length)]!
        const x = low + random() * (high - low)
        if (awayFromKinks(operand, x)) return x
      }
      throw new Error(`no number in ${JSON.stringify(ranges)} is ${margin} away from the kinks`)
    }
  }
}

export const tensorOf = (operand: Operand, shape: Shape.Shape, data: ArrayLike<number>): Tensor.Any => {
  const elementType = elementTypeOf(operand)
  if (elementType === "real") return Tensor.fromArray(data, shape)
  // Elements of other types are what conversions make of reals.
  const real = Tensor.fromArray(data, shape)
  return elementType === "index"
    ? Interpreter.algebra.apply("toIndex", {}, [real], Type.index(shape))
    : Interpreter.algebra.apply("ne", {}, [real, Tensor.full([], 0)], Type.bool(shape))
}

/** The broadcast shape, and the flat place in each operand of each of its elements. */
const broadcastPlaces = (shapes: ReadonlyArray<Shape.Shape>): ReadonlyArray<ReadonlyArray<number>> => {
  const whole = shapes.reduce((a, b) => Shape.broadcast("suite", a, b), [])
  const strides = Shape.strides(whole)
  return Array.from({ length: Shape.size(whole) }, (_, flat) =>
    shapes.map((shape) => {
      const own = Shape.strides(shape)
      return shape.reduce((place, n, axis) => {
        const at = axis + whole.length - shape.length
        const index = Math.floor(flat / strides[at]!) % whole[at]!
        return place + (n === 1 ? 0 : index) * own[axis]!
      }, 0)
    })
  )
}

const isSmooth = ({ smooth }: Subject, point: Array<number>): boolean => smooth === undefined || smooth(...point)

const elementwisePoint = (
  subject: Subject,
  random: Generator,
  operands: ReadonlyArray<Operand>,
  shapes: ReadonlyArray<Shape.Shape>
): ReadonlyArray<ReadonlyArray<number>> => {
  const tuple = (): Array<number> => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const point = operands.map((operand) => element(random, operand))
      if (isSmooth(subject, point)) return point
    }
    throw new Error(`${subject.name}: none of ${attempts} points in the ranges is smooth`)
  }
  if (shapes.every((shape) => Shape.equals(shape, shapes[0]!))) {
    const tuples = Array.from({ length: Shape.size(shapes[0]!) }, tuple)
    return shapes.map((_, k) => tuples.map((point) => point[k]!))
  }
  const places = broadcastPlaces(shapes)
  for (let attempt = 0; attempt < attempts; attempt++) {
    // Near a point that is smooth, so that many combinations of its elements are.
    const data = shapes.map((shape, k) =>
      Array.from({ length: Shape.size(shape) }, () => element(random, operands[k]!))
    )
    if (
      places.every((place) =>
        isSmooth(
          subject,
          place.map((at, k) => data[k]![at]!)
        )
      )
    )
      return data
  }
  // Equal elements combine to one point.
  const point = tuple()
  return shapes.map((shape, k) => Array.from({ length: Shape.size(shape) }, () => point[k]!))
}

/** No two alike: one number in each of as many equal parts of the ranges, in random order. */
const spread = (random: Generator, operand: Operand, count: number): ReadonlyArray<number> => {
  if (elementTypeOf(operand) !== "real") return Array.from({ length: count }, () => element(random, operand))
  const ranges = rangesOf(operand)
  const total = ranges.reduce((sum, [low, high]) => sum + high - low, 0)
  const at = (t: number): number => {
    let rest = t
    for (const [low, high] of ranges) {
      if (rest <= high - low) return low + rest
      rest -= high - low
    }
    return ranges.at(-1)![1]
  }
  const numbers = Array.from({ length: count }, (_, i) => {
    const x = at(((i + 0.2 + 0.6 * random()) * total) / count)
    return awayFromKinks(operand, x) ? x : element(random, operand)
  })
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[numbers[i], numbers[j]] = [numbers[j]!, numbers[i]!]
  }
  return numbers
}

/** A point where the primitive is smooth. */
export const ordinary = (
  subject: Subject,
  random: Generator,
  shapes: ReadonlyArray<Shape.Shape>,
  operands: ReadonlyArray<Operand> = subject.operands
): ReadonlyArray<Tensor.Any> => {
  const data = subject.elementwise
    ? elementwisePoint(subject, random, operands.slice(0, shapes.length), shapes)
    : shapes.map((shape, k) => spread(random, operands[k]!, Shape.size(shape)))
  return shapes.map((shape, k) => tensorOf(operands[k]!, shape, data[k]!))
}

/** Directions: numbers of both signs, none near zero and no two alike, so that errors do not cancel. */
export const direction = (random: Generator, shape: Shape.Shape): Tensor.Tensor =>
  Tensor.fromArray(
    Array.from({ length: Shape.size(shape) }, () => (random() < 0.5 ? -1 : 1) * (0.5 + random())),
    shape
  )
