// Expressions as text, in the notation of Baydin, Pearlmutter, Radul and Siskind (2018): an algebra whose carriers are pieces of text.

import { type Algebra, type Expr, Interpreter, type Primitive, type Tensor, type Type } from "@fluxion/core"

/** How tightly a text holds together. */
const Level = { comparison: 1, sum: 2, sign: 3, product: 4, application: 5, power: 6, atom: 7 } as const

export interface Written {
  readonly text: string
  readonly level: number
  readonly type: Type.Type
  /** Of the negative of something: that. */
  readonly negated?: Written
  /** Of the reciprocal of something: that. */
  readonly reciprocal?: Written
}

/** Longer texts are cut: what is written of an expression is bounded, whatever its size. */
const longest = 160

const clip = (text: string): string => (text.length > longest ? `${text.slice(0, longest - 1)}…` : text)

const typeOf = ({ elementType, shape }: Type.Type): Type.Type => ({ elementType, shape })

/** A name, or a number, which stands in parentheses beside operators when it is negative. */
export const atom = (text: string, type: Type.Type): Written =>
  text.startsWith("-")
    ? {
        text,
        level: Level.sign,
        type: typeOf(type),
        negated: { text: text.slice(1), level: Level.atom, type: typeOf(type) }
      }
    : { text, level: Level.atom, type: typeOf(type) }

const within = ({ level, text }: Written, least: number): string => (level >= least ? text : `(${text})`)

const infix: Readonly<Partial<Record<Primitive.Name, string>>> = {
  eq: "=",
  ne: "≠",
  lt: "<",
  le: "≤",
  gt: ">",
  ge: "≥",
  and: "∧",
  or: "∨"
}

const names: Readonly<Partial<Record<Primitive.Name, string>>> = { log: "ln" }

type Pieces = Omit<Written, "type">

const piece = (text: string, level: number): Pieces => ({ text: clip(text), level })

/** `f x` for a name or a number, `f(x)` for anything else. */
const application = (name: string, operands: ReadonlyArray<Written>): Pieces => {
  const [x] = operands
  return operands.length === 1 && x!.level === Level.atom && !x!.text.startsWith("[")
    ? piece(`${name} ${x!.text}`, Level.application)
    : piece(`${name}(${operands.map(({ text }) => text).join(", ")})`, Level.application)
}

const sum = (a: Written, b: Written): Pieces =>
  b.negated === undefined
    ? piece(`${within(a, Level.sum)} + ${within(b, Level.sum)}`, Level.sum)
    : piece(`${within(a, Level.sum)} - ${within(b.negated, Level.product)}`, Level.sum)

const write = (primitive: Primitive.Name, operands: ReadonlyArray<Written>): Pieces => {
  const [a, b] = operands as readonly [Written, Written]
  switch (primitive) {
    case "add":
      return sum(a, b)
    case "sub":
      return b.negated === undefined
        ? piece(`${within(a, Level.sum)} - ${within(b, Level.product)}`, Level.sum)
        : piece(`${within(a, Level.sum)} + ${within(b.negated, Level.product)}`, Level.sum)
    case "neg":
      return { ...piece(`-${within(a, Level.product)}`, Level.sign), negated: a }
    case "mul":
    case "mulStrongZero":
      return b.reciprocal === undefined
        ? piece(`${within(a, Level.sign)} × ${within(b, Level.application)}`, Level.product)
        : piece(`${within(a, Level.sign)} / ${within(b.reciprocal, Level.application)}`, Level.product)
    case "div":
      return {
        ...piece(`${within(a, Level.sign)} / ${within(b, Level.application)}`, Level.product),
        ...(a.text === "1" ? { reciprocal: b } : {})
      }
    case "pow":
      return piece(`${within(a, Level.atom)}^${within(b, Level.atom)}`, Level.power)
    default: {
      const symbol = infix[primitive]
      return symbol === undefined
        ? application(names[primitive] ?? primitive, operands)
        : piece(`${within(a, Level.sum)} ${symbol} ${within(b, Level.sum)}`, Level.comparison)
    }
  }
}

/** The algebra of texts; `value` writes constants. */
export const texts = (
  value: (tensor: Tensor.Any) => string,
  constant: (expr: Expr.Any) => Tensor.Any
): Algebra<Written> => ({
  apply: (primitive, attributes, operands, type) => {
    const given = operands as ReadonlyArray<Written>
    const known = type ?? Interpreter.types.apply(primitive, attributes, given.map((x) => x.type) as never)
    return { ...write(primitive, given), type: typeOf(known) }
  },
  applyMany: (primitive, attributes, operands, types) => {
    const known =
      types ??
      Interpreter.types.applyMany(
        primitive,
        attributes,
        operands.map((x) => x.type)
      )
    const { text } = application(primitive, operands)
    return known.map((type, i) => ({
      text: known.length === 1 ? text : clip(`${text}[${i}]`),
      level: Level.application,
      type: typeOf(type)
    }))
  },
  constant: (tensor) => atom(value(tensor), tensor),
  typeOf: ({ type }) => type,
  free: (expr) => {
    const tensor = constant(expr)
    return atom(value(tensor), tensor)
  }
})

/** A number with so many decimals; very large and very small ones with a power of ten. */
export const formatNumber = (x: number, digits: number): string => {
  if (!Number.isFinite(x)) return x === Infinity ? "∞" : x === -Infinity ? "-∞" : "NaN"
  const magnitude = Math.abs(x)
  if (magnitude !== 0 && (magnitude >= 1e6 || magnitude < 10 ** -digits / 2)) {
    return x.toExponential(digits).replace(/\.?0+e/, "e")
  }
  const text = x.toFixed(digits)
  return Object.is(Number(text), -0) ? "0" : text.includes(".") ? text.replace(/\.?0+$/, "") : text
}

/** A value in short: a number, or the first elements of an array with its shape. */
export const formatTensor = ({ data, elementType, shape }: Tensor.Any, digits: number, elements: number): string => {
  const element = (x: number): string =>
    elementType === "bool" ? (x === 1 ? "true" : "false") : formatNumber(x, digits)
  if (shape.length === 0) return element(data[0]!)
  const shown = Array.from(data.subarray(0, elements), element)
  const more = data.length > elements ? ["…"] : []
  const list = `[${[...shown, ...more].join(", ")}]`
  return shape.length === 1 && more.length === 0 ? list : `${list}:${shape.join("×")}`
}
