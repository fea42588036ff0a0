/**
 * Elementwise primitives: conversions, arithmetic, functions, comparisons, logic and selection.
 *
 * **Details**
 *
 * Operands broadcast as in NumPy. Reals follow IEEE 754; indices are int32 and wrap around (two's complement).
 * Every row spells out its own loop where speed matters: a loop shared between rows would call its function through
 * a megamorphic site and box each result.
 *
 * @since 0.1.0
 */
import {
  acos,
  acosh,
  asin,
  asinh,
  atan,
  atan2,
  atanh,
  cbrt,
  cos,
  cosh,
  exp,
  expm1,
  hypot,
  log,
  log1p,
  rem,
  round,
  sign,
  sin,
  sinh,
  sqrt,
  tan,
  tanh
} from "../internal/functions/elementary.ts"
import { sigmoid, softplus } from "../internal/functions/activation.ts"
import { erf, erfc } from "../internal/functions/erf.ts"
import { lgamma } from "../internal/functions/gamma.ts"
import { digamma, polygamma } from "../internal/functions/polygamma.ts"
import { power } from "../internal/functions/power.ts"
import {
  allocate,
  broadcast,
  broadcastStrides,
  checkArity,
  checkInteger,
  copy,
  elementTypeError,
  forEachRow,
  nest,
  tensor
} from "../internal/indexing.ts"
import type { Elements } from "../internal/indexing.ts"
import type { Definition, Definitions, Name } from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import * as Tensor from "../Tensor.ts"
import * as Type from "../Type.ts"

// Rows of one arity differ in their name only, so one of them stands for the type of all. (`Row` takes the name
// out of the type, which would otherwise be compared before the structure.)
type Row<D> = { readonly [Field in keyof D]: D[Field] }
type Unary = Row<Definition<"neg">>
type Binary = Row<Definition<"add">>
type Ternary = Row<Definition<"select">>

// -----------------------------------------------------------------------------
// Unary
// -----------------------------------------------------------------------------

const unaryType = (
  operation: string,
  operands: readonly [Type.Type],
  from: Type.ElementType,
  to: Type.ElementType
): Type.Type => {
  checkArity(operation, operands, 1)
  if (operands[0].elementType !== from) throw elementTypeError(operation, operands, from)
  return from === to ? operands[0] : Type.make(to, operands[0].shape)
}

/** A function of reals, given as the loop that writes all of `out`. */
const unary = (operation: string, loop: (out: Float64Array, x: Float64Array) => void): Unary => ({
  family: "elementwise",
  arity: 1,
  type: (_, operands) => unaryType(operation, operands, "real", "real"),
  evaluate: (_, [x], type) => {
    const out = new Float64Array(x.data.length)
    loop(out, x.data as Float64Array)
    return Tensor.unsafeMake("real", type.shape, out)
  }
})

/** A conversion between element types. */
const conversion = (
  operation: string,
  from: Type.ElementType,
  to: Type.ElementType,
  loop: (out: Elements, x: Elements) => void
): Unary => ({
  family: "elementwise",
  arity: 1,
  type: (_, operands) => unaryType(operation, operands, from, to),
  evaluate: (_, [x], type) => {
    const out = allocate(to, x.data.length)
    loop(out, x.data)
    return tensor(type, out)
  }
})

// -----------------------------------------------------------------------------
// Binary
// -----------------------------------------------------------------------------

/**
 * Writes `count` elements of `out` from place `at` on. Operands are read from their offsets `i` and `j` with strides
 * `di` and `dj` (1, or 0 for an operand that repeats), so one loop serves equal shapes, scalars and every row of a
 * broadcast.
 */
type BinaryLoop<Out, In> = (
  out: Out,
  at: number,
  count: number,
  x: In,
  i: number,
  di: number,
  y: In,
  j: number,
  dj: number
) => void

const broadcasting = <Out extends Elements, In extends Elements>(
  loop: BinaryLoop<Out, In>,
  out: Out,
  shape: Shape.Shape,
  x: Tensor.Any,
  y: Tensor.Any
): void => {
  const count = out.length
  const m = x.data.length
  const n = y.data.length
  // An operand with as many elements as the result is not repeated; one with a single element always is.
  if ((m === count || m === 1) && (n === count || n === 1)) {
    loop(out, 0, count, x.data as In, 0, m === count ? 1 : 0, y.data as In, 0, n === count ? 1 : 0)
    return
  }
  const loops = nest(shape, [Shape.strides(shape), broadcastStrides(x.shape, shape), broadcastStrides(y.shape, shape)])
  const inner = loops.counts.length - 1
  const length = loops.counts[inner]!
  const di = loops.strides[1]![inner]!
  const dj = loops.strides[2]![inner]!
  forEachRow(loops, [0, 0, 0], (offsets) => {
    loop(out, offsets[0]!, length, x.data as In, offsets[1]!, di, y.data as In, offsets[2]!, dj)
  })
}

/** The loop over a function, for rows where a call per element does not matter. */
const each =
  (f: (x: number, y: number) => number): BinaryLoop<Elements, Elements> =>
  (out, at, count, x, i, di, y, j, dj) => {
    for (let k = 0; k < count; k++, i += di, j += dj) out[at + k] = f(x[i]!, y[j]!)
  }

/** The evaluation of a row whose result is a truth value. */
const evaluateBool =
  (loop: BinaryLoop<Elements, Elements>): Binary["evaluate"] =>
  (_, [x, y], type) => {
    const out = new Uint8Array(Shape.size(type.shape))
    broadcasting(loop, out, type.shape, x, y)
    return Tensor.unsafeMake("bool", type.shape, out)
  }

const broadcastTypes = (operation: string, x: Type.Type, y: Type.Type, to: Type.ElementType): Type.Type => {
  const shape = broadcast(operation, x.shape, y.shape)
  return to === x.elementType && shape === x.shape ? x : Type.make(to, shape)
}

/** (real, real) -> real. */
const realBinary = (operation: string, loop: BinaryLoop<Float64Array, Float64Array>): Binary => ({
  family: "elementwise",
  arity: 2,
  type: (_, operands) => {
    checkArity(operation, operands, 2)
    const [x, y] = operands
    if (x.elementType !== "real" || y.elementType !== "real") throw elementTypeError(operation, operands, "two reals")
    return broadcastTypes(operation, x, y, "real")
  },
  evaluate: (_, [x, y], type) => {
    const out = new Float64Array(Shape.size(type.shape))
    broadcasting(loop, out, type.shape, x, y)
    return Tensor.unsafeMake("real", type.shape, out)
  }
})

const numericBinaryType = (
  operation: string,
  operands: readonly [Type.Type, Type.Type],
  to: Type.ElementType | undefined
): Type.Type => {
  checkArity(operation, operands, 2)
  const [x, y] = operands
  if (x.elementType === "bool" || y.elementType !== x.elementType) {
    throw elementTypeError(operation, operands, "two reals or two indices")
  }
  return broadcastTypes(operation, x, y, to ?? x.elementType)
}

/** (real, real) -> real and (index, index) -> index. */
const arithmetic = (
  operation: string,
  ofReals: BinaryLoop<Float64Array, Float64Array>,
  ofIndices: BinaryLoop<Int32Array, Int32Array>
): Binary => ({
  family: "elementwise",
  arity: 2,
  type: (_, operands) => numericBinaryType(operation, operands, undefined),
  evaluate: (_, [x, y], type) => {
    const count = Shape.size(type.shape)
    if (type.elementType === "real") {
      const out = new Float64Array(count)
      broadcasting(ofReals, out, type.shape, x, y)
      return Tensor.unsafeMake("real", type.shape, out)
    }
    const out = new Int32Array(count)
    broadcasting(ofIndices, out, type.shape, x, y)
    return Tensor.unsafeMake("index", type.shape, out)
  }
})

/** (real, real) -> bool and (index, index) -> bool. */
const comparison = (operation: string, holds: (x: number, y: number) => boolean): Binary => ({
  family: "elementwise",
  arity: 2,
  type: (_, operands) => numericBinaryType(operation, operands, "bool"),
  evaluate: evaluateBool(each((x, y) => (holds(x, y) ? 1 : 0)))
})

/** (bool, bool) -> bool. */
const logical = (operation: string, f: (x: number, y: number) => number): Binary => ({
  family: "elementwise",
  arity: 2,
  type: (_, operands) => {
    checkArity(operation, operands, 2)
    const [x, y] = operands
    if (x.elementType !== "bool" || y.elementType !== "bool") {
      throw elementTypeError(operation, operands, "two truth values")
    }
    return broadcastTypes(operation, x, y, "bool")
  },
  evaluate: evaluateBool(each(f))
})

// -----------------------------------------------------------------------------
// Ternary
// -----------------------------------------------------------------------------

/** The elements of `x` repeated to `shape`; `x.data` itself when nothing repeats. */
const repeated = (x: Tensor.Any, shape: Shape.Shape): Elements => {
  const count = Shape.size(shape)
  if (x.data.length === count) return x.data
  const result = allocate(x.elementType, count)
  copy(shape, result, 0, Shape.strides(shape), x.data, 0, broadcastStrides(x.shape, shape))
  return result
}

const select: Ternary = {
  family: "elementwise",
  arity: 3,
  type: (_, operands) => {
    checkArity("select", operands, 3)
    const [predicate, whenTrue, whenFalse] = operands
    if (predicate.elementType !== "bool" || whenTrue.elementType !== whenFalse.elementType) {
      throw elementTypeError("select", operands, "bool and two operands of one element type")
    }
    const branches = broadcastTypes("select", whenTrue, whenFalse, whenTrue.elementType)
    return Type.make(branches.elementType, broadcast("select", predicate.shape, branches.shape))
  },
  evaluate: (_, [predicate, whenTrue, whenFalse], type) => {
    const p = repeated(predicate, type.shape)
    const x = repeated(whenTrue, type.shape)
    const y = repeated(whenFalse, type.shape)
    const out = allocate(type.elementType, p.length)
    for (let k = 0; k < out.length; k++) out[k] = p[k] === 0 ? y[k]! : x[k]!
    return tensor(type, out)
  }
}

const clamp: Ternary = {
  family: "elementwise",
  arity: 3,
  type: (_, operands) => {
    checkArity("clamp", operands, 3)
    const [x, low, high] = operands
    if (x.elementType !== "real" || low.elementType !== "real" || high.elementType !== "real") {
      throw elementTypeError("clamp", operands, "three reals")
    }
    return Type.real(broadcast("clamp", broadcast("clamp", x.shape, low.shape), high.shape))
  },
  evaluate: (_, [x, low, high], type) => {
    const value = repeated(x, type.shape)
    const least = repeated(low, type.shape)
    const most = repeated(high, type.shape)
    const out = new Float64Array(value.length)
    for (let k = 0; k < out.length; k++) out[k] = Math.min(Math.max(value[k]!, least[k]!), most[k]!)
    return Tensor.unsafeMake("real", type.shape, out)
  }
}

// -----------------------------------------------------------------------------
// Rows that fit no pattern
// -----------------------------------------------------------------------------

const polygammaRow: Definition<"polygamma"> = {
  family: "elementwise",
  arity: 1,
  type: ({ order }, operands) => {
    const type = unaryType("polygamma", operands, "real", "real")
    checkInteger("polygamma", type.shape, "order", order, 0)
    return type
  },
  evaluate: ({ order }, [x], type) => {
    const out = new Float64Array(x.data.length)
    for (let i = 0; i < out.length; i++) out[i] = polygamma(order, x.data[i]!)
    return Tensor.unsafeMake("real", type.shape, out)
  }
}

const toReal: Unary = {
  family: "elementwise",
  arity: 1,
  type: (_, operands) => {
    checkArity("toReal", operands, 1)
    const [x] = operands
    return x.elementType === "real" ? x : Type.real(x.shape)
  },
  evaluate: (_, [x], type) =>
    x.elementType === "real" ? x : Tensor.unsafeMake("real", type.shape, Float64Array.from(x.data))
}

const stopGradient: Unary = {
  family: "elementwise",
  arity: 1,
  type: (_, operands) => {
    checkArity("stopGradient", operands, 1)
    return operands[0]
  },
  evaluate: (_, [x]) => x
}

// -----------------------------------------------------------------------------
// The table
// -----------------------------------------------------------------------------

/**
 * The elementwise rows of core's table.
 *
 * **Details**
 *
 * - `sign`, `max`, `min`, `clamp` and `relu` are `NaN` where an operand is; `max(-0, 0)` is `0`, `relu(-0)` is `0`.
 * - `round` takes ties to even; `rem` is JavaScript's `%` (the sign of the dividend).
 * - `pow` is C's: `pow(1, y)` and `pow(x, 0)` are 1 even for `NaN`, `pow(-1, ±Infinity)` is 1. `Math.pow` says `NaN`.
 * - `mulStrongZero` is the IEEE product, but 0 where a zero meets an infinity or `NaN`: the product in which derivatives
 *   are accumulated (the "strong zero" of Enzyme).
 * - `toIndex` truncates toward zero, takes `NaN` to 0 and saturates at the ends of int32.
 * - `add`, `sub` and `mul` of indices wrap around.
 *
 * @internal
 */
export const elementwise = {
  neg: unary("neg", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = -x[i]!
  }),
  abs: unary("abs", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.abs(x[i]!)
  }),
  sign: unary("sign", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = sign(x[i]!)
  }),
  exp: unary("exp", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = exp(x[i]!)
  }),
  expm1: unary("expm1", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = expm1(x[i]!)
  }),
  log: unary("log", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = log(x[i]!)
  }),
  log1p: unary("log1p", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = log1p(x[i]!)
  }),
  sqrt: unary("sqrt", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = sqrt(x[i]!)
  }),
  cbrt: unary("cbrt", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = cbrt(x[i]!)
  }),
  sin: unary("sin", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = sin(x[i]!)
  }),
  cos: unary("cos", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = cos(x[i]!)
  }),
  tan: unary("tan", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = tan(x[i]!)
  }),
  asin: unary("asin", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = asin(x[i]!)
  }),
  acos: unary("acos", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = acos(x[i]!)
  }),
  atan: unary("atan", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = atan(x[i]!)
  }),
  sinh: unary("sinh", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = sinh(x[i]!)
  }),
  cosh: unary("cosh", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = cosh(x[i]!)
  }),
  tanh: unary("tanh", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = tanh(x[i]!)
  }),
  asinh: unary("asinh", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = asinh(x[i]!)
  }),
  acosh: unary("acosh", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = acosh(x[i]!)
  }),
  atanh: unary("atanh", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = atanh(x[i]!)
  }),
  erf: unary("erf", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = erf(x[i]!)
  }),
  erfc: unary("erfc", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = erfc(x[i]!)
  }),
  lgamma: unary("lgamma", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = lgamma(x[i]!)
  }),
  digamma: unary("digamma", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = digamma(x[i]!)
  }),
  polygamma: polygammaRow,
  sigmoid: unary("sigmoid", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = sigmoid(x[i]!)
  }),
  softplus: unary("softplus", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = softplus(x[i]!)
  }),
  round: unary("round", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = round(x[i]!)
  }),
  relu: unary("relu", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.max(x[i]!, 0)
  }),
  floor: unary("floor", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.floor(x[i]!)
  }),
  ceil: unary("ceil", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = Math.ceil(x[i]!)
  }),
  isFinite: conversion("isFinite", "real", "bool", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = Number.isFinite(x[i]!) ? 1 : 0
  }),
  toReal,
  toIndex: conversion("toIndex", "real", "index", (out, x) => {
    // Storing to int32 truncates, and takes NaN to 0; only saturation is left to do.
    for (let i = 0; i < out.length; i++) out[i] = Math.max(-2147483648, Math.min(2147483647, x[i]!))
  }),
  add: arithmetic(
    "add",
    (out, at, count, x, i, di, y, j, dj) => {
      for (let k = 0; k < count; k++, i += di, j += dj) out[at + k] = x[i]! + y[j]!
    },
    each((x, y) => x + y)
  ),
  sub: arithmetic(
    "sub",
    (out, at, count, x, i, di, y, j, dj) => {
      for (let k = 0; k < count; k++, i += di, j += dj) out[at + k] = x[i]! - y[j]!
    },
    each((x, y) => x - y)
  ),
  mul: arithmetic(
    "mul",
    (out, at, count, x, i, di, y, j, dj) => {
      for (let k = 0; k < count; k++, i += di, j += dj) out[at + k] = x[i]! * y[j]!
    },
    each(Math.imul)
  ),
  mulStrongZero: realBinary("mulStrongZero", (out, at, count, x, i, di, y, j, dj) => {
    for (let k = 0; k < count; k++, i += di, j += dj) {
      const product = x[i]! * y[j]!
      // A product of finite factors is never NaN, so only the rare ones are looked at twice.
      out[at + k] = product !== product && (x[i]! === 0 || y[j]! === 0) ? 0 : product
    }
  }),
  div: realBinary("div", (out, at, count, x, i, di, y, j, dj) => {
    for (let k = 0; k < count; k++, i += di, j += dj) out[at + k] = x[i]! / y[j]!
  }),
  pow: realBinary("pow", (out, at, count, x, i, di, y, j, dj) => {
    for (let k = 0; k < count; k++, i += di, j += dj) out[at + k] = power(x[i]!, y[j]!)
  }),
  atan2: realBinary("atan2", each(atan2)),
  hypot: realBinary("hypot", each(hypot)),
  max: arithmetic(
    "max",
    (out, at, count, x, i, di, y, j, dj) => {
      for (let k = 0; k < count; k++, i += di, j += dj) out[at + k] = Math.max(x[i]!, y[j]!)
    },
    each((x, y) => (x > y ? x : y))
  ),
  min: arithmetic(
    "min",
    (out, at, count, x, i, di, y, j, dj) => {
      for (let k = 0; k < count; k++, i += di, j += dj) out[at + k] = Math.min(x[i]!, y[j]!)
    },
    each((x, y) => (x < y ? x : y))
  ),
  rem: realBinary("rem", each(rem)),
  eq: comparison("eq", (x, y) => x === y),
  ne: comparison("ne", (x, y) => x !== y),
  lt: comparison("lt", (x, y) => x < y),
  le: comparison("le", (x, y) => x <= y),
  gt: comparison("gt", (x, y) => x > y),
  ge: comparison("ge", (x, y) => x >= y),
  and: logical("and", (x, y) => x & y),
  or: logical("or", (x, y) => x | y),
  not: conversion("not", "bool", "bool", (out, x) => {
    for (let i = 0; i < out.length; i++) out[i] = x[i] === 0 ? 1 : 0
  }),
  select,
  clamp,
  stopGradient
} satisfies Partial<Definitions<Name>>
