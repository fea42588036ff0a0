/**
 * The tensor algebra and a minimal algebra of dual numbers, for testing rules without the packages built upon them.
 */
import type { Algebra, Type } from "@fluxion/core"
import * as Operations from "../../../core/src/Operations.ts"
import * as Primitive from "../../../core/src/Primitive.ts"
import * as Tensor from "../../../core/src/Tensor.ts"
import { Zero } from "@fluxion/core/Rule"
import { rules } from "../../src/JvpRules.ts"

interface Definition {
  readonly type: (attributes: object, operands: ReadonlyArray<Type.Type>) => Type.Type
  readonly evaluate: (attributes: object, operands: ReadonlyArray<Tensor.Any>, type: Type.Type) => Tensor.Any
}

/** The rules under test have no bodies; control flow is tested through the real algebras. */
const noControlFlow = (): never => {
  throw new Error("no control flow here")
}

/** Applying a primitive computes. */
export const tensors: Algebra<Tensor.Any> = {
  apply: (primitive, attributes, operands) => {
    const { evaluate, type } = Primitive.definitions[primitive] as unknown as Definition
    return evaluate(attributes, operands, type(attributes, operands))
  },
  applyMany: noControlFlow,
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
      if (typeof rule === "function")
        return {
          primal: result,
          tangent: rule(
            all.map((x) => x.tangent),
            context
          )
        }
      let tangent: A | Zero = Zero
      all.forEach((x, i) => {
        const of = rule[i]!
        if (x.tangent === Zero || of === Zero) return
        const contribution = ops.broadcastLike(of(x.tangent, context), context.type.shape)
        tangent = tangent === Zero ? contribution : ops.add(tangent, contribution)
      })
      return { primal: result, tangent }
    },
    applyMany: noControlFlow,
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

/** x + s t, for the inputs named. */
const moved = (
  inputs: ReadonlyArray<Tensor.Any>,
  tangents: ReadonlyArray<Tensor.Any>,
  wrt: ReadonlyArray<number>,
  s: number
): ReadonlyArray<Tensor.Any> =>
  inputs.map((x, i) => {
    const t = tangents[wrt.indexOf(i)]
    return t === undefined
      ? x
      : Tensor.fromArray(
          x.data.map((v, j) => v + s * t.data[j]!),
          x.shape
        )
  })

/**
 * The directional derivative of a program by central differences of five points: the error is of order h^4, and
 * rounding adds about 1e-16/h.
 */
export const centralDifference = (
  f: Program,
  inputs: ReadonlyArray<Tensor.Any>,
  tangents: ReadonlyArray<Tensor.Any>,
  wrt: ReadonlyArray<number>,
  h = 2e-4
): Array<number> => {
  const [a, b, c, d] = [-2, -1, 1, 2].map((k) => values(run(f, ...moved(inputs, tangents, wrt, k * h))))
  return a!.map((v, i) => (v - 8 * b![i]! + 8 * c![i]! - d![i]!) / (12 * h))
}

/**
 * The largest difference between the rule's derivative and central differences, relative where the derivative is above
 * 1.
 */
export const disagreement = (
  f: Program,
  inputs: ReadonlyArray<Tensor.Any>,
  tangents: ReadonlyArray<Tensor.Any>,
  wrt: ReadonlyArray<number>
): number => {
  const expected = centralDifference(f, inputs, tangents, wrt)
  const result = run(jvp(f, wrt), ...inputs, ...tangents)
  const shape = run(f, ...inputs).shape
  if (result.shape.join() !== shape.join()) throw new Error(`tangent of shape [${result.shape}], result of [${shape}]`)
  return expected.reduce((worst, e, i) => {
    const difference = Math.abs(result.data[i]! - e) / Math.max(1, Math.abs(e))
    return difference <= worst ? worst : difference
  }, 0)
}

/** `disagreement` of the program, and of its derivative program with the same tangents. */
export const disagreements = (
  f: Program,
  inputs: ReadonlyArray<Tensor.Any>,
  tangents: ReadonlyArray<Tensor.Any>,
  wrt: ReadonlyArray<number> = inputs.map((_, i) => i)
): number =>
  Math.max(disagreement(f, inputs, tangents, wrt), disagreement(jvp(f, wrt), [...inputs, ...tangents], tangents, wrt))

/** Directions are random, but the same in every run: a linear congruential generator over [-1, 1). */
export const direction = (shape: ReadonlyArray<number>, seed: number): Tensor.Any => {
  let state = (seed * 2654435761 + 12345) >>> 0
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 31 - 1
  }
  next()
  return Tensor.fromArray(Array.from({ length: shape.reduce((n, m) => n * m, 1) }, next), shape)
}
