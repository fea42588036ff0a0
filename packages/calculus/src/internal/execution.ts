// An evaluation by the reference interpreter that keeps books: what was executed, and when each array was made and last read.

import { Body, type Expr, Interpreter, Primitive, type Tensor } from "@fluxion/core"
import { accumulate, type Counting, controlCostOf, costOf, zeroCounts } from "./counting.ts"

/** Arrays in memory. */
export interface Memory {
  readonly values: number
  readonly bytes: number
}

export interface Execution extends Counting<Tensor.Any> {
  /** Takes note of arrays that exist from the start. */
  readonly inputs: (tensors: ReadonlyArray<Tensor.Any>) => void
  /** The present moment, for `readSince`. */
  readonly mark: () => Mark
  /** The arrays made before a moment and read after it, and those that loops kept for their later sweeps since. */
  readonly readSince: (mark: Mark) => Memory
  /** The most that was live at one moment, when these are kept to the end. */
  readonly peak: (outputs: ReadonlyArray<Tensor.Any>) => Memory
}

export interface Mark {
  /** How many arrays there were, and the number of the next step. */
  readonly arrays: number
  readonly step: number
}

interface AnyControlDefinition {
  readonly evaluate: (
    attributes: object,
    operands: ReadonlyArray<Tensor.Any>,
    prepare: (body: Primitive.Body) => Primitive.Evaluator
  ) => ReadonlyArray<Tensor.Any> | Primitive.Entry
}

const controlDefinitions = Primitive.controlDefinitions as unknown as Record<
  Primitive.ControlName,
  AnyControlDefinition
>

/** Evaluates a control primitive, its bodies as `prepare` says. */
export const evaluateControl = (
  primitive: Primitive.ControlName,
  attributes: object,
  operands: ReadonlyArray<Tensor.Any>,
  prepare: (body: Primitive.Body) => Primitive.Evaluator
): ReadonlyArray<Tensor.Any> => {
  const evaluated = controlDefinitions[primitive].evaluate(attributes, operands, prepare)
  return "body" in evaluated ? prepare(evaluated.body)(evaluated.inputs) : evaluated
}

const known = new WeakMap<object, Tensor.Any>()

/** The value of an expression that depends on no input, evaluated once. */
export const evaluateConstant = (expr: Expr.Any): Tensor.Any => {
  const before = known.get(expr)
  if (before !== undefined) return before
  const body = Body.make([], () => [expr])
  const [value] = Body.interpret(body, Interpreter.algebra, [])
  known.set(expr, value!)
  return value!
}

export const execution = (): Execution => {
  const counted = zeroCounts()
  // Arrays are known by their storage: what shares it is one array. Constants belong to the program and are not counted.
  const indices = new WeakMap<ArrayBufferLike, number>()
  const bytes: Array<number> = []
  const made: Array<number> = []
  // The last step that works on an array, and the last before which it must not go.
  const read: Array<number> = []
  const held: Array<number> = []
  let step = 0
  // Where the loops that keep a tape went over from one sweep to the next.
  const sweeps: Array<{ readonly from: Mark; readonly to: Mark }> = []

  const mark = (): Mark => ({ arrays: bytes.length, step })
  const note = (tensor: Tensor.Any, at: number): void => {
    const { buffer } = tensor.data
    if (indices.has(buffer)) return
    indices.set(buffer, bytes.length)
    bytes.push(buffer.byteLength)
    made.push(at)
    read.push(-1)
    held.push(at)
  }
  const touch = (tensors: ReadonlyArray<Tensor.Any>, last: Array<number>, at: number): void => {
    for (const { data } of tensors) {
      const index = indices.get(data.buffer)
      if (index !== undefined && index >= 0) last[index] = Math.max(last[index]!, at)
    }
  }
  const hold = (tensors: ReadonlyArray<Tensor.Any>, at: number): void => touch(tensors, held, at)
  const constant = (value: Tensor.Any): Tensor.Any => {
    if (!indices.has(value.data.buffer)) indices.set(value.data.buffer, -1)
    return value
  }
  const kept = (mark: Mark, first: number): Memory => {
    let [values, total] = [0, 0]
    for (let i = first; i < mark.arrays; i++) {
      if (read[i]! < mark.step) continue
      values++
      total += bytes[i]!
    }
    return { values, bytes: total }
  }

  const algebra: Execution["algebra"] = {
    ...Interpreter.algebra,
    constant,
    free: (expr) => constant(evaluateConstant(expr)),
    apply: (primitive, attributes, operands, type) => {
      const result = Interpreter.algebra.apply(primitive, attributes, operands, type)
      const tensors = operands as ReadonlyArray<Tensor.Any>
      accumulate(counted, costOf[primitive](attributes, tensors, result))
      touch(tensors, read, step)
      note(result, step++)
      return result
    },
    applyMany: (primitive, attributes, operands, types) => {
      Interpreter.types.applyMany(primitive, attributes, operands, types)
      const from = mark()
      const looping = primitive === "whileLoop"
      let prepared = 0
      const results = evaluateControl(primitive, attributes, operands, (body) => {
        // Of a loop the condition is made ready first, then its sweeps, each when the one before is done.
        if (looping && prepared++ > 1) sweeps.push({ from, to: mark() })
        return (inputs) => {
          for (const input of inputs) if (input !== undefined) note(input, step)
          const outputs = Body.interpret(body, algebra, inputs)
          // They are there when the last step is done.
          hold(outputs, step - 1)
          return outputs
        }
      })
      accumulate(counted, controlCostOf[primitive].own(attributes, results))
      touch(operands, read, from.step)
      hold(operands, step)
      // What a loop stacks is there from its beginning.
      for (const result of results) note(result, from.step)
      hold(results, step)
      step++
      return results
    }
  }

  return {
    algebra,
    counts: () => ({ ...counted }),
    inputs: (tensors) => {
      for (const tensor of tensors) note(tensor, 0)
    },
    mark,
    readSince: (since) => {
      const own = kept(since, 0)
      return sweeps
        .filter(({ from }) => from.step >= since.step)
        .map(({ from, to }) => kept(to, from.arrays))
        .reduce((a, b) => ({ values: a.values + b.values, bytes: a.bytes + b.bytes }), own)
    },
    peak: (outputs) => {
      hold(outputs, step)
      const values = new Float64Array(step + 2)
      const sizes = new Float64Array(step + 2)
      for (let i = 0; i < bytes.length; i++) {
        values[made[i]!]! += 1
        sizes[made[i]!]! += bytes[i]!
        const last = Math.max(read[i]!, held[i]!)
        values[last + 1]! -= 1
        sizes[last + 1]! -= bytes[i]!
      }
      let [live, total, mostValues, mostBytes] = [0, 0, 0, 0]
      for (let i = 0; i <= step; i++) {
        live += values[i]!
        total += sizes[i]!
        mostValues = Math.max(mostValues, live)
        mostBytes = Math.max(mostBytes, total)
      }
      return { values: mostValues, bytes: mostBytes }
    }
  }
}
