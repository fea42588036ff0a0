/**
 * Structural primitives: they move elements, repeat them and drop them, but (except for `scatterAdd`) compute nothing.
 *
 * **Details**
 *
 * Almost all of them are one strided copy: they differ in the offsets and strides with which source and target are
 * walked.
 *
 * @since 0.1.0
 */
import {
  allocate,
  broadcastStrides,
  checkArity,
  checkAxes,
  checkAxis,
  checkBoolean,
  checkInteger,
  checkIntegers,
  checkShape,
  copy,
  elementTypeError,
  permuted,
  renderTypes,
  tensor
} from "../internal/indexing.ts"
import type { Elements } from "../internal/indexing.ts"
import type { Definition, Definitions, Name } from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import type * as Tensor from "../Tensor.ts"
import * as Type from "../Type.ts"

/** The place of the element at `index` in an array with these strides. */
const offsetOf = (index: ReadonlyArray<number>, strides: ReadonlyArray<number>): number => {
  let offset = 0
  for (let axis = 0; axis < index.length; axis++) offset += index[axis]! * strides[axis]!
  return offset
}

/** A type of checked dimensions; a product that is not an exact number of elements is an error. */
const typeOf = (operation: string, elementType: Type.ElementType, shape: Shape.Shape): Type.Type => {
  Shape.validate(operation, shape)
  return Type.make(elementType, shape)
}

// -----------------------------------------------------------------------------
// Shape
// -----------------------------------------------------------------------------

const broadcastTo: Definition<"broadcastTo"> = {
  family: "structural",
  arity: 1,
  type: ({ shape }, operands) => {
    checkArity("broadcastTo", operands, 1)
    const [x] = operands
    checkShape("broadcastTo", x.shape, shape)
    if (!Shape.broadcastsTo(x.shape, shape)) {
      throw Shape.error(
        "broadcastTo",
        [x.shape, shape],
        `cannot broadcast ${Shape.render(x.shape)} to ${Shape.render(shape)}`
      )
    }
    return Type.make(x.elementType, shape)
  },
  evaluate: (_, [x], type) => {
    const out = allocate(type.elementType, Shape.size(type.shape))
    if (x.data.length === 1) out.fill(x.data[0]!)
    else copy(type.shape, out, 0, Shape.strides(type.shape), x.data, 0, broadcastStrides(x.shape, type.shape))
    return tensor(type, out)
  }
}

const reshape: Definition<"reshape"> = {
  family: "structural",
  arity: 1,
  type: ({ shape }, operands) => {
    checkArity("reshape", operands, 1)
    const [x] = operands
    checkShape("reshape", x.shape, shape)
    return Type.make(x.elementType, Shape.reshape("reshape", x.shape, shape))
  },
  evaluate: (_, [x], type) => tensor(type, x.data)
}

const transpose: Definition<"transpose"> = {
  family: "structural",
  arity: 1,
  type: ({ permutation }, operands) => {
    checkArity("transpose", operands, 1)
    const [x] = operands
    checkIntegers("transpose", x.shape, "permutation", permutation, x.shape.length, 0)
    for (const axis of permutation) checkAxis("transpose", x.shape, axis)
    if (new Set(permutation).size !== permutation.length) {
      throw Shape.error(
        "transpose",
        [x.shape],
        `expected a permutation of the axes of ${Shape.render(x.shape)}, got ${Shape.render(permutation)}`
      )
    }
    return Type.make(
      x.elementType,
      permutation.map((axis) => x.shape[axis]!)
    )
  },
  evaluate: ({ permutation }, [x], type) => tensor(type, permuted(x.elementType, x.data, x.shape, permutation))
}

// -----------------------------------------------------------------------------
// Windows
// -----------------------------------------------------------------------------

const slice: Definition<"slice"> = {
  family: "structural",
  arity: 1,
  type: ({ starts, limits, strides }, operands) => {
    checkArity("slice", operands, 1)
    const { elementType, shape } = operands[0]
    checkIntegers("slice", shape, "starts", starts, shape.length, 0)
    checkIntegers("slice", shape, "limits", limits, shape.length, 0)
    checkIntegers("slice", shape, "strides", strides, shape.length, 1)
    return Type.make(
      elementType,
      shape.map((size, axis) => {
        const start = starts[axis]!
        const limit = limits[axis]!
        if (start > limit || limit > size) {
          throw Shape.error(
            "slice",
            [shape],
            `expected 0 <= start <= limit <= ${size} on axis ${axis} of ${Shape.render(shape)}, ` +
              `got start ${start} and limit ${limit}`
          )
        }
        return Math.ceil((limit - start) / strides[axis]!)
      })
    )
  },
  evaluate: ({ starts, strides }, [x], type) => {
    const own = Shape.strides(x.shape)
    const size = Shape.size(type.shape)
    // Rows that follow each other are looked at where they are, unless they are so few that a copy costs less than the array that they keep alive.
    const areRows = type.shape.every((n, axis) => (axis === 0 ? strides[0] === 1 : n === x.shape[axis]))
    if (areRows && 16 * size * x.data.BYTES_PER_ELEMENT >= x.data.buffer.byteLength) {
      const offset = type.shape.length === 0 ? 0 : starts[0]! * own[0]!
      return tensor(type, x.data.subarray(offset, offset + size))
    }
    const out = allocate(type.elementType, size)
    const steps = own.map((stride, axis) => stride * strides[axis]!)
    copy(type.shape, out, 0, Shape.strides(type.shape), x.data, offsetOf(starts, own), steps)
    return tensor(type, out)
  }
}

/** Throws unless `starts` holds one index per axis of `x`. */
const checkStarts = (operation: string, x: Type.Type, starts: Type.Type): void => {
  const expected = Type.index([x.shape.length])
  if (starts.elementType !== "index" || !Shape.equals(starts.shape, expected.shape)) {
    throw Shape.error(
      operation,
      [x.shape, starts.shape],
      `expected starts ${Type.render(expected)} for ${Type.render(x)}, got ${Type.render(starts)}`
    )
  }
}

/** The starts at which a window of `sizes` fits. */
const clampStarts = (starts: Elements, shape: Shape.Shape, sizes: Shape.Shape): Array<number> =>
  shape.map((size, axis) => Math.max(0, Math.min(starts[axis]!, size - sizes[axis]!)))

const dynamicSlice: Definition<"dynamicSlice"> = {
  family: "structural",
  arity: 2,
  type: ({ sizes }, operands) => {
    checkArity("dynamicSlice", operands, 2)
    const [x, starts] = operands
    checkStarts("dynamicSlice", x, starts)
    checkIntegers("dynamicSlice", x.shape, "sizes", sizes, x.shape.length, 0)
    if (sizes.some((size, axis) => size > x.shape[axis]!)) {
      throw Shape.error(
        "dynamicSlice",
        [x.shape, sizes],
        `expected a window no larger than ${Shape.render(x.shape)}, got ${Shape.render(sizes)}`
      )
    }
    return Type.make(x.elementType, sizes)
  },
  evaluate: ({ sizes }, [x, starts], type) => {
    const own = Shape.strides(x.shape)
    const out = allocate(type.elementType, Shape.size(sizes))
    const offset = offsetOf(clampStarts(starts.data, x.shape, sizes), own)
    copy(sizes, out, 0, Shape.strides(sizes), x.data, offset, own)
    return tensor(type, out)
  }
}

const dynamicUpdateSlice: Definition<"dynamicUpdateSlice"> = {
  family: "structural",
  arity: 3,
  type: (_, operands) => {
    checkArity("dynamicUpdateSlice", operands, 3)
    const [x, update, starts] = operands
    const fits =
      update.elementType === x.elementType &&
      update.shape.length === x.shape.length &&
      update.shape.every((size, axis) => size <= x.shape[axis]!)
    if (!fits) {
      throw Shape.error(
        "dynamicUpdateSlice",
        [x.shape, update.shape],
        `expected an update of the element type and rank of ${Type.render(x)} and no larger, got ${Type.render(update)}`
      )
    }
    checkStarts("dynamicUpdateSlice", x, starts)
    return x
  },
  evaluate: (_, [x, update, starts], type) => {
    const own = Shape.strides(x.shape)
    const out = x.data.slice()
    const offset = offsetOf(clampStarts(starts.data, x.shape, update.shape), own)
    copy(update.shape, out, offset, own, update.data, 0, Shape.strides(update.shape))
    return tensor(type, out)
  }
}

/** Whether a number is an element of the type. */
const isElement = (elementType: Type.ElementType, value: unknown): boolean =>
  typeof value === "number" &&
  (elementType === "real" || (elementType === "index" ? value === (value | 0) : value === 0 || value === 1))

const pad: Definition<"pad"> = {
  family: "structural",
  arity: 1,
  type: ({ low, high, interior, value }, operands) => {
    checkArity("pad", operands, 1)
    const { elementType, shape } = operands[0]
    checkIntegers("pad", shape, "low", low, shape.length, 0)
    checkIntegers("pad", shape, "high", high, shape.length, 0)
    checkIntegers("pad", shape, "interior", interior, shape.length, 0)
    if (!isElement(elementType, value)) {
      throw Shape.error("pad", [shape], `expected a value of type ${elementType}, got ${String(value)}`)
    }
    const padded = shape.map((n, axis) => low[axis]! + n + Math.max(0, n - 1) * interior[axis]! + high[axis]!)
    return typeOf("pad", elementType, padded)
  },
  evaluate: ({ low, interior, value }, [x], type) => {
    const own = Shape.strides(type.shape)
    const out = allocate(type.elementType, Shape.size(type.shape))
    if (!Object.is(value, 0)) out.fill(value)
    const steps = own.map((stride, axis) => stride * (interior[axis]! + 1))
    copy(x.shape, out, offsetOf(low, own), steps, x.data, 0, Shape.strides(x.shape))
    return tensor(type, out)
  }
}

const reverse: Definition<"reverse"> = {
  family: "structural",
  arity: 1,
  type: ({ axes }, operands) => {
    checkArity("reverse", operands, 1)
    checkAxes("reverse", operands[0].shape, axes)
    return operands[0]
  },
  evaluate: ({ axes }, [x], type) => {
    const own = Shape.strides(x.shape)
    const steps = own.map((stride, axis) => (axes.includes(axis) ? -stride : stride))
    const last = x.shape.map((n, axis) => (axes.includes(axis) ? n - 1 : 0))
    const out = allocate(type.elementType, x.data.length)
    copy(x.shape, out, 0, own, x.data, offsetOf(last, own), steps)
    return tensor(type, out)
  }
}

// -----------------------------------------------------------------------------
// Joining
// -----------------------------------------------------------------------------

/** Throws unless there are operands, all of one element type. */
const checkOperands = (operation: string, operands: ReadonlyArray<Type.Type>): Type.Type => {
  const first = operands[0]
  if (first === undefined) throw Shape.error(operation, [], "expected at least one operand, got none")
  const other = operands.find((operand) => operand.elementType !== first.elementType)
  if (other !== undefined) throw elementTypeError(operation, [first, other], "operands of one element type")
  return first
}

const concat: Definition<"concat"> = {
  family: "structural",
  arity: "variadic",
  type: ({ axis }, operands) => {
    const first = checkOperands("concat", operands)
    checkAxis("concat", first.shape, axis)
    let total = 0
    for (const { shape } of operands) {
      if (shape.length !== first.shape.length || shape.some((n, i) => i !== axis && n !== first.shape[i])) {
        throw Shape.error(
          "concat",
          [first.shape, shape],
          `expected shapes that agree except on axis ${axis}, ` +
            `got ${Shape.render(first.shape)} and ${Shape.render(shape)}`
        )
      }
      total += shape[axis]!
    }
    return typeOf(
      "concat",
      first.elementType,
      first.shape.map((n, i) => (i === axis ? total : n))
    )
  },
  evaluate: ({ axis }, operands, type) => {
    const own = Shape.strides(type.shape)
    const out = allocate(type.elementType, Shape.size(type.shape))
    let offset = 0
    for (const operand of operands) {
      copy(operand.shape, out, offset, own, operand.data, 0, Shape.strides(operand.shape))
      offset += operand.shape[axis]! * own[axis]!
    }
    return tensor(type, out)
  }
}

const stack: Definition<"stack"> = {
  family: "structural",
  arity: "variadic",
  type: ({ axis }, operands) => {
    const first = checkOperands("stack", operands)
    checkAxis("stack", first.shape, axis, first.shape.length + 1)
    const other = operands.find(({ shape }) => !Shape.equals(shape, first.shape))
    if (other !== undefined) {
      throw Shape.error(
        "stack",
        [first.shape, other.shape],
        `expected operands of one shape, got ${Shape.render(first.shape)} and ${Shape.render(other.shape)}`
      )
    }
    return typeOf("stack", first.elementType, first.shape.toSpliced(axis, 0, operands.length))
  },
  evaluate: ({ axis }, operands, type) => {
    const own = Shape.strides(type.shape)
    const others = own.toSpliced(axis, 1)
    const out = allocate(type.elementType, Shape.size(type.shape))
    operands.forEach((operand, i) => {
      copy(operand.shape, out, i * own[axis]!, others, operand.data, 0, Shape.strides(operand.shape))
    })
    return tensor(type, out)
  }
}

// -----------------------------------------------------------------------------
// Indices
// -----------------------------------------------------------------------------

const gatherShape = (x: Shape.Shape, indices: Shape.Shape, axis: number): Shape.Shape => [
  ...x.slice(0, axis),
  ...indices,
  ...x.slice(axis + 1)
]

/** What an index out of range reads. */
const missing = { real: NaN, index: -1, bool: 0 } as const

const checkIndices = (operation: string, x: Type.Type, indices: Type.Type): void => {
  if (indices.elementType !== "index") {
    throw Shape.error(
      operation,
      [x.shape, indices.shape],
      `expected indices of element type index for ${Type.render(x)}, got ${Type.render(indices)}`
    )
  }
}

/**
 * Visits the runs of elements that `gather` reads and `scatterAdd` writes: the place in `x` (-1 where the index is out
 * of range), the place in the gathered array, and the length.
 */
const forEachRun = (
  x: Tensor.Any,
  indices: Tensor.Any,
  axis: number,
  visit: (at: number, gathered: number, length: number) => void
): void => {
  const count = x.shape[axis]!
  const length = Shape.size(x.shape.slice(axis + 1))
  const outer = Shape.size(x.shape.slice(0, axis))
  if (length === 0 || indices.data.length === 0) return
  let gathered = 0
  for (let o = 0; o < outer; o++) {
    for (let i = 0; i < indices.data.length; i++, gathered += length) {
      const index = indices.data[i]!
      visit(index >= 0 && index < count ? (o * count + index) * length : -1, gathered, length)
    }
  }
}

const gather: Definition<"gather"> = {
  family: "structural",
  arity: 2,
  type: ({ axis }, operands) => {
    checkArity("gather", operands, 2)
    const [x, indices] = operands
    checkIndices("gather", x, indices)
    checkAxis("gather", x.shape, axis)
    return typeOf("gather", x.elementType, gatherShape(x.shape, indices.shape, axis))
  },
  evaluate: ({ axis }, [x, indices], type) => {
    const out = allocate(type.elementType, Shape.size(type.shape))
    forEachRun(x, indices, axis, (at, gathered, length) => {
      if (at < 0) out.fill(missing[type.elementType], gathered, gathered + length)
      else for (let i = 0; i < length; i++) out[gathered + i] = x.data[at + i]!
    })
    return tensor(type, out)
  }
}

const scatterAdd: Definition<"scatterAdd"> = {
  family: "structural",
  arity: 3,
  type: ({ axis }, operands) => {
    checkArity("scatterAdd", operands, 3)
    const [x, indices, updates] = operands
    if (x.elementType === "bool") throw elementTypeError("scatterAdd", [x], "real or index")
    checkIndices("scatterAdd", x, indices)
    checkAxis("scatterAdd", x.shape, axis)
    const expected = typeOf("scatterAdd", x.elementType, gatherShape(x.shape, indices.shape, axis))
    if (updates.elementType !== x.elementType || !Shape.equals(updates.shape, expected.shape)) {
      throw Shape.error(
        "scatterAdd",
        [x.shape, indices.shape, updates.shape],
        `expected updates ${Type.render(expected)} for ${renderTypes([x, indices])} on axis ${axis}, ` +
          `got ${Type.render(updates)}`
      )
    }
    return x
  },
  evaluate: ({ axis }, [x, indices, updates], type) => {
    const out = x.data.slice()
    forEachRun(x, indices, axis, (at, gathered, length) => {
      if (at >= 0) for (let i = 0; i < length; i++) out[at + i]! += updates.data[gathered + i]!
    })
    return tensor(type, out)
  }
}

const triangle: Definition<"triangle"> = {
  family: "structural",
  arity: 1,
  type: ({ diagonal, upper }, operands) => {
    checkArity("triangle", operands, 1)
    const { shape } = operands[0]
    if (shape.length < 2) {
      throw Shape.error("triangle", [shape], `expected a matrix (at least two axes), got ${Type.render(operands[0])}`)
    }
    checkInteger("triangle", shape, "diagonal", diagonal)
    checkBoolean("triangle", shape, "upper", upper)
    return operands[0]
  },
  evaluate: ({ diagonal, upper }, [x], type) => {
    const out = allocate(type.elementType, x.data.length)
    const rows = x.shape.at(-2)!
    const columns = x.shape.at(-1)!
    for (let at = 0, line = 0; at < out.length; at += columns, line++) {
      const boundary = (line % rows) + diagonal
      const from = upper ? Math.min(columns, Math.max(0, boundary)) : 0
      const to = upper ? columns : Math.min(columns, boundary + 1)
      for (let column = from; column < to; column++) out[at + column] = x.data[at + column]!
    }
    return tensor(type, out)
  }
}

// -----------------------------------------------------------------------------
// The table
// -----------------------------------------------------------------------------

/**
 * The structural rows of core's table.
 *
 * **Details**
 *
 * Windows of `dynamicSlice` and `dynamicUpdateSlice` are moved until they fit. `gather` reads `NaN` (index: -1, bool:
 * false) where an index is out of range, and `scatterAdd`, its transpose, drops the update there; a negative index is
 * out of range. `reshape` shares the data of its operand, and so does `slice` with
 * stride 1 along the leading axis that leaves out little.
 *
 * @internal
 */
export const structural = {
  broadcastTo,
  reshape,
  transpose,
  slice,
  dynamicSlice,
  dynamicUpdateSlice,
  pad,
  concat,
  stack,
  reverse,
  gather,
  scatterAdd,
  triangle
} satisfies Partial<Definitions<Name>>
