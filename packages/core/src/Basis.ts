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
  const { present, part } = linearise({ at, build, directions })
  return directions.map(({ shape }, direction) => {
    const size = Shape.size(shape)
    const { body, determined, operands } = part(
      present.map((_, i) => i === direction),
      directions.map((_, i) => i === direction)
    )
    return place(present[direction]!, determined, size, size === 1 ? once(body, operands) : overBasis(body, operands))
  })
}

/**
 * The results of a program along several directions at once, stacked along a new leading axis.
 *
 * **Details**
 *
 * `vectors` holds, for each of the program's directions, the vectors to go along, stacked along a leading axis of the same length for all. What depends on the point alone is
 * evaluated once, the rest in one `map`.
 *
 * @example
 * ```ts
 * import { Basis, Expr, Fn, Tensor, Type } from "@fluxion/core"
 *
 * const f = Fn.make([2], (x) => {
 *   const [result] = Basis.along({
 *     at: [x],
 *     directions: [Type.real([2])],
 *     build: ([at], [v]) => [[Expr.sum(Expr.mul(at as Expr.Expr<[2]>, v as Expr.Expr<[2]>))]]
 *   }, [Expr.constant([[1, 1], [1, 0], [0, 2]])]) as [Expr.Expr<[3]>]
 *   return result
 * })
 * console.log(`${Fn.runSync(f, Tensor.make([3, 4]))}`) // [7, 3, 8]
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const along = (
  { at, build, directions }: Directional,
  vectors: ReadonlyArray<Expr.Any>
): ReadonlyArray<Expr.Any | Zero> => {
  const { part, present } = linearise({ at, build, directions })
  const every = directions.map(() => true)
  const { body, determined, operands } = part(
    present.map(() => true),
    every
  )
  const size = vectors[0]?.shape[0] ?? 0
  const attributes = { body, consts: operands.length, size, summed: 0 }
  return place(present.flat(), determined, size, Fn.expressions.applyMany("map", attributes, [...operands, ...vectors]))
}

/** What depends on the point alone, evaluated; and bodies for some of the results in terms of some of the directions. */
const linearise = ({ at, build, directions }: Directional) => {
  let present: ReadonlyArray<ReadonlyArray<boolean>> = []
  const { body, captured } = Body.capture([...at.map(typeOf), ...directions], (inputs) => {
    const rows = build(inputs.slice(0, at.length), inputs.slice(at.length))
    present = rows.map((row) => row.map((result) => result !== Zero))
    return rows.flatMap((row) => row.filter((result) => result !== Zero))
  })
  // Reading what is captured keeps its guards, also where nothing is left that needs it.
  const { free = (expr: Expr.Any) => expr } = Fn.expressions
  const point = [...captured.map(free), ...at]
  const { known, knownOutputs, unknown } = Body.split(
    body,
    Body.inputTypes(body).map((_, i) => i < point.length)
  )
  const values = Body.interpret(known, Fn.expressions, point)
  const residuals = values.slice(knownOutputs.filter(Boolean).length)
  // Of the results, in their order: the row each belongs to, and its value where the point determines it.
  const rows = present.flatMap((row, i) => row.filter(Boolean).map(() => i))
  let next = 0
  const determined = knownOutputs.map((flag) => (flag ? values[next++] : undefined))
  const part = (wanted: ReadonlyArray<boolean>, along: ReadonlyArray<boolean>) => {
    const chosen = rows.map((row) => wanted[row]!)
    const own = Body.keepOutputs(
      unknown,
      chosen.filter((_, i) => !knownOutputs[i])
    )
    // What carries several directions at once may need the others too: they are zero.
    const { inputNodes, outputNodes } = own
    const used = Body.usedInputs(own)
    const others = directions.map((_, k) => along[k] === false && used[residuals.length + k] === true)
    const select = <X>(list: ReadonlyArray<X>, flags: ReadonlyArray<boolean>): Array<X> =>
      list.filter((_, i) => flags[i])
    const ofResiduals = used.slice(0, residuals.length)
    const ofDirections = inputNodes.slice(residuals.length)
    return {
      body: {
        inputNodes: [
          ...select(inputNodes, ofResiduals),
          ...select(ofDirections, others),
          ...select(ofDirections, along)
        ],
        outputNodes
      },
      operands: [
        ...select(residuals, ofResiduals),
        ...select(directions, others).map(({ shape }) => expressions.zeros(shape))
      ],
      determined: determined.filter((_, i) => chosen[i])
    }
  }
  return { part, present }
}

/** Results in their places: what the point determines is the same along all directions. */
const place = (
  present: ReadonlyArray<boolean>,
  determined: ReadonlyArray<Expr.Any | undefined>,
  size: number,
  results: ReadonlyArray<Expr.Any>
): ReadonlyArray<Expr.Any | Zero> => {
  let at = 0
  let next = 0
  return present.map((flag) => {
    if (!flag) return Zero
    const value = determined[at++]
    return value === undefined ? results[next++]! : expressions.broadcastLike(value, [size, ...value.shape])
  })
}

const typeOf = (expr: Expr.Any): Type.Type => ({ elementType: expr.elementType, shape: expr.shape })

/** The results of a body for the one basis vector of its last input. */
const once = (body: Body.Body, operands: ReadonlyArray<Expr.Any>): ReadonlyArray<Expr.Any> => {
  const one = expressions.constant(Tensor.full(Body.inputTypes(body).at(-1)!.shape, 1))
  return Body.interpret(body, Fn.expressions, [...operands, one]).map((result) =>
    expressions.reshape(result, [1, ...result.shape])
  )
}

/** The results of a body for each standard basis vector of its last input. */
const overBasis = (body: Body.Body, operands: ReadonlyArray<Expr.Any>): ReadonlyArray<Expr.Any> => {
  const types = Body.inputTypes(body)
  const { shape } = types.at(-1)!
  const size = Shape.size(shape)
  const positions = Tensor.index(Array.from({ length: size }, (_, i) => i))
  const step = Body.make([...types.slice(0, -1), Type.index([])], (inputs) => {
    const hot = expressions.toReal(expressions.eq(expressions.constant(positions), inputs.at(-1)!))
    return Body.interpret(body, Fn.expressions, [...inputs.slice(0, -1), expressions.reshape(hot, shape)])
  })
  const attributes = { body: step, consts: operands.length, size, summed: 0 }
  return Fn.expressions.applyMany("map", attributes, [...operands, expressions.constant(positions)])
}
