/**
 * Programs: functions from a tree of arrays to a tree of arrays, as values.
 *
 * **Details**
 *
 * A `Fn` is built once from combinators and then interpreted: run, differentiated, printed, compiled. Its type says what it takes
 * (`I`), what it computes (`O`), how it can fail (`E`) and what it still requires (`R`).
 *
 * @since 0.1.0
 */
import { Effect, Result, type Schema } from "effect"
import { dual } from "effect/Function"
import { Class as PipeableClass, type Pipeable } from "effect/Pipeable"
import type { Algebra } from "./Algebra.ts"
import * as Backend from "./Backend.ts"
import type * as Expr from "./Expr.ts"
import * as Failure from "./Failure.ts"
import { applyMany } from "./internal/apply.ts"
import { bodiesOf, bodiesWithin } from "./internal/bodies.ts"
import { capture, capturedBy, close } from "./internal/capture.ts"
import { expressionAlgebra } from "./internal/expressionAlgebra.ts"
import { evaluateBody } from "./internal/evaluate.ts"
import { read } from "./internal/exprTree.ts"
import { finiteBody } from "./internal/finite.ts"
import { print as printFormula } from "./internal/formula/print.ts"
import { failingTogether, keepingGuards, tie, unwatched } from "./internal/guards.ts"
import { interpret as interpretBody } from "./internal/interpret.ts"
import type * as Requirement from "./Requirement.ts"
import { closedKeys, shareKey, substitute } from "./internal/requirements.ts"
import { enclosing, freeKey, inScope, keysFor, keyType, Scope } from "./internal/scope.ts"
import * as Internal from "./internal/node.ts"
import { type Body, schedule } from "./internal/schedule.ts"
import { type Codec, makeCodec } from "./internal/serialization/codec.ts"
import type { ProgramEncoded } from "./internal/serialization/model.ts"
import type * as Primitive from "./Primitive.ts"
import * as Shape from "./Shape.ts"
import type * as Tensor from "./Tensor.ts"
import * as Tree from "./Tree.ts"
import { isOperand, liftNode, toNode } from "./internal/lift.ts"

export * from "./fn/requirements.ts"

const TypeId = "~@fluxion/core/Fn"

/**
 * A program from inputs `I` to outputs `O` that can fail with `E` and requires `R`.
 *
 * **Details**
 *
 * `inputs` and `outputs` are specifications (see `Tree`): `{ w: readonly [3, 4], b: readonly [] }`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Fn<in out I extends Tree.Spec, out O, out E = never, out R = never> extends Pipeable {
  readonly [TypeId]: {
    readonly _E: (_: never) => E
    readonly _R: (_: never) => R
  }
  readonly inputs: I
  readonly outputs: O
}

/**
 * The value a program takes.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Input<F> = F extends { readonly [TypeId]: unknown; readonly inputs: infer I } ? Tree.Value<I> : never

/**
 * The value a program computes.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Output<F> = F extends { readonly [TypeId]: unknown; readonly outputs: infer O } ? Tree.Value<O> : never

/** How many primitives a body applies, without those inside its own bodies. */
const operationsOf = (body: Body): number =>
  schedule(body, false).nodes.filter(({ _tag }) => _tag === "Apply" || _tag === "Control").length

class FnImpl extends PipeableClass {
  readonly [TypeId] = TypeId
  readonly inputs: Tree.Spec
  readonly outputs: Tree.Spec
  readonly inputNodes: ReadonlyArray<Internal.Node>
  readonly outputNodes: ReadonlyArray<Internal.Node>
  constructor(
    inputs: Tree.Spec,
    outputs: Tree.Spec,
    inputNodes: ReadonlyArray<Internal.Node>,
    outputNodes: ReadonlyArray<Internal.Node>
  ) {
    super()
    this.inputs = inputs
    this.outputs = outputs
    this.inputNodes = inputNodes
    this.outputNodes = outputNodes
  }
  toJSON() {
    return { _id: "Fn", inputs: this.inputs, outputs: this.outputs }
  }
  override toString(): string {
    const type = `${Tree.render(this.inputs)} -> ${Tree.render(this.outputs)}`
    const operations = [this, ...bodiesWithin(this)].reduce((count, body) => count + operationsOf(body), 0)
    // What would be cut anyway is not written in the first place.
    if (operations > 100) return `Fn(${type}: ${operations} operations)`
    const paths = Tree.leaves(this.outputs).map((leaf) => leaf.path)
    const text = printFormula({ body: this, paths }, "; ")
    return `Fn(${type}: ${text.length > 200 ? `${text.slice(0, 200)}…` : text})`
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }
}

/**
 * Any program.
 *
 * @category models
 * @since 0.1.0
 */
export interface Any extends Pipeable {
  readonly [TypeId]: {
    readonly _E: (_: never) => unknown
    readonly _R: (_: never) => unknown
  }
  readonly inputs: Tree.Spec
  readonly outputs: unknown
}

/**
 * The specifications of the inputs and outputs of a program, and their leaves.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [2] }, ({ x }) => Expr.sum(x))
 * console.log(Fn.specs(f).inputLeaves.map((leaf) => leaf.path)) // [ 'x' ]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const specs = (self: Any) => {
  const inputs = self.inputs
  const outputs = self.outputs as Tree.Spec
  return { inputs, outputs, inputLeaves: Tree.leaves(inputs), outputLeaves: Tree.leaves(outputs) }
}

/** @internal */
export const toBody = (self: Any): FnImpl => self as unknown as FnImpl

const unsafeMake = <F>(
  inputs: Tree.Spec,
  outputs: Tree.Spec,
  inputNodes: ReadonlyArray<Internal.Node>,
  outputNodes: ReadonlyArray<Internal.Node>
): F => new FnImpl(inputs, outputs, inputNodes, outputNodes) as unknown as F

/**
 * Whether a value is a program.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(Fn.isFn(Fn.make([], (x) => Expr.sin(x)))) // true
 * ```
 *
 * @category guards
 * @since 0.1.0
 */
export const isFn = (u: unknown): u is Any => typeof u === "object" && u !== null && TypeId in u

/**
 * Makes a program from the specification of its inputs and a function that builds its body.
 *
 * **Details**
 *
 * The body receives one expression for each leaf of the specification and returns an expression, a number, a tensor, or a
 * record or tuple of them. It is called once; building it computes nothing. Shapes that do not fit are type errors where literal, otherwise a
 * `ShapeError` is thrown here.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const risk = Fn.make({ c: [], d: [] }, ({ c, d }) =>
 *   Expr.square(c).pipe(Expr.add(Expr.mul(2, Expr.mul(c, d))), Expr.add(d)))
 *
 * console.log(Fn.runSync(risk, { c: 0.5, d: 0.25 })) // 0.75
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const I extends Tree.Spec, const T extends Tree.ExprTree>(
  inputs: I,
  body: (inputs: Tree.Exprs<I>) => T
): Fn<I, Tree.SpecOf<T>, Tree.ErrorOf<T>, Tree.RequirementsOf<T>> => {
  const inputNodes = Tree.leaves(inputs).map(({ path, type }) => {
    Shape.validate("Fn.make", type.shape)
    return Internal.input(path === "" ? "x" : path, type)
  })
  const { nodes: outputNodes, spec: outputs } = read(
    "Fn.make",
    "the result of the body",
    unwatched(() => inScope(new Scope(freeKey), () => body(Tree.unflatten(inputs, inputNodes) as Tree.Exprs<I>)))
  )
  return unsafeMake(inputs, outputs, inputNodes, outputNodes)
}

/**
 * Interprets a program in an algebra: the one bridge from programs as data to carriers of any type.
 *
 * **Details**
 *
 * Takes and returns carriers for the leaves, in the order of `Tree.leaves`. Runs in topological order without recursion; each node is
 * applied once. A variable captured from an enclosing program is read by the algebra's `free`; where it has none, a `FreeVariable` error is thrown.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Interpreter, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([], (x) => Expr.mul(x, x))
 * console.log(Fn.interpret(f, Interpreter.algebra, [Tensor.make(3)]).map(String)) // [ '9' ]
 * ```
 *
 * @category interpretation
 * @since 0.1.0
 */
export const interpret = <A>(self: Any, algebra: Algebra<A>, inputs: ReadonlyArray<A>): Array<A> =>
  interpretBody(toBody(self), algebra, inputs)

/**
 * The expression algebra: applying a primitive builds a program.
 *
 * **Details**
 *
 * Operations that are known to do nothing (a factor of 1, a reshape to the same shape, a double negation) are left out. Captured variables stand for themselves.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const x = Expr.constant(2)
 * console.log(`${Fn.evaluate(Fn.expressions.apply("sqrt", {}, [x]) as Expr.Expr)}`) // 1.4142135623730951
 * ```
 *
 * @category interpretation
 * @since 0.1.0
 */
export const expressions: Algebra<Expr.Any> = expressionAlgebra as unknown as Algebra<Expr.Any>

/**
 * Makes a program whose body works on flat lists of expressions; for operators that transform programs.
 *
 * **Details**
 *
 * The body receives one expression for each leaf of `inputs` and returns one for each leaf of `outputs`, whose types are checked. Guards of the programs that
 * it interprets are kept: those that no output needs are evaluated before the first output, so that a derivative fails where the program fails.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.unsafeFromLeaves({ x: [] }, { y: [] }, ([x]) => [Expr.exp(x as Expr.Expr)])
 * console.log(Fn.runSync(f as unknown as Fn.Fn<{ x: [] }, { y: [] }>, { x: 0 })) // { y: 1 }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const unsafeFromLeaves = (
  inputs: Tree.Spec,
  outputs: Tree.Spec,
  body: (leaves: ReadonlyArray<Expr.Any>) => ReadonlyArray<Expr.Any>
): Any => {
  const inputNodes = Tree.leaves(inputs).map(({ path, type }) => Internal.input(path === "" ? "x" : path, type))
  const outputNodes = keepingGuards(inputNodes, () =>
    inScope(new Scope(freeKey), () => body(inputNodes as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>).map(toNode))
  )
  const expected = Tree.leaves(outputs)
  expected.forEach(({ path, type }, i) => {
    const node = outputNodes[i]
    if (node === undefined || node.elementType !== type.elementType || !Shape.equals(node.shape, type.shape)) {
      throw Shape.error(
        "Fn.unsafeFromLeaves",
        [type.shape, node?.shape ?? []],
        `output ${path}: expected ${Tree.render(type)}, got ${node === undefined ? "nothing" : Tree.render(node)}`
      )
    }
  })
  return unsafeMake(inputs, outputs, inputNodes, outputNodes)
}

/**
 * Applies a program to expressions: its body becomes part of the program being built.
 *
 * **Details**
 *
 * Failures and requirements are those of the program and of the arguments. It fails where the program fails, whichever of its outputs are used. Shapes of arguments that are not known statically are checked; a mismatch throws a
 * `ShapeError` with the path of the input. A program that draws random numbers draws others each time it is applied.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const square = Fn.make({ x: [] }, ({ x }) => Expr.mul(x, x))
 * const f = Fn.make([], (x) => Expr.add(Fn.apply(square, { x }), 1))
 * console.log(Fn.runSync(f, 3)) // 10
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const apply: {
  <const T extends Tree.ExprTree>(
    inputs: T
  ): Expr.DataLast<
    T,
    <I extends Tree.Spec, O, E, R>(
      self: Fn<I, O, E, R> & Tree.CheckOperands<I, T>
    ) => Applied<O, E | Tree.ErrorOf<T>, R | Tree.RequirementsOf<T>>
  >
  <I extends Tree.Spec, O, E, R, const T extends Tree.ExprTree>(
    self: Fn<I, O, E, R>,
    inputs: T & Tree.CheckOperands<I, T>
  ): Applied<O, E | Tree.ErrorOf<T>, R | Tree.RequirementsOf<T>>
} = dual(2, (self: Any, inputs: unknown) => {
  const body = toBody(self)
  const results = applied(body, operandsOf("Fn.apply", body, inputs))
  return Tree.unflatten(body.outputs, failingTogether(results))
}) as never

/** The outputs of a program applied to nodes. Its random numbers are drawn anew. */
const applied = (body: FnImpl, operands: ReadonlyArray<Internal.Node>): ReadonlyArray<Internal.Node> => {
  const keys = closedKeys(body)
  const values = keys.length === 0 ? [] : shareKey(keys, enclosing().next())
  return substitute(body, operands, keys, values, expressionAlgebra)
}

/** The nodes of a tree of arguments, checked against the inputs of a program. */
const operandsOf = (operation: string, body: FnImpl, inputs: unknown): ReadonlyArray<Internal.Node> => {
  const expected = Tree.leaves(body.inputs)
  return Tree.flatten(body.inputs, inputs).map((leaf, i) => {
    const { path, type } = expected[i]!
    const node = isOperand(leaf) ? liftNode(leaf as Expr.AnyOperand, type.elementType) : undefined
    if (node === undefined || node.elementType !== type.elementType || !Shape.equals(node.shape, type.shape)) {
      throw Shape.error(
        operation,
        [type.shape, node?.shape ?? []],
        `${path === "" ? "the input" : path}: expected ${Tree.render(type)}, got ${node === undefined ? typeof leaf : Tree.render(node)}`
      )
    }
    return node
  })
}

/**
 * The closed body of a program: what it captured from an enclosing one (or requires), then its inputs in the given order, then a key where there are
 * `keys` to be drawn with anew.
 */
const closedBody = (self: FnImpl, order: ReadonlyArray<number>, keys: ReadonlyArray<Internal.Node>) => {
  const leaves = Tree.leaves(self.inputs)
  const inputs = order.map((i) => ({ label: leaves[i]!.path, type: leaves[i]!.type }))
  const built = capture(keys.length === 0 ? inputs : [...inputs, { label: "key", type: keyType }], (own) => {
    const placed = new Array<Internal.Node>(order.length)
    order.forEach((i, k) => (placed[i] = own[k]!))
    return substitute(self, placed, keys, keys.length === 0 ? [] : shareKey(keys, own.at(-1)!))
  })
  const captured = capturedBy(built)
  return { captured, body: close(built, captured), keys }
}

const calledBodies = new WeakMap<Any, ReturnType<typeof closedBody>>()

/**
 * Applies a program to expressions as one node: unlike with `apply`, its body is not copied, however often it is called.
 *
 * **Details**
 *
 * Types, failures and requirements are those of `apply`. In both modes a call becomes a call of the derivative's body; in reverse mode the
 * body is evaluated again for its pullback.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const square = Fn.make({ x: [] }, ({ x }) => Expr.mul(x, x))
 * const f = Fn.make([], (x) => Fn.call(square, { x: Fn.call(square, { x }) }))
 * console.log(Fn.runSync(f, 3), Fn.operationCount(f)) // 81 2
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const call: {
  <const T extends Tree.ExprTree>(
    inputs: T
  ): Expr.DataLast<
    T,
    <I extends Tree.Spec, O, E, R>(
      self: Fn<I, O, E, R> & Tree.CheckOperands<I, T>
    ) => Applied<O, E | Tree.ErrorOf<T>, R | Tree.RequirementsOf<T>>
  >
  <I extends Tree.Spec, O, E, R, const T extends Tree.ExprTree>(
    self: Fn<I, O, E, R>,
    inputs: T & Tree.CheckOperands<I, T>
  ): Applied<O, E | Tree.ErrorOf<T>, R | Tree.RequirementsOf<T>>
} = dual(2, (self: Any, inputs: unknown) => {
  const impl = toBody(self)
  const operands = operandsOf("Fn.call", impl, inputs)
  const keys = closedKeys(impl)
  const known = calledBodies.get(self)
  // Which keys are drawn with anew depends on which programs are under construction.
  const fits = known?.keys.length === keys.length && known.keys.every((key, i) => key === keys[i])
  const closed = fits ? known : closedBody(impl, Array.from(operands.keys()), keys)
  calledBodies.set(self, closed)
  const results = applyMany("call", { body: closed.body, checkpoint: false }, [
    ...closed.captured,
    ...operands,
    ...(keys.length === 0 ? [] : [enclosing().next()])
  ])
  return Tree.unflatten(impl.outputs, results)
}) as never

/**
 * The same program, of which reverse mode keeps nothing but the inputs: what it computes is computed again for the pullback.
 *
 * **Details**
 *
 * Type, values and derivatives are those of the program. Memory for the pullback of a long program falls to that of its inputs, and of one part at a time
 * where parts of it are checkpointed; each is evaluated once more. Checkpointed programs nest. For loops see the option `checkpoint` of
 * `Expr.scan`.
 *
 * A. Griewank and A. Walther, Evaluating Derivatives (2008), chapter 12.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const layer = Fn.checkpoint(Fn.make({ x: [] }, ({ x }) => Expr.tanh(Expr.mul(x, Expr.exp(x)))))
 * const f = Fn.make([], (x) => Fn.apply(layer, { x: Fn.apply(layer, { x }) }))
 * console.log(Fn.runSync(f, 0.5), Fn.operationCount(f)) // 0.8701635299270608 2
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const checkpoint = <I extends Tree.Spec, O, E, R>(self: Fn<I, O, E, R>): Fn<I, O, E, R> => {
  const impl = toBody(self)
  const { body, captured } = closedBody(impl, Array.from(impl.inputNodes.keys()), [])
  return unsafeFromLeaves(
    impl.inputs,
    impl.outputs,
    (leaves) =>
      applyMany("call", { body, checkpoint: true }, [
        ...captured,
        ...leaves.map(toNode)
      ]) as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>
  ) as never
}

/**
 * Which axes of the inputs of a program `map` runs over: one axis for all, or a tree with an axis for each input; `null` for an input that is
 * the same for every element. A number (or `null`) in the place of a subtree stands for all of its leaves.
 *
 * @category models
 * @since 0.1.0
 */
export type Axes<I> = number | null | (I extends Tree.Leaf ? never : { readonly [K in keyof I]: Axes<I[K]> })

/**
 * Options of `map`: the length of the new axis, and where it is in the inputs (the leading axis of all, unless said otherwise).
 *
 * @category options
 * @since 0.1.0
 */
export interface MapOptions<N extends number = number, A = number | null> {
  readonly size: N
  readonly axes?: A
}

/**
 * The inputs `I` with an axis of length `N` at the places that `A` says.
 *
 * @category type-level
 * @since 0.1.0
 */
export type MapInputs<I, N extends number, A> = [Tree.Spec] extends [I]
  ? Tree.Spec
  : A extends null
    ? I
    : I extends Shape.Shape
      ? InsertAxis<I, A, N>
      : I extends { readonly elementType: infer D; readonly shape: infer S extends Shape.Shape }
        ? { readonly elementType: D; readonly shape: InsertAxis<S, A, N> }
        : { readonly [K in keyof I]: MapInputs<I[K], N, A extends number ? A : K extends keyof A ? A[K] : never> }

/**
 * `MapInputs`, known to be a specification.
 *
 * @category type-level
 * @since 0.1.0
 */
export type MapInputsSpec<I, N extends number, A> = MapInputs<I, N, A> extends infer T extends Tree.Spec ? T : never

type InsertAxis<
  S extends Shape.Shape,
  A,
  N extends number,
  Before extends Shape.Shape = readonly []
> = Before["length"] extends A
  ? readonly [...Before, N, ...S]
  : S extends readonly [infer Head extends number, ...infer Tail extends Shape.Shape]
    ? InsertAxis<Tail, A, N, readonly [...Before, Head]>
    : Shape.Shape

/**
 * The outputs `O` with a new leading axis of length `N`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type MapOutputs<O, N extends number> = [Tree.Spec] extends [O]
  ? Tree.Spec
  : O extends Shape.Shape
    ? readonly [N, ...O]
    : O extends { readonly elementType: infer D; readonly shape: infer S extends Shape.Shape }
      ? { readonly elementType: D; readonly shape: readonly [N, ...S] }
      : { readonly [K in keyof O]: MapOutputs<O[K], N> }

/** The axis for each leaf of the inputs, `undefined` where an input is not mapped. */
const axesOf = (inputs: Tree.Spec, axes: unknown): ReadonlyArray<number | undefined> => {
  const result: Array<number | undefined> = []
  const visit = (spec: Tree.Spec, axis: unknown, path: string): void => {
    const place = path === "" ? "axes" : `axes${path}`
    if (Tree.isLeaf(spec)) {
      if (axis === null) {
        result.push(undefined)
        return
      }
      if (typeof axis !== "number")
        throw Shape.error("Fn.map", [], `${place}: expected a number or null, got ${typeof axis}`)
      const rank = Tree.typeOfLeaf(spec).shape.length
      const position = axis < 0 ? axis + rank + 1 : axis
      if (!Number.isInteger(axis) || position < 0 || position > rank) {
        throw Shape.error(
          "Fn.map",
          [Tree.typeOfLeaf(spec).shape],
          `${place}: axis ${axis} is out of range for an input of rank ${rank}`
        )
      }
      result.push(position)
      return
    }
    const own = (key: string | number): unknown =>
      axis === null || typeof axis === "number"
        ? axis
        : typeof axis === "object" && Object.hasOwn(axis as object, key)
          ? (axis as Record<string | number, unknown>)[key]
          : undefined
    if (Array.isArray(spec)) (spec as ReadonlyArray<Tree.Spec>).forEach((s, i) => visit(s, own(i), `${path}[${i}]`))
    else for (const [key, s] of Object.entries(spec as Tree.SpecRecord)) visit(s, own(key), `${path}.${key}`)
  }
  visit(inputs, axes, "")
  return result
}

/**
 * The program that applies a program to every element along an axis of its inputs: vectorisation of a whole program.
 *
 * **Details**
 *
 * `size` is the length of the axis; `axes` says where it is in each input (the leading axis, unless said otherwise), `null` for an input that is shared by all
 * elements. Negative axes count from the end, of the input with the new axis; their shapes are then not tracked in types. Outputs are stacked along a new leading
 * axis. Failures and requirements are those of the program; each element draws random numbers of its own.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const affine = Fn.make({ w: [2], x: [2] }, ({ w, x }) => Expr.dot(w, x))
 * const batch = Fn.map(affine, { size: 3, axes: { w: null, x: 0 } })
 * const x = Tensor.make([[1, 0], [0, 1], [1, 1]])
 * console.log(`${Fn.runSync(batch, { w: Tensor.make([10, 1]), x })}`) // [10, 1, 11]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const map: {
  <const N extends number, const A extends AnyAxes = 0>(
    options: MapOptions<N, A>
  ): <I extends Tree.Spec, O, E, R>(
    self: Fn<I, O, E, R> & CheckAxes<I, A>
  ) => Fn<MapInputsSpec<I, N, A>, MapOutputs<O, N>, E, R>
  <I extends Tree.Spec, O, E, R, const N extends number, const A extends AnyAxes = 0>(
    self: Fn<I, O, E, R>,
    options: MapOptions<N, A> & CheckAxes<I, A>
  ): Fn<MapInputsSpec<I, N, A>, MapOutputs<O, N>, E, R>
} = dual(2, (self: Any, { axes = 0, size }: { readonly size: number; readonly axes?: unknown }): Any => {
  const impl = toBody(self)
  const expected = Tree.leaves(impl.inputs)
  const axis = axesOf(impl.inputs, axes)
  const inputs = Tree.unflatten(
    impl.inputs,
    expected.map(({ type: { elementType, shape } }, i) => {
      const at = axis[i]
      const mapped = at === undefined ? shape : [...shape.slice(0, at), size, ...shape.slice(at)]
      return elementType === "real" ? mapped : { elementType, shape: mapped }
    })
  ) as Tree.Spec
  const outputs = Tree.mapSpec(impl.outputs, ({ type: { elementType, shape } }) =>
    elementType === "real" ? [size, ...shape] : { elementType, shape: [size, ...shape] }
  )
  const places = Array.from(expected.keys())
  const shared = places.filter((i) => axis[i] === undefined)
  const mapped = places.filter((i) => axis[i] !== undefined)
  const keys = closedKeys(impl)
  const { body, captured } = closedBody(impl, [...shared, ...mapped], keys)
  return unsafeFromLeaves(inputs, outputs, (leaves) => {
    const rows = mapped.map((i) => {
      const node = toNode(leaves[i]!)
      const at = axis[i]!
      const rest = Array.from(node.shape.keys()).filter((k) => k !== at)
      return at === 0 ? node : expressionAlgebra.apply("transpose", { permutation: [at, ...rest] }, [node])
    })
    return applyMany("map", { body, consts: captured.length + shared.length, size, summed: 0 }, [
      ...captured,
      ...shared.map((i) => toNode(leaves[i]!)),
      ...rows,
      ...(keys.length === 0 ? [] : [keysFor(enclosing().next(), size)])
    ]) as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>
  })
}) as never

/**
 * `unknown` when the axes `A` fit the inputs `I`, otherwise a `Mismatch`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckAxes<I, A> = [A] extends [Axes<I>] ? unknown : Shape.Mismatch<"axes do not fit the inputs">

/**
 * Axes for some tree of inputs.
 *
 * @category models
 * @since 0.1.0
 */
export type AnyAxes = number | null | ReadonlyArray<AnyAxes> | { readonly [key: string]: AnyAxes }

/**
 * The tree of expressions that applying a program gives.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Applied<O, E, R> = O extends Shape.Shape
  ? Expr.Expr<O, E, R>
  : O extends { readonly elementType: infer D; readonly shape: infer S extends Shape.Shape }
    ? D extends "index"
      ? Expr.IndexExpr<S, E, R>
      : D extends "bool"
        ? Expr.BoolExpr<S, E, R>
        : Expr.Expr<S, E, R>
    : { readonly [K in keyof O]: Applied<O[K], E, R> }

/**
 * The program that feeds the outputs of the first to the second.
 *
 * **Details**
 *
 * It fails where the first fails, also where the second does not use what failed. Where both draw random numbers, each draws its own.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const double = Fn.make([], (x) => Expr.mul(2, x))
 * const increment = Fn.make([], (x) => Expr.add(x, 1))
 * console.log(Fn.runSync(Fn.andThen(double, increment), 5)) // 11
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const andThen: {
  <M extends Tree.Spec, O, E2, R2>(
    that: Fn<M, O, E2, R2>
  ): <I extends Tree.Spec, E, R>(self: Fn<I, M, E, R>) => Fn<I, O, E | E2, R | R2>
  <I extends Tree.Spec, M extends Tree.Spec, O, E, R, E2, R2>(
    self: Fn<I, M, E, R>,
    that: Fn<M, O, E2, R2>
  ): Fn<I, O, E | E2, R | R2>
} = dual(2, (self: Any, that: Any) => {
  const first = toBody(self)
  const second = toBody(that)
  const [from, to] = [Tree.leaves(first.outputs), Tree.leaves(second.inputs)]
  if (from.length !== to.length || from.some(({ type }, i) => Tree.render(type) !== Tree.render(to[i]!.type))) {
    throw Shape.error(
      "Fn.andThen",
      [],
      `the first program computes ${Tree.render(first.outputs)}, the second takes ${Tree.render(second.inputs)}`
    )
  }
  if (closedKeys(first).length > 0 && closedKeys(second).length > 0) {
    return unsafeFromLeaves(
      first.inputs,
      second.outputs,
      (leaves) =>
        applied(second, applied(first, leaves.map(toNode))) as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>
    )
  }
  const made = interpretBody(second, expressionAlgebra, first.outputNodes)
  const guarded = first.outputNodes.filter((node) => node.guarded)
  const outputs = guarded.length === 0 ? made : tie(first.inputNodes, made, guarded)
  return unsafeMake(first.inputs, second.outputs, first.inputNodes, outputs)
})

/**
 * The requirement of a program that supports reverse mode only, because a custom rule in it has no JVP (see `Expr.customVjp`).
 *
 * **Details**
 *
 * It is not met by anything and does not stand in the way of running: only forward mode refuses it, with a type error.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReverseOnly {
  readonly "~@fluxion/core/ReverseOnly": typeof TypeId
}

/**
 * The requirements with which a program runs: those that only restrict how it may be differentiated.
 *
 * @category models
 * @since 0.1.0
 */
export type Runnable = ReverseOnly

/**
 * Runs a program on values, by the current `Backend`.
 *
 * **Details**
 *
 * With nothing provided the reference interpreter runs it; provide another backend's layer to make it fast. A program that still requires
 * something (`R` not `never`) does not type-check here: see `withParams` and `withKey`. A guard that fails (`Expr.ensure`, `Expr.checked`, `Fn.finite`) fails the effect with its error.
 * Values of a shape other than the type says are a defect (a `ShapeError` with the path), and so is a program that the backend cannot compile: `compile` has
 * the `CompileError` in its type.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.hypot(x, y))
 * console.log(Effect.runSync(Fn.run(f, { x: 3, y: 4 }))) // 5
 *
 * const logarithm = Fn.make([], (x) => Expr.checked.log(x))
 * const program = Fn.run(logarithm, -1).pipe(Effect.catchTag("DomainError", ({ value }) => Effect.succeed(value)))
 * console.log(Effect.runSync(program)) // -1
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const run: {
  <const V>(
    input: V
  ): <I extends Tree.Spec, O, E, R>(
    self: Fn<I, O, E, R> & Requirement.CheckNone<R> & Tree.CheckValue<I, V>
  ) => Effect.Effect<Tree.Value<O>, E>
  <I extends Tree.Spec, O, E, R>(
    self: Fn<I, O, E, R> & Requirement.CheckNone<R>,
    input: NoInfer<Tree.Value<I>>
  ): Effect.Effect<Tree.Value<O>, E>
} = dual(2, (self: Any, input: unknown) =>
  Effect.flatMap(Effect.orDie(executable(self)), ({ runUnknown }) => Effect.fromResult(runUnknown(input)))
)

/**
 * A program made ready by a backend: run it many times.
 *
 * **Details**
 *
 * `run` fails with what the program fails with, `runResult` gives it as a value; `runSync` is there for programs that cannot fail. `bind` is for
 * programs that run many times: no tensors are made, nothing is checked, and compiled code allocates nothing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Compiled<I, O, E> {
  readonly backend: string
  readonly run: (input: Tree.Value<I>) => Effect.Effect<Tree.Value<O>, E>
  readonly runResult: (input: Tree.Value<I>) => Result.Result<Tree.Value<O>, E>
  readonly runSync: [E] extends [never]
    ? (input: Tree.Value<I>) => Tree.Value<O>
    : Failure.CanFail<"runSync: the program can fail; use runResult or run">
  /** The program with arrays of its own, which no other binding and no `run` sees; of doubles, or of singles if asked for. */
  readonly bind: {
    (options?: { readonly precision?: "float64" }): Bound<I, O, E>
    (options: { readonly precision: "float32" }): Bound<I, O, E, Float32Array>
  }
}

/**
 * A program bound to arrays: write the inputs, `run`, read the outputs.
 *
 * **Details**
 *
 * - `inputs` and `outputs` are trees of typed arrays, row-major: `Float64Array` for reals (`Float32Array` if asked for), `Int32Array` for indices, `Uint8Array` of zeros and ones
 *   for truth values. A scalar is an array of one element. They are the same arrays for as long as the binding lives: keep them.
 * - `run` gives nothing where the program cannot fail, otherwise a `Result`: what it fails with, as a value. After a failure the outputs hold
 *   anything. What is in the inputs stays.
 * - An index out of the range of int32 and a truth value other than 0 and 1 are for the caller to avoid.
 * - The precision of the arrays is asked for where they are bound, so types say what is there whatever the backend. Where the backend computes in
 *   the same precision the arrays are its own; elsewhere each `run` converts and copies them.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [2] }, ({ x }) => Expr.mul(x, x))
 * const { inputs, outputs, run } = Effect.runSync(Fn.compile(f)).bind({ precision: "float32" })
 * inputs.x.set([1.5, 3])
 * run()
 * console.log(outputs) // Float32Array(2) [ 2.25, 9 ]
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface Bound<I, O, E, Real = Float64Array> {
  readonly inputs: Tree.Arrays<I, Real>
  readonly outputs: Tree.Arrays<O, Real>
  readonly run: [E] extends [never] ? () => void : () => Result.Result<void, E>
}

/**
 * Makes a program ready to run many times, by the current `Backend`.
 *
 * **Details**
 *
 * Fails with a `CompileError` that names the primitive when the backend cannot compile the program.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function* () {
 *   const square = yield* Fn.compile(Fn.make([], (x) => Expr.mul(x, x)))
 *   return [yield* square.run(3), yield* square.run(4)]
 * })
 * console.log(Effect.runSync(program)) // [ 9, 16 ]
 *
 * const { inputs, outputs, run } = Effect.runSync(Fn.compile(Fn.make({ x: [2] }, ({ x }) => Expr.sum(x)))).bind()
 * inputs.x.set([3, 4])
 * run()
 * console.log(outputs[0]) // 7
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const compile = <I extends Tree.Spec, O, E, R>(
  self: Fn<I, O, E, R> & Requirement.CheckNone<R>
): Effect.Effect<Compiled<I, O, E>, Backend.CompileError> =>
  Effect.map(executable(self), ({ bind, name, runUnknown }): never => {
    const compiled = {
      backend: name,
      run: (input: unknown) => Effect.suspend(() => Effect.fromResult(runUnknown(input))),
      runResult: runUnknown,
      runSync: (input: unknown) => Result.getOrThrow(runUnknown(input)),
      bind
    }
    return compiled as never
  })

/**
 * Says what the current `Backend` makes of a program, for people to read.
 *
 * **Details**
 *
 * The reference interpreter lists the operations; a compiler shows its loop nests, which operations are fused in each, which loops run on vectors, the
 * buffers with their sizes, and the source that it generates. The text is not meant to be parsed: it changes as backends do.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make([3], (x) => Expr.sum(Expr.exp(x)))
 * console.log(Effect.runSync(Fn.explain(f)).split("\n").slice(2).join("; "))
 * // program(in0: real[3]);   v1 = exp(in0): real[3];   v2 = sum(v1) { axes: [0] }: real[];   return v2
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const explain = <I extends Tree.Spec, O, E, R>(
  self: Fn<I, O, E, R> & Requirement.CheckNone<R>
): Effect.Effect<string, Backend.CompileError> =>
  Effect.flatMap(Backend.Backend, ({ explain }) => explain(toBody(self)))

const executable = Effect.fnUntraced(function* (self: Any) {
  const { compile, name } = yield* Backend.Backend
  const body = toBody(self)
  const { bind, execute } = yield* compile(body)
  const runUnknown = (input: unknown): Result.Result<unknown, unknown> =>
    finished(body.outputs, execute(Tree.toTensors("Fn.run", body.inputs, input)))
  return {
    name,
    runUnknown,
    bind: (options?: { readonly precision?: "float64" | "float32" }) =>
      bound(body, inPrecision(options?.precision ?? "float64", bind()))
  }
})

const bound = (body: FnImpl, { inputs, outputs, run }: Backend.Binding) => ({
  inputs: Tree.unflatten(body.inputs, inputs),
  outputs: Tree.unflatten(body.outputs, outputs),
  run: (): Result.Result<void, unknown> => {
    const failure = run()
    return failure === undefined ? Result.void : Result.fail(Failure.errorOf(failure))
  }
})

/** A binding with reals in a precision: itself, or one that converts. */
const inPrecision = (precision: "float64" | "float32", binding: Backend.Binding): Backend.Binding => {
  const [wanted, other] = precision === "float64" ? [Float64Array, Float32Array] : [Float32Array, Float64Array]
  const own = (data: Backend.Binding["inputs"][number]) => (data instanceof other ? new wanted(data.length) : data)
  const inputs = binding.inputs.map(own)
  const outputs = binding.outputs.map(own)
  if ([...inputs, ...outputs].every((data, i) => data === [...binding.inputs, ...binding.outputs][i])) return binding
  return {
    inputs,
    outputs,
    run: () => {
      for (let i = 0; i < inputs.length; i++) {
        if (inputs[i] !== binding.inputs[i]) binding.inputs[i]!.set(inputs[i]!)
      }
      const failure = binding.run()
      for (let i = 0; i < outputs.length; i++) {
        if (outputs[i] !== binding.outputs[i]) outputs[i]!.set(binding.outputs[i]!)
      }
      return failure
    }
  }
}

/** The value of a program, or the error of the guard that failed. */
const finished = (
  outputs: Tree.Spec,
  result: Result.Result<ReadonlyArray<Tensor.Any>, Failure.GuardFailure>
): Result.Result<unknown, unknown> =>
  Result.isSuccess(result)
    ? Result.succeed(Tree.fromTensors(outputs, result.success))
    : Result.fail(Failure.errorOf(result.failure))

/**
 * Runs a program on values by the reference interpreter, at once, and gives what it fails with as a value.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.checked.div(x, y))
 * console.log(Result.getOrThrow(Fn.runResult(f, { x: 3, y: 4 }))) // 0.75
 * console.log(Result.isFailure(Fn.runResult(f, { x: 3, y: 0 }))) // true
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const runResult: {
  <const V>(
    input: V
  ): <I extends Tree.Spec, O, E, R>(
    self: Fn<I, O, E, R> & Requirement.CheckNone<R> & Tree.CheckValue<I, V>
  ) => Result.Result<Tree.Value<O>, E>
  <I extends Tree.Spec, O, E, R>(
    self: Fn<I, O, E, R> & Requirement.CheckNone<R>,
    input: NoInfer<Tree.Value<I>>
  ): Result.Result<Tree.Value<O>, E>
} = dual(2, (self: Any, input: unknown) => {
  const body = toBody(self)
  const tensors = Tree.toTensors("Fn.runResult", body.inputs, input)
  return finished(
    body.outputs,
    Failure.attempt(() => evaluateBody(body, tensors))
  )
})

/**
 * Runs a program that cannot fail on values by the reference interpreter, at once.
 *
 * **Details**
 *
 * A program that can fail (`E` not `never`) does not type-check here: use `runResult` or `run`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.hypot(x, y))
 * console.log(Fn.runSync(f, { x: 3, y: 4 })) // 5
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const runSync: {
  <const V>(
    input: V
  ): <I extends Tree.Spec, O, E, R>(
    self: Fn<I, O, E, R> & Requirement.CheckNone<R> & Tree.CheckValue<I, V> & CheckRunSync<E>
  ) => Tree.Value<O>
  <I extends Tree.Spec, O, E, R>(
    self: Fn<I, O, E, R> & Requirement.CheckNone<R> & CheckRunSync<E>,
    input: NoInfer<Tree.Value<I>>
  ): Tree.Value<O>
} = dual(2, (self: Any, input: unknown) => {
  const body = toBody(self)
  const tensors = Tree.toTensors("Fn.runSync", body.inputs, input)
  return Result.getOrThrow(
    finished(
      body.outputs,
      Failure.attempt(() => evaluateBody(body, tensors))
    )
  )
}) as never

/**
 * `unknown` when a program cannot fail, otherwise a type that says what to use instead of `runSync`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckRunSync<E> = Failure.CheckInfallible<E, "runSync", "Fn.runResult or Fn.run">

/**
 * The value of an expression without inputs that cannot fail, by the reference interpreter.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * console.log(Fn.evaluate(Expr.add(1, 2))) // 3
 * ```
 *
 * @category running
 * @since 0.1.0
 */
export const evaluate = <D extends "real" | "index" | "bool", S extends Shape.Shape, E, R>(
  expr: Expr.Proto<D, S, E, R> &
    Requirement.CheckNone<R> &
    Failure.CheckInfallible<E, "evaluate", "Fn.make and Fn.runResult">
): Tree.Value<{ readonly elementType: D; readonly shape: S }> => {
  const node = expr as unknown as Internal.Node
  const body = { inputNodes: [], outputNodes: [node] }
  const spec = { elementType: node.elementType, shape: node.shape }
  return Result.getOrThrow(
    finished(
      spec,
      Failure.attempt(() => evaluateBody(body, []))
    )
  ) as Tree.Value<{ readonly elementType: D; readonly shape: S }>
}

/**
 * The program that fails with a `NonFiniteError` where a NaN or an infinity enters or is produced.
 *
 * **Details**
 *
 * Inputs, outputs and values are those of the program. Each array of reals is checked as soon as it is computed, bodies of loops included, so the error names
 * the first operation in the order of evaluation that produced one: the primitive, the value, its index, the place in maps and loops, and the line of user
 * code that built it. Inputs are named by their path; a constant that is not finite is reported where it is used.
 *
 * What is masked does not count: an element that only goes, through elementwise operations, to the arm of a `select` that is not taken, to a factor beside
 * a strong zero, or to `isFinite`. An infinity that is meant (a mask of `-Infinity` before `softmax`) is reported.
 *
 * Works on derivatives: in `Fn.finite(Reverse.grad(f))` an operation of the derivative is reported at the line of the operation of `f` that it comes from. Derivatives
 * of `Fn.finite(f)` check what `f` computes. Costs two elementwise operations for each operation, and keeps masked arrays until their mask is known.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ w: [2] }, ({ w }) => Expr.sum(Expr.log(Expr.sub(w, 1))))
 * const program = Fn.run(Fn.finite(f), { w: Tensor.make([3, 0]) }).pipe(
 *   Effect.catchTag("NonFiniteError", ({ index, name, value }) => Effect.succeed([name, value, index]))
 * )
 * console.log(Effect.runSync(program)) // [ 'log', NaN, [ 1 ] ]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const finite = <I extends Tree.Spec, O, E, R>(self: Fn<I, O, E, R>): Fn<I, O, E | Failure.NonFiniteError, R> => {
  const impl = toBody(self)
  const { inputNodes, outputNodes } = finiteBody(impl, true)
  return unsafeMake(impl.inputs, impl.outputs, inputNodes, outputNodes)
}

/**
 * How many primitives a program applies, each shared node counted once; what is inside the body of a control primitive is not counted.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make([], (x) => {
 *   const y = Expr.exp(x)
 *   return Expr.mul(y, y)
 * })
 * console.log(Fn.operationCount(f)) // 2
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const operationCount = (self: Any): number => operationsOf(toBody(self))

/**
 * Whether forward mode differentiates a program, to any order: no custom rule that it comes upon lacks a JVP.
 *
 * **Details**
 *
 * What the type says by `ReverseOnly`, for programs whose type is not known.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make([], (x) => Expr.sin(x))
 * console.log(Fn.supportsForward(f)) // true
 * console.log(Fn.supportsForward(Expr.customVjp(f, ({ cotangents }) => cotangents))) // false
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const supportsForward = (self: Any): boolean => {
  const seen = new Set<Body>()
  const pending: Array<Body> = [toBody(self)]
  while (pending.length > 0) {
    const body = pending.pop()!
    if (seen.has(body)) continue
    seen.add(body)
    for (const { attributes, control } of schedule(body, false).nodes) {
      if (control === undefined) continue
      if (control.primitive !== "custom") pending.push(...bodiesOf(attributes!))
      // The rules stand in for the program itself.
      else {
        const { jvp, vjp } = attributes as Primitive.CustomAttributes
        if (jvp === undefined) return false
        pending.push(jvp, ...(vjp === undefined ? [] : [vjp]))
      }
    }
  }
  return true
}

/**
 * The expressions of a program: one for each leaf of its inputs, and of its outputs.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make([], (x) => Expr.sin(x))
 * console.log(Fn.leaves(f).outputs.map(String)) // [ 'Expr(sin: real[])' ]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const leaves = (
  self: Any
): { readonly inputs: ReadonlyArray<Expr.Any>; readonly outputs: ReadonlyArray<Expr.Any> } => {
  const { inputNodes, outputNodes } = toBody(self)
  return {
    inputs: inputNodes as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>,
    outputs: outputNodes as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>
  }
}

/**
 * The nodes of a program in topological order: operands before the nodes that use them.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make([], (x) => Expr.sin(Expr.exp(x)))
 * console.log(Fn.nodes(f).map((node) => Expr.view(node)._tag)) // [ 'Input', 'Apply', 'Apply' ]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const nodes = (self: Any): ReadonlyArray<Expr.Any> =>
  schedule(toBody(self), false).nodes.filter(
    ({ _tag }) => _tag !== "Control"
  ) as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>

/** @internal */
export const codec: Codec<Any> = makeCodec((u): u is Any => u instanceof FnImpl, unsafeMake<FnImpl>)

/**
 * A schema for programs, encoded as versioned JSON.
 *
 * **Details**
 *
 * Decoding is total: a program, or an issue with the path, what was expected and what came. See `Serialization` for the encoded form,
 * for its limits, and for a schema of programs with given inputs and outputs.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Schema } from "effect"
 *
 * const codec = Schema.fromJsonString(Fn.schema)
 * const text = Schema.encodeSync(codec)(Fn.make([2], (x) => Expr.sum(x)))
 * console.log(text.slice(0, 52)) // {"fluxion":1,"inputs":[2],"outputs":[],"nodes":[{"in
 * console.log(Fn.operationCount(Schema.decodeSync(codec)(text))) // 1
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema: Schema.Codec<Any, ProgramEncoded> = codec.schema()
