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
    return definition.evaluate(attributes, operands, prepare)
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
  ) => ReadonlyArray<Tensor.Any>
}

/**
 * Makes a body ready to be evaluated, once or many times. What does not depend on its inputs is evaluated once.
 */
const prepareBody = (body: Body, once: boolean): Primitive.Evaluator => {
  const { dependent, first, inputIndex, lastUse, nodes, operands, outputs } = schedule(body, false)
  const values = new Array<Tensor.Any | undefined>(nodes.length)
  const results: Array<ReadonlyArray<Tensor.Any> | undefined> = []
  // The positions that are evaluated each time; until the first time, all.
  let order: Int32Array | undefined
  const evaluateAt = (i: number, inputs: ReadonlyArray<Tensor.Any>): void => {
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
      if (node.control === undefined) {
        values[i] = definitions[node.primitive!].evaluate(node.attributes!, tensors, node)
      } else {
        results[i] = controlDefinitions[node.control.primitive].evaluate(node.attributes!, tensors, prepare)
      }
      // An array is let go as soon as nothing needs it any more.
      for (let j = start; j < end; j++) {
        const operand = operands[j]!
        if (lastUse[operand] === i && (once || dependent[operand] === 1 || dependent[i] === 0)) {
          values[operand] = undefined
        }
      }
    }
  }
  return (inputs) => {
    let i = 0
    try {
      if (order === undefined) {
        for (; i < nodes.length; i++) evaluateAt(i, inputs)
        if (!once) order = Int32Array.from(nodes.keys()).filter((p) => dependent[p] === 1)
      } else {
        for (let k = 0; k < order.length; k++) {
          i = order[k]!
          evaluateAt(i, inputs)
        }
      }
    } catch (error) {
      throw raisedAt(error, nodes[i]!.site)
    }
    return outputs.map((p) => values[p]!)
  }
}

const prepare = (body: Body): Primitive.Evaluator => prepareBody(body, false)

/** @internal */
export const evaluateBody = (body: Body, inputs: ReadonlyArray<Tensor.Any>): ReadonlyArray<Tensor.Any> =>
  prepareBody(body, true)(inputs)

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
