// What is found out about the body of a scan before it is pulled back, and the body that pulls one step back.

import { Body, type Expr, Fn, type Primitive, type Type } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { ControlContext } from "../../VjpRule.ts"
import {
  activity,
  expressions,
  fixpoint,
  type Flags,
  makePullback,
  materialize,
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
export const scanActivity = ({
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
export const scanPullback = (
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
    const back = makePullback(groups.flat(), (inputs) => {
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
