/**
 * VJP rules of the control primitives: the same primitive, with bodies that pull cotangents back.
 *
 * @since 0.1.0
 */
import { type Algebra, Body, type Expr, Fn, Interpreter, Operations, type Primitive, type Type } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { Tape } from "../Tape.ts"
import type { ControlContext, ControlVjpRules, Evaluated } from "../VjpRule.ts"

type Trace = <B>(algebra: Algebra<B>) => Tape<B>

type Flags = ReadonlyArray<boolean>

const expressions = Operations.make(Fn.expressions)

const split = <X>(list: ReadonlyArray<X>, sizes: ReadonlyArray<number>): Array<ReadonlyArray<X>> => {
  let start = 0
  const parts = sizes.map((size) => list.slice(start, (start += size)))
  return [...parts, list.slice(start)]
}

const select = <X>(list: ReadonlyArray<X>, flags: Flags): Array<X> => list.filter((_, i) => flags[i])

/** The elements of `dense` where a flag is set, `Zero` elsewhere: the inverse of `select`. */
const spread = <X>(dense: ReadonlyArray<X>, flags: Flags): Array<X | Zero> => {
  let next = 0
  return flags.map((flag) => (flag ? dense[next++]! : Zero))
}

const or = (a: Flags, b: Flags): Flags => a.map((x, i) => x || b[i]!)

const nonZero = <X>(list: ReadonlyArray<X | Zero>): Array<X> => list.filter((x) => x !== Zero) as Array<X>

const present = <X>(list: ReadonlyArray<X | Zero>): Flags => list.map((x) => x !== Zero)

/** Enlarges flags until a step from them gives nothing new. */
const fixpoint = (start: Flags, step: (flags: Flags) => Flags): Flags => {
  let flags = start
  for (;;) {
    const next = or(flags, step(flags))
    if (next.every((x, i) => x === flags[i])) return flags
    flags = next
  }
}

const materialize = <A>(
  algebra: Algebra<A>,
  list: ReadonlyArray<A | Zero>,
  types: ReadonlyArray<Type.Type>
): Array<A> => list.map((x, i) => (x === Zero ? Operations.make(algebra).zeros(types[i]!.shape) : x))

/** Puts the active inputs of a body on a tape, and gives its outputs with the sweep. */
const run = <A>(body: Primitive.Body, algebra: Algebra<A>, inputs: ReadonlyArray<A>, active: Flags, trace: Trace) => {
  const tape = trace(algebra)
  const carriers = inputs.map((primal, i) => (active[i] === true ? tape.input(primal) : { primal, entry: undefined }))
  const outputs = Body.interpret(body, tape.algebra, carriers)
  return { outputs, pull: (cotangents: ReadonlyArray<A | Zero>) => tape.pullback(outputs, cotangents, carriers) }
}

/** Which outputs of a body vary, given which inputs do. */
const activity = (body: Primitive.Body, active: Flags, trace: Trace): Flags =>
  run(body, Interpreter.types, Body.inputTypes(body), active, trace).outputs.map(({ entry }) => entry !== undefined)

/** Which inputs of a body get a cotangent, given which outputs have one. */
const reached = (body: Primitive.Body, active: Flags, given: Flags, trace: Trace): Flags => {
  if (!given.includes(true)) return active.map(() => false)
  const { pull } = run(body, Interpreter.types, Body.inputTypes(body), active, trace)
  return present(pull(Body.outputTypes(body).map((type, i) => (given[i] === true ? type : Zero))))
}

/** The cotangents of the inputs of a body, within a body that is being built. */
const pullThrough = (
  body: Primitive.Body,
  active: Flags,
  primals: ReadonlyArray<Expr.Any>,
  cotangents: ReadonlyArray<Expr.Any | Zero>,
  trace: Trace
): Array<Expr.Any | Zero> => {
  if (cotangents.every((x) => x === Zero)) return primals.map(() => Zero)
  return run(body, Fn.expressions, primals, active, trace).pull(cotangents)
}

const known = new WeakMap<Primitive.Body, Map<string, unknown>>()

/** What was made of a body before, with the same flags. */
const remember = <X>(body: Primitive.Body, key: ReadonlyArray<Flags | number>, make: () => X): X => {
  const made = known.get(body) ?? new Map<string, unknown>()
  known.set(body, made)
  const text = key.map((flags) => (typeof flags === "number" ? flags : flags.map(Number).join(""))).join(",")
  if (made.has(text)) return made.get(text) as X
  const result = make()
  made.set(text, result)
  return result
}

/** A body with its inputs in groups, without the inputs of some groups that it does not use. */
interface Pruned {
  readonly body: Primitive.Body
  /** For each group, which of its inputs are left. */
  readonly kept: ReadonlyArray<Flags>
}

const prune = (body: Primitive.Body, sizes: ReadonlyArray<number>, prunable: Flags): Pruned => {
  const used = split(Body.usedInputs(body), sizes)
  const kept = sizes.map((_, i) => (prunable[i] === true ? used[i]! : used[i]!.map(() => true)))
  return { body: Body.keepInputs(body, kept.flat()), kept }
}

// -----------------------------------------------------------------------------
// cond
// -----------------------------------------------------------------------------

const condBranch = (body: Primitive.Body, active: Flags, given: Flags, wanted: Flags, trace: Trace): Primitive.Body =>
  remember(body, [0, active, given, wanted], () => {
    const types = Body.inputTypes(body)
    return Body.make([...types, ...select(Body.outputTypes(body), given)], (inputs) => {
      const primals = inputs.slice(0, types.length)
      const pulled = pullThrough(body, active, primals, spread(inputs.slice(types.length), given), trace)
      return materialize(Fn.expressions, select(pulled, wanted), select(types, wanted))
    })
  })

// -----------------------------------------------------------------------------
// scan
// -----------------------------------------------------------------------------

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
  remember(body, [1, consts, carries, active, given], () => {
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
  remember(body, [2, consts, carries, saved], () =>
    Body.make(Body.inputTypes(body), (inputs) => [
      ...Body.interpret(body, Fn.expressions, inputs),
      ...select(inputs.slice(consts, consts + carries), saved)
    ])
  )

// -----------------------------------------------------------------------------
// map
// -----------------------------------------------------------------------------

/** The body of the map that pulls back. Its inputs: constants, cotangents of sums; slices of xs, cotangents of slices. */
const mapPullback = (
  { body, consts, summed }: Primitive.MapAttributes,
  active: Flags,
  given: Flags,
  trace: Trace
): { readonly pulled: Flags; readonly pruned: Pruned } =>
  remember(body, [3, consts, summed, active, given], () => {
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
    const back = Body.make(groups.flat(), (inputs) => {
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

// -----------------------------------------------------------------------------
// whileLoop
// -----------------------------------------------------------------------------

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

// -----------------------------------------------------------------------------
// custom
// -----------------------------------------------------------------------------

const reals = (types: ReadonlyArray<Type.Type>): Flags => types.map(({ elementType }) => elementType === "real")

/** A body with some of its outputs only. */
const withOutputs = (body: Primitive.Body, wanted: Flags): Primitive.Body =>
  wanted.every(Boolean)
    ? body
    : remember(body, [4, wanted], () => ({
        inputNodes: body.inputNodes,
        outputNodes: select(body.outputNodes, wanted)
      }))

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
    body: (given: Flags, wanted: Flags, trace: Trace): Primitive.Body =>
      remember(jvp, [5, active, given, wanted], () =>
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

// -----------------------------------------------------------------------------
// The table
// -----------------------------------------------------------------------------

/**
 * The VJP rules of the control primitives.
 *
 * **Details**
 *
 * - `cond` pulls back through the branch that was taken, and evaluates it again to do so.
 * - `scan` saves the carries before each step (those that the pullback reads), and scans in the other direction; each step is evaluated again
 *   from its carries.
 * - `map` pulls back in a `map`; cotangents of constants are summed over the axis.
 * - `whileLoop` runs once more with a tape that grows, then backwards along it: its sweeps are followed by the pullbacks of its sweeps, last one first.
 * - `custom` calls its VJP rule, or the transpose of its JVP rule.
 *
 * Which values have a cotangent at all is found first, as least fixed points over a step.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Reverse from "@fluxion/reverse-mode"
 *
 * const power = Fn.make([], (x) => Expr.iterate(3, (y) => Expr.mul(y, x), Expr.constant(1)))
 * console.log(Fn.runSync(Reverse.grad(power), 2)) // 12
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const controlFlow: ControlVjpRules<Primitive.ControlName> = {
  cond: {
    active: ({ attributes: { whenFalse, whenTrue }, trace, varies }) => {
      const consts = varies.slice(1)
      return or(activity(whenTrue, consts, trace), activity(whenFalse, consts, trace))
    },
    pullback: (algebra, cotangents, operands, _, { attributes: { whenFalse, whenTrue }, trace, varies }) => {
      const active = varies.slice(1)
      const given = present(cotangents)
      const wanted = or(reached(whenTrue, active, given, trace), reached(whenFalse, active, given, trace))
      if (!wanted.includes(true)) return operands.map(() => Zero)
      const attributes = {
        whenTrue: condBranch(whenTrue, active, given, wanted, trace),
        whenFalse: condBranch(whenFalse, active, given, wanted, trace)
      }
      const results = algebra.applyMany("cond", attributes, [...operands, ...nonZero(cotangents)])
      return [Zero, ...spread(results, wanted)]
    }
  },

  scan: {
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
  },

  map: {
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
  },

  call: {
    active: ({ attributes: { body }, trace, varies }) => activity(body, varies, trace),
    pullback: (algebra, cotangents, operands, _, { attributes: { body }, trace, varies }) => {
      const given = present(cotangents)
      const wanted = reached(body, varies, given, trace)
      if (!wanted.includes(true)) return operands.map(() => Zero)
      const back = condBranch(body, varies, given, wanted, trace)
      const results = algebra.applyMany("call", { body: back }, [...operands, ...nonZero(cotangents)])
      return spread(results, wanted)
    }
  },

  whileLoop: {
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
        const carried = fixpoint(or(present(finals), isEmitted.slice(0, states)), (flags) =>
          step(flags).slice(ownFirst)
        )
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
        const back = Body.make([...sharedTypes, ...recorded.flat(), ...stateTypes], (inputs) => {
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
  },

  custom: {
    active: ({ attributes: { body, jvp, vjp }, trace, varies }) => {
      const real = reals(Body.outputTypes(body))
      if (vjp !== undefined) return real
      return spread(transposition(body, jvp!, varies).results(trace), real).map((x) => x === true)
    },
    pullback: <A>(
      algebra: Algebra<A>,
      cotangents: ReadonlyArray<A | Zero>,
      operands: ReadonlyArray<A>,
      { results }: Evaluated<A>,
      { attributes: { body, jvp, vjp }, trace, varies }: ControlContext<"custom">
    ) => {
      const outputs = Body.outputTypes(body)
      const own = select(cotangents, reals(outputs))
      const given = present(own)
      const realInputs = reals(Body.inputTypes(body))
      const pull = (rule: Primitive.Body, wanted: Flags, carried: ReadonlyArray<A>): ReadonlyArray<A | Zero> => {
        const pulled = algebra.applyMany("call", { body: rule }, [...operands, ...results, ...carried])
        return spread(spread(pulled, wanted), realInputs)
      }
      if (vjp !== undefined) {
        const zeros = Body.zeroOutputs(vjp)
        const wanted = select(varies, realInputs).map((x, i) => x && zeros[i] !== true)
        if (!wanted.includes(true)) return operands.map(() => Zero)
        const types = select(outputs, reals(outputs))
        return pull(withOutputs(vjp, wanted), wanted, materialize(algebra, own, types))
      }
      const transposed = transposition(body, jvp!, varies)
      const wanted = transposed.wanted(given, trace)
      if (!wanted.includes(true)) return operands.map(() => Zero)
      return pull(transposed.body(given, wanted, trace), wanted, nonZero(own))
    }
  }
}
