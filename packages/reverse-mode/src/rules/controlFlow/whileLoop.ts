// whileLoop is pulled back by a whileLoop with twice as many sweeps.

import { type Algebra, Body, type Expr, Fn, Operations, type Primitive, type Type } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { ControlContext, ControlVjpRule, Evaluated } from "../../VjpRule.ts"
import {
  activity,
  expressions,
  fixpoint,
  type Flags,
  makePullback,
  materialize,
  or,
  present,
  pullThrough,
  reached,
  select,
  split,
  spread
} from "./shared.ts"

interface SweepActivity {
  /** The constants, the states and records of the sweeps before, the states of this sweep. */
  readonly inputs: Flags
  readonly states: Flags
  readonly records: Flags
}

const sweepActivities = ({
  attributes: { consts, sweeps },
  trace,
  varies
}: ControlContext<"whileLoop">): ReadonlyArray<SweepActivity> => {
  const before: Array<boolean> = varies.slice(0, consts)
  let first = consts
  return sweeps.map(({ body, states }) => {
    const step = (flags: Flags): Flags => activity(body, [...before, ...flags], trace)
    const own = fixpoint(varies.slice(first, first + states), (flags) => step(flags).slice(0, states))
    first += states
    const records = step(own).slice(states)
    const inputs = [...before, ...own]
    before.push(...own, ...records)
    return { inputs, states: own, records }
  })
}

export const whileLoop: ControlVjpRule<"whileLoop"> = {
  active: (context) => sweepActivities(context).flatMap(({ states }) => states),
  pullback: <A>(
    algebra: Algebra<A>,
    cotangents: ReadonlyArray<A | Zero>,
    operands: ReadonlyArray<A>,
    _: Evaluated<A>,
    context: ControlContext<"whileLoop">
  ) => {
    const { attributes, trace, varies } = context
    const { condition, consts, sweeps } = attributes
    const activities = sweepActivities(context)
    const ops = Operations.make(algebra)
    const typesOf = (list: ReadonlyArray<A>): Array<Type.Type> => list.map(algebra.typeOf)
    const shared = operands.slice(0, consts)
    const sharedTypes = typesOf(shared)

    // What each sweep has on the tape: its states, then its records.
    const tape: Array<{ readonly states: ReadonlyArray<Type.Type>; readonly records: ReadonlyArray<Type.Type> }> = []
    let next = consts
    for (const { body, states } of sweeps) {
      const outputs = Body.outputTypes(body)
      tape.push({ states: typesOf(operands.slice(next, next + states)), records: outputs.slice(states) })
      next += states
    }
    const firstStates = sweeps.map((_, k) => sweeps.slice(0, k).reduce((sum, { states }) => sum + states, 0))

    // The pullbacks of the sweeps, last one first. What one emits is a cotangent for something on the tape of an earlier sweep.
    interface Emission {
      readonly sweep: number
      /** The place among the states and records of that sweep. */
      readonly place: number
    }
    interface Pulled {
      readonly sweep: number
      readonly carried: Flags
      readonly toShared: Flags
      readonly emissions: ReadonlyArray<Emission>
    }
    const pulls: Array<Pulled> = []
    const backward: Array<Primitive.Sweep> = []
    const inits: Array<A> = []
    for (let m = sweeps.length - 1; m >= 0; m--) {
      const { body, records, states } = sweeps[m]!
      const { inputs: active } = activities[m]!
      const emitted = pulls.flatMap(({ emissions }) => emissions).filter(({ sweep }) => sweep === m)
      const isEmitted = Array.from({ length: states + records }, (_, place) =>
        emitted.some((emission) => emission.place === place)
      )
      const finals = cotangents.slice(firstStates[m], firstStates[m]! + states)
      const ownFirst = active.length - states
      const step = (flags: Flags): Flags => reached(body, active, [...flags, ...isEmitted.slice(states)], trace)
      const carried = fixpoint(or(present(finals), isEmitted.slice(0, states)), (flags) => step(flags).slice(ownFirst))
      const pulled = step(carried)
      const toShared = pulled.slice(0, consts)
      const places = tape
        .slice(0, m)
        .flatMap((entry, sweep) => [...entry.states, ...entry.records].map((_, place) => ({ sweep, place })))
      const toTape = pulled.slice(consts, ownFirst)
      const emissions = select(places, toTape)
      const stateTypes = [...select(tape[m]!.states, carried), ...select(sharedTypes, toShared)]
      const recorded = tape.map((entry) => [...entry.states, ...entry.records])
      const sizes = [consts, ...recorded.map((types) => types.length)]
      const earlier = pulls.slice()
      const own = { sweep: m, carried, toShared, emissions }
      const back = makePullback([...sharedTypes, ...recorded.flat(), ...stateTypes], (inputs) => {
        const parts = split(inputs, sizes)
        const state = parts.at(-1)!
        const onTape = parts.slice(1, -1)
        const count = select(carried, carried).length
        const ofStates = spread(state.slice(0, count), carried)
        const accumulated = state.slice(count)
        // Cotangents for what this sweep had on the tape, from the pullbacks of the later sweeps that read it.
        const ofTape = new Array<Expr.Any | Zero>(states + records).fill(Zero)
        earlier.forEach((pull, j) => {
          const values = onTape[sweeps.length + j]!
          const offset = tape[sweeps.length + j]!.states.length
          pull.emissions.forEach(({ place, sweep }, e) => {
            if (sweep !== m) return
            const value = values[offset + e]!
            const before = ofTape[place] as Expr.Any | Zero
            ofTape[place] = before === Zero ? value : expressions.add(before, value)
          })
        })
        const primals = [...parts[0]!, ...onTape.slice(0, m).flat(), ...onTape[m]!.slice(0, states)]
        const results = pullThrough(body, active, primals, [...ofStates, ...ofTape.slice(states)], trace)
        const stateResults = results.slice(ownFirst).map((x, i) => {
          const more = ofTape[i] as Expr.Any | Zero
          return more === Zero ? x : x === Zero ? more : expressions.add(x, more)
        })
        return [
          ...materialize(Fn.expressions, select(stateResults, carried), select(tape[m]!.states, carried)),
          ...select(results.slice(0, consts), toShared).map((x, i) =>
            x === Zero ? accumulated[i]! : expressions.add(accumulated[i]!, x)
          ),
          ...materialize(
            Fn.expressions,
            select(results.slice(consts, ownFirst), toTape),
            select(
              tape.slice(0, m).flatMap((entry) => [...entry.states, ...entry.records]),
              toTape
            )
          )
        ]
      })
      backward.push({ body: back, states: stateTypes.length, records: emissions.length })
      inits.push(
        ...materialize(algebra, select(finals, carried), select(tape[m]!.states, carried)),
        ...select(sharedTypes, toShared).map(({ shape }) => ops.zeros(shape))
      )
      pulls.push(own)
      tape.push({ states: stateTypes, records: Body.outputTypes(back).slice(stateTypes.length) })
    }

    const results = algebra.applyMany("whileLoop", { condition, consts, sweeps: [...sweeps, ...backward] }, [
      ...operands,
      ...inits
    ])
    const totals: Array<A | Zero> = operands.map(() => Zero)
    const accumulate = (i: number, x: A | Zero): void => {
      if (x === Zero || varies[i] !== true) return
      const before = totals[i] as A | Zero
      totals[i] = before === Zero ? x : ops.add(before, x)
    }
    next = operands.length - consts
    for (const { carried, sweep, toShared } of pulls) {
      const ofStates = carried.filter(Boolean).length
      const ofShared = toShared.filter(Boolean).length
      spread(results.slice(next, next + ofStates), carried).forEach((x, i) =>
        accumulate(consts + firstStates[sweep]! + i, x)
      )
      next += ofStates
      spread(results.slice(next, next + ofShared), toShared).forEach((x, i) => accumulate(i, x))
      next += ofShared
    }
    return totals
  }
}
