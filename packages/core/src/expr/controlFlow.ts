import { apply, applyMany } from "../internal/apply.ts"
import { type Captured, capture, captureDrawing, capturedBy, close } from "../internal/capture.ts"
import { read, readLike } from "../internal/exprTree.ts"
import { constant, input, type Node } from "../internal/node.ts"
import { enclosing, inScope, keysFor, keyType, Scope } from "../internal/scope.ts"
import type * as Primitive from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import * as Tree from "../Tree.ts"
import * as Tensor from "../Tensor.ts"
import * as Type from "../Type.ts"
import { isOperand, liftNode } from "../internal/lift.ts"
import type {
  AnyOperand,
  BoolExpr,
  BoolOperand,
  Expr,
  IndexExpr,
  OfElementType,
  ShapeOf,
  ErrorOf,
  RequirementsOf,
  DataLast
} from "./model.ts"

// -----------------------------------------------------------------------------
// Types
// -----------------------------------------------------------------------------

// Trees of unknown structure: there the recursion of the types below has to end. Whatever there is fits a record without fields.
type NonEmpty<T> = T extends unknown ? ([keyof T] extends [never] ? never : T) : never

/**
 * The expressions that stand for a tree of operands inside a body.
 *
 * @category control flow
 * @since 0.1.0
 */
export type Inside<T> = [Tree.ExprTree] extends [NonEmpty<T>]
  ? Tree.ExprTree
  : T extends {
        readonly elementType: infer D extends Type.ElementType
        readonly shape: infer S extends Shape.Shape
      }
    ? OfElementType<D, S, never>
    : T extends number
      ? Expr<readonly []>
      : T extends boolean
        ? BoolExpr<readonly []>
        : { readonly [K in keyof T]: Inside<T[K]> }

type SliceShape<S extends Shape.Shape> = S extends readonly [number, ...infer Rest extends Shape.Shape]
  ? Rest
  : Shape.Shape

/**
 * The expressions that stand for slices of a tree of operands inside a body.
 *
 * @category control flow
 * @since 0.1.0
 */
export type Slices<T> = [Tree.ExprTree] extends [NonEmpty<T>]
  ? Tree.ExprTree
  : T extends {
        readonly elementType: infer D extends Type.ElementType
        readonly shape: infer S extends Shape.Shape
      }
    ? OfElementType<D, SliceShape<S>, never>
    : T extends number | boolean
      ? never
      : { readonly [K in keyof T]: Slices<T[K]> }

/**
 * The expressions that stand for slices of what a pipe hands over.
 *
 * **Details**
 *
 * TypeScript knows it where a pipe begins with it. After another combinator it does not, and the type of a slice is to be written out.
 *
 * @category control flow
 * @since 0.1.0
 */
export type PipedSlices<T> = [AnyOperand] extends [T]
  ? Shape.Mismatch<"the type of a slice is not known here: write it out, or name what comes before in the pipe">
  : Slices<T>

type CheckPiped<T> = [AnyOperand] extends [T] ? unknown : CheckLeading<T>

/**
 * The expressions a control primitive gives for a tree `A` that its body returns, with the failures and requirements of the trees `T` and of the
 * operand `P`.
 *
 * @category control flow
 * @since 0.1.0
 */
export type Results<A, T, P = never> = [Tree.ExprTree] extends [NonEmpty<A | T>]
  ? Tree.ExprTree
  : Leaves<A, readonly [], Tree.ErrorOf<T> | ErrorOf<P>, Tree.RequirementsOf<T> | RequirementsOf<P>>

/**
 * The same, stacked along a new leading axis of length `N`.
 *
 * @category control flow
 * @since 0.1.0
 */
export type Stacked<A, N extends number, T, P = never> = [Tree.ExprTree] extends [NonEmpty<A | T>]
  ? Tree.ExprTree
  : Leaves<A, readonly [N], Tree.ErrorOf<T> | ErrorOf<P>, Tree.RequirementsOf<T> | RequirementsOf<P>>

type Leaves<A, Prefix extends Shape.Shape, E, R> = [Tree.ExprTree] extends [NonEmpty<A>]
  ? Tree.ExprTree
  : A extends {
        readonly elementType: infer D extends Type.ElementType
        readonly shape: infer S extends Shape.Shape
      }
    ? Leaf<D, readonly [...Prefix, ...S], E, R>
    : A extends number
      ? Expr<Prefix, E, R>
      : A extends boolean
        ? BoolExpr<Prefix, E, R>
        : { readonly [K in keyof A]: Leaves<A[K], Prefix, E, R> }

type Leaf<D extends Type.ElementType, S extends Shape.Shape, E, R> = D extends "real"
  ? Expr<S, E, R>
  : D extends "index"
    ? IndexExpr<S, E, R>
    : BoolExpr<S, E, R>

// The lengths of the leading axes of all leaves; never where there is no leaf.
type Leading<S> = S extends Shape.Shape
  ? LeadingOfShape<S>
  : S extends Type.Type<infer _, infer Sh>
    ? LeadingOfShape<Sh>
    : S extends ReadonlyArray<unknown>
      ? Leading<S[number]>
      : Leading<S[keyof S]>

type LeadingOfShape<S extends Shape.Shape> = S extends readonly []
  ? "none"
  : S extends readonly [infer N extends number, ...Shape.Shape]
    ? N
    : number

type IsUnion<T, U = T> = [T] extends [never] ? false : T extends unknown ? ([U] extends [T] ? false : true) : never

/**
 * The length of the leading axis that the leaves of `T` share; `number` where it is not known.
 *
 * @category control flow
 * @since 0.1.0
 */
export type LeadingAxis<T> = [Tree.ExprTree] extends [NonEmpty<T>]
  ? number
  : Leading<Tree.SpecOf<T>> extends infer N extends number
    ? [N] extends [never]
      ? number
      : number extends N
        ? number
        : IsUnion<N> extends true
          ? number
          : N
    : number

/**
 * `unknown` when the leaves of `T` have a leading axis of one length, otherwise a `Mismatch` that says what is wrong.
 *
 * @category control flow
 * @since 0.1.0
 */
export type CheckLeading<T> = [Tree.ExprTree] extends [NonEmpty<T>] ? unknown : CheckLengths<Leading<Tree.SpecOf<T>>>

type CheckLengths<N> = "none" extends N
  ? Shape.Mismatch<"a scalar has no leading axis">
  : number extends N
    ? unknown
    : IsUnion<N> extends true
      ? Shape.Mismatch<`leading axes differ: ${N & number}`>
      : unknown

type SameDimensions<A extends Shape.Shape, B extends Shape.Shape> = number extends A["length"]
  ? true
  : number extends B["length"]
    ? true
    : A extends readonly [infer HeadA extends number, ...infer TailA extends Shape.Shape]
      ? B extends readonly [infer HeadB extends number, ...infer TailB extends Shape.Shape]
        ? number extends HeadA
          ? SameDimensions<TailA, TailB>
          : number extends HeadB
            ? SameDimensions<TailA, TailB>
            : HeadA extends HeadB
              ? SameDimensions<TailA, TailB>
              : false
        : false
      : B extends readonly []
        ? true
        : false

type LeafOf<T> = T extends {
  readonly elementType: infer D extends Type.ElementType
  readonly shape: infer S extends Shape.Shape
}
  ? Type.Type<D, S>
  : T extends number
    ? Type.Type<"real", readonly []>
    : T extends boolean
      ? Type.Type<"bool", readonly []>
      : never

type RenderLeaf<T> = [T] extends [Type.Type<infer D, infer S>]
  ? [T] extends [never]
    ? "a tree"
    : D extends "real"
      ? Shape.Render<S>
      : `${D}${Shape.Render<S>}`
  : "a tree"

type Unlike<A, B, Path extends string> = `${Path}: expected ${RenderLeaf<LeafOf<A>>}, got ${RenderLeaf<LeafOf<B>>}`

type SameLeaves<A, B> = [A, B] extends [Type.Type<infer D, infer S>, Type.Type<infer E, infer T>]
  ? [D, E] extends [E, D]
    ? SameDimensions<S, T>
    : false
  : false

// What is wrong with a tree B where one like A is expected; never when nothing is.
type Problem<A, B, Path extends string> = [LeafOf<A>] extends [never]
  ? [LeafOf<B>] extends [never]
    ? A extends ReadonlyArray<unknown>
      ? B extends ReadonlyArray<unknown>
        ? A["length"] extends B["length"]
          ? { [K in keyof A]: K extends keyof B ? Problem<A[K], B[K], `${Path}[${K & string}]`> : never }[number]
          : Unlike<A, B, Path>
        : Unlike<A, B, Path>
      :
          | {
              [K in keyof A]: K extends keyof B
                ? Problem<A[K], B[K], `${Path}.${K & string}`>
                : `${Path}.${K & string}: nothing there, expected ${RenderLeaf<LeafOf<A[K]>>}`
            }[keyof A]
          | (Exclude<keyof B, keyof A> extends never
              ? never
              : `${Path}.${Exclude<keyof B, keyof A> & string}: nothing expected there`)
    : Unlike<A, B, Path>
  : [LeafOf<B>] extends [never]
    ? Unlike<A, B, Path>
    : SameLeaves<LeafOf<A>, LeafOf<B>> extends true
      ? never
      : Unlike<A, B, Path>

/**
 * `unknown` when the tree `B` has the structure and shapes of the tree `A`, otherwise a `Mismatch` that names the path, what was expected and what came.
 *
 * @category control flow
 * @since 0.1.0
 */
export type CheckTree<A, B, Path extends string> = [Tree.ExprTree] extends [NonEmpty<A>]
  ? unknown
  : [Tree.ExprTree] extends [NonEmpty<B>]
    ? unknown
    : [B] extends [never]
      ? unknown
      : [Problem<A, B, Path>] extends [never]
        ? unknown
        : Shape.Mismatch<Problem<A, B, Path>>

/**
 * `unknown` when the tree `D` that a body returns fits the carry `C`, otherwise a `Mismatch` that names the path, what was expected and what came.
 *
 * @category control flow
 * @since 0.1.0
 */
export type CheckCarry<C, D> = CheckTree<C, D, "carry">

/**
 * `unknown` when both branches compute the same tree, otherwise a `Mismatch` that names the path.
 *
 * @category control flow
 * @since 0.1.0
 */
export type CheckBranches<A, B> = CheckTree<A, B, "whenFalse">

/**
 * `unknown` when the truth value `P` is a scalar, otherwise a `Mismatch`.
 *
 * @category control flow
 * @since 0.1.0
 */
export type CheckPredicate<P> =
  SameDimensions<readonly [], ShapeOf<P>> extends true
    ? unknown
    : Shape.Mismatch<`expected one truth value, got ${Shape.Render<ShapeOf<P>>}`>

/**
 * Options of `scan` and `fold`.
 *
 * **Details**
 *
 * - `reverse`: the last step comes first; per-step outputs stay where their inputs are.
 * - `length`: the number of steps, needed where `xs` has no leaves.
 * - `checkpoint`: which carries reverse mode keeps; the others are computed again. It trades time for memory and changes no result: gradients are the same to
 *   the last bit. For n steps, beside the derivatives of the steps:
 *
 * | checkpoint | carries kept | steps taken again |
 * | --- | --- | --- |
 * | `"all"` (unless said otherwise) | n | none |
 * | `{ every: k }` | n / k + k | n |
 * | `"revolve"` | about log₂(n) / 2 (12 for n = 10⁶) | at most as many a step (9.9 n for n = 10⁶) |
 * | `{ snapshots: s }` | s | the fewest that s carries allow |
 * | `"none"` | 1 | n (n - 1) / 2 |
 *
 * What is kept where depends on the number of steps alone (see `Primitive.Checkpoint`). Derivatives of the derivative are checkpointed in the same way.
 *
 * @category control flow
 * @since 0.1.0
 */
export interface ScanOptions<N extends number = number> {
  readonly reverse?: boolean
  readonly length?: N
  readonly checkpoint?: Primitive.Checkpoint
}

/**
 * Options of `iterate`.
 *
 * @category control flow
 * @since 0.1.0
 */
export interface IterateOptions extends Pick<ScanOptions, "checkpoint"> {}

// -----------------------------------------------------------------------------
// Building
// -----------------------------------------------------------------------------

const sliceOf = (node: Node): Type.Type => ({ elementType: node.elementType, shape: node.shape.slice(1) })

const labels = (paths: ReadonlyArray<string>, types: ReadonlyArray<Type.Type>) =>
  paths.map((label, i) => ({ label, type: types[i]! }))

/** Checks that all leaves share a leading axis, and gives its length. */
const leadingAxis = (
  operation: string,
  nodes: ReadonlyArray<Node>,
  paths: ReadonlyArray<string>,
  length: number | undefined
): number => {
  nodes.forEach(({ shape }, i) => {
    if (shape.length === 0) {
      throw Shape.error(operation, [shape], `${paths[i]}: a scalar has no leading axis`)
    }
    const expected = length ?? nodes[0]!.shape[0]
    if (shape[0] !== expected) {
      const source = length === undefined ? `${paths[0]} has ${expected}` : `length is ${expected}`
      throw Shape.error(operation, [nodes[0]!.shape, shape], `${paths[i]}: the leading axis is ${shape[0]}, ${source}`)
    }
  })
  const result = length ?? nodes[0]?.shape[0]
  if (result === undefined) throw Shape.error(operation, [], "xs has no leaves: give a length")
  if (!Number.isSafeInteger(result) || result < 0) {
    throw Shape.error(operation, [], `length is ${result}, expected a non-negative integer`)
  }
  return result
}

type Step = (carry: unknown, x: unknown) => unknown

/** The keys of the elements or steps of a body that draws, one more array to take slices of. */
const keysOf = ({ draws }: { readonly draws: boolean }, count: number): ReadonlyArray<Node> =>
  draws ? [keysFor(enclosing().next(), count)] : []

const scanWith = (
  operation: string,
  body: Step,
  init: unknown,
  xs: unknown,
  options: ScanOptions | undefined
): readonly [unknown, unknown] => {
  const carry = read(operation, "carry", init)
  const rows = read(operation, "xs", xs)
  const length = leadingAxis(operation, rows.nodes, rows.paths, options?.length)
  const carries = carry.nodes.length
  const rowSpec = Tree.mapSpec(rows.spec, ({ type }) => ({ elementType: type.elementType, shape: type.shape.slice(1) }))
  let ys: Tree.Spec = {}
  const built = captureDrawing(
    labels([...carry.paths, ...rows.paths], [...carry.nodes, ...rows.nodes.map(sliceOf)]),
    (inputs) => {
      const returned = body(
        Tree.unflatten(carry.spec, inputs.slice(0, carries)),
        Tree.unflatten(rowSpec, inputs.slice(carries))
      )
      if (!Array.isArray(returned) || returned.length !== 2) {
        throw Shape.error(operation, [], "the body returns the next carry and the output of the step: [carry, y]")
      }
      const next = readLike(operation, "carry", carry.spec, returned[0], "init")
      const outputs = read(operation, "y", returned[1])
      ys = outputs.spec
      return [...next, ...outputs.nodes]
    }
  )
  const captured = capturedBy(built)
  const attributes = {
    body: close(built, captured),
    consts: captured.length,
    carries,
    length,
    reverse: options?.reverse ?? false,
    checkpoint: options?.checkpoint ?? "all"
  }
  const operands = [...captured, ...carry.nodes, ...rows.nodes, ...keysOf(built, length)]
  const results = applyMany("scan", attributes, operands)
  return [Tree.unflatten(carry.spec, results.slice(0, carries)), Tree.unflatten(ys, results.slice(carries))]
}

// -----------------------------------------------------------------------------
// Combinators
// -----------------------------------------------------------------------------

/**
 * One of two computations, chosen by a truth value when the program runs; the other is not evaluated.
 *
 * **Details**
 *
 * What the branches build is inside of them; expressions from outside that they use are evaluated in any case. Both return trees of the same structure and shapes: a
 * mismatch is a type error where shapes are literal, and a `ShapeError` with the path otherwise. Only the branch taken is differentiated, in both
 * modes. (`select` chooses element by element, and evaluates both.)
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make([], (x) => Expr.cond(Expr.gt(x, 0), () => Expr.log(x), () => Expr.neg(x)))
 * console.log(Fn.runSync(f, 1), Fn.runSync(f, -3)) // 0 3
 *
 * const g = Fn.make([], (x) => Expr.gt(x, 0).pipe(Expr.cond(() => Expr.log(x), () => Expr.neg(x))))
 * console.log(Fn.runSync(g, -3)) // 3
 * ```
 *
 * @category control flow
 * @since 0.1.0
 */
export const cond: {
  <const A extends Tree.ExprTree, const B extends Tree.ExprTree>(
    whenTrue: () => A,
    whenFalse: (() => B) & CheckBranches<A, B>
  ): DataLast<A, <P extends BoolOperand>(predicate: P & CheckPredicate<P>) => Results<A, A | B, P>>
  <P extends BoolOperand, const A extends Tree.ExprTree, const B extends Tree.ExprTree>(
    predicate: P & CheckPredicate<P>,
    whenTrue: () => A,
    whenFalse: (() => B) & CheckBranches<A, B>
  ): Results<A, A | B, P>
} = ((...args: ReadonlyArray<unknown>): unknown =>
  args.length === 2
    ? (predicate: BoolOperand) => makeCond(predicate, args[0] as () => unknown, args[1] as () => unknown)
    : makeCond(args[0] as BoolOperand, args[1] as () => unknown, args[2] as () => unknown)) as never

const scalarBool = (operation: string, what: string, x: unknown): Node => {
  const node = isOperand(x) ? liftNode(x as BoolOperand) : undefined
  if (node === undefined || node.elementType !== "bool" || node.shape.length > 0) {
    const got = node === undefined ? typeof x : Tree.render(node as Type.Type)
    throw Shape.error(operation, node === undefined ? [] : [node.shape], `${what}: expected bool[], got ${got}`)
  }
  return node
}

const makeCond = (predicate: BoolOperand, whenTrue: () => unknown, whenFalse: () => unknown): unknown => {
  const operand = scalarBool("cond", "predicate", predicate)
  let spec: Tree.Spec = {}
  const first = capture([], () => {
    const result = read("cond", "whenTrue", whenTrue())
    spec = result.spec
    return result.nodes
  })
  const second = capture([], () => readLike("cond", "whenFalse", spec, whenFalse(), "whenTrue"))
  const captured = capturedBy(first, second)
  const attributes = { whenTrue: close(first, captured), whenFalse: close(second, captured) }
  return Tree.unflatten(spec, applyMany("cond", attributes, [operand, ...captured]))
}

/**
 * A loop over the leading axis of a tree of arrays that carries a state and emits an output at each step.
 *
 * **Details**
 *
 * The body takes the carry and one slice of `xs`, and returns the next carry and the output of the step. The result is the final carry and the outputs,
 * stacked along a new leading axis. The carry keeps its structure and shapes: a change is a type error where shapes are literal, and a `ShapeError`
 * with the path otherwise. Leaves of `xs` share the length of their leading axis. Without `xs` (`{}`) give a `length`.
 *
 * Expressions from outside that the body uses are found by themselves and evaluated once. In reverse mode the carries before each step are saved, as far
 * as the pullback reads them, and each step is evaluated once more; with the option `checkpoint` fewer carries are saved and more steps taken.
 *
 * As `xs.pipe(f, Expr.scan(body, init))`, after another step of a pipe, the type of a slice is to be written out.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const running = Fn.make([3], (xs) =>
 *   Expr.scan((total, x) => {
 *     const next = Expr.add(total, x)
 *     return [next, Expr.square(next)]
 *   }, 0, xs))
 * const [total, squares] = Fn.runSync(running, Tensor.make([1, 2, 3]))
 * console.log(total, `${squares}`) // 6 [1, 9, 36]
 * ```
 *
 * @category control flow
 * @since 0.1.0
 */
export const scan: {
  <const C extends Tree.ExprTree, XS extends AnyOperand, const D extends Tree.ExprTree, const Y extends Tree.ExprTree>(
    body: ((carry: Inside<C>, x: PipedSlices<XS>) => readonly [D, Y]) & CheckCarry<C, D>,
    init: C
  ): DataLast<
    C,
    (xs: XS & CheckLeading<XS>) => readonly [Results<C, C | D | Y, XS>, Stacked<Y, LeadingAxis<XS>, C | D | Y, XS>]
  >
  <const C extends Tree.ExprTree, X, const D extends Tree.ExprTree, const Y extends Tree.ExprTree>(
    body: ((carry: Inside<C>, x: X) => readonly [D, Y]) & CheckCarry<C, D>,
    init: C
  ): DataLast<
    C,
    <XS extends AnyOperand>(
      xs: XS & CheckLeading<XS> & CheckSlices<XS, X>
    ) => readonly [Results<C, C | D | Y, XS>, Stacked<Y, LeadingAxis<XS>, C | D | Y, XS>]
  >
  <
    const C extends Tree.ExprTree,
    const X extends Tree.ExprTree,
    const D extends Tree.ExprTree,
    const Y extends Tree.ExprTree,
    const N extends number = LeadingAxis<X>
  >(
    body: ((carry: Inside<C>, x: Slices<X>) => readonly [D, Y]) & CheckCarry<C, D>,
    init: C,
    xs: X & CheckLeading<X>,
    options?: ScanOptions<N>
  ): readonly [Results<C, C | D | X | Y>, Stacked<Y, N, C | D | X | Y>]
} = ((...args: ReadonlyArray<unknown>): unknown =>
  args.length === 2
    ? (xs: unknown) => scanWith("scan", args[0] as Step, args[1], xs, undefined)
    : scanWith("scan", args[0] as Step, args[1], args[2], args[3] as ScanOptions | undefined)) as never

/**
 * `unknown` when slices of the tree `XS` are what the body takes, otherwise a `Mismatch`.
 *
 * @category control flow
 * @since 0.1.0
 */
export type CheckSlices<XS, X> = [Slices<XS>] extends [X]
  ? unknown
  : Shape.Mismatch<"slices of xs are not what the body takes">

/**
 * A loop over the leading axis of a tree of arrays that carries a state: `scan` without outputs.
 *
 * **Details**
 *
 * Carry, `xs`, options and cost as for `scan`.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * // Horner's scheme
 * const polynomial = Fn.make({ coefficients: [3], x: [] }, ({ coefficients, x }) =>
 *   Expr.fold((value, c) => Expr.add(Expr.mul(value, x), c), 0, coefficients))
 * console.log(Fn.runSync(polynomial, { coefficients: Tensor.make([1, 2, 3]), x: 10 })) // 123
 * ```
 *
 * @category control flow
 * @since 0.1.0
 */
export const fold: {
  <const C extends Tree.ExprTree, XS extends AnyOperand, const D extends Tree.ExprTree>(
    body: ((carry: Inside<C>, x: PipedSlices<XS>) => D) & CheckCarry<C, D>,
    init: C
  ): DataLast<C, (xs: XS & CheckPiped<XS>) => Results<C, C | D, XS>>
  <const C extends Tree.ExprTree, X, const D extends Tree.ExprTree>(
    body: ((carry: Inside<C>, x: X) => D) & CheckCarry<C, D>,
    init: C
  ): DataLast<C, <XS extends AnyOperand>(xs: XS & CheckLeading<XS> & CheckSlices<XS, X>) => Results<C, C | D, XS>>
  <const C extends Tree.ExprTree, const X extends Tree.ExprTree, const D extends Tree.ExprTree>(
    body: ((carry: Inside<C>, x: Slices<X>) => D) & CheckCarry<C, D>,
    init: C,
    xs: X & CheckLeading<X>,
    options?: ScanOptions
  ): Results<C, C | D | X>
} = ((...args: ReadonlyArray<unknown>): unknown => {
  const body: Step = (carry, x) => [(args[0] as Step)(carry, x), {}]
  return args.length === 2
    ? (xs: unknown) => scanWith("fold", body, args[1], xs, undefined)[0]
    : scanWith("fold", body, args[1], args[2], args[3] as ScanOptions | undefined)[0]
}) as never

/**
 * Applies a function `n` times, one after the other.
 *
 * **Details**
 *
 * The program holds the function once. The value keeps its structure and shapes, as in `scan`; so does the option `checkpoint` its meaning.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * // Heron's method
 * const root = Fn.make([], (a) => Expr.iterate(6, (x) => Expr.div(Expr.add(x, Expr.div(a, x)), 2), Expr.constant(1)))
 * console.log(Fn.runSync(root, 2)) // 1.414213562373095
 *
 * const doubled = Fn.make([], (x) => x.pipe(Expr.iterate(10, (y) => Expr.add(y, y))))
 * console.log(Fn.runSync(doubled, 1)) // 1024
 * ```
 *
 * @category control flow
 * @since 0.1.0
 */
export const iterate: {
  <const C extends Tree.ExprTree, const D extends Tree.ExprTree>(
    n: number,
    f: ((x: Inside<C>) => D) & CheckCarry<C, D>
  ): DataLast<C, (init: C) => Results<C, C | D>>
  <const C extends Tree.ExprTree, const D extends Tree.ExprTree>(
    n: number,
    f: ((x: Inside<C>) => D) & CheckCarry<C, D>,
    init: C,
    options?: IterateOptions
  ): Results<C, C | D>
} = ((...args: ReadonlyArray<unknown>): unknown => {
  const [n, f, init, options] = args as readonly [number, (x: unknown) => unknown, unknown, IterateOptions | undefined]
  const run = (start: unknown): unknown =>
    scanWith("iterate", (carry) => [f(carry), {}], start, {}, { ...options, length: n })[0]
  return args.length === 2 ? run : run(init)
}) as never

/**
 * Repeats a function while a condition holds; how often is known only when the program runs.
 *
 * **Details**
 *
 * The carry keeps its structure and shapes, as in `scan`. A condition that holds for ever loops for ever.
 *
 * Both modes differentiate it, with any number of iterations. In forward mode tangents travel in the carry. In reverse mode the loop runs a second time with
 * a tape that grows by the carries that the pullback reads, one entry an iteration, and then backwards along it. A loop that is not differentiated records
 * nothing. Derivatives are those of the iterations that were run: where a small change of the input changes their number, the function may jump.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const collatz = Fn.make([], (n) =>
 *   Expr.whileLoop(
 *     ({ x }) => Expr.ne(x, 1),
 *     ({ steps, x }) => ({
 *       x: Expr.cond(Expr.eq(Expr.rem(x, 2), 0), () => Expr.div(x, 2), () => Expr.add(Expr.mul(3, x), 1)),
 *       steps: Expr.add(steps, 1)
 *     }),
 *     { x: n, steps: 0 }
 *   ).steps)
 * console.log(Fn.runSync(collatz, 27)) // 111
 * ```
 *
 * @category control flow
 * @since 0.1.0
 */
export const whileLoop: {
  <const C extends Tree.ExprTree, P extends BoolOperand, const D extends Tree.ExprTree>(
    condition: ((carry: Inside<C>) => P) & CheckPredicate<P>,
    body: ((carry: Inside<C>) => D) & CheckCarry<C, D>
  ): DataLast<C, (init: C) => Results<C, C | D, P>>
  <const C extends Tree.ExprTree, P extends BoolOperand, const D extends Tree.ExprTree>(
    condition: ((carry: Inside<C>) => P) & CheckPredicate<P>,
    body: ((carry: Inside<C>) => D) & CheckCarry<C, D>,
    init: C
  ): Results<C, C | D, P>
} = ((...args: ReadonlyArray<unknown>): unknown => {
  const [condition, body, init] = args as readonly [(x: unknown) => unknown, (x: unknown) => unknown, unknown]
  return args.length === 2
    ? (start: unknown) => makeWhileLoop(condition, body, start)
    : makeWhileLoop(condition, body, init)
}) as never

const makeWhileLoop = (
  condition: (carry: unknown) => unknown,
  body: (carry: unknown) => unknown,
  init: unknown
): unknown => {
  const carry = read("whileLoop", "carry", init)
  const count = carry.nodes.length
  // Where something is drawn, iterations are counted in one more state, and each has a key of its own, made of one key for the loop.
  const key = input("key", keyType)
  const inputs = [...labels(carry.paths, carry.nodes), { label: "iteration", type: Type.index([]) }]
  let sites = 0
  const drawing = <A>(iteration: Node, build: () => A): A => {
    const scope = new Scope(() => apply("foldIn", {}, [key, iteration]), sites)
    const built = inScope(scope, build)
    sites = scope.upcoming
    return built
  }
  const test = capture(inputs, (own) =>
    drawing(own[count]!, () => [
      scalarBool("whileLoop", "condition", condition(Tree.unflatten(carry.spec, own.slice(0, count))))
    ])
  )
  const step = capture(inputs, (own) =>
    drawing(own[count]!, () => {
      const next = body(Tree.unflatten(carry.spec, own.slice(0, count)))
      return readLike("whileLoop", "carry", carry.spec, next, "init")
    })
  )
  const captured = capturedBy(test, step)
  const draws = captured.includes(key)
  const own = (built: Captured): Captured => (draws ? built : { ...built, inputs: built.inputs.slice(0, count) })
  const counted = (built: Captured): Captured => {
    const next = () => apply("add", {}, [built.inputs[count]!, constant(Tensor.index(1))])
    return draws ? { ...built, outputs: [...built.outputs, next()] } : built
  }
  const attributes = {
    condition: close(own(test), captured),
    consts: captured.length,
    sweeps: [{ body: close(own(counted(step)), captured), states: draws ? count + 1 : count, records: 0 }]
  }
  const results = applyMany("whileLoop", attributes, [
    ...captured.map((node) => (node === key ? enclosing().next() : node)),
    ...carry.nodes,
    ...(draws ? [constant(Tensor.index(0))] : [])
  ])
  return Tree.unflatten(carry.spec, results.slice(0, count))
}

/**
 * Options of `map`: a tree of values that are the same for every element, handed to the body as its second argument.
 *
 * @category control flow
 * @since 0.1.0
 */
export interface MapOptions<K> {
  readonly consts: K
}

/**
 * Applies a function to every slice along the leading axis of a tree of arrays, and stacks the results.
 *
 * **Details**
 *
 * Leaves of `xs` share the length of their leading axis. Expressions from outside that the body uses are found by themselves; they (and `consts`)
 * are the same for every element, and in reverse mode their cotangents are summed over the axis. Inside, `cond` evaluates one branch for each element.
 *
 * As `xs.pipe(f, Expr.map(body))`, after another step of a pipe, the type of a slice is to be written out.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [3], scale: [] }, ({ scale, x }) =>
 *   Expr.map((xi) => Expr.cond(Expr.gt(xi, 0), () => Expr.mul(scale, xi), () => xi), x))
 * console.log(`${Fn.runSync(f, { x: Tensor.make([-1, 2, 3]), scale: 10 })}`) // [-1, 20, 30]
 * ```
 *
 * @category control flow
 * @since 0.1.0
 */
export const map: {
  <XS extends AnyOperand, const Y extends Tree.ExprTree>(
    body: (x: PipedSlices<XS>) => Y
  ): DataLast<XS, (xs: XS & CheckPiped<XS>) => Stacked<Y, LeadingAxis<XS>, Y, XS>>
  <X, const Y extends Tree.ExprTree>(
    body: (x: X) => Y
  ): DataLast<
    X,
    <XS extends AnyOperand>(xs: XS & CheckLeading<XS> & CheckSlices<XS, X>) => Stacked<Y, LeadingAxis<XS>, Y, XS>
  >
  <const X extends Tree.ExprTree, const Y extends Tree.ExprTree>(
    body: (x: Slices<X>) => Y,
    xs: X & CheckLeading<X>
  ): Stacked<Y, LeadingAxis<X>, X | Y>
  <const X extends Tree.ExprTree, const K extends Tree.ExprTree, const Y extends Tree.ExprTree>(
    body: (x: Slices<X>, consts: Inside<K>) => Y,
    xs: X & CheckLeading<X>,
    options: MapOptions<K>
  ): Stacked<Y, LeadingAxis<X>, X | K | Y>
} = ((...args: ReadonlyArray<unknown>): unknown => {
  const [body, xs, options] = args as readonly [Step, unknown, MapOptions<unknown> | undefined]
  return args.length === 1 ? (rows: unknown) => makeMap(body, rows, {}) : makeMap(body, xs, options?.consts ?? {})
}) as never

const makeMap = (body: Step, xs: unknown, consts: unknown): unknown => {
  const shared = read("map", "consts", consts)
  const rows = read("map", "xs", xs)
  const size = leadingAxis("map", rows.nodes, rows.paths, undefined)
  const rowSpec = Tree.mapSpec(rows.spec, ({ type }) => ({ elementType: type.elementType, shape: type.shape.slice(1) }))
  const count = shared.nodes.length
  let ys: Tree.Spec = {}
  const built = captureDrawing(
    labels([...shared.paths, ...rows.paths], [...shared.nodes, ...rows.nodes.map(sliceOf)]),
    (inputs) => {
      const own = Tree.unflatten(shared.spec, inputs.slice(0, count))
      const result = read("map", "y", body(Tree.unflatten(rowSpec, inputs.slice(count)), own))
      ys = result.spec
      return result.nodes
    }
  )
  const captured = capturedBy(built)
  const attributes = { body: close(built, captured), consts: captured.length + count, size, summed: 0 }
  const operands = [...captured, ...shared.nodes, ...rows.nodes, ...keysOf(built, size)]
  return Tree.unflatten(ys, applyMany("map", attributes, operands))
}
