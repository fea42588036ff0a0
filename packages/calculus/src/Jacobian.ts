/**
 * The Jacobian by the mode that takes fewer operations: forward, reverse, or one for each of two parts.
 *
 * @since 0.1.0
 */
import { Fn, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { dual } from "effect/Function"
import * as Cost from "./Cost.ts"
import { bestCut, type Cut, cutBlocks } from "./internal/cut.ts"
import { elementsOf, type PassCosts, passCosts, shapesOf } from "./internal/passes.ts"

/**
 * A mode of differentiation; `"mixed"` takes each of two parts of a program by its own mode.
 *
 * @category models
 * @since 0.1.0
 */
export type Mode = "forward" | "reverse" | "mixed"

/**
 * How to take a Jacobian: by the cheapest mode (`"auto"`, the default), or by a given one.
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
export type CheckMode<R, M> = [Extract<M, "forward" | "mixed">] extends [never] ? unknown : Forward.CheckForward<R>

/**
 * What the Jacobian of a program costs by one mode.
 *
 * @category models
 * @since 0.1.0
 */
export interface ModeCost {
  /** How many passes the whole Jacobian takes: real input elements in forward mode, real output elements in reverse mode. */
  readonly passes: number
  /** The operations of one pass in which all inputs (outputs) take part: the evaluation of the program and its tangent (its adjoint). */
  readonly pass: Cost.OperationCounts
  /** The operations of all passes, over one evaluation of the program. */
  readonly total: Cost.OperationCounts
}

/**
 * What the Jacobian of a program costs when it is cut in two.
 *
 * @category models
 * @since 0.1.0
 */
export interface MixedCost {
  /** The first part is the first `before` of the program's `operations`. */
  readonly before: number
  readonly operations: number
  /** Real elements that cross the cut. */
  readonly elements: number
  readonly first: { readonly mode: "forward" | "reverse"; readonly passes: number }
  readonly second: { readonly mode: "forward" | "reverse"; readonly passes: number }
  /** The operations of the Jacobians of both parts, and of their product. */
  readonly total: Cost.OperationCounts
}

/**
 * Which mode takes the Jacobian of a program in fewer operations, and the counts that decide.
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
  /** The operations of one evaluation of the program. */
  readonly primal: Cost.OperationCounts
  /** None for a program that supports reverse mode only. */
  readonly forward: ModeCost | undefined
  readonly reverse: ModeCost
  /** The best cut that was found; none is looked for where there is one input or one output element. */
  readonly mixed: MixedCost | undefined
  /** Why, in words. */
  readonly reason: string
}

/** A mix also stacks and moves blocks, which no arithmetic counts: it has to save more than a fifth. */
const worthwhile = 0.8

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? "" : "es"}`

const describe = (name: string, { passes, total }: Pick<ModeCost, "passes" | "total">): string =>
  `${name} mode takes ${plural(passes, "pass")} and ${Cost.arithmetic(total)} operations`

const describeCut = ({ before, elements, first, operations, second, total }: MixedCost): string =>
  `cut after ${before} of ${operations} steps, where ${elements} ${elements === 1 ? "element crosses" : "elements cross"}, ` +
  `${first.mode} mode for the first part (${plural(first.passes, "pass")}) and ${second.mode} mode for the second ` +
  `(${plural(second.passes, "pass")}) take ${Cost.arithmetic(total)}`

const mixedCost = ({ before, elements, first, operations, second, total }: Cut): MixedCost => ({
  before,
  operations,
  elements,
  first: { mode: first.mode, passes: first.passes },
  second: { mode: second.mode, passes: second.passes },
  total
})

/** @internal */
export const decide = (f: Fn.Any, { forward, primal, reverse }: PassCosts, cut: Cut | undefined): ModeChoice => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  const mixed = cut === undefined ? undefined : mixedCost(cut)
  const [a, b] = [forward === undefined ? Infinity : Cost.arithmetic(forward.total), Cost.arithmetic(reverse.total)]
  const single = a <= b ? "forward" : "reverse"
  const mode = mixed !== undefined && Cost.arithmetic(mixed.total) < worthwhile * Math.min(a, b) ? "mixed" : single
  const described = (own: "forward" | "reverse"): string => {
    const cost = own === "forward" ? forward : reverse
    return cost === undefined ? `${own} mode is not supported` : describe(own, cost)
  }
  const reason =
    `${described(single)}, ${described(single === "forward" ? "reverse" : "forward")}` +
    (mixed === undefined || mode !== "mixed" ? "" : `; ${describeCut(mixed)}`)
  return {
    mode,
    inputElements: elementsOf(inputLeaves),
    outputElements: elementsOf(outputLeaves),
    primal,
    forward,
    reverse,
    mixed,
    reason
  }
}

/** @internal */
export const cutOf = (f: Fn.Any): Cut | undefined => {
  const { inputLeaves, outputLeaves } = Fn.specs(f)
  // With one input or output element a single pass gives all: no cut can save any.
  return Math.min(elementsOf(inputLeaves), elementsOf(outputLeaves)) > 1 && Fn.supportsForward(f)
    ? bestCut(f)
    : undefined
}

/**
 * Chooses the mode that takes the Jacobian of a program in fewer operations.
 *
 * **Details**
 *
 * Forward mode takes one pass for each input element, reverse mode one for each output element. What the passes execute is counted by running them over shapes
 * (see `Cost.countOperations`; a `whileLoop` counts as one iteration); forward mode wins ties, for it keeps nothing for a backward sweep (Griewank and
 * Walther 2008, section 3.1).
 *
 * Where a program passes through few values, the Jacobian is the product of a narrow and a wide one: a program of 100 inputs, 1 value between and 100 outputs takes
 * one reverse and one forward pass (Griewank and Walther 2008, chapter 9). All places between two operations are weighed as cuts, and the best is taken
 * where it saves more than a fifth.
 *
 * Costs a few interpretations of the program over shapes, at most 16 for inputs and for outputs (with more leaves than that, each pass is counted as one in which
 * all take part). A program that supports reverse mode only (see `Expr.customVjp`) is taken by reverse mode.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [10] }, ({ x }) => Expr.sum(Expr.sin(x)))
 * const { mode, reason } = Calculus.chooseMode(f)
 * console.log(mode) // reverse
 * console.log(reason) // reverse mode takes 1 pass and 39 operations, forward mode takes 10 passes and 309 operations
 *
 * const narrow = Fn.make({ x: [10] }, ({ x }) => Expr.mul(Expr.exp(Expr.sum(Expr.sin(x))), Expr.constant([1, 2, 3, 4, 5])))
 * console.log(Calculus.chooseMode(narrow).mode) // mixed
 * ```
 *
 * @category choices
 * @since 0.1.0
 */
export const chooseMode = (f: Fn.Any): ModeChoice => decide(f, passCosts(f, shapesOf(f)), cutOf(f))

const mixedJacobian = (f: Fn.Any, cut: Cut): Fn.Any => {
  const { inputs, outputs } = Fn.specs(f)
  const tangents = Tree.tangentSpec(inputs)
  const spec = Tree.mapSpec(Tree.tangentSpec(outputs), (output) =>
    Tree.mapSpec(tangents, (input) => [...output.type.shape, ...input.type.shape])
  )
  return Fn.unsafeFromLeaves(inputs, spec, (leaves) => cutBlocks(cut, Fn.expressions, leaves).rows.flat())
}

/**
 * The Jacobian of a program, as a program, by the mode that takes fewer operations.
 *
 * **Details**
 *
 * At each output leaf of shape `o` stands the tree of the real inputs, with leaves of shape `[...o, ...i]`. `{ mode }` overrides the choice
 * (see `chooseMode`); where a program has no place to be cut, `"mixed"` is the cheaper of the other two. Failures and requirements are those of `f`. The cost is that of
 * `Forward.jacobian` or `Reverse.jacobian`, or of both for the parts.
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
    if (wanted === "forward") return Forward.jacobian(f as Fn.Fn<I, O, E>)
    if (wanted === "reverse") return Reverse.jacobian(f)
    const costs = passCosts(f, shapesOf(f))
    const cut = wanted === "mixed" ? bestCut(f) : cutOf(f)
    const { mode } = decide(f, costs, wanted === "mixed" ? undefined : cut)
    if (cut !== undefined && (wanted === "mixed" || mode === "mixed")) return mixedJacobian(f, cut) as never
    return mode === "forward" ? Forward.jacobian(f as Fn.Fn<I, O, E>) : Reverse.jacobian(f)
  }
) as never
