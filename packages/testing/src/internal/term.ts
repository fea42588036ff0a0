// Calls of public combinators as data: built into expressions, and printed as the code that would build them.

import * as Calculus from "@fluxion/calculus"
import { Expr, Fn, type Shape, Tensor, type Tree } from "@fluxion/core"
import * as Forward from "@fluxion/forward-mode"
import * as Reverse from "@fluxion/reverse-mode"
import { fieldsCode, literalCode, specCode } from "./code.ts"

export type Term =
  | { readonly _tag: "Value"; readonly id: number }
  | { readonly _tag: "Literal"; readonly value: unknown }
  | { readonly _tag: "Indices"; readonly value: Tensor.NestedOfUnknownRank }
  | { readonly _tag: "Specification"; readonly value: Tree.Spec }
  | { readonly _tag: "List"; readonly items: ReadonlyArray<Term> }
  | { readonly _tag: "Record"; readonly fields: { readonly [name: string]: Term } }
  | { readonly _tag: "Function"; readonly parameters: ReadonlyArray<Pattern>; readonly block: Block }
  | { readonly _tag: "Call"; readonly name: string; readonly operands: ReadonlyArray<Term> }

/** What a declaration or a parameter binds: an id, or a tree of ids that takes a tree of values apart. Ids are unique in a whole program. */
export type Pattern = number | ReadonlyArray<Pattern> | { readonly [name: string]: Pattern }

export interface Statement {
  readonly pattern: Pattern
  readonly term: Term
}

/** The body of a function. */
export interface Block {
  readonly statements: ReadonlyArray<Statement>
  readonly result: Term
}

export const value = (id: number): Term => ({ _tag: "Value", id })
export const literal = (x: unknown): Term => ({ _tag: "Literal", value: x })
export const indices = (x: Tensor.NestedOfUnknownRank): Term => ({ _tag: "Indices", value: x })
export const specification = (x: Tree.Spec): Term => ({ _tag: "Specification", value: x })
export const list = (...items: ReadonlyArray<Term>): Term => ({ _tag: "List", items })
export const record = (fields: { readonly [name: string]: Term }): Term => ({ _tag: "Record", fields })
export const lambda = (parameters: ReadonlyArray<Pattern>, block: Block): Term => ({
  _tag: "Function",
  parameters,
  block
})
/** A call of a combinator of `Expr`, or of another module where its name says so (`Fn.call`). */
export const call = (name: string, ...operands: ReadonlyArray<Term>): Term => ({ _tag: "Call", name, operands })

type Combinators = Record<string, (...operands: ReadonlyArray<unknown>) => unknown>

const modules = { Calculus, Expr, Fn, Forward, Reverse } as unknown as Record<string, Combinators>

const combinator = (name: string) => {
  const [first, second] = name.split(".") as [string, string | undefined]
  return second === undefined ? modules["Expr"]![first]! : modules[first]![second]!
}

/** Calls `visit` with each id that a pattern binds, and the part of `x` that it stands for. */
export const bind = (pattern: Pattern, x: unknown, visit: (id: number, part: unknown) => void): void => {
  if (typeof pattern === "number") visit(pattern, x)
  else for (const [key, part] of Object.entries(pattern)) bind(part, (x as Record<string, unknown>)[key], visit)
}

/** The ids that a pattern binds. */
export const binds = (pattern: Pattern): ReadonlyArray<number> =>
  typeof pattern === "number" ? [pattern] : Object.values(pattern).flatMap(binds)

/**
 * Builds the expression (or option, list, function, program) a term stands for. What is `inlined` is built where it is used, as its code would do.
 */
export const build = (
  term: Term,
  values: (id: number) => unknown,
  inlined: ReadonlySet<number> = new Set()
): unknown => {
  const bound = new Map<number, unknown>()
  const deferred = new Map<number, Term>()
  const visit = (t: Term): unknown => {
    switch (t._tag) {
      case "Value":
        if (deferred.has(t.id)) return visit(deferred.get(t.id)!)
        return bound.has(t.id) ? bound.get(t.id) : values(t.id)
      case "Literal":
      case "Specification":
        return t.value
      case "Indices":
        return Expr.constant(Tensor.index(t.value as ReadonlyArray<number>) as Tensor.Tensor<Shape.Shape, "index">)
      case "List":
        return t.items.map(visit)
      case "Record":
        return Object.fromEntries(Object.entries(t.fields).map(([name, field]) => [name, visit(field)]))
      case "Call":
        return combinator(t.name)(...t.operands.map(visit))
      case "Function":
        return (...given: ReadonlyArray<unknown>): unknown => {
          t.parameters.forEach((pattern, i) => bind(pattern, given[i], (id, part) => bound.set(id, part)))
          for (const { pattern, term: own } of t.block.statements) {
            if (typeof pattern === "number" && inlined.has(pattern)) deferred.set(pattern, own)
            else bind(pattern, visit(own), (id, part) => bound.set(id, part))
          }
          return visit(t.block.result)
        }
    }
  }
  return visit(term)
}

const isProgram = (term: Term): boolean => term._tag === "Call" && term.name === "Fn.make"

/** The longest text that stands where its value is used, instead of a name. */
const inlineWidth = 50

/** The longest result that stands beside the parameters of its function. */
const lineWidth = 100

/** How often each value is referred to in a block itself, and which ones the functions in it refer to. */
const usesIn = ({ result, statements }: Block) => {
  const counts = new Map<number, number>()
  const captured = new Set<number>()
  const visit = (term: Term): void => {
    switch (term._tag) {
      case "Value":
        counts.set(term.id, (counts.get(term.id) ?? 0) + 1)
        return
      case "List":
        return term.items.forEach(visit)
      case "Record":
        return Object.values(term.fields).forEach(visit)
      case "Call":
        return term.operands.forEach(visit)
      case "Function":
        return references(term).forEach((id) => captured.add(id))
    }
  }
  statements.forEach(({ term }) => visit(term))
  visit(result)
  return { counts, captured }
}

/**
 * Prints terms as code, and names what they bind in the order in which it is bound: programs `f1`, `f2`, and values `t1`, `t2`. A short value that is used at one
 * place stands there itself, unless that is in a body: there it would be another program, which computes it anew each time. These values are added to `inlined`.
 */
export const printer = (given: ReadonlyMap<number, string>, inlined: Set<number> = new Set()) => {
  const names = new Map(given)
  const counts = { f: 0, t: 0 }
  const printPattern = (pattern: Pattern, kind: "f" | "t"): string => {
    if (typeof pattern === "number") {
      if (!names.has(pattern)) names.set(pattern, `${kind}${++counts[kind]}`)
      return names.get(pattern)!
    }
    if (Array.isArray(pattern)) return `[${pattern.map((part: Pattern) => printPattern(part, kind)).join(", ")}]`
    return fieldsCode(
      Object.entries(pattern).map(([name, part]) => [name, printPattern(part, kind)]),
      true
    )
  }
  const print = (term: Term, indent: string): string => {
    switch (term._tag) {
      case "Value":
        return names.get(term.id)!
      case "Literal":
        return literalCode(term.value)
      case "Specification":
        return specCode(term.value)
      case "Indices":
        return `Expr.constant(Tensor.index(${literalCode(term.value)}))`
      case "List":
        return `[${term.items.map((item) => print(item, indent)).join(", ")}]`
      case "Record":
        return fieldsCode(
          Object.entries(term.fields).map(([name, field]) => [name, print(field, indent)]),
          true
        )
      case "Call": {
        const operands = term.operands.map((operand) => print(operand, indent)).join(", ")
        return `${term.name.includes(".") ? term.name : `Expr.${term.name}`}(${operands})`
      }
      case "Function": {
        const parameters = `(${term.parameters.map((pattern) => printPattern(pattern, "t")).join(", ")}) =>`
        const { result } = term.block
        const lines = printStatements(term.block, `${indent}  `)
        if (lines.length > 0) {
          return `${parameters} {\n${lines.join("\n")}\n${indent}  return ${print(result, `${indent}  `)}\n${indent}}`
        }
        const text = print(result, indent)
        return text.length > lineWidth
          ? `${parameters} {\n${indent}  return ${print(result, `${indent}  `)}\n${indent}}`
          : `${parameters} ${result._tag === "Record" ? `(${text})` : text}`
      }
    }
  }
  const printStatements = (block: Block, indent: string): ReadonlyArray<string> => {
    const { captured, counts } = usesIn(block)
    return block.statements.flatMap(({ pattern, term }) => {
      const program = isProgram(term)
      const text = print(term, indent)
      if (typeof pattern === "number" && !program && counts.get(pattern) === 1 && !captured.has(pattern)) {
        if (text.length <= inlineWidth && !text.includes("\n")) {
          names.set(pattern, text)
          inlined.add(pattern)
          return []
        }
      }
      return [`${indent}const ${printPattern(pattern, program ? "f" : "t")} = ${text}`]
    })
  }
  return print
}

/** The values a term refers to, those that it binds itself included. */
export const references = (term: Term): ReadonlyArray<number> => {
  switch (term._tag) {
    case "Value":
      return [term.id]
    case "List":
      return term.items.flatMap(references)
    case "Record":
      return Object.values(term.fields).flatMap(references)
    case "Call":
      return term.operands.flatMap(references)
    case "Function":
      return [
        ...term.block.statements.flatMap((statement) => references(statement.term)),
        ...references(term.block.result)
      ]
    default:
      return []
  }
}

/** Rewrites the functions in a term, but not those inside of them. */
const mapFunctions = (term: Term, f: (term: Extract<Term, { readonly _tag: "Function" }>) => Term): Term => {
  const visit = (t: Term): Term => {
    switch (t._tag) {
      case "List":
        return list(...t.items.map(visit))
      case "Record":
        return record(Object.fromEntries(Object.entries(t.fields).map(([name, field]) => [name, visit(field)])))
      case "Call":
        return call(t.name, ...t.operands.map(visit))
      case "Function":
        return f(t)
      default:
        return t
    }
  }
  return visit(term)
}

/** Takes the programs that are made in the bodies of a term and use nothing of theirs out of them: the programs, then the rest. */
export const hoist = ({ pattern, term }: Statement): ReadonlyArray<Statement> => {
  const hoisted: Array<Statement> = []
  const rest = mapFunctions(term, ({ block: { result, statements }, parameters }) => {
    const own = new Set([...parameters.flatMap(binds), ...statements.flatMap((statement) => binds(statement.pattern))])
    const left = statements.filter((statement) => {
      if (!isProgram(statement.term) || references(statement.term).some((id) => own.has(id))) return true
      hoisted.push(statement)
      binds(statement.pattern).forEach((id) => own.delete(id))
      return false
    })
    return lambda(parameters, { statements: left, result })
  })
  return [...hoisted, { pattern, term: rest }]
}

/** The statements that a result needs, without programs that nothing calls. */
export const withoutUnusedPrograms = (block: Block): Block => {
  const used = new Set([...block.statements.flatMap(({ term }) => references(term)), ...references(block.result)])
  const statements = block.statements.filter(
    ({ pattern, term }) => !isProgram(term) || binds(pattern).some((id) => used.has(id))
  )
  return statements.length === block.statements.length ? block : withoutUnusedPrograms({ ...block, statements })
}
