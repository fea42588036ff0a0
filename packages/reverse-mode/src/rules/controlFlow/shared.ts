// What the rules of the control primitives share: flags that say what varies, and bodies that pull back.

import { type Algebra, Body, type Expr, Fn, Interpreter, Operations, type Primitive, type Type } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { Tape } from "../../Tape.ts"

export type Trace = <B>(algebra: Algebra<B>) => Tape<B>

export type Flags = ReadonlyArray<boolean>

export const expressions = Operations.make(Fn.expressions)

/** A body that pulls back. What it repeats of the forward pass was evaluated there, guards included. */
export const makePullback: typeof Body.make = (inputs, build) => Body.make(inputs, build, { replay: true })

export const split = <X>(list: ReadonlyArray<X>, sizes: ReadonlyArray<number>): Array<ReadonlyArray<X>> => {
  let start = 0
  const parts = sizes.map((size) => list.slice(start, (start += size)))
  return [...parts, list.slice(start)]
}

export const select = <X>(list: ReadonlyArray<X>, flags: Flags): Array<X> => list.filter((_, i) => flags[i])

/** The elements of `dense` where a flag is set, `Zero` elsewhere: the inverse of `select`. */
export const spread = <X>(dense: ReadonlyArray<X>, flags: Flags): Array<X | Zero> => {
  let next = 0
  return flags.map((flag) => (flag ? dense[next++]! : Zero))
}

export const or = (a: Flags, b: Flags): Flags => a.map((x, i) => x || b[i]!)

export const nonZero = <X>(list: ReadonlyArray<X | Zero>): Array<X> => list.filter((x) => x !== Zero) as Array<X>

export const present = <X>(list: ReadonlyArray<X | Zero>): Flags => list.map((x) => x !== Zero)

/** Enlarges flags until a step from them gives nothing new. */
export const fixpoint = (start: Flags, step: (flags: Flags) => Flags): Flags => {
  let flags = start
  for (;;) {
    const next = or(flags, step(flags))
    if (next.every((x, i) => x === flags[i])) return flags
    flags = next
  }
}

export const materialize = <A>(
  algebra: Algebra<A>,
  list: ReadonlyArray<A | Zero>,
  types: ReadonlyArray<Type.Type>
): Array<A> => list.map((x, i) => (x === Zero ? Operations.make(algebra).zeros(types[i]!.shape) : x))

const memory = Body.makeMemory()

/** What was made of a body before, with the same flags. */
export const remember = <X>(body: Primitive.Body, key: ReadonlyArray<Flags | number | string>, make: () => X): X =>
  memory(body, key.map((part) => (typeof part === "object" ? part.map(Number).join("") : part)).join(","), make)

/** Puts the active inputs of a body on a tape, and gives its outputs with the sweep. */
export const run = <A>(
  body: Primitive.Body,
  algebra: Algebra<A>,
  inputs: ReadonlyArray<A>,
  active: Flags,
  trace: Trace
) => {
  const tape = trace(algebra)
  const carriers = inputs.map((primal, i) => (active[i] === true ? tape.input(primal) : { primal, entry: undefined }))
  const outputs = Body.interpret(body, tape.algebra, carriers)
  return {
    outputs,
    /** The cotangents of the inputs, added to those that they have before. */
    pull: (cotangents: ReadonlyArray<A | Zero>, before: ReadonlyArray<A | Zero> = []) =>
      tape.pullback([...carriers.slice(0, before.length), ...outputs], [...before, ...cotangents], carriers)
  }
}

/** Which outputs of a body vary, given which inputs do. */
export const activity = (body: Primitive.Body, active: Flags, trace: Trace): Flags =>
  remember(body, ["activity", active], () =>
    run(body, Interpreter.types, Body.inputTypes(body), active, trace).outputs.map(({ entry }) => entry !== undefined)
  )

/** Which inputs of a body get a cotangent, given which outputs have one. */
export const reached = (body: Primitive.Body, active: Flags, given: Flags, trace: Trace): Flags => {
  if (!given.includes(true)) return active.map(() => false)
  return remember(body, ["reached", active, given], () => {
    const { pull } = run(body, Interpreter.types, Body.inputTypes(body), active, trace)
    return present(pull(Body.outputTypes(body).map((type, i) => (given[i] === true ? type : Zero))))
  })
}

/** The cotangents of the inputs of a body, within a body that is being built. */
export const pullThrough = (
  body: Primitive.Body,
  active: Flags,
  primals: ReadonlyArray<Expr.Any>,
  cotangents: ReadonlyArray<Expr.Any | Zero>,
  trace: Trace,
  before?: ReadonlyArray<Expr.Any | Zero>
): Array<Expr.Any | Zero> => {
  if (cotangents.every((x) => x === Zero)) return primals.map(() => Zero)
  return run(body, Fn.expressions, primals, active, trace).pull(cotangents, before)
}

/** A body with its inputs in groups, without the inputs of some groups that it does not use. */
export interface Pruned {
  readonly body: Primitive.Body
  /** For each group, which of its inputs are left. */
  readonly kept: ReadonlyArray<Flags>
}

export const prune = (body: Primitive.Body, sizes: ReadonlyArray<number>, prunable: Flags): Pruned => {
  const used = split(Body.usedInputs(body), sizes)
  const kept = sizes.map((_, i) => (prunable[i] === true ? used[i]! : used[i]!.map(() => true)))
  return { body: Body.keepInputs(body, kept.flat()), kept }
}

/**
 * The body that takes the inputs of a body, the given cotangents of its outputs, and those that some inputs have before; it computes the wanted cotangents of
 * its inputs.
 */
export const pulledBody = (
  body: Primitive.Body,
  active: Flags,
  given: Flags,
  wanted: Flags,
  trace: Trace,
  before: Flags = active.map(() => false)
): Primitive.Body =>
  remember(body, ["pullback", active, given, wanted, before], () => {
    const types = Body.inputTypes(body)
    const groups = [types, select(Body.outputTypes(body), given), select(types, before)]
    return makePullback(groups.flat(), (inputs) => {
      const [primals, cotangents, had] = split(
        inputs,
        groups.map((group) => group.length)
      ) as unknown as [ReadonlyArray<Expr.Any>, ReadonlyArray<Expr.Any>, ReadonlyArray<Expr.Any>]
      const pulled = pullThrough(body, active, primals, spread(cotangents, given), trace, spread(had, before))
      return materialize(Fn.expressions, select(pulled, wanted), select(types, wanted))
    })
  })
