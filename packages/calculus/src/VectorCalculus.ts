/**
 * The operators of vector calculus on programs: gradient norm, divergence, curl, Laplacian.
 *
 * @since 0.1.0
 */
import { Basis, Expr, Fn, Operations, type Requirement, Shape, Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { Zero } from "@fluxion/core/Rule"
import { dual } from "effect/Function"
import { diagonal, secondDerivative } from "./internal/diagonal.ts"

const expressions = Operations.make(Fn.expressions)

const isReal = ({ type }: Tree.PathAndType): boolean => type.elementType === "real"

const flat = (x: Expr.Any): Expr.Expr => expressions.reshape(x, [Shape.size(x.shape)]) as Expr.Expr

const total = (parts: ReadonlyArray<Expr.Any>): Expr.Any =>
  parts.length === 0
    ? expressions.scalar(0)
    : parts.map((part) => expressions.sum(flat(part), [0])).reduce((a, b) => expressions.add(a, b))

/**
 * `unknown` when `O` has the structure of the real inputs `I` (a vector field), otherwise a `Mismatch` that says so.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckField<I, O> = [O, Tree.Tangent<I>] extends [Tree.Tangent<I>, O]
  ? unknown
  : Shape.Mismatch<"expected a vector field: outputs of the same structure and shapes as the real inputs">

const checkField = (operation: string, f: Fn.Any): void => {
  const [inputs, outputs] = [Tree.tangentSpec(f.inputs), f.outputs as Tree.Spec]
  if (Tree.render(inputs) !== Tree.render(outputs)) {
    throw Shape.error(
      operation,
      [],
      `expected a vector field, with outputs like the real inputs ${Tree.render(inputs)}, got ${Tree.render(outputs)}`
    )
  }
}

/**
 * The Euclidean norm of the gradient of a program of one scalar output, over all elements of the inputs together.
 *
 * **Details**
 *
 * The derivative of a norm at 0 is 0, so the result can be differentiated again at a stationary point. Costs a small constant times `f`.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.add(Expr.mul(3, x), Expr.mul(4, y)))
 * console.log(Fn.runSync(Calculus.gradientNorm(f), { x: 1, y: 1 })) // 5
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const gradientNorm = <I extends Tree.Spec, E, R>(
  f: Fn.Fn<I, readonly [], E, R>
): Fn.Fn<I, readonly [], E, R> => {
  const gradient: Fn.Any = Reverse.grad(f)
  return Fn.unsafeFromLeaves(gradient.inputs, [], (leaves) => {
    const parts = Fn.interpret(gradient, Fn.expressions, leaves).map(flat)
    return [parts.length === 0 ? expressions.scalar(0) : Expr.norm(Expr.concat(parts))]
  }) as never
}

/**
 * The divergence of a vector field: the sum of the derivatives of each output with respect to the input in its place.
 *
 * **Details**
 *
 * The outputs have the structure and shapes of the real inputs; another structure is a type error (a `ShapeError` where not known statically). The
 * primal is evaluated once and one tangent for each element of the inputs; the Jacobian is never formed.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const field = Fn.make([3], (x) => Expr.mul(x, x))
 * console.log(Fn.runSync(Calculus.divergence(field), Tensor.make([1, 2, 3]))) // 12
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const divergence = <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & CheckField<I, O> & Forward.CheckForward<R>
): Fn.Fn<I, readonly [], E, R> => {
  const field: Fn.Any = f
  checkField("Calculus.divergence", field)
  const { inputLeaves } = Fn.specs(field)
  const varying = inputLeaves.filter((leaf) => isReal(leaf) && Shape.size(leaf.type.shape) > 0)
  // The outputs are those of the real inputs, in their order.
  const places = varying.map((leaf) => inputLeaves.filter(isReal).indexOf(leaf))
  return Fn.unsafeFromLeaves(field.inputs, [], (leaves) => {
    const diagonals = Basis.map({
      at: leaves,
      directions: varying.map(({ type }) => type),
      build: (at, directions) => {
        const carriers = at.map((primal, i) => {
          const own = varying.indexOf(inputLeaves[i]!)
          return { primal, tangents: own < 0 ? undefined : varying.map((_, k) => (k === own ? directions[k]! : Zero)) }
        })
        const results = Fn.interpret(field, Forward.vectorDual(Fn.expressions, varying.length), carriers)
        return directions.map((direction, k) => {
          const tangent = results[places[k]!]!.tangents?.[k] ?? Zero
          return [tangent === Zero ? Zero : total([expressions.mulStrongZero(direction, tangent)])]
        })
      }
    }).flatMap((row) => row.filter((x) => x !== Zero))
    return [total(diagonals)]
  }) as never
}

/**
 * The curl of a vector field of three inputs.
 *
 * **Details**
 *
 * The inputs hold three elements in all (an array of 3, or three scalars in a record or a tuple), in a right-handed order; outputs and result have the
 * structure of the inputs. Other inputs throw a `ShapeError`. Costs the primal once and three tangents.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const rotation = Fn.make({ x: [], y: [], z: [] }, ({ x, y }) => ({ x: Expr.neg(y), y: x, z: 0 }))
 * console.log(Fn.runSync(Calculus.curl(rotation), { x: 5, y: 6, z: 7 })) // { x: 0, y: 0, z: 2 }
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const curl = <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & CheckField<I, O> & Forward.CheckForward<R>
): Fn.Fn<I, Tree.Tangent<I>, E, R> => {
  const field: Fn.Any = f
  checkField("Calculus.curl", field)
  const { inputLeaves } = Fn.specs(field)
  const real = inputLeaves.filter(isReal)
  const sizes = real.map(({ type }) => Shape.size(type.shape))
  const elements = sizes.reduce((a, b) => a + b, 0)
  if (elements !== 3) {
    throw Shape.error(
      "Calculus.curl",
      real.map(({ type }) => type.shape),
      `expected three real elements in the inputs, got ${elements} in ${Tree.render(field.inputs)}`
    )
  }
  const jacobian: Fn.Any = Forward.jacobian(f)
  return Fn.unsafeFromLeaves(field.inputs, Tree.tangentSpec(field.inputs), (leaves) => {
    const blocks = Fn.interpret(jacobian, Fn.expressions, leaves)
    const rows = sizes.map((rowSize, o) =>
      expressions.concat(
        sizes.map((size, i) => expressions.reshape(blocks[o * sizes.length + i]!, [rowSize, size])),
        1
      )
    )
    const matrix = expressions.concat(rows, 0)
    const entry = (o: number, i: number): Expr.Any =>
      expressions.reshape(expressions.slice(matrix, { starts: [o, i], limits: [o + 1, i + 1], strides: [1, 1] }), [])
    const components = [
      expressions.sub(entry(2, 1), entry(1, 2)),
      expressions.sub(entry(0, 2), entry(2, 0)),
      expressions.sub(entry(1, 0), entry(0, 1))
    ]
    let next = 0
    return real.map(({ type }, i) =>
      expressions.reshape(expressions.stack(components.slice(next, (next += sizes[i]!)), 0), type.shape)
    )
  }) as never
}

/**
 * The Laplacian of a program of one scalar output: the sum of its second derivatives with respect to each element of the inputs.
 *
 * **Details**
 *
 * Exact: one second derivative along each basis vector, forward over forward; the Hessian is never formed. The primal is evaluated once
 * for each input, whatever the number of its elements.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([3], (x) => Expr.sum(Expr.mul(x, Expr.mul(x, x))))
 * console.log(Fn.runSync(Calculus.laplacian(f), Tensor.make([1, 2, 3]))) // 36
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const laplacian = <I extends Tree.Spec, E, R>(
  f: Fn.Fn<I, readonly [], E, R> & Forward.CheckForward<R>
): Fn.Fn<I, readonly [], E, R> => {
  const program: Fn.Any = f
  return Fn.unsafeFromLeaves(program.inputs, [], (leaves) => [
    total(diagonal("Calculus.laplacian", program, leaves).filter((x) => x !== Zero))
  ]) as never
}

/**
 * Options of `laplacianEstimate`: how many directions are drawn, 1 unless given.
 *
 * @category options
 * @since 0.1.0
 */
export interface EstimateOptions {
  readonly samples?: number
}

/**
 * An unbiased estimate of the Laplacian of a program of one scalar output, from second derivatives along random directions; requires `Random`.
 *
 * **Details**
 *
 * The mean of `vᵀ H v` over directions `v` whose elements are 1 or -1 with equal probability: its expectation is the trace of `H`, and its variance, twice the sum of
 * the squares of the elements of `H` off the diagonal over the number of samples, is the least of all distributions of independent elements (M. F. Hutchinson, A stochastic estimator of the trace of the influence
 * matrix for Laplacian smoothing splines, Communications in Statistics 18, 1989). Exact where `H` is diagonal. Costs two tangents for each sample, whatever the number of inputs.
 *
 * @example
 * ```ts
 * import * as Calculus from "@fluxion/calculus"
 * import { Expr, Fn, Random, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([3], (x) => Expr.sum(Expr.mul(x, Expr.mul(x, x))))
 * const estimate = Fn.withKey(Calculus.laplacianEstimate(f, { samples: 4 }))
 * console.log(Fn.runSync(estimate, { key: Random.key(1), inputs: Tensor.make([1, 2, 3]) })) // 36
 * ```
 *
 * @category operators
 * @since 0.1.0
 */
export const laplacianEstimate: {
  (
    options?: EstimateOptions
  ): <I extends Tree.Spec, E, R>(
    f: Fn.Fn<I, readonly [], E, R> & Forward.CheckForward<R>
  ) => Fn.Fn<I, readonly [], E, R | Requirement.Random>
  <I extends Tree.Spec, E, R>(
    f: Fn.Fn<I, readonly [], E, R> & Forward.CheckForward<R>,
    options?: EstimateOptions
  ): Fn.Fn<I, readonly [], E, R | Requirement.Random>
} = dual(
  (args) => Fn.isFn(args[0]),
  (f: Fn.Any, options?: EstimateOptions): Fn.Any => {
    const samples = options?.samples ?? 1
    if (!Number.isSafeInteger(samples) || samples < 1) {
      throw Shape.error("Calculus.laplacianEstimate", [], `expected a positive number of samples, got ${samples}`)
    }
    const { inputLeaves, outputs } = Fn.specs(f)
    if (Tree.render(outputs) !== "real[]") {
      throw Shape.error(
        "Calculus.laplacianEstimate",
        [],
        `expected a program of one scalar output, got ${Tree.render(outputs)}`
      )
    }
    const varying = inputLeaves.filter((leaf) => isReal(leaf) && Shape.size(leaf.type.shape) > 0)
    const positions = varying.map((leaf) => inputLeaves.indexOf(leaf))
    return Fn.unsafeFromLeaves(f.inputs, [], (leaves) => {
      const [curvature] = Basis.along(
        {
          at: leaves,
          directions: varying.map(({ type }) => type),
          build: (at, directions) => [[secondDerivative(f, at, positions, directions)]]
        },
        varying.map(({ type }) => Expr.select(Expr.random.bernoulli(0.5, [samples, ...type.shape]), 1, -1))
      )
      return [curvature === undefined || curvature === Zero ? expressions.scalar(0) : Expr.mean(curvature as Expr.Expr)]
    })
  }
) as never
