/**
 * Taylor mode: truncated power series through a program.
 *
 * @since 0.1.0
 */
import { type Algebra, Expr, Fn, Operations, type Primitive, Shape, type Tensor, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import { Zero } from "@fluxion/core/Rule"
import { dual } from "effect/Function"
import { rules } from "./rules/taylor/index.ts"
import { coefficients, type Series } from "./rules/taylor/series.ts"
import type { TaylorContext } from "./TaylorRule.ts"

/**
 * A carrier with the coefficients of t¹, t², … of its truncated power series; `undefined` when all are zero by structure.
 *
 * @category models
 * @since 0.1.0
 */
export interface Jet<A> extends Forward.VectorCarrier<A> {
  /** The value, where the carrier is a scalar constant. */
  readonly constant?: number
}

type AnyRule =
  | "linear"
  | "byDerivative"
  | (<A>(context: TaylorContext<"neg", A>, ...operands: ReadonlyArray<Series<A>>) => Series<A>)

const table = rules as unknown as Record<Primitive.Name, AnyRule>

const controlTable = Forward.controlRules as unknown as Record<Primitive.ControlName, Forward.ControlJvpRule<"call">>

/** Which control primitives carry coefficients as tangents, through the bodies they evaluate; the others are no more linear than `exp` is. */
const carriesSeries: { readonly [K in Primitive.ControlName]: boolean } = {
  cond: true,
  scan: true,
  map: true,
  call: true,
  whileLoop: true,
  custom: false,
  qr: false,
  eigh: false,
  root: false
}

/**
 * Makes the algebra of truncated power series out of an algebra.
 *
 * **Details**
 *
 * A carrier holds the value and the coefficients of t¹ … t^order. Most elementwise functions cost O(order²) products (see the table of rules);
 * linear ones O(order). Over the expression algebra it builds programs, so series can be differentiated again by either mode.
 *
 * Griewank and Walther (2008), chapter 13. Loops and branches carry coefficients as forward mode carries several tangents.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn, Interpreter, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([], (x) => Expr.exp(x))
 * const one = Tensor.make(1)
 * const [result] = Fn.interpret(f, Calculus.jet(Interpreter.algebra, 3), [{ primal: Tensor.make(0), tangents: [one, Tensor.make(0), Tensor.make(0)] }])
 * console.log(`${result?.primal} ${result?.tangents?.map(String)}`) // 1 1,0.5,0.16666666666666666
 * ```
 *
 * @category transformers
 * @since 0.1.0
 */
export const jet = <A>(algebra: Algebra<A>, order: number): Algebra<Jet<A>> => {
  const ops = Operations.make(algebra)
  const c = coefficients(ops)
  // Coefficients of what is linear move as tangents do.
  const linear = Forward.vectorDual(algebra, order)
  const { free } = algebra
  const make = (primal: A, series: Series<A>): Jet<A> => {
    const shape = ops.shapeOf(primal)
    const tangents = Array.from({ length: order }, (_, k) => {
      const own = series[k + 1] ?? Zero
      return own === Zero ? Zero : ops.broadcastLike(own, shape)
    })
    return { primal, tangents: tangents.every((x) => x === Zero) ? undefined : tangents }
  }
  return {
    apply: (primitive, attributes, carriers, type) => {
      const operands = carriers as ReadonlyArray<Jet<A>>
      const rule = table[primitive]
      if (rule === "linear" || operands.every(({ tangents }) => tangents === undefined)) {
        return linear.apply(primitive, attributes, carriers, type)
      }
      if (rule === "byDerivative") {
        const [result] = byDerivative(algebra, operands, order, (dual, duals) => [
          dual.apply(primitive, attributes, duals as never, type)
        ])
        return result!
      }
      const primals = operands.map(({ primal }) => primal)
      const result = algebra.apply(primitive, attributes, primals as never, type)
      const context: TaylorContext<"neg", A> = {
        ops,
        c,
        attributes,
        order,
        u0: primals[0]!,
        result,
        type: algebra.typeOf(result),
        constants: operands.map(({ constant }) => constant)
      }
      return make(
        result,
        rule(context, ...operands.map(({ primal, tangents }): Series<A> => [primal, ...(tangents ?? [])]))
      )
    },
    applyMany: (primitive, attributes, operands, types) => {
      if (operands.every(({ tangents }) => tangents === undefined)) {
        return linear.applyMany(primitive, attributes, operands, types)
      }
      if (!carriesSeries[primitive]) {
        return byDerivative(algebra, operands, order, (dual, duals) =>
          dual.applyMany(primitive, attributes, duals, types)
        )
      }
      return controlTable[primitive](operands, {
        algebra,
        attributes: attributes as Primitive.CallAttributes,
        count: order,
        transform: transformOf(order)
      })
    },
    constant: (value) => withConstant(algebra.constant(value), value),
    typeOf: (x) => algebra.typeOf(x.primal),
    ...(free === undefined
      ? {}
      : {
          free: (expr) => {
            const view = Expr.view(expr)
            return view._tag === "Constant"
              ? withConstant(free(expr), view.value)
              : { primal: free(expr), tangents: undefined }
          }
        })
  }
}

type Transform = <B>(algebra: Algebra<B>) => Algebra<Jet<B>>

const transforms = new Map<number, Transform>()

/** The transformer for an order: the same function each time, so that rules can remember what they made with it. */
const transformOf = (order: number): Transform => {
  const known = transforms.get(order) ?? (<B>(algebra: Algebra<B>) => jet(algebra, order))
  transforms.set(order, known)
  return known
}

/** A carrier that does not vary, with its value where that is a real scalar. */
const withConstant = <A>(primal: A, value: Tensor.Any): Jet<A> =>
  value.shape.length === 0 && value.elementType === "real"
    ? { primal, tangents: undefined, constant: value.data[0]! }
    : { primal, tangents: undefined }

/** The series of a result is the integral of that of its tangent, which the JVP rule computes in series of one order less. */
const byDerivative = <A>(
  algebra: Algebra<A>,
  operands: ReadonlyArray<Jet<A>>,
  order: number,
  apply: (
    dual: Algebra<Forward.DualCarrier<Jet<A>>>,
    operands: ReadonlyArray<Forward.DualCarrier<Jet<A>>>
  ) => ReadonlyArray<Forward.DualCarrier<Jet<A>>>
): ReadonlyArray<Jet<A>> => {
  const ops = Operations.make(algebra)
  const c = coefficients(ops)
  const lower = order - 1
  const truncate = (x: Jet<A>): Jet<A> => ({
    primal: x.primal,
    tangents: lower === 0 ? undefined : x.tangents?.slice(0, lower)
  })
  const derivative = (tangents: ReadonlyArray<A | Zero>, like: A): Jet<A> => {
    const [first, ...rest] = tangents.map((x, k) => c.scale(x, k + 1))
    const primal = first === Zero || first === undefined ? ops.zeros(ops.shapeOf(like)) : first
    return { primal, tangents: rest.every((x) => x === Zero) ? undefined : rest }
  }
  const results = apply(
    Forward.dual(jet(algebra, lower)),
    operands.map((x) => ({
      primal: truncate(x),
      tangent: x.tangents === undefined ? Zero : derivative(x.tangents, x.primal)
    }))
  )
  return results.map(({ primal, tangent }) => {
    if (tangent === Zero) return { primal: primal.primal, tangents: undefined }
    const series: Series<A> = [tangent.primal, ...(tangent.tangents ?? [])]
    return {
      primal: primal.primal,
      tangents: Array.from({ length: order }, (_, k) => c.scale(series[k] ?? Zero, 1 / (k + 1)))
    }
  })
}

/**
 * What `taylor` takes: a point and a direction.
 *
 * @category models
 * @since 0.1.0
 */
export type TaylorInputs<I extends Tree.Spec> = { readonly at: I; readonly direction: Tree.TangentSpec<I> }

/**
 * The Taylor coefficients of a program along a line, as a program: point and direction in, coefficients of `t ↦ f(at + t direction)` out.
 *
 * **Details**
 *
 * At each real output of shape `o` stands an array of shape `[order + 1, ...o]`: the value, the first derivative along the direction, half the second, and so on:
 * coefficient k is the k-th derivative over k!. By propagation of power series (see `jet`), not by nesting: where k nested derivatives cost about 2^k times the
 * program, this costs O(order²) products for each operation. Failures and requirements are those of `f`.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make([], (x) => Expr.div(1, Expr.sub(1, x)))
 * console.log(`${Fn.runSync(Calculus.taylor(f, 4), { at: 0.5, direction: 1 })}`) // [2, 4, 8, 16, 32]
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const taylor: {
  (order: number): <I extends Tree.Spec, O, E, R>(f: Fn.Fn<I, O, E, R> & Forward.CheckForward<R>) => Taylor<I, O, E, R>
  <I extends Tree.Spec, O, E, R>(f: Fn.Fn<I, O, E, R> & Forward.CheckForward<R>, order: number): Taylor<I, O, E, R>
} = dual(2, (f: Fn.Any, order: number): Fn.Any => {
  if (!Number.isSafeInteger(order) || order < 0) {
    throw Shape.error("Calculus.taylor", [], `expected an order that is a whole number, got ${order}`)
  }
  const { inputLeaves, inputs, outputLeaves, outputs } = Fn.specs(f)
  const isReal = ({ type }: Tree.PathAndType): boolean => type.elementType === "real"
  const series = Tree.mapSpec(Tree.tangentSpec(outputs), ({ type }) => [order + 1, ...type.shape])
  return Fn.unsafeFromLeaves({ at: inputs, direction: Tree.tangentSpec(inputs) }, series, (leaves) => {
    const directions = leaves.slice(inputLeaves.length)
    let next = 0
    const carriers = leaves.slice(0, inputLeaves.length).map((primal, i): Jet<Expr.Any> => {
      if (!isReal(inputLeaves[i]!)) return { primal, tangents: undefined }
      const direction = directions[next++]!
      return { primal, tangents: order === 0 ? undefined : [direction, ...new Array<Zero>(order - 1).fill(Zero)] }
    })
    const expressions = Operations.make(Fn.expressions)
    return Fn.interpret(f, jet(Fn.expressions, order), carriers)
      .filter((_, o) => isReal(outputLeaves[o]!))
      .map(({ primal, tangents }) =>
        expressions.stack(
          Array.from({ length: order + 1 }, (_, k) => {
            const coefficient = k === 0 ? primal : (tangents?.[k - 1] ?? Zero)
            return coefficient === Zero ? expressions.zeros(primal.shape) : coefficient
          }),
          0
        )
      )
  })
}) as never

type Taylor<I extends Tree.Spec, O, E, R> = Fn.Fn<TaylorInputs<I>, Fn.MapInputs<Tree.Tangent<O>, number, 0>, E, R>
