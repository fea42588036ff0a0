// Scalar replacement: an element that a block has just written or read is not read from memory again.

import * as Affine from "../loops/affine.ts"
import {
  type Access,
  access,
  assign,
  type Buffer,
  type LoopProgram,
  makeBuffer,
  type Operand,
  type Statement,
  storageOf
} from "../loops/model.ts"
import { forEachAccess } from "../loops/walk.ts"

const keyOf = (a: Access): string => {
  let key = String(a.buffer.id)
  for (const { constant, dynamic, terms } of a.at) {
    key += `|${constant}`
    for (const { factor, loop } of terms.toSorted((x, y) => x.loop.id - y.loop.id)) key += `+${factor}l${loop.id}`
    for (const { factor, index } of dynamic) key += `+${factor}(${keyOf(index)})`
  }
  return key
}

/** What is known about memory at a point: the operand that each element holds. */
class Known {
  private readonly elements = new Map<string, { readonly operand: Operand; readonly access: Access }>()
  private readonly byStorage = new Map<Buffer, Set<string>>()

  get(a: Access): Operand | undefined {
    return this.elements.get(keyOf(a))?.operand
  }

  set(a: Access, operand: Operand): void {
    const key = keyOf(a)
    this.elements.set(key, { operand, access: a })
    const storages = [storageOf(a.buffer)]
    // A subscript that changes makes it another element, and an operand may be assigned again.
    const add = (index: Access): void => void storages.push(storageOf(index.buffer))
    for (const { dynamic } of a.at) for (const { index } of dynamic) forEachAccess([assign(index, "copy", [])], add)
    if (operand._tag === "Access") storages.push(storageOf(operand.buffer))
    for (const storage of storages) {
      const own = this.byStorage.get(storage)
      if (own === undefined) this.byStorage.set(storage, new Set([key]))
      else own.add(key)
    }
  }

  forget(storage: Buffer): void {
    for (const key of this.byStorage.get(storage) ?? []) this.elements.delete(key)
    this.byStorage.delete(storage)
  }

  /** Forgets what an assignment may overwrite. */
  overwrite(a: Access): void {
    const storage = storageOf(a.buffer)
    for (const key of this.byStorage.get(storage) ?? []) {
      const known = this.elements.get(key)
      if (known === undefined) continue
      if (known.access.buffer === a.buffer && areApart(known.access, a)) continue
      this.elements.delete(key)
    }
  }

  copy(): Known {
    const made = new Known()
    if (this.elements.size <= 256) for (const { access: a, operand } of this.elements.values()) made.set(a, operand)
    return made
  }
}

/** Whether two accesses are to different elements in the same iteration. */
const areApart = (a: Access, b: Access): boolean =>
  a.at.some((subscript, axis) => {
    const difference = Affine.add(subscript, Affine.scale(b.at[axis]!, -1))
    const range = Affine.range(difference)
    return range !== undefined && (range[0] > 0 || range[1] < 0)
  })

const isScalar = ({ role, shape, storage }: Buffer): boolean =>
  role === "temporary" && shape.length === 0 && storage === undefined

export const forwardStores = (program: LoopProgram): LoopProgram => {
  // Elements are worth a local variable where they are read again; which ones, the block tells when it is done.
  const block = (statements: ReadonlyArray<Statement>, known: Known): ReadonlyArray<Statement> => {
    const made: Array<Statement> = []
    const replace = (operand: Operand): Operand => {
      if (operand._tag !== "Access") return operand
      const held = known.get(operand)
      if (held !== undefined) return held
      if (isScalar(operand.buffer) || operand.buffer.role === "tape") return operand
      const local = access(makeBuffer("temporary", { elementType: operand.buffer.elementType, shape: [] }))
      made.push(assign(local, "copy", [operand]))
      known.set(operand, local)
      return local
    }
    const forgetWritten = (statement: Statement): void =>
      forEachAccess([statement], ({ buffer }, role) => {
        if (role !== "read") known.forget(storageOf(buffer))
      })
    for (const statement of statements) {
      switch (statement._tag) {
        case "Assign": {
          const { combine, operation, target } = statement
          const operands = statement.operands.map(replace)
          if (isScalar(target.buffer)) {
            known.forget(target.buffer)
            made.push({ ...statement, operands })
            // A copy is another name, where neither changes.
            const [operand] = operands
            if (operation === "copy" && combine === undefined && operand!._tag === "Literal")
              known.set(target, operand!)
          } else if (combine !== undefined || target.buffer.role === "tape") {
            known.overwrite(target)
            made.push({ ...statement, operands })
          } else {
            known.overwrite(target)
            const [operand] = operands
            if (
              operation === "copy" &&
              (operand!._tag === "Literal" || (operand!._tag === "Access" && isScalar(operand!.buffer)))
            ) {
              made.push({ ...statement, operands })
              known.set(target, operand!)
            } else {
              const local = access(makeBuffer("temporary", { elementType: target.buffer.elementType, shape: [] }))
              made.push({ ...statement, operands, target: local }, assign(target, "copy", [local]))
              known.set(target, local)
            }
          }
          break
        }
        case "For":
          forgetWritten(statement)
          made.push({ ...statement, body: block(statement.body, known.copy()) })
          break
        case "If": {
          const condition = replace(statement.condition)
          forgetWritten(statement)
          made.push({
            ...statement,
            condition,
            whenTrue: block(statement.whenTrue, known.copy()),
            whenFalse: block(statement.whenFalse, known.copy())
          })
          break
        }
        case "While":
          forgetWritten(statement)
          made.push({
            ...statement,
            test: block(statement.test, known.copy()),
            body: block(statement.body, known.copy())
          })
          break
        case "Check":
          made.push({ ...statement, condition: replace(statement.condition), value: replace(statement.value) })
          break
        default:
          forgetWritten(statement)
          made.push(statement)
      }
    }
    return made
  }
  return { ...program, statements: block(program.statements, new Known()) }
}
