/**
 * Programs along every standard basis vector: how derivatives become matrices, diagonals and traces.
 *
 * @since 0.1.0
 */
import * as Body from "./Body.ts"
import type * as Expr from "./Expr.ts"
import * as Fn from "./Fn.ts"
import * as Operations from "./Operations.ts"
import { Zero } from "./Rule.ts"
import * as Shape from "./Shape.ts"
import * as Tensor from "./Tensor.ts"
import * as Type from "./Type.ts"

const expressions = Operations.make(Fn.expressions)

/**
 * A program along directions at a point.
 *
 * @category models
 * @since 0.1.0
 */
export interface Directional {
  /** Where: what all directions share. */
  readonly at: ReadonlyArray<Expr.Any>
  /** The types of the directions: real, and not empty. */
  readonly directions: ReadonlyArray<Type.Type>
  /** Builds, for each direction, the results along it; `Zero` for those that do not vary with it. */
  readonly build: (
    at: ReadonlyArray<Expr.Any>,
    directions: ReadonlyArray<Expr.Any>
  ) => ReadonlyArray<ReadonlyArray<Expr.Any | Zero>>
}

/**
 * For each direction, the results of a program along each standard basis vector, stacked along a new leading axis.
 *
 * **Details**
 *
 * What depends on the point alone is evaluated once (see `Body.split`); the rest in one `map` over the elements of each direction, so the program grows with
 * the number of directions and not with that of their elements. The columns of a Jacobian are the derivatives along basis vectors; `v · J v` along them is its diagonal.
 *
 * @example
 * ```ts
 * import { Basis, Expr, Fn, Tensor, Type } from "@fluxion/core"
 *
 * const f = Fn.make([2], (x) => {
 *   const [[matrix]] = Basis.map({
 *     at: [x],
 *     directions: [Type.real([2])],
 *     build: ([at], [v]) => [[Expr.mul(Expr.exp(at as Expr.Expr<[2]>), v as Expr.Expr<[2]>)]]
 *   }) as [[Expr.Expr<[2, 2]>]]
 *   return matrix
 * })
 * console.log(`${Fn.runSync(f, Tensor.make([0, 0]))}`) // [[1, 0], [0, 1]]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const map = ({ at, build, directions }: Directional): ReadonlyArray<ReadonlyArray<Expr.Any | Zero>> => {
  let rows: ReadonlyArray<ReadonlyArray<Expr.Any | Zero>> = []
  const { body, captured } = Body.capture([...at.map(typeOf), ...directions], (inputs) => {
    rows = build(inputs.slice(0, at.length), inputs.slice(at.length))
    return rows.flatMap((row) => row.filter((result) => result !== Zero))
  })
  const point = [...captured, ...at]
  const { known, unknown } = Body.split(
    body,
    Body.inputTypes(body).map((_, i) => i < point.length)
  )
  const residuals = Body.interpret(known, Fn.expressions, point)
  let first = 0
  return rows.map((row, direction) => {
    const count = row.filter((result) => result !== Zero).length
    const part = Body.keepOutputs(
      unknown,
      Body.outputTypes(unknown).map((_, i) => i >= first && i < first + count)
    )
    first += count
    const kept = Body.usedInputs(part).map((used, i) =>
      i < residuals.length ? used : i === residuals.length + direction
    )
    const results = overBasis(
      Body.keepInputs(part, kept),
      residuals.filter((_, i) => kept[i])
    )
    let next = 0
    return row.map((result) => (result === Zero ? Zero : results[next++]!))
  })
}

const typeOf = (expr: Expr.Any): Type.Type => ({ elementType: expr.elementType, shape: expr.shape })

/** The results of a body for each standard basis vector of its last input. */
const overBasis = (body: Body.Body, operands: ReadonlyArray<Expr.Any>): ReadonlyArray<Expr.Any> => {
  const types = Body.inputTypes(body)
  const { shape } = types.at(-1)!
  const size = Shape.size(shape)
  if (size === 1) {
    const one = expressions.constant(Tensor.full(shape, 1))
    return Body.interpret(body, Fn.expressions, [...operands, one]).map((result) =>
      expressions.reshape(result, [1, ...result.shape])
    )
  }
  const positions = Tensor.index(Array.from({ length: size }, (_, i) => i))
  const step = Body.make([...types.slice(0, -1), Type.index([])], (inputs) => {
    const hot = expressions.toReal(expressions.eq(expressions.constant(positions), inputs.at(-1)!))
    return Body.interpret(body, Fn.expressions, [...inputs.slice(0, -1), expressions.reshape(hot, shape)])
  })
  const attributes = { body: step, consts: operands.length, size, summed: 0 }
  return Fn.expressions.applyMany("map", attributes, [...operands, expressions.constant(positions)])
}
