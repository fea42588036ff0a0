// scan saves carries, and is pulled back by a scan in the other direction.

import { type Algebra, Body, type Expr, Fn, type Primitive, type Type } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { ControlContext, ControlVjpRule, Evaluated } from "../../VjpRule.ts"
import {
  activity,
  expressions,
  fixpoint,
  type Flags,
  materialize,
  nonZero,
  present,
  prune,
  type Pruned,
  pullThrough,
  reached,
  remember,
  select,
  split,
  spread,
  type Trace
} from "./shared.ts"

/** Which operands of a scan vary, its carries included, and which of its results do. */
const scanActivity = ({
  attributes: { body, carries, consts },
  trace,
  varies
}: ControlContext<"scan">): { readonly active: Flags; readonly results: Flags } => {
  const [shared, init, xs] = split(varies, [consts, carries]) as [Flags, Flags, Flags]
  const step = (flags: Flags): Flags => activity(body, [...shared, ...flags, ...xs], trace)
  const carried = fixpoint(init, (flags) => step(flags).slice(0, carries))
  return { active: [...shared, ...carried, ...xs], results: [...carried, ...step(carried).slice(carries)] }
}

/**
 * The body of the reversed scan. Its inputs: constants; cotangents of carries, accumulated cotangents of constants; carries before the step,
 * slices of xs, cotangents of slices of ys.
 */
const scanPullback = (
  { body, carries, consts }: Primitive.ScanAttributes,
  active: Flags,
  given: Flags,
  trace: Trace
): { readonly carried: Flags; readonly pulled: Flags; readonly pruned: Pruned } =>
  remember(body, ["scan", consts, carries, active, given], () => {
    const ys = given.slice(carries)
    const carried = fixpoint(given.slice(0, carries), (flags) =>
      reached(body, active, [...flags, ...ys], trace).slice(consts, consts + carries)
    )
    const pulled = reached(body, active, [...carried, ...ys], trace)
    const [sharedTypes, carryTypes, xsTypes] = split(Body.inputTypes(body), [consts, carries]) as [
      ReadonlyArray<Type.Type>,
      ReadonlyArray<Type.Type>,
      ReadonlyArray<Type.Type>
    ]
    const [toShared, , toXs] = split(pulled, [consts, carries]) as [Flags, Flags, Flags]
    const groups = [
      sharedTypes,
      select(carryTypes, carried),
      select(sharedTypes, toShared),
      carryTypes,
      xsTypes,
      select(Body.outputTypes(body).slice(carries), ys)
    ]
    const sizes = groups.map((group) => group.length)
    const back = Body.make(groups.flat(), (inputs) => {
      const [shared, cotangents, accumulated, before, xs, ysCotangents] = split(inputs, sizes) as unknown as [
        ReadonlyArray<Expr.Any>,
        ReadonlyArray<Expr.Any>,
        ReadonlyArray<Expr.Any>,
        ReadonlyArray<Expr.Any>,
        ReadonlyArray<Expr.Any>,
        ReadonlyArray<Expr.Any>
      ]
      const results = pullThrough(
        body,
        active,
        [...shared, ...before, ...xs],
        [...spread(cotangents, carried), ...spread(ysCotangents, ys)],
        trace
      )
      const [ofShared, ofCarries, ofXs] = split(results, [consts, carries]) as [
        typeof results,
        typeof results,
        typeof results
      ]
      return [
        ...materialize(Fn.expressions, select(ofCarries, carried), groups[1]!),
        ...select(ofShared, toShared).map((x, i) =>
          x === Zero ? accumulated[i]! : expressions.add(accumulated[i]!, x)
        ),
        ...materialize(Fn.expressions, select(ofXs, toXs), select(xsTypes, toXs))
      ]
    })
    return { carried, pulled, pruned: prune(back, sizes, [true, false, false, true, true, false]) }
  })

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
    const { carried, pruned, pulled } = scanPullback(attributes, active, present(cotangents), trace)
    const [toShared, , toXs] = split(pulled, [consts, carries]) as [Flags, Flags, Flags]
    const [shared, init, xs] = split(operands, [consts, carries]) as [
      ReadonlyArray<A>,
      ReadonlyArray<A>,
      ReadonlyArray<A>
    ]
    const [keptShared, , , keptBefore, keptXs] = pruned.kept as [Flags, Flags, Flags, Flags, Flags]
    const before = spread(evaluated.residuals, saved)
    const types = (list: ReadonlyArray<A>): Array<Type.Type> => list.map(algebra.typeOf)
    const sharedTypes = select(types(shared), toShared)
    const given = nonZero(cotangents.slice(carries))
    const back = algebra.applyMany(
      "scan",
      {
        body: pruned.body,
        consts: select(shared, keptShared).length,
        carries: carried.filter(Boolean).length + sharedTypes.length,
        length,
        reverse: !reverse
      },
      [
        ...select(shared, keptShared),
        ...materialize(algebra, select(cotangents.slice(0, carries), carried), select(types(init), carried)),
        ...materialize(algebra, sharedTypes.map(() => Zero) as Array<A | Zero>, sharedTypes),
        ...(select(before, keptBefore) as Array<A>),
        ...select(xs, keptXs),
        ...given
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
