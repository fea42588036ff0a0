/**
 * The reference interpreter: it defines what programs mean.
 *
 * @since 0.1.0
 */
import type { Algebra } from "./Algebra.ts"
import { FreeVariable } from "./internal/interpret.ts"
import { raisedAt } from "./internal/raised.ts"
import { type Body, schedule } from "./internal/schedule.ts"
import * as Primitive from "./Primitive.ts"
import type * as Tensor from "./Tensor.ts"
import type * as Type from "./Type.ts"

interface AnyDefinition {
  readonly type: (attributes: object, operands: ReadonlyArray<Type.Type>) => Type.Type
  readonly evaluate: (attributes: object, operands: ReadonlyArray<Tensor.Any>, type: Type.Type) => Tensor.Any
}

const definitions = Primitive.definitions as unknown as Record<Primitive.Name, AnyDefinition>

/**
 * The tensor algebra: applying a primitive computes.
 *
 * **Details**
 *
 * It throws where a guard fails; `Failure.attempt` makes a value of that.
 *
 * @example
 * ```ts
 * import { Interpreter, Tensor } from "@fluxion/core"
 *
 * const sum = Interpreter.algebra.apply("add", {}, [Tensor.make([1, 2]), Tensor.make([10, 20])])
 * console.log(`${sum}`) // [11, 22]
 * ```
 *
 * @category algebras
 * @since 0.1.0
 */
export const algebra: Algebra<Tensor.Any> = {
  apply: (primitive, attributes, operands, type) => {
    const definition = definitions[primitive]
    const tensors = operands as ReadonlyArray<Tensor.Any>
    return definition.evaluate(attributes, tensors, type ?? definition.type(attributes, tensors))
  },
  applyMany: (primitive, attributes, operands) => {
    const definition = controlDefinitions[primitive]
    definition.types(attributes, operands)
    const evaluated = definition.evaluate(attributes, operands, prepare)
    return "body" in evaluated ? evaluateBody(evaluated.body, evaluated.inputs) : evaluated
  },
  constant: (value) => value,
  typeOf: (tensor) => tensor
}

const controlDefinitions = Primitive.controlDefinitions as unknown as Record<
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
const prepare = (body: Body): Primitive.Evaluator => {
  const ready = frame(body, false)
  return (inputs) => run(ready.begin(inputs))
}

/** @internal */
export const evaluateBody = (body: Body, inputs: ReadonlyArray<Tensor.Any>): ReadonlyArray<Tensor.Any> =>
  run(frame(body, true).begin(inputs))

/**
 * The algebra of types: applying a primitive says what type the result has, or throws a `ShapeError`.
 *
 * @example
 * ```ts
 * import { Interpreter, Type } from "@fluxion/core"
 *
 * const type = Interpreter.types.apply("add", {}, [Type.real([3, 1]), Type.real([4])])
 * console.log(Type.render(type)) // real[3,4]
 * ```
 *
 * @category algebras
 * @since 0.1.0
 */
export const types: Algebra<Type.Type> = {
  apply: (primitive, attributes, operands, type) =>
    type ?? definitions[primitive].type(attributes, operands as ReadonlyArray<Type.Type>),
  applyMany: (primitive, attributes, operands, known) =>
    known ?? controlDefinitions[primitive].types(attributes, operands),
  constant: (value) => value,
  typeOf: (type) => type,
  free: (expr) => expr
}
