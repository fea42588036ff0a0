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
import { Fn, Shape, Tree, type Expr } from "@fluxion/core"
import { dual } from "effect/Function"
import { Class as PipeableClass, type Pipeable } from "effect/Pipeable"
import * as Hyperparameter from "./Hyperparameter.ts"
import type * as Parameters from "./Parameters.ts"

const TypeId = "~@fluxion/optim/Optimizer"

/**
 * How the state of an optimiser depends on the parameters: a function of types.
 *
 * **Details**
 *
 * An optimiser extends this interface and passes `this["parameters"]` to a type alias that says where its state holds trees like the parameters.
 *
 * @example
 * ```ts
 * import { Optimizer } from "@fluxion/optim"
 *
 * type Velocity<P> = { readonly velocity: P }
 * interface VelocityType extends Optimizer.StateType {
 *   readonly state: Velocity<this["parameters"]>
 * }
 * const state: Optimizer.StateOf<VelocityType, { readonly w: readonly [3] }> = { velocity: { w: [3] } }
 * console.log(state) // { velocity: { w: [ 3 ] } }
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface StateType {
  readonly parameters: unknown
  readonly state: unknown
}

/**
 * The specification of the state for parameters `P`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type StateOf<F extends StateType, P> = (F & { readonly parameters: P })["state"]

/**
 * `StateOf`, known to be a specification.
 *
 * @category type-level
 * @since 0.1.0
 */
export type StateSpec<F extends StateType, P> = StateOf<F, P> extends infer S extends Tree.Spec ? S : never

/**
 * A transformation of gradients into updates, for parameters of any specification.
 *
 * **Details**
 *
 * `F` gives the type of its state, `E` and `R` are the failures and requirements that its hyperparameters bring.
 *
 * @category models
 * @since 0.1.0
 */
export interface Optimizer<in out F extends StateType, out E = never, out R = never> extends Pipeable {
  readonly [TypeId]: {
    readonly _F: (_: F) => F
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
    readonly _F: (_: never) => unknown
    readonly _E: (_: never) => unknown
    readonly _R: (_: never) => unknown
  }
  readonly name: string
}

/**
 * The function of types that gives the state of an optimiser.
 *
 * @category type-level
 * @since 0.1.0
 */
export type StateTypeOf<O> = O extends Optimizer<infer F, unknown, unknown> ? F : never

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
 * What an update is computed from, as expressions.
 *
 * @category models
 * @since 0.1.0
 */
export interface UpdateInputs<P extends Parameters.Spec, S, H> {
  readonly gradients: Tree.Exprs<P>
  readonly state: Tree.Exprs<S>
  readonly parameters: Tree.Exprs<P>
  /** The hyperparameters at a step count: the number of updates made before this one. */
  readonly hyperparameters: (count: Expr.Expr<readonly []>) => { readonly [K in keyof H]: Expr.Expr<readonly []> }
}

/**
 * What an update gives, as expressions.
 *
 * @category models
 * @since 0.1.0
 */
export interface UpdateOutputs<P extends Parameters.Spec, S> {
  /** What to add to the parameters. */
  readonly updates: Tree.Exprs<P>
  readonly state: Tree.Exprs<S>
}

/**
 * The definition of an optimiser, for every specification `P` of parameters at once.
 *
 * @category models
 * @since 0.1.0
 */
export interface Definition<F extends StateType, H extends Readonly<Record<string, Hyperparameter.Hyperparameter>>> {
  readonly name: string
  readonly hyperparameters: H
  readonly init: <P extends Parameters.Spec>(spec: P, parameters: Tree.Exprs<P>) => Tree.Exprs<StateOf<F, P>>
  readonly update: <P extends Parameters.Spec>(
    spec: P,
    inputs: UpdateInputs<P, StateOf<F, P>, H>
  ) => UpdateOutputs<P, StateOf<F, P>>
}

/** @internal */
export interface UntypedDefinition {
  readonly init: (spec: Parameters.Spec, parameters: unknown) => unknown
  readonly update: (
    spec: Parameters.Spec,
    inputs: { readonly gradients: unknown; readonly state: unknown; readonly parameters: unknown }
  ) => { readonly updates: unknown; readonly state: unknown }
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
 * `Optimizer.make<State>()(definition)`, where `State` extends `StateType`. `init` and `update` are called once for each `instantiate`,
 * with expressions; they work on whole trees (see `Parameters.map`). `hyperparameters(count)` gives the values of all hyperparameters
 * at a step count, whether they are numbers, expressions or schedules; their failures and requirements become those of the optimiser.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Hyperparameter, Optimizer, Parameters } from "@fluxion/optim"
 *
 * interface SignState extends Optimizer.StateType {
 *   readonly state: { readonly count: readonly [] }
 * }
 * const signDescent = <const H extends Hyperparameter.Hyperparameter>(rate: H) =>
 *   Optimizer.make<SignState>()({
 *     name: "signDescent",
 *     hyperparameters: { rate },
 *     init: () => ({ count: Expr.constant(0) }),
 *     update: (spec, { gradients, hyperparameters, state: { count } }) => ({
 *       updates: Parameters.map(spec, (g) => Expr.neg(Expr.mul(hyperparameters(count).rate, Expr.sign(g))), gradients),
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
export const make =
  <F extends StateType>() =>
  <const H extends Readonly<Record<string, Hyperparameter.Hyperparameter>>>(
    definition: Definition<F, H>
  ): Optimizer<F, Hyperparameter.ErrorOf<H[keyof H]>, Hyperparameter.RequirementsOf<H[keyof H]>> => {
    const entries = Object.entries(definition.hyperparameters)
    const hyperparameters = (count: Expr.Expr<readonly []>) =>
      Object.fromEntries(entries.map(([key, value]) => [key, Hyperparameter.at(value, count)]))
    const { init, update } = definition as unknown as UntypedDefinition
    return fromDefinition(
      definition.name,
      `${definition.name}(${entries.map(([key, value]) => `${key}: ${Hyperparameter.render(value)}`).join(", ")})`,
      { init, update: (spec, inputs) => update(spec, { ...inputs, hyperparameters } as never) }
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

/**
 * The programs of an optimiser for parameters of a specification.
 *
 * **Details**
 *
 * A definition whose update gives updates or a state of other shapes than the parameters or the first state throws a `ShapeError`.
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
  ): <F extends StateType, E, R>(self: Optimizer<F, E, R>) => Instance<P, StateSpec<F, P>, E, R>
  <F extends StateType, E, R, const P extends Parameters.Spec>(
    self: Optimizer<F, E, R>,
    parameters: P
  ): Instance<P, StateSpec<F, P>, E, R>
} = dual(2, (self: Any, parameters: Parameters.Spec) => {
  const definition = definitionOf(self)
  const init: Fn.Any = Fn.make(parameters, (exprs) => definition.init(parameters, exprs) as Tree.ExprTree)
  const state = init.outputs as Tree.Spec
  const update: Fn.Any = Fn.make({ gradients: parameters, state, parameters }, (inputs) => {
    const outputs = definition.update(parameters, inputs as never)
    return { updates: outputs.updates, state: outputs.state } as { readonly [key: string]: Tree.ExprTree }
  })
  const expected = Tree.render({ updates: parameters, state })
  const actual = Tree.render(update.outputs as Tree.Spec)
  if (expected !== actual) {
    throw Shape.error("Optimizer.instantiate", [], `${self.name}: expected the update to give ${expected}, got ${actual}`)
  }
  return { parameters, state, init, update }
}) as never
