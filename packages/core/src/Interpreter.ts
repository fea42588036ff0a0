/**
 * The reference interpreter: it defines what programs mean.
 *
 * @since 0.1.0
 */
import type { Algebra } from "./Algebra.ts"
import { FreeVariable } from "./internal/interpret.ts"
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
  constant: (value) => value,
  typeOf: (tensor) => tensor
}

/** @internal */
export const evaluateBody = (body: Body, inputs: ReadonlyArray<Tensor.Any>): Array<Tensor.Any> => {
  const { first, inputIndex, lastUse, nodes, operands, outputs } = schedule(body, false)
  const values = new Array<Tensor.Any | undefined>(nodes.length)
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!
    if (inputIndex[i]! >= 0) values[i] = inputs[inputIndex[i]!]!
    else if (node._tag === "Constant") values[i] = node.value!
    else if (node._tag === "Input") throw new FreeVariable(node)
    else {
      const start = first[i]!
      const end = first[i + 1]!
      const tensors = new Array<Tensor.Any>(end - start)
      for (let j = start; j < end; j++) tensors[j - start] = values[operands[j]!]!
      values[i] = definitions[node.primitive!].evaluate(node.attributes!, tensors, node)
      // An array is let go as soon as nothing needs it any more.
      for (let j = start; j < end; j++) if (lastUse[operands[j]!] === i) values[operands[j]!] = undefined
    }
  }
  return outputs.map((p) => values[p]!)
}
