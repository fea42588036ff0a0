/**
 * The control primitives: conditions, loops, batches and calls.
 *
 * **Details**
 *
 * Bodies are closed programs. Evaluation loops over the schedule of a body, and enters branches and calls without recursion; it is recursive in how deeply loops
 * are nested in each other, and in nothing else.
 *
 * @since 0.1.0
 */
import { allocate, tensor } from "../internal/indexing.ts"
import { raisedIn } from "../internal/raised.ts"
import { type Body, usedInputs } from "../internal/schedule.ts"
import type { Checkpoint, ControlDefinitions, ControlName } from "../Primitive.ts"
import * as Shape from "../Shape.ts"
import type * as Tensor from "../Tensor.ts"
import * as Type from "../Type.ts"

// -----------------------------------------------------------------------------
// Types
// -----------------------------------------------------------------------------

const sameType = (a: Type.Type, b: Type.Type): boolean =>
  a.elementType === b.elementType && Shape.equals(a.shape, b.shape)

/** Checks that two lists of types are the same; `what` names the place of an element for messages. */
export const checkTypes = (
  operation: ControlName,
  expected: ReadonlyArray<Type.Type>,
  actual: ReadonlyArray<Type.Type>,
  what: string
): void => {
  if (expected.length !== actual.length) {
    throw Shape.error(
      operation,
      actual.map(({ shape }) => shape),
      `${what}: expected ${expected.length}, got ${actual.length}`
    )
  }
  expected.forEach((type, i) => {
    if (sameType(type, actual[i]!)) return
    throw Shape.error(
      operation,
      [type.shape, actual[i]!.shape],
      `${what}, ${i}: expected ${Type.render(type)}, got ${Type.render(actual[i]!)}`
    )
  })
}

/** Checks that `value` is a count. */
export const checkCount = (operation: ControlName, name: string, value: number, limit = Infinity): void => {
  if (!Number.isSafeInteger(value) || value < 0 || value > limit) {
    const bound = limit === Infinity ? "a non-negative integer" : `an integer from 0 to ${limit}`
    throw Shape.error(operation, [], `${name} is ${value}, expected ${bound}`)
  }
}

const checkCheckpoint = (checkpoint: Checkpoint): void => {
  if (checkpoint === "all" || checkpoint === "none" || checkpoint === "revolve") return
  if (typeof checkpoint === "object" && checkpoint !== null) {
    const entries = Object.entries(checkpoint)
    const [name, value] = entries[0] ?? []
    if (entries.length === 1 && (name === "every" || name === "snapshots")) {
      if (Number.isSafeInteger(value) && value! > 0) return
      throw Shape.error("scan", [], `checkpoint.${name} is ${String(value)}, expected a positive integer`)
    }
  }
  const got = typeof checkpoint === "object" ? JSON.stringify(checkpoint) : String(checkpoint)
  throw Shape.error(
    "scan",
    [],
    `checkpoint is ${got}, expected "all", "none", "revolve", { every: n } or { snapshots: n }`
  )
}

const stacked = (type: Type.Type, size: number): Type.Type => Type.make(type.elementType, [size, ...type.shape])

const sliceTypes = (operation: ControlName, xs: ReadonlyArray<Type.Type>, size: number): Array<Type.Type> =>
  xs.map((x, i) => {
    if (x.shape.length === 0 || x.shape[0] !== size) {
      throw Shape.error(operation, [x.shape], `xs, ${i}: expected a leading axis of ${size}, got ${Type.render(x)}`)
    }
    return Type.make(x.elementType, x.shape.slice(1))
  })

const typeOf = ({ elementType, shape }: Type.Type): Type.Type => Type.make(elementType, shape)

// -----------------------------------------------------------------------------
// Slices and stacks
// -----------------------------------------------------------------------------

/** Reads slice `i` along the leading axis, without copying it. */
const slicer = (x: Tensor.Any): ((i: number) => Tensor.Any) => {
  const type = Type.make(x.elementType, x.shape.slice(1))
  const size = Shape.size(type.shape)
  const data = x.data as Float64Array
  if (size === 1) {
    return (i) => {
      const own = allocate(x.elementType, 1)
      own[0] = data[i]!
      return tensor(type, own)
    }
  }
  return (i) => tensor(type, data.subarray(i * size, (i + 1) * size))
}

/** Writes slices along a new leading axis. */
const stacker = (type: Type.Type, length: number) => {
  const size = Shape.size(type.shape)
  const data = allocate(type.elementType, size * length)
  return {
    set: (i: number, x: Tensor.Any): void => {
      if (size === 1) data[i] = x.data[0]!
      else data.set(x.data, i * size)
    },
    result: (): Tensor.Any => tensor(stacked(type, length), data)
  }
}

const isReal = ({ elementType }: Type.Type): boolean => elementType === "real"

const isTrue = (results: ReadonlyArray<Tensor.Any>): boolean => results[0]!.data[0] === 1

// -----------------------------------------------------------------------------
// The table
// -----------------------------------------------------------------------------

/**
 * The definitions of the control primitives.
 *
 * **Details**
 *
 * `scan` costs `length` evaluations of its body and memory for its results; `whileLoop` with later sweeps also keeps, for each iteration, the records that
 * they read. A predicate or condition is one truth value.
 *
 * @category tables
 * @since 0.1.0
 */
export const controlFlow: ControlDefinitions<"cond" | "scan" | "map" | "call" | "whileLoop" | "custom"> = {
  cond: {
    types: ({ whenFalse, whenTrue }, [predicate, ...consts]) => {
      checkTypes("cond", [Type.bool([])], predicate === undefined ? [] : [predicate], "predicate")
      checkTypes("cond", whenTrue.inputNodes, consts, "operands of the branch when true")
      checkTypes("cond", whenFalse.inputNodes, consts, "operands of the branch when false")
      checkTypes("cond", whenTrue.outputNodes, whenFalse.outputNodes, "results of the branch when false")
      return whenTrue.outputNodes.map(typeOf)
    },
    evaluate: ({ whenFalse, whenTrue }, [predicate, ...consts]) => ({
      body: isTrue([predicate!]) ? whenTrue : whenFalse,
      inputs: consts
    })
  },

  scan: {
    types: ({ body, carries, checkpoint, consts, length }, operands) => {
      checkCount("scan", "length", length)
      checkCheckpoint(checkpoint)
      checkCount("scan", "consts", consts, operands.length)
      checkCount("scan", "carries", carries, operands.length - consts)
      const outside = operands.slice(0, consts + carries)
      const xs = operands.slice(consts + carries)
      checkTypes("scan", body.inputNodes, [...outside, ...sliceTypes("scan", xs, length)], "operands")
      checkTypes("scan", operands.slice(consts, consts + carries), body.outputNodes.slice(0, carries), "carries")
      return body.outputNodes.map((type, i) => (i < carries ? typeOf(type) : stacked(type, length)))
    },
    evaluate: ({ body, carries, consts, length, reverse }, operands, prepare) => {
      const step = prepare(body)
      const slices = operands.slice(consts + carries).map(slicer)
      const ys = body.outputNodes.slice(carries).map((type) => stacker(type, length))
      const inputs = operands.slice()
      let i = 0
      try {
        for (let k = 0; k < length; k++) {
          i = reverse ? length - 1 - k : k
          for (let j = 0; j < slices.length; j++) inputs[consts + carries + j] = slices[j]!(i)
          const results = step(inputs)
          for (let j = 0; j < carries; j++) inputs[consts + j] = results[j]!
          for (let j = 0; j < ys.length; j++) ys[j]!.set(i, results[carries + j]!)
        }
      } catch (error) {
        throw raisedIn(error, "scan", i)
      }
      return [...inputs.slice(consts, consts + carries), ...ys.map(({ result }) => result())]
    }
  },

  map: {
    types: ({ body, consts, size, summed }, operands) => {
      checkCount("map", "size", size)
      checkCount("map", "consts", consts, operands.length)
      checkCount("map", "summed", summed, body.outputNodes.length)
      const xs = operands.slice(consts)
      checkTypes("map", body.inputNodes, [...operands.slice(0, consts), ...sliceTypes("map", xs, size)], "operands")
      const first = body.outputNodes.length - summed
      return body.outputNodes.map((type, i) => {
        if (i < first) return stacked(type, size)
        if (type.elementType !== "real") {
          throw Shape.error("map", [type.shape], `result ${i}: expected reals to add up, got ${Type.render(type)}`)
        }
        return typeOf(type)
      })
    },
    evaluate: ({ body, consts, size, summed }, operands, prepare) => {
      const step = prepare(body)
      const slices = operands.slice(consts).map(slicer)
      const first = body.outputNodes.length - summed
      const stacks = body.outputNodes.slice(0, first).map((type) => stacker(type, size))
      const sums = body.outputNodes.slice(first).map(({ shape }) => new Float64Array(Shape.size(shape)))
      const inputs = operands.slice()
      let i = 0
      try {
        for (; i < size; i++) {
          for (let j = 0; j < slices.length; j++) inputs[consts + j] = slices[j]!(i)
          const results = step(inputs)
          for (let j = 0; j < first; j++) stacks[j]!.set(i, results[j]!)
          for (let j = 0; j < summed; j++) {
            const sum = sums[j]!
            const { data } = results[first + j]!
            for (let k = 0; k < sum.length; k++) sum[k]! += data[k]!
          }
        }
      } catch (error) {
        throw raisedIn(error, "map", i)
      }
      return [
        ...stacks.map(({ result }) => result()),
        ...sums.map((sum, j) => tensor(typeOf(body.outputNodes[first + j]!), sum))
      ]
    }
  },

  call: {
    types: ({ body }, operands) => {
      checkTypes("call", body.inputNodes, operands, "operands")
      return body.outputNodes.map(typeOf)
    },
    evaluate: ({ body }, operands) => ({ body, inputs: operands })
  },

  whileLoop: {
    types: ({ condition, consts, sweeps }, operands) => {
      checkCount("whileLoop", "consts", consts, operands.length)
      if (sweeps.length === 0) throw Shape.error("whileLoop", [], "expected at least one sweep")
      const shared = operands.slice(0, consts)
      const recorded: Array<Type.Type> = []
      const results: Array<Type.Type> = []
      let next = consts
      sweeps.forEach(({ body, records, states }, k) => {
        checkCount("whileLoop", `states of sweep ${k}`, states, operands.length - next)
        checkCount("whileLoop", `records of sweep ${k}`, records)
        const own = operands.slice(next, next + states)
        next += states
        if (k === 0) {
          checkTypes("whileLoop", condition.inputNodes, [...shared, ...own], "operands of the condition")
          checkTypes("whileLoop", [Type.bool([])], condition.outputNodes, "the condition")
        }
        checkTypes("whileLoop", body.inputNodes, [...shared, ...recorded, ...own], `operands of sweep ${k}`)
        if (body.outputNodes.length !== states + records) {
          throw Shape.error(
            "whileLoop",
            [],
            `results of sweep ${k}: expected ${states + records}, got ${body.outputNodes.length}`
          )
        }
        checkTypes("whileLoop", own, body.outputNodes.slice(0, states), `states of sweep ${k}`)
        recorded.push(...own, ...body.outputNodes.slice(states).map(typeOf))
        results.push(...own.map(typeOf))
      })
      if (next !== operands.length) {
        throw Shape.error("whileLoop", [], `operands: expected ${next}, got ${operands.length}`)
      }
      return results
    },
    evaluate: ({ condition, consts, sweeps }, operands, prepare) => {
      const shared = operands.slice(0, consts)
      const holds = prepare(condition)
      // The tape: for each sweep, and each of its states and records, one value an iteration; kept where a later sweep reads it.
      const columns: Array<Array<Tensor.Any> | undefined> = []
      const lastReader = lastReaders({ consts, sweeps })
      const results: Array<Tensor.Any> = []
      let first = consts
      let trips = 0
      sweeps.forEach(({ body, records, states }, k) => {
        const offset = columns.length
        const own: Array<Array<Tensor.Any> | undefined> = Array.from({ length: states + records }, (_, j) =>
          lastReader[offset + j]! > k ? new Array<Tensor.Any>(trips) : undefined
        )
        const step = prepare(body)
        const inputs = [...shared, ...new Array<Tensor.Any>(offset), ...operands.slice(first, first + states)]
        const at = consts + offset
        first += states
        const iterate = (i: number): void => {
          for (let j = 0; j < offset; j++) {
            const column = columns[j]
            if (column !== undefined) inputs[consts + j] = column[i]!
          }
          const outputs = step(inputs)
          for (let j = 0; j < states; j++) {
            const column = own[j]
            if (column !== undefined) column[i] = inputs[at + j]!
            inputs[at + j] = outputs[j]!
          }
          for (let j = 0; j < records; j++) {
            const column = own[states + j]
            if (column !== undefined) column[i] = outputs[states + j]!
          }
        }
        let i = 0
        try {
          if (k === 0) {
            for (; isTrue(holds(inputs)); i++) iterate(i)
            trips = i
          } else if (k % 2 === 1) {
            for (i = trips - 1; i >= 0; i--) iterate(i)
          } else {
            for (; i < trips; i++) iterate(i)
          }
        } catch (error) {
          throw raisedIn(error, "whileLoop", i)
        }
        columns.push(...own)
        for (let j = 0; j < columns.length; j++) if (lastReader[j]! <= k) columns[j] = undefined
        results.push(...inputs.slice(at))
      })
      return results
    }
  },

  custom: {
    types: ({ body, jvp, vjp }, operands) => {
      checkTypes("custom", body.inputNodes, operands, "operands")
      const { inputNodes: inputs, outputNodes: outputs } = body
      const checkRule = (
        name: string,
        rule: Body | undefined,
        given: ReadonlyArray<Type.Type>,
        computed: ReadonlyArray<Type.Type>
      ): void => {
        if (rule === undefined) return
        checkTypes(
          "custom",
          [...inputs, ...outputs, ...given.filter(isReal)],
          rule.inputNodes,
          `operands of the ${name}`
        )
        checkTypes("custom", computed.filter(isReal), rule.outputNodes, `results of the ${name}`)
      }
      if (jvp === undefined && vjp === undefined) throw Shape.error("custom", [], "expected a JVP, a VJP or both")
      checkRule("JVP", jvp, inputs, outputs)
      checkRule("VJP", vjp, outputs, inputs)
      return outputs.map(typeOf)
    },
    evaluate: ({ body }, operands, prepare) => prepare(body)(operands)
  }
}

/** For each state and record, in order, the last sweep whose body reads it from the tape; -1 where none does. */
const lastReaders = ({
  consts,
  sweeps
}: {
  readonly consts: number
  readonly sweeps: ReadonlyArray<{ readonly body: Body; readonly states: number; readonly records: number }>
}): ReadonlyArray<number> => {
  const readers: Array<number> = []
  sweeps.forEach(({ body, records, states }, k) => {
    const used = usedInputs(body)
    for (let j = 0; j < readers.length; j++) if (used[consts + j] === true) readers[j] = k
    for (let j = 0; j < states + records; j++) readers.push(-1)
  })
  return readers
}
