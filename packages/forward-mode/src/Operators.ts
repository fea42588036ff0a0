/**
 * Forward-mode operators: programs in, programs out.
 *
 * @since 0.1.0
 */
import { type Expr, Fn, Interpreter, Operations, Shape, Tensor, Tree } from "@fluxion/core"
import { dual, type DualCarrier, vectorDual } from "./DualAlgebra.ts"
import { Zero } from "@fluxion/core/Rule"

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

/**
 * The Jacobian-vector product at a point, as numbers: one pass of the dual algebra over tensors.
 *
 * **Details**
 *
 * The same result as running `jvp(f)`, without building a program first.
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
export const evaluate: <I extends Tree.Spec, O, E, R extends Fn.Runnable>(
  f: Fn.Fn<I, O, E, R> & CheckForward<R>,
  at: { readonly primals: Tree.Value<I>; readonly tangents: Tree.Value<Tree.Tangent<I>> }
) => { readonly primals: Tree.Value<O>; readonly tangents: Tree.Value<Tree.Tangent<O>> } = (
  f: Fn.Any,
  at: { readonly primals: unknown; readonly tangents: unknown }
): never => {
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
  } as never
}

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
 * The program grows in proportion to the number of input elements.
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
  return Fn.unsafeFromLeaves(inputsSpec, spec, (leaves) => {
    const sizes = inputs.map((leaf) => (isReal(leaf) ? Shape.size(leaf.type.shape) : 0))
    const count = sizes.reduce((a, b) => a + b, 0)
    let first = 0
    const carriers = leaves.map((primal, i) => {
      const offset = first
      const size = sizes[i]!
      first += size
      if (size === 0) return { primal, tangents: undefined }
      const shape = inputs[i]!.type.shape
      const basis = (k: number): Expr.Any => {
        const data = new Float64Array(size)
        data[k] = 1
        return expressions.constant(Tensor.fromArray(data, shape))
      }
      const tangents = Array.from({ length: count }, (_, k) =>
        k >= offset && k < offset + size ? basis(k - offset) : Zero
      )
      return { primal, tangents }
    })
    const results = Fn.interpret(f, vectorDual(Fn.expressions, count), carriers)
    return results.flatMap((result, o) => {
      if (!isReal(outputs[o]!)) return []
      const shape = outputs[o]!.type.shape
      let offset = 0
      return inputs.flatMap((input, i) => {
        if (!isReal(input)) return []
        const size = sizes[i]!
        const columns = Array.from({ length: size }, (_, k) => {
          const tangent = result.tangents === undefined ? Zero : result.tangents[offset + k]!
          return tangent === Zero ? expressions.zeros(shape) : tangent
        })
        offset += size
        const block = [...shape, ...input.type.shape]
        return [
          columns.length === 0
            ? expressions.zeros(block)
            : expressions.reshape(expressions.stack(columns, shape.length), block)
        ]
      })
    })
  }) as never
}
