// A custom rule is called: the VJP as it is written, or the transpose of the JVP.

import { type Algebra, Body, Fn, type Primitive, type Type } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { ControlVjpRule } from "../../VjpRule.ts"
import {
  activity,
  expressions,
  type Flags,
  materialize,
  nonZero,
  present,
  pullThrough,
  reached,
  remember,
  select,
  spread,
  type Trace
} from "./shared.ts"

const reals = (types: ReadonlyArray<Type.Type>): Flags => types.map(({ elementType }) => elementType === "real")

/**
 * The transpose of a JVP rule: the rule is linear in the tangents, which are its last inputs, so its pullback with respect to them is the same at
 * any tangents, and is taken at zero.
 */
const transposition = (body: Primitive.Body, jvp: Primitive.Body, varies: Flags) => {
  const primals = body.inputNodes.length + body.outputNodes.length
  const types = Body.inputTypes(jvp)
  const active = types.map(() => false)
  select(varies, reals(Body.inputTypes(body))).forEach((x, i) => (active[primals + i] = x))
  return {
    /** Which real results vary. */
    results: (trace: Trace): Flags => activity(jvp, active, trace),
    /** Which real operands get a cotangent, given which real results have one. */
    wanted: (given: Flags, trace: Trace): Flags => reached(jvp, active, given, trace).slice(primals),
    // Nothing evaluated the rule before, so its guards are evaluated here.
    body: (given: Flags, wanted: Flags, trace: Trace): Primitive.Body =>
      remember(jvp, ["transpose", active, given, wanted], () =>
        Body.make([...types.slice(0, primals), ...select(Body.outputTypes(jvp), given)], (inputs) => {
          const tangents = types.slice(primals).map(({ shape }) => expressions.zeros(shape))
          const cotangents = spread(inputs.slice(primals), given)
          const pulled = pullThrough(jvp, active, [...inputs.slice(0, primals), ...tangents], cotangents, trace)
          return materialize(
            Fn.expressions,
            select(pulled.slice(primals), wanted),
            select(types.slice(primals), wanted)
          )
        })
      )
  }
}

export const custom: ControlVjpRule<"custom"> = {
  active: ({ attributes: { body, jvp, vjp }, trace, varies }) => {
    const real = reals(Body.outputTypes(body))
    if (vjp !== undefined) return real
    return spread(transposition(body, jvp!, varies).results(trace), real).map((x) => x === true)
  },
  pullback: <A>(
    algebra: Algebra<A>,
    cotangents: ReadonlyArray<A | Zero>,
    operands: ReadonlyArray<A>,
    { results }: { readonly results: ReadonlyArray<A> },
    { attributes: { body, jvp, vjp }, trace, varies }: Parameters<ControlVjpRule<"custom">["pullback"]>[4]
  ) => {
    const outputs = Body.outputTypes(body)
    const own = select(cotangents, reals(outputs))
    const given = present(own)
    const realInputs = reals(Body.inputTypes(body))
    const pull = (rule: Primitive.Body, wanted: Flags, carried: ReadonlyArray<A>): ReadonlyArray<A | Zero> => {
      const attributes = { body: rule, checkpoint: false }
      const pulled = algebra.applyMany("call", attributes, [...operands, ...results, ...carried])
      return spread(spread(pulled, wanted), realInputs)
    }
    if (vjp !== undefined) {
      const zeros = Body.zeroOutputs(vjp)
      const wanted = select(varies, realInputs).map((x, i) => x && zeros[i] !== true)
      if (!wanted.includes(true)) return operands.map(() => Zero)
      const types = select(outputs, reals(outputs))
      return pull(Body.keepOutputs(vjp, wanted), wanted, materialize(algebra, own, types))
    }
    const transposed = transposition(body, jvp!, varies)
    const wanted = transposed.wanted(given, trace)
    if (!wanted.includes(true)) return operands.map(() => Zero)
    return pull(transposed.body(given, wanted, trace), wanted, nonZero(own))
  }
}
