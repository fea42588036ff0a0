/**
 * Failures of running programs: what a failing guard reports, and the errors that the library's own guards raise.
 *
 * **Details**
 *
 * A guard (`Expr.ensure`, `Expr.checked`, `Fn.finite`) is part of a program. Where one fails, running ends with its error, which carries the offending
 * value, its index in the array, where in maps and loops that was, and the line of user code that built the guard.
 *
 * @since 0.1.0
 */
import { Result, Schema } from "effect"
import { Raised } from "./internal/raised.ts"

/**
 * A place inside of control flow: the element of a `map`, the step of a `scan` (as the position in its `xs`), the iteration of a `whileLoop`, from 0.
 *
 * @category models
 * @since 0.1.0
 */
export interface PathSegment {
  readonly control: "map" | "scan" | "whileLoop"
  readonly index: number
}

/**
 * What a failing guard reports.
 *
 * **Details**
 *
 * - `value` is the first element (in row-major order) that the guard refuses, `index` its index in the array (`[]` for a scalar).
 * - `path` leads through maps and loops, outermost first; `[]` outside of them.
 * - `site` is `file:line:column` of the user code that built the guard, `undefined` where that is not known (in a decoded program).
 *
 * @category models
 * @since 0.1.0
 */
export interface Failure<out V = number | boolean> {
  readonly value: V
  readonly index: ReadonlyArray<number>
  readonly path: ReadonlyArray<PathSegment>
  readonly site: string | undefined
}

/**
 * What a guard does where it fails: raises the caller's own error, a `DomainError` or a `NonFiniteError`.
 *
 * @category models
 * @since 0.1.0
 */
export type Guard =
  | { readonly _tag: "Custom"; readonly onFail: (failure: never) => unknown }
  | { readonly _tag: "Domain"; readonly operation: string; readonly domain: string }
  | {
      readonly _tag: "NonFinite"
      /** What was not finite: the result of an operation (`name` is the primitive), an input (`name` is its path) or a constant. */
      readonly source: "operation" | "input" | "constant"
      readonly name: string
    }
  | { readonly _tag: "SingularMatrix"; readonly operation: string }
  | { readonly _tag: "NotPositiveDefinite"; readonly operation: string }
  | { readonly _tag: "NotConverged"; readonly operation: string }

/**
 * A guard that failed.
 *
 * @category models
 * @since 0.1.0
 */
export interface GuardFailure extends Failure {
  readonly guard: Guard
}

const renderValue = (value: number | boolean): string => (Object.is(value, -0) ? "-0" : String(value))

const places = { map: "element", scan: "step", whileLoop: "iteration" } as const

/**
 * Says where a failure was: the index, then the place in maps and loops, outermost first.
 *
 * @example
 * ```ts
 * import { Failure } from "@fluxion/core"
 *
 * const path = [{ control: "map", index: 3 }, { control: "scan", index: 17 }] as const
 * console.log(Failure.renderPlace({ index: [2], path })) // at [2], in element 3 of map, step 17 of scan
 * ```
 *
 * @category rendering
 * @since 0.1.0
 */
export const renderPlace = ({ index, path }: Pick<Failure, "index" | "path">): string => {
  const segments = path.map(({ control, index: at }) => `${places[control]} ${at} of ${control}`)
  return [
    ...(index.length === 0 ? [] : [`at [${index.join(", ")}]`]),
    ...(segments.length === 0 ? [] : [`in ${segments.join(", ")}`])
  ].join(", ")
}

const renderWhere = (failure: Pick<Failure, "index" | "path">): string => {
  const place = renderPlace(failure)
  return place === "" ? "" : ` ${place}`
}

const renderSite = (site: string | undefined): string => (site === undefined ? "" : `\n  at ${site}`)

const PathSegments = Schema.Array(
  Schema.Struct({ control: Schema.Literals(["map", "scan", "whileLoop"]), index: Schema.Number })
)

/**
 * An argument outside of the domain of a function: what the functions of `Expr.checked` fail with.
 *
 * @example
 * ```ts
 * import { Expr, Failure, Fn } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.log(x))
 * const result = Fn.runResult(f, -1)
 * if (Result.isFailure(result) && result.failure instanceof Failure.DomainError) {
 *   console.log(result.failure.message.split("\n")[0]) // log: expected x > 0, got -1
 * }
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class DomainError extends Schema.TaggedError<DomainError>()("DomainError", {
  /** The function. */
  operation: Schema.String,
  /** Its domain, e.g. `x > 0`. */
  domain: Schema.String,
  /** The first argument outside of the domain. */
  value: Schema.Number,
  /** Its index in the array. */
  index: Schema.Array(Schema.Number),
  /** Where in maps and loops, outermost first. */
  path: PathSegments,
  /** `file:line:column` of the user code that called the function, where known. */
  site: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `${this.operation}: expected ${this.domain}, got ${renderValue(this.value)}${renderWhere(this)}${renderSite(this.site)}`
  }
}

/**
 * A NaN or an infinity: what `Fn.finite` fails with.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Tensor } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.finite(Fn.make([2], (x) => Expr.sum(Expr.exp(x))))
 * const result = Fn.runResult(f, Tensor.make([1, 1000]))
 * if (Result.isFailure(result)) console.log(result.failure.message.split("\n")[0]) // exp gave Infinity at [1]
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class NonFiniteError extends Schema.TaggedError<NonFiniteError>()("NonFiniteError", {
  /** Whether it is the result of an operation, an input or a constant of the program. */
  source: Schema.Literals(["operation", "input", "constant"]),
  /** The primitive that produced it, the path of the input (`params.w`), or `constant`. */
  name: Schema.String,
  /** The first element that is not finite. */
  value: Schema.Number,
  /** Its index in the array. */
  index: Schema.Array(Schema.Number),
  /** Where in maps and loops, outermost first. */
  path: PathSegments,
  /** `file:line:column` of the user code that built the operation, where known. */
  site: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const what =
      this.source === "operation"
        ? `${this.name} gave`
        : this.source === "input"
          ? `the input ${this.name} is`
          : "a constant is"
    return `${what} ${renderValue(this.value)}${renderWhere(this)}${renderSite(this.site)}`
  }
}

/**
 * A matrix that is singular to working precision: what the functions of matrices in `Expr.checked` fail with.
 *
 * @example
 * ```ts
 * import { Failure } from "@fluxion/core"
 *
 * const error = new Failure.SingularMatrixError({ operation: "solve", reciprocalCondition: 1e-17, index: [2], path: [] })
 * console.log(error.message) // solve: the matrix is singular (reciprocal condition number 1e-17) at [2]
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class SingularMatrixError extends Schema.TaggedError<SingularMatrixError>()("SingularMatrixError", {
  /** The function. */
  operation: Schema.String,
  /** One over the condition number, or an estimate of it (see the function); 0 for a matrix that is exactly singular or not finite. */
  reciprocalCondition: Schema.Number,
  /** The index of the matrix in its batch. */
  index: Schema.Array(Schema.Number),
  /** Where in maps and loops, outermost first. */
  path: PathSegments,
  /** `file:line:column` of the user code that called the function, where known. */
  site: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `${this.operation}: the matrix is singular (reciprocal condition number ${renderValue(this.reciprocalCondition)})${renderWhere(this)}${renderSite(this.site)}`
  }
}

/**
 * A matrix that is not positive definite: what `Expr.checked.cholesky` fails with.
 *
 * @example
 * ```ts
 * import { Failure } from "@fluxion/core"
 *
 * const error = new Failure.NotPositiveDefiniteError({ operation: "cholesky", index: [2], path: [] })
 * console.log(error.message) // cholesky: the matrix is not positive definite at [2]
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class NotPositiveDefiniteError extends Schema.TaggedError<NotPositiveDefiniteError>()(
  "NotPositiveDefiniteError",
  {
    /** The function. */
    operation: Schema.String,
    /** The index of the matrix in its batch. */
    index: Schema.Array(Schema.Number),
    /** Where in maps and loops, outermost first. */
    path: PathSegments,
    /** `file:line:column` of the user code that called the function, where known. */
    site: Schema.optionalKey(Schema.String)
  }
) {
  override get message(): string {
    return `${this.operation}: the matrix is not positive definite${renderWhere(this)}${renderSite(this.site)}`
  }
}

/**
 * A solver that found no solution: what `Expr.checked.root` and `Expr.checked.fixedPoint` fail with.
 *
 * @example
 * ```ts
 * import { Failure } from "@fluxion/core"
 *
 * console.log(new Failure.NotConvergedError({ operation: "root", index: [], path: [] }).message) // root: no solution was found
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class NotConvergedError extends Schema.TaggedError<NotConvergedError>()("NotConvergedError", {
  /** The function. */
  operation: Schema.String,
  /** The index of the first unknown without a finite value. */
  index: Schema.Array(Schema.Number),
  /** Where in maps and loops, outermost first. */
  path: PathSegments,
  /** `file:line:column` of the user code that called the function, where known. */
  site: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `${this.operation}: no solution was found${renderWhere(this)}${renderSite(this.site)}`
  }
}

/**
 * What the library's own guards fail with: all failures of a program that was read from data.
 *
 * @category errors
 * @since 0.1.0
 */
export type GuardError =
  | DomainError
  | NonFiniteError
  | SingularMatrixError
  | NotPositiveDefiniteError
  | NotConvergedError

/**
 * The error of a guard that failed.
 *
 * @example
 * ```ts
 * import { Failure } from "@fluxion/core"
 *
 * const guard = { _tag: "Domain", operation: "sqrt", domain: "x >= 0" } as const
 * console.log(String(Failure.errorOf({ guard, value: -4, index: [1], path: [], site: undefined })))
 * // DomainError: sqrt: expected x >= 0, got -4 at [1]
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const errorOf = ({ guard, index, path, site, value }: GuardFailure): unknown => {
  switch (guard._tag) {
    case "Custom":
      return (guard.onFail as (failure: Failure) => unknown)({ value, index, path, site })
    case "Domain": {
      const { domain, operation } = guard
      return new DomainError({ operation, domain, value: Number(value), index, path, ...at(site) })
    }
    case "NonFinite": {
      const { name, source } = guard
      return new NonFiniteError({ source, name, value: Number(value), index, path, ...at(site) })
    }
    case "SingularMatrix":
      return new SingularMatrixError({
        operation: guard.operation,
        reciprocalCondition: Number(value),
        index,
        path,
        ...at(site)
      })
    case "NotPositiveDefinite":
      return new NotPositiveDefiniteError({ operation: guard.operation, index, path, ...at(site) })
    case "NotConverged":
      return new NotConvergedError({ operation: guard.operation, index, path, ...at(site) })
  }
}

const at = (site: string | undefined): { readonly site?: string } => (site === undefined ? {} : { site })

/**
 * Calls a function that evaluates a program over tensors, and gives the guard that failed as a value.
 *
 * **Details**
 *
 * The tensor algebra throws where a guard fails (not an `Error`, and nothing to catch by hand); what runs a program by it calls this. Whatever
 * else is thrown goes through.
 *
 * @example
 * ```ts
 * import { Expr, Failure, Fn, Interpreter, Tensor } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make([], (x) => Expr.checked.sqrt(x))
 * const result = Failure.attempt(() => Fn.interpret(f, Interpreter.algebra, [Tensor.make(-4)]))
 * console.log(Result.isFailure(result) && result.failure.value) // -4
 * ```
 *
 * @category conversions
 * @since 0.1.0
 */
export const attempt = <A>(f: () => A): Result.Result<A, GuardFailure> => {
  try {
    return Result.succeed(f())
  } catch (error) {
    if (!(error instanceof Raised)) throw error
    const { guard, index, path, site, value } = error
    return Result.fail({ guard, value, index, path, site: site ?? undefined })
  }
}

/**
 * `unknown` when a program cannot fail, otherwise a type that says what to use instead.
 *
 * @category type-level
 * @since 0.1.0
 */
export type CheckInfallible<E, Operation extends string, Instead extends string> = [E] extends [never]
  ? unknown
  : CanFail<`${Operation}: the program can fail; use ${Instead}`>

/**
 * The type that stands in an argument position where a program that can fail is not accepted; its parameter is the message.
 *
 * @category type-level
 * @since 0.1.0
 */
export interface CanFail<out Message extends string> {
  readonly "~@fluxion/core/CanFail": Message
}
