// scan keeps carries, and is pulled back by a scan in the other direction.

import { type Algebra, Body, Fn, type Primitive, type Type } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { ControlContext, ControlVjpRule, Evaluated } from "../../VjpRule.ts"
import { evaluate, isCheckpointed, pullBack } from "./checkpoint.ts"
import { scanActivity, scanPullback } from "./scanPullback.ts"
import { type Flags, materialize, nonZero, present, remember, select, split, spread } from "./shared.ts"

/** The carries that a pullback may read, whichever results have a cotangent. */
const savedCarries = (context: ControlContext<"scan">): { readonly active: Flags; readonly saved: Flags } => {
  const { active, results } = scanActivity(context)
  return { active, saved: scanPullback(context.attributes, active, results, context.trace).pruned.kept[3]! }
}

/** The body of a scan that also emits some of the carries before each step. */
const scanSaving = ({ body, carries, consts }: Primitive.ScanAttributes, saved: Flags): Primitive.Body =>
  remember(body, ["saving", consts, carries, saved], () =>
    Body.make(Body.inputTypes(body), (inputs) => [
      ...Body.interpret(body, Fn.expressions, inputs),
      ...select(inputs.slice(consts, consts + carries), saved)
    ])
  )

export const scan: ControlVjpRule<"scan"> = {
  active: (context) => scanActivity(context).results,
  forward: <A>(algebra: Algebra<A>, operands: ReadonlyArray<A>, context: ControlContext<"scan">): Evaluated<A> => {
    const { attributes } = context
    if (isCheckpointed(attributes)) return evaluate(algebra, operands, context)
    const body = scanSaving(attributes, savedCarries(context).saved)
    const results = algebra.applyMany("scan", { ...attributes, body }, operands)
    const own = attributes.body.outputNodes.length
    return { results: results.slice(0, own), residuals: results.slice(own) }
  },
  pullback: <A>(
    algebra: Algebra<A>,
    cotangents: ReadonlyArray<A | Zero>,
    operands: ReadonlyArray<A>,
    evaluated: Evaluated<A>,
    context: ControlContext<"scan">
  ) => {
    const { attributes, trace, varies } = context
    const { carries, consts, length, reverse } = attributes
    const { active, saved } = savedCarries(context)
    const given = present(cotangents)
    const { carried, pruned, pulled } = scanPullback(attributes, active, given, trace)
    const [toShared, , toXs] = split(pulled, [consts, carries]) as [Flags, Flags, Flags]
    const [shared, init, xs] = split(operands, [consts, carries]) as [
      ReadonlyArray<A>,
      ReadonlyArray<A>,
      ReadonlyArray<A>
    ]
    const [keptShared, , , keptBefore, keptXs] = pruned.kept as [Flags, Flags, Flags, Flags, Flags]
    const types = (list: ReadonlyArray<A>): Array<Type.Type> => list.map(algebra.typeOf)
    const sharedTypes = select(types(shared), toShared)
    const state = [
      ...materialize(algebra, select(cotangents.slice(0, carries), carried), select(types(init), carried)),
      ...materialize(algebra, sharedTypes.map(() => Zero) as Array<A | Zero>, sharedTypes)
    ]
    const ofYs = nonZero(cotangents.slice(carries))
    const readsCarries = keptBefore.includes(true)
    const before = readsCarries && !isCheckpointed(attributes) ? spread(evaluated.residuals, saved) : []
    const back =
      readsCarries && isCheckpointed(attributes)
        ? pullBack(algebra, operands, state, ofYs, given, evaluated.residuals, context)
        : algebra.applyMany(
            "scan",
            {
              body: pruned.body,
              consts: select(shared, keptShared).length,
              carries: state.length,
              length,
              reverse: !reverse,
              checkpoint: "all"
            },
            [
              ...select(shared, keptShared),
              ...state,
              ...(select(before, keptBefore) as Array<A>),
              ...select(xs, keptXs),
              ...ofYs
            ]
          )
    const [ofCarries, ofShared, ofXs] = split(back, [carried.filter(Boolean).length, sharedTypes.length]) as [
      ReadonlyArray<A>,
      ReadonlyArray<A>,
      ReadonlyArray<A>
    ]
    const all = [...spread(ofShared, toShared), ...spread(ofCarries, carried), ...spread(ofXs, toXs)]
    return all.map((x, i) => (varies[i] === true ? x : Zero))
  }
}
