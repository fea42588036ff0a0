// The reference interpreter: bodies are evaluated node by node, without recursion over the depth of programs.

import * as Primitive from "../Primitive.ts"
import type * as Tensor from "../Tensor.ts"
import type * as Type from "../Type.ts"
import { FreeVariable } from "./interpret.ts"
import { raisedAt } from "./raised.ts"
import { type Body, schedule } from "./schedule.ts"

interface AnyDefinition {
  readonly type: (attributes: object, operands: ReadonlyArray<Type.Type>) => Type.Type
  readonly evaluate: (attributes: object, operands: ReadonlyArray<Tensor.Any>, type: Type.Type) => Tensor.Any
}

export const definitions = Primitive.definitions as unknown as Record<Primitive.Name, AnyDefinition>

export const controlDefinitions = Primitive.controlDefinitions as unknown as Record<
  Primitive.ControlName,
  AnyControlDefinition
>

interface AnyControlDefinition {
  readonly types: (attributes: object, operands: ReadonlyArray<Type.Type>) => ReadonlyArray<Type.Type>
  readonly evaluate: (
    attributes: object,
    operands: ReadonlyArray<Tensor.Any>,
    prepare: (body: Body) => Primitive.Evaluator
  ) => ReadonlyArray<Tensor.Any> | Primitive.Entry
}

/** A body made ready: evaluated once, or many times. */
interface Frame {
  begin(inputs: ReadonlyArray<Tensor.Any>): Frame
  /** Evaluates until the results of another body are needed, and gives that body; `undefined` at the end. */
  advance(): Primitive.Entry | undefined
  /** Takes the results of the body that was asked for. */
  receive(results: ReadonlyArray<Tensor.Any>): void
  /** The outputs, after the end. */
  outputs(): ReadonlyArray<Tensor.Any>
}

/** What does not depend on the inputs of a body is evaluated once. */
const frame = (body: Body, once: boolean): Frame => {
  const { dependent, first, inputIndex, lastUse, nodes, operands, outputs } = schedule(body, false)
  const values = new Array<Tensor.Any | undefined>(nodes.length)
  const results: Array<ReadonlyArray<Tensor.Any> | undefined> = []
  let inputs: ReadonlyArray<Tensor.Any> = []
  // What does not depend on the inputs, but is needed each time by something that does.
  const lasting = new Uint8Array(nodes.length)
  if (!once) {
    for (let i = 0; i < nodes.length; i++) {
      if (dependent[i] === 1) for (let j = first[i]!; j < first[i + 1]!; j++) lasting[operands[j]!] = 1
    }
  }
  // The positions that are evaluated each time; the first time, all. Many bodies are evaluated once.
  let order: Int32Array | undefined
  let isFresh = true
  let next = 0
  const evaluateAt = (i: number): Primitive.Entry | undefined => {
    const node = nodes[i]!
    if (inputIndex[i]! >= 0) values[i] = inputs[inputIndex[i]!]!
    else if (node._tag === "Constant") values[i] = node.value!
    else if (node._tag === "Input") throw new FreeVariable(node)
    else if (node._tag === "Project") {
      const position = operands[first[i]!]!
      values[i] = results[position]![node.index]!
      if (lastUse[position] === i) results[position] = undefined
    } else {
      const start = first[i]!
      const end = first[i + 1]!
      const tensors = new Array<Tensor.Any>(end - start)
      for (let j = start; j < end; j++) tensors[j - start] = values[operands[j]!]!
      let entered: Primitive.Entry | undefined
      if (node.control === undefined) {
        values[i] = definitions[node.primitive!].evaluate(node.attributes!, tensors, node)
      } else {
        const evaluated = controlDefinitions[node.control.primitive].evaluate(node.attributes!, tensors, prepare)
        if ("body" in evaluated) entered = evaluated
        else results[i] = evaluated
      }
      // An array is let go as soon as nothing needs it any more.
      for (let j = start; j < end; j++) {
        const operand = operands[j]!
        if (lastUse[operand] === i && (dependent[operand] === 1 || lasting[operand] === 0)) values[operand] = undefined
      }
      return entered
    }
    return undefined
  }
  const own: Frame = {
    begin: (given) => {
      inputs = given
      next = 0
      if (!isFresh) order ??= Int32Array.from(nodes.keys()).filter((i) => dependent[i] === 1)
      return own
    },
    advance: () => {
      const end = order === undefined ? nodes.length : order.length
      let k = next
      try {
        for (; k < end; k++) {
          const entered = evaluateAt(order === undefined ? k : order[k]!)
          if (entered === undefined) continue
          next = k + 1
          return entered
        }
      } catch (error) {
        throw raisedAt(error, nodes[order === undefined ? k : order[k]!]!.site)
      }
      return undefined
    },
    receive: (received) => {
      results[order === undefined ? next - 1 : order[next - 1]!] = received
    },
    outputs: () => {
      isFresh = false
      return outputs.map((p) => values[p]!)
    }
  }
  return own
}

/** Evaluates a body and those that it enters: not recursive, so that they may nest as deep as they like. */
const run = (outermost: Frame): ReadonlyArray<Tensor.Any> => {
  const entered: Array<Frame> = []
  let current = outermost
  for (;;) {
    const entry = current.advance()
    if (entry === undefined && current === outermost) return current.outputs()
    if (entry !== undefined) {
      entered.push(current)
      current = frame(entry.body, true).begin(entry.inputs)
      continue
    }
    const outer = entered.pop()!
    outer.receive(current.outputs())
    current = outer
  }
}

/** Makes a body ready to be evaluated many times. */
export const prepare = (body: Body): Primitive.Evaluator => {
  const ready = frame(body, false)
  return (inputs) => run(ready.begin(inputs))
}

export const evaluateBody = (body: Body, inputs: ReadonlyArray<Tensor.Any>): ReadonlyArray<Tensor.Any> =>
  run(frame(body, true).begin(inputs))
