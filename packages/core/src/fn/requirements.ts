import { dual } from "effect/Function"
import type * as Expr from "../Expr.ts"
import { type Any, type Fn, toBody, unsafeFromLeaves } from "../Fn.ts"
import type { Initializer } from "../Initializer.ts"
import { toNode } from "../internal/lift.ts"
import type { Node } from "../internal/node.ts"
import { initialize, keyOfName } from "../internal/random/initialize.ts"
import { requirementsOf, shareKey, substitute } from "../internal/requirements.ts"
import type { Key } from "../Random.ts"
import type * as Requirement from "../Requirement.ts"
import * as Shape from "../Shape.ts"
import type * as Tensor from "../Tensor.ts"
import * as Tree from "../Tree.ts"
import * as Type from "../Type.ts"

interface Parameter {
  readonly shape: Shape.Shape
  readonly initializer: Initializer
}

const render = (initializer: Initializer): string => {
  const { _tag, ...fields } = initializer
  const written = Object.entries(fields).map(([key, value]) => `${key}: ${String(value)}`)
  return written.length === 0 ? _tag : `${_tag}(${written.join(", ")})`
}

/** The parameters of a program by name, in the order in which they were made. One name has one shape and one initialiser. */
const parametersOf = (operation: string, self: Any): ReadonlyMap<string, Parameter> => {
  const found = new Map<string, Parameter>()
  for (const { label, requirement, shape } of requirementsOf(toBody(self)).params) {
    if (requirement?._tag !== "Param") continue
    const name = label!
    const { initializer } = requirement
    const before = found.get(name)
    if (before === undefined) found.set(name, { shape, initializer })
    else if (!Shape.equals(before.shape, shape)) {
      throw Shape.error(
        operation,
        [before.shape, shape],
        `the parameter ${JSON.stringify(name)} has shape ${Shape.render(before.shape)} in one place and ${Shape.render(shape)} in another`
      )
    } else if (render(before.initializer) !== render(initializer)) {
      throw Shape.error(
        operation,
        [shape],
        `the parameter ${JSON.stringify(name)} has the initializer ${render(before.initializer)} in one place and ${render(initializer)} in another`
      )
    }
  }
  return found
}

// Own properties, whatever the names.
const record = <A>(parameters: ReadonlyMap<string, Parameter>, value: (parameter: Parameter, name: string) => A) =>
  Object.fromEntries(Array.from(parameters, ([name, parameter]) => [name, value(parameter, name)]))

const asExprs = (nodes: ReadonlyArray<Node>) => nodes as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>

/**
 * The program with its parameters as one more input: `{ params, inputs }`, where `params` is a record by name.
 *
 * **Details**
 *
 * Wherever a parameter is used, also in the bodies of loops and of programs that are called, and however often it was made under its name, it is the one field of the
 * record. Fields stand in the order in which the parameters were first made. So `Reverse.grad(Fn.withParams(f), { wrt: ["params"] })` is the
 * gradient in all parameters.
 *
 * Two shapes or two initialisers for one name throw a `ShapeError` that names both; different literal shapes are a type error.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Initializer, Tensor } from "@fluxion/core"
 *
 * const affine = Fn.make([2], (x) => {
 *   const w = Expr.param("w", [2], Initializer.glorotNormal)
 *   return Expr.add(Expr.dot(w, x), Expr.param("b", [], Initializer.zeros))
 * })
 * const params = { w: Tensor.make([10, 1]), b: 0.5 }
 * console.log(Fn.runSync(Fn.withParams(affine), { params, inputs: Tensor.make([1, 2]) })) // 12.5
 * ```
 *
 * @category requirements
 * @since 0.1.0
 */
export const withParams: <I extends Tree.Spec, O, E, R>(
  self: Fn<I, O, E, R> & Requirement.CheckParams<R>
) => Fn<{ readonly params: Requirement.Params<R>; readonly inputs: I }, O, E, Requirement.ExcludeParams<R>> = ((
  self: Any
): Any => {
  const body = toBody(self)
  const parameters = parametersOf("Fn.withParams", self)
  const params = record(parameters, ({ shape }) => shape)
  return unsafeFromLeaves({ params, inputs: body.inputs }, body.outputs, (leaves) => {
    const nodes = leaves.map(toNode)
    // The order of fields is that of the record: names that are integers come first.
    const own = new Map(Object.keys(params).map((name, i) => [name, nodes[i]!]))
    const { params: required } = requirementsOf(body)
    return asExprs(
      substitute(
        body,
        nodes.slice(own.size),
        required,
        required.map(({ label }) => own.get(label!)!)
      )
    )
  })
}) as never

/**
 * First values for the parameters of a program, by their initialisers: a record by name, for the input `params` of `withParams`.
 *
 * **Details**
 *
 * A pure function of the program's parameters and the key. What a parameter draws depends on the key and on its name and shape alone: another parameter more or less
 * changes nothing. Throws as `withParams` does.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Initializer, Random } from "@fluxion/core"
 *
 * const layer = Fn.make([64], (x) => {
 *   const w = Expr.param("w", [64, 10], Initializer.glorotUniform)
 *   return Expr.add(Expr.matmul(x, w), Expr.param("b", [10], Initializer.zeros))
 * })
 * const { b, w } = Fn.initParams(layer, Random.key(0))
 * console.log(w.shape, b.shape) // [ 64, 10 ] [ 10 ]
 * ```
 *
 * @category requirements
 * @since 0.1.0
 */
export const initParams: {
  (
    key: Key
  ): <I extends Tree.Spec, O, E, R>(
    self: Fn<I, O, E, R> & Requirement.CheckParams<R>
  ) => Tree.Value<Requirement.Params<R>>
  <I extends Tree.Spec, O, E, R>(
    self: Fn<I, O, E, R> & Requirement.CheckParams<R>,
    key: Key
  ): Tree.Value<Requirement.Params<R>>
} = dual(2, (self: Any, key: Key): unknown => {
  const [words] = Tree.toTensors("Fn.initParams", Type.index([2]), key) as [Tensor.Any]
  return record(parametersOf("Fn.initParams", self), ({ initializer, shape }, name) => {
    const value = initialize(initializer, shape, keyOfName(words.data, name))
    return shape.length === 0 ? value.data[0]! : value
  })
}) as never

/**
 * The program with the key of its random numbers as one more input: `{ key, inputs }`.
 *
 * **Details**
 *
 * The same key draws the same numbers, on every machine and backend (see `Random.key`). Expressions made outside of any program that draw on their own
 * get keys of their own, derived from this one.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Random, Tensor } from "@fluxion/core"
 *
 * const noisy = Fn.make([3], (x) => Expr.add(x, Expr.random.normal([3])))
 * const run = (seed: number) =>
 *   `${Fn.runSync(Fn.withKey(noisy), { key: Random.key(seed), inputs: Tensor.make([1, 2, 3]) })}`
 * console.log(run(1) === run(1), run(1) === run(2)) // true false
 * ```
 *
 * @category requirements
 * @since 0.1.0
 */
export const withKey: <I extends Tree.Spec, O, E, R>(
  self: Fn<I, O, E, R>
) => Fn<{ readonly key: Type.Type<"index", readonly [2]>; readonly inputs: I }, O, E, Requirement.ExcludeRandom<R>> = ((
  self: Any
): Any => {
  const body = toBody(self)
  return unsafeFromLeaves({ key: Type.index([2]), inputs: body.inputs }, body.outputs, (leaves) => {
    const [key, ...inputs] = leaves.map(toNode)
    const { keys } = requirementsOf(body)
    return asExprs(substitute(body, inputs, keys, shareKey(keys, key!)))
  })
}) as never
