/**
 * The Jacobian by whichever mode needs fewer passes.
 *
 * @since 0.1.0
 */
import { Fn, Shape, type Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { dual } from "effect/Function"

/**
 * A mode of differentiation.
 *
 * @category models
 * @since 0.1.0
 */
export type Mode = "forward" | "reverse"

/**
 * How to take a Jacobian: by the cheaper mode (`"auto"`, the default), or by a given one.
 *
 * @category options
 * @since 0.1.0
 */
export interface JacobianOptions<M extends Mode | "auto" = Mode | "auto"> {
  readonly mode?: M
}

/**
 * `unknown` when a program with the requirements `R` supports the mode `M`, otherwise a `Mismatch` that says why not.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckMode<R, M> = "forward" extends M ? Forward.CheckForward<R> : unknown

/**
 * Which mode takes the Jacobian of a program in fewer passes, and the counts that decide.
 *
 * @category models
 * @since 0.1.0
 */
export interface ModeChoice {
  readonly mode: Mode
  /** Elements of real inputs: the passes that forward mode needs. */
  readonly inputElements: number
  /** Elements of real outputs: the passes that reverse mode needs. */
  readonly outputElements: number
}

const elements = (leaves: ReadonlyArray<Tree.PathAndType>): number =>
  leaves.reduce((sum, { type }) => sum + (type.elementType === "real" ? Shape.size(type.shape) : 0), 0)

/**
 * Chooses the mode that takes the Jacobian of a program in fewer passes.
 *
 * **Details**
 *
 * Forward mode takes one pass for each input element, reverse mode one for each output element; forward mode wins ties, for it
 * keeps nothing for a backward sweep (Griewank and Walther 2008, section 3.1). A program that supports reverse mode only (see `Expr.customVjp`) is
 * taken by reverse mode.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [10] }, ({ x }) => Expr.sum(Expr.sin(x)))
 * console.log(Calculus.chooseMode(f)) // { mode: 'reverse', inputElements: 10, outputElements: 1 }
 * ```
 *
 * @category choices
 * @since 0.1.0
 */
export const chooseMode = (f: Fn.Any): ModeChoice => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  const inputElements = elements(inputLeaves)
  const outputElements = elements(outputLeaves)
  const mode = inputElements <= outputElements && Fn.supportsForward(f) ? "forward" : "reverse"
  return { mode, inputElements, outputElements }
}

/**
 * The Jacobian of a program, as a program, by the mode that needs fewer passes.
 *
 * **Details**
 *
 * At each output leaf of shape `o` stands the tree of the real inputs, with leaves of shape `[...o, ...i]`. `{ mode }` overrides the choice
 * (see `chooseMode`). Failures and requirements are those of `f`. The cost is that of `Forward.jacobian` or `Reverse.jacobian`.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([2], (x) => Expr.mul(x, x))
 * console.log(`${Fn.runSync(Calculus.jacobian(f), Tensor.make([3, 4]))}`) // [[6, 0], [0, 8]]
 * console.log(`${Fn.runSync(Calculus.jacobian(f, { mode: "reverse" }), Tensor.make([3, 4]))}`) // [[6, 0], [0, 8]]
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const jacobian: {
  <const M extends Mode | "auto" = "auto">(
    options: JacobianOptions<M>
  ): <I extends Tree.Spec, O, E, R>(
    f: Fn.Fn<I, O, E, R> & CheckMode<R, M>
  ) => Fn.Fn<I, Tree.Jacobian<Tree.Tangent<O>, Tree.Tangent<I>>, E, R>
  <I extends Tree.Spec, O, E, R, const M extends Mode | "auto" = "auto">(
    f: Fn.Fn<I, O, E, R> & CheckMode<R, M>,
    options?: JacobianOptions<M>
  ): Fn.Fn<I, Tree.Jacobian<Tree.Tangent<O>, Tree.Tangent<I>>, E, R>
} = dual(
  (args) => Fn.isFn(args[0]),
  <I extends Tree.Spec, O, E, R>(f: Fn.Fn<I, O, E, R>, options?: JacobianOptions) => {
    const wanted = options?.mode ?? "auto"
    const mode = wanted === "auto" ? chooseMode(f).mode : wanted
    return mode === "forward" ? Forward.jacobian(f as Fn.Fn<I, O, E>) : Reverse.jacobian(f)
  }
) as never
