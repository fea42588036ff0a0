/**
 * Forward-mode operators: programs in, programs out.
 *
 * @since 0.1.0
 */
import { Body, type Expr, Fn, Interpreter, Operations, Shape, Tensor, Tree, Type } from "@fluxion/core"
import { dual, type DualCarrier, separateDual } from "./DualAlgebra.ts"
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
 * The columns of an input are computed in a `map`: the size of the program depends on how many inputs there are, and not on how large they are. Control flow is
 * evaluated once more with each tangent.
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
    const seeds = inputs.filter((leaf) => isReal(leaf) && Shape.size(leaf.type.shape) > 0).map(basisOf)
    let next = 0
    const carriers = leaves.map((primal, i) => {
      if (!isReal(inputs[i]!) || Shape.size(inputs[i]!.type.shape) === 0) return { primal, tangents: undefined }
      const own = next++
      return { primal, tangents: seeds.map(({ vector }, k) => (k === own ? vector : Zero)) }
    })
    const results = Fn.interpret(f, separateDual(Fn.expressions, seeds.length), carriers)
    // For each input, the columns of all outputs: the axis of the columns comes first.
    const columns = seeds.map((seed, k) =>
      seed.forEach(results.map(({ tangents }) => (tangents === undefined ? Zero : tangents[k]!)))
    )
    return results.flatMap((_, o) => {
      if (!isReal(outputs[o]!)) return []
      const shape = outputs[o]!.type.shape
      let k = 0
      return inputs.filter(isReal).map((input) => {
        const block = [...shape, ...input.type.shape]
        const size = Shape.size(input.type.shape)
        const own = size === 0 ? Zero : columns[k++]![o]!
        if (own === Zero) return expressions.zeros(block)
        if (size === 1 || shape.length === 0) return expressions.reshape(own, block)
        const axes = Array.from(shape.keys(), (axis) => axis + 1)
        return expressions.reshape(expressions.transpose(own, [...axes, 0]), block)
      })
    })
  }) as never
}

/**
 * The basis vectors of the elements of an input: one vector that depends on the number of the element, and the loop over these numbers, which puts results
 * side by side along a new leading axis. An input of one element has one basis vector and needs no loop.
 */
const basisOf = ({ type: { shape } }: Tree.PathAndType) => {
  const size = Shape.size(shape)
  if (size === 1) {
    return {
      vector: expressions.constant(Tensor.full(shape, 1)),
      forEach: (values: ReadonlyArray<Expr.Any | Zero>) => values
    }
  }
  const numbers = expressions.constant(Tensor.index(Array.from({ length: size }, (_, k) => k)))
  const k = Body.variable("k", Type.index([]))
  return {
    vector: expressions.reshape(expressions.toReal(expressions.eq(numbers, k)), shape),
    forEach: (values: ReadonlyArray<Expr.Any | Zero>): ReadonlyArray<Expr.Any | Zero> => {
      const present = values.filter((x) => x !== Zero)
      const { body, captured } = Body.abstract([k], present)
      const attributes = { body, consts: captured.length, size, summed: 0 }
      const stacked = Fn.expressions.applyMany("map", attributes, [...captured, numbers])
      let next = 0
      return values.map((x) => (x === Zero ? Zero : stacked[next++]!))
    }
  }
}
