// Programs to formulas, infix and LaTeX: iterative and linear in the size of the program.

import { bodiesOf, bodiesWithin } from "../bodies.ts"
import { type Body, schedule } from "../schedule.ts"
import type { Node } from "../node.ts"
import { clean, constants, latexName, nameOfConstant, Names } from "./names.ts"
import {
  controlNotations,
  type Form,
  type Hole,
  Level,
  notations,
  projectionNotation,
  square,
  type Style,
  styles
} from "./notation.ts"

/** Text that stands for a whole subexpression. */
interface Written {
  readonly text: string
  readonly level: number
}

interface AnyNotation {
  readonly text: (attributes: object, count: number) => Form
  readonly latex: (attributes: object, count: number) => Form
}

type AnyControlNotation = (attributes: object, count: number, body: (body: Body) => string, style: Style) => Form

interface Dialect {
  readonly notation: "text" | "latex"
  readonly open: string
  readonly close: string
  readonly name: (name: string) => string
  readonly constant: (node: Node, taken: ReadonlySet<string>) => Written
}

const atom = (text: string): Written => ({ text, level: Level.atom })

/** The shortest decimal that is read back as the same number; the names of constants where no variable hides them. */
const textNumber = (value: number, taken: ReadonlySet<string>): Written => {
  const magnitude = Math.abs(value)
  const name = nameOfConstant.get(magnitude)
  const text = name !== undefined && !taken.has(name) ? name : String(magnitude)
  return value < 0 || Object.is(value, -0) ? { text: `-${text}`, level: Level.sign } : atom(text)
}

const latexNumber = (value: number): Written => {
  const magnitude = Math.abs(value)
  const sign = value < 0 || Object.is(value, -0) ? "-" : ""
  const name = nameOfConstant.get(magnitude)
  if (name !== undefined || magnitude === Infinity || Number.isNaN(value)) {
    const text = name === undefined ? (Number.isNaN(value) ? "\\mathrm{NaN}" : "\\infty") : latexName(name)
    return { text: sign + text, level: sign === "" ? Level.atom : Level.product }
  }
  const [mantissa, exponent] = String(magnitude).split("e")
  if (exponent === undefined) return { text: sign + mantissa, level: sign === "" ? Level.atom : Level.product }
  const power = `10^{${Number(exponent)}}`
  return mantissa === "1"
    ? { text: sign + power, level: sign === "" ? Level.power : Level.product }
    : { text: `${sign}${mantissa} \\times ${power}`, level: Level.product }
}

const textDialect: Dialect = {
  notation: "text",
  open: "(",
  close: ")",
  name: (name) => name,
  constant: ({ elementType, shape, value }, taken) => {
    if (shape.length > 0) return atom(`${elementType === "real" ? "tensor" : elementType}[${shape.join(",")}]`)
    const element = value!.data[0]!
    return elementType === "real"
      ? textNumber(element, taken)
      : atom(elementType === "bool" ? String(element === 1) : `index(${element})`)
  }
}

const latexDialect: Dialect = {
  notation: "latex",
  open: "\\left(",
  close: "\\right)",
  name: latexName,
  constant: ({ elementType, shape, value }) => {
    if (shape.length > 0) {
      return atom(`\\mathrm{${elementType === "real" ? "tensor" : elementType}}_{${shape.join(" \\times ")}}`)
    }
    const element = value!.data[0]!
    return elementType === "bool" ? atom(`\\mathrm{${element === 1}}`) : latexNumber(element)
  }
}

/** A program written down: definitions in the order in which they are needed, then one expression for each output. */
interface Printed {
  readonly inputs: ReadonlyArray<string>
  readonly definitions: ReadonlyArray<{ readonly name: string; readonly text: string }>
  readonly outputs: ReadonlyArray<string>
  readonly taken: ReadonlySet<string>
}

/** A body as a function: its parameters and what they are mapped to. */
const signature = (inputs: ReadonlyArray<string>, dialect: Dialect): string =>
  `${dialect.open}${inputs.join(", ")}${dialect.close}`

const results = (outputs: ReadonlyArray<string>, dialect: Dialect): string => {
  const [open, close] = styles[dialect.notation].list
  return outputs.length === 1 ? outputs[0]! : `${open}${outputs.join(", ")}${close}`
}

/** What a function is: its result, and before it (in LaTeX after it) what the result is made of. */
const definition = ({ definitions, outputs }: Printed, dialect: Dialect): string => {
  const result = results(outputs, dialect)
  if (definitions.length === 0) return result
  const statements = definitions.map(({ name, text }) => `${dialect.name(name)} = ${text}`)
  return dialect.notation === "text"
    ? `{ ${statements.join("; ")}; ${result} }`
    : `${result} \\text{ where } ${statements.join(", \\; ")}`
}

/** Bodies are written where they stand, in bodies that are written where they stand, to this depth. */
const deepest = 3

interface Functions {
  /** What stands for each body: its name, or the function itself. */
  readonly texts: ReadonlyMap<Body, string>
  /** The functions with names, each after those it uses. */
  readonly definitions: ReadonlyArray<{ readonly name: string; readonly signature: string; readonly text: string }>
}

/**
 * The bodies of a program as functions. What is used once is written where it stands, if it is not too deep in others; the rest gets a name: so the text is no longer than the
 * program is large, whatever it shares.
 */
const functionsOf = (program: Body, dialect: Dialect): Functions => {
  const bodies = bodiesWithin(program)
  const texts = new Map<Body, string>()
  const definitions: Array<Functions["definitions"][number]> = []
  if (bodies.length === 0) return { texts, definitions }

  const uses = new Map<Body, number>()
  const called = new Set<Body>()
  const taken = new Set<string>()
  for (const body of [...bodies, program]) {
    for (const { attributes, control, _tag, label } of schedule(body, false).nodes) {
      if (_tag === "Input") taken.add(clean(label!))
      if (control === undefined) continue
      for (const held of bodiesOf(attributes!)) {
        uses.set(held, (uses.get(held) ?? 0) + 1)
        if (control.primitive === "call") called.add(held)
      }
    }
  }

  const depths = new Map<Body, number>()
  let counter = 0
  for (const body of bodies) {
    const printed = write(body, dialect, texts)
    const within = schedule(body, false).nodes.flatMap((node) =>
      node._tag === "Control" ? bodiesOf(node.attributes!).map((held) => depths.get(held) ?? 0) : []
    )
    const depth = within.reduce((most, own) => Math.max(most, own), 0) + 1
    if (dialect.notation === "text" && uses.get(body) === 1 && !called.has(body) && depth <= deepest) {
      depths.set(body, depth)
      texts.set(body, `${signature(printed.inputs, dialect)} => ${definition(printed, dialect)}`)
      continue
    }
    let name: string
    do name = `f${++counter}`
    while (taken.has(name))
    texts.set(body, dialect.name(name))
    definitions.push({ name, signature: signature(printed.inputs, dialect), text: definition(printed, dialect) })
  }
  return { texts, definitions }
}

const write = (body: Body, dialect: Dialect, functions: ReadonlyMap<Body, string>): Printed => {
  const { first, nodes, operands, outputs } = schedule(body, false)
  const operandOf = (i: number, k: number): number => operands[first[i]! + k]!
  const uses = new Int32Array(nodes.length)
  for (const p of operands) uses[p]!++
  for (const p of outputs) uses[p]!++

  const names = new Names()
  const nameOf = new Array<string | undefined>(nodes.length)
  // The program's own inputs first, in order, then what it captured.
  const position = new Map<Node, number>()
  nodes.forEach((node, i) => {
    if (node._tag === "Input") position.set(node, i)
  })
  for (const node of new Set([...body.inputNodes, ...position.keys()])) {
    nameOf[position.get(node)!] = names.make(node.label!)
  }

  /** A product of something with itself is written as a square where the something has no name to repeat. */
  const isSquare = (i: number): boolean => {
    const node = nodes[i]!
    if (node.primitive !== "mul" || node.operands[0] !== node.operands[1]) return false
    const operand = operandOf(i, 0)
    return dialect.notation === "latex" || (nodes[operand]!._tag === "Apply" && uses[operand] === 2)
  }
  const onlySquared = new Uint8Array(nodes.length)
  for (let i = 0; i < nodes.length; i++) {
    if (isSquare(i) && uses[operandOf(i, 0)] === 2) onlySquared[operandOf(i, 0)] = 1
  }

  /** The only result of a control primitive is written as the primitive itself. */
  const through = (i: number): number =>
    nodes[i]!._tag === "Project" && nodes[i]!.operands[0]!.control!.types.length === 1 ? operandOf(i, 0) : i

  const temporaries: Array<number> = []
  let counter = 0
  for (let i = 0; i < nodes.length; i++) {
    const { _tag } = nodes[i]!
    if (_tag === "Input" || _tag === "Constant" || uses[i]! < 2 || onlySquared[i] === 1) continue
    let name: string
    do name = `t${++counter}`
    while (names.taken.has(name))
    nameOf[i] = name
    temporaries.push(i)
  }
  for (const i of temporaries) names.taken.add(nameOf[i]!)

  const formOf = (i: number): Form => {
    const { _tag, attributes, control, index, operands: from, primitive } = nodes[i]!
    if (_tag === "Project") return projectionNotation[dialect.notation](index)
    if (_tag === "Control") {
      const notation = controlNotations[control!.primitive] as AnyControlNotation
      return notation(attributes!, from.length, (held) => functions.get(held)!, styles[dialect.notation])
    }
    if (isSquare(i) && (dialect.notation === "latex" || onlySquared[operandOf(i, 0)] === 1)) {
      return square[dialect.notation]
    }
    return (notations[primitive!] as AnyNotation)[dialect.notation](attributes!, from.length)
  }
  /** The node whose form is written for an operand. */
  const shownAs = (i: number): number => (nameOf[i] === undefined ? through(i) : i)
  /** How an operand is written in the place of `hole`: as text, or as a form still to be filled in. */
  const bare = (i: number): Written | Form => {
    const name = nameOf[i]
    if (name !== undefined) return atom(dialect.name(name))
    return nodes[i]!._tag === "Constant" ? dialect.constant(nodes[i]!, names.taken) : formOf(through(i))
  }
  const isLiteral = (i: number): boolean => nodes[i]!._tag === "Constant"
  const signed = new Uint8Array(nodes.length)
  const needsParentheses = (hole: Hole, i: number, written: Written | Form): boolean =>
    written.level < hole.level || (hole.unsigned && signed[i] === 1) || (hole.literalApart && isLiteral(i))

  // Which expressions begin with a minus sign, from the leaves up.
  if (dialect.notation === "latex") {
    for (let i = 0; i < nodes.length; i++) {
      const written = bare(i)
      if ("text" in written) {
        signed[i] = written.text.startsWith("-") ? 1 : 0
        continue
      }
      const beginning = written.parts[0]!
      if (typeof beginning === "string") {
        signed[i] = beginning.startsWith("-") ? 1 : 0
      } else {
        const operand = operandOf(shownAs(i), beginning.operand)
        signed[i] = needsParentheses(beginning, operand, bare(operand)) ? 0 : signed[operand]!
      }
    }
  }

  const root: Hole = { operand: 0, level: Level.any, unsigned: false, literalApart: false }
  /** Writes the expression at `i`, without its own name. */
  const expression = (i: number, named: boolean): string => {
    const pieces: Array<string> = []
    // What is still to be written, last first: text, or an operand and the hole it fills.
    const pending: Array<string | number> = []
    const holes: Array<Hole> = []
    const fill = (p: number, written: Written | Form, hole: Hole) => {
      const parenthesised = needsParentheses(hole, p, written)
      if (parenthesised) {
        pieces.push(dialect.open)
        pending.push(dialect.close)
      }
      if ("text" in written) {
        pieces.push(written.text)
        return
      }
      for (let k = written.parts.length - 1; k >= 0; k--) {
        const part = written.parts[k]!
        if (typeof part === "string") {
          pending.push(part)
        } else {
          pending.push(operandOf(p, part.operand))
          holes.push(part)
        }
      }
    }
    if (named) fill(shownAs(i), bare(i), root)
    else fill(through(i), formOf(through(i)), root)
    while (pending.length > 0) {
      const item = pending.pop()!
      if (typeof item === "string") pieces.push(item)
      else fill(shownAs(item), bare(item), holes.pop()!)
    }
    return pieces.join("")
  }

  return {
    inputs: body.inputNodes.map((node) => dialect.name(nameOf[position.get(node)!]!)),
    definitions: temporaries.map((i) => ({ name: nameOf[i]!, text: expression(i, false) })),
    outputs: outputs.map((i) => expression(i, true)),
    taken: names.taken
  }
}

/** What is printed: a graph, and the paths of its outputs. */
export interface Printable {
  readonly body: Body
  readonly paths: ReadonlyArray<string>
}

/** An expression with the inputs it depends on. */
export const ofExpression = (node: Node): Printable => {
  const { nodes } = schedule({ inputNodes: [], outputNodes: [node] }, false)
  return { body: { inputNodes: nodes.filter(({ _tag }) => _tag === "Input"), outputNodes: [node] }, paths: [""] }
}

/** The names of outputs: their paths, below `output` where a path is not a name, or is one that is taken. */
const outputNames = (paths: ReadonlyArray<string>, taken: ReadonlySet<string>): ReadonlyArray<string> => {
  if (paths.every((path) => path !== "" && !path.startsWith("[") && !taken.has(path) && !constants.has(path)))
    return paths
  let root = "output"
  while (paths.some((path) => taken.has(below(root, path)))) root = `${root}_`
  return paths.map((path) => below(root, path))
}

const below = (root: string, path: string): string => (path.startsWith("[") ? `${root}${path}` : `${root}.${path}`)

/** One output is the formula itself, whatever its path. */
const isSingle = ({ paths }: Printable): boolean => paths.length === 1

export const print = (program: Printable, separator: string): string => {
  const functions = functionsOf(program.body, textDialect)
  const { definitions, outputs, taken } = write(program.body, textDialect, functions.texts)
  const statements = [
    ...functions.definitions.map(({ name, signature, text }) => `${name}${signature} = ${text}`),
    ...definitions.map(({ name, text }) => `${name} = ${text}`)
  ]
  const names = isSingle(program) ? undefined : outputNames(program.paths, taken)
  outputs.forEach((text, i) => statements.push(names === undefined ? text : `${names[i]} = ${text}`))
  return statements.join(separator)
}

export const latex = (program: Printable): string => {
  const functions = functionsOf(program.body, latexDialect)
  const { definitions: own, outputs, taken } = write(program.body, latexDialect, functions.texts)
  const definitions = [
    ...own.map(({ name, text }) => ({ left: latexName(name), text })),
    ...functions.definitions
      .toReversed()
      .map(({ name, signature, text }) => ({ left: latexName(name) + signature, text }))
  ]
  const single = isSingle(program)
  if (single && definitions.length === 0) return outputs[0]!
  const names = single ? undefined : outputNames(program.paths, taken)
  const lines = [
    ...outputs.map((text, i) => (names === undefined ? `& ${text}` : `${latexName(names[i]!)} &= ${text}`)),
    ...(definitions.length === 0 ? [] : [names === undefined ? "& \\text{where}" : "\\text{where} \\quad &"]),
    ...definitions.map(({ left, text }) => (names === undefined ? `& ${left} = ${text}` : `${left} &= ${text}`))
  ]
  return ["\\begin{aligned}", lines.join(" \\\\\n"), "\\end{aligned}"].join("\n")
}

/** The names that the inputs of a program have in its formula. */
export const inputNames = ({ body }: Printable): ReadonlyArray<string> => {
  const names = new Names()
  return body.inputNodes.map((node) => names.make(node.label!))
}
