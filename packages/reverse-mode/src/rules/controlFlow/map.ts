// map is pulled back by a map.

import { Body, type Expr, Fn, type Primitive } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { ControlVjpRule } from "../../VjpRule.ts"
import {
  activity,
  type Flags,
  makePullback,
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

/** The body of the map that pulls back. Its inputs: constants, cotangents of sums; slices of xs, cotangents of slices. */
const mapPullback = (
  { body, consts, summed }: Primitive.MapAttributes,
  active: Flags,
  given: Flags,
  trace: Trace
): { readonly pulled: Flags; readonly pruned: Pruned } =>
  remember(body, ["map", consts, summed, active, given], () => {
    const types = Body.inputTypes(body)
    const results = Body.outputTypes(body)
    const stacks = results.length - summed
    const pulled = reached(body, active, given, trace)
    const groups = [
      types.slice(0, consts),
      select(results.slice(stacks), given.slice(stacks)),
      types.slice(consts),
      select(results.slice(0, stacks), given.slice(0, stacks))
    ]
    const sizes = groups.map((group) => group.length)
    const back = makePullback(groups.flat(), (inputs) => {
      const [shared, ofSums, xs, ofStacks] = split(inputs, sizes) as unknown as [
        ReadonlyArray<Expr.Any>,
        ReadonlyArray<Expr.Any>,
        ReadonlyArray<Expr.Any>,
        ReadonlyArray<Expr.Any>
      ]
      const cotangents = [...spread(ofStacks, given.slice(0, stacks)), ...spread(ofSums, given.slice(stacks))]
      const own = pullThrough(body, active, [...shared, ...xs], cotangents, trace)
      const wanted = materialize(
        Fn.expressions,
        own.map((x, i) => (pulled[i] === true ? x : Zero)),
        types
      )
      return [...select(wanted.slice(consts), pulled.slice(consts)), ...select(wanted.slice(0, consts), pulled)]
    })
    return { pulled, pruned: prune(back, sizes, [true, false, true, false]) }
  })

export const map: ControlVjpRule<"map"> = {
  active: ({ attributes: { body }, trace, varies }) => activity(body, varies, trace),
  pullback: (algebra, cotangents, operands, _, { attributes, trace, varies }) => {
    const { body, consts, size, summed } = attributes
    const stacks = body.outputNodes.length - summed
    const { pruned, pulled } = mapPullback(attributes, varies, present(cotangents), trace)
    if (!pulled.includes(true)) return operands.map(() => Zero)
    const [keptShared, , keptXs] = pruned.kept as [Flags, Flags, Flags, Flags]
    const shared = select(operands.slice(0, consts), keptShared)
    const ofSums = nonZero(cotangents.slice(stacks))
    const ofStacks = nonZero(cotangents.slice(0, stacks))
    const toShared = pulled.slice(0, consts)
    const toXs = pulled.slice(consts)
    const results = algebra.applyMany(
      "map",
      {
        body: pruned.body,
        consts: shared.length + ofSums.length,
        size,
        summed: toShared.filter(Boolean).length
      },
      [...shared, ...ofSums, ...select(operands.slice(consts), keptXs), ...ofStacks]
    )
    const first = toXs.filter(Boolean).length
    return [...spread(results.slice(first), toShared), ...spread(results.slice(0, first), toXs)]
  }
}
