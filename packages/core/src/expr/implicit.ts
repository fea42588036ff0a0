import { apply, applyMany } from "../internal/apply.ts"
import { capture, type Captured, capturedBy, close } from "../internal/capture.ts"
import { read, readLike } from "../internal/exprTree.ts"
import { fromNode, toNode } from "../internal/lift.ts"
import type { Node } from "../internal/node.ts"
import * as Shape from "../Shape.ts"
import * as Tensor from "../Tensor.ts"
import * as Tree from "../Tree.ts"
import { type CheckCarry, cond, type Inside, map, type Results, whileLoop } from "./controlFlow.ts"
import { norm } from "./derived.ts"
import { abs, add, and, div, gt, le, lt, max, mul, neg, not, or, select, sub } from "./elementwise.ts"
import { type BoolExpr, constant, type Expr, type DataLast } from "./model.ts"
import { reduceMax, sum } from "./reduction.ts"
import { transpose } from "./structural.ts"

// -----------------------------------------------------------------------------
// Options
// -----------------------------------------------------------------------------

/**
 * How `root` and `fixedPoint` look for a solution.
 *
 * **Details**
 *
 * - `tolerance`: the iteration ends with a step that is no longer than this, relative to the unknowns (largest magnitudes count). `1e-9` for
 *   `root`, whose last step squares the error, or nearly; `1e-12` for `fixedPoint`.
 * - `maxIterations`: 100 for `root`, 10 000 for `fixedPoint`.
 * - `scale`: the magnitude below which unknowns count as zero, 1 where absent: `tolerance` is relative to this for unknowns that are smaller, and `root`
 *   takes differences of this size times `2⁻²⁶`.
 * - `solver`: a solver of your own instead, built from combinators: from initial values to the solution. The other options are not used then.
 *
 * @category options
 * @since 0.1.0
 */
export interface ImplicitOptions<C, S = C> {
  readonly tolerance?: number
  readonly maxIterations?: number
  readonly scale?: number
  readonly solver?: ((init: Inside<C>) => S) & CheckCarry<C, S>
}

interface Iteration {
  readonly tolerance: number
  readonly maxIterations: number
  readonly scale: number
}

const iterationOf = (operation: string, options: ImplicitOptions<unknown, unknown>, defaults: Iteration): Iteration => {
  const { maxIterations = defaults.maxIterations, scale = defaults.scale, tolerance = defaults.tolerance } = options
  const check = (name: string, value: number, valid: boolean, expected: string): void => {
    if (!valid) throw Shape.error(operation, [], `${name} is ${value}, expected ${expected}`)
  }
  check("tolerance", tolerance, tolerance >= 0, "a number that is not negative")
  check("scale", scale, scale > 0 && scale < Infinity, "a positive number")
  check(
    "maxIterations",
    maxIterations,
    Number.isSafeInteger(maxIterations) && maxIterations >= 0,
    "a non-negative integer"
  )
  return { tolerance, maxIterations, scale }
}

// -----------------------------------------------------------------------------
// Unknowns as one vector
// -----------------------------------------------------------------------------

type Vector = Expr<readonly [number]>
type Scalar = Expr<readonly []>

/** What an iteration found, and whether that is a solution. */
interface Found {
  readonly x: Vector
  readonly converged: BoolExpr<readonly []>
}

const sizeOf = ({ shape }: { readonly shape: Shape.Shape }): number => Shape.size(shape)

const ravel = (nodes: ReadonlyArray<Node>): Vector => {
  const flat = nodes.map((node) => apply("reshape", { shape: [sizeOf(node)] }, [node]))
  return fromNode(flat.length === 1 ? flat[0]! : apply("concat", { axis: 0 }, flat))
}

const unravel = (vector: Vector, like: ReadonlyArray<Node>): ReadonlyArray<Node> => {
  const node = toNode(vector)
  let start = 0
  return like.map(({ shape }) => {
    const size = Shape.size(shape)
    const part =
      like.length === 1 ? node : apply("slice", { starts: [start], limits: [start + size], strides: [1] }, [node])
    start += size
    return apply("reshape", { shape }, [part])
  })
}

const largest = (x: Vector): Scalar => reduceMax(abs(x)) as Scalar

// -----------------------------------------------------------------------------
// Solvers
// -----------------------------------------------------------------------------

type VectorFunction = (x: Vector) => Vector

/** `x ← g(x)` until that changes little. */
const iterateUntilFixed = (g: VectorFunction, start: Vector, { maxIterations, scale, tolerance }: Iteration): Found => {
  const { change, x } = whileLoop(
    ({ change, count }) => and(gt(change, tolerance), lt(count, maxIterations)),
    ({ count, x }) => {
      const next = g(x)
      return { x: next, change: div(largest(sub(next, x)), max(largest(next), scale)) as Scalar, count: add(count, 1) }
    },
    { x: start, change: Infinity, count: 0 }
  )
  return { x, converged: le(change, tolerance) }
}

/** A step is accepted when it shortens the residual by this part of its length (Kelley 1995, algorithm 8.1.1). */
const SUFFICIENT = 1e-4

/** The shortest part of a step that is tried. */
const SHORTEST = 2 ** -40

/**
 * Newton's method with a Jacobian by forward differences (Dennis and Schnabel 1983, algorithms A5.4.1 and D6.1.1; C. T. Kelley, Iterative methods for linear and
 * nonlinear equations, 1995, chapter 8): a step that does not shorten the residual is halved until it does.
 */
const newton = (
  residual: VectorFunction,
  start: Vector,
  size: number,
  { maxIterations, scale, tolerance }: Iteration
): Found => {
  const basis = constant(Tensor.identity(size))
  const { converged, x } = whileLoop(
    ({ converged, count, stuck }) => and(not(or(converged, stuck)), lt(count, maxIterations)),
    ({ count, r, x }) => {
      // Differences that are exact.
      const steps = sub(add(x, mul(2 ** -26, max(abs(x), scale))), x) as Vector
      const columns = map((direction: Vector) => {
        const step = mul(direction, steps) as Vector
        return div(sub(residual(add(x, step) as Vector), r), sum(step)) as Vector
      }, basis) as Expr<readonly [number, number]>
      const right = apply("reshape", { shape: [size, 1] }, [toNode(neg(r))])
      // A residual of zero is a solution also where the Jacobian is singular.
      const solved = apply("solve", { strongZero: true }, [toNode(transpose(columns)), right])
      const step: Vector = fromNode(apply("reshape", { shape: [size] }, [solved]))
      const settled = le(largest(step), mul(tolerance, max(largest(x), scale))) as BoolExpr<readonly []>
      const next = cond(
        settled,
        () => ({ x: add(x, step) as Vector, r, stuck: constant(false) }),
        () => {
          const before = norm(r) as Scalar
          const improves = (length: Scalar, after: Vector): BoolExpr<readonly []> =>
            le(norm(after), mul(sub(1, mul(SUFFICIENT, length)), before)) as BoolExpr<readonly []>
          const at = (length: Scalar) => {
            const moved = add(x, mul(length, step)) as Vector
            return { x: moved, r: residual(moved), length }
          }
          const search = whileLoop(
            (state) => and(not(improves(state.length, state.r)), gt(state.length, SHORTEST)),
            ({ length }) => at(mul(length, 0.5) as Scalar),
            at(constant(1))
          )
          return { x: search.x, r: search.r, stuck: not(improves(search.length, search.r)) }
        }
      )
      return { x: next.x, r: next.r, stuck: next.stuck, converged: settled, count: add(count, 1) }
    },
    { x: start, r: residual(start), stuck: false, converged: false, count: 0 }
  )
  return { x, converged }
}

// -----------------------------------------------------------------------------
// Building
// -----------------------------------------------------------------------------

type TreeFunction = (x: unknown) => unknown

const define = (
  operation: string,
  f: TreeFunction,
  init: unknown,
  options: ImplicitOptions<unknown, unknown>,
  residualOf: (values: ReadonlyArray<Node>, x: ReadonlyArray<Node>) => ReadonlyArray<Node>,
  solve: (f: VectorFunction, start: Vector, size: number) => Found
): unknown => {
  const { nodes, paths, spec } = read(operation, "init", init)
  nodes.forEach(({ elementType, shape }, i) => {
    if (elementType !== "real") {
      throw Shape.error(operation, [shape], `${paths[i]}: expected unknowns that are real, got ${elementType}`)
    }
  })
  const size = nodes.reduce((total, node) => total + sizeOf(node), 0)
  const inputs = nodes.map((type, i) => ({ label: paths[i]!, type }))
  // The program holds the function once: the residual and the solver call it.
  const given = capture(inputs, (x) => readLike(operation, "x", spec, f(Tree.unflatten(spec, x)), "init"))
  const called = { body: close(given, given.captured), checkpoint: false }
  const evaluate = (x: ReadonlyArray<Node>) => applyMany("call", called, [...given.captured, ...x])
  const residual = capture(inputs, (x) => residualOf(evaluate(x), x))
  const { solver } = options
  const solved: Captured = capture(inputs, (x) => {
    if (solver !== undefined) {
      return readLike(operation, "solution", spec, (solver as TreeFunction)(Tree.unflatten(spec, x)), "init")
    }
    if (size === 0) return x
    const found = solve((vector) => ravel(evaluate(unravel(vector, nodes))), ravel(x), size)
    return unravel(select(found.converged, found.x, NaN) as Vector, nodes)
  })
  const captured = capturedBy(residual, solved)
  const attributes = {
    residual: close(residual, captured),
    solve: close(solved, captured),
    consts: captured.length
  }
  return Tree.unflatten(spec, applyMany("root", attributes, [...captured, ...nodes]))
}

/**
 * The type of `root` and of `fixedPoint`.
 *
 * @category implicit
 * @since 0.1.0
 */
export interface Implicit {
  <const C extends Tree.ExprTree, const D extends Tree.ExprTree>(
    f: ((x: Inside<C>) => D) & CheckCarry<C, D>
  ): DataLast<C, (init: C) => Results<C, C | D>>
  <const C extends Tree.ExprTree, const D extends Tree.ExprTree, const S extends Tree.ExprTree = C>(
    f: ((x: Inside<C>) => D) & CheckCarry<C, D>,
    init: C,
    options?: ImplicitOptions<C, S>
  ): Results<C, C | D | S>
}

const implicit = (
  make: (f: TreeFunction, init: unknown, options: ImplicitOptions<unknown, unknown>) => unknown
): Implicit =>
  ((...args: ReadonlyArray<unknown>): unknown => {
    const [f, init, options] = args as readonly [TreeFunction, unknown, ImplicitOptions<unknown, unknown> | undefined]
    return args.length === 1 ? (start: unknown) => make(f, start, {}) : make(f, init, options ?? {})
  }) as never

/**
 * A solution of equations: unknowns `x` for which a residual is zero.
 *
 * **Details**
 *
 * The unknowns are a tree of arrays of reals, as `init` is; the residual is a tree of the same structure and shapes. What the residual uses from outside are the
 * parameters of the solution: they are found by themselves.
 *
 * The derivative is that of the solution by the implicit function theorem (Krantz and Parks 2013; Blondel et al. 2022), in both modes and to every order, and not
 * that of the iterations: with `J` the Jacobian of the residual in the unknowns, `dx = -J⁻¹ (∂r/∂θ) dθ`. It is as accurate as the solution. It does not
 * depend on `init`, with respect to which it is zero. Where `J` is singular (at a double root) it is not finite; a cotangent or tangent of zero stays zero.
 *
 * Solved by Newton's method with differences in place of derivatives, which halves a step that does not shorten the residual (as in MINPACK no
 * derivatives are asked for), or by a solver of your own. Which of several solutions is found depends on `init`. Where none is found (see
 * `ImplicitOptions`) the solution is NaN.
 *
 * For `n` unknowns, a step of the solver costs `n + 1` evaluations of the residual, and `2 n³ / 3` operations. A derivative costs `n` JVPs (VJPs) of the
 * residual for `J`, once, and `2 n³ / 3` operations.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * // Kepler's equation: the eccentric anomaly for a mean anomaly.
 * const kepler = Fn.make({ eccentricity: [], mean: [] }, ({ eccentricity, mean }) =>
 *   Expr.root((x) => Expr.sub(Expr.sub(x, Expr.mul(eccentricity, Expr.sin(x))), mean), mean))
 * const anomaly = Fn.runSync(kepler, { eccentricity: 0.5, mean: 1 })
 * console.log(anomaly.toFixed(10)) // 1.4987011335
 *
 * const circle = Expr.root(
 *   ({ x, y }) => ({ x: Expr.sub(Expr.hypot(x, y), 2), y: Expr.sub(x, y) }),
 *   { x: 1, y: 0.5 }
 * )
 * console.log(Math.abs(Fn.evaluate(circle.x) - Math.SQRT2) < 1e-12) // true
 * ```
 *
 * @category implicit
 * @since 0.1.0
 */
export const root: Implicit = implicit((f, init, options) => {
  const iteration = iterationOf("root", options, { tolerance: 1e-9, maxIterations: 100, scale: 1 })
  return define(
    "root",
    f,
    init,
    options,
    (values) => values,
    (residual, start, size) => newton(residual, start, size, iteration)
  )
})

/**
 * A fixed point of a function: unknowns `x` with `g(x) = x`.
 *
 * **Details**
 *
 * The unknowns are a tree of arrays of reals, as `init` is; `g` gives a tree of the same structure and shapes. Everything else is as for `root`, of the residual
 * `g(x) - x`: the derivative is that of the fixed point as a function of what `g` uses from outside, by the implicit function theorem, and costs nothing
 * per iteration.
 *
 * Found by applying `g` over and over, which converges where `g` is a contraction, or by a solver of your own. Where it does not converge
 * (see `ImplicitOptions`) the fixed point is NaN.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const dottie = Expr.fixedPoint((x) => Expr.cos(x), 1)
 * console.log(Fn.evaluate(dottie).toFixed(10)) // 0.7390851332
 *
 * // Heron's method finds a square root; so does anything else, and the derivative is the same.
 * const heron = Fn.make([], (a) => Expr.fixedPoint((x) => Expr.div(Expr.add(x, Expr.div(a, x)), 2), 1))
 * const known = Fn.make([], (a) =>
 *   Expr.fixedPoint((x) => Expr.div(Expr.add(x, Expr.div(a, x)), 2), 1, { solver: () => Expr.sqrt(a) }))
 * console.log(Fn.runSync(heron, 9), Fn.runSync(known, 9)) // 3 3
 *
 * console.log(Fn.evaluate(Expr.constant(5).pipe(Expr.fixedPoint((x) => Expr.sqrt(x)))).toFixed(10)) // 1.0000000000
 * ```
 *
 * @category implicit
 * @since 0.1.0
 */
export const fixedPoint: Implicit = implicit((g, init, options) => {
  const iteration = iterationOf("fixedPoint", options, { tolerance: 1e-12, maxIterations: 10_000, scale: 1 })
  return define(
    "fixedPoint",
    g,
    init,
    options,
    (values, x) => values.map((value, i) => apply("sub", {}, [value, x[i]!])),
    (next, start) => iterateUntilFixed(next, start, iteration)
  )
})
