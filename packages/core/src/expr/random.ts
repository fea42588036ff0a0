/**
 * Random numbers, as expressions that require `Random`.
 *
 * **Details**
 *
 * `Fn.withKey` makes the key of a program an input. Each call is a site with a stream of its own: what it draws is a function of the program's key and of the
 * number of the site, counted in the order in which the program is built. An expression is a value: used twice, it is the same draw.
 *
 * - A program that is applied, called or composed twice draws anew each time.
 * - In the body of `Expr.map` and in `Fn.map` every element draws its own numbers, in the body of a loop every step; what was drawn outside is the same for all.
 * - Derivatives draw what the program draws: `valueAndGrad(f)` and `f` with one key see the same numbers. Nothing varies with a key; derivatives
 *   in the parameters of a distribution are pathwise.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import { apply } from "../internal/apply.ts"
import { fromNode, isOperand, liftNode } from "../internal/lift.ts"
import type { Node } from "../internal/node.ts"
import { enclosing } from "../internal/scope.ts"
import type { Random } from "../Requirement.ts"
import * as Shape from "../Shape.ts"
import type { AxisOptions } from "./derived.ts"
import { add, cos, log, log1p, lt, max, mul, neg, sqrt, sub } from "./elementwise.ts"
import type { BoolExpr, ErrorOf, Expr, IndexExpr, Operand, RequirementsOf, ShapeOf, DataLast } from "./model.ts"
import { argmax } from "./reduction.ts"
import { at } from "./structural.ts"

const unit = (shape: Shape.Shape): Expr => fromNode(apply("randomUniform", { shape }, [enclosing().next()]))

/** The parameter of a distribution, which must not enlarge the shape. */
const parameter = (operation: string, name: string, x: Operand, shape: Shape.Shape): Expr => {
  const node = liftNode(x)
  if (!Shape.broadcastsTo(node.shape, shape)) {
    throw Shape.error(
      operation,
      [node.shape, shape],
      `${name}: cannot broadcast ${Shape.render(node.shape)} to ${Shape.render(shape)}`
    )
  }
  return fromNode(node)
}

/**
 * The bounds of `uniform`: numbers or expressions that broadcast to the shape.
 *
 * @category options
 * @since 0.1.0
 */
export interface UniformOptions<S extends Shape.Shape, Min, Max> {
  /** 0 unless given. */
  readonly min?: Min & Shape.CheckBroadcastTo<ShapeOf<Min>, S>
  /** 1 unless given. */
  readonly max?: Max & Shape.CheckBroadcastTo<ShapeOf<Max>, S>
}

/**
 * Independent draws from the uniform distribution on `[min, max)`, [0, 1) unless said otherwise.
 *
 * **Details**
 *
 * `min + (max - min) u`, where `u` is a multiple of 2^-53 in [0, 1); `max` itself may come up by rounding. `u` may be 0: take `max(u, 2^-54)` where that would be
 * a pole. Derivatives in the bounds are pathwise: `1 - u` and `u`.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Random } from "@fluxion/core"
 *
 * const dice = Fn.make({}, () => Expr.ceil(Expr.random.uniform([5], { min: 0, max: 6 })))
 * console.log(`${Fn.runSync(Fn.withKey(dice), { key: Random.key(1), inputs: {} })}`) // [1, 6, 2, 1, 3]
 * ```
 *
 * @category distributions
 * @since 0.1.0
 */
export const uniform = <const S extends Shape.Shape, Min extends Operand = number, Max extends Operand = number>(
  shape: S,
  options?: UniformOptions<S, Min, Max>
): Expr<S, ErrorOf<Min | Max>, Random | RequirementsOf<Min | Max>> => {
  const u = unit(shape)
  if (options?.min === undefined && options?.max === undefined) return u as never
  const { max: high = 1, min: low = 0 }: { readonly min?: Operand; readonly max?: Operand } = options
  const [from, to] = [parameter("random.uniform", "min", low, shape), parameter("random.uniform", "max", high, shape)]
  const width = typeof low === "number" && typeof high === "number" ? high - low : sub(to, from)
  return add(from, mul(width as Expr, u)) as never
}

/**
 * The parameters of `normal`: numbers or expressions that broadcast to the shape.
 *
 * @category options
 * @since 0.1.0
 */
export interface NormalOptions<S extends Shape.Shape, Mean, Deviation> {
  /** 0 unless given. */
  readonly mean?: Mean & Shape.CheckBroadcastTo<ShapeOf<Mean>, S>
  /** 1 unless given. */
  readonly standardDeviation?: Deviation & Shape.CheckBroadcastTo<ShapeOf<Deviation>, S>
}

/**
 * Independent draws from a normal distribution, the standard one unless said otherwise.
 *
 * **Details**
 *
 * `mean + standardDeviation z` with `z = sqrt(-2 log(1 - u)) cos(2 π v)` of two uniform draws (Box and Muller, "A note on the generation of random normal deviates",
 * Ann. Math. Statist. 29, 1958). `1 - u` is at least 2^-53, so `z` is finite and at most 8.58 in magnitude; the normal distribution has 1e-17 of its mass
 * outside. Derivatives in the parameters are pathwise: 1 and `z` (Kingma and Welling, "Auto-encoding variational Bayes", 2014).
 *
 * @example
 * ```ts
 * import { Expr, Fn, Random } from "@fluxion/core"
 *
 * const f = Fn.make({ mean: [] }, ({ mean }) => Expr.mean(Expr.random.normal([10000], { mean, standardDeviation: 0.1 })))
 * const value = Fn.runSync(Fn.withKey(f), { key: Random.key(1), inputs: { mean: 3 } })
 * console.log(value.toFixed(2)) // 3.00
 * ```
 *
 * @category distributions
 * @since 0.1.0
 */
export const normal = <const S extends Shape.Shape, Mean extends Operand = number, Deviation extends Operand = number>(
  shape: S,
  options?: NormalOptions<S, Mean, Deviation>
): Expr<S, ErrorOf<Mean | Deviation>, Random | RequirementsOf<Mean | Deviation>> => {
  const pair = unit([2, ...shape])
  const radius = sqrt(mul(-2, log1p(neg(at(pair, 0)))))
  const z = mul(radius, cos(mul(2 * Math.PI, at(pair, 1)))) as Expr
  const { mean, standardDeviation }: { readonly mean?: Operand; readonly standardDeviation?: Operand } = options ?? {}
  const scaled =
    standardDeviation === undefined
      ? z
      : mul(parameter("random.normal", "standardDeviation", standardDeviation, shape), z)
  return (mean === undefined ? scaled : add(parameter("random.normal", "mean", mean, shape), scaled)) as never
}

/**
 * Independent truth values, each true with probability `p`.
 *
 * **Details**
 *
 * One for each element of `p`, or of a shape that `p` broadcasts to. With `p` at most 0 (or NaN) it is false and with `p` at least 1 true, always. Truth values carry no
 * derivatives.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Random, Tensor } from "@fluxion/core"
 *
 * const dropout = Fn.make([6], (x) => Expr.select(Expr.random.bernoulli(0.5, [6]), Expr.mul(2, x), 0))
 * const x = Tensor.make([1, 2, 3, 4, 5, 6])
 * console.log(`${Fn.runSync(Fn.withKey(dropout), { key: Random.key(1), inputs: x })}`) // [2, 0, 6, 8, 10, 0]
 * ```
 *
 * @category distributions
 * @since 0.1.0
 */
export const bernoulli: {
  (): <P extends Operand>(p: P) => BoolExpr<ShapeOf<P>, ErrorOf<P>, Random | RequirementsOf<P>>
  <const S extends Shape.Shape>(
    shape: S
  ): DataLast<
    S,
    <P extends Operand>(
      p: P & Shape.CheckBroadcastTo<ShapeOf<P>, S>
    ) => BoolExpr<S, ErrorOf<P>, Random | RequirementsOf<P>>
  >
  <P extends Operand>(p: P): BoolExpr<ShapeOf<P>, ErrorOf<P>, Random | RequirementsOf<P>>
  <P extends Operand, const S extends Shape.Shape>(
    p: P & Shape.CheckBroadcastTo<ShapeOf<P>, S>,
    shape: S
  ): BoolExpr<S, ErrorOf<P>, Random | RequirementsOf<P>>
} = dual(
  (args) => isOperand(args[0]),
  (p: Operand, shape?: Shape.Shape): never => {
    const own = shape ?? liftNode(p).shape
    return lt(unit(own), parameter("random.bernoulli", "p", p, own)) as never
  }
)

/**
 * Draws of an index along an axis (the last by default), with probabilities `softmax(logits)`: one for each row of logits.
 *
 * **Details**
 *
 * The largest of the logits with independent Gumbel noise (Gumbel 1954; Maddison, Tarlow and Minka, "A* sampling", 2014). Logits need not be normalised; one of
 * `-Infinity` is never drawn beside a finite one. For several draws of the same logits, `Expr.broadcastTo` them first. Indices carry no derivatives.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Random, Tensor } from "@fluxion/core"
 *
 * const draws = Fn.make([3], (logits) => Expr.random.categorical(Expr.broadcastTo(logits, [8, 3])))
 * const logits = Tensor.make([0, 2, -Infinity])
 * console.log(`${Fn.runSync(Fn.withKey(draws), { key: Random.key(1), inputs: logits })}`) // [1, 1, 1, 0, 1, 1, 1, 1]
 * ```
 *
 * @category distributions
 * @since 0.1.0
 */
export const categorical: {
  <const A extends number = -1>(
    options?: AxisOptions<A>
  ): DataLast<
    A,
    <X extends Operand>(
      logits: X & Shape.CheckAxes<ShapeOf<X>, A>
    ) => IndexExpr<Shape.Reduce<ShapeOf<X>, A>, ErrorOf<X>, Random | RequirementsOf<X>>
  >
  <X extends Operand, const A extends number = -1>(
    logits: X & Shape.CheckAxes<ShapeOf<X>, A>,
    options?: AxisOptions<A>
  ): IndexExpr<Shape.Reduce<ShapeOf<X>, A>, ErrorOf<X>, Random | RequirementsOf<X>>
} = dual(
  (args) => isOperand(args[0]),
  (logits: Operand, options?: AxisOptions): never => {
    const node: Node = liftNode(logits)
    const axis = Shape.normalizeAxis("random.categorical", node.shape, options?.axis ?? -1)
    const gumbel = neg(log(neg(log(max(unit(node.shape), 2 ** -54)))))
    return argmax(add(fromNode<Expr>(node), gumbel) as never, axis as never) as never
  }
)

/**
 * A permutation of `0, 1, ..., n - 1`, each equally likely.
 *
 * **Details**
 *
 * Fisher and Yates' shuffle (Knuth, volume 2, algorithm 3.4.2P), with integers drawn without bias. Take rows in its order with `Expr.gather`.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Random, Tensor } from "@fluxion/core"
 *
 * const shuffle = Fn.make([4], (x) => Expr.gather(x, Expr.random.permutation(4)))
 * const x = Tensor.make([10, 20, 30, 40])
 * console.log(`${Fn.runSync(Fn.withKey(shuffle), { key: Random.key(1), inputs: x })}`) // [30, 10, 20, 40]
 * ```
 *
 * @category distributions
 * @since 0.1.0
 */
export const permutation = <const N extends number>(n: N): IndexExpr<readonly [N], never, Random> =>
  fromNode(apply("randomPermutation", { size: n }, [enclosing().next()]))
