/**
 * The JVP rule of values defined by equations.
 *
 * @since 0.1.0
 */
import { type Algebra, Body, type Expr, Fn, Operations, type Primitive, Shape, Tensor, type Type } from "@fluxion/core"
import { Zero } from "@fluxion/core/Rule"
import type { ControlContext, ControlJvpRules, VectorCarrier } from "../JvpRule.ts"

type Transform = <B>(algebra: Algebra<B>) => Algebra<VectorCarrier<B>>

const sizesOf = (types: ReadonlyArray<Type.Type>): ReadonlyArray<number> => types.map(({ shape }) => Shape.size(shape))

/** Arrays one after the other, as one vector. */
const join = <A>(algebra: Algebra<A>, parts: ReadonlyArray<A | Zero>, types: ReadonlyArray<Type.Type>): A => {
  const ops = Operations.make(algebra)
  const sizes = sizesOf(types)
  const flat = parts.map((x, i) => (x === Zero ? ops.zeros([sizes[i]!]) : ops.reshape(x, [sizes[i]!])))
  return flat.length === 1 ? flat[0]! : ops.concat(flat, 0)
}

/** The inverse of `join`. */
const cut = <A>(algebra: Algebra<A>, vector: A, types: ReadonlyArray<Type.Type>): ReadonlyArray<A> => {
  const ops = Operations.make(algebra)
  let start = 0
  return types.map(({ shape }) => {
    const size = Shape.size(shape)
    const part =
      types.length === 1 ? vector : ops.slice(vector, { starts: [start], limits: [start + size], strides: [1] })
    start += size
    return ops.reshape(part, shape)
  })
}

const made = new WeakMap<Primitive.Body, Primitive.Body>()

/** The body that takes what the residual takes and a direction in the space of the unknowns, and computes how the residual changes along it. */
const directional = (residual: Primitive.Body, consts: number, count: number, transform: Transform): Primitive.Body => {
  const before = made.get(residual)
  if (before !== undefined) return before
  const inputs = Body.inputTypes(residual)
  const unknowns = inputs.slice(consts)
  const size = sizesOf(unknowns).reduce((total, n) => total + n, 0)
  const types = [...inputs, { elementType: "real", shape: [size] } satisfies Type.Type]
  const body = Body.make(types, (nodes) => {
    const directions = cut<Expr.Any>(Fn.expressions, nodes.at(-1)!, unknowns)
    const carriers = inputs.map((_, i): VectorCarrier<Expr.Any> => ({
      primal: nodes[i]!,
      tangents:
        i < consts
          ? undefined
          : Array.from({ length: count }, (_, seed) => (seed === 0 ? directions[i - consts]! : Zero))
    }))
    const results = Body.interpret(residual, transform(Fn.expressions), carriers)
    const changes = results.map(({ tangents }) => (tangents === undefined ? Zero : tangents[0]!))
    return [join<Expr.Any>(Fn.expressions, changes, unknowns)]
  })
  made.set(residual, body)
  return body
}

/**
 * The JVP rule of `root`.
 *
 * **Details**
 *
 * By the implicit function theorem: the solution moves so that the residual stays zero, `(∂r/∂x) dx = -(∂r/∂θ) dθ`. The right-hand side is one
 * JVP of the residual with the unknowns held fixed; the matrix is made of the residual's JVPs along the unknowns, one `map` over a basis. A tangent
 * that leaves the residual as it is leaves the solution as it is, also where the matrix is singular. (M. Blondel et al., Efficient and modular
 * implicit differentiation, 2022, eq. 2.)
 *
 * @category tables
 * @since 0.1.0
 */
export const implicit: ControlJvpRules<"root"> = {
  root: <A>(
    operands: ReadonlyArray<VectorCarrier<A>>,
    { algebra, attributes, count, transform }: ControlContext<"root", A>
  ) => {
    const { consts, residual } = attributes
    const ops = Operations.make(algebra)
    const primals = operands.map(({ primal }) => primal)
    const solution = algebra.applyMany("root", attributes, primals)
    const fixed = solution.map((primal): VectorCarrier<A> => ({ primal, tangents: undefined }))
    const moved = Body.interpret(residual, transform(algebra), [...operands.slice(0, consts), ...fixed])
    const seeds = Array.from({ length: count }, (_, seed) => seed).filter((seed) =>
      moved.some(({ tangents }) => tangents !== undefined && tangents[seed] !== Zero)
    )
    const unknowns = Body.outputTypes(residual)
    const size = sizesOf(unknowns).reduce((total, n) => total + n, 0)
    if (seeds.length === 0 || size === 0) return fixed
    const along = directional(residual, consts, count, transform)
    // What does not depend on the direction is evaluated once.
    const { known, knownOutputs, unknown } = Body.split(
      along,
      Body.inputTypes(along).map((_, i) => i < operands.length)
    )
    const shared = Body.interpret(known, algebra, [...primals.slice(0, consts), ...solution])
    const [columns] = knownOutputs[0]
      ? [ops.zeros([size, size])]
      : (algebra.applyMany("map", { body: unknown, consts: shared.length, size, summed: 0 }, [
          ...shared,
          ops.constant(Tensor.identity(size))
        ]) as readonly [A])
    const jacobian = ops.transpose(columns, [1, 0])
    // One solve a seed: a tangent must not depend on the other seeds.
    const tangents = seeds.map((seed) => {
      const change = join(
        algebra,
        moved.map(({ tangents }) => (tangents === undefined ? Zero : tangents[seed]!)),
        unknowns
      )
      const solved = ops.solve(jacobian, ops.reshape(ops.neg(change), [size, 1]), { strongZero: true })
      return cut(algebra, ops.reshape(solved, [size]), unknowns)
    })
    return solution.map((primal, i) => {
      const own = new Array<A | Zero>(count).fill(Zero)
      seeds.forEach((seed, k) => (own[seed] = tangents[k]![i]!))
      return { primal, tangents: own }
    })
  }
}
