// How laws are made of what they compare.

import { Fn, Tree } from "@fluxion/core"
import { Effect, Result } from "effect"
import * as fc from "fast-check"
import { type Comparison, type Kind, type Law, LawViolation, type Options, type Report } from "../laws/model.ts"
import { same } from "../Ulp.ts"
import { cut, indexOf, placeOf, renderValue } from "./place.ts"
import { point } from "../arbitraries/point.ts"

/** What a law found: numbers that were compared, or a reason for which there are none. */
export type Finding =
  | { readonly comparisons: ReadonlyArray<Comparison>; readonly sides?: readonly [string, string] }
  | { readonly reason: string }

export interface Definition {
  readonly title: string
  readonly sides: readonly [string, string]
  readonly examine: (f: Fn.Any, at: unknown, options: unknown) => Effect.Effect<Finding, unknown>
  /** Whether a program that fails at the point has no law to keep there, so that its failure is that of the check. True unless the law is about failures too. */
  readonly runs?: boolean
}

/** How far beyond (or below) its tolerance an entry is. */
const beyond = ({ agrees, difference, tolerance }: Comparison): number => {
  if (difference === 0) return agrees ? 0 : Number.POSITIVE_INFINITY
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference / (tolerance || Number.MIN_VALUE)
}

const worstOf = (comparisons: ReadonlyArray<Comparison>): Comparison | undefined => {
  let worst: Comparison | undefined
  for (const c of comparisons) {
    if (worst === undefined || (worst.agrees && !c.agrees)) worst = c
    else if (worst.agrees === c.agrees && beyond(c) > beyond(worst)) worst = c
  }
  return worst
}

const conclude = (
  { sides, title }: Definition,
  f: Fn.Any,
  at: unknown,
  finding: Finding
): Effect.Effect<Report, LawViolation> => {
  const about = { law: title, sides, program: String(f), at: cut(renderValue(at)) }
  if ("reason" in finding) {
    return Effect.fail(new LawViolation({ ...about, worst: undefined, reason: finding.reason, violations: 1, of: 1 }))
  }
  const { comparisons } = finding
  const worst = worstOf(comparisons)
  const named = { ...about, sides: finding.sides ?? sides }
  const violations = comparisons.filter(({ agrees }) => !agrees).length
  return violations === 0
    ? Effect.succeed({ ...named, verdict: "holds", comparisons, worst })
    : Effect.fail(new LawViolation({ ...named, worst, violations, of: comparisons.length }))
}

/** A law as a function of programs. */
export const define = <K extends Kind, Out = unknown, R = never>(definition: Definition): Law<K, Out, R> => {
  const check = (f: Fn.Any, at: unknown, options: unknown): Effect.Effect<Report, unknown> =>
    Effect.suspend(() => {
      if (definition.runs !== false) {
        const run = Fn.runResult(f as Fn.Fn<Tree.Spec, Tree.Spec, unknown>, at as never)
        if (Result.isFailure(run)) return Effect.fail(run.failure)
      }
      return Effect.flatMap(definition.examine(f, at, options), (finding) => conclude(definition, f, at, finding))
    })
  /** Whether the law can be asked there; it throws what is a violation. */
  const judge = (f: Fn.Any, at: unknown, result: Result.Result<Report, unknown>): void => {
    if (Result.isSuccess(result)) return
    // What the program itself fails with.
    const fails = Result.isFailure(Fn.runResult(f as Fn.Fn<Tree.Spec, Tree.Spec, unknown>, at as never))
    fc.pre(!fails || result.failure instanceof LawViolation)
    throw result.failure
  }
  const claim = (f: Fn.Any) => {
    const points = (options: { readonly points?: fc.Arbitrary<unknown> } | undefined) =>
      options?.points ?? point(f.inputs, { reals: { min: -2, max: 2 }, indices: { max: 2 } })
    return {
      law: definition.title,
      program: f,
      check: (at: unknown, options?: unknown) => check(f, at, options),
      assert: (at: unknown, options?: unknown) => Effect.runSync(check(f, at, options)),
      property: (options?: { readonly points?: fc.Arbitrary<unknown> }) =>
        fc.property(points(options), (at) => judge(f, at, Effect.runSync(Effect.result(check(f, at, options))))),
      asyncProperty: (options?: { readonly points?: fc.Arbitrary<unknown> }) =>
        fc.asyncProperty(points(options), async (at) =>
          judge(f, at, await Effect.runPromise(Effect.result(check(f, at, options))))
        )
    }
  }
  const law = (...given: readonly [f: Fn.Any, at?: unknown, options?: unknown]) =>
    given.length === 1 ? claim(given[0]) : check(given[0], given[1], given[2])
  return Object.assign(law, { title: definition.title }) as never
}

/** How the entries of trees are compared. */
export interface Entries {
  readonly spec: Tree.Spec
  readonly left: ReadonlyArray<{ readonly data: ArrayLike<number> }>
  readonly right: ReadonlyArray<{ readonly data: ArrayLike<number> }>
  readonly tolerance: (leaf: number, i: number, left: number, right: number) => number
  /** What the entries are of, before the place: `tangent of `. */
  readonly what?: string
  /** What a tree that is one leaf is called. */
  readonly whole: string
}

/** Compares trees entry by entry. NaN agrees with NaN, and zeros whatever their sign. */
export const compareEntries = ({ left, right, spec, tolerance, what = "", whole }: Entries): Array<Comparison> =>
  Tree.leaves(spec).flatMap(({ path, type }, leaf) =>
    Array.from(left[leaf]!.data, (a, i) => {
      const b = right[leaf]!.data[i]!
      const index = indexOf(i, type.shape)
      const allowed = tolerance(leaf, i, a, b)
      const difference = same(a, b) ? 0 : Math.abs(a - b)
      return {
        place: `${what}${placeOf(path, index, whole)}`,
        path,
        index,
        left: a,
        right: b,
        difference,
        tolerance: allowed,
        agrees: difference <= allowed
      }
    })
  )

export const relativeOf = (options: unknown, usual = 1e-12): number =>
  (options as Options | undefined)?.tolerance ?? usual
