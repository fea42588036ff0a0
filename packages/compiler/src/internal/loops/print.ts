// Writes loop programs for people to read.

import type { Affine } from "./affine.ts"
import {
  type Access,
  type Assign,
  type Buffer,
  type Loop,
  type LoopProgram,
  type Operand,
  type Statement,
  storageOf
} from "./model.ts"

export interface Names {
  readonly ofBuffer: (buffer: Buffer) => string
  readonly ofLoop: (loop: Loop) => string
}

/** Names in the order in which they are asked for; inputs and outputs by their position. */
export const makeNames = ({ inputs, outputs }: LoopProgram): Names => {
  const buffers = new Map<Buffer, string>()
  const loops = new Map<Loop, string>()
  const counts = { v: 0, t: 0, c: 0, tape: 0 }
  inputs.forEach((buffer, i) => buffers.set(buffer, `in${i}`))
  outputs.forEach((buffer, i) => buffers.set(buffer, `out${i}`))
  const ofBuffer = (buffer: Buffer): string => {
    let name = buffers.get(buffer)
    if (name !== undefined) return name
    const storage = storageOf(buffer)
    // The same memory with another shape.
    if (storage !== buffer) name = `${ofBuffer(storage)}:${buffer.shape.join("x")}`
    else {
      const kind =
        buffer.role === "constant" ? "c" : buffer.role === "tape" ? "tape" : buffer.shape.length === 0 ? "v" : "t"
      name = `${kind}${counts[kind]++}`
    }
    buffers.set(buffer, name)
    return name
  }
  const ofLoop = (loop: Loop): string => {
    let name = loops.get(loop)
    if (name === undefined) loops.set(loop, (name = `l${loops.size}`))
    return name
  }
  return { ofBuffer, ofLoop }
}

const infix: Partial<Record<Assign["operation"], string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  eq: "==",
  ne: "!=",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  and: "and",
  or: "or"
}

const combining = { add: "+=", mul: "*=", max: "max=", min: "min=", and: "and=", or: "or=" } as const

const number = (value: number): string => (Object.is(value, -0) ? "-0" : String(value))

/** The lines of statements; `note` says more of a loop, e.g. that it runs on vectors. */
export const printStatements = (
  statements: ReadonlyArray<Statement>,
  names: Names,
  note: (loop: Loop) => string = () => ""
): ReadonlyArray<string> => {
  const lines: Array<string> = []
  const product = (factor: number, what: string): string =>
    factor === 1 ? what : factor === -1 ? `-${what}` : `${factor}*${what}`
  const affine = ({ constant, dynamic, terms }: Affine): string => {
    const parts = [
      ...terms.map(({ factor, loop }) => product(factor, names.ofLoop(loop))),
      ...dynamic.map(({ factor, index }) => product(factor, access(index))),
      ...(constant !== 0 || terms.length + dynamic.length === 0 ? [String(constant)] : [])
    ]
    return parts.join(" + ").replaceAll("+ -", "- ")
  }
  const access = ({ at, buffer }: Access): string =>
    at.length === 0 ? names.ofBuffer(buffer) : `${names.ofBuffer(buffer)}[${at.map(affine).join(", ")}]`
  const operand = (o: Operand): string =>
    o._tag === "Access"
      ? access(o)
      : o._tag === "Position"
        ? `index(${affine(o.index)})`
        : o.elementType === "bool"
          ? String(o.value !== 0)
          : number(o.value)
  const expression = ({ operands, operation, order }: Assign): string => {
    const written = operands.map(operand)
    if (operation === "copy") return written[0]!
    if (infix[operation] !== undefined) return `${written[0]} ${infix[operation]} ${written[1]}`
    return `${operation}(${[...(order === undefined ? [] : [String(order)]), ...written].join(", ")})`
  }
  const block = (own: ReadonlyArray<Statement>, indent: string): void => {
    const inner = `${indent}  `
    for (const statement of own) {
      switch (statement._tag) {
        case "Assign": {
          const sign = statement.combine === undefined ? "=" : combining[statement.combine]
          lines.push(`${indent}${access(statement.target)} ${sign} ${expression(statement)}`)
          break
        }
        case "For": {
          const { isParallel, isReverse, loop } = statement
          const extent = typeof loop.extent === "number" ? String(loop.extent) : operand(loop.extent)
          const notes = `${isReverse ? ", backwards" : ""}${isParallel ? ", in any order" : ""}${note(loop)}`
          lines.push(`${indent}for ${names.ofLoop(loop)} < ${extent}${notes} {`)
          block(statement.body, inner)
          lines.push(`${indent}}`)
          break
        }
        case "If":
          lines.push(`${indent}if ${operand(statement.condition)} {`)
          block(statement.whenTrue, inner)
          if (statement.whenFalse.length > 0) {
            lines.push(`${indent}} else {`)
            block(statement.whenFalse, inner)
          }
          lines.push(`${indent}}`)
          break
        case "Part":
          lines.push(`${indent}part {`)
          block(statement.body, inner)
          lines.push(`${indent}}`)
          break
        case "While":
          lines.push(`${indent}loop {`)
          block(statement.test, inner)
          lines.push(`${inner}while ${operand(statement.condition)}`)
          block(statement.body, inner)
          lines.push(`${indent}}`)
          break
        case "Reserve":
          lines.push(
            `${indent}reserve ${statement.tapes.map(names.ofBuffer).join(", ")} at ${operand(statement.index)}`
          )
          break
        case "Check": {
          const index = statement.index.map(affine).join(", ")
          const path = statement.path.map(({ control, index: at }) => ` in ${control} ${operand(at)}`).join("")
          lines.push(
            `${indent}check ${operand(statement.condition)} of ${operand(statement.value)} at [${index}]${path}`
          )
          break
        }
        case "Kernel":
          lines.push(
            `${indent}${statement.results.map(names.ofBuffer).join(", ")} = ${statement.name}(${statement.operands.map(names.ofBuffer).join(", ")})`
          )
          break
      }
    }
  }
  block(statements, "")
  return lines
}

/** A loop program as text. */
export const print = (program: LoopProgram): string =>
  printStatements(program.statements, makeNames(program)).join("\n")
