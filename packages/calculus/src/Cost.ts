/**
 * Costs: the operations that evaluating a program takes, by class.
 *
 * @since 0.1.0
 */
import { Fn, Tree } from "@fluxion/core"
import { countShapes, type Mutable, none, zeroCounts } from "./internal/counting.ts"
import { execution } from "./internal/execution.ts"

/**
 * Numbers of operations by class, each weighted by the number of elements it runs over.
 *
 * **Details**
 *
 * The classes are those of Griewank and Walther (2008), section 2.5 (moves, additions, multiplications, nonlinear operations), with divisions and comparisons
 * apart. Each primitive is in one class for each element of its result, unless said otherwise:
 *
 * - `additions`: `add`, `sub`, `neg`; `sum` and `cumsum` (one less than the elements added up); `scatterAdd`; random draws
 *   (70 for a real, 35 for an index: integer operations of Threefry).
 * - `multiplications`: `mul` (with or without strong zeros), `prod`, `cumprod`. A contraction costs one multiplication for each product of elements, and the additions that
 *   sum them.
 * - `divisions`: `div`, `rem`.
 * - `transcendentals`: calls of elementary and special functions, powers and roots.
 * - `comparisons`: comparisons, logic, choices (`select`, `max`, `relu`, `abs`, `argmax`, …) and roundings; `clamp` is two.
 * - `moves`: elements copied by structural primitives, conversions, and stacked by loops. `reshape` shares its data and is free.
 *
 * Linear algebra is counted as core's reference algorithms do it: elimination of n rows takes n(n-1)(2n-1)/6 multiplications and additions and n(n-1)/2
 * divisions, substitution n(n-1)/2 and n for each right-hand side, Cholesky (n³-n)/6, Householder QR about n²(m - n/3) (Golub and Van Loan 2013).
 *
 * @category models
 * @since 0.1.0
 */
export interface OperationCounts {
  readonly additions: number
  readonly multiplications: number
  readonly divisions: number
  readonly transcendentals: number
  readonly comparisons: number
  readonly moves: number
}

/**
 * The names of the classes, in the order in which they are printed.
 *
 * @example
 * ```ts
 * import { Cost } from "@fluxion/calculus"
 *
 * console.log(Cost.classes.length) // 6
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export const classes: ReadonlyArray<keyof OperationCounts> = Object.keys(none) as Array<keyof OperationCounts>

/**
 * All operations that compute something: every class but `moves`, added up without weights.
 *
 * @example
 * ```ts
 * import { Cost } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make([10], (x) => Expr.sum(Expr.sin(x)))
 * console.log(Cost.arithmetic(Cost.countOperations(f))) // 19
 * ```
 *
 * @category queries
 * @since 0.1.0
 */
export const arithmetic = ({
  additions,
  comparisons,
  divisions,
  multiplications,
  transcendentals
}: OperationCounts): number => additions + multiplications + divisions + transcendentals + comparisons

/**
 * The sum of two counts.
 *
 * @example
 * ```ts
 * import { Cost } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const one = Cost.countOperations(Fn.make([], (x) => Expr.sin(x)))
 * console.log(Cost.add(one, one).transcendentals) // 2
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const add = (self: OperationCounts, that: OperationCounts): OperationCounts => zip(self, that, (a, b) => a + b)

/**
 * What one count has more than another.
 *
 * @example
 * ```ts
 * import { Cost } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const one = Cost.countOperations(Fn.make([], (x) => Expr.sin(x)))
 * console.log(Cost.subtract(one, one).transcendentals) // 0
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const subtract = (self: OperationCounts, that: OperationCounts): OperationCounts =>
  zip(self, that, (a, b) => a - b)

/**
 * A count, so many times.
 *
 * @example
 * ```ts
 * import { Cost } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const one = Cost.countOperations(Fn.make([], (x) => Expr.sin(x)))
 * console.log(Cost.scale(one, 5).transcendentals) // 5
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const scale = (self: OperationCounts, by: number): OperationCounts => zip(self, self, (a) => a * by)

const zip = (a: OperationCounts, b: OperationCounts, f: (x: number, y: number) => number): OperationCounts => {
  const result: Mutable = zeroCounts()
  for (const name of classes) result[name] = f(a[name], b[name])
  return result
}

/**
 * Where to count: at a point, or (without one) from shapes alone.
 *
 * @category options
 * @since 0.1.0
 */
export interface CountOptions<V> {
  readonly at?: V
}

/**
 * Counts the operations of one evaluation of a program.
 *
 * **Details**
 *
 * With `at` the program is evaluated at that point by the reference interpreter, and what is executed is counted: the branch taken, as many iterations as there are. From shapes
 * alone, `cond` counts its dearer branch and `whileLoop` one iteration. Bodies of loops count as often as they run. What does not depend on the inputs is a constant and
 * is not counted.
 *
 * Costs one pass over the program (with `at`, one evaluation). With `at`, throws what `Fn.runSync` would throw.
 *
 * @example
 * ```ts
 * import { Cost } from "@fluxion/calculus"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ a: [3, 4], x: [4] }, ({ a, x }) => Expr.tanh(Expr.matmul(a, x)))
 * const { additions, multiplications, transcendentals } = Cost.countOperations(f)
 * console.log(additions, multiplications, transcendentals) // 9 12 3
 *
 * const power = Fn.make([], (x) => Expr.iterate(10, (y) => Expr.mul(y, x), Expr.constant(1)))
 * console.log(Cost.countOperations(power, { at: 2 }).multiplications) // 10
 * ```
 *
 * @category counting
 * @since 0.1.0
 */
export const countOperations: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R>,
  options?: CountOptions<Tree.Value<I>>
) => OperationCounts = (f: Fn.Any, options?: CountOptions<unknown>) => {
  const { inputLeaves, inputs } = Fn.specs(f)
  if (options?.at === undefined) {
    const { algebra, counts } = countShapes()
    Fn.interpret(
      f,
      algebra,
      inputLeaves.map(({ type }) => type)
    )
    return counts()
  }
  const run = execution()
  Fn.interpret(f, run.algebra, Tree.toTensors("Cost.countOperations", inputs, options.at))
  return run.counts()
}
