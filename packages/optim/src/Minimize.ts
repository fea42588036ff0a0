import type { Backend, Fn, Requirement, Shape, Tree } from "@fluxion/core"
import { Data, Effect, Stream } from "effect"
import { dual } from "effect/Function"
import { InvalidOption } from "./Errors.ts"
import { makeCooperate } from "./internal/cooperate.ts"
import { firstNotFinite } from "./internal/finite.ts"
import * as Programs from "./internal/programs.ts"
import * as Optimizer from "./Optimizer.ts"
import * as Parameters from "./Parameters.ts"

/**
 * Why a minimisation stopped.
 *
 * **Details**
 *
 * `Converged`: the gradient is no longer than the tolerance. `MaxSteps`: all steps have been made. `NonFinite`: the next point, its value or
 * its gradient is NaN or infinite; `path` names the element, e.g. `parameters.w[1,3]`.
 *
 * @category models
 * @since 0.1.0
 */
export type StopReason = Data.TaggedEnum<{
  Converged: { readonly gradientTolerance: number }
  MaxSteps: { readonly maxSteps: number }
  NonFinite: {
    readonly quantity: "parameters" | "value" | "gradient"
    readonly path: string
    readonly value: number
  }
}>

/**
 * Constructors of `StopReason`, with `$is` and the exhaustive `$match`.
 *
 * @example
 * ```ts
 * import { StopReason } from "@fluxion/optim"
 *
 * const explain = StopReason.$match({
 *   Converged: ({ gradientTolerance }) => `the gradient is below ${gradientTolerance}`,
 *   MaxSteps: ({ maxSteps }) => `${maxSteps} steps were not enough`,
 *   NonFinite: ({ path, value }) => `${path} became ${value}`
 * })
 * console.log(explain(StopReason.MaxSteps({ maxSteps: 10 }))) // 10 steps were not enough
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const StopReason = Data.taggedEnum<StopReason>()

/**
 * The options of `minimize`.
 *
 * @category options
 * @since 0.1.0
 */
export interface MinimizeOptions<V, S, E = never> {
  /** Where to start. */
  readonly start: V
  /** How to go on from a gradient. */
  readonly optimizer: Optimizer.Optimizer<S, E>
  /** At most so many steps: 1000 by default. */
  readonly maxSteps?: number
  /** Stop when the Euclidean norm of the gradient is at most this: 1e-8 by default. */
  readonly gradientTolerance?: number
}

/**
 * What a minimisation found, and why it stopped.
 *
 * @category models
 * @since 0.1.0
 */
export interface MinimizeResult<P extends Parameters.Spec> {
  readonly reason: StopReason
  /** The last point at which everything was finite; the start where nothing was. */
  readonly parameters: Tree.Value<P>
  /** The value of the program there. */
  readonly value: number
  /** The Euclidean norm of its gradient there. */
  readonly gradientNorm: number
  /** How many updates led there. */
  readonly steps: number
  /** How often the program and its gradient were evaluated. */
  readonly evaluations: { readonly value: number; readonly gradient: number }
}

/**
 * A point on the way to a minimum.
 *
 * @category models
 * @since 0.1.0
 */
export interface Iterate<P extends Parameters.Spec> {
  /** The number of updates made; 0 at the start. */
  readonly step: number
  readonly parameters: Tree.Value<P>
  readonly value: number
  readonly gradientNorm: number
}

interface AnyMinimizeOptions extends Omit<MinimizeOptions<unknown, unknown, unknown>, "optimizer"> {
  readonly optimizer: Optimizer.Any
}

interface Point {
  readonly parameters: unknown
  readonly state: unknown
  readonly value: number
  readonly gradients: unknown
  readonly gradientNorm: number
}

const requireOption = (valid: boolean, option: string, expected: string, actual: unknown) =>
  valid
    ? Effect.void
    : Effect.fail(new InvalidOption({ operation: "minimize", option, expected, actual: String(actual) }))

const prepare = Effect.fnUntraced(function* (f: Fn.Any, options: AnyMinimizeOptions) {
  const { gradientTolerance = 1e-8, maxSteps = 1000 } = options
  const isCount = Number.isSafeInteger(maxSteps) && maxSteps >= 0
  yield* requireOption(isCount, "maxSteps", "a non-negative integer", maxSteps)
  yield* requireOption(gradientTolerance >= 0, "gradientTolerance", "a non-negative number", gradientTolerance)

  const spec = f.inputs as Parameters.Spec
  const valueAndGrad = Programs.valueAndGrad(f)
  const optimizer = Optimizer.instantiateUntyped(options.optimizer, spec)
  const evaluate = (parameters: unknown, state: unknown) => {
    const { grad, value } = Programs.apply(valueAndGrad)(parameters) as Programs.Untyped
    const gradientNorm = Programs.apply(Parameters.globalNorm(spec))(grad)
    return { parameters, state, value, gradients: grad, gradientNorm }
  }
  const startProgram = Programs.make({ parameters: spec }, ({ parameters }) =>
    evaluate(parameters, Programs.apply(optimizer.init)(parameters))
  )
  const stepProgram = Programs.make(
    { parameters: spec, state: optimizer.state, gradients: spec },
    ({ gradients, parameters, state }) => {
      const next = Programs.apply(optimizer.update)({ gradients, state, parameters }) as Programs.Untyped
      const moved = Programs.apply(Parameters.applyUpdates(spec))({ parameters, updates: next["updates"] })
      return evaluate(moved, next["state"])
    }
  )
  const start = yield* Programs.compile<Point, unknown>(startProgram)
  const step = yield* Programs.compile<Point, unknown>(stepProgram)

  const nonFinite = (point: Point): StopReason | undefined => {
    const parameters = firstNotFinite("parameters", spec, point.parameters)
    if (parameters !== undefined) return StopReason.NonFinite({ quantity: "parameters", ...parameters })
    if (!Number.isFinite(point.value)) {
      return StopReason.NonFinite({ quantity: "value", path: "value", value: point.value })
    }
    const gradient = firstNotFinite("gradient", spec, point.gradients)
    return gradient === undefined ? undefined : StopReason.NonFinite({ quantity: "gradient", ...gradient })
  }
  return {
    start: Effect.suspend(() => start.run({ parameters: options.start })),
    next: ({ gradients, parameters, state }: Point) => step.run({ parameters, state, gradients }),
    nonFinite,
    /** Why to stop at a finite point after so many steps, if at all. */
    finished: (point: Point, steps: number): StopReason | undefined =>
      point.gradientNorm <= gradientTolerance
        ? StopReason.Converged({ gradientTolerance })
        : steps >= maxSteps
          ? StopReason.MaxSteps({ maxSteps })
          : undefined
  }
})

/**
 * `unknown` when the values `V` fit the parameters `P`, otherwise a `Mismatch`.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckStart<P, V> = [V] extends [Tree.Value<P>]
  ? unknown
  : Shape.Mismatch<"start does not fit the inputs of the program">

/**
 * Minimises a program of one scalar output from a starting point, and says why it stopped.
 *
 * **Details**
 *
 * The gradient is that of reverse mode. The program, its gradient and the optimiser are compiled together once by the current `Backend`;
 * each step is one run. Before each step the gradient is compared with `gradientTolerance`, so a start at a minimum takes no step. The failures are
 * those of the program and of the optimiser, `CompileError`, and `InvalidOption`; not converging is a result, not a failure. A start of another
 * shape than the program takes is a type error.
 *
 * Long runs let other fibers run and can be interrupted between steps.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { minimize, sgd } from "@fluxion/optim"
 * import { Effect } from "effect"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.add(Expr.square(x), Expr.mul(3, Expr.square(y))))
 * const { reason, steps } = Effect.runSync(minimize(f, { start: { x: 4, y: 3 }, optimizer: sgd(0.1) }))
 * console.log(reason._tag, steps) // Converged 92
 * ```
 *
 * @category minimisation
 * @since 0.1.0
 */
export const minimize: {
  <V, S, E2>(
    options: MinimizeOptions<V, S, E2>
  ): <P extends Parameters.Spec, E, R>(
    f: Fn.Fn<P, readonly [], E, R> & Requirement.CheckNone<R> & CheckStart<P, V>
  ) => Effect.Effect<MinimizeResult<P>, E | E2 | Backend.CompileError | InvalidOption>
  <P extends Parameters.Spec, E, R, S, E2>(
    f: Fn.Fn<P, readonly [], E, R> & Requirement.CheckNone<R>,
    options: MinimizeOptions<Tree.Value<P>, S, E2>
  ): Effect.Effect<MinimizeResult<P>, E | E2 | Backend.CompileError | InvalidOption>
} = dual(
  2,
  Effect.fnUntraced(function* (f: Fn.Any, options: AnyMinimizeOptions) {
    const { finished, next, nonFinite, start } = yield* prepare(f, options)
    const cooperate = makeCooperate()
    let point = yield* start
    let steps = 0
    let evaluations = 1
    let reason = nonFinite(point) ?? finished(point, steps)
    while (reason === undefined) {
      const candidate = yield* next(point)
      evaluations++
      reason = nonFinite(candidate)
      if (reason !== undefined) break
      point = candidate
      steps++
      reason = finished(point, steps)
      yield* cooperate
    }
    const { gradientNorm, parameters, value } = point
    return {
      reason,
      parameters,
      value,
      gradientNorm,
      steps,
      evaluations: { value: evaluations, gradient: evaluations }
    }
  })
) as never

/**
 * The points that `minimize` visits, from the start on, as a stream.
 *
 * **Details**
 *
 * Takes the same options and fails in the same ways. The stream ends with the point at which `minimize` stops; a point that is not finite
 * is not emitted.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { iterates, sgd } from "@fluxion/optim"
 * import { Effect, Stream } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.square(x))
 * const points = iterates(f, { start: 8, optimizer: sgd(0.25), maxSteps: 3 })
 * const path = Effect.runSync(Stream.runCollect(Stream.map(points, ({ parameters }) => parameters)))
 * console.log(path) // [ 8, 4, 2, 1 ]
 * ```
 *
 * @category minimisation
 * @since 0.1.0
 */
export const iterates: {
  <V, S, E2>(
    options: MinimizeOptions<V, S, E2>
  ): <P extends Parameters.Spec, E, R>(
    f: Fn.Fn<P, readonly [], E, R> & Requirement.CheckNone<R> & CheckStart<P, V>
  ) => Stream.Stream<Iterate<P>, E | E2 | Backend.CompileError | InvalidOption>
  <P extends Parameters.Spec, E, R, S, E2>(
    f: Fn.Fn<P, readonly [], E, R> & Requirement.CheckNone<R>,
    options: MinimizeOptions<Tree.Value<P>, S, E2>
  ): Stream.Stream<Iterate<P>, E | E2 | Backend.CompileError | InvalidOption>
} = dual(2, (f: Fn.Any, options: AnyMinimizeOptions) =>
  Stream.unwrap(
    Effect.map(prepare(f, options), ({ finished, next, nonFinite, start }) => {
      const cooperate = makeCooperate()
      const advance = Effect.fnUntraced(function* (
        before: { readonly point: Point; readonly step: number } | undefined
      ) {
        if (before !== undefined && finished(before.point, before.step) !== undefined) return undefined
        const point = yield* before === undefined ? start : next(before.point)
        yield* cooperate
        if (nonFinite(point) !== undefined) return undefined
        const step = before === undefined ? 0 : before.step + 1
        const { gradientNorm, parameters, value } = point
        return [
          { step, parameters, value, gradientNorm },
          { point, step }
        ] as const
      })
      return Stream.unfold(undefined as { readonly point: Point; readonly step: number } | undefined, advance)
    })
  )
) as never
