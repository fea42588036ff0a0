// Simplifies scalar code: operations on known numbers, identities that hold in IEEE arithmetic, and operations that were done before.

import { Interpreter, Tensor } from "@fluxion/core"
import {
  type Access,
  type Assign,
  type Buffer,
  elementTypeOf,
  literal,
  type Literal,
  type LoopProgram,
  type Operand,
  type Operation,
  type Statement,
  storageOf
} from "../loops/model.ts"
import { isLocal } from "../loops/scopes.ts"
import { forEachAccess, kernelBuffers, rewrite } from "../loops/walk.ts"
import { vanishes } from "./vanishing.ts"

const isNumber = (operand: Operand | undefined, value: number): boolean =>
  operand?._tag === "Literal" && Object.is(operand.value, value)

const isFactor = (operand: Operand): boolean =>
  operand._tag === "Literal" && operand.value !== 0 && Number.isFinite(operand.value)

/** The same result by a simpler operation. Identities hold for all operands, signed zeros and NaN included. */
const simplify = (statement: Assign): Assign => {
  const { operands, operation } = statement
  const [x, y, z] = operands
  const by = (to: Operation, ...of: ReadonlyArray<Operand>): Assign => ({ ...statement, operation: to, operands: of })
  if (operation !== "copy" && operands.every((operand) => operand._tag === "Literal")) {
    return by("copy", folded(statement, operands as ReadonlyArray<Literal>))
  }
  const isReal = elementTypeOf(operands.at(-1)!) === "real"
  switch (operation) {
    case "mulStrongZero":
      return isFactor(x!) || isFactor(y!) ? simplify(by("mul", x!, y!)) : statement
    case "mul":
      if (isNumber(x, 1)) return by("copy", y!)
      if (isNumber(y, 1)) return by("copy", x!)
      if (isReal && isNumber(x, -1)) return by("neg", y!)
      if (isReal && isNumber(y, -1)) return by("neg", x!)
      return statement
    case "div":
      return isNumber(y, 1) ? by("copy", x!) : statement
    case "add":
      if (isNumber(x, isReal ? -0 : 0)) return by("copy", y!)
      return isNumber(y, isReal ? -0 : 0) ? by("copy", x!) : statement
    case "sub":
      if (isNumber(y, 0)) return by("copy", x!)
      return isReal && isNumber(x, -0) ? by("neg", y!) : statement
    case "select":
      if (x!._tag === "Literal") return by("copy", x!.value !== 0 ? y! : z!)
      return statement
    case "and":
      if (isNumber(x, 1)) return by("copy", y!)
      return isNumber(y, 1) ? by("copy", x!) : statement
    case "or":
      if (isNumber(x, 0)) return by("copy", y!)
      return isNumber(y, 0) ? by("copy", x!) : statement
    default:
      return statement
  }
}

const apply = Interpreter.algebra.apply as unknown as (
  primitive: string,
  attributes: object,
  operands: ReadonlyArray<Tensor.Any>
) => Tensor.Any

const arrays = { real: Float64Array, index: Int32Array, bool: Uint8Array } as const

const folded = ({ operation, order, target }: Assign, operands: ReadonlyArray<Literal>): Literal => {
  const tensors = operands.map(({ elementType, value }) =>
    Tensor.fromData(elementType, arrays[elementType].of(value), [])
  )
  const result = apply(operation, order === undefined ? {} : { order }, tensors)
  return literal(target.buffer.elementType, result.data[0]!)
}

const operandKey = (operand: Operand): string | undefined => {
  switch (operand._tag) {
    case "Access":
      return isLocal(operand.buffer) ? `v${operand.buffer.id}` : undefined
    case "Literal":
      return `${operand.elementType}${Object.is(operand.value, -0) ? "-0" : operand.value}`
    case "Position": {
      const { constant, dynamic, terms } = operand.index
      if (dynamic.length > 0) return undefined
      return `p${constant}${terms.map(({ factor, loop }) => `+${factor}l${loop.id}`).join("")}`
    }
  }
}

const commutes = new Set<Operation>(["add", "mul", "mulStrongZero", "eq", "ne", "and", "or"])

/** Names what is computed by what it is, where its operands never change. */
class Values {
  private readonly parent: Values | undefined
  private readonly own = new Map<string, Access>()
  constructor(parent?: Values) {
    this.parent = parent
  }
  get(key: string): Access | undefined {
    return this.own.get(key) ?? this.parent?.get(key)
  }
  set(key: string, value: Access): void {
    this.own.set(key, value)
  }
}

export const simplifyValues = (program: LoopProgram): LoopProgram => {
  // Local variables that are assigned once, outside of kernels.
  const writes = new Map<Buffer, number>()
  forEachAccess(program.statements, ({ at, buffer }, role) => {
    const storage = storageOf(buffer)
    if (role !== "read" || at.length !== buffer.shape.length)
      writes.set(storage, (writes.get(storage) ?? 0) + (role === "write" ? 1 : 2))
    if (storage !== buffer) writes.set(storage, 2)
  })
  for (const buffer of kernelBuffers(program.statements)) writes.set(buffer, 2)
  const isFixed = (operand: Operand): boolean =>
    operand._tag === "Literal" ||
    operand._tag === "Position" ||
    (isLocal(operand.buffer) && writes.get(operand.buffer) === 1)
  const names = new Map<Buffer, Operand>()
  const definitions = new Map<Buffer, Assign>()
  const withoutDifference = (statement: Assign): Assign => {
    const { operands, operation } = statement
    const [x, y] = operands
    if (operation !== "add" || x === undefined || y === undefined) return statement
    // Zero is added, which makes a negative zero positive.
    if (vanishes(definitions, y, x)) return { ...statement, operands: [x, literal("real", 0)] }
    return vanishes(definitions, x, y) ? { ...statement, operands: [y, literal("real", 0)] } : statement
  }
  const resolve = (operand: Operand): Operand =>
    operand._tag === "Access" ? (names.get(operand.buffer) ?? operand) : operand
  const block = (statements: ReadonlyArray<Statement>, values: Values): ReadonlyArray<Statement> =>
    statements.flatMap((original): ReadonlyArray<Statement> => {
      const [statement] = rewriteShallow(original, resolve, names)
      switch (statement!._tag) {
        case "Assign": {
          const made = withoutDifference(simplify(statement!))
          const { combine, operands, operation, target } = made
          if (combine !== undefined || !isFixed(target)) return [made]
          if (operation === "copy") {
            if (!isFixed(operands[0]!) || operands[0]!._tag === "Position") return [made]
            names.set(target.buffer, operands[0]!)
            return []
          }
          const keys = operands.map(operandKey)
          if (!operands.every(isFixed) || keys.includes(undefined)) return [made]
          if (commutes.has(operation)) keys.sort()
          const key = `${operation}${made.order ?? ""}(${keys.join(",")})`
          const known = values.get(key)
          if (known === undefined) {
            values.set(key, target)
            definitions.set(target.buffer, made)
            return [made]
          }
          names.set(target.buffer, known)
          return []
        }
        case "For":
          return [{ ...statement!, body: block(statement!.body, new Values(values)) }]
        case "If":
          return [
            {
              ...statement!,
              whenTrue: block(statement!.whenTrue, new Values(values)),
              whenFalse: block(statement!.whenFalse, new Values(values))
            }
          ]
        case "While": {
          const test = block(statement!.test, new Values(values))
          return [
            {
              ...statement!,
              test,
              condition: resolve(statement!.condition),
              body: block(statement!.body, new Values(values))
            }
          ]
        }
        default:
          return [statement!]
      }
    })
  return { ...program, statements: block(program.statements, new Values()) }
}

/** Rewrites the operands of a statement itself, not those of the blocks in it. */
const rewriteShallow = (
  statement: Statement,
  resolve: (operand: Operand) => Operand,
  names: ReadonlyMap<Buffer, Operand>
): ReadonlyArray<Statement> => {
  const rules = {
    read: resolve,
    affine: (a: Parameters<NonNullable<Parameters<typeof rewrite>[1]["affine"]>>[0]) => {
      if (a.dynamic.length === 0) return a
      let { constant } = a
      const dynamic = a.dynamic.flatMap(({ factor, index }) => {
        const by = names.get(index.buffer)
        if (by === undefined) return [{ factor, index }]
        if (by._tag === "Literal") constant += factor * by.value
        return by._tag === "Access" ? [{ factor, index: by }] : []
      })
      return { ...a, constant, dynamic }
    }
  }
  switch (statement._tag) {
    case "If":
      return [
        {
          ...(rewrite([{ ...statement, whenTrue: [], whenFalse: [] }], rules)[0] as typeof statement),
          whenTrue: statement.whenTrue,
          whenFalse: statement.whenFalse
        }
      ]
    case "For":
    case "While":
      return [statement]
    default:
      return rewrite([statement], rules)
  }
}
