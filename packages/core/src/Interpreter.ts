/**
 * The reference interpreter: it defines what programs mean.
 *
 * @since 0.1.0
 */
import type { Layer } from "effect"
import type { Algebra } from "./Algebra.ts"
import * as Backend from "./Backend.ts"
import { controlDefinitions, definitions, evaluateBody, prepare } from "./internal/evaluate.ts"
import type * as Tensor from "./Tensor.ts"
import type * as Type from "./Type.ts"

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

/**
 * The layer of the reference interpreter, which is what programs run on where no backend is provided.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Interpreter } from "@fluxion/core"
 * import { Effect } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.mul(x, x))
 * console.log(Effect.runSync(Fn.run(f, 3).pipe(Effect.provide(Interpreter.layer)))) // 9
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Backend.layer(Backend.interpreter)

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
