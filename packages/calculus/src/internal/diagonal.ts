// The diagonal of a Hessian: second derivatives along basis vectors, forward over forward.

import { Basis, type Expr, Fn, Shape, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import { Zero } from "@fluxion/core/Rule"

/** For each real leaf of the inputs, the second derivative with respect to each of its elements; `Zero` where it is zero by structure. */
export const diagonal = (
  operation: string,
  f: Fn.Any,
  leaves: ReadonlyArray<Expr.Any>
): ReadonlyArray<Expr.Any | Zero> => {
  const { inputLeaves, outputs } = Fn.specs(f)
  if (Tree.render(outputs) !== "real[]") {
    throw Shape.error(operation, [], `expected a program of one scalar output, got ${Tree.render(outputs)}`)
  }
  const real = inputLeaves.filter(({ type }) => type.elementType === "real")
  const varying = real.filter(({ type }) => Shape.size(type.shape) > 0)
  const rows = Basis.map({
    at: leaves,
    directions: varying.map(({ type }) => type),
    // Tangents along two different inputs would also make mixed derivatives, so each input has a pass of its own.
    build: (at, directions) =>
      directions.map((direction, k) => [secondDerivative(f, at, [inputLeaves.indexOf(varying[k]!)], [direction])])
  })
  return real.map((leaf) => {
    const second = rows[varying.indexOf(leaf)]?.[0] ?? Zero
    return second === Zero ? Zero : Fn.expressions.apply("reshape", { shape: leaf.type.shape }, [second])
  })
}

/** The second derivative of a program along one direction through the inputs at some positions. */
export const secondDerivative = (
  f: Fn.Any,
  at: ReadonlyArray<Expr.Any>,
  positions: ReadonlyArray<number>,
  directions: ReadonlyArray<Expr.Any>
): Expr.Any | Zero => {
  const carriers = at.map((primal, i): Forward.DualCarrier<Forward.DualCarrier<Expr.Any>> => {
    const direction = directions[positions.indexOf(i)]
    return direction === undefined
      ? { primal: { primal, tangent: Zero }, tangent: Zero }
      : { primal: { primal, tangent: direction }, tangent: { primal: direction, tangent: Zero } }
  })
  const [result] = Fn.interpret(f, Forward.dual(Forward.dual(Fn.expressions)), carriers)
  const { tangent } = result!
  return tangent === Zero ? Zero : tangent.tangent
}
