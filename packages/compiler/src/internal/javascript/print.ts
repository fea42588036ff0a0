// Writes a loop program as the source of a JavaScript function. Names are generated, and what the program brings along (constants, kernels, guards) is passed in
// as values, so nothing of a program's data becomes part of the text but numbers.

import { plan } from "../arena.ts"
import { sizeInBytes } from "../buffers.ts"
import * as Affine from "../loops/affine.ts"
import {
  type Access,
  type Assign,
  type Buffer,
  type Check,
  elementTypeOf,
  type Kernel,
  type LoopProgram,
  type Operand,
  type Statement,
  storageOf
} from "../loops/model.ts"
import { isLocal, scopes } from "../loops/scopes.ts"
import { arrayOf, inPrecision, type Data, type Precision, round } from "../precision.ts"
import { sumsOf } from "../sums.ts"

export interface Printed {
  /** The body of a function of `inputs`, `outputs`, `constants`, `kernels`, `fail` and `functions`, that gives the function to run. */
  readonly source: string
  readonly constants: ReadonlyArray<Data>
  readonly kernels: ReadonlyArray<Kernel>
  readonly checks: ReadonlyArray<Check>
}

/** Operations on reals whose results need no rounding to single precision. */
const exact = new Set<Assign["operation"]>([
  "copy",
  "neg",
  "abs",
  "sign",
  "relu",
  "floor",
  "ceil",
  "round",
  "max",
  "min",
  "rem",
  "select",
  "clamp"
])

const infix: Partial<Record<Assign["operation"], string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  rem: "%",
  eq: "===",
  ne: "!==",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">="
}

/** Functions of `Math` that are the reference. */
const ofMath = new Set<string>([
  "abs",
  "exp",
  "expm1",
  "log",
  "log1p",
  "sqrt",
  "cbrt",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "tanh",
  "asinh",
  "acosh",
  "atanh",
  "sign",
  "floor",
  "ceil",
  "atan2",
  "max",
  "min"
])

const number = (value: number): string => (Object.is(value, -0) ? "-0" : String(value))

const literal = (value: number): string => (value < 0 || Object.is(value, -0) ? `(${number(value)})` : number(value))

export const print = (program: LoopProgram, precision: Precision = "float64"): Printed => {
  const lines: Array<string> = []
  const constants: Array<Data> = []
  const kernels: Array<Kernel> = []
  const checks: Array<Check> = []
  const names = new Map<Buffer, string>()
  const arena = plan(program, (buffer) => sizeInBytes(precision, buffer))
  const head: Array<string> = arena.size > 0 ? [`const arena = new ArrayBuffer(${arena.size});`] : []
  const parts: Array<string> = []
  const parameters = [...program.inputs.map((_, i) => `i${i}`), ...program.outputs.map((_, i) => `o${i}`)]
  const { declarations, inMemory } = scopes(program)
  let indent = "  "

  const isVariable = (buffer: Buffer): boolean => isLocal(buffer) && !inMemory.has(buffer)
  const isSingle = precision === "float32"
  /** Variables for sums, which are not rounded before they are read. */
  const wide = isSingle ? sumsOf(program, isVariable) : new Set<Buffer>()
  const rounded = (value: string): string => (isSingle ? `Math.fround(${value})` : value)
  const arrays = (elementType: Buffer["elementType"]): string => arrayOf(precision, elementType).name

  program.inputs.forEach((buffer, i) => names.set(buffer, `i${i}`))
  program.outputs.forEach((buffer, i) => names.set(buffer, `o${i}`))

  const nameOf = (buffer: Buffer): string => {
    const storage = storageOf(buffer)
    let name = names.get(storage)
    if (name !== undefined) return name
    if (isVariable(storage)) name = `v${names.size}`
    else if (storage.role === "constant") {
      name = `c${constants.length}`
      head.push(`const ${name} = constants[${constants.length}];`)
      constants.push(inPrecision(precision, storage.data!))
    } else {
      name = `t${names.size}`
      const size = storage.shape.reduce((a, b) => a * b, 1)
      if (storage.role === "tape") head.push(`let ${name} = new ${arrays(storage.elementType)}(0);`)
      else
        head.push(`const ${name} = new ${arrays(storage.elementType)}(arena, ${arena.offsets.get(storage)!}, ${size});`)
    }
    names.set(storage, name)
    return name
  }

  const affine = (a: Affine.Affine): string => {
    const parts: Array<string> = []
    for (const { factor, loop } of a.terms) parts.push(factor === 1 ? `l${loop.id}` : `${factor} * l${loop.id}`)
    for (const { factor, index } of a.dynamic) parts.push(factor === 1 ? read(index) : `${factor} * ${read(index)}`)
    if (a.constant !== 0 || parts.length === 0) parts.push(String(a.constant))
    return parts.join(" + ")
  }

  const place = (access: Access): string => {
    const { buffer } = access
    return isVariable(buffer) ? nameOf(buffer) : `${nameOf(buffer)}[${affine(Affine.linear(access))}]`
  }

  const read = (access: Access): string =>
    access.buffer.elementType === "bool" && !isVariable(access.buffer)
      ? `(${place(access)} !== 0)`
      : wide.has(access.buffer)
        ? rounded(place(access))
        : place(access)

  const operand = (o: Operand): string =>
    o._tag === "Access"
      ? read(o)
      : o._tag === "Position"
        ? `(${affine(o.index)})`
        : o.elementType === "bool"
          ? String(o.value !== 0)
          : literal(o.elementType === "real" ? round(precision, o.value) : o.value)

  /** The value of an operation, in the precision of its type. */
  const expression = (statement: Assign): string => {
    const { operands, operation, target } = statement
    const value = operationOf(statement)
    const isExact = exact.has(operation) || (operation === "toReal" && elementTypeOf(operands[0]!) === "bool")
    return target.buffer.elementType === "real" && !isExact ? rounded(value) : value
  }

  const operationOf = ({ operands, operation, order }: Assign): string => {
    const [x, y, z] = operands.map(operand)
    const from = elementTypeOf(operands[0]!)
    if (from === "index") {
      switch (operation) {
        case "add":
        case "sub":
          return `(${x} ${infix[operation]!} ${y}) | 0`
        case "mul":
          return `Math.imul(${x}, ${y})`
        case "max":
          return `${x} > ${y} ? ${x} : ${y}`
        case "min":
          return `${x} < ${y} ? ${x} : ${y}`
        default:
      }
    }
    if (infix[operation] !== undefined) return `${x} ${infix[operation]} ${y}`
    if (ofMath.has(operation)) return `Math.${operation}(${operands.map(operand).join(", ")})`
    switch (operation) {
      case "copy":
        return x!
      case "neg":
        return `-${x}`
      case "and":
        return `${x} && ${y}`
      case "or":
        return `${x} || ${y}`
      case "not":
        return `!${x}`
      case "select":
        return `${x} ? ${y} : ${z}`
      case "clamp":
        return `Math.min(Math.max(${x}, ${y}), ${z})`
      case "relu":
        return `Math.max(${x}, 0)`
      case "toReal":
        return from === "bool" ? `${x} ? 1 : 0` : x!
      case "isFinite":
        return `Number.isFinite(${x})`
      case "toIndex":
        return `Math.max(-2147483648, Math.min(2147483647, ${x})) | 0`
      case "polygamma":
        return `functions.polygamma(${order}, ${x})`
      default:
        return `functions.${operation}(${operands.map(operand).join(", ")})`
    }
  }

  const combined = (statement: Assign, value: string): string => {
    const { buffer } = statement.target
    const isSum = statement.combine === "add" && wide.has(buffer)
    const target = isSum ? place(statement.target) : read(statement.target)
    const isIndex = statement.target.buffer.elementType === "index"
    const truth = read(statement.target)
    switch (statement.combine) {
      case undefined:
        return value
      case "add":
        if (isIndex) return `(${target} + (${value})) | 0`
        return isSum ? `${target} + (${value})` : rounded(`${target} + (${value})`)
      case "mul":
        return rounded(`${target} * (${value})`)
      case "max":
      case "min":
        if (!isIndex) return `Math.${statement.combine}(${target}, ${value})`
        return statement.combine === "max"
          ? `${target} > (${value}) ? ${target} : (${value})`
          : `${target} < (${value}) ? ${target} : (${value})`
      case "and":
        return `${truth} && (${value})`
      case "or":
        return `${truth} || (${value})`
    }
  }

  // Local variables that are declared where they are assigned first.
  const undeclared = new Set<Buffer>()

  const line = (text: string): void => {
    lines.push(indent + text)
  }

  const assign = (statement: Assign): void => {
    const prefix = undeclared.delete(statement.target.buffer) ? "let " : ""
    const target = place(statement.target)
    if (statement.operation === "mulStrongZero") {
      const [x, y] = statement.operands.map(operand)
      const product = statement.combine === undefined ? target : `p${lines.length}`
      line(`${statement.combine === undefined ? prefix : "let "}${product} = ${rounded(`${x} * ${y}`)};`)
      line(`if (${product} !== ${product} && (${x} === 0 || ${y} === 0)) ${product} = 0;`)
      if (statement.combine !== undefined) line(`${target} = ${combined(statement, product)};`)
      return
    }
    line(`${prefix}${target} = ${combined(statement, expression(statement))};`)
  }

  const nested = (open: string, body: ReadonlyArray<Statement>, close = "}"): void => {
    line(open)
    indent += "  "
    block(body)
    indent = indent.slice(2)
    line(close)
  }

  const block = (statements: ReadonlyArray<Statement>): void => {
    for (const [buffer, isAssigned] of declarations.get(statements) ?? []) {
      if (isAssigned) undeclared.add(buffer)
      else line(`let ${nameOf(buffer)} = ${buffer.elementType === "bool" ? "false" : "0"};`)
    }
    for (const statement of statements) {
      switch (statement._tag) {
        case "Assign":
          assign(statement)
          break
        case "For": {
          const { isReverse, loop } = statement
          const l = `l${loop.id}`
          const extent = typeof loop.extent === "number" ? String(loop.extent) : operand(loop.extent)
          nested(
            isReverse
              ? `for (let ${l} = ${extent} - 1; ${l} >= 0; ${l}--) {`
              : `for (let ${l} = 0; ${l} < ${extent}; ${l}++) {`,
            statement.body
          )
          break
        }
        case "If":
          nested(
            `if (${operand(statement.condition)}) {`,
            statement.whenTrue,
            statement.whenFalse.length > 0 ? "} else {" : "}"
          )
          if (statement.whenFalse.length > 0) {
            indent += "  "
            block(statement.whenFalse)
            indent = indent.slice(2)
            line("}")
          }
          break
        case "While":
          line("for (;;) {")
          indent += "  "
          block(statement.test)
          line(`if (!${operand(statement.condition)}) break;`)
          block(statement.body)
          indent = indent.slice(2)
          line("}")
          break
        case "Reserve":
          for (const tape of statement.tapes) {
            const name = nameOf(tape)
            const size = tape.shape.slice(1).reduce((a, b) => a * b, 1)
            line(
              `if (${name}.length < (${operand(statement.index)} + 1) * ${size}) { const old = ${name}; ` +
                `${name} = new ${arrays(tape.elementType)}(2 * (${operand(statement.index)} + 1) * ${size}); ${name}.set(old); }`
            )
          }
          break
        case "Check": {
          const path = statement.path.map(({ index }) => operand(index)).join(", ")
          const index = statement.index.map(affine).join(", ")
          line(
            `if (!${operand(statement.condition)}) return fail(${checks.length}, ${operand(statement.value)}, [${index}], [${path}]);`
          )
          checks.push(statement)
          break
        }
        case "Part":
          part(statement.body)
          break
        case "Kernel": {
          const operands = statement.operands.map(nameOf).join(", ")
          const results = statement.results.map(nameOf).join(", ")
          line(`kernels[${kernels.length}]([${operands}], [${results}]);`)
          kernels.push(statement)
          break
        }
      }
    }
  }

  /** A function of its own, which gives what its checks give. */
  const part = (body: ReadonlyArray<Statement>): void => {
    const name = `part${parts.length}`
    const outer = lines.splice(0)
    indent = "  "
    block(body)
    parts.push([`const ${name} = (${parameters.join(", ")}) => {`, ...lines, "};"].join("\n"))
    lines.splice(0, lines.length, ...outer)
    line(`const of${parts.length} = ${name}(${parameters.join(", ")});`)
    line(`if (of${parts.length} !== undefined) return of${parts.length};`)
  }

  block(program.statements)
  const source = [
    `"use strict";`,
    ...head,
    ...parts,
    "return (inputs, outputs) => {",
    ...program.inputs.map((_, i) => `  const i${i} = inputs[${i}];`),
    ...program.outputs.map((_, i) => `  const o${i} = outputs[${i}];`),
    ...lines,
    "};"
  ].join("\n")
  return { source, constants, kernels, checks }
}
