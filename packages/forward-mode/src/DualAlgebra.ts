/**
 * Forward mode as a transformer of algebras: carriers become dual carriers.
 *
 * @since 0.1.0
 */
import { type Algebra, Operations, type Primitive } from "@fluxion/core"
import { type AnyContext, Zero } from "@fluxion/core/Rule"
import type { ControlJvpRule, VectorCarrier } from "./JvpRule.ts"
import { controlRules, rules } from "./JvpRules.ts"

/**
 * A carrier with its tangent: the value of a quantity, and its derivative in the direction of the seeds.
 *
 * @category models
 * @since 0.1.0
 */
export interface DualCarrier<A> {
  readonly primal: A
  readonly tangent: A | Zero
}

type PerOperand = ReadonlyArray<(<A>(tangent: A, context: AnyContext<A>) => A) | Zero>
type AllAtOnce = <A>(tangents: ReadonlyArray<A | Zero>, context: AnyContext<A>) => A | Zero

const table = rules as unknown as Record<Primitive.Name, PerOperand | AllAtOnce>

const controlTable = controlRules as unknown as Record<Primitive.ControlName, ControlJvpRule<"call">>

/** Applies the JVP rule of a primitive to one tangent for each operand. */
const pushForward = <A>(
  primitive: Primitive.Name,
  tangents: ReadonlyArray<A | Zero>,
  context: AnyContext<A>
): A | Zero => {
  const rule = table[primitive]
  const { ops, type } = context
  if (typeof rule === "function") return rule(tangents, context)
  let total: A | Zero = Zero
  for (let i = 0; i < tangents.length; i++) {
    const tangent = tangents[i] as A | Zero
    const contribute = rule[i]!
    if (tangent === Zero || contribute === Zero) continue
    const contribution = ops.broadcastLike(contribute(tangent, context), type.shape)
    total = total === Zero ? contribution : ops.add(total, contribution)
  }
  return total
}

/**
 * Makes the algebra of dual carriers out of an algebra.
 *
 * **Details**
 *
 * Over the tensor algebra it computes derivatives as numbers, over the expression algebra it builds them as programs; applied twice it gives
 * second derivatives. Levels are kept apart by the structure of the carriers, so perturbations cannot be confused (Siskind and
 * Pearlmutter, 2008). A tangent that is zero by structure stays `Zero` and costs nothing.
 *
 * Each primitive costs its primal and at most a small constant times its work again.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Interpreter, Tensor } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 *
 * const f = Fn.make([], (x) => Expr.mul(x, x))
 * const seed = { primal: Tensor.make(3), tangent: Tensor.make(1) }
 * const [result] = Fn.interpret(f, Forward.dual(Interpreter.algebra), [seed])
 * console.log(`${result?.primal} ${String(result?.tangent)}`) // 9 6
 * ```
 *
 * @category transformers
 * @since 0.1.0
 */
export const dual = <A>(algebra: Algebra<A>): Algebra<DualCarrier<A>> => {
  const many = vectorDual(algebra, 1)
  const { free } = many
  const toVector = (x: DualCarrier<A>): VectorCarrier<A> => ({
    primal: x.primal,
    tangents: x.tangent === Zero ? undefined : [x.tangent]
  })
  const fromVector = (x: VectorCarrier<A>): DualCarrier<A> => ({
    primal: x.primal,
    tangent: x.tangents === undefined ? Zero : x.tangents[0]!
  })
  return {
    apply: (primitive, attributes, operands, type) =>
      fromVector(
        many.apply(primitive, attributes, (operands as ReadonlyArray<DualCarrier<A>>).map(toVector) as never, type)
      ),
    applyMany: (primitive, attributes, operands, types) =>
      many.applyMany(primitive, attributes, operands.map(toVector), types).map(fromVector),
    constant: (value) => ({ primal: algebra.constant(value), tangent: Zero }),
    typeOf: (x) => algebra.typeOf(x.primal),
    ...(free === undefined ? {} : { free: (expr) => fromVector(free(expr)) })
  }
}

export type { VectorCarrier }

/**
 * Vector forward mode: like `dual`, with `count` tangents that share one evaluation of the primal.
 *
 * **Details**
 *
 * Griewank and Walther (2008), section 3.1. Each primitive costs its primal once and its tangent `count` times.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Interpreter, Tensor } from "@fluxion/core"
 * import * as Forward from "@fluxion/forward-mode"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y))
 * const one = Tensor.make(1)
 * const [result] = Fn.interpret(f, Forward.vectorDual(Interpreter.algebra, 2), [
 *   { primal: Tensor.make(3), tangents: [one, Forward.Zero] },
 *   { primal: Tensor.make(4), tangents: [Forward.Zero, one] }
 * ])
 * console.log(result?.tangents?.map(String)) // [ '4', '3' ]
 * ```
 *
 * @category transformers
 * @since 0.1.0
 */
export const vectorDual = <A>(algebra: Algebra<A>, count: number): Algebra<VectorCarrier<A>> => {
  const ops = Operations.make(algebra)
  const { free } = algebra
  return {
    apply: (primitive, attributes, carriers, type) => {
      const given = carriers as ReadonlyArray<VectorCarrier<A>>
      const operands = given.map((x) => x.primal)
      const result = algebra.apply(primitive, attributes, operands as never, type)
      if (given.every((x) => x.tangents === undefined)) return { primal: result, tangents: undefined }
      const resultType = algebra.typeOf(result)
      if (resultType.elementType !== "real") return { primal: result, tangents: undefined }
      const context: AnyContext<A> = { ops, attributes, operands, result, type: resultType }
      const tangents = new Array<A | Zero>(count)
      let varies = false
      for (let i = 0; i < count; i++) {
        const own = given.map((x) => (x.tangents === undefined ? Zero : x.tangents[i]!))
        tangents[i] = own.every((t) => t === Zero) ? Zero : pushForward(primitive, own, context)
        varies ||= tangents[i] !== Zero
      }
      return { primal: result, tangents: varies ? tangents : undefined }
    },
    applyMany: (primitive, attributes, operands, types) => {
      if (operands.every((x) => x.tangents === undefined)) {
        const primals = operands.map((x) => x.primal)
        return algebra
          .applyMany(primitive, attributes, primals, types)
          .map((primal) => ({ primal, tangents: undefined }))
      }
      return controlTable[primitive](operands, {
        algebra,
        attributes: attributes as Primitive.CallAttributes,
        count,
        transform: (other) => vectorDual(other, count)
      })
    },
    constant: (value) => ({ primal: algebra.constant(value), tangents: undefined }),
    typeOf: (x) => algebra.typeOf(x.primal),
    ...(free === undefined ? {} : { free: (expr) => ({ primal: free(expr), tangents: undefined }) })
  }
}

/**
 * `vectorDual` whose tangents have nothing in common but the primal: each control primitive is applied once for the results, and once for each tangent. So what one
 * tangent depends on, the others do not.
 *
 * @internal
 */
export const separateDual = <A>(algebra: Algebra<A>, count: number): Algebra<VectorCarrier<A>> => {
  const many = vectorDual(algebra, count)
  const single = vectorDual(algebra, 1)
  return {
    ...many,
    applyMany: (primitive, attributes, operands, types) => {
      // It calls its rule for each tangent as it is.
      if (primitive === "custom") return many.applyMany(primitive, attributes, operands, types)
      const primals = operands.map(({ primal }) => primal)
      const columns = Array.from({ length: count }, (_, k) => {
        const own = operands.map(({ primal, tangents }) => ({
          primal,
          tangents: tangents === undefined || tangents[k] === Zero ? undefined : [tangents[k]!]
        }))
        return own.every(({ tangents }) => tangents === undefined)
          ? undefined
          : single.applyMany(primitive, attributes, own, types)
      })
      return algebra.applyMany(primitive, attributes, primals, types).map((primal, i) => {
        const tangents = columns.map((results) => results?.[i]!.tangents?.[0] ?? Zero)
        return { primal, tangents: tangents.some((tangent) => tangent !== Zero) ? tangents : undefined }
      })
    }
  }
}
