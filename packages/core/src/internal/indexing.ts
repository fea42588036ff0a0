// What the four tables of primitives share: checks for their typing rules, and loops over strided arrays
// for their reference evaluations.
import * as Shape from "../Shape.ts"
import * as Tensor from "../Tensor.ts"
import * as Type from "../Type.ts"

// -----------------------------------------------------------------------------
// Checks. Operands and attributes may come from a decoded program, so nothing about them is taken for granted except
// that operands are well-formed types. A value goes into the error's `shapes` only once it is known to be a shape.
// -----------------------------------------------------------------------------

const shapesOf = (operands: ReadonlyArray<Type.Type>): Array<Shape.Shape> => operands.map((operand) => operand.shape)

/** `real[3], index[4] and bool[]`. */
export const renderTypes = (types: ReadonlyArray<Type.Type>): string => {
  const rendered = types.map(Type.render)
  return rendered.length < 2 ? rendered.join("") : `${rendered.slice(0, -1).join(", ")} and ${rendered.at(-1)}`
}

export const checkArity = (operation: string, operands: ReadonlyArray<Type.Type>, arity: 1 | 2 | 3): void => {
  if (operands.length !== arity) {
    throw Shape.error(
      operation,
      shapesOf(operands),
      `expected ${arity} operand${arity === 1 ? "" : "s"}, got ${operands.length}`
    )
  }
}

/** The error of operands whose element types are not `expected`. */
export const elementTypeError = (
  operation: string,
  operands: ReadonlyArray<Type.Type>,
  expected: string
): Shape.ShapeError => Shape.error(operation, shapesOf(operands), `expected ${expected}, got ${renderTypes(operands)}`)

const isInteger = (value: unknown): value is number => Number.isSafeInteger(value)

const render = (value: unknown): string => (Array.isArray(value) ? `[${value.map(String).join(",")}]` : String(value))

/** Throws unless the attribute is a list of `length` integers (of any length when `undefined`), none below `least`. */
export const checkIntegers = (
  operation: string,
  shape: Shape.Shape,
  attribute: string,
  values: ReadonlyArray<number>,
  length: number | undefined,
  least: number
): void => {
  if (!Array.isArray(values) || !values.every((n) => isInteger(n) && n >= least)) {
    throw Shape.error(
      operation,
      [shape],
      `expected ${attribute} to be integers not below ${least}, got ${render(values)} for ${Shape.render(shape)}`
    )
  }
  if (length !== undefined && values.length !== length) {
    throw Shape.error(
      operation,
      [shape],
      `expected ${attribute} to have one entry per axis of ${Shape.render(shape)}, got ${render(values)}`
    )
  }
}

/** Throws unless the attribute is an integer, and not below `least`. */
export const checkInteger = (
  operation: string,
  shape: Shape.Shape,
  attribute: string,
  value: number,
  least?: number
): void => {
  if (!isInteger(value) || (least !== undefined && value < least)) {
    const wanted = least === undefined ? "an integer" : `an integer not below ${least}`
    throw Shape.error(
      operation,
      [shape],
      `expected ${attribute} to be ${wanted}, got ${render(value)} for ${Shape.render(shape)}`
    )
  }
}

/** Throws unless the attribute is a shape: non-negative integers whose product is an exact one. */
export const checkShape = (operation: string, operand: Shape.Shape, shape: Shape.Shape): void => {
  checkIntegers(operation, operand, "shape", shape, undefined, 0)
  Shape.validate(operation, shape)
}

/** Throws unless `axis` is one of the `count` axes (or places for an axis) of `shape`. */
export const checkAxis = (operation: string, shape: Shape.Shape, axis: number, count: number = shape.length): void => {
  if (!isInteger(axis) || axis < 0 || axis >= count) {
    throw Shape.error(operation, [shape], `axis ${String(axis)} is out of range for ${Shape.render(shape)}`)
  }
}

/** Throws unless `axes` are axes of `shape` in strictly ascending order. */
export const checkAxes = (operation: string, shape: Shape.Shape, axes: ReadonlyArray<number>): void => {
  if (!Array.isArray(axes)) {
    throw Shape.error(operation, [shape], `expected axes to be a list, got ${render(axes)} for ${Shape.render(shape)}`)
  }
  for (let i = 0; i < axes.length; i++) {
    checkAxis(operation, shape, axes[i]!)
    if (i > 0 && axes[i]! <= axes[i - 1]!) {
      throw Shape.error(
        operation,
        [shape],
        `expected distinct axes in ascending order, got ${render(axes)} for ${Shape.render(shape)}`
      )
    }
  }
}

/** Throws unless an attribute is a truth value. */
export const checkBoolean = (operation: string, shape: Shape.Shape, attribute: string, value: boolean): void => {
  if (typeof value !== "boolean") {
    throw Shape.error(operation, [shape], `expected ${attribute} to be true or false, got ${render(value)}`)
  }
}

/** The broadcast shape; a product of dimensions that is not exact is an error here, not a surprise at allocation. */
export const broadcast = (operation: string, a: Shape.Shape, b: Shape.Shape): Shape.Shape => {
  const shape = Shape.broadcast(operation, a, b)
  if (shape !== a && shape !== b) Shape.validate(operation, shape)
  return shape
}

// -----------------------------------------------------------------------------
// Arrays.
// -----------------------------------------------------------------------------

/** The elements of a tensor of any type. */
export type Elements = Float64Array | Int32Array | Uint8Array

/** A fresh array of zeros. */
export const allocate = (elementType: Type.ElementType, count: number): Elements =>
  elementType === "real"
    ? new Float64Array(count)
    : elementType === "index"
      ? new Int32Array(count)
      : new Uint8Array(count)

/** A tensor of a type known only at run time; `elements` are of its element type. */
export const tensor = (type: Type.Type, elements: Elements): Tensor.Any =>
  Tensor.unsafeMake(type.elementType, type.shape, elements) as Tensor.Any

/** The strides with which a row-major array of `shape` is read as one of `target`: 0 along repeated axes. */
export const broadcastStrides = (shape: Shape.Shape, target: Shape.Shape): Array<number> => {
  const strides = target.map(() => 0)
  const missing = target.length - shape.length
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1) strides[axis + missing] = stride
    stride *= shape[axis]!
  }
  return strides
}

/** A loop nest over several strided arrays: the trip counts, and for each array its stride at every level. */
export interface Nest {
  readonly counts: ReadonlyArray<number>
  readonly strides: ReadonlyArray<ReadonlyArray<number>>
}

/**
 * The shortest loop nest that visits `shape` in row-major order: axes of size 1 vanish and neighbouring axes
 * that every array crosses with one stride are merged, so that the innermost loop is as long as it can be.
 * There is always an innermost loop.
 */
export const nest = (shape: Shape.Shape, strides: ReadonlyArray<ReadonlyArray<number>>): Nest => {
  const counts: Array<number> = []
  const merged = strides.map((): Array<number> => [])
  for (let axis = 0; axis < shape.length; axis++) {
    const count = shape[axis]!
    if (count === 1) continue
    const last = counts.length - 1
    const joins = last >= 0 && strides.every((own, array) => merged[array]![last] === own[axis]! * count)
    if (joins) {
      counts[last]! *= count
      for (let array = 0; array < strides.length; array++) merged[array]![last] = strides[array]![axis]!
    } else {
      counts.push(count)
      for (let array = 0; array < strides.length; array++) merged[array]!.push(strides[array]![axis]!)
    }
  }
  if (counts.length === 0) {
    counts.push(1)
    for (const own of merged) own.push(1)
  }
  return { counts, strides: merged }
}

/**
 * Visits every row of the nest (every index of all loops but the innermost) in row-major order, with the offset in
 * each array at which the row starts. `offsets` is one array, updated in place: nothing is allocated on the way.
 */
export const forEachRow = (
  { counts, strides }: Nest,
  offsets: Array<number>,
  visit: (offsets: ReadonlyArray<number>, row: number) => void
): void => {
  const outer = counts.length - 1
  const rows = Shape.size(counts.slice(0, outer))
  if (counts[outer] === 0) return
  const index = counts.slice(0, outer).fill(0)
  for (let row = 0; row < rows; row++) {
    visit(offsets, row)
    for (let level = outer - 1; level >= 0; level--) {
      const wraps = ++index[level]! === counts[level]
      if (wraps) index[level] = 0
      for (let array = 0; array < offsets.length; array++) {
        const stride = strides[array]![level]!
        offsets[array]! += wraps ? stride - stride * counts[level]! : stride
      }
      if (!wraps) break
    }
  }
}

/** Copies the elements of a strided array of `shape` to a strided place in another. Strides may be 0 or negative. */
export const copy = (
  shape: Shape.Shape,
  target: Elements,
  targetOffset: number,
  targetStrides: ReadonlyArray<number>,
  source: Elements,
  sourceOffset: number,
  sourceStrides: ReadonlyArray<number>
): void => {
  const loops = nest(shape, [targetStrides, sourceStrides])
  const inner = loops.counts.length - 1
  const count = loops.counts[inner]!
  const targetStride = loops.strides[0]![inner]!
  const sourceStride = loops.strides[1]![inner]!
  const dense = targetStride === 1 && sourceStride === 1 && count > 16
  forEachRow(loops, [targetOffset, sourceOffset], (offsets) => {
    let t = offsets[0]!
    let s = offsets[1]!
    if (dense) {
      target.set(source.subarray(s, s + count), t)
    } else {
      for (let i = 0; i < count; i++, t += targetStride, s += sourceStride) target[t] = source[s]!
    }
  })
}

/** A row-major array of `shape` with its axes permuted; the array itself where that moves no element. */
export const permuted = (
  elementType: Type.ElementType,
  data: Elements,
  shape: Shape.Shape,
  permutation: ReadonlyArray<number>
): Elements => {
  // Moving axes of size 1 moves nothing.
  const moving = permutation.filter((axis) => shape[axis] !== 1)
  if (moving.every((axis, i) => i === 0 || moving[i - 1]! < axis)) return data
  const strides = Shape.strides(shape)
  const target = permutation.map((axis) => shape[axis]!)
  const result = allocate(elementType, data.length)
  copy(
    target,
    result,
    0,
    Shape.strides(target),
    data,
    0,
    permutation.map((axis) => strides[axis]!)
  )
  return result
}
