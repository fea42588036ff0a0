// Going over statements.

import {
  type Access,
  type Affine,
  type Buffer,
  type Combine,
  type Loop,
  type Operand,
  type Statement,
  storageOf
} from "./model.ts"

export type Role = "read" | "write" | Combine

/** Visits every access to a buffer, those inside of subscripts too. A combining assignment is one visit with what it combines by. */
export const forEachAccess = (
  statements: ReadonlyArray<Statement>,
  visit: (access: Access, role: Role) => void
): void => {
  const affine = (a: Affine): void => {
    for (const { index } of a.dynamic) read(index)
  }
  const read = (access: Access): void => {
    visit(access, "read")
    for (const at of access.at) if (at.dynamic.length > 0) affine(at)
  }
  const operand = (o: Operand): void => {
    if (o._tag === "Access") read(o)
    else if (o._tag === "Position") affine(o.index)
  }
  const statement = (s: Statement): void => {
    switch (s._tag) {
      case "Assign":
        s.operands.forEach(operand)
        for (const at of s.target.at) if (at.dynamic.length > 0) affine(at)
        visit(s.target, s.combine ?? "write")
        return
      case "For":
        if (typeof s.loop.extent !== "number") operand(s.loop.extent)
        s.body.forEach(statement)
        return
      case "If":
        operand(s.condition)
        s.whenTrue.forEach(statement)
        s.whenFalse.forEach(statement)
        return
      case "While":
        s.test.forEach(statement)
        operand(s.condition)
        s.body.forEach(statement)
        return
      case "Reserve":
        operand(s.index)
        for (const tape of s.tapes) visit({ _tag: "Access", buffer: tape, at: [] }, "write")
        return
      case "Check":
        operand(s.condition)
        operand(s.value)
        s.index.forEach(affine)
        s.path.forEach(({ index }) => operand(index))
        return
      case "Part":
        s.body.forEach(statement)
        return
      case "Kernel":
        for (const buffer of s.operands) visit({ _tag: "Access", buffer, at: [] }, "read")
        for (const buffer of s.results) visit({ _tag: "Access", buffer, at: [] }, "write")
        return
    }
  }
  statements.forEach(statement)
}

/** Whether a guard is checked somewhere in the statements. */
export const hasChecks = (statements: ReadonlyArray<Statement>): boolean =>
  statements.some((statement) => {
    switch (statement._tag) {
      case "Check":
        return true
      case "For":
      case "Part":
        return hasChecks(statement.body)
      case "If":
        return hasChecks(statement.whenTrue) || hasChecks(statement.whenFalse)
      case "While":
        return hasChecks(statement.test) || hasChecks(statement.body)
      default:
        return false
    }
  })

export interface Rewrite {
  /** The access that takes the place of one. */
  readonly access?: (access: Access, role: Role) => Access
  /** The operand that takes the place of an access that is read. */
  readonly read?: (access: Access) => Operand
  readonly affine?: (affine: Affine) => Affine
  /** The loop that takes the place of one; `affine` sees the subscripts of the body afterwards. */
  readonly loop?: (loop: Loop) => Loop
}

/** Rewrites accesses and subscripts; the structure stays. */
export const rewrite = (
  statements: ReadonlyArray<Statement>,
  {
    access: onAccess = (a) => a,
    affine: onAffine = (a) => a,
    loop: onLoop = (loop) => loop,
    read: onRead = (a) => a
  }: Rewrite
): ReadonlyArray<Statement> => {
  const affine = (a: Affine): Affine => {
    if (a.dynamic.length === 0) return onAffine(a)
    return onAffine({
      ...a,
      dynamic: a.dynamic.map(({ factor, index }) => ({ factor, index: access(index, "read") }))
    })
  }
  const access = (a: Access, role: Role): Access =>
    onAccess(a.at.length === 0 ? a : { ...a, at: a.at.map(affine) }, role)
  const operand = (o: Operand): Operand => {
    if (o._tag === "Access") return onRead(access(o, "read"))
    return o._tag === "Position" ? { ...o, index: affine(o.index) } : o
  }
  const statement = (s: Statement): Statement => {
    switch (s._tag) {
      case "Assign":
        return { ...s, operands: s.operands.map(operand), target: access(s.target, s.combine ?? "write") }
      case "For":
        return { ...s, loop: onLoop(s.loop), body: s.body.map(statement) }
      case "Part":
        return { ...s, body: s.body.map(statement) }
      case "If":
        return {
          ...s,
          condition: operand(s.condition),
          whenTrue: s.whenTrue.map(statement),
          whenFalse: s.whenFalse.map(statement)
        }
      case "While":
        return { ...s, test: s.test.map(statement), condition: operand(s.condition), body: s.body.map(statement) }
      case "Reserve":
        return { ...s, index: operand(s.index) }
      case "Check":
        return {
          ...s,
          condition: operand(s.condition),
          value: operand(s.value),
          index: s.index.map(affine),
          path: s.path.map(({ control, index }) => ({ control, index: operand(index) }))
        }
      case "Kernel":
        return s
    }
  }
  return statements.map(statement)
}

/** A statement with its blocks replaced by what is made of them. */
export const mapBlocks = (
  statement: Statement,
  block: (statements: ReadonlyArray<Statement>) => ReadonlyArray<Statement>
): Statement => {
  switch (statement._tag) {
    case "For":
    case "Part":
      return { ...statement, body: block(statement.body) }
    case "If":
      return { ...statement, whenTrue: block(statement.whenTrue), whenFalse: block(statement.whenFalse) }
    case "While":
      return { ...statement, test: block(statement.test), body: block(statement.body) }
    default:
      return statement
  }
}

/** The buffers that kernels read and write: they stay as they are. */
export const kernelBuffers = (statements: ReadonlyArray<Statement>): ReadonlyArray<Buffer> =>
  statements.flatMap((statement): ReadonlyArray<Buffer> => {
    switch (statement._tag) {
      case "Kernel":
        return [...statement.operands, ...statement.results].map(storageOf)
      case "For":
      case "Part":
        return kernelBuffers(statement.body)
      case "If":
        return [...kernelBuffers(statement.whenTrue), ...kernelBuffers(statement.whenFalse)]
      case "While":
        return [...kernelBuffers(statement.test), ...kernelBuffers(statement.body)]
      default:
        return []
    }
  })
