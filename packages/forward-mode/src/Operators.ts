/**
 * Forward-mode operators: programs in, programs out.
 *
 * @since 0.1.0
 */
import {
  Basis,
  type Expr,
  Failure,
  Fn,
  Interpreter,
  Operations,
  type Requirement,
  Shape,
  Tensor,
  Tree
} from "@fluxion/core"
import { dual, type DualCarrier, vectorDual } from "./DualAlgebra.ts"
import { Zero } from "@fluxion/core/Rule"
import { Result } from "effect"

const expressions = Operations.make(Fn.expressions)

const isReal = ({ type }: Tree.PathAndType): boolean => type.elementType === "real"

/** The primal leaves with their tangents beside them; leaves that are not real have none. */
const seed = <A>(
  leaves: ReadonlyArray<Tree.PathAndType>,
  primals: ReadonlyArray<A>,
  tangents: ReadonlyArray<A>
): Array<DualCarrier<A>> => {
  let next = 0
  return leaves.map((leaf, i) => ({ primal: primals[i]!, tangent: isReal(leaf) ? tangents[next++]! : Zero }))
}

const tangentOr = (carrier: DualCarrier<Expr.Any>, leaf: Tree.PathAndType): Expr.Any =>
  carrier.tangent === Zero ? expressions.zeros(leaf.type.shape) : carrier.tangent

/**
 * `unknown` when a program with the requirements `R` supports forward mode, otherwise a `Mismatch` that says why not.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckForward<R> = [R] extends [Exclude<R, Fn.ReverseOnly>]
  ? unknown
  : Shape.Mismatch<"this program has a custom rule without a JVP: it supports reverse mode only">

/**
 * The Jacobian-vector product of a program, as a program: values and tangents in, values and tangents out.
 *
 * **Details**
 *
 * Runs forward once; the cost is a small constant times that of `f`, whatever the number of inputs. Failures and requirements are those of `f`.
 * Inputs that are not real have no tangents: such fields are left out of `tangents`.
 *
 * Baydin, Pearlmutter, Radul and Siskind (2018), section 3.1.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y))
 * const result = Fn.runSync(Forward.jvp(f), { primals: { x: 3, y: 4 }, tangents: { x: 1, y: 0 } })
 * console.log(result) // { primals: 12, tangents: 4 }
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const jvp = <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & CheckForward<R>
): Fn.Fn<
  { readonly primals: I; readonly tangents: Tree.TangentSpec<I> },
  { readonly primals: O; readonly tangents: Tree.Tangent<O> },
  E,
  R
> => {
  const { inputLeaves: inputs, inputs: inputsSpec, outputLeaves: outputs, outputs: outputsSpec } = Fn.specs(f)
  return Fn.unsafeFromLeaves(
    { primals: inputsSpec, tangents: Tree.tangentSpec(inputsSpec) },
    { primals: outputsSpec, tangents: Tree.tangentSpec(outputsSpec) },
    (leaves) => {
      const primals = leaves.slice(0, inputs.length)
      const tangents = leaves.slice(inputs.length)
      const results = Fn.interpret(f, dual(Fn.expressions), seed(inputs, primals, tangents))
      return [
        ...results.map((result) => result.primal),
        ...results.flatMap((result, i) => (isReal(outputs[i]!) ? [tangentOr(result, outputs[i]!)] : []))
      ]
    }
  ) as never
}

const evaluateAt = (f: Fn.Any, at: { readonly primals: unknown; readonly tangents: unknown }): unknown => {
  const { inputLeaves: inputs, inputs: inputsSpec, outputLeaves: outputs, outputs: outputsSpec } = Fn.specs(f)
  const primals = Tree.toTensors("Forward.evaluate", inputsSpec, at.primals)
  const tangentSpec = Tree.tangentSpec(inputsSpec)
  const tangents = Tree.toTensors("Forward.evaluate", tangentSpec, at.tangents)
  const results = Fn.interpret(f, dual(Interpreter.algebra), seed(inputs, primals, tangents))
  return {
    primals: Tree.fromTensors(
      outputsSpec,
      results.map((result) => result.primal)
    ),
    tangents: Tree.fromTensors(
      Tree.tangentSpec(outputsSpec),
      results.flatMap(({ tangent }, i) =>
        isReal(outputs[i]!) ? [tangent === Zero ? Tensor.zeros(outputs[i]!.type.shape) : tangent] : []
      )
    )
  }
}

const attempt = (
  f: Fn.Any,
  at: { readonly primals: unknown; readonly tangents: unknown }
): Result.Result<unknown, unknown> =>
  Result.mapError(
    Failure.attempt(() => evaluateAt(f, at)),
    Failure.errorOf
  )

/**
 * The Jacobian-vector product at a point, as numbers: one pass of the dual algebra over tensors.
 *
 * **Details**
 *
 * A program that can fail does not type-check here: use `evaluateResult`. The same result as running `jvp(f)`, without building a program first.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y))
 * const result = Forward.evaluate(f, { primals: { x: 3, y: 4 }, tangents: { x: 1, y: 0 } })
 * console.log(result) // { primals: 12, tangents: 4 }
 * ```
 *
 * @category evaluation
 * @since 0.1.0
 */
export const evaluate: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> &
    Requirement.CheckNone<R> &
    CheckForward<R> &
    Failure.CheckInfallible<E, "evaluate", "evaluateResult">,
  at: { readonly primals: Tree.Value<I>; readonly tangents: Tree.Value<Tree.Tangent<I>> }
) => { readonly primals: Tree.Value<O>; readonly tangents: Tree.Value<Tree.Tangent<O>> } = (f, at) =>
  Result.getOrThrow(attempt(f, at)) as never

/**
 * `evaluate` for programs that can fail: what the program fails with, as a value.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 * import { Result } from "effect"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.checked.div(x, y))
 * const result = Forward.evaluateResult(f, { primals: { x: 3, y: 0 }, tangents: { x: 1, y: 0 } })
 * console.log(Result.isFailure(result) && result.failure.domain) // y != 0
 * ```
 *
 * @category evaluation
 * @since 0.1.0
 */
export const evaluateResult: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & Requirement.CheckNone<R> & CheckForward<R>,
  at: { readonly primals: Tree.Value<I>; readonly tangents: Tree.Value<Tree.Tangent<I>> }
) => Result.Result<{ readonly primals: Tree.Value<O>; readonly tangents: Tree.Value<Tree.Tangent<O>> }, E> = (f, at) =>
  attempt(f, at) as never

/**
 * The derivative of a program along a direction: `{ at, direction }` in, the tangent of the outputs out.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y))
 * console.log(Fn.runSync(Forward.directional(f), { at: { x: 3, y: 4 }, direction: { x: 1, y: 1 } })) // 7
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const directional = <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & CheckForward<R>
): Fn.Fn<{ readonly at: I; readonly direction: Tree.TangentSpec<I> }, Tree.Tangent<O>, E, R> => {
  const { inputLeaves: inputs, inputs: inputsSpec, outputLeaves: outputs, outputs: outputsSpec } = Fn.specs(f)
  return Fn.unsafeFromLeaves(
    { at: inputsSpec, direction: Tree.tangentSpec(inputsSpec) },
    Tree.tangentSpec(outputsSpec),
    (leaves) => {
      const seeds = seed(inputs, leaves.slice(0, inputs.length), leaves.slice(inputs.length))
      const results = Fn.interpret(f, dual(Fn.expressions), seeds)
      return results.flatMap((result, i) => (isReal(outputs[i]!) ? [tangentOr(result, outputs[i]!)] : []))
    }
  ) as never
}

/**
 * `unknown` when `I` is one scalar (or a record of one scalar), otherwise a `Mismatch` that says so.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckOneScalar<I> = I extends readonly []
  ? unknown
  : I extends ReadonlyArray<unknown>
    ? Shape.Mismatch<"derivative: expected a program of one scalar input; use jvp, directional or jacobian">
    : { [K in keyof I]: I[K] extends readonly [] ? K : Shape.Mismatch<"not scalar"> }[keyof I] extends infer Keys
      ? IsUnion<Keys> extends true
        ? Shape.Mismatch<"derivative: expected a program of one scalar input; use jvp, directional or jacobian">
        : Keys extends string
          ? unknown
          : Shape.Mismatch<"derivative: expected a program of one scalar input; use jvp, directional or jacobian">
      : never

type IsUnion<T, U = T> = T extends U ? ([U] extends [T] ? false : true) : never

/**
 * The derivative of a program of one scalar input, as a program: at each output leaf, the derivative of that output.
 *
 * **Details**
 *
 * The input may be a scalar or a record of one scalar; other inputs are a type error (a `ShapeError` where not known statically).
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 *
 * const f = Fn.make([], (x) => Expr.sin(x))
 * console.log(Fn.runSync(Forward.derivative(f), 0)) // 1
 * console.log(Fn.runSync(Forward.derivative(Forward.derivative(Forward.derivative(f))), 0)) // -1
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const derivative = <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & CheckOneScalar<I> & CheckForward<R>
): Fn.Fn<I, Tree.Tangent<O>, E, R> => {
  const program: Fn.Any = f
  const { inputLeaves: inputs, outputLeaves: outputs, outputs: outputsSpec } = Fn.specs(program)
  if (inputs.length !== 1 || !isReal(inputs[0]!) || inputs[0]!.type.shape.length !== 0) {
    throw Shape.error(
      "Forward.derivative",
      inputs.map((leaf) => leaf.type.shape),
      `expected a program of one scalar input, got ${Tree.render(program.inputs)}; use jvp, directional or jacobian`
    )
  }
  return Fn.unsafeFromLeaves(program.inputs, Tree.tangentSpec(outputsSpec), (leaves) => {
    const results = Fn.interpret(program, dual(Fn.expressions), seed(inputs, leaves, [expressions.scalar(1)]))
    return results.flatMap((result, i) => (isReal(outputs[i]!) ? [tangentOr(result, outputs[i]!)] : []))
  }) as never
}

/**
 * The Jacobian of a program by forward mode, as a program: one tangent for each element of the inputs.
 *
 * **Details**
 *
 * At each output leaf of shape `o` stands the tree of the inputs, with leaves of shape `[...o, ...i]`. The primal is evaluated once, tangents
 * once for each input element, so forward mode is the right choice when inputs are fewer than outputs (compare `Reverse.jacobian`).
 * The elements of an input are mapped over, so the program grows with the number of inputs, not with that of their elements.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 *
 * const f = Fn.make([2], (x) => Expr.mul(x, x))
 * console.log(`${Fn.runSync(Forward.jacobian(f), Tensor.make([3, 4]))}`) // [[6, 0], [0, 8]]
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const jacobian = <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & CheckForward<R>
): Fn.Fn<I, Tree.Jacobian<Tree.Tangent<O>, Tree.Tangent<I>>, E, R> => {
  const { inputLeaves: inputs, inputs: inputsSpec, outputLeaves: outputs, outputs: outputsSpec } = Fn.specs(f)
  const inputTangents = Tree.tangentSpec(inputsSpec)
  const spec = Tree.mapSpec(Tree.tangentSpec(outputsSpec), (output) =>
    Tree.mapSpec(inputTangents, (input) => [...output.type.shape, ...input.type.shape])
  )
  // The block of an input without elements is empty, whatever the tangent.
  const varying = inputs.flatMap((leaf, i) => (isReal(leaf) && Shape.size(leaf.type.shape) > 0 ? [i] : []))
  return Fn.unsafeFromLeaves(inputsSpec, spec, (leaves) => {
    const columns = Basis.map({
      at: leaves,
      directions: varying.map((i) => inputs[i]!.type),
      build: (at, tangents) => {
        // One tangent for each input, beside one primal.
        const carriers = at.map((primal, i) => ({
          primal,
          tangents: varying.includes(i) ? varying.map((j, k) => (j === i ? tangents[k]! : Zero)) : undefined
        }))
        const results = Fn.interpret(f, vectorDual(Fn.expressions, varying.length), carriers)
        return varying.map((_, k) => results.map(({ tangents }) => (tangents === undefined ? Zero : tangents[k]!)))
      }
    })
    return outputs.flatMap(({ type }, o) => {
      if (type.elementType !== "real") return []
      const axes = type.shape.map((_, axis) => axis + 1)
      return inputs.filter(isReal).map((input) => {
        const shape = [...type.shape, ...input.type.shape]
        const block = columns[varying.indexOf(inputs.indexOf(input))]?.[o] ?? Zero
        // The axis of the basis comes last, where the axes of the input are.
        return block === Zero
          ? expressions.zeros(shape)
          : expressions.reshape(axes.length === 0 ? block : expressions.transpose(block, [...axes, 0]), shape)
      })
    })
  }) as never
}
