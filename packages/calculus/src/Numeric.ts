/**
 * Numerical derivatives: difference quotients, each with an estimate of its own error.
 *
 * **Details**
 *
 * The independent witness beside forward and reverse mode: nothing here knows a derivative rule. Every result says how far it may be off,
 * so that a comparison can take its tolerance from the numbers instead of guessing it. The estimate has two parts: truncation, from
 * comparing quotients of different steps or orders; and rounding, from the *measured* noise of the function times the amplification of the formula.
 *
 * Where a program fails (a guard of it), its value is taken to be NaN: a step into such a place is passed over like one out of the domain of a function.
 *
 * `richardson`, the default, is the one to trust. The plain formulas are there to be compared with it.
 *
 * @since 0.1.0
 */
import { Failure, Fn, type Requirement, Shape, Tensor, Tree } from "@fluxion/core"
import { Result, Schema } from "effect"
import { complex, type Complex, type Obstacle } from "./internal/complexAlgebra.ts"
import {
  type Curve,
  type Side,
  type Slopes,
  automaticStep,
  noiseAround,
  noiseOf,
  slopes,
  slopesByRichardson
} from "./internal/differences.ts"
import { blocks, columnsOf, estimates, flatten, isReal, jacobianSpec, noiseOfProgram } from "./internal/flatProgram.ts"

/**
 * How a derivative is taken.
 *
 * **Details**
 *
 * - `forward`: `(f(x + h) - f(x)) / h`, error `O(h)`.
 * - `central`: `(f(x + h) - f(x - h)) / 2h`, error `O(h²)`.
 * - `fivePoint`: `(8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h`, error `O(h⁴)`.
 * - `richardson`: central differences extrapolated to step zero (Ridders 1982).
 *
 * @category options
 * @since 0.1.0
 */
export type Method = "forward" | "central" | "fivePoint" | "richardson"

/**
 * Options of numerical derivatives.
 *
 * **Details**
 *
 * - `method`: `"richardson"` by default.
 * - `step`: the step (the first, largest step of `richardson`). By default the one of least estimated error, see `step`.
 * - `scale`: the size of `x` below which steps do not shrink with `|x|`; 1 by default. Lower it where a function varies
 *   on a finer scale than its argument's distance from zero.
 * - `noise`: the absolute rounding error of the function's values. By default measured, see `noise`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Options {
  readonly method?: Method
  readonly step?: number
  readonly scale?: number
  readonly noise?: number
}

/**
 * A numerical derivative: its value, the estimated absolute error, and the step it was taken with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Estimate {
  readonly value: number
  readonly error: number
  readonly step: number
}

/**
 * Numerical derivatives of a program: three trees of one structure.
 *
 * @category models
 * @since 0.1.0
 */
export interface Estimates<T> {
  readonly value: T
  readonly error: T
  readonly step: T
}

/**
 * Where the search for a step begins: a power of two near `eps^(1/k) max(|x|, scale)` with k = 2, 3, 5, 10 for the four methods.
 *
 * **Details**
 *
 * A formula whose truncation error grows as `h^p` while rounding grows as `1/h` does best near `eps^(1/(p+1))` (Press et al., Numerical
 * Recipes, section 5.7), for a function that varies on the scale of its argument and is as noisy as its last digit. The plain formulas try 16 steps from 32 times that
 * down to a 1024th of it, and keep the one of least estimated error; `richardson` begins there and extrapolates. When it is used, a step is further rounded
 * so that `x + h` and `x - h` are exact.
 *
 * @example
 * ```ts
 * import * as Numeric from "@fluxion/calculus/Numeric"
 *
 * console.log(Numeric.step("forward", 1) === 2 ** -26) // true
 * console.log(Numeric.step("central", 1000) === 2 ** -7) // true
 * ```
 *
 * @category steps
 * @since 0.1.0
 */
export const step = (method: Method, x: number, scale = 1): number => automaticStep(method, x, scale)

const pointwise =
  (f: (x: number) => number): Curve =>
  (x) =>
    Float64Array.of(f(x))

const noiseFor = (curve: Curve, x: number, options: Options | undefined): Float64Array =>
  options?.noise === undefined
    ? noiseAround(curve, x, options?.scale ?? 1)
    : new Float64Array(curve(x).length).fill(options.noise)

const first = ({ error, step, value }: Slopes): Estimate => ({ value: value[0]!, error: error[0]!, step: step[0]! })

/**
 * The noise of a function near a point: how far rounding moves its values.
 *
 * **Details**
 *
 * Three standard deviations of the errors of `f`, read off high differences of thirteen values on a fine grid (a coarser one where `f` stands still): Moré and
 * Wild, "Estimating computational noise", SIAM J. Sci. Comput. 33 (2011). Never less than half a unit in the last place. It sees what a count of
 * operations cannot: cancellation inside `f`.
 *
 * @example
 * ```ts
 * import * as Numeric from "@fluxion/calculus/Numeric"
 *
 * console.log(Numeric.noise((x) => 1 + x, 1) < 1e-15) // true
 * console.log(Numeric.noise((x) => 1e8 + Math.sin(x) - 1e8, 1) > 1e-9) // true
 * ```
 *
 * @category error estimates
 * @since 0.1.0
 */
export const noise = (f: (x: number) => number, x: number, options?: Pick<Options, "scale">): number =>
  noiseOf(pointwise(f), x, options?.scale ?? 1)[0]!

/**
 * The derivative of a plain function of one number.
 *
 * **Details**
 *
 * Points outside the domain (values not finite) are avoided by shorter steps; the value is NaN with infinite error where no step helps. At a kink the
 * central formulas answer with the mean of both slopes: see `oneSided`. Costs 60 to 80 evaluations, 42 or more of them for the noise; give
 * `noise` to save these, and `step` to save the plain formulas the search for one.
 *
 * @example
 * ```ts
 * import * as Numeric from "@fluxion/calculus/Numeric"
 *
 * const { error, value } = Numeric.derivative(Math.exp, 1)
 * console.log(value.toFixed(11)) // 2.71828182846
 * console.log(Math.abs(value - Math.E) <= error && error < 1e-11) // true
 * ```
 *
 * @category derivatives
 * @since 0.1.0
 */
export const derivative = (f: (x: number) => number, x: number, options?: Options): Estimate => {
  const curve = pointwise(f)
  return first(slopes(curve, x, options, noiseFor(curve, x, options)))
}

/**
 * The derivative of a plain function from the left or from the right.
 *
 * **Details**
 *
 * One-sided differences extrapolated to step zero. Where left and right differ by more than their errors, the function has a kink.
 * `method` is not used.
 *
 * @example
 * ```ts
 * import * as Numeric from "@fluxion/calculus/Numeric"
 *
 * console.log(Numeric.oneSided(Math.abs, 0, "left").value) // -1
 * console.log(Numeric.oneSided(Math.abs, 0, "right").value) // 1
 * ```
 *
 * @category derivatives
 * @since 0.1.0
 */
export const oneSided = (
  f: (x: number) => number,
  x: number,
  side: "left" | "right",
  options?: Omit<Options, "method">
): Estimate => {
  const curve = pointwise(f)
  const h = options?.step ?? automaticStep("richardson", x, options?.scale ?? 1)
  return first(slopesByRichardson(curve, x, h, noiseFor(curve, x, options), side))
}

/**
 * The gradient of a program of one scalar output at a point.
 *
 * **Details**
 *
 * The result has the structure of the real inputs. Runs the program by the reference interpreter, about 25 times for each element of the inputs.
 *
 * @example
 * ```ts
 * import * as Numeric from "@fluxion/calculus/Numeric"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const risk = Fn.make({ c: [], d: [] }, ({ c, d }) =>
 *   Expr.square(c).pipe(Expr.add(Expr.mul(2, Expr.mul(c, d))), Expr.add(d)))
 * const { value } = Numeric.gradient(risk, { c: 0.5, d: 0.3 })
 * console.log(value.c.toFixed(10), value.d.toFixed(10)) // 1.6000000000 2.0000000000
 * ```
 *
 * @category programs
 * @since 0.1.0
 */
export const gradient: <I extends Tree.Spec, E, R>(
  f: Fn.Fn<I, readonly [], E, R> & Requirement.CheckNone<R>,
  at: Tree.Value<I>,
  options?: Options
) => Estimates<Tree.Value<Tree.Tangent<I>>> = (f: Fn.Any, at: unknown, options?: Options) => {
  const flat = flatten("Numeric.gradient", f, at)
  const columns = columnsOf(flat, (curve, x, noise) => slopes(curve, x, options, noise), noiseOfProgram(flat, options))
  return estimates(Tree.tangentSpec(flat.inputSpec), (field) => blocks(flat, columns, field))
}

/**
 * The gradient of a program of one scalar output, from the left and from the right in each element of the inputs.
 *
 * **Details**
 *
 * Elements where both differ by more than their errors lie at a kink. `method` is not used.
 *
 * @example
 * ```ts
 * import * as Numeric from "@fluxion/calculus/Numeric"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.relu(x))
 * const { left, right } = Numeric.oneSidedGradient(f, { x: 0 })
 * console.log(left.value, right.value) // { x: 0 } { x: 1 }
 * ```
 *
 * @category programs
 * @since 0.1.0
 */
export const oneSidedGradient: <I extends Tree.Spec, E, R>(
  f: Fn.Fn<I, readonly [], E, R> & Requirement.CheckNone<R>,
  at: Tree.Value<I>,
  options?: Omit<Options, "method">
) => {
  readonly left: Estimates<Tree.Value<Tree.Tangent<I>>>
  readonly right: Estimates<Tree.Value<Tree.Tangent<I>>>
} = (f: Fn.Any, at: unknown, options?: Options) => {
  const flat = flatten("Numeric.oneSidedGradient", f, at)
  const noise = noiseOfProgram(flat, options)
  const from = (side: Side): never => {
    const columns = columnsOf(
      flat,
      (curve, x) => {
        const h = options?.step ?? automaticStep("richardson", x, options?.scale ?? 1)
        return slopesByRichardson(curve, x, h, noise, side)
      },
      noise
    )
    return estimates(Tree.tangentSpec(flat.inputSpec), (field) => blocks(flat, columns, field))
  }
  return { left: from("left"), right: from("right") }
}

/**
 * The derivative of a program along a direction at a point.
 *
 * **Details**
 *
 * The result has the structure of the real outputs. About 30 evaluations, whatever the number of inputs. The default step is for directions whose elements are about as large
 * as the inputs' (or 1); give `step` otherwise.
 *
 * @example
 * ```ts
 * import * as Numeric from "@fluxion/calculus/Numeric"
 * import { Expr, Fn } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y))
 * const { value } = Numeric.directional(f, { x: 3, y: 4 }, { x: 1, y: 1 })
 * console.log(value.toFixed(10)) // 7.0000000000
 * ```
 *
 * @category programs
 * @since 0.1.0
 */
export const directional: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & Requirement.CheckNone<R>,
  at: Tree.Value<I>,
  direction: Tree.Value<Tree.Tangent<I>>,
  options?: Options
) => Estimates<Tree.Value<Tree.Tangent<O>>> = (f: Fn.Any, at: unknown, direction: unknown, options?: Options) => {
  const flat = flatten("Numeric.directional", f, at)
  const tangents = Tree.toTensors("Numeric.directional", Tree.tangentSpec(flat.inputSpec), direction)
  let next = 0
  const aligned = Tree.leaves(flat.inputSpec).map((leaf) => (isReal(leaf) ? tangents[next++]! : undefined))
  const curve: Curve = (t) =>
    flat.evaluate((leaf, data) => {
      const along = aligned[leaf]!.data
      return data.map((x, i) => (along[i] === 0 ? x : x + t * along[i]!))
    })
  const result = slopes(curve, 0, options, noiseFor(curve, 0, options))
  return estimates(Tree.tangentSpec(flat.outputSpec), (field) => {
    let offset = 0
    return flat.outputs.map(({ type }) => {
      const size = Shape.size(type.shape)
      offset += size
      return Tensor.fromArray(result[field].subarray(offset - size, offset), type.shape)
    })
  })
}

/**
 * The Jacobian of a program at a point.
 *
 * **Details**
 *
 * The result has the structure of `Forward.jacobian` and `Reverse.jacobian`: at each output leaf of shape `o` the tree of the inputs, with
 * leaves of shape `[...o, ...i]`. All outputs share their evaluations, about 25 for each element of the inputs.
 *
 * @example
 * ```ts
 * import * as Numeric from "@fluxion/calculus/Numeric"
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 *
 * const f = Fn.make([2], (x) => Expr.mul(x, x))
 * const { value } = Numeric.jacobian(f, Tensor.make([3, 4]))
 * console.log(Array.from(value.data, (d) => d.toFixed(8))) // [ '6.00000000', '0.00000000', '0.00000000', '8.00000000' ]
 * ```
 *
 * @category programs
 * @since 0.1.0
 */
export const jacobian: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & Requirement.CheckNone<R>,
  at: Tree.Value<I>,
  options?: Options
) => Estimates<Tree.Value<Tree.Jacobian<Tree.Tangent<O>, Tree.Tangent<I>>>> = (
  f: Fn.Any,
  at: unknown,
  options?: Options
) => {
  const flat = flatten("Numeric.jacobian", f, at)
  const columns = columnsOf(flat, (curve, x, noise) => slopes(curve, x, options, noise), noiseOfProgram(flat, options))
  return estimates(jacobianSpec(flat), (field) => blocks(flat, columns, field))
}

/**
 * A place where a program cannot be continued to complex numbers: a corner, a jump, a tie, a pole or a branch point, or a primitive that has no complex form here.
 *
 * **Details**
 *
 * `primitive` is the operation that the variation meets there, `operands` its real operands at the element `index` of its result, `path` the place in maps and loops, `site`
 * the line of user code that built the operation.
 *
 * @example
 * ```ts
 * import * as Numeric from "@fluxion/calculus/Numeric"
 *
 * const error = new Numeric.NotAnalyticError({ primitive: "relu", operands: [0], index: [3], path: [], site: undefined, reason: "a corner" })
 * console.log(error.message) // relu(0) is not analytic: a corner at [3]
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class NotAnalyticError extends Schema.TaggedError<NotAnalyticError>()("NotAnalyticError", {
  primitive: Schema.String,
  operands: Schema.Array(Schema.Number),
  index: Schema.Array(Schema.Number),
  path: Schema.Array(Schema.Struct({ control: Schema.Literals(["map", "scan", "whileLoop"]), index: Schema.Number })),
  site: Schema.UndefinedOr(Schema.String),
  reason: Schema.String
}) {
  override get message(): string {
    const shown = this.operands.length > 4 ? [...this.operands.slice(0, 4), "…"] : this.operands
    const place = Failure.renderPlace(this)
    const site = this.site === undefined ? "" : `\n  at ${this.site}`
    return `${this.primitive}(${shown.join(", ")}) is not analytic: ${this.reason}${place === "" ? "" : ` ${place}`}${site}`
  }
}

/** About 1e-100; less for very small inputs: its square is to be below rounding. */
const imaginaryStep = (x: number): number => {
  const size = Math.abs(x)
  return x === 0 ? 2 ** -332 : 2 ** Math.max(-1022, Math.floor(Math.log2(Math.min(2 ** -332, size * 2 ** -64))))
}

/**
 * The Jacobian of a program at a point by complex steps: `Im f(x + ih) / h`.
 *
 * **Details**
 *
 * The program is evaluated with complex numbers, so nothing is subtracted and the step can be so small (2^-332, about 1e-100, and less than that part of inputs near 0)
 * that no truncation is left: the result is about as accurate as the value of a program is, one or two units in the last place for an elementary
 * function. The structure is that of `jacobian`; of a scalar output it is the gradient. `error` adds up the measured noise of the derivative (see `noise`), what doubling the
 * step changes, and what underflows; it is infinite for inputs below 1e-300 or beyond 1e207 in magnitude.
 *
 * Real parts are the program's own values. Comparisons, `select`, `abs`, `max` and control flow decide by real parts, as in Martins, Sturdza and Alonso; where a
 * comparison is a tie, the derivative is that of the branch which is taken. Where the variation meets a corner (`abs`, `relu`, `max`, `min`, `clamp`), a jump (`sign`,
 * `floor`, `ceil`, `round`, `rem`), a pole or a branch point (`sqrt` at 0), or `eigh`, the result is a `NotAnalyticError`. `stopGradient` is
 * honoured; of derivative rules that a program brings along it takes no notice. Loops, branches, maps and calls are followed;
 * of `root` the solution is continued by a step of Newton's method.
 *
 * Fails with the program's own failure at the point. Costs about 40 evaluations with complex numbers for each element of the inputs, two of which are for the derivative itself; give
 * `noise`, here that of the derivative, to save the others.
 *
 * J. R. R. A. Martins, P. Sturdza and J. J. Alonso, "The complex-step derivative approximation", ACM Transactions on Mathematical Software 29 (2003); W. Squire and G. Trapp,
 * "Using complex variables to estimate derivatives of real functions", SIAM Review 40 (1998).
 *
 * @example
 * ```ts
 * import * as Numeric from "@fluxion/calculus/Numeric"
 * import { Expr, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * // The example of Squire and Trapp.
 * const f = Fn.make([], (x) =>
 *   Expr.div(Expr.exp(x), Expr.add(Expr.pow(Expr.cos(x), 3), Expr.pow(Expr.sin(x), 3))))
 * const slope = Numeric.complexStep(f, Math.PI / 4).pipe(Result.getOrThrow)
 * console.log(slope.value.toFixed(14)) // 3.10176639383605
 *
 * const kinked = Numeric.complexStep(Fn.make([], (x) => Expr.abs(x)), 0)
 * console.log(Result.isFailure(kinked) && kinked.failure.primitive) // abs
 * ```
 *
 * @category programs
 * @since 0.1.0
 */
export const complexStep: <I extends Tree.Spec, O, E, R>(
  f: Fn.Fn<I, O, E, R> & Requirement.CheckNone<R>,
  at: Tree.Value<I>,
  options?: Pick<Options, "step" | "noise">
) => Result.Result<Estimates<Tree.Value<Tree.Jacobian<Tree.Tangent<O>, Tree.Tangent<I>>>>, E | NotAnalyticError> = (
  f: Fn.Any,
  at: unknown,
  options?: Pick<Options, "step" | "noise">
) => {
  const run = Fn.runResult(f as Fn.Fn<Tree.Spec, unknown>, at as never)
  if (Result.isFailure(run)) return Result.fail(run.failure as never)
  const flat = flatten("Numeric.complexStep", f, at)
  const outputs = Fn.specs(f).outputLeaves
  const along = (leaf: number, element: number, x: number, h: number): Array<Complex> => {
    const inputs = flat.primals.map((re, i): Complex => {
      if (i !== leaf) return { re, im: undefined }
      const moved = (re.data as Float64Array).slice()
      moved[element] = x
      const im = new Float64Array(re.data.length)
      im[element] = h
      const varies = new Float64Array(re.data.length)
      varies[element] = 1
      return { re: Tensor.fromArray(moved, re.shape), im, varies }
    })
    return Fn.interpret(f, complex, inputs).filter((_, i) => isReal(outputs[i]!))
  }
  const slopesOf = (results: ReadonlyArray<Complex>, h: number): Float64Array =>
    Float64Array.from(results.flatMap(({ im, re }) => Array.from(im ?? new Float64Array(re.data.length), (d) => d / h)))
  let obstacle: Obstacle | undefined
  const column = (leaf: number, element: number): Slopes => {
    const x = flat.primals[leaf]!.data[element]!
    const h = options?.step ?? imaginaryStep(x)
    const results = along(leaf, element, x, h)
    obstacle ??= results.find((result) => result.obstacle !== undefined)?.obstacle
    const value = slopesOf(results, h)
    const step = new Float64Array(value.length).fill(h)
    if (obstacle !== undefined) return { value, error: value, step }
    const doubled = slopesOf(along(leaf, element, x, 2 * h), 2 * h)
    const near: Curve = (y) => {
      const slopes = Failure.attempt(() => slopesOf(along(leaf, element, y, h), h))
      return Result.isSuccess(slopes) ? slopes.success : new Float64Array(value.length).fill(Number.NaN)
    }
    const noise =
      options?.noise === undefined
        ? noiseOf(near, x, x === 0 ? 1 : 0, true)
        : new Float64Array(value.length).fill(options.noise)
    // Of the smallest numbers no step leaves its square below rounding; beside the largest ones it may underflow.
    const ratio = x === 0 ? 2 ** -332 : h / Math.abs(x)
    const underflow = ratio > 2 ** -26 || ratio < 2 ** -1022 ? Number.POSITIVE_INFINITY : 2 ** -1070 / h
    return { value, error: value.map((d, i) => Math.abs(doubled[i]! - d) + noise[i]! + underflow), step }
  }
  const columns = flat.sizes.map((size, leaf) => Array.from({ length: size }, (_, i) => column(leaf, i)))
  return obstacle === undefined
    ? Result.succeed(estimates(jacobianSpec(flat), (field) => blocks(flat, columns, field)))
    : Result.fail(new NotAnalyticError(obstacle))
}
