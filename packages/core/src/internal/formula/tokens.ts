// The words of a formula.

import { namePattern } from "./names.ts"

/** What is wrong with a formula, and where. */
export class Problem extends Error {
  readonly offset: number
  readonly expected: string
  readonly got: string
  readonly hint: string | undefined
  constructor(offset: number, expected: string, got: string, hint?: string) {
    super(`expected ${expected}, got ${got}`)
    this.offset = offset
    this.expected = expected
    this.got = got
    this.hint = hint
  }
}

/** A number, a name, the end of a line, the end of the text, or the operator itself in its ASCII form. */
export type Kind = string

/** Tokens as parallel lists; the last one is the end of the text. */
export interface Tokens {
  readonly text: string
  readonly kinds: ReadonlyArray<Kind>
  readonly starts: ReadonlyArray<number>
  readonly ends: ReadonlyArray<number>
}

export const kind = { number: "number", name: "name", newline: "newline", end: "end" } as const

const numberPattern = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y

// After a number, what a programmer might take for the rest of it: 1_000 and 0x1f would be products otherwise.
const separatorTail = /_/y
const radixTail = /[xX][\da-fA-F]|[oO][0-7]|[bB][01]/y

const symbols: ReadonlyMap<string, string> = new Map([
  ["**", "^"],
  ["==", "=="],
  ["!=", "!="],
  ["<=", "<="],
  [">=", ">="],
  ["&&", "and"],
  ["||", "or"],
  ["+", "+"],
  ["-", "-"],
  ["*", "*"],
  ["/", "/"],
  ["%", "%"],
  ["^", "^"],
  ["(", "("],
  [")", ")"],
  [",", ","],
  [";", ";"],
  ["=", "="],
  ["<", "<"],
  [">", ">"],
  ["!", "not"],
  ["−", "-"],
  ["×", "*"],
  ["·", "*"],
  ["⋅", "*"],
  ["∙", "*"],
  ["÷", "/"],
  ["≤", "<="],
  ["≥", ">="],
  ["≠", "!="],
  ["∧", "and"],
  ["∨", "or"],
  ["¬", "not"],
  ["∞", "name"]
])

const keywords = new Set(["and", "or", "not"])

const isSpace = (char: string): boolean => /\s/u.test(char) || char === "\u200b" || char === "\ufeff"

const isNewline = (code: number): boolean => code === 10 || code === 13

/** A piece of text for a message: quoted, short, without control characters. */
export const quote = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text)

/** Splits a formula into tokens, in time linear in its length. Line ends inside parentheses are left out. */
export const tokenize = (text: string): Tokens => {
  const kinds: Array<Kind> = []
  const starts: Array<number> = []
  const ends: Array<number> = []
  let depth = 0
  const push = (kind: Kind, start: number, end: number) => {
    kinds.push(kind)
    starts.push(start)
    ends.push(end)
  }
  let i = 0
  while (i < text.length) {
    const code = text.charCodeAt(i)
    if (code === 32 || code === 9) {
      i++
      continue
    }
    if (isNewline(code)) {
      if (depth === 0) push(kind.newline, i, i + 1)
      i++
      continue
    }
    numberPattern.lastIndex = i
    if (((code >= 48 && code <= 57) || code === 46) && numberPattern.test(text)) {
      const end = numberPattern.lastIndex
      const tail = end === i + 1 && code === 48 ? radixTail : separatorTail
      tail.lastIndex = end
      if (tail.test(text)) {
        throw new Problem(i, "a decimal number such as 1500 or 1.5e3", quote(text.slice(i, tail.lastIndex)))
      }
      push(kind.number, i, end)
      i = end
      continue
    }
    namePattern.lastIndex = i
    if (namePattern.test(text)) {
      const end = namePattern.lastIndex
      const word = end - i <= 3 ? text.slice(i, end) : ""
      push(keywords.has(word) ? word : kind.name, i, end)
      i = end
      continue
    }
    const two = symbols.get(text.slice(i, i + 2))
    const one = two ?? symbols.get(text[i]!)
    if (one !== undefined) {
      const end = i + (two === undefined ? 1 : 2)
      if (one === "(") depth++
      else if (one === ")" && depth > 0) depth--
      push(one, i, end)
      i = end
      continue
    }
    const char = String.fromCodePoint(text.codePointAt(i)!)
    if (!isSpace(char)) {
      const hint = /[²³¹⁰⁴-⁹]/u.test(char)
        ? "powers are written x^2"
        : char === "|"
          ? "write abs(x), or p or q"
          : undefined
      throw new Problem(i, "a number, a name or an operator", `the character ${quote(char)}`, hint)
    }
    i += char.length
  }
  push(kind.end, text.length, text.length)
  return { text, kinds, starts, ends }
}
