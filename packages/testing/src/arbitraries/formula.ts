import { Expr, Fn, type Formula as Notation } from "@fluxion/core"
import * as fc from "fast-check"
import { literalCode } from "../internal/code.ts"
import * as Formulas from "../internal/formulas.ts"
import type { Piece } from "../internal/formulas.ts"
import { ranked } from "../internal/ranked.ts"
import { listOf } from "../internal/lists.ts"

/**
 * A formula: its text, its variables, and its program.
 *
 * **Details**
 *
 * The program is built without the text. Prints as the code that reads the text.
 *
 * @category models
 * @since 0.1.0
 */
export interface Formula<V extends ReadonlyArray<string> = ReadonlyArray<string>> {
  readonly text: string
  readonly variables: V
  readonly fn: Notation.FormulaFn<V>
  readonly code: string
}

/**
 * Constraints of `formula`.
 *
 * **Details**
 *
 * - `variables`: the names of the inputs, `x` and `y` by default.
 * - `maxOperations`: how many operations and functions at most, 8 by default (those that bring an argument into the domain of a function come on top).
 * - `kinks` (on by default): `abs`, `max`, `floor`, `%`, `select` with comparisons, and the like.
 * - `domains`: `"safe"` (default) keeps arguments inside the domains of functions for all values of the variables (`log(x^2 + 1)`), `"any"` does not.
 *   Either way, a value can be too large for a number.
 *
 * @category options
 * @since 0.1.0
 */
export interface FormulaConstraints<V extends ReadonlyArray<string> = ReadonlyArray<string>> {
  readonly variables?: V
  readonly maxOperations?: number
  readonly kinks?: boolean
  readonly domains?: "safe" | "any"
}

/** What a step of a formula may ask for. */
interface Draw {
  readonly pick: () => Piece
  readonly choose: (count: number) => number
  readonly safe: boolean
  readonly kinks: boolean
}

interface Step {
  readonly kinks: boolean
  readonly make: (draw: Draw) => Piece
}

type Guard = (x: Piece) => Piece

const two = Formulas.number(2)
const one = Formulas.number(1)
const square = (x: Piece): Piece => Formulas.pow(0, x, two)
const positive: Guard = (x) => Formulas.add(0, square(x), one)
const aboveOne: Guard = (x) => Formulas.add(0, square(x), two)
const tanh = (x: Piece): Piece => Formulas.call("tanh", [x], ([y]) => Expr.tanh(y as Scalar))
const unit: Guard = (x) => Formulas.div(0, tanh(x), two)

const into = (draw: Draw, guard: Guard | undefined, x: Piece): Piece =>
  guard === undefined || !draw.safe ? x : guard(x)

const smooth = (make: Step["make"]): Step => ({ kinks: false, make })
const kinked = (make: Step["make"]): Step => ({ kinks: true, make })

type Scalar = Expr.Expr<readonly []>
type Unary = (x: Scalar) => Scalar

/** A function by its names. */
const unary =
  (f: Unary, names: string, guard?: Guard): Step["make"] =>
  (draw) => {
    const spellings = names.split(" ")
    const x = into(draw, guard, draw.pick())
    return Formulas.call(spellings[draw.choose(spellings.length)]!, [x], ([y]) => f(y as Scalar))
  }

const binary =
  (f: Expr.Binary | Expr.Arithmetic, name: string, left?: Guard, right?: Guard): Step["make"] =>
  (draw) =>
    Formulas.call(name, [into(draw, left, draw.pick()), into(draw, right, draw.pick())], ([x, y]) =>
      (f as Expr.Binary)(x as Scalar, y as Scalar)
    )

/** A function with a number as its last argument. */
const withNumber =
  (f: (x: Scalar, p: number) => Scalar, name: string, numbers: ReadonlyArray<number>, guard?: Guard): Step["make"] =>
  (draw) => {
    const p = numbers[draw.choose(numbers.length)]!
    return Formulas.call(name, [into(draw, guard, draw.pick())], ([x]) => f(x as Scalar, p), [p])
  }

const predicate = (draw: Draw): Piece => {
  const comparison = (): Piece =>
    Formulas.comparisons[draw.choose(Formulas.comparisons.length)]!(draw.choose(4), draw.pick(), draw.pick())
  const first = comparison()
  switch (draw.choose(6)) {
    case 3:
      return Formulas.not(draw.choose(3), first)
    case 4:
    case 5:
      return Formulas.connectives[draw.choose(2)]!(draw.choose(3), first, comparison())
    default:
      return first
  }
}

/** All steps; earlier ones are simpler, and what formulas shrink to. */
const steps: ReadonlyArray<Step> = [
  smooth((draw) => Formulas.add(0, draw.pick(), draw.pick())),
  smooth((draw) => Formulas.mul(draw.choose(8), draw.pick(), draw.pick())),
  smooth((draw) => Formulas.sub(draw.choose(8), draw.pick(), draw.pick())),
  smooth((draw) => Formulas.neg(draw.pick())),
  // With a number before it: 2x.
  smooth((draw) => Formulas.mul(3, Formulas.number([2, 3, 0.5, 10][draw.choose(4)]!), draw.pick())),
  smooth(unary(Expr.sin, "sin")),
  smooth(unary(Expr.cos, "cos")),
  smooth(unary(Expr.exp, "exp", tanh)),
  smooth((draw) => Formulas.div(draw.choose(8), draw.pick(), into(draw, positive, draw.pick()))),
  smooth((draw) => {
    const exponent = draw.choose(3) === 2 && !draw.safe ? draw.pick() : [two, Formulas.number(3)][draw.choose(2)]!
    return Formulas.pow(draw.choose(6), draw.pick(), exponent)
  }),
  smooth((draw) => Formulas.pow(draw.choose(6), into(draw, positive, draw.pick()), draw.pick())),
  smooth(unary(Expr.log, "log ln", positive)),
  smooth(unary(Expr.sqrt, "sqrt", positive)),
  smooth(unary(Expr.square, "square")),
  smooth(unary(Expr.tanh, "tanh")),
  smooth(unary(Expr.atan, "atan arctan")),
  smooth(unary(Expr.tan, "tan", unit)),
  smooth(unary(Expr.asin, "asin arcsin", unit)),
  smooth(unary(Expr.acos, "acos arccos", unit)),
  smooth(unary(Expr.sinh, "sinh", tanh)),
  smooth(unary(Expr.cosh, "cosh", tanh)),
  smooth(unary(Expr.asinh, "asinh arsinh")),
  smooth(unary(Expr.acosh, "acosh arcosh", aboveOne)),
  smooth(unary(Expr.atanh, "atanh artanh", unit)),
  smooth(unary(Expr.expm1, "expm1", tanh)),
  smooth(unary(Expr.log1p, "log1p", square)),
  smooth(unary(Expr.log2, "log2", positive)),
  smooth(unary(Expr.log10, "log10", positive)),
  smooth(unary(Expr.cbrt, "cbrt", positive)),
  smooth(unary(Expr.erf, "erf")),
  smooth(unary(Expr.erfc, "erfc")),
  smooth(unary(Expr.lgamma, "lgamma", positive)),
  smooth(unary(Expr.digamma, "digamma", positive)),
  smooth(unary(Expr.sigmoid, "sigmoid")),
  smooth(unary(Expr.softplus, "softplus")),
  smooth(unary(Expr.reciprocal, "reciprocal", positive)),
  smooth(unary(Expr.logSigmoid, "logSigmoid")),
  smooth(unary(Expr.silu, "silu")),
  smooth(unary(Expr.gelu, "gelu")),
  smooth(unary(Expr.geluTanh, "geluTanh")),
  smooth(unary(Expr.sinc, "sinc")),
  smooth(withNumber((x, n) => Expr.polygamma(x, n), "polygamma", [1, 2], positive)),
  smooth(binary(Expr.atan2, "atan2", positive)),
  smooth(binary(Expr.hypot, "hypot", positive)),
  smooth(binary(Expr.logAddExp, "logAddExp")),
  smooth(binary(Expr.xlogy, "xlogy", undefined, positive)),
  smooth(binary(Expr.mulStrongZero, "mulStrongZero")),
  kinked(unary(Expr.abs, "abs")),
  kinked(unary(Expr.relu, "relu")),
  kinked(unary(Expr.sign, "sign")),
  kinked(unary(Expr.floor, "floor")),
  kinked(unary(Expr.ceil, "ceil")),
  kinked(unary(Expr.round, "round")),
  kinked(binary(Expr.max, "max")),
  kinked(binary(Expr.min, "min")),
  kinked((draw) => Formulas.rem(0, draw.pick(), into(draw, positive, draw.pick()))),
  kinked(withNumber((x, p) => Expr.leakyRelu(x, p), "leakyRelu", [0.1, 0.2])),
  kinked(withNumber((x, p) => Expr.elu(x, p), "elu", [1, 0.5])),
  kinked(withNumber((x, p) => Expr.huber(x, p), "huber", [1, 2])),
  kinked((draw) =>
    Formulas.call("clamp", [draw.pick(), Formulas.number(-1), two], ([x, low, high]) =>
      Expr.clamp(x as Scalar, low as Scalar, high as Scalar)
    )
  ),
  kinked((draw) => Formulas.select(predicate(draw), draw.pick(), draw.pick())),
  kinked((draw) => Formulas.toReal(predicate(draw)))
]

/** Numbers in formulas; earlier ones are simpler. */
const numbers = [1, 2, 3, 0.5, 10, -1, -2.5, 0.1, 1e-3]

class FormulaImpl {
  readonly text: string
  readonly variables: ReadonlyArray<string>
  readonly fn: Fn.Any
  constructor(text: string, variables: ReadonlyArray<string>, fn: Fn.Any) {
    this.text = text
    this.variables = variables
    this.fn = fn
  }
  get code(): string {
    const options = literalCode({ variables: this.variables })
    return `const program = Result.getOrThrow(Formula.parse(${JSON.stringify(this.text)}, ${options}))`
  }
  toString(): string {
    return this.text
  }
  [fc.toStringMethod](): string {
    return this.code
  }
}

/**
 * An arbitrary formula in the notation of `Formula`, with its program.
 *
 * **Details**
 *
 * All operators and functions of the notation occur, with their spellings (`ln`, `**`, `≤`, `2x`); what is used more than once is defined, `t1 = x^2; t1 + sin(t1)`. The
 * program is built by combinators, not from the text: so it is an oracle for what reads the text. Its inputs are `variables`, used or not.
 *
 * Shrinks by leaving out operations, then towards simpler ones, and prints as the code that reads it.
 *
 * @example
 * ```ts
 * import { Fn, Formula } from "@fluxion/core"
 * import { Arbitraries } from "@fluxion/testing"
 * import { Result } from "effect"
 * import * as fc from "fast-check"
 *
 * const formulas = Arbitraries.formula({ variables: ["x", "y"] })
 * const read = fc.property(formulas, ({ fn, text, variables }) => {
 *   const parsed = Result.getOrThrow(Formula.parse(text, { variables }))
 *   return Object.is(Fn.runSync(parsed, { x: 0.5, y: 2 }), Fn.runSync(fn, { x: 0.5, y: 2 }))
 * })
 * console.log(fc.check(read).failed) // false
 *
 * const shrunk = fc.check(fc.property(formulas, ({ text }) => !text.includes("sin")), { numRuns: 1000 })
 * console.log(shrunk.counterexample?.[0].text) // sin(y)
 * ```
 *
 * @category arbitraries
 * @since 0.1.0
 */
export const formula = <const V extends ReadonlyArray<string> = readonly ["x", "y"]>(
  constraints: FormulaConstraints<V> = {}
): fc.Arbitrary<Formula<V>> => {
  const variables: ReadonlyArray<string> = constraints.variables ?? ["x", "y"]
  const { domains = "safe", kinks = true, maxOperations = 8 } = constraints
  const known = steps.filter((step) => kinks || !step.kinks)
  const later = fc.noBias(fc.nat({ max: 40 }))
  const step = fc.record({
    // The first ones, arithmetic and the like, more often.
    operation: fc.oneof(
      { weight: 2, arbitrary: ranked(Math.min(9, known.length - 1)) },
      { weight: 3, arbitrary: ranked(known.length - 1) }
    ),
    // First what came last, more often than not: so most of what is made is used.
    picks: fc.tuple(fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, later), later, later, later),
    choices: listOf(fc.noBias(fc.nat({ max: 419 })), 8, 8)
  })
  const separators = fc.constantFrom("; ", "\n")
  return fc.tuple(listOf(step, 0, maxOperations), separators).map(([followed, separator]) => {
    const leaves: Record<string, Expr.Any> = {}
    const values = variables.map((name) => Formulas.variable(name, () => leaves[name]!))
    for (const { choices, operation, picks } of followed) {
      let [pickAt, choiceAt] = [0, 0]
      const choose = (count: number): number => choices[choiceAt++ % choices.length]! % count
      const pick = (): Piece => {
        if (values.length === 0 || choose(6) === 5) return Formulas.number(numbers[choose(numbers.length)]!)
        return values[values.length - 1 - (picks[pickAt++ % picks.length]! % values.length)]!
      }
      values.push(known[operation]!.make({ pick, choose, safe: domains === "safe", kinks }))
    }
    const result = values.at(-1) ?? one
    const specification = Object.fromEntries(variables.map((name) => [name, [] as const]))
    const fn = Fn.make(specification, (inputs) => {
      Object.assign(leaves, inputs)
      return Formulas.build(result) as Scalar
    })
    return new FormulaImpl(Formulas.print(result, variables, separator), variables, fn)
  }) as fc.Arbitrary<unknown> as fc.Arbitrary<Formula<V>>
}
