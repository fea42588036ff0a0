// Makes mutants: small changes to a source text, each of which a test should notice.
//
// All mutants of a text live in one instrumented version of it, behind a switch (mutant schemata: R. Untch, J. Offutt, M. J. Harrold, "Mutation analysis
// using mutant schemata", ISSTA 1993), so that modules are loaded once and a mutant costs no more than the tests that are run on it. The operators are those of
// Offutt et al., "An experimental determination of sufficient mutant operators" (TOSEM 5, 1996), and those that an author of derivative rules would err with:
// a sign, a factor, a wrong function, a wrong operand, a zero that is weak.

import { parseSync } from "oxc-parser"

/** One change, at a place in a source text. */
export interface Mutant {
  readonly id: number
  readonly file: string
  /** Counted from one. */
  readonly line: number
  readonly column: number
  readonly operator: string
  readonly original: string
  readonly replacement: string
}

/** The mutants of a source text, and the text that is any of them. */
export interface Mutated {
  readonly mutants: ReadonlyArray<Mutant>
  readonly code: string
}

/** The property of `globalThis` that holds the switch. */
export const switchName = "fluxionMutation"

/** What instrumented modules ask: whether a mutant is the one to be. */
export interface Switch {
  readonly is: (id: number) => boolean
  /** Memory of what was made by rules: it is not shared between mutants. */
  readonly WeakMap: typeof WeakMap
  /** A rule whose result is multiplied by a number. */
  readonly scale: (id: number, factor: number, rule: (...args: ReadonlyArray<never>) => unknown) => unknown
}

interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [key: string]: unknown
}

/** Another function of the same operands, by the name of the method of `Operations` or of an array. */
const otherFunctions: Readonly<Record<string, ReadonlyArray<string>>> = {
  add: ["sub"],
  sub: ["add"],
  mul: ["div"],
  div: ["mul"],
  mulStrongZero: ["mul"],
  pow: ["mul"],
  hypot: ["add"],
  sin: ["cos"],
  cos: ["sin"],
  sinh: ["cosh"],
  cosh: ["sinh"],
  exp: ["expm1"],
  log: ["log1p"],
  sqrt: ["cbrt"],
  sigmoid: ["tanh"],
  tanh: ["sigmoid"],
  max: ["min"],
  min: ["max"],
  lt: ["le", "ge"],
  le: ["lt", "gt"],
  gt: ["ge", "le"],
  ge: ["gt", "lt"],
  eq: ["ne"],
  ne: ["eq"],
  and: ["or"],
  or: ["and"],
  round: ["floor"],
  some: ["every"],
  every: ["some"]
}

/** Methods whose first two operands are of one kind, but not alike. */
const ordered = new Set([
  "sub",
  "div",
  "pow",
  "atan2",
  "rem",
  "lt",
  "le",
  "gt",
  "ge",
  "dot",
  "solve",
  "triangularSolve",
  "clamp"
])

/** Methods whose first argument may stand for the result. */
const droppable = new Set(
  [
    "neg abs sign exp expm1 log sqrt cbrt sin cos sinh cosh tanh sigmoid digamma round stopGradient clamp select toReal not sum cumsum",
    "transpose reverse triangle reshape broadcastTo sumTo expandReduced pad slice mul div sub add mulStrongZero prod cumprod",
    "solve triangularSolve inverse cholesky"
  ].flatMap((names) => names.split(" "))
)

/** Methods of arrays that may be left out. */
const droppableOfArrays = new Set(["toReversed", "filter", "reverse"])

const otherOperators: Readonly<Record<string, ReadonlyArray<string>>> = {
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "**": ["*"],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "&&": ["||"],
  "||": ["&&"],
  "+=": ["-="],
  "-=": ["+="],
  "*=": ["/="],
  "/=": ["*="]
}

const otherStrings: Readonly<Record<string, string>> = { N: "T", T: "N", "": "N" }

const isNode = (x: unknown): x is Node => typeof x === "object" && x !== null && typeof (x as Node).type === "string"

/** Expressions of types: they are gone before anything runs. */
const isType = (type: string): boolean =>
  type.startsWith("TS") &&
  ![
    "TSAsExpression",
    "TSNonNullExpression",
    "TSSatisfiesExpression",
    "TSTypeAssertion",
    "TSInstantiationExpression"
  ].includes(type)

/** Keys of nodes that hold no expressions to be changed. */
const skipped = new Set([
  "typeAnnotation",
  "typeParameters",
  "typeArguments",
  "returnType",
  "superTypeArguments",
  "key",
  "label"
])

interface Alternative {
  readonly operator: string
  readonly text: string
}

/** All mutants of a TypeScript module. Identifiers count from `first`. */
export const mutate = (file: string, source: string, first: number): Mutated => {
  const parsed = parseSync(file, source, { lang: "ts", sourceType: "module" })
  if (parsed.errors.length > 0) throw new Error(`${file} does not parse: ${parsed.errors[0]!.message}`)
  const mutants: Array<Mutant> = []
  const lineStarts = [0]
  for (let i = 0; i < source.length; i++) if (source[i] === "\n") lineStarts.push(i + 1)
  const slice = (node: Node): string => source.slice(node.start, node.end)

  const add = (node: Node, operator: string, replacement: string): number => {
    const id = first + mutants.length
    let line = lineStarts.findIndex((start) => start > node.start)
    if (line < 0) line = lineStarts.length
    mutants.push({
      id,
      file,
      line,
      column: node.start - lineStarts[line - 1]! + 1,
      operator,
      original: slice(node).replace(/\s+/g, " "),
      replacement: replacement.replace(/\s+/g, " ")
    })
    return id
  }

  /** The text of `node` with parts replaced, each where it stands. */
  const withParts = (node: Node, parts: ReadonlyArray<readonly [{ start: number; end: number }, string]>): string => {
    let text = ""
    let at = node.start
    for (const [part, replacement] of [...parts].sort(([a], [b]) => a.start - b.start)) {
      text += source.slice(at, part.start) + replacement
      at = part.end
    }
    return text + source.slice(at, node.end)
  }

  /** The names by which a function knows primal values: its parameters besides what comes first, and what it takes out of its context. */
  const valuesOf = (fn: Node): ReadonlyArray<string> => {
    const names: Array<string> = []
    const params = fn["params"] as ReadonlyArray<Node>
    params.forEach((param, i) => {
      if (param.type === "Identifier") {
        const annotation = (param["typeAnnotation"] as Node | null)?.["typeAnnotation"] as Node | undefined
        const name = param["name"] as string
        const isValue = annotation === undefined ? i > 0 && params[0]!["name"] === "ops" : slice(annotation) === "A"
        if (isValue && !name.startsWith("_")) names.push(name)
      }
      if (param.type === "ObjectPattern") {
        for (const property of param["properties"] as ReadonlyArray<Node>) {
          const value = property["value"] as Node | undefined
          const key = property["key"] as Node | undefined
          if (value === undefined || key === undefined) continue
          if (key["name"] === "result" && value.type === "Identifier") names.push(value["name"] as string)
          if (key["name"] === "operands" && value.type === "ArrayPattern") {
            for (const element of value["elements"] as ReadonlyArray<Node | null>)
              if (element?.type === "Identifier") names.push(element["name"] as string)
          }
        }
      }
    })
    return names
  }

  const alternatives = (node: Node, values: ReadonlyArray<string>): ReadonlyArray<Alternative> => {
    const found: Array<Alternative> = []
    const give = (operator: string, text: string): void => {
      if (text !== slice(node)) found.push({ operator, text })
    }
    switch (node.type) {
      case "Identifier": {
        const at = values.indexOf(node["name"] as string)
        if (at >= 0 && values.length > 1) give("another value", values[(at + 1) % values.length]!)
        break
      }
      case "Literal": {
        const value = node["value"]
        if (typeof value === "number") {
          for (const other of value === 0 ? [1] : value === 1 ? [0, 2] : [value + 1, value / 2])
            give("number", String(other))
        } else if (typeof value === "boolean") give("truth value", String(!value))
        else if (typeof value === "string" && otherStrings[value] !== undefined)
          give("flag", `"${otherStrings[value]}"`)
        break
      }
      case "UnaryExpression":
        if (node["operator"] === "-" || node["operator"] === "!") give("sign", slice(node["argument"] as Node))
        break
      case "BinaryExpression":
      case "LogicalExpression": {
        const [left, right] = [node["left"] as Node, node["right"] as Node]
        const operator = node["operator"] as string
        const between = source.slice(left.end, right.start)
        for (const other of otherOperators[operator] ?? []) {
          const at = left.end + between.indexOf(operator)
          give("operator", withParts(node, [[{ start: at, end: at + operator.length }, other]]))
        }
        if (operator === "??") give("left side", slice(left))
        break
      }
      case "AssignmentExpression": {
        const [left, right] = [node["left"] as Node, node["right"] as Node]
        const operator = node["operator"] as string
        const at = left.end + source.slice(left.end, right.start).indexOf(operator)
        for (const other of otherOperators[operator] ?? [])
          give("operator", withParts(node, [[{ start: at, end: at + operator.length }, other]]))
        break
      }
      case "ConditionalExpression": {
        give("branch", slice(node["consequent"] as Node))
        give("branch", slice(node["alternate"] as Node))
        break
      }
      case "CallExpression": {
        const callee = node["callee"] as Node
        const args = node["arguments"] as ReadonlyArray<Node>
        const plain = args.every(({ type }) => type !== "SpreadElement")
        const isMethod = callee.type === "MemberExpression" && callee["computed"] === false
        const property = isMethod ? (callee["property"] as Node) : undefined
        const object = isMethod ? (callee["object"] as Node) : undefined
        const isOps = object !== undefined && (slice(object) === "ops" || slice(object) === "expressions")
        // Destructured operations and local functions are called by their names.
        const name = property !== undefined ? slice(property) : callee.type === "Identifier" ? slice(callee) : ""
        const local = callee.type === "Identifier"
        if ((isOps || (object !== undefined && (name === "some" || name === "every"))) && property !== undefined) {
          for (const other of otherFunctions[name] ?? []) give("function", withParts(node, [[property, other]]))
        }
        const offset = local && args[0] !== undefined && slice(args[0]) === "ops" ? 1 : 0
        if ((isOps || offset === 1) && plain) {
          const places = isOps
            ? ordered.has(name)
              ? [0]
              : name === "select"
                ? [1]
                : []
            : args.map((_, i) => i).slice(1)
          for (const i of places) {
            for (const j of isOps ? [i + 1] : [i + 1, i + 2]) {
              const [a, b] = [args[i], args[j]]
              if (a === undefined || b === undefined || [a, b].some(({ type }) => type === "Literal")) continue
              give(
                "order of operands",
                withParts(node, [
                  [a, slice(b)],
                  [b, slice(a)]
                ])
              )
            }
          }
          if ((isOps && droppable.has(name)) || offset === 1) {
            if (args[offset] !== undefined) give("first operand alone", slice(args[offset]!))
          }
          if (isOps && name === "select" && args.length === 3) {
            give("branch", slice(args[1]!))
            give("branch", slice(args[2]!))
          }
        }
        if (object !== undefined && droppableOfArrays.has(name) && !isOps) give("call left out", slice(object))
        break
      }
      case "ArrayExpression": {
        const elements = node["elements"] as ReadonlyArray<Node | null>
        if (
          elements.length === 2 &&
          elements.every((x) => x !== null && x.type !== "SpreadElement" && !x.type.includes("Function"))
        ) {
          const [a, b] = elements as [Node, Node]
          give(
            "order of elements",
            withParts(node, [
              [a, slice(b)],
              [b, slice(a)]
            ])
          )
        }
        break
      }
      default:
    }
    // The same text twice is one mutant.
    return found.filter(({ text }, i) => found.findIndex((other) => other.text === text) === i)
  }

  const guarded = (choices: ReadonlyArray<readonly [number, string]>, own: string): string =>
    choices.length === 0
      ? own
      : `(${choices.map(([id, text]) => `$mutation.is(${id}) ? (${text}) : `).join("")}(${own}))`

  /** The text of a node with all mutants inside it. */
  const emit = (node: Node, values: ReadonlyArray<string>, mayReplace: boolean): string => {
    if (isType(node.type)) return slice(node)
    switch (node.type) {
      case "ImportDeclaration":
      case "ExportAllDeclaration":
        return slice(node)
      case "ArrowFunctionExpression":
      case "FunctionExpression": {
        const own = valuesOf(node)
        const text = emitChildren(node, own.length > 0 ? own : values)
        if (!rules.has(node.start)) return text
        const lost = add(node, "rule", "0 times the result")
        const turned = add(node, "rule", "-1 times the result")
        return `$mutation.scale(${lost}, 0, $mutation.scale(${turned}, -1, ${text}))`
      }
      case "ExpressionStatement": {
        const id = add(node, "statement left out", "")
        return `{if (!$mutation.is(${id})) ${emit(node["expression"] as Node, values, true)}}`
      }
      case "IfStatement": {
        const test = node["test"] as Node
        const choices: ReadonlyArray<readonly [number, string]> = [
          [add(test, "condition", "true"), "true"],
          [add(test, "condition", "false"), "false"]
        ]
        const inside = emit(test, values, true)
        const rest = (["consequent", "alternate"] as const).flatMap((key) => {
          const part = node[key] as Node | null
          return part === null ? [] : [[part, emit(part, values, true)] as const]
        })
        return withParts(node, [[test, guarded(choices, inside)], ...rest])
      }
      case "UpdateExpression":
        return slice(node)
      default:
    }
    const own = emitChildren(node, values)
    if (!mayReplace) return own
    const choices = alternatives(node, values).map(({ operator, text }) => [add(node, operator, text), text] as const)
    return guarded(choices, own)
  }

  /** Whether a child is an expression that may be another one. */
  const replaceable = (parent: Node, key: string, child: Node): boolean => {
    if (key === "callee" || (key === "left" && parent.type === "AssignmentExpression")) return false
    if (key === "params" || key === "id" || key === "param" || key === "local" || key === "exported") return false
    if (key === "property" && parent["computed"] === false) return false
    if (child.type.endsWith("Pattern") || child.type === "SpreadElement" || child.type === "Property") return false
    if (parent.type === "VariableDeclarator" && key === "id") return false
    if (parent.type === "ExportNamedDeclaration" || parent.type.endsWith("Specifier")) return false
    return true
  }

  const emitChildren = (node: Node, values: ReadonlyArray<string>): string => {
    const parts: Array<readonly [Node, string]> = []
    for (const [key, value] of Object.entries(node)) {
      if (skipped.has(key) && !(key === "key" && node["computed"] === true)) continue
      if (key === "value" && node.type === "Property" && node["shorthand"] === true) continue
      for (const child of Array.isArray(value) ? (value as ReadonlyArray<unknown>) : [value]) {
        if (!isNode(child)) continue
        // Patterns bind names: only their default values are expressions.
        if (key === "params" || (key === "id" && node.type === "VariableDeclarator")) continue
        if (key === "left" && (node.type === "ForOfStatement" || node.type === "AssignmentPattern")) continue
        parts.push([child, emit(child, values, replaceable(node, key, child))])
      }
    }
    return withParts(node, parts)
  }

  // The rules of a table: their results may be lost, or come with the wrong sign.
  const rules = new Set<number>()
  const takesOperations = (node: Node): boolean =>
    node.type === "ArrowFunctionExpression" &&
    (node["params"] as ReadonlyArray<Node>).some(
      (param) =>
        param.type === "ObjectPattern" &&
        (param["properties"] as ReadonlyArray<Node>).some(
          (property) => (property["key"] as Node | undefined)?.["name"] === "ops"
        )
    )
  const program = parsed.program as unknown as Node
  for (const statement of program["body"] as ReadonlyArray<Node>) {
    const declaration = statement.type === "ExportNamedDeclaration" ? (statement["declaration"] as Node | null) : null
    if (declaration?.type !== "VariableDeclaration") continue
    for (const { init } of declaration["declarations"] as ReadonlyArray<Node>) {
      let table = init as Node
      while (table.type === "TSSatisfiesExpression") table = table["expression"] as Node
      if (table.type !== "ObjectExpression") continue
      for (const { value } of table["properties"] as ReadonlyArray<Node>) {
        if (!isNode(value)) continue
        if (takesOperations(value)) rules.add(value.start)
        if (value.type !== "ArrayExpression") continue
        for (const element of value["elements"] as ReadonlyArray<Node | null>)
          if (element?.type === "ArrowFunctionExpression") rules.add(element.start)
      }
    }
  }

  const code = emit(program, [], false).replaceAll("new WeakMap", "new $mutation.WeakMap")
  return { mutants, code: `const $mutation = globalThis.${switchName};${source.slice(0, program.start)}${code}` }
}
