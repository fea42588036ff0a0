// What the tests of the rules stand on: the tensor algebra straight from core's table, and the plainest traced algebra
// there can be (one tape per sweep, nested for higher orders). It shares nothing with the library's own but the rules.
import type { Algebra } from "../../../core/src/Algebra.ts"
import * as Operations from "../../../core/src/Operations.ts"
import * as Primitive from "../../../core/src/Primitive.ts"
import * as Shape from "../../../core/src/Shape.ts"
import * as Tensor from "../../../core/src/Tensor.ts"
import * as Type from "../../../core/src/Type.ts"
import { Zero } from "@fluxion/core/Rule"
import type { Context } from "@fluxion/core/Rule"
import { rules } from "../../src/VjpRules.ts"

export { Operations, Primitive, Shape, Tensor, Type }

export type Ops<A> = Operations.Operations<A>

/** A function of arrays, over any algebra. */
export type Program = <A>(ops: Ops<A>, inputs: ReadonlyArray<A>) => A

/** A list of results instead of one. */
export type Programs = <A>(ops: Ops<A>, inputs: ReadonlyArray<A>) => ReadonlyArray<A>

const typeOf = (tensor: Tensor.Any): Type.Type => Type.make(tensor.elementType, tensor.shape)

/** The rules under test have no bodies; control flow is tested through the real algebras. */
const noControlFlow = (): never => {
  throw new Error("no control flow here")
}

export const tensorAlgebra: Algebra<Tensor.Any> = {
  apply: (primitive, attributes, operands) => {
    const definition: Primitive.Definition<typeof primitive> = Primitive.definitions[primitive]
    const types = (operands as ReadonlyArray<Tensor.Any>).map(typeOf) as unknown as Primitive.Operands<
      typeof primitive,
      Type.Type
    >
    return definition.evaluate(attributes, operands, definition.type(attributes, types))
  },
  applyMany: noControlFlow,
  constant: (value) => value,
  typeOf
}

export const tensors: Ops<Tensor.Any> = Operations.make(tensorAlgebra)

interface Traced<A> {
  readonly primal: A
  /** The place on the tape; -1 where nothing varies. */
  readonly at: number
}

type Pullback = <A>(cotangent: A, context: Context<Primitive.Name, A>, position: number) => A

interface Entry<A> {
  readonly operands: ReadonlyArray<Traced<A>>
  readonly pullbacks: ReadonlyArray<Pullback | Zero>
  readonly context: Context<Primitive.Name, A>
  readonly sums: boolean
}

const pullbacksOf = (primitive: Primitive.Name, arity: number): ReadonlyArray<Pullback | Zero> => {
  const rule: unknown = rules[primitive]
  return typeof rule === "function"
    ? new Array<Pullback>(arity).fill(rule as Pullback)
    : (rule as ReadonlyArray<Pullback | Zero>)
}

/** The cotangents of all inputs, given the cotangent of the result (ones, unless given). */
export const pull = <A>(ops: Ops<A>, program: Program, inputs: ReadonlyArray<A>, cotangent?: A): ReadonlyArray<A> => {
  const { algebra } = ops
  const tape: Array<Entry<A> | undefined> = []
  const traced: Algebra<Traced<A>> = {
    apply: (primitive, attributes, operands) => {
      const all: ReadonlyArray<Traced<A>> = operands
      const primals = all.map(({ primal }) => primal) as unknown as Primitive.Operands<typeof primitive, A>
      const primal = algebra.apply(primitive, attributes, primals)
      const pullbacks = pullbacksOf(primitive, all.length)
      if (!all.some(({ at }, i) => at >= 0 && pullbacks[i] !== Zero)) return { primal, at: -1 }
      const context = { ops, attributes, operands: primals, result: primal, type: algebra.typeOf(primal) }
      tape.push({
        operands: all,
        pullbacks,
        context: context as unknown as Context<Primitive.Name, A>,
        sums: Primitive.definitions[primitive].family === "elementwise"
      })
      return { primal, at: tape.length - 1 }
    },
    applyMany: noControlFlow,
    constant: (value) => ({ primal: algebra.constant(value), at: -1 }),
    typeOf: ({ primal }) => algebra.typeOf(primal)
  }
  const variables = inputs.map((primal, at): Traced<A> => {
    tape.push(undefined)
    return { primal, at }
  })
  const result = program(Operations.make(traced), variables)
  const cotangents = new Array<A | undefined>(tape.length)
  const resultShape = ops.shapeOf(result.primal)
  if (result.at >= 0) cotangents[result.at] = cotangent ?? ops.constant(Tensor.ones(resultShape))
  for (let at = tape.length - 1; at >= inputs.length; at--) {
    const entry = tape[at]!
    const ct = cotangents[at]
    if (ct === undefined) continue
    entry.operands.forEach((operand, i) => {
      const pullback = entry.pullbacks[i]!
      if (operand.at < 0 || pullback === Zero) return
      const full = pullback(ct, entry.context, i)
      const shape = ops.shapeOf(operand.primal)
      const own = entry.sums ? ops.sumTo(full, shape) : full
      if (!Shape.equals(ops.shapeOf(own), shape)) {
        throw new Error(`cotangent of shape ${ops.shapeOf(own).join()} for an operand of shape ${shape.join()}`)
      }
      const before = cotangents[operand.at]
      cotangents[operand.at] = before === undefined ? own : ops.add(before, own)
    })
  }
  return inputs.map((input, i) => cotangents[i] ?? ops.zeros(ops.shapeOf(input)))
}

/** The derivative in input `i` of the sum of the results: for elementwise programs the derivative at every place. */
export const derivative =
  (program: Program, i = 0): Program =>
  (ops, inputs) =>
    pull(ops, program, inputs)[i]!

/** `program` of scalars, evaluated. */
export const at = (program: Program, ...inputs: ReadonlyArray<number>): number =>
  Tensor.item(
    program(
      tensors,
      inputs.map((x) => Tensor.make(x))
    )
  )

/** The elements of a program's result. */
export const evaluate = (program: Program, ...inputs: ReadonlyArray<Tensor.Any>): ReadonlyArray<number> =>
  Array.from(program(tensors, inputs).data)

/** `⟨weights, program⟩`, the sum over all elements. */
export const weighted =
  (program: Program, weights: Tensor.Any): Program =>
  (ops, inputs) => {
    const terms = ops.mul(program(ops, inputs), ops.constant(weights))
    return ops.sum(
      terms,
      ops.shapeOf(terms).map((_, axis) => axis)
    )
  }

/** The derivative of a scalar program along a direction, by reverse mode. */
export const along =
  (program: Program, direction: ReadonlyArray<Tensor.Any>): Program =>
  (ops, inputs) => {
    const gradients = pull(ops, program, inputs)
    return gradients.reduce((total, gradient, i) => {
      const terms = ops.mul(gradient, ops.constant(direction[i]!))
      return ops.add(
        total,
        ops.sum(
          terms,
          ops.shapeOf(terms).map((_, axis) => axis)
        )
      )
    }, ops.scalar(0))
  }
