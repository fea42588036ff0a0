// Which of the rules of its own that a program has are not the derivative of what they stand for.

import * as Calculus from "@fluxion/calculus"
import type { Entry } from "@fluxion/calculus/GradientCheck"
import { Expr, Fn, Interpreter, type Primitive, type Tensor, Tree } from "@fluxion/core"
import { Effect, Result } from "effect"
import { patterned } from "./passes.ts"

/** A rule, by the line that built it, and its entries that are wrong; their paths are those of the inputs of the program that the rule is of. */
export interface WrongRule {
  readonly site: string | undefined
  readonly entries: ReadonlyArray<Entry>
}

const isRealExpr = (expr: Expr.Any): expr is Expr.Expr => Expr.view(expr).type.elementType === "real"

/** The paths of the inputs of a program with rules of its own; its body calls them `x`, `x.w`, `x[0]`. */
const pathsOf = ({ body }: Primitive.CustomAttributes): ReadonlyArray<string> =>
  (body.inputNodes as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>).map((input) => {
    const view = Expr.view(input)
    return view._tag === "Input" ? view.label.replace(/^x\.?/, "") : ""
  })

/** A weighted sum of what the rule is of, at given values of its inputs, entry by entry. */
const wrongEntries = (
  attributes: Primitive.CustomAttributes,
  operands: ReadonlyArray<Tensor.Any>,
  options: Calculus.GradientCheckOptions | undefined
): ReadonlyArray<Entry> => {
  const inputs = operands.map(({ elementType, shape }) => ({ elementType, shape }))
  const f = Fn.unsafeFromLeaves(inputs, [], (leaves) => {
    const outputs = Fn.expressions.applyMany("custom", attributes, leaves).filter(isRealExpr)
    const weights = patterned(outputs.map(({ shape }) => shape))
    return [
      outputs.reduce<Expr.Expr<readonly []>>(
        (total, y, i) => Expr.add(total, Expr.sum(Expr.mul(y, weights[i]! as Tensor.Tensor)) as Expr.Expr<readonly []>),
        Expr.constant(0)
      )
    ]
  })
  const at = Tree.fromTensors(inputs, operands)
  const check = Calculus.checkGradient(f as Fn.Fn<Tree.Spec, readonly [], unknown>, at as never, options)
  const result = Effect.runSync(Effect.result(check))
  if (Result.isFailure(result)) return []
  const paths = pathsOf(attributes)
  const byPosition = new Map(Tree.leaves(inputs).map(({ path }, i) => [path, paths[i] ?? path]))
  return result.success.entries
    .filter(({ verdict }) => verdict === "wrong")
    .map((entry) => ({ ...entry, path: byPosition.get(entry.path) ?? entry.path }))
}

/** The wrong rules at the values that they meet when the program runs, in the order in which they are evaluated, a line of code once; those inside of loops and branches are not looked at. */
export const wrongRules = (
  f: Fn.Any,
  at: unknown,
  options: Calculus.GradientCheckOptions | undefined
): ReadonlyArray<WrongRule> => {
  const values = new Map<number, Tensor.Any>()
  const results = new Map<number, ReadonlyArray<Tensor.Any>>()
  const found: Array<WrongRule> = []
  const tensors = Tree.toTensors("toHaveCorrectGradient", f.inputs, at)
  Fn.leaves(f).inputs.forEach((input, i) => values.set(Expr.view(input).id, tensors[i]!))
  for (const node of Fn.nodes(f)) {
    const view = Expr.view(node)
    if (view._tag === "Constant") values.set(view.id, view.value)
    if (view._tag !== "Apply" && view._tag !== "Project") continue
    const operands = view.operands.map((operand) => values.get(Expr.view(operand).id)!)
    if (view._tag === "Apply") {
      values.set(
        view.id,
        Interpreter.algebra.apply(view.primitive, view.attributes as never, operands as never, view.type)
      )
      continue
    }
    if (!results.has(view.of)) {
      results.set(view.of, Interpreter.algebra.applyMany(view.primitive, view.attributes as never, operands))
      const entries =
        view.primitive === "custom"
          ? wrongEntries(view.attributes as Primitive.CustomAttributes, operands, options)
          : []
      if (entries.length > 0 && !found.some(({ site }) => site !== undefined && site === view.site)) {
        found.push({ site: view.site, entries })
      }
    }
    values.set(view.id, results.get(view.of)![view.index]!)
  }
  return found
}
