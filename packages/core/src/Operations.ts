/**
 * All primitives of an algebra as ordinary functions, for writing derivative rules once for every algebra.
 *
 * **Details**
 *
 * A rule that is written against `Operations<A>` computes numbers over the tensor algebra and builds programs over the
 * expression algebra. Numbers are lifted to scalar constants; elementwise operations broadcast.
 *
 * @since 0.1.0
 */
import type { Algebra } from "./Algebra.ts"
import type * as Primitive from "./Primitive.ts"
import * as Shape from "./Shape.ts"
import * as Tensor from "./Tensor.ts"
import type * as Type from "./Type.ts"

type UnaryName =
  | "neg"
  | "abs"
  | "sign"
  | "exp"
  | "expm1"
  | "log"
  | "log1p"
  | "sqrt"
  | "cbrt"
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "tanh"
  | "asinh"
  | "acosh"
  | "atanh"
  | "erf"
  | "erfc"
  | "lgamma"
  | "digamma"
  | "sigmoid"
  | "softplus"
  | "relu"
  | "floor"
  | "ceil"
  | "round"
  | "isFinite"
  | "toReal"
  | "toIndex"
  | "not"
  | "cholesky"
  | "inverse"
  | "adjugate"
  | "det"
  | "detSign"
  | "logdet"
  | "stopGradient"

type BinaryName =
  | "add"
  | "sub"
  | "mul"
  | "mulStrongZero"
  | "div"
  | "pow"
  | "atan2"
  | "hypot"
  | "max"
  | "min"
  | "rem"
  | "eq"
  | "ne"
  | "lt"
  | "le"
  | "gt"
  | "ge"
  | "and"
  | "or"

/**
 * The primitives of an algebra over carriers of type `A`, as functions.
 *
 * **Details**
 *
 * `shapeOf` and `typeOf` read carriers; `scalar` injects a number, `zeros(like)` a tensor of zeros of the shape of a carrier.
 * `broadcastLike` and `sumTo` are each other's transpose: the first repeats a carrier up to a shape, the second sums a carrier of the
 * broadcast shape back down. Both return their argument unchanged when the shape is already right.
 *
 * @category models
 * @since 0.1.0
 */
export type Operations<A> = { readonly [K in UnaryName]: (x: A) => A } & {
  readonly [K in BinaryName]: (x: A | number, y: A | number) => A
} & {
  readonly algebra: Algebra<A>
  readonly typeOf: (x: A) => Type.Type
  readonly shapeOf: (x: A) => Shape.Shape
  readonly constant: (value: Tensor.Any) => A
  readonly scalar: (value: number) => A
  readonly zeros: (shape: Shape.Shape) => A
  readonly polygamma: (x: A, order: number) => A
  readonly select: (predicate: A, whenTrue: A | number, whenFalse: A | number) => A
  readonly clamp: (x: A, low: A | number, high: A | number) => A
  readonly sum: (x: A, axes: ReadonlyArray<number>) => A
  readonly prod: (x: A, axes: ReadonlyArray<number>) => A
  readonly reduceMax: (x: A, axes: ReadonlyArray<number>) => A
  readonly reduceMin: (x: A, axes: ReadonlyArray<number>) => A
  readonly argmax: (x: A, axis: number) => A
  readonly argmin: (x: A, axis: number) => A
  readonly any: (x: A, axes: ReadonlyArray<number>) => A
  readonly all: (x: A, axes: ReadonlyArray<number>) => A
  readonly cumsum: (x: A, axis: number, reverse: boolean) => A
  readonly cumprod: (x: A, axis: number, reverse: boolean) => A
  readonly dot: (left: A, right: A, attributes: Primitive.DotAttributes) => A
  readonly broadcastTo: (x: A, shape: Shape.Shape) => A
  readonly reshape: (x: A, shape: Shape.Shape) => A
  readonly transpose: (x: A, permutation: ReadonlyArray<number>) => A
  readonly slice: (x: A, attributes: Primitive.SliceAttributes) => A
  readonly dynamicSlice: (x: A, starts: A, sizes: ReadonlyArray<number>) => A
  readonly dynamicUpdateSlice: (x: A, update: A, starts: A) => A
  readonly pad: (x: A, attributes: Primitive.PadAttributes) => A
  readonly concat: (operands: ReadonlyArray<A>, axis: number) => A
  readonly stack: (operands: ReadonlyArray<A>, axis: number) => A
  readonly reverse: (x: A, axes: ReadonlyArray<number>) => A
  readonly gather: (x: A, indices: A, axis: number) => A
  readonly scatterAdd: (x: A, indices: A, updates: A, axis: number) => A
  readonly triangle: (x: A, attributes: Primitive.TriangleAttributes) => A
  readonly triangularSolve: (matrix: A, right: A, attributes: Primitive.TriangularSolveAttributes) => A
  readonly solve: (matrix: A, right: A, attributes: Primitive.SolveAttributes) => A
  readonly lstsq: (matrix: A, right: A, attributes: Primitive.SolveAttributes) => A
  readonly foldIn: (key: A, indices: A) => A
  readonly randomUniform: (key: A, shape: Shape.Shape) => A
  readonly randomPermutation: (key: A, size: number) => A
  readonly ensure: (x: A, predicate: A, attributes: Primitive.EnsureAttributes) => A
  readonly after: (x: A, before: A) => A
  readonly broadcastLike: (x: A, shape: Shape.Shape) => A
  readonly expandReduced: (x: A, axes: ReadonlyArray<number>, shape: Shape.Shape) => A
  readonly sumTo: (x: A, shape: Shape.Shape) => A
}

const unaryNames: ReadonlyArray<UnaryName> = [
  "neg",
  "abs",
  "sign",
  "exp",
  "expm1",
  "log",
  "log1p",
  "sqrt",
  "cbrt",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "tanh",
  "asinh",
  "acosh",
  "atanh",
  "erf",
  "erfc",
  "lgamma",
  "digamma",
  "sigmoid",
  "softplus",
  "relu",
  "floor",
  "ceil",
  "round",
  "isFinite",
  "toReal",
  "toIndex",
  "not",
  "cholesky",
  "inverse",
  "adjugate",
  "det",
  "detSign",
  "logdet",
  "stopGradient"
]

const binaryNames: ReadonlyArray<BinaryName> = [
  "add",
  "sub",
  "mul",
  "mulStrongZero",
  "div",
  "pow",
  "atan2",
  "hypot",
  "max",
  "min",
  "rem",
  "eq",
  "ne",
  "lt",
  "le",
  "gt",
  "ge",
  "and",
  "or"
]

const cache = new WeakMap<object, unknown>()

// The numbers that rules use over and over, made once.
const common = new Map([-2, -1, -0.5, 0, 0.5, 1, 2].map((value) => [value, Tensor.full([], value)]))

// A map takes -0 for 0.
const scalarTensor = (value: number) => (Object.is(value, -0) ? undefined : common.get(value)) ?? Tensor.full([], value)

/**
 * The operations of an algebra.
 *
 * **Details**
 *
 * Made once for each algebra and remembered.
 *
 * @example
 * ```ts
 * import { Interpreter, Operations, Tensor } from "@fluxion/core"
 *
 * const ops = Operations.make(Interpreter.algebra)
 * console.log(`${ops.mul(Tensor.make([1, 2, 3]), 2)}`) // [2, 4, 6]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A>(algebra: Algebra<A>): Operations<A> => {
  const known = cache.get(algebra)
  if (known !== undefined) return known as Operations<A>
  const { apply, constant, typeOf } = algebra
  const scalar = (value: number): A => constant(scalarTensor(value))
  const lift = (x: A | number): A => (typeof x === "number" ? scalar(x) : x)
  const shapeOf = (x: A): Shape.Shape => typeOf(x).shape
  const reshape = (x: A, shape: Shape.Shape): A =>
    Shape.equals(shapeOf(x), shape) ? x : apply("reshape", { shape }, [x])
  const broadcastLike = (x: A, shape: Shape.Shape): A =>
    Shape.equals(shapeOf(x), shape) ? x : apply("broadcastTo", { shape }, [x])
  const sum = (x: A, axes: ReadonlyArray<number>): A => (axes.length === 0 ? x : apply("sum", { axes }, [x]))
  const sumTo = (x: A, shape: Shape.Shape): A => {
    const from = shapeOf(x)
    if (Shape.equals(from, shape)) return x
    const extra = from.length - shape.length
    const axes = from.flatMap((n, i) => (i < extra || (shape[i - extra] === 1 && n !== 1) ? [i] : []))
    return reshape(sum(x, axes), shape)
  }
  const unary = Object.fromEntries(unaryNames.map((name) => [name, (x: A) => apply(name, {}, [x])]))
  const binary = Object.fromEntries(
    binaryNames.map((name) => [name, (x: A | number, y: A | number) => apply(name, {}, [lift(x), lift(y)])])
  )
  const operations = {
    ...(unary as { readonly [K in UnaryName]: (x: A) => A }),
    ...(binary as { readonly [K in BinaryName]: (x: A | number, y: A | number) => A }),
    algebra,
    typeOf,
    shapeOf,
    constant,
    scalar,
    zeros: (shape) => constant(Tensor.zeros(shape)),
    polygamma: (x, order) => apply("polygamma", { order }, [x]),
    select: (predicate, whenTrue, whenFalse) => apply("select", {}, [predicate, lift(whenTrue), lift(whenFalse)]),
    clamp: (x, low, high) => apply("clamp", {}, [x, lift(low), lift(high)]),
    sum,
    prod: (x, axes) => apply("prod", { axes }, [x]),
    reduceMax: (x, axes) => apply("reduceMax", { axes }, [x]),
    reduceMin: (x, axes) => apply("reduceMin", { axes }, [x]),
    argmax: (x, axis) => apply("argmax", { axis }, [x]),
    argmin: (x, axis) => apply("argmin", { axis }, [x]),
    any: (x, axes) => apply("any", { axes }, [x]),
    all: (x, axes) => apply("all", { axes }, [x]),
    cumsum: (x, axis, reverse) => apply("cumsum", { axis, reverse }, [x]),
    cumprod: (x, axis, reverse) => apply("cumprod", { axis, reverse }, [x]),
    dot: (left, right, attributes) => apply("dot", attributes, [left, right]),
    broadcastTo: broadcastLike,
    reshape,
    transpose: (x, permutation) => apply("transpose", { permutation }, [x]),
    slice: (x, attributes) => apply("slice", attributes, [x]),
    dynamicSlice: (x, starts, sizes) => apply("dynamicSlice", { sizes }, [x, starts]),
    dynamicUpdateSlice: (x, update, starts) => apply("dynamicUpdateSlice", {}, [x, update, starts]),
    pad: (x, attributes) => apply("pad", attributes, [x]),
    concat: (operands, axis) => apply("concat", { axis }, operands),
    stack: (operands, axis) => apply("stack", { axis }, operands),
    reverse: (x, axes) => (axes.length === 0 ? x : apply("reverse", { axes }, [x])),
    gather: (x, indices, axis) => apply("gather", { axis }, [x, indices]),
    scatterAdd: (x, indices, updates, axis) => apply("scatterAdd", { axis }, [x, indices, updates]),
    triangle: (x, attributes) => apply("triangle", attributes, [x]),
    triangularSolve: (matrix, right, attributes) => apply("triangularSolve", attributes, [matrix, right]),
    solve: (matrix, right, attributes) => apply("solve", attributes, [matrix, right]),
    lstsq: (matrix, right, attributes) => apply("lstsq", attributes, [matrix, right]),
    foldIn: (key, indices) => apply("foldIn", {}, [key, indices]),
    randomUniform: (key, shape) => apply("randomUniform", { shape }, [key]),
    randomPermutation: (key, size) => apply("randomPermutation", { size }, [key]),
    ensure: (x, predicate, attributes) => apply("ensure", attributes, [x, predicate]),
    after: (x, before) => apply("after", {}, [x, before]),
    broadcastLike,
    expandReduced: (x, axes, shape) => broadcastLike(reshape(x, Shape.reduce(shape, axes, true)), shape),
    sumTo
  } satisfies Operations<A>
  cache.set(algebra, operations)
  return operations
}
