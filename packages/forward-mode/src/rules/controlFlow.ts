/**
 * JVP rules of the control primitives: the same primitive, with bodies that carry tangents along.
 *
 * @since 0.1.0
 */
import { type Algebra, Body, type Expr, Fn, Interpreter, Operations, type Primitive, type Type } from "@fluxion/core"
import { MissingRule, Zero } from "@fluxion/core/Rule"
import type { ControlJvpRules, VectorCarrier } from "../JvpRule.ts"

/** Which of the tangents of a value are not zero by structure. */
type Pattern = ReadonlyArray<boolean>

type Transform = <B>(algebra: Algebra<B>) => Algebra<VectorCarrier<B>>

const patternOf = <A>({ tangents }: VectorCarrier<A>, count: number): Pattern =>
  tangents === undefined ? new Array<boolean>(count).fill(false) : tangents.map((tangent) => tangent !== Zero)

const union = (a: Pattern, b: Pattern): Pattern => a.map((x, i) => x || b[i]!)

const samePatterns = (a: ReadonlyArray<Pattern>, b: ReadonlyArray<Pattern>): boolean =>
  a.every((pattern, i) => pattern.every((x, j) => x === b[i]![j]))

/**
 * A list of values that stays together in the operands of a control primitive. With tangents it becomes the primals, followed by the
 * tangents that are not zero by structure.
 */
interface Group {
  readonly types: ReadonlyArray<Type.Type>
  readonly patterns: ReadonlyArray<Pattern>
}

const sizeOf = ({ patterns }: Group): number =>
  patterns.reduce((size, pattern) => size + pattern.filter(Boolean).length, patterns.length)

const flattenGroup = <A>(
  algebra: Algebra<A>,
  carriers: ReadonlyArray<VectorCarrier<A>>,
  patterns: ReadonlyArray<Pattern>
): Array<A> => {
  const flat = carriers.map(({ primal }) => primal)
  const ops = Operations.make(algebra)
  carriers.forEach(({ primal, tangents }, i) =>
    patterns[i]!.forEach((present, j) => {
      if (!present) return
      const tangent = tangents === undefined ? Zero : tangents[j]!
      flat.push(tangent === Zero ? ops.zeros(ops.shapeOf(primal)) : tangent)
    })
  )
  return flat
}

const unflattenGroup = <A>(flat: ReadonlyArray<A>, patterns: ReadonlyArray<Pattern>): Array<VectorCarrier<A>> => {
  let next = patterns.length
  return patterns.map((pattern, i) => {
    const tangents = pattern.map((present) => (present ? flat[next++]! : Zero))
    return { primal: flat[i]!, tangents: pattern.some(Boolean) ? tangents : undefined }
  })
}

const split = <X>(list: ReadonlyArray<X>, sizes: ReadonlyArray<number>): Array<ReadonlyArray<X>> => {
  let start = 0
  const parts = sizes.map((size) => list.slice(start, (start += size)))
  return [...parts, list.slice(start)]
}

const memories = new WeakMap<Transform, Body.Memory>()

/** What is made of a body depends on the transformer: tangents and Taylor coefficients come in the same patterns. */
const memoryOf = (transform: Transform): Body.Memory => {
  const memory = memories.get(transform) ?? Body.makeMemory()
  memories.set(transform, memory)
  return memory
}

const keyOf = (...parts: ReadonlyArray<unknown>): string =>
  JSON.stringify(parts, (_, x: unknown) => (typeof x === "boolean" ? Number(x) : x))

/** The patterns of the outputs of a body, given those of its inputs. */
const outputPatterns = (
  body: Primitive.Body,
  patterns: ReadonlyArray<Pattern>,
  count: number,
  transform: Transform
): ReadonlyArray<Pattern> =>
  memoryOf(transform)(body, keyOf("patterns", count, patterns), () => {
    const inputs = Body.inputTypes(body).map((type, i) => ({
      primal: type,
      tangents: patterns[i]!.some(Boolean) ? patterns[i]!.map((present) => (present ? type : Zero)) : undefined
    }))
    return Body.interpret(body, transform(Interpreter.types), inputs).map((output) => patternOf(output, count))
  })

/** The body with tangents: each group of inputs and of outputs is followed by its tangents. */
const dualise = (
  body: Primitive.Body,
  inputs: ReadonlyArray<Group>,
  outputs: ReadonlyArray<ReadonlyArray<Pattern>>,
  transform: Transform
): Primitive.Body =>
  memoryOf(transform)(
    body,
    keyOf(
      "dual",
      inputs.map(({ patterns }) => patterns),
      outputs
    ),
    () => {
      const types = inputs.flatMap(({ patterns, types }) => [
        ...types,
        ...types.flatMap((type, i) => patterns[i]!.filter(Boolean).map(() => type))
      ])
      return Body.make(types, (flat) => {
        const carriers = split(flat, inputs.map(sizeOf)).flatMap((part, i) =>
          unflattenGroup(part, inputs[i]?.patterns ?? [])
        )
        const results = Body.interpret(body, transform(Fn.expressions), carriers)
        return split(
          results,
          outputs.map((patterns) => patterns.length)
        ).flatMap((part, i) => flattenGroup<Expr.Any>(Fn.expressions, part, outputs[i] ?? []))
      })
    }
  )

const group = <A>(
  algebra: Algebra<A>,
  carriers: ReadonlyArray<VectorCarrier<A>>,
  patterns: ReadonlyArray<Pattern>
) => ({
  types: carriers.map(({ primal }) => algebra.typeOf(primal)),
  patterns
})

/** The types of slices along the leading axis. */
const sliced = ({ patterns, types }: Group): Group => ({
  types: types.map(({ elementType, shape }) => ({ elementType, shape: shape.slice(1) })),
  patterns
})

/** Enlarges patterns until a step from them gives nothing new: which tangents are carried by a loop. */
const fixpoint = (
  start: ReadonlyArray<Pattern>,
  step: (patterns: ReadonlyArray<Pattern>) => ReadonlyArray<Pattern>
): ReadonlyArray<Pattern> => {
  let patterns = start
  for (;;) {
    const from = patterns
    const to = step(from)
    patterns = from.map((pattern, i) => union(pattern, to[i]!))
    if (samePatterns(from, patterns)) return patterns
  }
}

/**
 * The JVP rules of the control primitives.
 *
 * **Details**
 *
 * Tangents travel beside the values they belong to: constants beside constants, carries beside carries. Which carries have a tangent at all is
 * found first, as the least fixed point over a step of the loop, so a carry that does not vary costs nothing. `custom` calls its JVP rule, once for each
 * tangent.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 *
 * const power = Fn.make([], (x) => Expr.iterate(3, (y) => Expr.mul(y, x), Expr.constant(1)))
 * console.log(Fn.runSync(Forward.derivative(power), 2)) // 12
 * ```
 *
 * @category tables
 * @since 0.1.0
 */
export const controlFlow: ControlJvpRules<"cond" | "scan" | "map" | "call" | "whileLoop" | "custom"> = {
  cond: (operands, { algebra, attributes: { whenFalse, whenTrue }, count, transform }) => {
    const [predicate, ...consts] = operands
    const patterns = consts.map((x) => patternOf(x, count))
    const fromTrue = outputPatterns(whenTrue, patterns, count, transform)
    const fromFalse = outputPatterns(whenFalse, patterns, count, transform)
    const results = fromTrue.map((pattern, i) => union(pattern, fromFalse[i]!))
    const inputs = [group(algebra, consts, patterns)]
    const attributes = {
      whenTrue: dualise(whenTrue, inputs, [results], transform),
      whenFalse: dualise(whenFalse, inputs, [results], transform)
    }
    const flat = [predicate!.primal, ...flattenGroup(algebra, consts, patterns)]
    return unflattenGroup(algebra.applyMany("cond", attributes, flat), results)
  },

  scan: (operands, { algebra, attributes, count, transform }) => {
    const { body, carries, checkpoint, consts, length, reverse } = attributes
    const [shared, init, xs] = split(operands, [consts, carries]) as [typeof operands, typeof operands, typeof operands]
    const sharedPatterns = shared.map((x) => patternOf(x, count))
    const xsPatterns = xs.map((x) => patternOf(x, count))
    const step = (patterns: ReadonlyArray<Pattern>) =>
      outputPatterns(body, [...sharedPatterns, ...patterns, ...xsPatterns], count, transform)
    const carryPatterns = fixpoint(
      init.map((x) => patternOf(x, count)),
      step
    )
    const ysPatterns = step(carryPatterns).slice(carries)
    const groups = [
      group(algebra, shared, sharedPatterns),
      group(algebra, init, carryPatterns),
      sliced(group(algebra, xs, xsPatterns))
    ] as const
    const carried = sizeOf(groups[1])
    const results = algebra.applyMany(
      "scan",
      {
        body: dualise(body, groups, [carryPatterns, ysPatterns], transform),
        consts: sizeOf(groups[0]),
        carries: carried,
        length,
        reverse,
        checkpoint
      },
      [
        ...flattenGroup(algebra, shared, sharedPatterns),
        ...flattenGroup(algebra, init, carryPatterns),
        ...flattenGroup(algebra, xs, xsPatterns)
      ]
    )
    return [
      ...unflattenGroup(results.slice(0, carried), carryPatterns),
      ...unflattenGroup(results.slice(carried), ysPatterns)
    ]
  },

  map: (operands, { algebra, attributes: { body, consts, size, summed }, count, transform }) => {
    const [shared, xs] = split(operands, [consts]) as [typeof operands, typeof operands]
    const patterns = operands.map((x) => patternOf(x, count))
    const results = outputPatterns(body, patterns, count, transform)
    const stacks = results.slice(0, results.length - summed)
    const sums = results.slice(results.length - summed)
    const groups = [
      group(algebra, shared, patterns.slice(0, consts)),
      sliced(group(algebra, xs, patterns.slice(consts)))
    ] as const
    const flat = algebra.applyMany(
      "map",
      {
        body: dualise(body, groups, [stacks, sums], transform),
        consts: sizeOf(groups[0]),
        size,
        summed: sizeOf({ types: [], patterns: sums })
      },
      [
        ...flattenGroup(algebra, shared, patterns.slice(0, consts)),
        ...flattenGroup(algebra, xs, patterns.slice(consts))
      ]
    )
    const first = sizeOf({ types: [], patterns: stacks })
    return [...unflattenGroup(flat.slice(0, first), stacks), ...unflattenGroup(flat.slice(first), sums)]
  },

  call: (operands, { algebra, attributes: { body, checkpoint }, count, transform }) => {
    const patterns = operands.map((x) => patternOf(x, count))
    const results = outputPatterns(body, patterns, count, transform)
    const dual = dualise(body, [group(algebra, operands, patterns)], [results], transform)
    const flat = flattenGroup(algebra, operands, patterns)
    return unflattenGroup(algebra.applyMany("call", { body: dual, checkpoint }, flat), results)
  },

  whileLoop: (operands, { algebra, attributes: { condition, consts, sweeps }, count, transform }) => {
    const shared = operands.slice(0, consts)
    const sharedGroup = group(
      algebra,
      shared,
      shared.map((x) => patternOf(x, count))
    )
    const flat = flattenGroup(algebra, shared, sharedGroup.patterns)
    // For each sweep before the present one: its states, its records.
    const recorded: Array<Group> = []
    let first = consts
    let dualCondition = condition
    const dualSweeps = sweeps.map(({ body, states }, k) => {
      const own = operands.slice(first, first + states)
      first += states
      const before = [sharedGroup, ...recorded].flatMap(({ patterns }) => patterns)
      const step = (patterns: ReadonlyArray<Pattern>) =>
        outputPatterns(body, [...before, ...patterns], count, transform)
      const patterns = fixpoint(
        own.map((x) => patternOf(x, count)),
        step
      )
      const ownGroup = group(algebra, own, patterns)
      const recordGroup = { types: Body.outputTypes(body).slice(states), patterns: step(patterns).slice(states) }
      flat.push(...flattenGroup(algebra, own, patterns))
      if (k === 0) {
        const holds = outputPatterns(condition, [...sharedGroup.patterns, ...patterns], count, transform)
        dualCondition = dualise(condition, [sharedGroup, ownGroup], [holds], transform)
      }
      const dual = dualise(
        body,
        [sharedGroup, ...recorded, ownGroup],
        [ownGroup.patterns, recordGroup.patterns],
        transform
      )
      recorded.push(ownGroup, recordGroup)
      return { body: dual, states: sizeOf(ownGroup), records: sizeOf(recordGroup) }
    })
    const results = algebra.applyMany(
      "whileLoop",
      { condition: dualCondition, consts: sizeOf(sharedGroup), sweeps: dualSweeps },
      flat
    )
    const finals = recorded.filter((_, i) => i % 2 === 0)
    return split(results, finals.map(sizeOf)).flatMap((part, k) => unflattenGroup(part, finals[k]?.patterns ?? []))
  },

  custom: (operands, { algebra, attributes, count }) => {
    const { jvp } = attributes
    if (jvp === undefined) throw new MissingRule({ mode: "forward" })
    const primals = operands.map(({ primal }) => primal)
    // The program keeps its rule, for derivatives of derivatives.
    const results = algebra.applyMany("custom", attributes, primals)
    const isReal = (x: (typeof primals)[number]): boolean => algebra.typeOf(x).elementType === "real"
    const real = operands.filter(({ primal }) => isReal(primal))
    const varying = Array.from({ length: count }, (_, j) =>
      operands.some(({ tangents }) => tangents !== undefined && tangents[j] !== Zero)
    )
    const zeros = Body.zeroOutputs(jvp)
    const ops = Operations.make(algebra)
    const columns = varying.map((varies, j) => {
      if (!varies || zeros.every(Boolean)) return []
      const tangents = real.map(({ primal, tangents }) => {
        const tangent = tangents === undefined ? Zero : tangents[j]!
        return tangent === Zero ? ops.zeros(ops.shapeOf(primal)) : tangent
      })
      return algebra.applyMany("call", { body: jvp, checkpoint: false }, [...primals, ...results, ...tangents])
    })
    let next = 0
    return results.map((primal) => {
      if (!isReal(primal)) return { primal, tangents: undefined }
      const k = next++
      return {
        primal,
        tangents: zeros[k] === true ? undefined : varying.map((varies, j) => (varies ? columns[j]![k]! : Zero))
      }
    })
  }
}
