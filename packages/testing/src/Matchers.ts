/**
 * Matchers for `expect`: of Vitest, and of any runner whose `expect.extend` takes the matchers of Jest.
 *
 * **Details**
 *
 * `import "@fluxion/testing/Vitest"` registers them with Vitest and types them. Elsewhere `expect.extend(Matchers)` does. Each is a function of the received value that answers whether it
 * passes, and with what message.
 *
 * @since 0.1.0
 */
import * as Calculus from "@fluxion/calculus"
import type { Entry as GradientEntry } from "@fluxion/calculus/GradientCheck"
import { Fn, Formula, Tree } from "@fluxion/core"
import { Effect, Result } from "effect"
import { type Pair, pairsOf } from "./internal/entries.ts"
import { cut, placeOf, renderNumber, renderValue } from "./internal/place.ts"
import { programDifference } from "./internal/programDifference.ts"
import { type WrongRule, wrongRules } from "./internal/ownRules.ts"
import * as Ulp from "./Ulp.ts"

/**
 * What a matcher answers.
 *
 * @category models
 * @since 0.1.0
 */
export interface MatcherResult {
  readonly pass: boolean
  readonly message: () => string
}

/**
 * How close is close enough: within so many units in the last place, within an absolute difference, or within a difference relative to the expected number. Where several are
 * given, one of them is enough. `{ ulps: 4 }` where none is.
 *
 * **Details**
 *
 * NaN is close to NaN, and an infinity to the same infinity, alone. Zeros are close whatever their sign, unless `signedZero` is `true`.
 *
 * @category options
 * @since 0.1.0
 */
export interface Closeness {
  readonly ulps?: number
  readonly absolute?: number
  readonly relative?: number
  readonly signedZero?: boolean
}

/**
 * What `toBeCloseTensor` compares: tensors, numbers, truth values, and records and arrays of them.
 *
 * @category models
 * @since 0.1.0
 */
export type Comparable = Tree.AnyValue | ArrayLike<number>

interface Difference {
  readonly pair: Pair
  readonly close: boolean
  /** The difference in tolerances: 1 is as far as is allowed. */
  readonly distance: number
  readonly absolute: number
}

const usual: Closeness = { ulps: 4 }

const relativeOf = (absolute: number, expected: number): number => (absolute === 0 ? 0 : absolute / Math.abs(expected))

const measure = (pair: Pair, { absolute, relative, signedZero, ulps }: Closeness): Difference => {
  const { exact, expected, received } = pair
  const absent = { pair, close: true, distance: 0, absolute: 0 }
  if (Object.is(received, expected)) return absent
  if (Ulp.same(received, expected)) {
    return signedZero === true ? { pair, close: false, distance: Number.POSITIVE_INFINITY, absolute: 0 } : absent
  }
  const difference = Math.abs(received - expected)
  const far = { pair, close: false, distance: Number.POSITIVE_INFINITY, absolute: difference }
  if (exact || !Number.isFinite(received) || !Number.isFinite(expected)) return far
  const measures: ReadonlyArray<readonly [number, number | undefined]> = [
    [Ulp.distance(received, expected), ulps],
    [difference, absolute],
    [relativeOf(difference, expected), relative]
  ]
  const distance = measures.reduce(
    (least, [own, allowed]) => (allowed === undefined ? least : Math.min(least, own / allowed)),
    Number.POSITIVE_INFINITY
  )
  return { pair, close: distance <= 1, distance, absolute: difference }
}

const renderCloseness = ({ absolute, relative, signedZero, ulps }: Closeness): string =>
  [
    ...(ulps === undefined ? [] : [`${ulps} ULPs`]),
    ...(absolute === undefined ? [] : [`${absolute} absolute`]),
    ...(relative === undefined ? [] : [`${relative} relative`])
  ].join(" or ") + (signedZero === true ? ", with the sign of zero" : "")

const renderElement = ({ exact, expected, received }: Pair, which: "received" | "expected"): string =>
  exact ? String(which === "received" ? received : expected) : renderNumber(which === "received" ? received : expected)

const renderDifference = ({ absolute, pair }: Difference): string => {
  const { expected, place, received } = pair
  const values = `${place}: received ${renderElement(pair, "received")}, expected ${renderElement(pair, "expected")}`
  if (!Number.isFinite(absolute)) return values
  const relative = relativeOf(absolute, expected)
  return `${values} (${Ulp.distance(received, expected)} ULPs, ${absolute} absolute, ${relative} relative)`
}

/**
 * Passes where every element of a value is close to that of the expected one.
 *
 * **Details**
 *
 * Values are tensors, numbers, truth values, and records and arrays of them, nested: what `Fn.run` gives. Structure, shapes and element types have to be the same; indices and truth values
 * have to be equal. The message says how many elements differ, and shows the worst: its path and index, both values, and how far they are apart in each measure.
 *
 * @example
 * ```ts
 * import { Tensor } from "@fluxion/core"
 * import { Matchers } from "@fluxion/testing"
 *
 * const received = { w: Tensor.make([[1, 2], [3, 4.5]]), b: 0.1 + 0.2 }
 * const expected = { w: Tensor.make([[1, 2], [3, 4]]), b: 0.3 }
 * const { message, pass } = Matchers.toBeCloseTensor(received, expected, { relative: 1e-12 })
 * console.log(pass) // false
 * const [summary, worst] = message().split("\n")
 * console.log(summary) // expected close values within 1e-12 relative, but 1 of 5 elements differs
 * console.log(worst?.trim())
 * // worst at w[1,1]: received 4.5, expected 4 (562949953421312 ULPs, 0.5 absolute, 0.125 relative)
 * ```
 *
 * @category matchers
 * @since 0.1.0
 */
export const toBeCloseTensor = (received: unknown, expected: unknown, closeness: Closeness = usual): MatcherResult => {
  const { absolute, relative, ulps } = closeness
  const options =
    absolute === undefined && relative === undefined && ulps === undefined ? { ...usual, ...closeness } : closeness
  const pairs = pairsOf(received, expected)
  if ("place" in pairs) {
    return {
      pass: false,
      message: () =>
        `expected close values, but they are not alike\n  at ${pairs.place}: received ${pairs.received}, expected ${pairs.expected}`
    }
  }
  const differences = pairs.map((pair) => measure(pair, options))
  const far = differences.filter(({ close }) => !close)
  const worst = differences.reduce<Difference | undefined>(
    (most, own) =>
      most === undefined ||
      own.distance > most.distance ||
      (own.distance === most.distance && own.absolute > most.absolute)
        ? own
        : most,
    undefined
  )
  const within = `within ${renderCloseness(options)}`
  const count = `${far.length} of ${pairs.length} elements`
  return far.length > 0
    ? {
        pass: false,
        message: () =>
          `expected close values ${within}, but ${count} ${far.length === 1 ? "differs" : "differ"}\n  worst at ${renderDifference(worst!)}`
      }
    : {
        pass: true,
        message: () =>
          `expected values that are not close ${within}, but all ${pairs.length} elements are` +
          (worst === undefined ? "" : `\n  the furthest at ${renderDifference(worst)}`)
      }
}

const printed = (f: Fn.Any): string => cut(Formula.print(f), 2000)

/**
 * Passes where a program is the same program as the expected one: the same operations with the same attributes and constants on the same operands.
 *
 * **Details**
 *
 * Up to names: those of variables inside do not count, nor the order in which operations were built, or the lines that built them. The paths and shapes of inputs and outputs count, and so does
 * what is shared: `t * t` is not `exp(x) * exp(x)`, which computes twice. Nothing is simplified, so `x + 0` is not `x`. The message shows the first difference, from the outputs down, and
 * both programs.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import * as Reverse from "@fluxion/reverse-mode"
 * import { Matchers } from "@fluxion/testing"
 *
 * const f = Fn.make({ x: [] }, ({ x }) => Expr.sin(Expr.mul(3, x)))
 * const expected = Fn.make({ x: [] }, ({ x }) => ({ x: Expr.mul(2, Expr.cos(Expr.mul(3, x))) }))
 * const { message, pass } = Matchers.toEqualProgram(Reverse.grad(f), expected)
 * console.log(pass) // false
 * console.log(message().split("\n")[1]?.trim())
 * // first difference at operand 1 of mul: received cos(3 * x), expected 2
 * ```
 *
 * @category matchers
 * @since 0.1.0
 */
export const toEqualProgram = (received: unknown, expected: Fn.Any): MatcherResult => {
  if (!Fn.isFn(received)) {
    return { pass: false, message: () => `expected a program, received ${cut(renderValue(received))}` }
  }
  const difference = programDifference(received, expected)
  return difference === undefined
    ? { pass: true, message: () => `expected another program than\n  ${printed(expected)}` }
    : {
        pass: false,
        message: () =>
          `expected the same program\n  first difference at ${difference.where}: ` +
          `received ${difference.received}, expected ${difference.expected}\n` +
          `  received: ${printed(received)}\n  expected: ${printed(expected)}`
      }
}

const said: Readonly<Record<Calculus.Verdict, string>> = {
  correct: "is correct",
  suspect: "cannot be told to be correct",
  wrong: "is wrong"
}

const severity: Readonly<Record<Calculus.Verdict, number>> = { correct: 0, suspect: 1, wrong: 2 }

const digits = (x: number): string =>
  Number.isFinite(x) && x !== 0 ? String(Number(x.toPrecision(8))) : renderNumber(x)

const renderEntry = (entry: GradientEntry): string => {
  const { forward, index, kink, numeric, numericError, path, relativeError, reverse } = entry
  return [
    `${placeOf(path, index, "the input")}: `,
    forward === undefined ? "" : `forward ${digits(forward)}, `,
    `reverse ${digits(reverse)}, numerical ${digits(numeric)} ± ${numericError.toExponential(0)}, `,
    `relative error ${relativeError.toPrecision(2)}`,
    kink === undefined ? "" : `; a kink: ${digits(kink.left)} from the left, ${digits(kink.right)} from the right`
  ].join("")
}

const renderRule = ({ entries, site }: WrongRule): string =>
  `  the rule${site === undefined ? " of its own" : ` built at ${site}`} is wrong at ${renderEntry(worstOf(entries)!)}`

const worstOf = (entries: ReadonlyArray<GradientEntry>): GradientEntry | undefined =>
  entries.reduce<GradientEntry | undefined>((worst, entry) => {
    const by = worst === undefined ? 1 : severity[entry.verdict] - severity[worst.verdict]
    return by > 0 || (by === 0 && entry.relativeError > worst!.relativeError) ? entry : worst
  }, undefined)

/**
 * Passes where the gradient of a program of one scalar output is correct at a point: forward mode, reverse mode and numerical derivatives agree.
 *
 * **Details**
 *
 * What `Calculus.checkGradient` says, with its options: kinks are allowed for, and a program that supports reverse mode only is checked by that. The message says how many entries are wrong, shows the
 * worst, with the path and the index of the input and the derivatives by each method, then all of them (where they are many, those that are not correct). Rules of the program's own (`Expr.customVjp`,
 * `Expr.customJvp`; outside of loops) are checked one by one at the values that they meet, and the wrong ones named by the line of code that built them.
 *
 * @example
 * ```ts
 * import { Expr, Fn } from "@fluxion/core"
 * import { Matchers } from "@fluxion/testing"
 *
 * const product = Fn.make({ x: [], y: [] }, ({ x, y }) => Expr.mul(x, y))
 * const wrong = Expr.customVjp(product, ({ cotangents, primals: { x, y } }) => ({
 *   x: Expr.mul(cotangents, y),
 *   y: Expr.neg(Expr.mul(cotangents, x))
 * }))
 * const { message, pass } = Matchers.toHaveCorrectGradient(wrong, { x: 2, y: 3 })
 * console.log(pass) // false
 * console.log(message().split("\n")[1]?.split(" ±")[0]?.trim()) // worst at y: reverse -2, numerical 2
 * ```
 *
 * @category matchers
 * @since 0.1.0
 */
export const toHaveCorrectGradient = (
  received: unknown,
  at: unknown,
  options?: Calculus.GradientCheckOptions
): MatcherResult => {
  if (!Fn.isFn(received)) {
    return { pass: false, message: () => `expected a program, received ${cut(renderValue(received))}` }
  }
  const { outputs } = Fn.specs(received)
  if (!Tree.isLeaf(outputs) || Tree.render(outputs) !== "real[]") {
    return {
      pass: false,
      message: () => `expected a program of one scalar output, received one that computes ${Tree.render(outputs)}`
    }
  }
  const check = Calculus.checkGradient(received as Fn.Fn<Tree.Spec, readonly [], unknown>, at as never, options)
  const result = Effect.runSync(Effect.result(check))
  const point = cut(renderValue(at))
  const where = `the gradient to be correct at ${point}`
  if (Result.isFailure(result)) {
    const { failure } = result
    return {
      pass: false,
      message: () =>
        `expected ${where}, but the program fails there: ${failure instanceof Error ? failure.message : String(failure)}\n  program: ${received}`
    }
  }
  const report = result.success
  const { entries, verdict } = report
  if (verdict === "correct") {
    return { pass: true, message: () => `expected the gradient not to be correct at ${point}\n  program: ${received}` }
  }
  const bad = entries.filter((entry) => severity[entry.verdict] === severity[verdict])
  const shown = entries.length <= 20 ? entries : entries.filter((entry) => entry.verdict !== "correct").slice(0, 20)
  return {
    pass: false,
    message: () =>
      [
        `expected ${where}, but ${bad.length} of ${entries.length} entries ${said[verdict].replace(/^is/, bad.length === 1 ? "is" : "are")}`,
        `  worst at ${renderEntry(worstOf(entries)!)}`,
        ...wrongRules(received, at, options).map(renderRule),
        `  program: ${received}`,
        ...Calculus.renderGradientReport({ ...report, entries: shown })
          .split("\n")
          .map((line) => `  ${line}`)
      ].join("\n")
  }
}
