/**
 * The tensor algebra and a minimal algebra of dual numbers, for testing rules without the packages built upon them.
 */
import type { Algebra, Type } from "@fluxion/core"
import * as Operations from "../../../core/src/Operations.ts"
import * as Primitive from "../../../core/src/Primitive.ts"
import * as Tensor from "../../../core/src/Tensor.ts"
import { Zero } from "../../src/JvpRule.ts"
import { rules } from "../../src/JvpRules.ts"

interface Definition {
  readonly type: (attributes: object, operands: ReadonlyArray<Type.Type>) => Type.Type
  readonly evaluate: (attributes: object, operands: ReadonlyArray<Tensor.Any>, type: Type.Type) => Tensor.Any
}

/** Applying a primitive computes. */
export const tensors: Algebra<Tensor.Any> = {
  apply: (primitive, attributes, operands) => {
    const { evaluate, type } = Primitive.definitions[primitive] as unknown as Definition
    return evaluate(attributes, operands, type(attributes, operands))
  },
  constant: (value) => value,
  typeOf: (tensor) => tensor
}

/** A primal and its tangent. */
export interface Dual<A> {
  readonly primal: A
  readonly tangent: A | Zero
}

type Contribution<A> = (tangent: A, context: object) => A
type Rule<A> =
  | ReadonlyArray<Contribution<A> | Zero>
  | ((tangents: ReadonlyArray<A | Zero>, context: object) => A | Zero)

const duals = new WeakMap<object, unknown>()

/** Applying a primitive applies it to the primals, and its JVP rule to the tangents. */
export const dual = <A>(base: Algebra<A>): Algebra<Dual<A>> => {
  const known = duals.get(base)
  if (known !== undefined) return known as Algebra<Dual<A>>
  const ops = Operations.make(base)
  const algebra: Algebra<Dual<A>> = {
    apply: (primitive, attributes, operands) => {
      const all = operands as ReadonlyArray<Dual<A>>
      const primals = all.map((x) => x.primal)
      const result = base.apply(primitive, attributes, primals as never)
      const context = { ops, attributes, operands: primals, result, type: base.typeOf(result) }
      const rule = rules[primitive] as unknown as Rule<A>
      if (typeof rule === "function") return { primal: result, tangent: rule(all.map((x) => x.tangent), context) }
      let tangent: A | Zero = Zero
      all.forEach((x, i) => {
        const of = rule[i]!
        if (x.tangent === Zero || of === Zero) return
        const contribution = ops.broadcastLike(of(x.tangent, context), context.type.shape)
        tangent = tangent === Zero ? contribution : ops.add(tangent, contribution)
      })
      return { primal: result, tangent }
    },
    constant: (value) => ({ primal: base.constant(value), tangent: Zero }),
    typeOf: (x) => base.typeOf(x.primal)
  }
  duals.set(base, algebra)
  return algebra
}

/** A program over any algebra. */
export type Program = <A>(ops: Operations.Operations<A>, inputs: ReadonlyArray<A>) => A

/** The program that applies one primitive. */
export const primitive =
  <K extends Primitive.Name>(name: K, attributes: Primitive.Attributes<K>): Program =>
  (ops, inputs) =>
    ops.algebra.apply(name, attributes, inputs as never)

/** From the inputs followed by a tangent for each of those named, the tangent of the result. */
export const jvp =
  (f: Program, wrt: ReadonlyArray<number>): Program =>
  <A>(ops: Operations.Operations<A>, inputs: ReadonlyArray<A>): A => {
    const count = inputs.length - wrt.length
    const seeded = inputs.slice(0, count).map((primal, i): Dual<A> => {
      const at = wrt.indexOf(i)
      return { primal, tangent: at < 0 ? Zero : inputs[count + at]! }
    })
    const { primal, tangent } = f(Operations.make(dual(ops.algebra)), seeded)
    return tangent === Zero ? ops.zeros(ops.shapeOf(primal)) : tangent
  }

/** The derivative of an elementwise program in one of its inputs. */
export const partial =
  (f: Program, input: number): Program =>
  (ops, inputs) =>
    jvp(f, [input])(ops, [...inputs, ops.broadcastLike(ops.scalar(1), ops.shapeOf(inputs[input]!))])

/** The derivative of an elementwise program in several of its inputs, one after the other. */
export const partials = (f: Program, wrt: ReadonlyArray<number>): Program => wrt.reduce(partial, f)

const operations = Operations.make(tensors)

/** Evaluates a program. */
export const run = (f: Program, ...inputs: ReadonlyArray<Tensor.Any>): Tensor.Any => f(operations, inputs)

/** Evaluates a program of scalars. */
export const at = (f: Program, ...inputs: ReadonlyArray<number>): number =>
  run(f, ...inputs.map((x) => Tensor.full([], x))).data[0]!

/** The elements. */
export const values = (tensor: Tensor.Any): Array<number> => Array.from(tensor.data)

/** Units in the last place between two numbers: 0 if they are the same number or both NaN. */
export const ulps = (actual: number, expected: number): number => {
  if (actual === expected || (actual !== actual && expected !== expected)) return 0
  if (!Number.isFinite(actual) || !Number.isFinite(expected)) {
    // Overflow by rounding is as far off as the largest finite number is from the next power of two.
    const finite = Number.isFinite(actual) ? actual : expected
    const other = Number.isFinite(actual) ? expected : actual
    return Math.abs(finite) > 1.797e308 && Math.sign(finite) === Math.sign(other)
      ? (2 ** 1023 - Math.abs(finite) / 2) / 2 ** 970
      : Number.POSITIVE_INFINITY
  }
  const exponent = Math.max(-1022, Math.floor(Math.log2(Math.abs(expected))))
  // log2 may round up to the next power of two.
  const power = 2 ** exponent > Math.abs(expected) ? exponent - 1 : exponent
  return (Math.abs(actual - expected) / 2 ** Math.max(power, -1022)) * 2 ** 52
}
