// How each primitive is written, infix and in LaTeX: one total table, so that a primitive without a notation does not compile.

import type * as Primitive from "../../Primitive.ts"
import type { Body } from "../schedule.ts"

/** How tightly a piece of notation holds together; a piece stands bare where at least its level is asked for. */
export const Level = {
  any: 0,
  or: 1,
  and: 2,
  not: 3,
  comparison: 4,
  sum: 5,
  product: 6,
  sign: 7,
  power: 8,
  atom: 9
} as const

/** The place of an operand. */
export interface Hole {
  readonly operand: number
  /** The level from which on the operand needs no parentheses. */
  readonly level: number
  /** Parentheses around what begins with a minus sign. */
  readonly unsigned: boolean
  /** Parentheses around a number, which would otherwise be read as part of another number. */
  readonly literalApart: boolean
}

/** The notation of one application: fixed text and operands, in order. */
export interface Form {
  readonly level: number
  readonly parts: ReadonlyArray<string | Hole>
}

export type Associativity = "left" | "right" | "none" | "prefix"

/** How a primitive is written between (or before) its operands. */
export interface Operator {
  readonly symbol: string
  readonly level: number
  readonly associativity: Associativity
}

/** The printed form of a primitive with attributes `A`, for a number of operands. */
export interface Notation<A extends object = {}> {
  readonly operator?: Operator
  readonly text: (attributes: A, count: number) => Form
  readonly latex: (attributes: A, count: number) => Form
}

type Notations = { readonly [K in Primitive.Name]: Notation<Primitive.Attributes<K>> }

const hole = (operand: number, level: number): Hole => ({ operand, level, unsigned: false, literalApart: false })

const unsigned = (operand: number, level: number): Hole => ({ operand, level, unsigned: true, literalApart: false })

const constantly = (form: Form) => () => form

// -----------------------------------------------------------------------------
// Operators
// -----------------------------------------------------------------------------

const infix = (operator: Operator, latex: () => Form): Notation => {
  const { associativity, level, symbol } = operator
  const left = associativity === "left" ? level : level + 1
  // What stands right of a power may begin with a sign: x^-y.
  const right = associativity === "right" ? Level.sign : level + 1
  const around = associativity === "right" ? symbol : ` ${symbol} `
  return { operator, text: constantly({ level, parts: [hole(0, left), around, hole(1, right)] }), latex }
}

// `a + (b + c)` is another program than `a + b + c`, but the same formula: LaTeX needs no parentheses there.
const latexInfix = (symbol: string, level: number, associative: boolean) =>
  constantly({
    level,
    parts: [hole(0, level), ` ${symbol} `, unsigned(1, associative ? level : level + 1)]
  })

const comparison = (symbol: string, latex: string): Notation =>
  infix(
    { symbol, level: Level.comparison, associativity: "none" },
    constantly({
      level: Level.comparison,
      parts: [hole(0, Level.sum), ` ${latex} `, hole(1, Level.sum)]
    })
  )

// -----------------------------------------------------------------------------
// Functions
// -----------------------------------------------------------------------------

const renderNumber = (value: number): string => (Object.is(value, -0) ? "-0" : String(value))

const renderAttribute = (value: unknown): string =>
  Array.isArray(value)
    ? `[${value.map(renderAttribute).join(", ")}]`
    : typeof value === "number"
      ? renderNumber(value)
      : String(value)

const renderAttributes = (attributes: object): ReadonlyArray<string> =>
  Object.entries(attributes).map(([key, value]) => `${key}: ${renderAttribute(value)}`)

const operands = (open: string, count: number, more: ReadonlyArray<string>, close: string): Array<string | Hole> => {
  const parts: Array<string | Hole> = [open]
  for (let i = 0; i < count; i++) {
    if (i > 0) parts.push(", ")
    parts.push(hole(i, Level.any))
  }
  for (const text of more) parts.push(", ", text)
  parts.push(close)
  return parts
}

const textCall = (name: string, count: number, more: ReadonlyArray<string>): Form => ({
  level: Level.atom,
  parts: operands(`${name}(`, count, more, ")")
})

// A function is no atom: its power would be read as the power of its argument, or as the inverse function.
const latexCall = (name: string, count: number, more: ReadonlyArray<string>): Form => ({
  level: Level.power,
  parts: operands(`${name}\\left(`, count, more.length === 0 ? more : [`\\text{${more.join(", ")}}`], "\\right)")
})

// -----------------------------------------------------------------------------
// Control primitives
// -----------------------------------------------------------------------------

/** How the arguments of control primitives are set. */
export interface Style {
  readonly level: number
  readonly open: (name: string) => string
  readonly close: string
  readonly list: readonly [string, string]
  readonly label: (name: string) => string
  readonly cases: boolean
}

export const styles = {
  text: {
    level: Level.atom,
    open: (name) => `${name}(`,
    close: ")",
    list: ["[", "]"],
    label: (name) => `${name}: `,
    cases: false
  },
  latex: {
    level: Level.power,
    open: (name) => `\\operatorname{${name}}\\left(`,
    close: "\\right)",
    list: ["\\left[", "\\right]"],
    label: (name) => `\\text{${name}: }`,
    cases: true
  }
} satisfies { readonly [dialect: string]: Style }

/** The notation of a control primitive with attributes `A`; `body` is what stands for a body: its name, or the body itself. */
type ControlNotation<A extends object> = (
  attributes: A,
  count: number,
  body: (body: Body) => string,
  style: Style
) => Form

type ControlNotations = { readonly [K in Primitive.ControlName]: ControlNotation<Primitive.ControlAttributes<K>> }

type Argument = ReadonlyArray<string | Hole>

const separated = (parts: ReadonlyArray<Argument>): Array<string | Hole> =>
  parts.flatMap((part, i) => (i === 0 ? part : [", ", ...part]))

const range = (from: number, to: number): ReadonlyArray<Argument> =>
  Array.from({ length: to - from }, (_, i) => [hole(from + i, Level.any)])

const labelled = (name: string, argument: Argument, { label }: Style): Argument => [label(name), ...argument]

const listOf = (elements: ReadonlyArray<Argument>, { list: [open, close] }: Style): Argument => [
  open,
  ...separated(elements),
  close
]

/** Some operands in a list under a name; nothing where there are none. */
const named = (name: string, from: number, to: number, style: Style): ReadonlyArray<Argument> =>
  from === to ? [] : [labelled(name, listOf(range(from, to), style), style)]

const unless = (condition: boolean, name: string, value: unknown, style: Style): ReadonlyArray<Argument> =>
  condition ? [] : [labelled(name, [String(value)], style)]

const applied = (name: string, parts: ReadonlyArray<Argument>, { close, level, open }: Style): Form => ({
  level,
  parts: [open(name), ...separated(parts), close]
})

/** A function by its name, applied to operands. */
const application = (name: string, from: number, to: number, style: Style): Argument => [
  name,
  style.cases ? "\\left(" : "(",
  ...separated(range(from, to)),
  style.close
]

const renderCheckpoint = (checkpoint: Primitive.Checkpoint): string =>
  typeof checkpoint === "string"
    ? checkpoint
    : "every" in checkpoint
      ? `every ${checkpoint.every}`
      : `${checkpoint.snapshots} snapshots`

/** Control primitives: their bodies first, then operands by what they are. */
export const controlNotations: ControlNotations = {
  cond: ({ whenFalse, whenTrue }, count, body, style) =>
    style.cases
      ? {
          level: Level.any,
          parts: [
            "\\begin{cases} ",
            ...application(body(whenTrue), 1, count, style),
            " & \\text{if } ",
            hole(0, Level.any),
            " \\\\ ",
            ...application(body(whenFalse), 1, count, style),
            " & \\text{otherwise} \\end{cases}"
          ]
        }
      : applied("cond", [...range(0, 1), [body(whenTrue)], [body(whenFalse)], ...range(1, count)], style),
  scan: ({ body: step, carries, checkpoint, consts, length, reverse }, count, body, style) =>
    applied(
      "scan",
      [
        [body(step)],
        ...named("consts", 0, consts, style),
        ...named("init", consts, consts + carries, style),
        ...named("xs", consts + carries, count, style),
        ...unless(count > consts + carries, "length", length, style),
        ...unless(!reverse, "reverse", true, style),
        ...unless(checkpoint === "all", "checkpoint", renderCheckpoint(checkpoint), style)
      ],
      style
    ),
  map: ({ body: step, consts, size, summed }, count, body, style) =>
    applied(
      "map",
      [
        [body(step)],
        ...named("consts", 0, consts, style),
        ...named("xs", consts, count, style),
        ...unless(count > consts, "size", size, style),
        ...unless(summed === 0, "summed", summed, style)
      ],
      style
    ),
  call: ({ body, checkpoint }, count, nameOf, style) =>
    checkpoint
      ? applied("checkpoint", [application(nameOf(body), 0, count, style)], style)
      : { level: style.level, parts: application(nameOf(body), 0, count, style) },
  whileLoop: ({ condition, consts, sweeps }, _, body, style) => {
    let next = consts
    const sweep = sweeps.map(({ body: step, records, states }) => [
      [body(step)],
      ...named("init", next, (next += states), style),
      ...unless(records === 0, "records", records, style)
    ])
    return applied(
      "whileLoop",
      [
        [body(condition)],
        ...(sweep.length === 1 ? sweep[0]! : sweep.map((parts) => listOf(parts, style))),
        ...named("consts", 0, consts, style)
      ],
      style
    )
  },
  custom: ({ body: program, jvp, vjp }, count, body, style) =>
    applied(
      "custom",
      [
        [body(program)],
        ...(jvp === undefined ? [] : [labelled("jvp", [body(jvp)], style)]),
        ...(vjp === undefined ? [] : [labelled("vjp", [body(vjp)], style)]),
        ...range(0, count)
      ],
      style
    ),
  qr: (_, count, __, style) => applied("qr", range(0, count), style),
  eigh: (_, count, __, style) => applied("eigh", range(0, count), style),
  root: ({ consts, residual, solve }, count, body, style) =>
    applied(
      "root",
      [
        [body(residual)],
        labelled("solve", [body(solve)], style),
        ...named("consts", 0, consts, style),
        ...named("init", consts, count, style)
      ],
      style
    )
}

/** How one of several results is written. */
export const projectionNotation = {
  text: (index: number): Form => ({ level: Level.atom, parts: [hole(0, Level.atom), `[${index}]`] }),
  latex: (index: number): Form => ({ level: Level.atom, parts: ["{", hole(0, Level.atom), `}_{[${index}]}`] })
}

/** A form for each number of operands, made once. */
const byCount = (make: (count: number) => Form) => {
  const known = new Map<number, Form>()
  return (_: object, count: number): Form => {
    const form = known.get(count) ?? make(count)
    known.set(count, form)
    return form
  }
}

const operatorName = (name: string): string => `\\operatorname{${name}}`

/** `name(x, y)`, in LaTeX with an upright name, or with a form of its own. */
const call = (name: string, latex?: string | Form): Notation => ({
  text: byCount((count) => textCall(name, count, [])),
  latex:
    typeof latex === "object"
      ? constantly(latex)
      : byCount((count) => latexCall(latex ?? operatorName(name), count, []))
})

/** `name(x, axes: [0])`. */
const callWithAttributes = (name: string): Notation<object> => ({
  text: (attributes, count) => textCall(name, count, renderAttributes(attributes)),
  latex: (attributes, count) => latexCall(operatorName(name), count, renderAttributes(attributes))
})

/** `name(x, y)`, followed by the names of those attributes that are true. */
const callWithFlags = (name: string): Notation<object> => {
  const flags = (attributes: object) =>
    renderAttributes(Object.fromEntries(Object.entries(attributes).filter(([, value]) => value === true)))
  return {
    text: (attributes, count) => textCall(name, count, flags(attributes)),
    latex: (attributes, count) => latexCall(operatorName(name), count, flags(attributes))
  }
}

const enclosed = (open: string, close: string): Form => ({
  level: Level.atom,
  parts: [open, hole(0, Level.any), close]
})

// -----------------------------------------------------------------------------
// Rows of their own
// -----------------------------------------------------------------------------

const neg: Notation = {
  operator: { symbol: "-", level: Level.sign, associativity: "prefix" },
  // `-(2)` is the negative of 2 and `-2` a number; `--x` is hard to read.
  text: constantly({
    level: Level.sign,
    parts: ["-", { operand: 0, level: Level.power, unsigned: false, literalApart: true }]
  }),
  // -(x y) and (-x) y are one formula.
  latex: constantly({ level: Level.product, parts: ["-", unsigned(0, Level.product)] })
}

const not: Notation = {
  operator: { symbol: "not", level: Level.not, associativity: "prefix" },
  text: constantly({ level: Level.not, parts: ["not ", hole(0, Level.not)] }),
  latex: constantly({ level: Level.not, parts: ["\\lnot ", hole(0, Level.sum)] })
}

const letters = "ijklmnopqrstuvwxyzabcdefgh"

/** Subscripts as in einsum: letters from `i` on in order of first appearance, numbers in brackets once they are used up. */
const subscripts = ({ left, output, right }: Primitive.DotAttributes): string => {
  const labels = [...new Set([...left, ...right, ...output])]
  const write = (list: ReadonlyArray<number>) =>
    list.map((label) => letters[labels.indexOf(label)] ?? `[${labels.indexOf(label)}]`).join("")
  return `${write(left)},${write(right)}->${write(output)}`
}

const dotAttributes = (attributes: Primitive.DotAttributes): ReadonlyArray<string> => [
  `"${subscripts(attributes)}"`,
  ...(attributes.strongZero ? ["strongZero: true"] : [])
]

const cases: Form = {
  level: Level.any,
  parts: [
    "\\begin{cases} ",
    hole(1, Level.any),
    " & \\text{if } ",
    hole(0, Level.any),
    " \\\\ ",
    hole(2, Level.any),
    " & \\text{otherwise} \\end{cases}"
  ]
}

const latexPower: Form = {
  level: Level.power,
  parts: [hole(0, Level.atom), "^{", hole(1, Level.any), "}"]
}

/** The notation of every primitive. */
export const notations: Notations = {
  neg,
  abs: call("abs", enclosed("\\left|", "\\right|")),
  sign: call("sign"),
  exp: call("exp", { level: Level.power, parts: ["e^{", hole(0, Level.any), "}"] }),
  expm1: call("expm1"),
  log: call("log", "\\ln"),
  log1p: call("log1p"),
  sqrt: call("sqrt", enclosed("\\sqrt{", "}")),
  cbrt: call("cbrt", enclosed("\\sqrt[3]{", "}")),
  sin: call("sin", "\\sin"),
  cos: call("cos", "\\cos"),
  tan: call("tan", "\\tan"),
  asin: call("asin", "\\arcsin"),
  acos: call("acos", "\\arccos"),
  atan: call("atan", "\\arctan"),
  sinh: call("sinh", "\\sinh"),
  cosh: call("cosh", "\\cosh"),
  tanh: call("tanh", "\\tanh"),
  asinh: call("asinh", operatorName("arsinh")),
  acosh: call("acosh", operatorName("arcosh")),
  atanh: call("atanh", operatorName("artanh")),
  erf: call("erf"),
  erfc: call("erfc"),
  lgamma: call("lgamma", {
    level: Level.power,
    parts: ["\\ln\\left|\\Gamma\\left(", hole(0, Level.any), "\\right)\\right|"]
  }),
  digamma: call("digamma", "\\psi"),
  polygamma: {
    text: ({ order }) => textCall("polygamma", 1, [renderNumber(order)]),
    latex: ({ order }) => latexCall(`\\psi^{\\left(${renderNumber(order)}\\right)}`, 1, [])
  },
  sigmoid: call("sigmoid"),
  softplus: call("softplus"),
  relu: call("relu"),
  floor: call("floor", enclosed("\\left\\lfloor ", "\\right\\rfloor")),
  ceil: call("ceil", enclosed("\\left\\lceil ", "\\right\\rceil")),
  round: call("round"),
  isFinite: call("isFinite"),
  toReal: call("toReal"),
  toIndex: call("toIndex"),
  add: infix({ symbol: "+", level: Level.sum, associativity: "left" }, latexInfix("+", Level.sum, true)),
  sub: infix({ symbol: "-", level: Level.sum, associativity: "left" }, latexInfix("-", Level.sum, false)),
  mul: infix({ symbol: "*", level: Level.product, associativity: "left" }, latexInfix("\\cdot", Level.product, true)),
  mulStrongZero: call("mulStrongZero"),
  div: infix(
    { symbol: "/", level: Level.product, associativity: "left" },
    constantly({ level: Level.power, parts: ["\\frac{", hole(0, Level.any), "}{", hole(1, Level.any), "}"] })
  ),
  pow: infix({ symbol: "^", level: Level.power, associativity: "right" }, constantly(latexPower)),
  atan2: call("atan2"),
  hypot: call("hypot"),
  max: call("max", "\\max"),
  min: call("min", "\\min"),
  rem: infix({ symbol: "%", level: Level.product, associativity: "left" }, latexInfix("\\bmod", Level.product, false)),
  eq: comparison("==", "="),
  ne: comparison("!=", "\\ne"),
  lt: comparison("<", "<"),
  le: comparison("<=", "\\le"),
  gt: comparison(">", ">"),
  ge: comparison(">=", "\\ge"),
  and: infix({ symbol: "and", level: Level.and, associativity: "left" }, latexInfix("\\land", Level.and, true)),
  or: infix({ symbol: "or", level: Level.or, associativity: "left" }, latexInfix("\\lor", Level.or, true)),
  not,
  select: call("select", cases),
  clamp: call("clamp"),
  sum: callWithAttributes("sum"),
  prod: callWithAttributes("prod"),
  reduceMax: callWithAttributes("reduceMax"),
  reduceMin: callWithAttributes("reduceMin"),
  argmax: callWithAttributes("argmax"),
  argmin: callWithAttributes("argmin"),
  any: callWithAttributes("any"),
  all: callWithAttributes("all"),
  cumsum: callWithAttributes("cumsum"),
  cumprod: callWithAttributes("cumprod"),
  dot: {
    text: (attributes) => textCall("dot", 2, dotAttributes(attributes)),
    latex: (attributes) => latexCall(operatorName("dot"), 2, dotAttributes(attributes))
  },
  broadcastTo: callWithAttributes("broadcastTo"),
  reshape: callWithAttributes("reshape"),
  transpose: callWithAttributes("transpose"),
  slice: callWithAttributes("slice"),
  dynamicSlice: callWithAttributes("dynamicSlice"),
  dynamicUpdateSlice: call("dynamicUpdateSlice"),
  pad: callWithAttributes("pad"),
  concat: callWithAttributes("concat"),
  stack: callWithAttributes("stack"),
  reverse: callWithAttributes("reverse"),
  gather: callWithAttributes("gather"),
  scatterAdd: callWithAttributes("scatterAdd"),
  triangle: callWithAttributes("triangle"),
  cholesky: call("cholesky", operatorName("chol")),
  triangularSolve: callWithFlags("triangularSolve"),
  solve: callWithFlags("solve"),
  lstsq: callWithFlags("lstsq"),
  // Not A^{-1}, which is the notation of an elementwise power.
  inverse: call("inverse", operatorName("inv")),
  adjugate: call("adjugate", operatorName("adj")),
  det: call("det", "\\det"),
  detSign: call("detSign", `${operatorName("sign")}\\det`),
  logdet: call("logdet", {
    level: Level.power,
    parts: ["\\ln\\left|\\det\\left(", hole(0, Level.any), "\\right)\\right|"]
  }),
  stopGradient: call("stopGradient"),
  foldIn: call("foldIn"),
  randomUniform: callWithAttributes("randomUniform"),
  randomPermutation: callWithAttributes("randomPermutation"),
  ensure: call("ensure"),
  after: call("after")
}

/** `square(x)`, for the product of an expression that has no name with itself. */
export const square: { readonly text: Form; readonly latex: Form } = {
  text: textCall("square", 1, []),
  latex: { level: Level.power, parts: [hole(0, Level.atom), "^{2}"] }
}
