// A scan of which few carries are kept: the others are computed again, by scans over parts of the steps.
//
// Whatever the schedule, the steps are pulled back by the same body, the last one first, and the cotangents go from one to the next: the numbers are
// those of a scan that keeps every carry, to the last bit. A part of the steps is pulled back by a `call` of a body that is made once for each length and number
// of snapshots, so the program grows with the depth of the schedule and not with the number of steps.

import { type Algebra, Body, type Expr, Fn, Operations, type Primitive, Tensor, Type } from "@fluxion/core"
import type { ControlContext } from "../../VjpRule.ts"
import { parts, repetitions, snapshotsFor, split as splitAt } from "./revolve.ts"
import { scanActivity, scanPullback } from "./scanPullback.ts"
import { fixpoint, type Flags, or, type Pruned, remember, select, split, type Trace, makePullback } from "./shared.ts"

type Attributes = Primitive.ScanAttributes

/** The steps of a scan as they are pulled back: what is carried along, forwards and backwards, and the bodies that do it. */
interface Steps {
  readonly attributes: Attributes
  /** Distinguishes the bodies made for these flags. */
  readonly key: ReadonlyArray<Flags | number | string>
  /** The body that pulls one step back; see `scanPullback`. */
  readonly back: Pruned
  readonly carried: Flags
  readonly pulled: Flags
  /** The carries that have to be known before each step: those that the pullback reads, and those that these come from. */
  readonly needed: Flags
  /** Which of the needed ones the pullback reads. */
  readonly read: Flags
  /** Takes constants, needed carries and slices of xs, and computes the needed carries after the step. */
  readonly advance: Pruned
  /** The same, which also emits the carries that the pullback reads. */
  readonly saving: Primitive.Body
  /** The constants and the xs that any of the bodies uses. */
  readonly shared: Flags
  readonly xs: Flags
}

const stepsOf = (attributes: Attributes, active: Flags, given: Flags, trace: Trace): Steps => {
  const { body, carries, consts } = attributes
  const key = [consts, carries, active, given]
  const made = remember(body, ["steps", ...key], () => {
    const { carried, pruned: back, pulled } = scanPullback(attributes, active, given, trace)
    const [keptShared, , , before, keptXs] = back.kept as [Flags, Flags, Flags, Flags, Flags]
    const none = body.outputNodes.slice(carries).map(() => false)
    const uses = (flags: Flags) =>
      split(Body.usedInputs(Body.keepOutputs(body, [...flags, ...none])), [consts, carries]) as [Flags, Flags, Flags]
    const needed = fixpoint(before, (flags) => uses(flags)[1])
    const [usedShared, , usedXs] = uses(needed)
    const kept = [usedShared, needed, usedXs]
    const advance = { body: Body.keepInputs(Body.keepOutputs(body, [...needed, ...none]), kept.flat()), kept }
    const read = select(before, needed)
    const first = usedShared.filter(Boolean).length
    const saving = Body.make(Body.inputTypes(advance.body), (inputs) => [
      ...Body.interpret(advance.body, Fn.expressions, inputs),
      ...select(inputs.slice(first, first + read.length), read)
    ])
    const shared = or(keptShared, usedShared)
    return { back, carried, pulled, needed, read, advance, saving, shared, xs: or(keptXs, usedXs) }
  })
  return { ...made, attributes, key }
}

const count = (flags: Flags): number => flags.filter(Boolean).length

/** The rows of arrays that belong to steps `from` to `to`. */
const rows = <A>(
  algebra: Algebra<A>,
  { length, reverse }: Attributes,
  list: ReadonlyArray<A>,
  from: number,
  to: number
): ReadonlyArray<A> => {
  if (from === 0 && to === length) return list
  const { shapeOf, slice } = Operations.make(algebra)
  return list.map((x) => {
    const [, ...rest] = shapeOf(x)
    const zeros = rest.map(() => 0)
    const ones = rest.map(() => 1)
    const [start, limit] = reverse ? [length - to, length - from] : [from, to]
    return slice(x, { starts: [start, ...zeros], limits: [limit, ...rest], strides: [1, ...ones] })
  })
}

/** Lists of rows, those of the first steps first, put together. */
const joined = <A>(
  algebra: Algebra<A>,
  { reverse }: Attributes,
  parts: ReadonlyArray<ReadonlyArray<A>>
): ReadonlyArray<A> => {
  if (parts.length === 1) return parts[0]!
  const { concat } = Operations.make(algebra)
  const ordered = reverse ? parts.toReversed() : parts
  return ordered[0]!.map((_, i) =>
    concat(
      ordered.map((part) => part[i]!),
      0
    )
  )
}

// -----------------------------------------------------------------------------
// Backwards
// -----------------------------------------------------------------------------

interface Operands<A> {
  readonly shared: ReadonlyArray<A>
  /** Cotangents of carries, then what the constants have got so far. */
  readonly state: ReadonlyArray<A>
  readonly xs: ReadonlyArray<A>
  /** The given cotangents of ys. */
  readonly ys: ReadonlyArray<A>
}

/** What goes back over some steps, the last one first; it holds the state, and collects the cotangents of xs. */
const sweep = <A>(algebra: Algebra<A>, steps: Steps, length: number, { shared, state: init, xs, ys }: Operands<A>) => {
  const { advance, back, saving } = steps
  const attributes = { ...steps.attributes, length }
  const { checkpoint, reverse } = attributes
  const { reshape, shapeOf } = Operations.make(algebra)
  const ofShared = (kept: Flags) => select(shared, select(kept, steps.shared))
  const ofXs = (kept: Flags, from: number, to: number) =>
    rows(algebra, attributes, select(xs, select(kept, steps.xs)), from, to)
  let state = init
  const pulled: Array<ReadonlyArray<A>> = []
  const keep = (results: ReadonlyArray<A>): void => {
    state = results.slice(0, init.length)
    pulled.push(results.slice(init.length))
  }
  const forward = (body: Primitive.Body, at: ReadonlyArray<A>, from: number, to: number) => {
    const [usedShared, , usedXs] = advance.kept as [Flags, Flags, Flags]
    return algebra.applyMany(
      "scan",
      { body, consts: count(usedShared), carries: at.length, length: to - from, reverse, checkpoint },
      [...ofShared(usedShared), ...at, ...ofXs(usedXs, from, to)]
    )
  }
  /** Pulls steps back whose carries are known. */
  const pull = (before: ReadonlyArray<A>, from: number, to: number): void => {
    const [keptShared, , , , keptXs] = back.kept as [Flags, Flags, Flags, Flags, Flags]
    keep(
      algebra.applyMany(
        "scan",
        {
          body: back.body,
          consts: count(keptShared),
          carries: state.length,
          length: to - from,
          reverse: !reverse,
          checkpoint: "all"
        },
        [
          ...ofShared(keptShared),
          ...state,
          ...before,
          ...ofXs(keptXs, from, to),
          ...rows(algebra, attributes, ys, from, to)
        ]
      )
    )
  }
  const one = (at: ReadonlyArray<A>, from: number): void =>
    pull(
      select(at, steps.read).map((x) => reshape(x, [1, ...shapeOf(x)])),
      from,
      from + 1
    )
  /** Pulls back steps of which all carries may be kept, in as many places. The last step is not taken to do so. */
  const all = (at: ReadonlyArray<A>, from: number, to: number, snapshots: number): void => {
    if (to - from === 1) {
      one(at, from)
    } else if (to - from > snapshots) {
      // The first carries are kept as they are, and have no place among the others.
      all(forward(advance.body, at, from, from + 1), from + 1, to, snapshots)
      one(at, from)
    } else {
      const results = forward(saving, at, from, to - 1)
      one(results.slice(0, at.length), to - 1)
      pull(results.slice(at.length), from, to - 1)
    }
  }
  return {
    /** The carries before step `to`. */
    advance: (at: ReadonlyArray<A>, from: number, to: number): ReadonlyArray<A> => forward(advance.body, at, from, to),
    all,
    /** Pulls steps back by a call. */
    call: (at: ReadonlyArray<A>, from: number, length: number, snapshots: number): void =>
      keep(
        algebra.applyMany("call", { body: segment(steps, length, snapshots), checkpoint: true }, [
          ...shared,
          ...state,
          ...at,
          ...rows(algebra, attributes, xs, from, from + length),
          ...rows(algebra, attributes, ys, from, from + length)
        ])
      ),
    /** Pulls steps back, each from the first one on. */
    restarting: (at: ReadonlyArray<A>): void => {
      const { index } = Tensor
      const results = algebra.applyMany(
        "scan",
        {
          body: restart(steps, length),
          consts: shared.length + at.length + xs.length,
          carries: 1 + state.length,
          length,
          reverse: !reverse,
          checkpoint
        },
        [...shared, ...at, ...xs, algebra.constant(index(length - 1)), ...state, ...xs, ...ys]
      )
      keep(results.slice(1))
    },
    /** The carries of `steps` steps each, pulled back one stretch after the other. */
    strides: (starts: ReadonlyArray<A>, size: number, number: number): void => {
      const grouped = (list: ReadonlyArray<A>): Array<A> =>
        rows(algebra, attributes, list, 0, size * number).map((x) => reshape(x, [number, size, ...shapeOf(x).slice(1)]))
      const results = algebra.applyMany(
        "scan",
        {
          body: segment(steps, size, size),
          consts: shared.length,
          carries: state.length,
          length: number,
          reverse: !reverse,
          checkpoint: "all"
        },
        [...shared, ...state, ...starts, ...grouped(xs), ...grouped(ys)]
      )
      const { length: own } = init
      keep([
        ...results.slice(0, own),
        ...results.slice(own).map((x) => reshape(x, [size * number, ...shapeOf(x).slice(2)]))
      ])
    },
    results: (): ReadonlyArray<A> => [...state, ...joined(algebra, attributes, pulled.toReversed())]
  }
}

/** From here on the steps are pulled back by a loop, and not written out. */
const writtenOut = 16

/**
 * The body that pulls some steps back with a number of snapshots, that of their start included. Its inputs: constants; the state; carries at the start; xs,
 * cotangents of ys. It computes the state and the cotangents of xs.
 */
const segment = (steps: Steps, length: number, snapshots: number): Primitive.Body =>
  remember(steps.attributes.body, ["segment", ...steps.key, length, snapshots, text(steps.attributes)], () => {
    const groups = segmentTypes(steps, length)
    return makePullback(groups.flat(), (inputs) => {
      const [shared, state, start, xs, ys] = split(
        inputs,
        groups.map((group) => group.length)
      ) as unknown as [Array<Expr.Any>, Array<Expr.Any>, Array<Expr.Any>, Array<Expr.Any>, Array<Expr.Any>]
      const own = sweep(Fn.expressions, steps, length, { shared, state, xs, ys })
      const visit = (at: ReadonlyArray<Expr.Any>, from: number, part: number, left: number): void =>
        part <= left + 1 ? own.all(at, from, from + part, left) : own.call(at, from, part, left)
      if (length <= snapshots + 1) {
        own.all(start, 0, length, snapshots)
      } else if (snapshots === 1 && length > writtenOut) {
        own.restarting(start)
      } else if (snapshots < repetitions(length, snapshots)) {
        // Whichever part is pulled back in place, bodies are nested no deeper than the smaller of the two numbers.
        let rest = length
        while (rest > snapshots + 1) {
          const m = splitAt(rest, snapshots)
          visit(own.advance(start, 0, m), m, rest - m, snapshots - 1)
          rest = m
        }
        own.all(start, 0, rest, snapshots)
      } else {
        let at: ReadonlyArray<Expr.Any> = start
        const pending = parts(length, snapshots).map((part, i, all) => {
          if (i > 0) at = own.advance(at, all[i - 1]!.from, part.from)
          return { ...part, at }
        })
        for (const { at, from, length, snapshots } of pending.toReversed()) visit(at, from, length, snapshots)
      }
      return own.results()
    })
  })

const text = ({ checkpoint, reverse }: Attributes): string => JSON.stringify([checkpoint, reverse])

const typesOf = ({ attributes: { body, carries, consts } }: Steps) =>
  split(Body.inputTypes(body), [consts, carries]) as [
    ReadonlyArray<Type.Type>,
    ReadonlyArray<Type.Type>,
    ReadonlyArray<Type.Type>
  ]

const segmentTypes = (steps: Steps, length: number): ReadonlyArray<ReadonlyArray<Type.Type>> => {
  const { attributes, key } = steps
  const [shared, carries, xs] = typesOf(steps)
  const given = key[3] as Flags
  const stacked = ({ elementType, shape }: Type.Type): Type.Type => Type.make(elementType, [length, ...shape])
  return [
    select(shared, steps.shared),
    [...select(carries, steps.carried), ...select(shared, steps.pulled.slice(0, shared.length))],
    select(carries, steps.needed),
    select(xs, steps.xs).map(stacked),
    select(Body.outputTypes(attributes.body).slice(carries.length), given.slice(carries.length)).map(stacked)
  ]
}

/**
 * The body of the loop that goes back over steps and takes all steps before each one again. Its inputs: constants, carries at the start, all xs; the number
 * of steps before this one, the state; slices of xs and of the cotangents of ys.
 */
const restart = (steps: Steps, length: number): Primitive.Body =>
  remember(steps.attributes.body, ["restart", ...steps.key, length, text(steps.attributes)], () => {
    const { advance, attributes, back } = steps
    const { checkpoint, reverse } = attributes
    const [usedShared, , usedXs] = advance.kept as [Flags, Flags, Flags]
    const [keptShared, , , , keptXs] = back.kept as [Flags, Flags, Flags, Flags, Flags]
    const [shared, state, start, xs, ys] = segmentTypes(steps, length) as [
      Array<Type.Type>,
      Array<Type.Type>,
      Array<Type.Type>,
      Array<Type.Type>,
      Array<Type.Type>
    ]
    const index = Type.index([])
    const slices = (types: ReadonlyArray<Type.Type>) =>
      types.map(({ elementType, shape }) => Type.make(elementType, shape.slice(1)))
    const { add, algebra, lt, sub } = Operations.make(Fn.expressions)
    const one = algebra.constant(Tensor.index(1))
    // One step, unless all that are wanted have been taken.
    const advanceTypes = Body.inputTypes(advance.body)
    const first = count(usedShared)
    const idle = Body.make(advanceTypes, (inputs) => inputs.slice(first, first + start.length))
    const step = Body.make([...advanceTypes.slice(0, first), index, index, ...advanceTypes.slice(first)], (inputs) => {
      const [own, [wanted, taken], rest] = split(inputs, [first, 2]) as unknown as [
        Array<Expr.Any>,
        [Expr.Any, Expr.Any],
        Array<Expr.Any>
      ]
      const branches = { whenTrue: advance.body, whenFalse: idle }
      return [add(taken, one), ...algebra.applyMany("cond", branches, [lt(taken, wanted), ...own, ...rest])]
    })
    const groups = [shared, start, xs, [index], state, slices(xs), slices(ys)]
    return makePullback(groups.flat(), (inputs) => {
      const [shared, start, xs, [wanted], state, row, ys] = split(
        inputs,
        groups.map((group) => group.length)
      ) as unknown as [
        Array<Expr.Any>,
        Array<Expr.Any>,
        Array<Expr.Any>,
        [Expr.Any],
        Array<Expr.Any>,
        Array<Expr.Any>,
        Array<Expr.Any>
      ]
      const ofShared = (kept: Flags) => select(shared, select(kept, steps.shared))
      const ofXs = (list: ReadonlyArray<Expr.Any>, kept: Flags) => select(list, select(kept, steps.xs))
      const zero = algebra.constant(Tensor.index(0))
      const [, ...at] = algebra.applyMany(
        "scan",
        { body: step, consts: first + 1, carries: 1 + start.length, length, reverse, checkpoint },
        [...ofShared(usedShared), wanted, zero, ...start, ...ofXs(xs, usedXs)]
      )
      const results = Body.interpret(back.body, Fn.expressions, [
        ...ofShared(keptShared),
        ...state,
        ...select(at, steps.read),
        ...ofXs(row, keptXs),
        ...ys
      ])
      return [sub(wanted, one), ...results]
    })
  })

// -----------------------------------------------------------------------------
// The rule
// -----------------------------------------------------------------------------

/** The parts of a scan between the carries that are kept when it is evaluated: strides of equal length, and then parts of which each has its carries. */
interface Layout {
  readonly size: number
  readonly strides: number
  readonly parts: ReadonlyArray<{ readonly from: number; readonly length: number; readonly snapshots: number }>
}

const layoutOf = ({ checkpoint, length }: Attributes): Layout => {
  if (typeof checkpoint === "object" && "every" in checkpoint) {
    const { every: size } = checkpoint
    const strides = Math.floor(length / size)
    const from = strides * size
    const rest = length - from
    return { size, strides, parts: rest === 0 ? [] : [{ from, length: rest, snapshots: rest }] }
  }
  const snapshots =
    typeof checkpoint === "object" ? checkpoint.snapshots : checkpoint === "none" ? 1 : snapshotsFor(length)
  return { size: 0, strides: 0, parts: parts(length, snapshots) }
}

/** Whether fewer than all carries are kept. */
export const isCheckpointed = ({ checkpoint, length }: Attributes): boolean =>
  checkpoint !== "all" &&
  length > 1 &&
  !(typeof checkpoint === "object" && "every" in checkpoint && checkpoint.every === 1)

/** The carries that a pullback may need, whichever results have a cotangent. */
const neededCarries = (context: ControlContext<"scan">): { readonly active: Flags; readonly needed: Flags } => {
  const { active, results } = scanActivity(context)
  return { active, needed: stepsOf(context.attributes, active, results, context.trace).needed }
}

/** The body of a loop over strides of a scan, which also emits the carries at their starts. */
const strideBody = (attributes: Attributes, size: number, needed: Flags): Primitive.Body => {
  const { body, carries, consts, reverse } = attributes
  return remember(body, ["stride", consts, carries, needed, size, Number(reverse)], () => {
    const types = Body.inputTypes(body)
    const stacked = types.map((type, i) =>
      i < consts + carries ? type : Type.make(type.elementType, [size, ...type.shape])
    )
    return Body.make(stacked, (inputs) => [
      ...Fn.expressions.applyMany("scan", { body, consts, carries, length: size, reverse, checkpoint: "all" }, inputs),
      ...select(inputs.slice(consts, consts + carries), needed)
    ])
  })
}

/** Evaluates a scan part by part, and keeps the carries at their starts. */
export const evaluate = <A>(
  algebra: Algebra<A>,
  operands: ReadonlyArray<A>,
  context: ControlContext<"scan">
): { readonly results: ReadonlyArray<A>; readonly residuals: ReadonlyArray<A> } => {
  const { attributes } = context
  const { body, carries, consts, reverse } = attributes
  const { reshape, shapeOf } = Operations.make(algebra)
  const { needed } = neededCarries(context)
  if (!needed.includes(true)) return { results: algebra.applyMany("scan", attributes, operands), residuals: [] }
  const [shared, init, xs] = split(operands, [consts, carries]) as [Array<A>, Array<A>, Array<A>]
  const { parts, size, strides } = layoutOf(attributes)
  const own = body.outputNodes.length
  const residuals: Array<A> = []
  const ys: Array<ReadonlyArray<A>> = []
  let at: ReadonlyArray<A> = init
  if (strides > 0) {
    const grouped = rows(algebra, attributes, xs, 0, size * strides).map((x) =>
      reshape(x, [strides, size, ...shapeOf(x).slice(1)])
    )
    const results = algebra.applyMany(
      "scan",
      { body: strideBody(attributes, size, needed), consts, carries, length: strides, reverse, checkpoint: "all" },
      [...shared, ...at, ...grouped]
    )
    at = results.slice(0, carries)
    ys.push(results.slice(carries, own).map((y) => reshape(y, [strides * size, ...shapeOf(y).slice(2)])))
    residuals.push(...results.slice(own))
  }
  for (const { from, length } of parts) {
    // The carries before the first step are an operand.
    if (from > 0) residuals.push(...select(at, needed))
    const results = algebra.applyMany("scan", { ...attributes, length }, [
      ...shared,
      ...at,
      ...rows(algebra, attributes, xs, from, from + length)
    ])
    at = results.slice(0, carries)
    ys.push(results.slice(carries))
  }
  return { results: [...at, ...joined(algebra, attributes, ys)], residuals }
}

/** The state and the cotangents of xs, from the carries that `evaluate` kept. The pullback reads some. */
export const pullBack = <A>(
  algebra: Algebra<A>,
  operands: ReadonlyArray<A>,
  state: ReadonlyArray<A>,
  cotangents: ReadonlyArray<A>,
  given: Flags,
  residuals: ReadonlyArray<A>,
  context: ControlContext<"scan">
): ReadonlyArray<A> => {
  const { attributes, trace } = context
  const { carries, consts, length } = attributes
  const { active, needed } = neededCarries(context)
  const steps = stepsOf(attributes, active, given, trace)
  const [shared, init, xs] = split(operands, [consts, carries]) as [Array<A>, Array<A>, Array<A>]
  const wanted = select(steps.needed, needed)
  const layout = layoutOf(attributes)
  const starts = Array.from({ length: residuals.length / wanted.length }, (_, i) =>
    select(residuals.slice(i * wanted.length, (i + 1) * wanted.length), wanted)
  )
  const own = sweep(algebra, steps, length, {
    shared: select(shared, steps.shared),
    state,
    xs: select(xs, steps.xs),
    ys: cotangents
  })
  for (const { from, length, snapshots } of layout.parts.toReversed()) {
    own.call(from === 0 ? select(init, steps.needed) : starts.pop()!, from, length, snapshots)
  }
  if (layout.strides > 0) own.strides(starts.pop()!, layout.size, layout.strides)
  return own.results()
}
