/**
 * The primitives: the closed set of operations from which every program is built.
 *
 * **Details**
 *
 * `Signatures` lists them once, with the number of operands and the static attributes of each.
 * Every table of the system (typing and reference evaluation here, JVP rules in forward-mode,
 * VJP rules in reverse-mode) is a total mapped type over `Name`, so a primitive without a row
 * is a compile error.
 *
 * Elementwise primitives broadcast their operands as NumPy does (aligned at the trailing axis).
 * Axes in attributes are normalised: non-negative, and sorted where they are a set.
 *
 * @since 0.1.0
 */
import type { Guard } from "./Failure.ts"
import type { Body } from "./internal/schedule.ts"
import type * as Tensor from "./Tensor.ts"
import type * as Type from "./Type.ts"
import { contraction } from "./primitives/contraction.ts"
import { controlFlow } from "./primitives/controlFlow.ts"
import { decomposition } from "./primitives/decomposition.ts"
import { elementwise } from "./primitives/elementwise.ts"
import { guard } from "./primitives/guard.ts"
import { implicit } from "./primitives/implicit.ts"
import { linalg } from "./primitives/linalg.ts"
import { random } from "./primitives/random.ts"
import { reduction } from "./primitives/reduction.ts"
import { structural } from "./primitives/structural.ts"

/**
 * The number of operands of a primitive (`"variadic"`: one or more) and the type of its attributes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Signature<Arity extends 1 | 2 | 3 | "variadic", Attributes extends object = {}> {
  readonly arity: Arity
  readonly attributes: Attributes
}

/**
 * Axes over which a reduction runs (sorted, non-negative). The reduced axes are removed from the shape.
 *
 * @category attributes
 * @since 0.1.0
 */
export interface ReductionAttributes {
  readonly axes: ReadonlyArray<number>
}

/**
 * The one axis along which a cumulative primitive or an arg-reduction runs.
 *
 * @category attributes
 * @since 0.1.0
 */
export interface AxisAttributes {
  readonly axis: number
}

/**
 * The axis of a cumulative primitive, and whether it accumulates from the end.
 *
 * @category attributes
 * @since 0.1.0
 */
export interface CumulativeAttributes {
  readonly axis: number
  readonly reverse: boolean
}

/**
 * A two-operand einsum: one label per axis of the operands and of the output.
 *
 * **Details**
 *
 * Labels are distinct within each list, and every label occurs in at least two of the three lists;
 * labels missing from `output` are summed. In this form a contraction is a trilinear form, closed under transposition:
 * the pullback to `left` is the contraction `(output, right) -> left`. With `strongZero`, a product
 * of a zero with anything (infinities and NaN included) is zero, as derivative propagation demands.
 *
 * @category attributes
 * @since 0.1.0
 */
export interface DotAttributes {
  readonly left: ReadonlyArray<number>
  readonly right: ReadonlyArray<number>
  readonly output: ReadonlyArray<number>
  readonly strongZero: boolean
}

/**
 * The target shape of `broadcastTo` and `reshape`.
 *
 * @category attributes
 * @since 0.1.0
 */
export interface ShapeAttributes {
  readonly shape: ReadonlyArray<number>
}

/**
 * Strided window per axis: elements `start, start + stride, ...` below `limit`; strides are positive.
 *
 * @category attributes
 * @since 0.1.0
 */
export interface SliceAttributes {
  readonly starts: ReadonlyArray<number>
  readonly limits: ReadonlyArray<number>
  readonly strides: ReadonlyArray<number>
}

/**
 * Padding per axis: `low` before, `high` after, `interior` between neighbours (all non-negative), filled with `value`.
 *
 * @category attributes
 * @since 0.1.0
 */
export interface PadAttributes {
  readonly low: ReadonlyArray<number>
  readonly high: ReadonlyArray<number>
  readonly interior: ReadonlyArray<number>
  readonly value: number
}

/**
 * The part kept by `triangle`: entries with `column - row <= diagonal` (lower) or `>= diagonal` (upper).
 *
 * @category attributes
 * @since 0.1.0
 */
export interface TriangleAttributes {
  readonly upper: boolean
  readonly diagonal: number
}

/**
 * How a system of linear equations is solved.
 *
 * **Details**
 *
 * With `strongZero`, a right-hand side of zeros has the solution zero whatever the matrix (singular, infinite or NaN), as
 * derivative propagation demands; without it the solution follows IEEE 754.
 *
 * @category attributes
 * @since 0.1.0
 */
export interface SolveAttributes {
  readonly strongZero: boolean
}

/**
 * Which triangle `triangularSolve` reads, and how.
 *
 * **Details**
 *
 * The matrix of the system is the lower (or `upper`) triangle, with ones on the diagonal when `unitDiagonal`, and then
 * transposed when `transposed`. Elements outside the triangle (and the diagonal when `unitDiagonal`) are never read.
 *
 * @category attributes
 * @since 0.1.0
 */
export interface TriangularSolveAttributes extends SolveAttributes {
  readonly upper: boolean
  readonly transposed: boolean
  readonly unitDiagonal: boolean
}

/**
 * What `ensure` does where its predicate is false.
 *
 * @category attributes
 * @since 0.1.0
 */
export interface EnsureAttributes {
  readonly guard: Guard
}

/**
 * All primitives, with arity and attributes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Signatures {
  // Elementwise, real -> real.
  readonly neg: Signature<1>
  readonly abs: Signature<1>
  readonly sign: Signature<1>
  readonly exp: Signature<1>
  readonly expm1: Signature<1>
  readonly log: Signature<1>
  readonly log1p: Signature<1>
  readonly sqrt: Signature<1>
  readonly cbrt: Signature<1>
  readonly sin: Signature<1>
  readonly cos: Signature<1>
  readonly tan: Signature<1>
  readonly asin: Signature<1>
  readonly acos: Signature<1>
  readonly atan: Signature<1>
  readonly sinh: Signature<1>
  readonly cosh: Signature<1>
  readonly tanh: Signature<1>
  readonly asinh: Signature<1>
  readonly acosh: Signature<1>
  readonly atanh: Signature<1>
  readonly erf: Signature<1>
  readonly erfc: Signature<1>
  readonly lgamma: Signature<1>
  readonly digamma: Signature<1>
  readonly polygamma: Signature<1, { readonly order: number }>
  readonly sigmoid: Signature<1>
  readonly softplus: Signature<1>
  readonly relu: Signature<1>
  readonly floor: Signature<1>
  readonly ceil: Signature<1>
  readonly round: Signature<1>
  // Elementwise, real -> bool; conversions between element types.
  readonly isFinite: Signature<1>
  readonly toReal: Signature<1>
  readonly toIndex: Signature<1>
  // Elementwise, (real, real) -> real. add, sub, mul, max and min also accept two indices.
  readonly add: Signature<2>
  readonly sub: Signature<2>
  readonly mul: Signature<2>
  readonly mulStrongZero: Signature<2>
  readonly div: Signature<2>
  readonly pow: Signature<2>
  readonly atan2: Signature<2>
  readonly hypot: Signature<2>
  readonly max: Signature<2>
  readonly min: Signature<2>
  readonly rem: Signature<2>
  // Comparisons of two reals or two indices.
  readonly eq: Signature<2>
  readonly ne: Signature<2>
  readonly lt: Signature<2>
  readonly le: Signature<2>
  readonly gt: Signature<2>
  readonly ge: Signature<2>
  // Logic.
  readonly and: Signature<2>
  readonly or: Signature<2>
  readonly not: Signature<1>
  // Ternary. select takes (predicate, whenTrue, whenFalse); clamp takes (x, low, high).
  readonly select: Signature<3>
  readonly clamp: Signature<3>
  // Reductions.
  readonly sum: Signature<1, ReductionAttributes>
  readonly prod: Signature<1, ReductionAttributes>
  readonly reduceMax: Signature<1, ReductionAttributes>
  readonly reduceMin: Signature<1, ReductionAttributes>
  readonly argmax: Signature<1, AxisAttributes>
  readonly argmin: Signature<1, AxisAttributes>
  readonly any: Signature<1, ReductionAttributes>
  readonly all: Signature<1, ReductionAttributes>
  readonly cumsum: Signature<1, CumulativeAttributes>
  readonly cumprod: Signature<1, CumulativeAttributes>
  // Contraction.
  readonly dot: Signature<2, DotAttributes>
  // Structure.
  readonly broadcastTo: Signature<1, ShapeAttributes>
  readonly reshape: Signature<1, ShapeAttributes>
  readonly transpose: Signature<1, { readonly permutation: ReadonlyArray<number> }>
  readonly slice: Signature<1, SliceAttributes>
  readonly dynamicSlice: Signature<2, { readonly sizes: ReadonlyArray<number> }>
  readonly dynamicUpdateSlice: Signature<3>
  readonly pad: Signature<1, PadAttributes>
  readonly concat: Signature<"variadic", AxisAttributes>
  readonly stack: Signature<"variadic", AxisAttributes>
  readonly reverse: Signature<1, ReductionAttributes>
  readonly gather: Signature<2, AxisAttributes>
  readonly scatterAdd: Signature<3, AxisAttributes>
  readonly triangle: Signature<1, TriangleAttributes>
  // Linear algebra, on the matrices in the last two axes; solvers take (matrix, right-hand sides).
  readonly cholesky: Signature<1>
  readonly triangularSolve: Signature<2, TriangularSolveAttributes>
  readonly solve: Signature<2, SolveAttributes>
  readonly lstsq: Signature<2, SolveAttributes>
  readonly inverse: Signature<1>
  readonly adjugate: Signature<1>
  readonly det: Signature<1>
  readonly detSign: Signature<1>
  readonly logdet: Signature<1>
  // Semantic.
  readonly stopGradient: Signature<1>
  // Randomness. The first operand is a key; foldIn takes (key, indices).
  readonly foldIn: Signature<2>
  readonly randomUniform: Signature<1, ShapeAttributes>
  readonly randomPermutation: Signature<1, { readonly size: number }>
  // Guards: ensure takes (x, predicate), after (x, what is evaluated before).
  readonly ensure: Signature<2, EnsureAttributes>
  readonly after: Signature<2>
}

/**
 * The name of a primitive.
 *
 * @category models
 * @since 0.1.0
 */
export type Name = keyof Signatures

/**
 * The attributes of primitive `K`.
 *
 * @category models
 * @since 0.1.0
 */
export type Attributes<K extends Name> = Signatures[K]["attributes"]

/**
 * The operands of primitive `K`, as carriers of type `A`.
 *
 * @category models
 * @since 0.1.0
 */
export type Operands<K extends Name, A> = {
  readonly 1: readonly [A]
  readonly 2: readonly [A, A]
  readonly 3: readonly [A, A, A]
  readonly variadic: ReadonlyArray<A>
}[Signatures[K]["arity"]]

/**
 * The family a primitive belongs to; rules are kept one file a family.
 *
 * @category models
 * @since 0.1.0
 */
export type Family = "elementwise" | "reduction" | "contraction" | "structural" | "linalg" | "random" | "guard"

/**
 * The row of primitive `K` in core's table: its typing rule and its reference evaluation.
 *
 * **Details**
 *
 * `type` computes the type of the result, or throws a `ShapeError` (see `Shape`) that names the operation and the shapes.
 * `evaluate` may rely on operands that passed `type`, and receives the result's type.
 *
 * @category models
 * @since 0.1.0
 */
export interface Definition<K extends Name> {
  readonly family: Family
  readonly arity: Signatures[K]["arity"]
  readonly type: (attributes: Attributes<K>, operands: Operands<K, Type.Type>) => Type.Type
  readonly evaluate: (attributes: Attributes<K>, operands: Operands<K, Tensor.Any>, type: Type.Type) => Tensor.Any
}

/**
 * A total table with one definition per primitive named in `K`.
 *
 * @category models
 * @since 0.1.0
 */
export type Definitions<K extends Name> = { readonly [P in K]: Definition<P> }

/**
 * core's table of all primitives.
 *
 * @example
 * ```ts
 * import { Primitive, Type } from "@fluxion/core"
 *
 * const type = Primitive.definitions.add.type({}, [Type.real([3, 1]), Type.real([4])])
 * console.log(Type.render(type)) // real[3,4]
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const definitions: Definitions<Name> = {
  ...elementwise,
  ...reduction,
  ...contraction,
  ...structural,
  ...linalg,
  ...random,
  ...guard
}

/**
 * The names of all primitives.
 *
 * @example
 * ```ts
 * import { Primitive } from "@fluxion/core"
 *
 * console.log(Primitive.names.includes("mul")) // true
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const names: ReadonlyArray<Name> = Object.keys(definitions) as Array<Name>

/**
 * A closed program inside a control primitive: the nodes of its inputs and outputs. Nothing in it comes from outside but constants;
 * see the module `Body`.
 *
 * @category control
 * @since 0.1.0
 */
export type { Body }

/**
 * The attributes of `cond`.
 *
 * **Details**
 *
 * Operands: `[predicate, ...consts]`. Both bodies take the consts and compute results of the same types; the one that the predicate names is evaluated.
 *
 * @category control
 * @since 0.1.0
 */
export interface CondAttributes {
  readonly whenTrue: Body
  readonly whenFalse: Body
}

/**
 * Which carries of a `scan` are kept for reverse mode; the others are computed again when they are needed.
 *
 * **Details**
 *
 * For n steps, beside the derivative of each step, whose costs are the same for all:
 *
 * - `"all"`: n carries kept; nothing computed again.
 * - `{ every: k }`: the carries before steps 0, k, 2k, …, and while a stretch of k steps is pulled back, those in it: n / k + k. Each step is taken once more. The
 *   least memory, 2√n, is at k = √n.
 * - `"revolve"`: about log₂(n) / 2 + log₂(log₂ n) / 4 + 1/2 carries, 12 for a million steps, by the binomial schedule of Griewank and Walther: no schedule with as many takes fewer
 *   steps. Each step is taken at most as often again as there are carries.
 * - `{ snapshots: s }`: the same schedule with s carries, that of the first step included. With r the least number for which C(s + r, s) ≥ n, each step is taken
 *   at most r times: 4 times for a million steps and a hundred carries. The derivative program grows with the product of s, r and the larger of both.
 * - `"none"`: only the first; the others are computed from it, n (n - 1) / 2 steps.
 *
 * A. Griewank and A. Walther, Algorithm 799: revolve, ACM Transactions on Mathematical Software 26 (2000), 19-45.
 *
 * @category control
 * @since 0.1.0
 */
export type Checkpoint = "all" | "none" | "revolve" | { readonly every: number } | { readonly snapshots: number }

/**
 * The attributes of `scan`.
 *
 * **Details**
 *
 * Operands: `[...consts, ...init, ...xs]`; the body takes `[...consts, ...carries, ...slices of xs]` and computes `[...carries, ...ys]`.
 * Results: `[...final carries, ...stacked ys]`. With `reverse` the last step comes first; `ys` stay where their `xs` are.
 *
 * @category control
 * @since 0.1.0
 */
export interface ScanAttributes {
  readonly body: Body
  /** How many operands are the same in each step. */
  readonly consts: number
  /** How many values are carried from step to step. */
  readonly carries: number
  readonly length: number
  readonly reverse: boolean
  /** Which carries are kept for reverse mode. It has no bearing on results. */
  readonly checkpoint: Checkpoint
}

/**
 * The attributes of `map`.
 *
 * **Details**
 *
 * Operands: `[...consts, ...xs]`; the body takes `[...consts, ...slices of xs]`. Its results are stacked along a new leading axis of length
 * `size`, but for the last `summed` ones, which are added up: so `map` is closed under transposition.
 *
 * @category control
 * @since 0.1.0
 */
export interface MapAttributes {
  readonly body: Body
  readonly consts: number
  readonly size: number
  readonly summed: number
}

/**
 * The attributes of `call`: operands and results are those of the body.
 *
 * @category control
 * @since 0.1.0
 */
export interface CallAttributes {
  readonly body: Body
  /**
   * Whether the body is to be evaluated here and again wherever it is called once more: what is inside is neither kept for nor shared with what is
   * outside, also not by a backend that knows that it computes the same. It has no bearing on results.
   */
  readonly checkpoint: boolean
}

/**
 * The attributes of `custom`: a program with derivative rules of its own. At least one rule is there.
 *
 * **Details**
 *
 * Operands and results are those of the body. The rules are linear in what they carry: `jvp` takes
 * `[...operands, ...results, ...tangents of the real operands]` and computes the tangents of the real results; `vjp` takes
 * `[...operands, ...results, ...cotangents of the real results]` and computes the cotangents of the real operands.
 *
 * @category control
 * @since 0.1.0
 */
export interface CustomAttributes {
  readonly body: Body
  readonly jvp?: Body
  readonly vjp?: Body
}

/**
 * One sweep of a `whileLoop` over its iterations.
 *
 * @category control
 * @since 0.1.0
 */
export interface Sweep {
  readonly body: Body
  /** How many values are carried from iteration to iteration. */
  readonly states: number
  /** How many values the body records at each iteration for later sweeps, besides its state before the iteration. */
  readonly records: number
}

/**
 * The attributes of `whileLoop`.
 *
 * **Details**
 *
 * Operands: `[...consts, ...initial states of sweep 0, ...initial states of sweep 1, ...]`; results: the final states of all sweeps.
 *
 * Sweep 0 is the ordinary loop: it runs while `condition` of `[...consts, ...states]` holds. Each later sweep goes over the same iterations, in the direction
 * opposite to the sweep before it: sweep 1 backwards, sweep 2 forwards. Its body takes
 * `[...consts, ...(for each earlier sweep: its states before this iteration, its records of this iteration), ...own states]`; every body
 * computes `[...states, ...records]`. In this form loops are closed under both modes of differentiation; one sweep records nothing.
 *
 * @category control
 * @since 0.1.0
 */
export interface WhileLoopAttributes {
  readonly condition: Body
  readonly consts: number
  readonly sweeps: ReadonlyArray<Sweep>
}

/**
 * The attributes of `root`.
 *
 * **Details**
 *
 * Operands: `[...consts, ...init]`; results: unknowns `x` of the types of `init` for which the residual is zero. `solve` takes the operands and finds
 * `x`; `residual` takes `[...consts, ...x]` and computes arrays of the types of `x`. Derivatives are those of the solution as
 * a function of the consts, defined by `residual = 0`; `solve` is not differentiated, and the solution does not vary with `init`.
 *
 * @category control
 * @since 0.1.0
 */
export interface RootAttributes {
  readonly residual: Body
  readonly solve: Body
  readonly consts: number
}

/**
 * The primitives that have any number of results; most have programs in their attributes.
 *
 * @category control
 * @since 0.1.0
 */
export interface ControlSignatures {
  readonly cond: CondAttributes
  readonly scan: ScanAttributes
  readonly map: MapAttributes
  readonly call: CallAttributes
  readonly whileLoop: WhileLoopAttributes
  readonly custom: CustomAttributes
  // Decompositions of the matrices in the last two axes: [q, r], and [values, vectors].
  readonly qr: {}
  readonly eigh: {}
  readonly root: RootAttributes
}

/**
 * The name of a control primitive.
 *
 * @category control
 * @since 0.1.0
 */
export type ControlName = keyof ControlSignatures

/**
 * The attributes of control primitive `K`.
 *
 * @category control
 * @since 0.1.0
 */
export type ControlAttributes<K extends ControlName> = ControlSignatures[K]

/**
 * A body made ready to be evaluated many times.
 *
 * @category control
 * @since 0.1.0
 */
export type Evaluator = (inputs: ReadonlyArray<Tensor.Any>) => ReadonlyArray<Tensor.Any>

/**
 * A body that is still to be evaluated, on these inputs.
 *
 * @category control
 * @since 0.1.0
 */
export interface Entry {
  readonly body: Body
  readonly inputs: ReadonlyArray<Tensor.Any>
}

/**
 * The row of control primitive `K` in core's table: its typing rule and its reference evaluation.
 *
 * **Details**
 *
 * `types` computes the types of the results, or throws a `ShapeError` where operands do not fit the bodies. `evaluate` receives a function that makes a body
 * ready to be evaluated. Where its results are those of one body it gives that body with its inputs: then nesting takes no stack.
 *
 * @category control
 * @since 0.1.0
 */
export interface ControlDefinition<K extends ControlName> {
  readonly types: (attributes: ControlAttributes<K>, operands: ReadonlyArray<Type.Type>) => ReadonlyArray<Type.Type>
  readonly evaluate: (
    attributes: ControlAttributes<K>,
    operands: ReadonlyArray<Tensor.Any>,
    prepare: (body: Body) => Evaluator
  ) => ReadonlyArray<Tensor.Any> | Entry
}

/**
 * A total table with one definition per control primitive named in `K`.
 *
 * @category control
 * @since 0.1.0
 */
export type ControlDefinitions<K extends ControlName> = { readonly [P in K]: ControlDefinition<P> }

/**
 * core's table of all control primitives.
 *
 * @example
 * ```ts
 * import { Body, Fn, Primitive, Type } from "@fluxion/core"
 *
 * const body = Body.make([Type.real([])], ([x]) => [Fn.expressions.apply("sin", {}, [x!])])
 * const attributes = { body, consts: 0, size: 3, summed: 0 }
 * const types = Primitive.controlDefinitions.map.types(attributes, [Type.real([3])])
 * console.log(types.map(Type.render)) // [ 'real[3]' ]
 * ```
 *
 * @category control
 * @since 0.1.0
 */
export const controlDefinitions: ControlDefinitions<ControlName> = { ...controlFlow, ...decomposition, ...implicit }

/**
 * The names of all control primitives.
 *
 * @example
 * ```ts
 * import { Primitive } from "@fluxion/core"
 *
 * console.log(Primitive.controlNames.includes("scan")) // true
 * ```
 *
 * @category control
 * @since 0.1.0
 */
export const controlNames: ReadonlyArray<ControlName> = Object.keys(controlDefinitions) as Array<ControlName>
