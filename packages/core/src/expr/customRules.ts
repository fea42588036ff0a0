import { dual } from "effect/Function"
import * as Fn from "../Fn.ts"
import { applyMany } from "../internal/apply.ts"
import { copyingAlgebra } from "../internal/expressionAlgebra.ts"
import { readLike } from "../internal/exprTree.ts"
import { unwatched } from "../internal/guards.ts"
import { FreeVariable, interpret } from "../internal/interpret.ts"
import { fromNode, toNode } from "../internal/lift.ts"
import { input, type Node } from "../internal/node.ts"
import { type Body, schedule } from "../internal/schedule.ts"
import type * as Primitive from "../Primitive.ts"
import type * as Shape from "../Shape.ts"
import * as Tree from "../Tree.ts"
import type * as Type from "../Type.ts"
import type { CheckTree } from "./controlFlow.ts"
import type { Any } from "./model.ts"

// -----------------------------------------------------------------------------
// Types
// -----------------------------------------------------------------------------

/**
 * What the JVP rule of a program from `I` to `O` is given, as expressions: inputs, outputs, and the tangents of the inputs.
 *
 * @category custom rules
 * @since 0.1.0
 */
export interface JvpArguments<I, O> {
  readonly primals: Tree.Exprs<I>
  readonly outputs: Tree.Exprs<O>
  readonly tangents: Tree.Exprs<Tree.Tangent<I>>
}

/**
 * What the VJP rule of a program from `I` to `O` is given, as expressions: inputs, outputs, and the cotangents of the outputs.
 *
 * @category custom rules
 * @since 0.1.0
 */
export interface VjpArguments<I, O> {
  readonly primals: Tree.Exprs<I>
  readonly outputs: Tree.Exprs<O>
  readonly cotangents: Tree.Exprs<Tree.Tangent<O>>
}

// Of trees of unknown structure nothing is known; there the recursion has to end. Whatever there is fits a record without fields.
type NonEmpty<T> = T extends unknown ? ([keyof T] extends [never] ? never : T) : never
type RuleErrors<T> = [Tree.ExprTree] extends [NonEmpty<T>] ? unknown : Tree.ErrorOf<T>
type RuleRequirements<T> = [Tree.ExprTree] extends [NonEmpty<T>] ? never : Tree.RequirementsOf<T>

type CheckRequirements<R> = [R] extends [Fn.Runnable]
  ? unknown
  : Shape.Mismatch<"a rule requires nothing: what it needs is an input of the program">

/**
 * `unknown` when the tree `T` has the tangents of the outputs `O` (which carry no requirements), otherwise a `Mismatch` that names the path.
 *
 * @category custom rules
 * @since 0.1.0
 */
export type CheckTangents<O, T> = CheckTree<Tree.Exprs<Tree.Tangent<O>>, T, "tangents"> &
  CheckRequirements<RuleRequirements<T>>

/**
 * `unknown` when the tree `C` has the cotangents of the inputs `I` (which carry no requirements), otherwise a `Mismatch` that names the path.
 *
 * @category custom rules
 * @since 0.1.0
 */
export type CheckCotangents<I, C> = CheckTree<Tree.Exprs<Tree.Tangent<I>>, C, "cotangents"> &
  CheckRequirements<RuleRequirements<C>>

/**
 * `unknown` when a program requires nothing, otherwise a `Mismatch` that says so.
 *
 * @category custom rules
 * @since 0.1.0
 */
export type CheckProgram<R> = [R] extends [Fn.Runnable]
  ? unknown
  : Shape.Mismatch<"a program with a rule of its own requires nothing: make what it needs an input first">

/**
 * The rules of `customVjp`: a VJP rule, or one beside a JVP rule.
 *
 * @category custom rules
 * @since 0.1.0
 */
export type VjpRules<I, O, C, T> =
  | (((given: VjpArguments<I, O>) => C) & CheckCotangents<I, C>)
  | {
      readonly vjp: ((given: VjpArguments<I, O>) => C) & CheckCotangents<I, C>
      readonly jvp: ((given: JvpArguments<I, O>) => T) & CheckTangents<O, T>
    }

/**
 * What a program with rules that return the trees `C` and `T` requires: `ReverseOnly` where there is no JVP, so that `T` is `never`.
 *
 * @category custom rules
 * @since 0.1.0
 */
export type VjpRequirements<C, T> = [T] extends [never] ? Fn.ReverseOnly : RuleRequirements<C> | RuleRequirements<T>

// -----------------------------------------------------------------------------
// Building
// -----------------------------------------------------------------------------

const isReal = ({ type }: Tree.PathAndType): boolean => type.elementType === "real"

/** A body on inputs of its own. What depends on an input of another program is refused: its derivative would be lost. */
const closed = (
  operation: string,
  what: string,
  inputs: ReadonlyArray<{ readonly label: string; readonly type: Type.Type }>,
  build: (inputs: ReadonlyArray<Node>) => ReadonlyArray<Node>
): Body => {
  const inputNodes = inputs.map(({ label, type }) => input(label, type))
  const body = { inputNodes, outputNodes: unwatched(() => build(inputNodes)) }
  const { inputIndex, nodes } = schedule(body, false)
  const stray = nodes.find((node, i) => node._tag === "Input" && inputIndex[i]! < 0)
  if (stray !== undefined) {
    throw new FreeVariable(
      stray,
      `${operation}: ${what} uses it, and the derivative with respect to it would be lost: make it an input of the program`
    )
  }
  return body
}

type Rule = (given: never) => unknown

const withRules = (operation: string, self: Fn.Any, rules: { readonly jvp?: Rule; readonly vjp?: Rule }): Fn.Any => {
  const { inputLeaves, inputs, outputLeaves, outputs } = Fn.specs(self)
  const labels = (prefix: string, leaves: ReadonlyArray<Tree.PathAndType>) =>
    leaves.map(({ path, type }) => ({ label: path === "" ? prefix : `${prefix}.${path}`, type }))
  const body = closed(operation, "the program", labels("x", inputLeaves), (nodes) =>
    interpret(Fn.toBody(self), copyingAlgebra, nodes)
  )
  const ruleBody = (
    name: "jvp" | "vjp",
    rule: Rule,
    [given, givenSpec, givenLeaves]: readonly [string, Tree.Spec, ReadonlyArray<Tree.PathAndType>],
    [computed, computedSpec]: readonly [string, Tree.Spec]
  ): Body => {
    const places = [
      ...labels("primals", inputLeaves),
      ...labels("outputs", outputLeaves),
      ...labels(given, givenLeaves.filter(isReal))
    ]
    const first = inputLeaves.length
    const second = first + outputLeaves.length
    return closed(operation, `the ${name} rule`, places, (nodes) => {
      const result = rule({
        primals: Tree.unflatten(inputs, nodes.slice(0, first)),
        outputs: Tree.unflatten(outputs, nodes.slice(first, second)),
        [given]: Tree.unflatten(Tree.tangentSpec(givenSpec), nodes.slice(second))
      } as never)
      return readLike(
        operation,
        computed,
        Tree.tangentSpec(computedSpec),
        result,
        `the tree of the ${name === "jvp" ? "outputs" : "inputs"}`
      )
    })
  }
  const { jvp, vjp } = rules
  const attributes: Primitive.CustomAttributes = {
    body,
    ...(jvp && { jvp: ruleBody("jvp", jvp, ["tangents", inputs, inputLeaves], ["tangents", outputs]) }),
    ...(vjp && { vjp: ruleBody("vjp", vjp, ["cotangents", outputs, outputLeaves], ["cotangents", inputs]) })
  }
  return Fn.unsafeFromLeaves(inputs, outputs, (leaves) =>
    applyMany("custom", attributes, leaves.map(toNode)).map((node) => fromNode<Any>(node))
  )
}

// -----------------------------------------------------------------------------
// Combinators
// -----------------------------------------------------------------------------

/**
 * A program with a rule of its own for its derivative: how it carries tangents forward.
 *
 * **Details**
 *
 * The rule is a program too. It is given inputs, outputs and tangents of the inputs as expressions, and returns the tangents of the outputs: a tree
 * like the outputs, without the leaves that are not real. A tree that does not fit is a type error where shapes are literal, and a `ShapeError` with the path
 * otherwise. The rule must be linear in the tangents; then both modes follow from it: reverse mode transposes it. Higher derivatives are those of the
 * rule's own operations.
 *
 * The result has the inputs, outputs and failures of the program, and the failures of the rule, which it can raise only where it is differentiated. Applied,
 * it is one node. In derivatives the rule is one `call` for each application. A tangent that is zero by structure beside others that are not is given as an array
 * of zeros; where a factor may be infinite, multiply it by `mulStrongZero`.
 *
 * The rule sees what it is given and constants. Using an expression of an enclosing program in the rule or in the program throws: its derivative would be
 * lost. Make it an input.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 * import * as Reverse from "@fluxion/reverse-mode"
 *
 * // log(1 + exp(x)): where exp(x) overflows, the chain rule gives 0.
 * const naive = Fn.make([], (x) => Expr.log1p(Expr.exp(x)))
 * const stable = naive.pipe(
 *   Expr.customJvp(({ primals, tangents }) => Expr.mul(tangents, Expr.sub(1, Expr.div(1, Expr.add(1, Expr.exp(primals))))))
 * )
 * console.log(Fn.runSync(Reverse.grad(naive), 1000)) // 0
 * console.log(Fn.runSync(Reverse.grad(stable), 1000), Fn.runSync(Forward.derivative(stable), 0)) // 1 0.5
 * ```
 *
 * @category custom rules
 * @since 0.1.0
 */
export const customJvp: {
  <I extends Tree.Spec, O, const T extends Tree.ExprTree>(
    rule: ((given: JvpArguments<I, O>) => T) & CheckTangents<O, T>
  ): <E, R>(self: Fn.Fn<I, O, E, R> & CheckProgram<R>) => Fn.Fn<I, O, E | RuleErrors<T>, RuleRequirements<T>>
  <I extends Tree.Spec, O, E, R, const T extends Tree.ExprTree>(
    self: Fn.Fn<I, O, E, R> & CheckProgram<R>,
    rule: ((given: JvpArguments<I, O>) => T) & CheckTangents<O, T>
  ): Fn.Fn<I, O, E | RuleErrors<T>, RuleRequirements<T>>
} = dual(2, (self: Fn.Any, rule: Rule) => withRules("customJvp", self, { jvp: rule })) as never

/**
 * A program with a rule of its own for its derivative: how it pulls cotangents back, and, if given, how it carries tangents forward.
 *
 * **Details**
 *
 * The rules are programs. The VJP rule is given inputs, outputs and cotangents of the outputs as expressions, and returns the cotangents of the inputs: a tree
 * like the inputs, without the leaves that are not real. The JVP rule is that of `customJvp`. Trees that do not fit are type errors where shapes are literal, and a
 * `ShapeError` with the path otherwise.
 *
 * With a VJP alone the program supports reverse mode only, to any order, and its type says so: it requires `ReverseOnly`, with which it runs, but is a type error in
 * forward mode. (Where reverse mode should transpose a JVP, use `customJvp`.) Higher derivatives are those of the rule's own operations.
 *
 * The rules are used as they are written. One that is not linear in the cotangents (clipping) is allowed; it is not the derivative of
 * anything, so modes and orders need not agree with each other. A cotangent that is zero by structure beside others that are not is given as an array of zeros;
 * where a factor may be infinite, multiply it by `mulStrongZero`.
 *
 * Failures, nodes and captured expressions are as for `customJvp`.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import * as Reverse from "@fluxion/reverse-mode"
 *
 * // Rounds, and lets the gradient through as if it did not.
 * const straightThrough = Fn.make([3], (x) => Expr.round(x)).pipe(Expr.customVjp(({ cotangents }) => cotangents))
 * const f = Fn.make([3], (x) => Expr.sum(Expr.square(Fn.apply(straightThrough, x))))
 * console.log(`${Fn.runSync(Reverse.grad(f), Tensor.make([0.75, 2, -1.25]))}`) // [2, 4, -2]
 *
 * // The gradient that flows back through here is between -1 and 1.
 * const identity = Fn.make([3], (x) => x)
 * const clipped = Expr.customVjp(identity, ({ cotangents }) => Expr.clamp(cotangents, -1, 1))
 * const g = Fn.make([3], (x) => Expr.sum(Expr.exp(Fn.apply(clipped, x))))
 * console.log(`${Fn.runSync(Reverse.grad(g), Tensor.make([0, 5, 50]))}`) // [1, 1, 1]
 * ```
 *
 * @category custom rules
 * @since 0.1.0
 */
export const customVjp: {
  <I extends Tree.Spec, O, const C extends Tree.ExprTree, const T extends Tree.ExprTree = never>(
    rules: VjpRules<I, O, C, T>
  ): <E, R>(
    self: Fn.Fn<I, O, E, R> & CheckProgram<R>
  ) => Fn.Fn<I, O, E | RuleErrors<C> | RuleErrors<T>, VjpRequirements<C, T>>
  <I extends Tree.Spec, O, E, R, const C extends Tree.ExprTree, const T extends Tree.ExprTree = never>(
    self: Fn.Fn<I, O, E, R> & CheckProgram<R>,
    rules: VjpRules<I, O, C, T>
  ): Fn.Fn<I, O, E | RuleErrors<C> | RuleErrors<T>, VjpRequirements<C, T>>
} = dual(2, (self: Fn.Any, rules: Rule | { readonly vjp: Rule; readonly jvp: Rule }) =>
  withRules("customVjp", self, typeof rules === "function" ? { vjp: rules } : rules)
) as never
