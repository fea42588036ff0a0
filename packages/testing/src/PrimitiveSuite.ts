/**
 * Everything that is demanded of a differentiable primitive, as named checks for a combinator of one's own.
 *
 * **Details**
 *
 * `primitiveSuite` takes a description (how the primitive is built from expressions, and where it is smooth) and gives a list of checks. Each is an
 * `Effect` with a typed report, and a function `run` that throws what a person can read, so any runner runs them:
 *
 *     describe("softclip", () => primitiveSuite(softclip).forEach(({ name, run }) => test(name, run)))
 *
 * Fluxion's own primitives pass the same checks.
 *
 * @since 0.1.0
 */
import type { Expr, Shape, Tensor, Tree, Type } from "@fluxion/core"
import { Fn } from "@fluxion/core"
import { Effect, Schema } from "effect"
import * as fc from "fast-check"
import { type Findings, isViolation } from "./internal/suite/findings.ts"
import { elementwiseShapes, type Family, type Subject, type Variant } from "./internal/suite/model.ts"
import * as Model from "./internal/suite/model.ts"
import { boxDerivatives, boxesOf, type Derivatives, familyDerivatives } from "./internal/suite/orders.ts"
import { programOf } from "./internal/suite/programs.ts"
import * as AtReferences from "./internal/suite/references.ts"
import * as AtSpecialValues from "./internal/suite/special.ts"
import * as Structure from "./internal/suite/structure.ts"

// -----------------------------------------------------------------------------
// Descriptions
// -----------------------------------------------------------------------------

/**
 * An operand of reals: the ranges in which it is drawn, and its kinks.
 *
 * **Details**
 *
 * The primitive is smooth inside the ranges, but for the `kinks`: points where its derivative is a convention. Points are drawn at a distance of 0.1 from them
 * (relative to their size above 1). Where there are several ranges, each is checked by itself too.
 *
 * @category models
 * @since 0.1.0
 */
export interface RealOperand {
  readonly elementType?: "real"
  readonly ranges: ReadonlyArray<readonly [low: number, high: number]>
  readonly kinks?: ReadonlyArray<number>
}

/**
 * An operand of indices: the first of the `ranges` holds them, both ends included.
 *
 * @category models
 * @since 0.1.0
 */
export interface IndexOperand {
  readonly elementType: "index"
  readonly ranges: ReadonlyArray<readonly [low: number, high: number]>
}

/**
 * An operand of truth values.
 *
 * @category models
 * @since 0.1.0
 */
export interface BoolOperand {
  readonly elementType: "bool"
}

/**
 * An operand of a primitive.
 *
 * @category models
 * @since 0.1.0
 */
export type Operand = RealOperand | IndexOperand | BoolOperand

/**
 * The expressions that a primitive is built from: one for each operand.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Exprs<Operands extends ReadonlyArray<Operand>> = {
  readonly [K in keyof Operands]: Operands[K] extends { readonly elementType: infer D extends Type.ElementType }
    ? Expr.OfElementType<D, Shape.Shape, never>
    : Expr.Expr
}

/**
 * Builds the primitive from its operands; it may have several results, in a record or a tuple.
 *
 * @category models
 * @since 0.1.0
 */
export type Build<Operands extends ReadonlyArray<Operand>> = (...operands: Exprs<Operands>) => Tree.ExprTree

/**
 * A case of a primitive: attributes (in what `build` closes over) with the shapes to try them on. Where there are fewer shapes than operands, it takes
 * the first operands.
 *
 * @category models
 * @since 0.1.0
 */
export interface Case<Operands extends ReadonlyArray<Operand>> {
  readonly label?: string
  readonly build: Build<Operands>
  readonly shapes: ReadonlyArray<ReadonlyArray<Shape.Shape>>
}

/**
 * What the derivative is where it is a convention: at a kink, at the edge of a domain, at a tie.
 *
 * **Details**
 *
 * `partials` has the derivative of the sum of the results with respect to each real operand. `build` is there for
 * attributes other than those of the first case.
 *
 * @category models
 * @since 0.1.0
 */
export interface Convention<Operands extends ReadonlyArray<Operand>> {
  readonly at: ReadonlyArray<Tensor.NestedOfUnknownRank>
  readonly partials: ReadonlyArray<Tensor.NestedOfUnknownRank>
  readonly build?: Build<Operands>
}

/**
 * The value, and first and second partial derivatives, at a point: from a closed form, a table, another library.
 *
 * **Details**
 *
 * For primitives that are elementwise. They may differ by `tolerance` (that of the description by default) relative to the reference.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reference {
  readonly at: ReadonlyArray<number>
  readonly value: number
  readonly first?: ReadonlyArray<number>
  readonly second?: ReadonlyArray<ReadonlyArray<number>>
  readonly tolerance?: number
}

/**
 * The special values that a primitive is tried at: `Arbitraries.specialValues` by default, all combinations of them where it is elementwise.
 *
 * **Details**
 *
 * - `except` leaves points out: those where a factor of the derivative overflows in the order of one mode and not in that of the other.
 * - `tolerance`: by how much the modes may differ there, relative to the larger of 1 and the derivative; 4 units in the last place are always allowed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Special {
  readonly values?: ReadonlyArray<number>
  readonly except?: (...point: Array<number>) => boolean
  readonly tolerance?: number
}

/**
 * What a check is about.
 *
 * **Details**
 *
 * - `value`: values at smooth points are finite, and those of the formula or the references.
 * - `modes agree`: forward mode is reverse mode; at order 2 and 3, in all four and eight nestings.
 * - `central differences`: all of them are what difference quotients say.
 * - `linearity`: the derivative of a sum of directions is the sum of the derivatives.
 * - `transposition`: `⟨v, J u⟩ = ⟨Jᵀ v, u⟩`.
 * - `each operand alone`: a derivative does not depend on which other operands are constants.
 * - `programs`: derivatives as programs are derivatives as numbers, bit for bit.
 * - `batching`: under `Expr.map` it computes, forward and backward, what a loop over the batch does; also with shared operands.
 * - `special values`: forward mode is reverse mode at zeros of both signs, infinities, NaN, subnormals and the ends of the range.
 * - `zero stays zero`: a zero tangent or cotangent stays zero there, through partial derivatives that are infinite or NaN.
 * - `branch not taken`: there, in the branch of a `select` that is not taken, it does not poison a gradient, to the second order.
 * - `kinks`: conventions are those that are given, and the same in both modes and all nestings.
 * - `serialisation`: decoded it is the same program.
 *
 * @category models
 * @since 0.1.0
 */
export type Property =
  | "value"
  | "modes agree"
  | "central differences"
  | "linearity"
  | "transposition"
  | "each operand alone"
  | "programs"
  | "batching"
  | "special values"
  | "zero stays zero"
  | "branch not taken"
  | "kinks"
  | "serialisation"

/**
 * What descriptions of all kinds have.
 *
 * **Details**
 *
 * - `smooth`: whether an elementwise primitive is smooth near a point, where that depends on several operands at once.
 * - `conventions`: derivatives at kinks.
 * - `exempt`: properties that are not asked for, each with the reason.
 * - `orders`: up to which order derivatives are checked; 3 by default.
 * - `tolerance`: how far the modes may be apart, relative to the terms that derivatives are sums of; 1e-12 by default, a hundred times as much with each order.
 * - `seed`: of the points that are drawn; that of fast-check's global configuration by default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Common<Operands extends ReadonlyArray<Operand>> {
  readonly name: string
  readonly operands: Operands
  readonly conventions?: ReadonlyArray<Convention<Operands>>
  readonly special?: Special
  readonly exempt?: { readonly [P in Property]?: string }
  readonly orders?: 1 | 2 | 3
  readonly tolerance?: number
  readonly seed?: number
}

/**
 * A primitive that is elementwise in all operands, with broadcasting: it is tried at ranks 0 to 4, with all ways to broadcast, and empty.
 *
 * **Details**
 *
 * `value` is a formula for its value in plain JavaScript, `references` are points with known values and derivatives.
 *
 * @category models
 * @since 0.1.0
 */
export interface Elementwise<Operands extends ReadonlyArray<Operand>> extends Common<Operands> {
  readonly build: Build<Operands>
  readonly shapes?: "elementwise"
  readonly smooth?: (...point: Array<number>) => boolean
  readonly value?: (...point: Array<number>) => number
  readonly references?: ReadonlyArray<Reference>
}

/**
 * A primitive of whole arrays, with the shapes to try it on.
 *
 * @category models
 * @since 0.1.0
 */
export interface OfArrays<Operands extends ReadonlyArray<Operand>> extends Common<Operands> {
  readonly build: Build<Operands>
  readonly shapes: ReadonlyArray<ReadonlyArray<Shape.Shape>>
}

/**
 * A primitive of whole arrays, with several cases.
 *
 * @category models
 * @since 0.1.0
 */
export interface WithCases<Operands extends ReadonlyArray<Operand>> extends Common<Operands> {
  readonly cases: ReadonlyArray<Case<Operands>>
}

/**
 * What `primitiveSuite` needs to know of a primitive.
 *
 * @category models
 * @since 0.1.0
 */
export type Description<Operands extends ReadonlyArray<Operand>> =
  | Elementwise<Operands>
  | OfArrays<Operands>
  | WithCases<Operands>

/**
 * A description whose operands are not known in its type: what a table of descriptions holds. `describe` makes one.
 *
 * @category models
 * @since 0.1.0
 */
export interface Described {
  readonly description: Description<never>
}

// -----------------------------------------------------------------------------
// Checks
// -----------------------------------------------------------------------------

/**
 * Two numbers that a check compares: where, both values, their difference, and how much is allowed.
 *
 * @example
 * ```ts
 * import { PrimitiveSuite } from "@fluxion/testing"
 * import { Schema } from "effect"
 *
 * const comparison = { place: "forward and reverse at a", left: 1, right: 2, difference: 1, tolerance: 1e-12 }
 * console.log(Schema.is(PrimitiveSuite.Comparison)(comparison)) // true
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export const Comparison = Schema.Struct({
  place: Schema.String,
  left: Schema.Number,
  right: Schema.Number,
  difference: Schema.Number,
  tolerance: Schema.Number
})

/**
 * Two numbers that a check compares.
 *
 * @category models
 * @since 0.1.0
 */
export type Comparison = typeof Comparison.Type

/**
 * What was compared by a check that passed; `worst` is the comparison nearest to its tolerance.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  readonly primitive: string
  readonly check: string
  readonly comparisons: number
  readonly worst: Comparison | undefined
}

/**
 * A check that does not pass: where, and which numbers are not the same.
 *
 * @example
 * ```ts
 * import { PrimitiveSuite } from "@fluxion/testing"
 *
 * const worst = { place: "forward and reverse at a", left: 1, right: 2, difference: 1, tolerance: 1e-12 }
 * const error = new PrimitiveSuite.Disagreement({ check: "softclip: linearity", where: "a = 3", worst, violations: 1, of: 4 })
 * console.log(error.message)
 * // softclip: linearity: 1 of 4 comparisons differ where a = 3; forward and reverse at a: 1 and 2, difference 1, allowed 1e-12
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class Disagreement extends Schema.TaggedError<Disagreement>()("Disagreement", {
  check: Schema.String,
  where: Schema.String,
  worst: Comparison,
  violations: Schema.Number,
  of: Schema.Number
}) {
  override get message(): string {
    const { difference, left, place, right, tolerance } = this.worst
    const where = this.where === "" ? "" : ` where ${this.where}`
    return (
      `${this.check}: ${this.violations} of ${this.of} comparisons differ${where}; ` +
      `${place}: ${left} and ${right}, difference ${difference}, allowed ${tolerance}`
    )
  }
}

/** Not every error that is thrown can be made a string. */
const rendered = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "message" in cause
    ? `${"_tag" in cause ? String(cause._tag) : "name" in cause ? String(cause.name) : "an error"}: ${String(cause.message)}`
    : String(cause)

/**
 * A check that could not be finished, because building, differentiating or evaluating the primitive threw.
 *
 * @example
 * ```ts
 * import { PrimitiveSuite } from "@fluxion/testing"
 *
 * const error = new PrimitiveSuite.Unfinished({ check: "softclip: batching", cause: new Error("cannot broadcast") })
 * console.log(error.message) // softclip: batching: threw Error: cannot broadcast
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class Unfinished extends Schema.TaggedError<Unfinished>()("Unfinished", {
  check: Schema.String,
  cause: Schema.Defect()
}) {
  override get message(): string {
    return `${this.check}: threw ${rendered(this.cause)}`
  }
}

/**
 * A named check of a primitive.
 *
 * **Details**
 *
 * `name` begins with the name of the primitive and is like no other name of its suite. `check` is the effect, `run` runs it at once and throws its failure.
 *
 * @category models
 * @since 0.1.0
 */
export interface Check {
  readonly primitive: string
  readonly property: Property
  readonly name: string
  readonly check: Effect.Effect<Report, Disagreement | Unfinished>
  readonly run: () => void
}

const attempt = (
  primitive: string,
  check: string,
  find: () => Findings
): Effect.Effect<Report, Disagreement | Unfinished> =>
  Effect.suspend((): Effect.Effect<Report, Disagreement | Unfinished> => {
    let comparisons = 0
    let worst: Comparison | undefined
    const use = ({ difference, tolerance }: Comparison): number =>
      difference === 0
        ? 0
        : Number.isNaN(difference)
          ? Number.POSITIVE_INFINITY
          : difference / (tolerance || Number.MIN_VALUE)
    try {
      for (const finding of find()) {
        const violations = finding.comparisons.filter(isViolation)
        if (violations.length > 0) {
          const furthest = violations.reduce((a, b) => (use(b) > use(a) ? b : a))
          const of = finding.comparisons.length
          return Effect.fail(
            new Disagreement({ check, where: finding.where(), worst: furthest, violations: violations.length, of })
          )
        }
        comparisons += finding.comparisons.length
        for (const comparison of finding.comparisons)
          if (worst === undefined || use(comparison) > use(worst)) worst = comparison
      }
    } catch (cause) {
      return Effect.fail(new Unfinished({ check, cause }))
    }
    return Effect.succeed({ primitive, check, comparisons, worst })
  })

// -----------------------------------------------------------------------------
// The suite
// -----------------------------------------------------------------------------

const defaultSeed = 20_261_121

const isVarious = (description: Description<never>): description is WithCases<never> => "cases" in description

const isElementwise = (description: Description<never>): description is Elementwise<never> =>
  !isVarious(description) && (description.shapes === undefined || description.shapes === "elementwise")

const variantsOf = (description: Description<never>): ReadonlyArray<Variant> => {
  const variant = (
    label: string,
    build: Build<never>,
    shapes: ReadonlyArray<Shape.Shape>,
    family: Family
  ): Variant => ({
    family,
    label,
    build: build as unknown as Variant["build"],
    shapes
  })
  if (isElementwise(description)) {
    const { build, operands } = description
    return elementwiseShapes((operands as ReadonlyArray<Operand>).length).map(([family, shapes]) =>
      variant("", build, shapes, family)
    )
  }
  const cases: ReadonlyArray<Case<never>> = isVarious(description)
    ? description.cases
    : [{ build: description.build, shapes: (description as OfArrays<never>).shapes }]
  return cases.flatMap(({ build, label = "", shapes }) =>
    shapes.map((own) => variant(label, build, own, own.some((shape) => shape.includes(0)) ? "empty" : "its shapes"))
  )
}

/** Whether forward mode is to be checked. What cannot even be built says so in each check. */
const supportsForward = (operands: ReadonlyArray<Model.Operand>, { build, shapes }: Variant): boolean => {
  try {
    return Fn.supportsForward(programOf(operands, shapes, build))
  } catch {
    return true
  }
}

const subjectOf = (description: Description<never>): Subject => {
  const variants = variantsOf(description)
  const operands = description.operands as ReadonlyArray<Model.Operand>
  const elementwise = isElementwise(description) ? description : undefined
  return {
    name: description.name,
    operands,
    variants,
    elementwise: elementwise !== undefined,
    forward: supportsForward(operands, variants[0]!),
    smooth: elementwise?.smooth,
    value: elementwise?.value,
    references: elementwise?.references ?? [],
    conventions: (description.conventions ?? []) as unknown as Subject["conventions"],
    special: description.special ?? {},
    tolerance: description.tolerance ?? 1e-12,
    seed: description.seed ?? fc.readConfigureGlobal().seed ?? defaultSeed
  }
}

type Entry = readonly [property: Property, name: string, find: () => Findings]

const entriesOfOrder = (subject: Subject, order: number): ReadonlyArray<Entry> => {
  const both = (where: string, { modes, numeric }: Derivatives): ReadonlyArray<Entry> => [
    ...(order > 1 || subject.forward
      ? [
          [
            "modes agree",
            `order ${order}, ${where}: ${order === 1 ? "forward = reverse" : `all ${2 ** order} nestings of the modes agree`}`,
            modes
          ] as const
        ]
      : []),
    ["central differences", `order ${order}, ${where}: as central differences`, numeric]
  ]
  const families: ReadonlyArray<Family> = ["scalars", "its shapes", "ranks 1 to 4", "broadcasting", "empty"]
  return [
    ...families
      .filter((family) => subject.variants.some((variant) => variant.family === family))
      .flatMap((family) => both(family, familyDerivatives(subject, family, order))),
    ...boxesOf(subject, Model.names).flatMap((box) => both(box.name, boxDerivatives(subject, box, order)))
  ]
}

const entriesOf = (subject: Subject, orders: number): ReadonlyArray<Entry> => {
  const { conventions, forward, operands, references, value } = subject
  const entries: Array<Entry | undefined> = [
    ["value", "values are finite where it is smooth", () => Structure.finite(subject)],
    value && ["value", "values are those of the formula", () => AtReferences.formula(subject)],
    references.length > 0
      ? ["value", "values are those of the references", () => AtReferences.references(subject, 0)]
      : undefined,
    references.some(({ first }) => first !== undefined)
      ? ["value", "first derivatives are those of the references", () => AtReferences.references(subject, 1)]
      : undefined,
    references.some(({ second }) => second !== undefined)
      ? ["value", "second derivatives are those of the references", () => AtReferences.references(subject, 2)]
      : undefined,
    ...Array.from({ length: orders }, (_, i) => entriesOfOrder(subject, i + 1)).flat(),
    ["linearity", "derivatives are linear in directions", () => Structure.linearity(subject)],
    forward
      ? ["transposition", "reverse mode is the transpose of forward mode", () => Structure.transposition(subject)]
      : undefined,
    operands.filter(Model.isRealOperand).length > 1
      ? ["each operand alone", "each operand alone, the others constant", () => Structure.eachAlone(subject)]
      : undefined,
    ["programs", "derivatives as programs and as numbers", () => Structure.programsCompute(subject)],
    ["batching", "mapped over a batch, as one by one", () => Structure.batching(subject)],
    forward
      ? ["special values", "forward = reverse at special values", () => AtSpecialValues.specialModes(subject)]
      : undefined,
    ["zero stays zero", "a zero derivative stays zero at special values", () => AtSpecialValues.zeroStaysZero(subject)],
    ["branch not taken", "a branch not taken does not poison", () => AtSpecialValues.branchNotTaken(subject)],
    conventions.length > 0
      ? ["kinks", "conventions are those given", () => AtSpecialValues.conventions(subject)]
      : undefined,
    forward && AtSpecialValues.hasKinks(subject)
      ? ["kinks", "the same at kinks in every mode", () => AtSpecialValues.kinks(subject)]
      : undefined,
    ["serialisation", "encoded and decoded, the same", () => Structure.roundTrip(subject)]
  ]
  return entries.filter((entry) => entry !== undefined)
}

/**
 * A description, checked against its type, without its operands in the type: for tables of descriptions.
 *
 * @example
 * ```ts
 * import { Expr } from "@fluxion/core"
 * import { PrimitiveSuite } from "@fluxion/testing"
 *
 * const table = {
 *   square: PrimitiveSuite.describe({ name: "square", operands: [{ ranges: [[-2, 2]] }], build: (x) => Expr.mul(x, x) })
 * } satisfies Record<string, PrimitiveSuite.Described>
 * console.log(table.square.description.name) // square
 * ```
 *
 * @category constructors
 * @since 0.1.0
 */
export const describe = <const Operands extends ReadonlyArray<Operand>>(
  description: Description<Operands>
): Described => ({ description: description as unknown as Description<never> })

/**
 * The checks that a primitive, or a combinator with rules of its own, has to pass.
 *
 * **Details**
 *
 * See `Property` for what is checked. Where a program supports reverse mode only (`Expr.customVjp` without a JVP), that is all that is checked. The primitive must not require anything: make what
 * it needs an operand.
 *
 * Points are drawn from the ranges of the description, by a seed; the same seed draws the same points, whichever checks are run. A check that fails names the
 * case, the point and the two numbers.
 *
 * A check takes from a millisecond to half a second: the arrays are small, but order 3 evaluates all eight nestings of the modes.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { primitiveSuite } from "@fluxion/testing"
 * import { Effect, Result } from "effect"
 *
 * // The derivative of x³ with a factor forgotten.
 * const cube = (x: Expr.Expr): Expr.Expr => {
 *   const f = Fn.make(x.shape, (y) => Expr.mul(y, Expr.mul(y, y)))
 *   const rule = Expr.customJvp(f, ({ primals, tangents }) => Expr.mul(Expr.square(primals), tangents))
 *   return Fn.apply(rule, x)
 * }
 *
 * const checks = primitiveSuite({ name: "cube", operands: [{ ranges: [[-2, 2]] }], build: (x) => cube(x) })
 * const failing = checks.filter(({ check }) => Result.isFailure(Effect.runSync(Effect.result(check))))
 * console.log(failing[0]?.name) // cube: order 1, scalars: as central differences
 * ```
 *
 * @category suites
 * @since 0.1.0
 */
export const primitiveSuite: {
  (described: Described): ReadonlyArray<Check>
  <const Operands extends ReadonlyArray<Operand>>(description: Description<Operands>): ReadonlyArray<Check>
} = (given: object): ReadonlyArray<Check> => {
  const description = "description" in given ? (given as Described).description : (given as Description<never>)
  const subject = subjectOf(description)
  const { exempt = {}, name: primitive, orders = 3 } = description
  return entriesOf(subject, orders)
    .filter(([property]) => exempt[property] === undefined)
    .map(([property, title, find]) => {
      const name = `${primitive}: ${title}`
      const check = attempt(primitive, name, find)
      return { primitive, property, name, check, run: () => void Effect.runSync(check) }
    })
}
