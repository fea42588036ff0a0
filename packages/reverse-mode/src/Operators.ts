/**
 * Reverse-mode operators: programs in, programs out.
 *
 * @since 0.1.0
 */
import { Body, type Expr, Fn, Interpreter, Operations, Shape, Tensor, Tree, Type } from "@fluxion/core"
import { dual } from "effect/Function"
import type { Traced } from "./Tape.ts"
import { traced } from "./TracedAlgebra.ts"
import { Zero } from "@fluxion/core/Rule"

const expressions = Operations.make(Fn.expressions)

const isReal = ({ type }: Tree.PathAndType): boolean => type.elementType === "real"

/** Puts the wanted leaves on a tape, runs the program, and gives the sweep. */
const trace = (f: Fn.Any, leaves: ReadonlyArray<Expr.Any>, wanted: (leaf: Tree.PathAndType) => boolean) => {
  const inputs = Tree.leaves(f.inputs)
  const tape = traced(Fn.expressions)
  const carriers = leaves.map((primal, i): Traced<Expr.Any> =>
    wanted(inputs[i]!) ? tape.input(primal) : { primal, entry: undefined }
  )
  const outputs = Fn.interpret(f, tape.algebra, carriers)
  const wantedCarriers = carriers.filter((_, i) => wanted(inputs[i]!))
  const wantedLeaves = inputs.filter(wanted)
  return {
    outputs,
    pull: (cotangents: ReadonlyArray<Expr.Any | Zero>): Array<Expr.Any | Zero> =>
      tape.pullback(outputs, cotangents, wantedCarriers),
    materialize: (pulled: ReadonlyArray<Expr.Any | Zero>): Array<Expr.Any> =>
      pulled.map((cotangent, i) =>
        cotangent === Zero ? expressions.zeros(wantedLeaves[i]!.type.shape) : (cotangent as Expr.Any)
      )
  }
}

/** Cotangents are given for real outputs only. */
const spread = <A>(leaves: ReadonlyArray<Tree.PathAndType>, cotangents: ReadonlyArray<A>): Array<A | Zero> => {
  let next = 0
  return leaves.map((leaf) => (isReal(leaf) ? cotangents[next++]! : Zero))
}

/**
 * The vector-Jacobian product of a program, as a program: values and cotangents in, values and cotangents out.
 *
 * **Details**
 *
 * Runs forward once and backward once; the cost is a small constant times that of `f`, whatever the number of inputs. Failures and
 * requirements are those of `f`. Outputs that are not real take no cotangents, inputs that are not real get none: such fields are left out.
 *
 * Baydin, Pearlmutter, Radul and Siskind (2018), section 3.2.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Reverse from "@fluxion/reverse-mode"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y))
 * const result = Fn.runSync(Reverse.vjp(f), { primals: { x: 3, y: 4 }, cotangents: 1 })
 * console.log(result) // { primals: 12, cotangents: { x: 4, y: 3 } }
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const vjp = <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R>
): Fn.Fn<
  { readonly primals: I; readonly cotangents: Tree.TangentSpec<O> },
  { readonly primals: O; readonly cotangents: Tree.Tangent<I> },
  E,
  R
> => {
  const { inputLeaves: inputs, inputs: inputsSpec, outputLeaves: outputs, outputs: outputsSpec } = Fn.specs(f)
  return Fn.unsafeFromLeaves(
    { primals: inputsSpec, cotangents: Tree.tangentSpec(outputsSpec) },
    { primals: outputsSpec, cotangents: Tree.tangentSpec(inputsSpec) },
    (leaves) => {
      const { materialize, outputs: results, pull } = trace(f, leaves.slice(0, inputs.length), isReal)
      const cotangents = spread(outputs, leaves.slice(inputs.length))
      return [...results.map((result) => result.primal), ...materialize(pull(cotangents))]
    }
  ) as never
}

/**
 * The vector-Jacobian product at a point, as numbers: a tape over tensors.
 *
 * **Details**
 *
 * The same result as running `vjp(f)`, without building a program first.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Reverse from "@fluxion/reverse-mode"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y))
 * const result = Reverse.evaluate(f, { primals: { x: 3, y: 4 }, cotangents: 1 })
 * console.log(result) // { primals: 12, cotangents: { x: 4, y: 3 } }
 * ```
 *
 * @category evaluation
 * @since 0.1.0
 */
export const evaluate: <I extends Tree.Spec, O, E>(
  f: Fn.Fn<I, O, E, Fn.Runnable>,
  at: { readonly primals: Tree.Value<I>; readonly cotangents: Tree.Value<Tree.Tangent<O>> }
) => { readonly primals: Tree.Value<O>; readonly cotangents: Tree.Value<Tree.Tangent<I>> } = (
  f: Fn.Any,
  at: { readonly primals: unknown; readonly cotangents: unknown }
): never => {
  const { inputLeaves: inputs, inputs: inputsSpec, outputs: outputsSpec } = Fn.specs(f)
  const primals = Tree.toTensors("Reverse.evaluate", inputsSpec, at.primals)
  const cotangents = Tree.toTensors("Reverse.evaluate", Tree.tangentSpec(outputsSpec), at.cotangents)
  const tape = traced(Interpreter.algebra)
  const carriers = primals.map((primal, i): Traced<Tensor.Any> =>
    isReal(inputs[i]!) ? tape.input(primal) : { primal, entry: undefined }
  )
  const results = Fn.interpret(f, tape.algebra, carriers)
  const wanted = carriers.filter((_, i) => isReal(inputs[i]!))
  const pulled = tape.pullback(results, spread(Tree.leaves(outputsSpec), cotangents), wanted)
  return {
    primals: Tree.fromTensors(
      outputsSpec,
      results.map((result) => result.primal)
    ),
    cotangents: Tree.fromTensors(
      Tree.tangentSpec(inputsSpec),
      pulled.map((cotangent, i) => (cotangent === Zero ? Tensor.zeros(wanted[i]!.primal.shape) : cotangent))
    )
  } as never
}

/**
 * Which fields of a record of inputs to differentiate with respect to.
 *
 * @category options
 * @since 0.1.0
 */
export interface GradOptions<K extends string = string> {
  readonly wrt: ReadonlyArray<K>
}

/**
 * The fields of `I` that `wrt` may name: those that hold reals.
 *
 * @category type-level
 * @since 0.1.0
 */
export type DifferentiableKeys<I> = I extends ReadonlyArray<unknown> ? never : keyof Tree.Tangent<I> & string

type Wrt<I, K> = { readonly [P in keyof Tree.Tangent<I> as P extends K ? P : never]: Tree.Tangent<I>[P] }

const gradientSpec = (f: Fn.Any, options?: GradOptions): Tree.Spec => {
  const spec = Tree.tangentSpec(f.inputs)
  if (options === undefined) return spec
  if (Tree.isLeaf(f.inputs) || Array.isArray(f.inputs)) {
    throw Shape.error(
      "Reverse.grad",
      [],
      `wrt names fields of a record of inputs, but the input is ${Tree.render(f.inputs)}`
    )
  }
  return Object.fromEntries(
    options.wrt.map((key) => {
      if (!Object.hasOwn(spec, key)) {
        throw Shape.error(
          "Reverse.grad",
          [],
          `wrt names ${JSON.stringify(key)}, but the inputs are ${Tree.render(f.inputs)}`
        )
      }
      return [key, (spec as Tree.SpecRecord)[key]!]
    })
  )
}

const scalarOutput = (operation: string, f: Fn.Any): void => {
  const outputs = f.outputs as Tree.Spec
  if (!Tree.isLeaf(outputs) || Tree.render(outputs) !== "real[]") {
    throw Shape.error(
      operation,
      Tree.leaves(outputs).map((leaf) => leaf.type.shape),
      `expected a program of one scalar output, got ${Tree.render(outputs)}; use vjp or jacobian`
    )
  }
}

/** The value and the gradient of a scalar program, as expressions for the leaves of a specification of gradients. */
const gradientLeaves = (f: Fn.Any, leaves: ReadonlyArray<Expr.Any>, options?: GradOptions) => {
  const top = ({ keys }: Tree.PathAndType): string => String(keys[0] ?? "")
  const wanted = (leaf: Tree.PathAndType): boolean =>
    isReal(leaf) && (options === undefined || options.wrt.includes(top(leaf)))
  const { materialize, outputs, pull } = trace(f, leaves, wanted)
  const gradients = materialize(pull([expressions.scalar(1)]))
  const value = outputs[0]!.primal
  if (options === undefined) return { value, gradients }
  // `wrt` may name fields in another order than the inputs have them.
  const names = Tree.leaves(f.inputs).filter(wanted).map(top)
  const ordered = options.wrt.flatMap((key) => gradients.filter((_, i) => names[i] === key))
  return { value, gradients: ordered }
}

/**
 * The gradient of a program of one scalar output, as a program from the same inputs.
 *
 * **Details**
 *
 * With `{ wrt: [...] }` only the named fields of a record of inputs are differentiated; nothing is computed for the others. Failures and
 * requirements are those of `f`. The cost is a small constant times that of `f`, whatever the number of inputs. A program whose output is not a scalar is a
 * type error.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Reverse from "@fluxion/reverse-mode"
 *
 * const f = Fn.make({ c: [], d: [] }, ({ c, d }) => Expr.mul(c, Expr.mul(d, d)))
 * console.log(Fn.runSync(Reverse.grad(f), { c: 5, d: 3 })) // { c: 9, d: 30 }
 * console.log(Fn.runSync(Reverse.grad(f, { wrt: ["c"] }), { c: 5, d: 3 })) // { c: 9 }
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const grad: {
  <const K extends string>(
    options: GradOptions<K>
  ): <I extends Tree.Spec, E, R>(f: Fn.Fn<I, readonly [], E, R> & CheckKeys<I, K>) => Fn.Fn<I, Wrt<I, K>, E, R>
  <I extends Tree.Spec, O, E, R>(f: Fn.Fn<I, O, E, R> & CheckScalarOutput<O>): Fn.Fn<I, Tree.Tangent<I>, E, R>
  <I extends Tree.Spec, O, E, R, const K extends DifferentiableKeys<I>>(
    f: Fn.Fn<I, O, E, R> & CheckScalarOutput<O>,
    options: GradOptions<K>
  ): Fn.Fn<I, Wrt<I, K>, E, R>
} = dual(
  (args) => Fn.isFn(args[0]),
  (f: Fn.Any, options?: GradOptions) => {
    scalarOutput("Reverse.grad", f)
    return Fn.unsafeFromLeaves(
      f.inputs,
      gradientSpec(f, options),
      (leaves) => gradientLeaves(f, leaves, options).gradients
    )
  }
) as never

/**
 * `unknown` when a program's output is one scalar, otherwise a `Mismatch` that says so.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckScalarOutput<O> = O extends readonly []
  ? unknown
  : O extends Shape.Shape
    ? Shape.Mismatch<`grad: expected a program of one scalar output, got ${Shape.Render<O>}; use vjp or jacobian`>
    : Shape.Mismatch<"grad: expected a program of one scalar output, got a tree; use vjp or jacobian">

/**
 * `unknown` when the keys `K` name differentiable fields of `I`, otherwise a `Mismatch` that names the stray ones.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckKeys<I, K extends string> = [Exclude<K, DifferentiableKeys<I>>] extends [never]
  ? unknown
  : Shape.Mismatch<`wrt names ${Exclude<K, DifferentiableKeys<I>>}, which is not a real input`>

/**
 * The value and the gradient of a program of one scalar output, sharing one evaluation.
 *
 * **Details**
 *
 * Options as for `grad`.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Reverse from "@fluxion/reverse-mode"
 *
 * const f = Fn.make({ c: [], d: [] }, ({ c, d }) => Expr.mul(c, d))
 * console.log(Fn.runSync(Reverse.valueAndGrad(f), { c: 5, d: 3 })) // { value: 15, grad: { c: 3, d: 5 } }
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const valueAndGrad: {
  <const K extends string>(
    options: GradOptions<K>
  ): <I extends Tree.Spec, O, E, R>(
    f: Fn.Fn<I, O, E, R> & CheckScalarOutput<O> & CheckKeys<I, K>
  ) => Fn.Fn<I, { readonly value: readonly []; readonly grad: Wrt<I, K> }, E, R>
  <I extends Tree.Spec, O, E, R>(
    f: Fn.Fn<I, O, E, R> & CheckScalarOutput<O>
  ): Fn.Fn<I, { readonly value: readonly []; readonly grad: Tree.Tangent<I> }, E, R>
  <I extends Tree.Spec, O, E, R, const K extends DifferentiableKeys<I>>(
    f: Fn.Fn<I, O, E, R> & CheckScalarOutput<O>,
    options: GradOptions<K>
  ): Fn.Fn<I, { readonly value: readonly []; readonly grad: Wrt<I, K> }, E, R>
} = dual(
  (args) => Fn.isFn(args[0]),
  (f: Fn.Any, options?: GradOptions) => {
    scalarOutput("Reverse.valueAndGrad", f)
    return Fn.unsafeFromLeaves(f.inputs, { value: [], grad: gradientSpec(f, options) }, (leaves) => {
      const { gradients, value } = gradientLeaves(f, leaves, options)
      return [value, ...gradients]
    })
  }
) as never

/**
 * The Jacobian of a program by reverse mode, as a program: one backward sweep for each element of the outputs.
 *
 * **Details**
 *
 * At each output leaf of shape `o` stands the tree of the inputs, with leaves of shape `[...o, ...i]`. The primal is evaluated once, the sweep
 * once for each output element, so reverse mode is the right choice when outputs are fewer than inputs (compare `Forward.jacobian`). The rows of
 * an output are computed in a `map`: the size of the program depends on how many outputs there are, and not on how large they are.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import * as Reverse from "@fluxion/reverse-mode"
 *
 * const f = Fn.make([2], (x) => Expr.mul(x, x))
 * console.log(`${Fn.runSync(Reverse.jacobian(f), Tensor.make([3, 4]))}`) // [[6, 0], [0, 8]]
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const jacobian = <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R>
): Fn.Fn<I, Tree.Jacobian<Tree.Tangent<O>, Tree.Tangent<I>>, E, R> => {
  const { inputLeaves, inputs: inputsSpec, outputLeaves: outputs, outputs: outputsSpec } = Fn.specs(f)
  const inputs = inputLeaves.filter(isReal)
  const inputTangents = Tree.tangentSpec(inputsSpec)
  const spec = Tree.mapSpec(Tree.tangentSpec(outputsSpec), (output) =>
    Tree.mapSpec(inputTangents, (input) => [...output.type.shape, ...input.type.shape])
  )
  return Fn.unsafeFromLeaves(inputsSpec, spec, (leaves) => {
    const { pull } = trace(f, leaves, isReal)
    return outputs.flatMap((output, o) => {
      if (!isReal(output)) return []
      const shape = output.type.shape
      const block = (input: Tree.PathAndType): Shape.Shape => [...shape, ...input.type.shape]
      const size = Shape.size(shape)
      if (size === 0) return inputs.map((input) => expressions.zeros(block(input)))
      const pullOf = (vector: Expr.Any): Array<Expr.Any | Zero> =>
        pull(outputs.map((_, i) => (i === o ? vector : Zero)))
      return rowsOf(shape, pullOf).map((rows, i) =>
        rows === Zero ? expressions.zeros(block(inputs[i]!)) : expressions.reshape(rows, block(inputs[i]!))
      )
    })
  }) as never
}

/**
 * What a sweep gives for each basis vector of an output, along a new leading axis: one sweep from a vector that depends on the number of the element, in a loop over
 * these numbers. An output of one element needs no loop.
 */
const rowsOf = (
  shape: Shape.Shape,
  pull: (vector: Expr.Any) => ReadonlyArray<Expr.Any | Zero>
): ReadonlyArray<Expr.Any | Zero> => {
  const size = Shape.size(shape)
  if (size === 1) return pull(expressions.constant(Tensor.full(shape, 1)))
  const numbers = expressions.constant(Tensor.index(Array.from({ length: size }, (_, k) => k)))
  const k = Body.variable("k", Type.index([]))
  const pulled = pull(expressions.reshape(expressions.toReal(expressions.eq(numbers, k)), shape))
  const { body, captured } = Body.abstract(
    [k],
    pulled.filter((x) => x !== Zero)
  )
  const attributes = { body, consts: captured.length, size, summed: 0 }
  const stacked = Fn.expressions.applyMany("map", attributes, [...captured, numbers])
  let next = 0
  return pulled.map((x) => (x === Zero ? Zero : stacked[next++]!))
}
