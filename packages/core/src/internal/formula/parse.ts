// Formulas to programs: operator precedence with explicit stacks, so nothing recurses on depth, in time linear in the text.

import type * as Expr from "../../Expr.ts"
import * as Fn from "../../Fn.ts"
import { inherit, siteOfNode } from "../callSite.ts"
import type * as Primitive from "../../Primitive.ts"
import * as Shape from "../../Shape.ts"
import * as Tensor from "../../Tensor.ts"
import type * as Type from "../../Type.ts"
import { apply } from "../apply.ts"
import { constant, type Node } from "../node.ts"
import { functions } from "./functions.ts"
import { constants, isName, reserved } from "./names.ts"
import { notations, type Operator } from "./notation.ts"
import { kind, Problem, quote, tokenize, type Tokens } from "./tokens.ts"
import { fromNode, toNode } from "../lift.ts"

interface ParsedOperator extends Operator {
  readonly primitive: Primitive.Name
}

const operatorsOf = (prefix: boolean): ReadonlyMap<string, ParsedOperator> =>
  new Map(
    Object.entries(notations).flatMap(([primitive, { operator }]) =>
      operator !== undefined && (operator.associativity === "prefix") === prefix
        ? [[operator.symbol, { ...operator, primitive: primitive as Primitive.Name }] as const]
        : []
    )
  )

const infixOperators = operatorsOf(false)

const prefixOperators = operatorsOf(true)

const times = infixOperators.get("*")!

/** What waits on the stack: an operator, a parenthesis, or a call whose arguments are being read. */
type Frame =
  | { readonly _tag: "Operator"; readonly operator: ParsedOperator; readonly at: number }
  | { readonly _tag: "Group"; readonly at: number }
  | { readonly _tag: "Call"; readonly at: number; readonly name: string; readonly base: number }

const elementNames = { real: "a number", index: "an index", bool: "a truth value" }

const describeTypes = (operands: ReadonlyArray<Type.Type>): string =>
  operands
    .map(({ elementType }) => elementNames[elementType])
    .join(", ")
    .replace(/, (?=[^,]*$)/, " and ")

const brief = (name: string): string => (name.length > 40 ? `${name.slice(0, 39)}…` : name)

const listed = (all: ReadonlyArray<string>): string => {
  const shown = all.slice(0, 12).map(brief)
  return all.length > shown.length ? `${shown.join(", ")} and ${all.length - shown.length} more` : shown.join(", ")
}

/** How many insertions, deletions and substitutions lie between two words. */
const distance = (a: string, b: string): number => {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current.push(Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1))
    }
    previous = current
  }
  return previous[b.length]!
}

/** The known name that was probably meant: the nearest. A word of less than three letters may have been any. */
const suggestion = (word: string, known: Iterable<string>): string | undefined => {
  if (word.length > 24) return undefined
  const lower = word.toLowerCase()
  let best: string | undefined
  let least = word.length < 3 ? 0.5 : word.length < 5 ? 1.5 : 2.5
  for (const name of known) {
    if (name === word || Math.abs(name.length - word.length) >= least) continue
    // Of two at the same distance, the one that the word begins with.
    const away = distance(lower, name.toLowerCase()) - (lower.startsWith(name.toLowerCase()) ? 0.5 : 0)
    if (away < least) {
      least = away
      best = name
    }
  }
  return best === undefined ? undefined : `did you mean ${best}?`
}

const wordAt = ({ ends, starts, text }: Tokens, i: number): string => text.slice(starts[i], ends[i])

const isSeparator = (k: string): boolean => k === kind.newline || k === ";"

/** The names that statements define, `t = ...`. */
const definedNames = (tokens: Tokens): ReadonlySet<string> => {
  const names = new Set<string>()
  const { kinds } = tokens
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] === kind.name && kinds[i + 1] === "=" && (i === 0 || isSeparator(kinds[i - 1]!))) {
      names.add(wordAt(tokens, i))
    }
  }
  return names
}

/**
 * The variables of a formula in order of first appearance. A name before a parenthesis is one if it occurs without a
 * parenthesis too, as in `x(x + 1)`; in `f(x)`, `f` is meant to be a function.
 */
const inferredVariables = (tokens: Tokens, defined: ReadonlySet<string>): ReadonlyArray<string> => {
  const alone = new Map<string, boolean>()
  const { kinds } = tokens
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] !== kind.name) continue
    const word = wordAt(tokens, i)
    if (defined.has(word) || constants.has(word) || functions.has(word)) continue
    alone.set(word, alone.get(word) === true || kinds[i + 1] !== "(")
  }
  return [...alone].flatMap(([word, isVariable]) => (isVariable ? [word] : []))
}

const checkDeclared = (declared: ReadonlyArray<string>): void => {
  const seen = new Set<string>()
  for (const name of declared) {
    if (!isName(name) || reserved.has(name)) {
      throw new Problem(0, "names as variables (letters, digits and _, beginning with a letter)", quote(name))
    }
    if (seen.has(name)) throw new Problem(0, "variables that are declared once", `${quote(name)} twice`)
    seen.add(name)
  }
}

const valueNode = (value: number | boolean): Node =>
  constant(typeof value === "number" ? Tensor.full([], value) : Tensor.bool(value))

/** Builds the result of a formula over the nodes of its variables. */
class Parser {
  private readonly tokens: Tokens
  private readonly kinds: ReadonlyArray<string>
  private readonly variables: ReadonlyMap<string, Node>
  private readonly defined: ReadonlySet<string>
  private readonly declared: boolean
  private readonly definitions = new Map<string, Node>()
  private readonly frames: Array<Frame> = []
  private readonly operands: Array<Node> = []
  private next = 0
  /** How many groups and calls are open. */
  private depth = 0

  constructor(tokens: Tokens, variables: ReadonlyMap<string, Node>, defined: ReadonlySet<string>, declared: boolean) {
    this.tokens = tokens
    this.kinds = tokens.kinds
    this.variables = variables
    this.defined = defined
    this.declared = declared
  }

  formula(): Node {
    const { kinds } = this
    let definition: string | undefined
    this.skipSeparators()
    while (kinds[this.next] !== kind.end) {
      if (kinds[this.next] === kind.name && kinds[this.next + 1] === "=") {
        definition = this.definitionName()
        this.definitions.set(definition, this.expression())
        this.skipSeparators()
        continue
      }
      const at = this.next
      const result = this.expression()
      this.skipSeparators()
      if (kinds[this.next] !== kind.end) {
        throw this.problem(
          this.next,
          "the end of the formula, because only its last statement may be without a name",
          "an expression that goes on in the next line needs parentheses, or the operator at the end of the line"
        )
      }
      if (result.elementType !== "real") {
        throw new Problem(
          this.tokens.starts[at]!,
          "a formula that computes a number",
          `one that computes ${elementNames[result.elementType]}`,
          result.elementType === "bool" ? "toReal(p) is 0 or 1, select(p, a, b) chooses" : "use toReal(i)"
        )
      }
      return result
    }
    throw this.problem(
      this.next,
      definition === undefined ? "a formula" : `an expression after the definition of ${brief(definition)}`
    )
  }

  private skipSeparators(): void {
    while (isSeparator(this.kinds[this.next]!)) this.next++
  }

  private definitionName(): string {
    const name = wordAt(this.tokens, this.next)
    const taken = this.definitions.has(name)
      ? "a definition"
      : this.variables.has(name)
        ? "a variable"
        : reserved.has(name)
          ? "a constant"
          : functions.has(name)
            ? "a function"
            : undefined
    if (taken !== undefined) {
      throw new Problem(
        this.tokens.starts[this.next]!,
        "a new name to define",
        `${brief(name)}, which is ${taken} already`
      )
    }
    this.next += 2
    return name
  }

  /** Reads one expression, up to the end of its statement. */
  private expression(): Node {
    const { frames, kinds, operands } = this
    for (;;) {
      this.operand()
      // After an operand: closing parentheses, then an operator before the next operand, or the end.
      for (;;) {
        const token = kinds[this.next]!
        if (token === ")") {
          this.reduce(-1)
          const frame = frames.pop()
          if (frame === undefined) throw this.problem(this.next, "an operator or the end of the formula")
          this.depth--
          this.next++
          if (frame._tag === "Call") this.call(frame)
          continue
        }
        if (token === ",") {
          this.reduce(-1)
          if (frames.at(-1)?._tag !== "Call") {
            throw this.problem(
              this.next,
              this.depth === 0 ? "an operator or the end of the formula" : "an operator or )"
            )
          }
          this.next++
          break
        }
        if (token === kind.newline) {
          // A line that begins with an operator goes on with the one before, unless it can begin a statement.
          let after = this.next
          while (kinds[after] === kind.newline) after++
          if (kinds[after] !== "-" && kinds[after] !== "+" && infixOperators.has(kinds[after]!)) {
            this.next = after
            continue
          }
        }
        if (isSeparator(token) || token === kind.end) {
          this.reduce(-1)
          const open = frames.pop()
          if (open !== undefined) throw this.unclosed(open)
          return operands.pop()!
        }
        this.infix(token)
        break
      }
    }
  }

  private infix(token: string): void {
    const juxtaposed = token === kind.name || token === "("
    const operator = juxtaposed ? times : infixOperators.get(token)
    if (operator === undefined) {
      throw this.problem(
        this.next,
        this.depth > 0 ? "an operator or )" : "an operator or the end of the formula",
        token === "="
          ? "write == to compare; a definition t = ... is a statement of its own"
          : token === kind.number
            ? "a product with a number on the right is written x * 2"
            : undefined
      )
    }
    this.reduce(operator.associativity === "left" ? operator.level - 1 : operator.level)
    const top = this.frames.at(-1)
    if (operator.associativity === "none" && top?._tag === "Operator" && top.operator.level === operator.level) {
      throw this.problem(this.next, "one comparison", "write a < b and b < c")
    }
    this.frames.push({ _tag: "Operator", operator, at: this.next })
    if (!juxtaposed) this.next++
  }

  /** Reads what may stand where an operand is expected, up to and including the operand. */
  private operand(): void {
    const { frames, kinds, operands } = this
    for (;;) {
      const at = this.next
      const token = kinds[at]!
      switch (token) {
        case kind.newline:
        case "+":
          this.next++
          continue
        case "(":
          frames.push({ _tag: "Group", at })
          this.depth++
          this.next++
          continue
        case kind.number:
          operands.push(valueNode(Number(wordAt(this.tokens, at))))
          this.next++
          return
        case kind.name:
          if (this.name()) return
          continue
        case "-": {
          const value = this.literal(at + 1)
          if (value === undefined) {
            this.prefix(token)
            continue
          }
          operands.push(valueNode(-value))
          this.next += 2
          return
        }
        case "not":
          this.prefix(token)
          continue
        default:
          if ((token === "and" || token === "or") && kinds[at + 1] === "(") {
            this.open(token)
            continue
          }
          throw this.notAnOperand()
      }
    }
  }

  private prefix(token: string): void {
    this.frames.push({ _tag: "Operator", operator: prefixOperators.get(token)!, at: this.next })
    this.next++
  }

  private notAnOperand(): Problem {
    const top = this.frames.at(-1)
    if (this.kinds[this.next] === ")" && top?._tag === "Call" && this.kinds[this.next - 1] === "(") {
      return this.wrongCount(top, 0)
    }
    return this.problem(
      this.next,
      "a number, a name, a function or (",
      this.kinds[this.next] === kind.end && this.depth > 0
        ? this.openedHint(this.frames.findLast((frame) => frame._tag !== "Operator")!)
        : undefined
    )
  }

  /** The value of a number (or named number) that a minus sign before it belongs to: not that of 2 in -2^x. */
  private literal(at: number): number | undefined {
    const { kinds, tokens } = this
    let value: number | boolean | undefined
    if (kinds[at] === kind.number) value = Number(wordAt(tokens, at))
    else if (kinds[at] === kind.name) {
      const word = wordAt(tokens, at)
      if (!this.variables.has(word) && !this.defined.has(word)) value = constants.get(word)
    }
    if (typeof value !== "number") return undefined
    let after = at + 1
    while (kinds[after] === kind.newline) after++
    return kinds[after] === "^" ? undefined : value
  }

  private open(name: string): void {
    this.frames.push({ _tag: "Call", at: this.next, name, base: this.operands.length })
    this.depth++
    this.next += 2
  }

  /** Reads a name; answers whether it was an operand (or else began a call). */
  private name(): boolean {
    const word = wordAt(this.tokens, this.next)
    const called = this.kinds[this.next + 1] === "("
    if (called && functions.has(word)) {
      this.open(word)
      return false
    }
    const known = this.definitions.get(word) ?? this.variables.get(word)
    if (known === undefined) {
      const value = this.defined.has(word) ? undefined : constants.get(word)
      if (value === undefined) throw this.unknown(word, called)
      this.operands.push(valueNode(value))
    } else {
      this.operands.push(known)
    }
    this.next++
    return true
  }

  private unknown(word: string, called: boolean): Problem {
    const at = this.tokens.starts[this.next]!
    if (this.defined.has(word)) {
      return new Problem(at, "a name that is defined before", `${brief(word)}, which is defined later`)
    }
    if (functions.has(word)) {
      return new Problem(at, `( after the function ${word}`, this.describe(this.next + 1))
    }
    const names = [...this.variables.keys(), ...this.definitions.keys()]
    if (called) {
      return new Problem(
        at,
        "the name of a function",
        quote(word),
        suggestion(word, functions.keys()) ?? `the product is written ${brief(word)} * (...)`
      )
    }
    return new Problem(
      at,
      names.length === 0 ? "a formula without variables" : `one of the names ${listed(names)}`,
      `the unknown name ${quote(word)}`,
      suggestion(word, [...names, ...constants.keys(), ...(this.declared ? [] : functions.keys())])
    )
  }

  /** Applies the operators on top of the stack that bind tighter than `level`. */
  private reduce(level: number): void {
    const { frames, operands } = this
    for (;;) {
      const top = frames.at(-1)
      if (top?._tag !== "Operator" || top.operator.level <= level) return
      frames.pop()
      const { associativity, primitive, symbol } = top.operator
      const right = operands.pop()!
      const from = associativity === "prefix" ? [right] : [operands.pop()!, right]
      operands.push(this.build(top.at, symbol, from, () => apply(primitive as "add", {}, from as [Node, Node])))
    }
  }

  private call(frame: Extract<Frame, { readonly _tag: "Call" }>): void {
    const callable = functions.get(frame.name)!
    const args = this.operands.splice(frame.base)
    if (args.length < callable.least || args.length > callable.most) throw this.wrongCount(frame, args.length)
    for (let i = callable.literalFrom; i < args.length; i++) {
      if (args[i]!._tag !== "Constant" || args[i]!.elementType !== "real") {
        throw new Problem(
          this.tokens.starts[frame.at]!,
          `a plain number as argument ${i + 1} of ${frame.name}`,
          args[i]!._tag === "Constant" ? describeTypes([args[i]!]) : "an expression"
        )
      }
    }
    this.operands.push(this.build(frame.at, frame.name, args, () => callable.build(args)))
  }

  /** Builds a node; operands of the wrong type are a problem at the operator or function. */
  private build(at: number, operation: string, args: ReadonlyArray<Node>, make: () => Node): Node {
    try {
      return make()
    } catch (error) {
      if (!(error instanceof Shape.ShapeError)) throw error
      const expected = (/^expected (.*?), got /s.exec(error.problem)?.[1] ?? error.problem)
        .replace(/^real$/, "a number")
        .replace("reals", "numbers")
        .replace(/\bbool\b/, "a truth value")
      const literal = functions.get(operation)?.literalFrom === args.length - 1 ? args.at(-1)! : undefined
      throw new Problem(
        this.tokens.starts[at]!,
        `${expected} for ${operation}`,
        literal === undefined ? describeTypes(args) : String(literal.value!.data[0])
      )
    }
  }

  private wrongCount(frame: Extract<Frame, { readonly _tag: "Call" }>, count: number): Problem {
    const { least, most } = functions.get(frame.name)!
    const range = most === Infinity ? `${least} or more` : least === most ? `${least}` : `${least} or ${most}`
    return new Problem(
      this.tokens.starts[frame.at]!,
      `${range} argument${range === "1" ? "" : "s"} for ${frame.name}`,
      count === 0 ? "none" : `${count}`
    )
  }

  private unclosed(frame: Frame): Problem {
    return this.problem(this.next, "an operator or )", this.openedHint(frame))
  }

  private openedHint(frame: Frame): string {
    const paren = frame._tag === "Call" ? frame.at + 1 : frame.at
    const { column, line } = locate(this.tokens.text, this.tokens.starts[paren]!)
    return `the ( in line ${line}, column ${column} is not closed`
  }

  private describe(at: number): string {
    switch (this.kinds[at]) {
      case kind.end:
        return "the end of the formula"
      case kind.newline:
        return "the end of the line"
      default:
        return quote(wordAt(this.tokens, at))
    }
  }

  private problem(at: number, expected: string, hint?: string): Problem {
    return new Problem(this.tokens.starts[at]!, expected, this.describe(at), hint)
  }
}

/** The line and column (both from 1, in UTF-16 units) of an offset. */
export const locate = (text: string, offset: number): { readonly line: number; readonly column: number } => {
  let line = 1
  let start = 0
  for (let i = 0; i < offset; i++) {
    const code = text.charCodeAt(i)
    if (code === 10 || (code === 13 && text.charCodeAt(i + 1) !== 10)) {
      line++
      start = i + 1
    }
  }
  return { line, column: offset - start + 1 }
}

/** The program of a formula; throws a `Problem`. */
export const parse = (text: string, declared: ReadonlyArray<string> | undefined): Fn.Any => {
  if (declared !== undefined) checkDeclared(declared)
  const tokens = tokenize(text)
  const defined = definedNames(tokens)
  const names = declared ?? inferredVariables(tokens, defined)
  const inputs = Object.fromEntries(names.map((name) => [name, []]))
  // Everything in a formula was built where it is parsed.
  const before = inherit(siteOfNode())
  try {
    return Fn.unsafeFromLeaves(inputs, [], (leaves) => {
      const variables = new Map(names.map((name, i) => [name, toNode(leaves[i]!)]))
      return [fromNode<Expr.Expr>(new Parser(tokens, variables, defined, declared !== undefined).formula())]
    })
  } finally {
    inherit(before)
  }
}
