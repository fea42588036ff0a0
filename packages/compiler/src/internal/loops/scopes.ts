// Where local variables live: in the innermost block that holds all their uses.

import { forEachAccess } from "./walk.ts"
import { type Access, type Buffer, type LoopProgram, type Statement, storageOf } from "./model.ts"

/** Whether a buffer can be a local variable: a temporary that holds one element and is accessed by its own name only. */
export const isLocal = (buffer: Buffer): boolean =>
  buffer.role === "temporary" && buffer.shape.length === 0 && buffer.storage === undefined

export interface Scopes {
  /** For each block, the local variables to declare in it; `true` where the first use is an assignment directly in the block. */
  readonly declarations: ReadonlyMap<ReadonlyArray<Statement>, ReadonlyMap<Buffer, boolean>>
  /** Buffers that have to be in memory, because a kernel or an alias uses them. */
  readonly inMemory: ReadonlySet<Buffer>
}

interface Block {
  readonly statements: ReadonlyArray<Statement>
  readonly parent: Block | undefined
  readonly depth: number
}

interface Use {
  block: Block
  readonly first: Block
  readonly isAssigned: boolean
}

const common = (a: Block, b: Block): Block => {
  let x = a
  let y = b
  while (x !== y) {
    if (x.depth >= y.depth) x = x.parent!
    else y = y.parent!
  }
  return x
}

export const scopes = ({ statements: all }: LoopProgram): Scopes => {
  const uses = new Map<Buffer, Use>()
  const inMemory = new Set<Buffer>()
  const use = (buffer: Buffer, block: Block, isAssigned: boolean): void => {
    if (buffer.storage !== undefined) inMemory.add(storageOf(buffer))
    if (!isLocal(buffer)) return
    const known = uses.get(buffer)
    if (known === undefined) uses.set(buffer, { block, first: block, isAssigned })
    else known.block = common(known.block, block)
  }
  const visit = (statements: ReadonlyArray<Statement>, parent: Block | undefined): void => {
    const block: Block = { statements, parent, depth: parent === undefined ? 0 : parent.depth + 1 }
    const own = (statement: Statement): void =>
      forEachAccess([statement], ({ buffer }: Access, role) => use(buffer, block, role === "write"))
    for (const statement of statements) {
      switch (statement._tag) {
        case "Assign":
        case "Reserve":
        case "Check":
          own(statement)
          break
        case "Kernel":
          own(statement)
          for (const buffer of [...statement.operands, ...statement.results]) inMemory.add(storageOf(buffer))
          break
        case "For":
          own({ ...statement, body: [] })
          visit(statement.body, block)
          break
        case "Part":
          visit(statement.body, block)
          break
        case "If":
          own({ ...statement, whenTrue: [], whenFalse: [] })
          visit(statement.whenTrue, block)
          visit(statement.whenFalse, block)
          break
        case "While":
          visit(statement.test, block)
          own({ ...statement, test: [], body: [] })
          visit(statement.body, block)
          break
      }
    }
  }
  visit(all, undefined)
  const declarations = new Map<ReadonlyArray<Statement>, Map<Buffer, boolean>>()
  for (const [buffer, { block, first, isAssigned }] of uses) {
    if (inMemory.has(buffer)) continue
    let own = declarations.get(block.statements)
    if (own === undefined) declarations.set(block.statements, (own = new Map()))
    own.set(buffer, isAssigned && first === block)
  }
  return { declarations, inMemory }
}
