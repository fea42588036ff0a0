// Control flow: loops whose bodies are lowered in place.

import { Body, type Type } from "@fluxion/core"
import * as Affine from "../loops/affine.ts"
import {
  access,
  assign,
  type Buffer,
  elementTypeOf,
  forLoop,
  literal,
  makeBuffer,
  makeLoop,
  type Operand,
  type Segment,
  storageOf
} from "../loops/model.ts"
import { hasChecks } from "../loops/walk.ts"
import type { Builder } from "./builder.ts"
import type { ControlLowerings } from "./model.ts"
import * as View from "./view.ts"

const stacked = ({ elementType, shape }: Type.Type, size: number): Type.Type => ({
  elementType,
  shape: [size, ...shape]
})

/** Lowers what is inside of control flow. */
const inside = <A>(builder: Builder, segment: Segment, build: () => A): A => {
  const before = builder.path
  builder.path = [...before, segment]
  try {
    return build()
  } finally {
    builder.path = before
  }
}

const position = (loop: Parameters<typeof Affine.ofLoop>[0]): Operand => ({
  _tag: "Position",
  index: Affine.ofLoop(loop)
})

/** Buffers with initial values, which a loop changes from iteration to iteration. */
const carried = (builder: Builder, initial: ReadonlyArray<View.View>): ReadonlyArray<Buffer> =>
  initial.map((view) => builder.materialise(view))

/** Sets the carried buffers to new values, which may be views of the old ones. */
const advance = (builder: Builder, carries: ReadonlyArray<Buffer>, values: ReadonlyArray<View.View>): void => {
  const next = values.map((view, i) => {
    const { element } = view
    if (element._tag !== "Access" || !carries.includes(storageOf(element.buffer))) return view
    if (element.buffer === carries[i] && View.isWhole(view)) return undefined
    return View.ofBuffer(builder.materialise(view))
  })
  next.forEach((view, i) => {
    if (view !== undefined) builder.copy(carries[i]!, view)
  })
}

export const controlFlow: ControlLowerings<"cond" | "scan" | "map" | "call" | "whileLoop" | "custom" | "root"> = {
  cond: (builder, { whenFalse, whenTrue }, [predicate, ...consts], types, enter) => {
    const results = types.map((type) => builder.temporary(type))
    const branch = (body: Body.Body) =>
      builder.collect(() => {
        enter(body, consts).forEach((view, i) => builder.copy(results[i]!, view))
      })
    builder.emit({
      _tag: "If",
      condition: View.at(predicate!, []),
      whenTrue: branch(whenTrue),
      whenFalse: branch(whenFalse)
    })
    return results.map(View.ofBuffer)
  },

  scan: (builder, { body, carries, consts, length, reverse }, operands, types, enter) => {
    const states = carried(builder, operands.slice(consts, consts + carries))
    const stacks = types.slice(carries).map((type) => builder.temporary(type))
    const loop = makeLoop(length)
    const step = Affine.ofLoop(loop)
    const statements = inside(builder, { control: "scan", index: position(loop) }, () =>
      builder.collect(() => {
        const results = enter(body, [
          ...operands.slice(0, consts),
          ...states.map(View.ofBuffer),
          ...operands.slice(consts + carries).map((xs) => View.slice(xs, step))
        ])
        stacks.forEach((stack, i) => builder.copy(stack, results[carries + i]!, (index) => [step, ...index]))
        advance(builder, states, results.slice(0, carries))
      })
    )
    builder.emit(forLoop(loop, statements, { isParallel: false, isReverse: reverse }))
    return [...states, ...stacks].map(View.ofBuffer)
  },

  map: (builder, { body, consts, size, summed }, operands, types, enter) => {
    const results = types.map((type) => builder.temporary(type))
    const first = results.length - summed
    for (const sum of results.slice(first)) builder.fill(sum, 0)
    const loop = makeLoop(size)
    const element = Affine.ofLoop(loop)
    const statements = inside(builder, { control: "map", index: position(loop) }, () =>
      builder.collect(() => {
        const values = enter(body, [
          ...operands.slice(0, consts),
          ...operands.slice(consts).map((xs) => View.slice(xs, element))
        ])
        values.forEach((view, i) => {
          const result = results[i]!
          if (i < first) builder.copy(result, view, (index) => [element, ...index])
          else {
            builder.store(
              result,
              view.shape,
              (index) => index,
              "copy",
              (index) => [View.at(view, index)],
              {
                combine: "add"
              }
            )
          }
        })
      })
    )
    builder.emit(forLoop(loop, statements, { isParallel: !hasChecks(statements) }))
    return results.map(View.ofBuffer)
  },

  call: (_, { body }, operands, __, enter) => enter(body, operands),

  custom: (_, { body }, operands, __, enter) => enter(body, operands),

  root: (_, { solve }, operands, __, enter) => enter(solve, operands),

  whileLoop: (builder, { condition, consts, sweeps }, operands, _, enter) => {
    const shared = operands.slice(0, consts)
    const trips = access(builder.temporary({ elementType: "index", shape: [] }))
    builder.emit(assign(trips, "copy", [literal("index", 0)]))
    const results: Array<Buffer> = []
    // What earlier sweeps recorded: a tape where a later sweep reads it.
    const recorded: Array<{ readonly type: Type.Type; readonly tape: Buffer | undefined }> = []
    let next = consts
    sweeps.forEach(({ body, records, states }, k) => {
      const own = carried(builder, operands.slice(next, next + states))
      next += states
      const offset = recorded.length
      const recordTypes = Body.outputTypes(body).slice(states)
      const types = [...own.map(({ elementType, shape }): Type.Type => ({ elementType, shape })), ...recordTypes]
      const isRead = types.map((__, j) =>
        sweeps.slice(k + 1).some((later) => Body.usedInputs(later.body)[consts + offset + j] === true)
      )
      const tapes = types.map((type, j) => (isRead[j] === true ? makeBuffer("tape", stacked(type, 0)) : undefined))
      const iterate = (at: Affine.Affine, index: Operand): void => {
        const kept = tapes.filter((tape) => tape !== undefined)
        if (kept.length > 0) builder.emit({ _tag: "Reserve", tapes: kept, index })
        const inputs = [
          ...shared,
          ...recorded.map(({ tape, type }) =>
            tape === undefined
              ? View.ofLiteral(type, literal(type.elementType, 0))
              : View.make(type, (rest) => access(tape, [at, ...rest]))
          ),
          ...own.map(View.ofBuffer)
        ]
        const values = inside(builder, { control: "whileLoop", index }, () => enter(body, inputs))
        own.forEach((state, j) => {
          const tape = tapes[j]
          if (tape !== undefined) builder.copy(tape, View.ofBuffer(state), (rest) => [at, ...rest])
        })
        for (let j = 0; j < records; j++) {
          const tape = tapes[states + j]
          if (tape !== undefined) builder.copy(tape, values[states + j]!, (rest) => [at, ...rest])
        }
        advance(builder, own, values.slice(0, states))
      }
      if (k === 0) {
        let holds: Operand = literal("bool", 0)
        const test = builder.collect(() => {
          const value = inside(builder, { control: "whileLoop", index: trips }, () =>
            enter(condition, [...shared, ...own.map(View.ofBuffer)])
          )
          const element = View.at(value[0]!, [])
          holds = element._tag === "Literal" ? element : builder.compute(elementTypeOf(element), "copy", [element])
        })
        const statements = builder.collect(() => {
          iterate(Affine.ofIndex(trips), trips)
          builder.emit(assign(trips, "add", [trips, literal("index", 1)]))
        })
        builder.emit({ _tag: "While", test, condition: holds, body: statements })
      } else {
        const loop = makeLoop(trips)
        const statements = builder.collect(() => iterate(Affine.ofLoop(loop), position(loop)))
        builder.emit(forLoop(loop, statements, { isParallel: false, isReverse: k % 2 === 1 }))
      }
      types.forEach((type, j) => recorded.push({ type, tape: tapes[j] }))
      results.push(...own)
    })
    return results.map(View.ofBuffer)
  }
}
