/**
 * The VJP rule of values defined by equations.
 *
 * @since 0.1.0
 */
import { type Algebra, Body, type Expr, Fn, Operations, type Primitive, Shape, Tensor, type Type } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { Tape } from "../Tape.ts"
import type { ControlContext, ControlVjpRules, Evaluated } from "../VjpRule.ts"
import { activity, materialize, pullThrough, run } from "./controlFlow/shared.ts"

type Trace = <B>(algebra: Algebra<B>) => Tape<B>

const count = (types: ReadonlyArray<Type.Type>): number =>
  types.reduce((total, { shape }) => total + Shape.size(shape), 0)

/** The elements of arrays in a row, as a vector. */
const ravel = <A>(ops: Operations.Operations<A>, arrays: ReadonlyArray<A>): A => {
  const vectors = arrays.map((x) => ops.reshape(x, [Shape.size(ops.shapeOf(x))]))
  return vectors.length === 1 ? vectors[0]! : ops.concat(vectors, 0)
}

/** The arrays of given types whose elements stand in a vector. */
const unravel = <A>(ops: Operations.Operations<A>, vector: A, types: ReadonlyArray<Type.Type>): Array<A> => {
  let end = 0
  return types.map(({ shape }) => {
    const start = end
    end += Shape.size(shape)
    const whole = types.length === 1
    return ops.reshape(whole ? vector : ops.slice(vector, { starts: [start], limits: [end], strides: [1] }), shape)
  })
}

const rows = new WeakMap<Primitive.Body, Primitive.Body>()

/** The body that takes what the residual takes and a vector over its results, and computes that vector times the Jacobian in the unknowns. */
const rowOfJacobian = (residual: Primitive.Body, consts: number, trace: Trace): Primitive.Body => {
  const made = rows.get(residual)
  if (made !== undefined) return made
  const types = Body.inputTypes(residual)
  const unknowns = types.slice(consts)
  const body = Body.make([...types, { elementType: "real", shape: [count(unknowns)] }], (inputs) => {
    const ops: Operations.Operations<Expr.Any> = Operations.make(Fn.expressions)
    const primals = inputs.slice(0, types.length)
    const cotangents = unravel(ops, inputs[types.length]!, unknowns)
    const active = types.map((_, i) => i >= consts)
    const pulled = pullThrough(residual, active, primals, cotangents, trace).slice(consts)
    return [ravel(ops, materialize(Fn.expressions, pulled, unknowns))]
  })
  rows.set(residual, body)
  return body
}

/** Which operands of the residual vary: consts, and none of the unknowns. */
const ofConsts = (varies: ReadonlyArray<boolean>, consts: number): ReadonlyArray<boolean> =>
  varies.map((varying, i) => varying && i < consts)

/**
 * The VJP rule of `root`.
 *
 * **Details**
 *
 * By the implicit function theorem: with `J` the Jacobian of the residual in the unknowns, the cotangent of the solution is pulled back to
 * `λ = -J^-T ct`, and `λ` through the residual to the consts, with the unknowns held fixed (M. Blondel et al., "Efficient and modular implicit
 * differentiation", 2022, section 2.1). `J` is made of pullbacks of the residual, one `map` over a basis. A cotangent of zero stays
 * zero where `J` is singular.
 *
 * @category tables
 * @since 0.1.0
 */
export const implicit: ControlVjpRules<"root"> = {
  root: {
    active: ({ attributes: { consts, residual }, trace, varies }) => {
      const varying = activity(residual, ofConsts(varies, consts), trace).includes(true)
      return residual.outputNodes.map(() => varying)
    },
    pullback: <A>(
      algebra: Algebra<A>,
      cotangents: ReadonlyArray<A | Zero>,
      operands: ReadonlyArray<A>,
      { results }: Evaluated<A>,
      { attributes: { consts, residual }, trace, varies }: ControlContext<"root">
    ) => {
      const ops = Operations.make(algebra)
      const types = Body.outputTypes(residual)
      const n = count(types)
      if (n === 0) return operands.map(() => Zero)
      const at = [...operands.slice(0, consts), ...results]
      // What does not depend on the row is evaluated once.
      const row = rowOfJacobian(residual, consts, trace)
      const { known, knownOutputs, unknown } = Body.split(
        row,
        Body.inputTypes(row).map((_, i) => i < at.length)
      )
      const shared = Body.interpret(known, algebra, at)
      const [jacobian] = knownOutputs[0]
        ? [ops.zeros([n, n])]
        : (algebra.applyMany("map", { body: unknown, consts: shared.length, size: n, summed: 0 }, [
            ...shared,
            ops.constant(Tensor.identity(n))
          ]) as readonly [A])
      const right = ops.reshape(ravel(ops, materialize(algebra, cotangents, types)), [n, 1])
      const adjoint = ops.solve(ops.transpose(jacobian, [1, 0]), ops.neg(right), { strongZero: true })
      const { pull } = run(residual, algebra, at, ofConsts(varies, consts), trace)
      const pulled = pull(unravel(ops, ops.reshape(adjoint, [n]), types))
      return operands.map((_, i) => (i < consts ? pulled[i]! : Zero))
    }
  }
}
