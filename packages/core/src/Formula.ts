/**
 * Mathematical notation: formulas to programs, and programs to formulas and LaTeX.
 *
 * **Details**
 *
 * The notation, loosest binding first; parentheses group, and functions are called with them:
 *
 * | written                                 | means                                                                      |
 * | --------------------------------------- | -------------------------------------------------------------------------- |
 * | `t = a + b; t * sin(t)`                 | definitions, separated by `;` or line ends; the last statement is the result |
 * | `p or q`, `p and q`, `not p`            | logic, also `\|\|`, `&&`, `!`                                                |
 * | `a < b`, `<=`, `>`, `>=`, `==`, `!=`    | comparisons; they do not chain                                             |
 * | `a + b`, `a - b`                        | sums, from the left                                                        |
 * | `a * b`, `a / b`, `a % b`, `2x`, `a (b)` | products, from the left; juxtaposition binds as `*`, so `1/2x` is `(1/2)*x` |
 * | `-a`                                    | the negative: `-x^2` is `-(x^2)`; before a number it makes a negative number |
 * | `a ^ b`, `a ** b`                       | powers, from the right; the exponent may have a sign                       |
 * | `1`, `.5`, `1e-3`, `x`, `sin(x)`        | numbers, names, functions                                                  |
 *
 * Names are letters, digits and `_`, beginning with a letter; paths such as `params.w[0]` are one name. Constants are `pi` (`π`), `tau`
 * (`τ`), `e`, `Infinity` (`∞`), `NaN`, `true` and `false`; a variable may have the name of the first three. Functions are the elementwise
 * primitives by their names (`exp`, `log`, `sqrt`, `erf`, `atan2(y, x)`, `hypot`, `max`, `select(p, a, b)`, `clamp(x, low, high)`,
 * `polygamma(x, n)`, `mulStrongZero`, `stopGradient`, `toReal(p)`, …), `ln`, `arcsin` and relatives, and the derived functions of scalars
 * (`square`, `reciprocal`, `log2`, `log10`, `sinc`, `gelu`, `geluTanh`, `silu`, `logSigmoid`, `logAddExp`, `xlogy`, `leakyRelu`, `elu`,
 * `huber`). `index(3)` is an index. The characters `− · × ÷ ≤ ≥ ≠ ∧ ∨ ¬` are understood.
 *
 * A line end inside parentheses or after an operator is a space, and so is one before an operator that cannot begin a statement.
 *
 * @since 0.1.0
 */
import { Effect, Result, Schema, SchemaIssue, SchemaTransformation } from "effect"
import type * as Expr from "./Expr.ts"
import * as Fn from "./Fn.ts"
import { locate, parse as parseFormula } from "./internal/formula/parse.ts"
import * as Printing from "./internal/formula/print.ts"
import { Problem } from "./internal/formula/tokens.ts"
import * as Tree from "./Tree.ts"
import { toNode } from "./internal/lift.ts"

/**
 * A text that is not a formula: what was expected, what came instead, and where.
 *
 * **Details**
 *
 * `offset` counts UTF-16 units from 0, `line` and `column` from 1. The message ends with the line in question and a caret below the place.
 *
 * @example
 * ```ts
 * import { Formula } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const error = Result.merge(Formula.parse("2 * (x + )"))
 * if (error instanceof Formula.FormulaSyntaxError) console.log(error.column, error.expected, error.got) // 10 a number, a name, a function or ( ")"
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class FormulaSyntaxError extends Schema.TaggedError<FormulaSyntaxError>()("FormulaSyntaxError", {
  /** Where, in UTF-16 units from the beginning. */
  offset: Schema.Int,
  /** The line, from 1. */
  line: Schema.Int,
  /** The column, from 1. */
  column: Schema.Int,
  /** What could have stood there. */
  expected: Schema.String,
  /** What stood there. */
  got: Schema.String,
  /** How to write what may have been meant. */
  hint: Schema.optionalKey(Schema.String),
  /** The line (a part of it, if it is long), and a caret below the place. */
  excerpt: Schema.String
}) {
  override get message(): string {
    const hint = this.hint === undefined ? "" : ` (${this.hint})`
    return `line ${this.line}, column ${this.column}: expected ${this.expected}, got ${this.got}${hint}\n${this.excerpt}`
  }
}

const window = 60

/** The line around an offset with a caret below, without control characters. */
const excerptAt = (text: string, offset: number): string => {
  const isEnd = (i: number) => text[i] === "\n" || text[i] === "\r"
  let start = offset
  while (start > 0 && offset - start < window && !isEnd(start - 1)) start--
  let end = offset
  while (end < text.length && end - offset < window && !isEnd(end)) end++
  const visible = (part: string) =>
    Array.from(part.toWellFormed(), (char) => (/\p{C}|\p{Zl}|\p{Zp}/u.test(char) ? " " : char))
  const before = [...(start > 0 && !isEnd(start - 1) ? ["…"] : []), ...visible(text.slice(start, offset))]
  const after = [...visible(text.slice(offset, end)), ...(end < text.length && !isEnd(end) ? ["…"] : [])]
  return `  ${before.join("")}${after.join("")}\n  ${" ".repeat(before.length)}^`
}

const syntaxError = (text: string, { expected, got, hint, offset }: Problem): FormulaSyntaxError =>
  new FormulaSyntaxError({
    offset,
    ...locate(text, offset),
    expected,
    got,
    ...(hint === undefined ? {} : { hint }),
    excerpt: excerptAt(text, offset)
  })

/**
 * Which names are variables, in the order of the program's inputs.
 *
 * @category options
 * @since 0.1.0
 */
export interface ParseOptions<V extends ReadonlyArray<string> = ReadonlyArray<string>> {
  readonly variables: V
}

/**
 * The inputs of the program of a formula: one scalar for each variable.
 *
 * @category type-level
 * @since 0.1.0
 */
export type Inputs<V extends ReadonlyArray<string>> = { readonly [K in V[number]]: readonly [] }

/**
 * The program of a formula.
 *
 * @category models
 * @since 0.1.0
 */
export type FormulaFn<V extends ReadonlyArray<string> = ReadonlyArray<string>> = Fn.Fn<Inputs<V>, readonly []>

/**
 * Reads a formula: infix notation to a program of scalars.
 *
 * **Details**
 *
 * With `variables`, the inputs are exactly these in this order, used or not, and another name is an error that lists what is known.
 * Without, they are the unknown names in order of first appearance; a name that occurs only as `f(...)` is then an unknown function, while
 * `x(x + 1)` is a product. Each mention of a definition shares its computation. `x^2` is `pow(x, 2)`.
 *
 * Fails with a `FormulaSyntaxError`. Takes time and memory linear in the text, for any nesting.
 *
 * @example
 * ```ts
 * import { Fn, Formula } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Result.getOrThrow(Formula.parse("t = x^2 + y; t * sin(t)", { variables: ["x", "y"] }))
 * console.log(Fn.runSync(f, { x: 2, y: -4 })) // 0
 *
 * const failure = Formula.parse("x * (y + z)", { variables: ["x", "y"] })
 * if (Result.isFailure(failure)) console.log(failure.failure.expected, "|", failure.failure.got) // one of the names x, y | the unknown name "z"
 * ```
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse: {
  <const V extends ReadonlyArray<string>>(
    text: string,
    options: ParseOptions<V>
  ): Result.Result<FormulaFn<V>, FormulaSyntaxError>
  (text: string): Result.Result<FormulaFn, FormulaSyntaxError>
} = (text: string, options?: ParseOptions): Result.Result<never, FormulaSyntaxError> => {
  try {
    return Result.succeed(parseFormula(text, options?.variables) as never)
  } catch (problem) {
    if (problem instanceof Problem) return Result.fail(syntaxError(text, problem))
    throw problem
  }
}

/**
 * A program or an expression.
 *
 * @category models
 * @since 0.1.0
 */
export type Printable = Fn.Any | Expr.Any

const printable = (self: Printable): Printing.Printable =>
  Fn.isFn(self)
    ? { body: Fn.toBody(self), paths: Fn.specs(self).outputLeaves.map(({ path }) => path) }
    : Printing.ofExpression(toNode(self))

/**
 * What stands between the statements of a printed formula: `"; "` by default.
 *
 * @category options
 * @since 0.1.0
 */
export interface PrintOptions {
  readonly separator?: "; " | "\n"
}

/**
 * Writes a program or an expression in infix notation.
 *
 * **Details**
 *
 * What is used more than once becomes a definition, so the text is no longer than the program is large. There are no more parentheses than
 * needed to keep the program: `a + (b + c)` is not `a + b + c`. Numbers are the shortest that are read back exactly, and π, 2π
 * and e have their names.
 *
 * A program of elementwise operations on scalars is read back by `parse` as the same program: the same primitives, constants and sharing
 * (constants apart, which are written wherever they occur). Give `parse` the `variables` of the program to keep its inputs. Operations
 * on arrays are written as functions with their attributes, and arrays as `tensor[2,3]`; that is to be read by people. Several outputs are
 * written as definitions of their paths; inputs of an expression by their names.
 *
 * Control flow is to be read by people, too: `scan((carry, x) => carry + x, init: [0], xs: [xs])`. The parameters of a body begin with what it
 * captured. A body that is used more than once, or stands deep in others, is a function of its own: `f1(x) = x * x; f1(f1(y))`. A computation with several
 * results is indexed: `t1[0]`.
 *
 * Takes time linear in the size of the program.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Formula } from "@fluxion/core"
 *
 * const f = Fn.make({ x: [], y: [] }, ({ x, y }) => {
 *   const t = Expr.pow(x, 2)
 *   return Expr.mul(t, Expr.sin(Expr.sub(t, Expr.neg(y))))
 * })
 * console.log(Formula.print(f)) // t1 = x^2; t1 * sin(t1 - -y)
 * console.log(Formula.print(Fn.make({ w: [2, 3] }, ({ w }) => Expr.sum(Expr.mul(w, 2), { axis: 0 })))) // sum(w * 2, axes: [0])
 *
 * const horner = Fn.make({ c: [3], x: [] }, ({ c, x }) => Expr.fold((y, ci) => Expr.add(Expr.mul(y, x), ci), 0, c))
 * console.log(Formula.print(horner)) // scan((x, carry, xs) => carry * x + xs, consts: [x], init: [0], xs: [c])
 * ```
 *
 * @category printing
 * @since 0.1.0
 */
export const print = (self: Printable, options?: PrintOptions): string =>
  Printing.print(printable(self), options?.separator ?? "; ")

/**
 * Writes a program or an expression in LaTeX (for math mode, with the package `amsmath`).
 *
 * **Details**
 *
 * Greek names become letters (`alpha` is `\alpha`), `x_1` and `x1` get subscripts, longer names are upright. Sums of sums and
 * products of products are written without parentheses, and the product of something with itself as its square. What is used more than
 * once is defined below the formula, in an `aligned` environment; and so are the bodies of control flow, as functions.
 *
 * Takes time linear in the size of the program.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Formula } from "@fluxion/core"
 *
 * const f = Fn.make({ alpha: [], x_1: [] }, ({ alpha, x_1 }) => Expr.div(Expr.sin(alpha), Expr.sqrt(Expr.square(x_1))))
 * console.log(Formula.latex(f)) // \frac{\sin\left(\alpha\right)}{\sqrt{x_{1}^{2}}}
 * ```
 *
 * @category printing
 * @since 0.1.0
 */
export const latex = (self: Printable): string => Printing.latex(printable(self))

/**
 * The names that the inputs of a program have in its formula; for an expression, those of the inputs it depends on.
 *
 * **Details**
 *
 * The path of an input where it is a name (`params.w[0]` is one), otherwise one made from it; all are different.
 *
 * @example
 * ```ts
 * import { Expr, Fn, Formula } from "@fluxion/core"
 * import { Result } from "effect"
 *
 * const f = Fn.make({ b: [], a: [] }, ({ a, b }) => Expr.div(a, b))
 * console.log(Formula.variables(f)) // [ 'b', 'a' ]
 *
 * const g = Result.getOrThrow(Formula.parse(Formula.print(f), { variables: Formula.variables(f) }))
 * console.log(Fn.runSync(g, { a: 1, b: 2 })) // 0.5
 * ```
 *
 * @category printing
 * @since 0.1.0
 */
export const variables = (self: Printable): ReadonlyArray<string> => Printing.inputNames(printable(self))

/** Whether a formula says all there is to a program: elementwise operations on scalars only, one output of reals. */
const isScalarFormula = (self: Fn.Any): boolean =>
  Tree.render(self.outputs as Tree.Spec) === "real[]" &&
  Fn.nodes(self).every((node) => node.shape.length === 0 && toNode(node)._tag !== "Project")

/**
 * A schema for programs that are encoded as formulas.
 *
 * **Details**
 *
 * Decoding fails with the message of the `FormulaSyntaxError`, encoding where a program is not a formula over these variables (in
 * their order): where it has arrays, other inputs, or several outputs. Without `variables` the inputs are inferred, and a program whose
 * inputs are not the names in order of first appearance cannot be encoded.
 *
 * @example
 * ```ts
 * import { Fn, Formula } from "@fluxion/core"
 * import { Schema } from "effect"
 *
 * const codec = Formula.schema({ variables: ["x"] })
 * const f = Schema.decodeUnknownSync(codec)("3x^2 - 1")
 * console.log(Fn.runSync(f, { x: 2 })) // 11
 * console.log(Schema.encodeSync(codec)(f)) // 3 * x^2 - 1
 * ```
 *
 * @category schemas
 * @since 0.1.0
 */
export const schema: {
  <const V extends ReadonlyArray<string>>(options: ParseOptions<V>): Schema.Codec<FormulaFn<V>, string>
  (): Schema.Codec<FormulaFn, string>
} = (options?: ParseOptions): Schema.Codec<never, string> => {
  const read = (text: string) => (options === undefined ? parse(text) : parse(text, options))
  const invalid = (message: string) => Effect.fail(new SchemaIssue.InvalidValue({ message }))
  const declared = Schema.declare((u): u is FormulaFn => Fn.isFn(u), { expected: "a program of a formula" })
  return Schema.String.pipe(
    Schema.decodeTo(
      declared,
      SchemaTransformation.transformEffect<FormulaFn, string>({
        decode: (text) =>
          Result.match(read(text), { onSuccess: Effect.succeed, onFailure: ({ message }) => invalid(message) }),
        encode: (self) => {
          const expected = options === undefined ? "inferred inputs" : `inputs ${options.variables.join(", ")}`
          if (!isScalarFormula(self))
            return invalid(`expected a program of scalars without control flow, with one output, got ${self}`)
          const text = print(self)
          const again = read(text)
          return Result.isSuccess(again) && Tree.render(again.success.inputs) === Tree.render(self.inputs)
            ? Effect.succeed(text)
            : invalid(`expected a program with ${expected}, got ${self}`)
        }
      })
    )
  ) as unknown as Schema.Codec<never, string>
}
