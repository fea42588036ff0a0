/**
 * Bodies: the closed programs inside control primitives.
 *
 * **Details**
 *
 * A body is a list of inputs and a list of outputs. It is closed: what it uses from outside comes in as an operand of the control primitive, so
 * bodies can be transformed and evaluated on their own. Rules of differentiation make the bodies of derivatives here.
 *
 * @since 0.1.0
 */
import type { Algebra } from "./Algebra.ts"
import type * as Expr from "./Expr.ts"
import { abstract as abstractNodes, close } from "./internal/capture.ts"
import { FreeVariable, interpret as interpretBody } from "./internal/interpret.ts"
import * as Internal from "./internal/node.ts"
import { type Body as InternalBody, schedule } from "./internal/schedule.ts"
import { usedInputs as used } from "./primitives/controlFlow.ts"
import type * as Type from "./Type.ts"

/**
 * A closed program from a list of arrays to a list of arrays.
 *
 * @category models
 * @since 0.1.0
 */
export interface Body extends InternalBody {}

/**
 * Makes a body from the types of its inputs and a function that builds it.
 *
 * **Details**
 *
 * Throws a `FreeVariable` error when the outputs depend on an input of another program.
 *
 * @example
 * ```ts
 * import { Body, Fn, Type } from "@fluxion/core"
 *
 * const body = Body.make([Type.real([2])], ([x]) => [Fn.expressions.apply("sin", {}, [x!])])
 * console.log(Body.outputTypes(body).map(Type.render)) // [ 'real[2]' ]
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (
  inputs: ReadonlyArray<Type.Type>,
  build: (inputs: ReadonlyArray<Expr.Any>) => ReadonlyArray<Expr.Any>
): Body => {
  const inputNodes = inputs.map((type, i) => Internal.input(`x${i}`, type))
  const outputNodes = build(inputNodes as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>)
  const body = { inputNodes, outputNodes: outputNodes as ReadonlyArray<unknown> as ReadonlyArray<Internal.Node> }
  const { inputIndex, nodes } = schedule(body, false)
  nodes.forEach((node, i) => {
    if (node._tag === "Input" && inputIndex[i]! < 0) throw new FreeVariable(node)
  })
  return body
}

/**
 * An expression that stands for an input of a body still to be made: see `abstract`.
 *
 * @example
 * ```ts
 * import { Body, Type } from "@fluxion/core"
 *
 * console.log(String(Body.variable("i", Type.index([])))) // Expr(i: index[])
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const variable = (label: string, type: Type.Type): Expr.Any => Internal.input(label, type) as unknown as Expr.Any

/**
 * Makes a body of expressions that depend on variables.
 *
 * **Details**
 *
 * The inputs of the body are first what was `captured`, then the variables. Captured is whatever does not depend on the variables and is used beside what does, as
 * large as possible: in a loop it is computed once, outside. An expression must not depend on variables of two bodies.
 *
 * @example
 * ```ts
 * import { Body, Expr, Fn, Type } from "@fluxion/core"
 *
 * const f = Fn.make([3], (x) => {
 *   const i = Body.variable("i", Type.index([])) as Expr.IndexExpr<readonly []>
 *   const { body, captured } = Body.abstract([i], [Expr.gather(Expr.sin(x), i)])
 *   console.log(captured.map(String)) // [ 'Expr(sin: real[3])' ]
 *   const [y] = Fn.expressions.applyMany("call", { body }, [...captured, Expr.argmax(x, 0)])
 *   return y as Expr.Expr<readonly []>
 * })
 * console.log(Fn.operationCount(f)) // 3
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const abstract = (
  variables: ReadonlyArray<Expr.Any>,
  outputs: ReadonlyArray<Expr.Any>
): { readonly body: Body; readonly captured: ReadonlyArray<Expr.Any> } => {
  const nodes = (list: ReadonlyArray<Expr.Any>) => list as ReadonlyArray<unknown> as ReadonlyArray<Internal.Node>
  const built = abstractNodes(nodes(variables), nodes(outputs))
  return {
    body: close(built, built.captured),
    captured: built.captured as ReadonlyArray<unknown> as ReadonlyArray<Expr.Any>
  }
}

/**
 * The types of the inputs of a body.
 *
 * @example
 * ```ts
 * import { Body, Type } from "@fluxion/core"
 *
 * console.log(Body.inputTypes(Body.make([Type.real([2])], (inputs) => inputs)).map(Type.render)) // [ 'real[2]' ]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const inputTypes = (self: Body): ReadonlyArray<Type.Type> => self.inputNodes.map(typeOf)

/**
 * The types of the outputs of a body.
 *
 * @example
 * ```ts
 * import { Body, Type } from "@fluxion/core"
 *
 * console.log(Body.outputTypes(Body.make([Type.real([2])], (inputs) => inputs)).map(Type.render)) // [ 'real[2]' ]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const outputTypes = (self: Body): ReadonlyArray<Type.Type> => self.outputNodes.map(typeOf)

const typeOf = ({ elementType, shape }: Internal.Node): Type.Type => ({ elementType, shape })

/**
 * Interprets a body in an algebra.
 *
 * @example
 * ```ts
 * import { Body, Fn, Interpreter, Tensor, Type } from "@fluxion/core"
 *
 * const body = Body.make([Type.real([])], ([x]) => [Fn.expressions.apply("neg", {}, [x!])])
 * console.log(Body.interpret(body, Interpreter.algebra, [Tensor.make(3)]).map(String)) // [ '-3' ]
 * ```
 *
 * @category interpretation
 * @since 0.1.0
 */
export const interpret = <A>(self: Body, algebra: Algebra<A>, inputs: ReadonlyArray<A>): ReadonlyArray<A> =>
  interpretBody(self, algebra, inputs)

/**
 * Which inputs the outputs of a body depend on.
 *
 * @example
 * ```ts
 * import { Body, Type } from "@fluxion/core"
 *
 * console.log(Body.usedInputs(Body.make([Type.real([]), Type.real([])], ([, y]) => [y!]))) // [ false, true ]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const usedInputs = (self: Body): ReadonlyArray<boolean> => used(self)

/**
 * The body without some of the inputs that it does not use.
 *
 * @example
 * ```ts
 * import { Body, Type } from "@fluxion/core"
 *
 * const body = Body.make([Type.real([]), Type.real([2])], ([, y]) => [y!])
 * console.log(Body.inputTypes(Body.keepInputs(body, [false, true])).map(Type.render)) // [ 'real[2]' ]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const keepInputs = (self: Body, keep: ReadonlyArray<boolean>): Body =>
  keep.every(Boolean) ? self : { inputNodes: self.inputNodes.filter((_, i) => keep[i]), outputNodes: self.outputNodes }

/**
 * Which outputs of a body are zero whatever its inputs are: constants of zeros, also where they are broadcast.
 *
 * @example
 * ```ts
 * import { Body, Expr, Type } from "@fluxion/core"
 *
 * console.log(Body.zeroOutputs(Body.make([Type.real([2])], ([x]) => [x!, Expr.zeros([2])]))) // [ false, true ]
 * ```
 *
 * @category inspection
 * @since 0.1.0
 */
export const zeroOutputs = (self: Body): ReadonlyArray<boolean> =>
  self.outputNodes.map((output) => {
    let node = output
    while (node.primitive === "broadcastTo" || node.primitive === "reshape") node = node.operands[0]!
    return node.value !== undefined && node.value.data.every((x) => x === 0)
  })
