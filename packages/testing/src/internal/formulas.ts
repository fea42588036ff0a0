// Formulas of scalars as data: written in the notation of `Formula`, and built by the combinators of `Expr` without it.

import { Expr, type Shape } from "@fluxion/core"

/** A piece of a formula: how it is written, and what it means. */
export interface Piece {
  /** How tightly it holds together: sums 5, products 6, signs 7, powers 8, and what needs no parentheses 9. */
  readonly level: number
  readonly parts: ReadonlyArray<string | Hole>
  readonly operands: ReadonlyArray<Piece>
  readonly build: (operands: ReadonlyArray<Expr.Any>) => Expr.Any
}

/** The place of an operand, and how tightly it has to hold together to need no parentheses. */
interface Hole {
  readonly operand: number
  readonly level: number
}

type Build = Piece["build"]

const hole = (operand: number, level: number): Hole => ({ operand, level })

export const variable = (name: string, expr: () => Expr.Any): Piece => ({
  level: 9,
  parts: [name],
  operands: [],
  build: expr
})

export const number = (x: number, name = String(x)): Piece => ({
  level: x < 0 ? 7 : 9,
  parts: [name],
  operands: [],
  build: () => Expr.constant(x)
})

const infix =
  (level: number, build: Build, ...symbols: ReadonlyArray<string>) =>
  (style: number, left: Piece, right: Piece): Piece => ({
    level,
    parts: [hole(0, level), ` ${symbols[style % symbols.length]} `, hole(1, level + 1)],
    operands: [left, right],
    build
  })

type Truth = Expr.Bool<Shape.Shape, Expr.Expr>

const real = (x: Expr.Any | undefined): Expr.Expr => x as Expr.Expr
const truth = (x: Expr.Any | undefined): Truth => x as Truth

export const add = infix(5, ([x, y]) => Expr.add(real(x), real(y)), "+")
export const sub = infix(5, ([x, y]) => Expr.sub(real(x), real(y)), "-", "−")
export const div = infix(6, ([x, y]) => Expr.div(real(x), real(y)), "/", "÷")
export const rem = infix(6, ([x, y]) => Expr.rem(real(x), real(y)), "%")
const times = infix(6, ([x, y]) => Expr.mul(real(x), real(y)), "*", "·", "×")

/** The first character of what is written. */
const leading = (piece: Piece, level: number): string => {
  const first = piece.parts[0]!
  if (piece.level < level) return "("
  return typeof first === "string" ? first[0]! : leading(piece.operands[first.operand]!, first.level)
}

export const mul = (style: number, left: Piece, right: Piece): Piece => {
  const product = times(style, left, right)
  const plain = left.operands.length === 0 && /^[1-9][\d.]*$/.test(String(left.parts[0]))
  // A number before a name needs no sign, unless the name could be read as its exponent.
  return style % 4 === 3 && plain && /[a-df-zA-DF-Z(]/.test(leading(right, 8))
    ? { ...product, parts: [hole(0, 6), hole(1, 8)] }
    : product
}

export const pow = (style: number, base: Piece, exponent: Piece): Piece => ({
  level: 8,
  parts: [hole(0, 9), style % 3 === 2 ? "**" : "^", hole(1, 7)],
  operands: [base, exponent],
  build: ([x, y]) => Expr.pow(real(x), real(y))
})

export const neg = (x: Piece): Piece => ({
  level: 7,
  // A minus sign before a number would belong to it.
  parts:
    x.operands.length === 0 && x.level === 9 && /^[\d.]/.test(String(x.parts[0]))
      ? ["-(", hole(0, 0), ")"]
      : ["-", hole(0, 8)],
  operands: [x],
  build: ([y]) => Expr.neg(real(y))
})

/** A function call; `plain` are arguments that are plain numbers. */
export const call = (
  name: string,
  operands: ReadonlyArray<Piece>,
  build: Build,
  plain: ReadonlyArray<number> = []
): Piece => ({
  level: 9,
  parts: [
    `${name}(`,
    ...operands.flatMap((_, i) => [...(i === 0 ? [] : [", "]), hole(i, 0)]),
    ...plain.map((x) => `, ${x}`),
    ")"
  ],
  operands,
  build
})

const comparing = (build: (x: Expr.Expr, y: Expr.Expr) => Truth, ...symbols: ReadonlyArray<string>) => {
  const piece = infix(4, ([x, y]) => build(real(x), real(y)), ...symbols)
  return (style: number, left: Piece, right: Piece): Piece => ({
    ...piece(style, left, right),
    // Comparisons do not chain.
    parts: [hole(0, 5), ` ${symbols[style % symbols.length]} `, hole(1, 5)]
  })
}

export const comparisons = [
  comparing((x, y) => Expr.lt(x, y), "<"),
  comparing((x, y) => Expr.gt(x, y), ">"),
  comparing((x, y) => Expr.le(x, y), "<=", "≤"),
  comparing((x, y) => Expr.ge(x, y), ">=", "≥"),
  comparing((x, y) => Expr.eq(x, y), "=="),
  comparing((x, y) => Expr.ne(x, y), "!=", "≠")
]

export const connectives = [
  infix(2, ([p, q]) => Expr.and(truth(p), truth(q)), "and", "&&", "∧"),
  infix(1, ([p, q]) => Expr.or(truth(p), truth(q)), "or", "||", "∨")
]

export const not = (style: number, p: Piece): Piece => ({
  level: 3,
  parts: [["not ", "!", "¬"][style % 3]!, hole(0, 9)],
  operands: [p],
  build: ([q]) => Expr.not(truth(q))
})

export const select = (p: Piece, x: Piece, y: Piece): Piece =>
  call("select", [p, x, y], ([q, a, b]) => Expr.select(truth(q), real(a), real(b)))

export const toReal = (p: Piece): Piece => call("toReal", [p], ([q]) => Expr.toReal(truth(q)))

/** Pieces by the name that they are defined under. */
type Names = ReadonlyMap<Piece, string>

const write = (piece: Piece, level: number, names?: Names): string => {
  const name = names?.get(piece)
  if (name !== undefined) return name
  const text = piece.parts
    .map((part) => (typeof part === "string" ? part : write(piece.operands[part.operand]!, part.level, names)))
    .join("")
  return piece.level < level ? `(${text})` : text
}

/** All pieces that a piece is made of, those that others use before these, and how often each is used. */
const countUses = (result: Piece): ReadonlyMap<Piece, number> => {
  const uses = new Map<Piece, number>()
  const order: Array<Piece> = []
  const visit = (piece: Piece): void => {
    const known = uses.get(piece)
    uses.set(piece, (known ?? 0) + 1)
    if (known !== undefined) return
    piece.operands.forEach(visit)
    order.push(piece)
  }
  visit(result)
  return new Map(order.map((piece) => [piece, uses.get(piece)!]))
}

/** Writes a formula; what is used more than once is defined first, by names that are not `taken`. */
export const print = (result: Piece, taken: ReadonlyArray<string>, separator: string): string => {
  const names = new Map<Piece, string>()
  const statements: Array<string> = []
  let n = 0
  for (const [piece, uses] of countUses(result)) {
    if (uses === 1 || piece.operands.length === 0) continue
    const text = write(piece, 0, names)
    do n++
    while (taken.includes(`t${n}`))
    names.set(piece, `t${n}`)
    statements.push(`t${n} = ${text}`)
  }
  return [...statements, write(result, 0, names)].join(separator)
}

/** The expression of a formula, made in the order in which it is written. */
export const build = (result: Piece): Expr.Any => {
  const defined = new Map<Piece, Expr.Any>()
  const visit = (piece: Piece): Expr.Any => defined.get(piece) ?? piece.build(piece.operands.map(visit))
  for (const [piece, uses] of countUses(result)) {
    // Numbers are written, and so made, wherever they occur.
    if (uses > 1 && piece.operands.length > 0) defined.set(piece, visit(piece))
  }
  return visit(result)
}
