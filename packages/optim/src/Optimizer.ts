/**
 * Optimisers: transformations of gradients into updates, as programs.
 *
 * **Details**
 *
 * An `Optimizer` says nothing about the parameters it will work on. `instantiate` gives it their specification and returns two pure
 * programs: `init`, from parameters to state, and `update`, from gradients, state and parameters to updates and the next state. Being
 * programs, they print, differentiate and compile like any other.
 *
 * @since 0.1.0
 */
import { Expr, Fn, Shape, Tree } from "@fluxion/core"
import { dual } from "effect/Function"
import { Class as PipeableClass, type Pipeable } from "effect/Pipeable"
import * as Hyperparameter from "./Hyperparameter.ts"
import type * as Parameters from "./Parameters.ts"
import * as Vector from "./Vector.ts"

const TypeId = "~@fluxion/optim/Optimizer"

/**
 * Stands in the template of a state where the state holds a tree like the parameters.
 *
 * @category models
 * @since 0.1.0
 */
export interface LikeParameters {
  readonly "~@fluxion/optim/LikeParameters": true
}

/**
 * The template of the state of an optimiser: a specification with `LikeParameters` where a tree like the parameters stands.
 *
 * @category models
 * @since 0.1.0
 */
export type Template = LikeParameters | Shape.Shape | ReadonlyArray<Template> | { readonly [key: string]: Template }

/**
 * The specification of the state for parameters `P`.
 *
 * @example
 * ```ts
 * import type { Optimizer } from "@fluxion/optim"
 *
 * type Momentum = { readonly count: readonly []; readonly velocity: Optimizer.LikeParameters }
 * const state: Optimizer.StateOf<Momentum, { readonly w: readonly [3] }> = { count: [], velocity: { w: [3] } }
 * console.log(state) // { count: [], velocity: { w: [ 3 ] } }
 * ```
 *
 * @category type-level
 * @since 0.1.0
 */
export type StateOf<S, P> = S extends LikeParameters
  ? P
  : S extends Shape.Shape
    ? S
    : { readonly [K in keyof S]: StateOf<S[K], P> }

/**
 * `StateOf`, known to be a specification.
 *
 * @category type-level
 * @since 0.1.0
 */
export type StateSpec<S, P> = StateOf<S, P> extends infer T extends Tree.Spec ? T : never

/**
 * The state as the definition of an optimiser sees it: vectors where it is like the parameters, expressions elsewhere.
 *
 * @category type-level
 * @since 0.1.0
 */
export type StateExprs<S> = S extends LikeParameters
  ? Vector.Vector
  : S extends Shape.Shape
    ? Expr.Expr<S>
    : { readonly [K in keyof S]: StateExprs<S[K]> }

/**
 * The template of a state, read off the state that a definition starts with.
 *
 * @category type-level
 * @since 0.1.0
 */
export type TemplateOf<T> = T extends Vector.Vector
  ? LikeParameters
  : T extends Expr.Expr<infer S, unknown, unknown>
    ? S
    : { readonly [K in keyof T]: TemplateOf<T[K]> }

/**
 * A state made of vectors and expressions, in records and tuples.
 *
 * @category models
 * @since 0.1.0
 */
export type StateTree = Vector.Vector | Expr.Expr | ReadonlyArray<StateTree> | { readonly [key: string]: StateTree }

/**
 * A transformation of gradients into updates, for parameters of any specification.
 *
 * **Details**
 *
 * `S` is the template of its state, `E` and `R` are the failures and requirements that its hyperparameters bring.
 *
 * @category models
 * @since 0.1.0
 */
export interface Optimizer<in out S, out E = never, out R = never> extends Pipeable {
  readonly [TypeId]: {
    readonly _S: (_: S) => S
    readonly _E: (_: never) => E
    readonly _R: (_: never) => R
  }
  readonly name: string
}

/**
 * Any optimiser.
 *
 * @category models
 * @since 0.1.0
 */
export interface Any extends Pipeable {
  readonly [TypeId]: {
    readonly _S: (_: never) => unknown
    readonly _E: (_: never) => unknown
    readonly _R: (_: never) => unknown
  }
  readonly name: string
}

/**
 * The template of the state of an optimiser.
 *
 * @category type-level
 * @since 0.1.0
 */
export type TemplateOfOptimizer<O> = O extends { readonly [TypeId]: { readonly _S: (_: never) => infer S } } ? S : never

/**
 * The failures of an optimiser.
 *
 * @category type-level
 * @since 0.1.0
 */
export type ErrorOf<O> = O extends { readonly [TypeId]: { readonly _E: (_: never) => infer E } } ? E : never

/**
 * The requirements of an optimiser.
 *
 * @category type-level
 * @since 0.1.0
 */
export type RequirementsOf<O> = O extends { readonly [TypeId]: { readonly _R: (_: never) => infer R } } ? R : never

/**
 * What an update is computed from.
 *
 * @category models
 * @since 0.1.0
 */
export interface UpdateInputs<S, H> {
  readonly gradients: Vector.Vector
  readonly state: StateExprs<S>
  readonly parameters: Vector.Vector
  /** The hyperparameters at a step count: the number of updates made before this one. */
  readonly hyperparameters: (count: Expr.Expr<readonly []>) => { readonly [K in keyof H]: Expr.Expr<readonly []> }
}

/**
 * What an update gives: what to add to the parameters, and the next state.
 *
 * @category models
 * @since 0.1.0
 */
export interface UpdateOutputs<S> {
  readonly updates: Vector.Vector
  readonly state: StateExprs<S>
}

/**
 * The definition of an optimiser, for every specification of parameters at once.
 *
 * @category models
 * @since 0.1.0
 */
export interface Definition<T extends object, H extends Readonly<Record<string, Hyperparameter.Hyperparameter>>> {
  readonly name: string
  readonly hyperparameters: H
  readonly init: (parameters: Vector.Vector) => T
  readonly update: (inputs: UpdateInputs<TemplateOf<NoInfer<T>>, H>) => UpdateOutputs<TemplateOf<NoInfer<T>>>
}

/** @internal */
export interface UntypedDefinition {
  readonly init: (parameters: Vector.Vector) => StateTree
  readonly update: (inputs: {
    readonly gradients: Vector.Vector
    readonly state: unknown
    readonly parameters: Vector.Vector
  }) => { readonly updates: Vector.Vector; readonly state: unknown }
}

class OptimizerImpl extends PipeableClass {
  readonly [TypeId] = TypeId
  readonly name: string
  readonly rendered: string
  readonly definition: UntypedDefinition
  constructor(name: string, rendered: string, definition: UntypedDefinition) {
    super()
    this.name = name
    this.rendered = rendered
    this.definition = definition
  }
  toJSON() {
    return { _id: "Optimizer", name: this.name, description: this.rendered }
  }
  override toString(): string {
    return this.rendered
  }
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.rendered
  }
}

/** @internal */
export const fromDefinition = <O>(name: string, rendered: string, definition: UntypedDefinition): O =>
  new OptimizerImpl(name, rendered, definition) as unknown as O

/** @internal */
export const definitionOf = (self: Any): UntypedDefinition => (self as unknown as OptimizerImpl).definition

/**
 * Makes an optimiser from its definition.
 *
 * **Details**
 *
 * `init` gives the state before the first update, from which the type of the state is inferred; `update` gives what to add to the parameters
 * and the next state. Both see the parameters as `Vector`s, so they hold for every specification; they are called when the optimiser is
 * instantiated, never while training runs. `hyperparameters(count)` gives all hyperparameters at a step count, whether they are numbers,
 * expressions or schedules; their failures and requirements become those of the optimiser.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Optimizer, Vector } from "@fluxion/optim"
 *
 * const signDescent = (rate: number) =>
 *   Optimizer.make({
 *     name: "signDescent",
 *     hyperparameters: { rate },
 *     init: () => ({ count: Expr.constant(0) }),
 *     update: ({ gradients, hyperparameters, state: { count } }) => ({
 *       updates: Vector.scale(Vector.map(gradients, Expr.sign), Expr.neg(hyperparameters(count).rate)),
 *       state: { count: Expr.add(count, 1) }
 *     })
 *   })
 *
 * console.log(signDescent(0.5)) // signDescent(rate: 0.5)
 * const { update } = Optimizer.instantiate(signDescent(0.5), { w: [] })
 * const result = Fn.runSync(update, { gradients: { w: -7 }, state: { count: 0 }, parameters: { w: 1 } })
 * console.log(result) // { updates: { w: 0.5 }, state: { count: 1 } }
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <T extends object, const H extends Readonly<Record<string, Hyperparameter.Hyperparameter>>>(
  definition: Definition<T, H>
): Optimizer<TemplateOf<T>, Hyperparameter.ErrorOf<H[keyof H]>, Hyperparameter.RequirementsOf<H[keyof H]>> => {
  const entries = Object.entries<Hyperparameter.Hyperparameter>(definition.hyperparameters)
  const hyperparameters = (count: Expr.Expr<readonly []>) =>
    Object.fromEntries(entries.map(([key, value]) => [key, Hyperparameter.at(value, count)]))
  const { init, update } = definition as unknown as UntypedDefinition
  return fromDefinition(
    definition.name,
    `${definition.name}(${entries.map(([key, value]) => `${key}: ${Hyperparameter.render(value)}`).join(", ")})`,
    { init, update: (inputs) => update({ ...inputs, hyperparameters } as never) }
  )
}

/**
 * An optimiser for parameters `P`: two pure programs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Instance<P extends Parameters.Spec, S extends Tree.Spec, E = never, R = never> {
  /** The specification of the parameters. */
  readonly parameters: P
  /** The specification of the state. */
  readonly state: S
  /** From parameters to the state before the first update. */
  readonly init: Fn.Fn<P, S>
  /** From gradients, state and parameters to what to add to the parameters, and the next state. */
  readonly update: Fn.Fn<
    { readonly gradients: P; readonly state: S; readonly parameters: P },
    { readonly updates: P; readonly state: S },
    E,
    R
  >
}

type Child = readonly [key: string, tree: unknown]

const childrenOf = (tree: object): ReadonlyArray<Child> => Object.entries(tree)

const withChildren = (tree: object, children: ReadonlyArray<readonly [string, unknown]>): unknown =>
  Array.isArray(tree) ? children.map(([, child]) => child) : Object.fromEntries(children)

const specOfExpr = (expr: Expr.Any): Tree.Spec =>
  expr.elementType === "real" ? expr.shape : { elementType: expr.elementType, shape: expr.shape }

/** The specification of a state that `init` gave: that of the parameters where a vector stands. */
const stateSpec = (template: unknown, parameters: Parameters.Spec): Tree.Spec => {
  if (Vector.isVector(template)) return parameters
  if (Expr.isExpr(template)) return specOfExpr(template)
  if (typeof template !== "object" || template === null) {
    const actual = template === null ? "null" : typeof template
    throw Shape.error("Optimizer.instantiate", [], `expected a state of vectors and expressions, got ${actual}`)
  }
  const tree = template
  return withChildren(
    tree,
    childrenOf(tree).map(([key, child]) => [key, stateSpec(child, parameters)])
  ) as Tree.Spec
}

/** The leaves of a state: those of a vector all together. */
const stateLeaves = (template: unknown, state: unknown): ReadonlyArray<Expr.Any> => {
  if (Vector.isVector(template)) return (state as Vector.Vector).leaves
  if (Expr.isExpr(template)) return [state as Expr.Any]
  const tree = state as Record<string, unknown>
  return childrenOf(template as object).flatMap(([key, child]) => stateLeaves(child, tree[key]))
}

/** The inverse of `stateLeaves`. */
const stateFromLeaves = (template: unknown, leaves: Iterator<Expr.Any, undefined>): unknown => {
  const take = (): Expr.Any => leaves.next().value!
  if (Vector.isVector(template)) return Vector.make(template.leaves.map(() => take() as Expr.Expr))
  if (Expr.isExpr(template)) return take()
  const tree = template as object
  return withChildren(
    tree,
    childrenOf(tree).map(([key, child]) => [key, stateFromLeaves(child, leaves)])
  )
}

/** @internal */
export const instantiateUntyped = (
  self: Any,
  parameters: Parameters.Spec
): { readonly state: Tree.Spec; readonly init: Fn.Any; readonly update: Fn.Any } => {
  const { init, update } = definitionOf(self)
  const asVector = (leaves: ReadonlyArray<Expr.Any>) => Vector.make(leaves as ReadonlyArray<Expr.Expr>)
  const count = Tree.leaves(parameters).length
  // `init` is asked twice: first for the structure of the state alone.
  const template = init(asVector(Fn.leaves(Fn.unsafeFromLeaves(parameters, parameters, (leaves) => leaves)).inputs))
  const state = stateSpec(template, parameters)
  return {
    state,
    init: Fn.unsafeFromLeaves(parameters, state, (leaves) => stateLeaves(template, init(asVector(leaves)))),
    update: Fn.unsafeFromLeaves(
      { gradients: parameters, state, parameters },
      { updates: parameters, state },
      (leaves) => {
        const outputs = update({
          gradients: asVector(leaves.slice(0, count)),
          state: stateFromLeaves(template, leaves.slice(count, leaves.length - count).values()),
          parameters: asVector(leaves.slice(leaves.length - count))
        })
        return [...outputs.updates.leaves, ...stateLeaves(template, outputs.state)]
      }
    )
  }
}

/**
 * The programs of an optimiser for parameters of a specification.
 *
 * **Details**
 *
 * A definition whose update gives a state of another shape than the first one throws a `ShapeError` that names the place.
 *
 * @example
 * ```ts
 * import { Fn, Tensor } from "@fluxion/core"
 * import { momentum, Optimizer } from "@fluxion/optim"
 *
 * const { init, update } = Optimizer.instantiate(momentum(0.1, { decay: 0.5 }), { w: [2] })
 * const parameters = { w: Tensor.make([1, 1]) }
 * const state = Fn.runSync(init, parameters)
 * console.log(state) // { count: 0, velocity: { w: [0, 0] } }
 * console.log(Fn.runSync(update, { gradients: { w: Tensor.make([10, 20]) }, state, parameters }).updates) // { w: [-1, -2] }
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const instantiate: {
  <const P extends Parameters.Spec>(
    parameters: P
  ): <S, E, R>(self: Optimizer<S, E, R>) => Instance<P, StateSpec<S, P>, E, R>
  <S, E, R, const P extends Parameters.Spec>(
    self: Optimizer<S, E, R>,
    parameters: P
  ): Instance<P, StateSpec<S, P>, E, R>
} = dual(2, (self: Any, parameters: Parameters.Spec) => ({
  parameters,
  ...instantiateUntyped(self, parameters)
})) as never
