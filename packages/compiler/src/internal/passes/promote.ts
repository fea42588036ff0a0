// Accumulators: what a loop combines into one element again and again is kept in a local variable.

import {
  type Access,
  access,
  assign,
  type Assign,
  type Buffer,
  type Loop,
  type LoopProgram,
  makeBuffer,
  type Statement,
  storageOf
} from "../loops/model.ts"
import { forEachAccess, mapBlocks, rewrite } from "../loops/walk.ts"

/** The combining assignments of a statement whose targets do not vary inside of it, and are not used otherwise. */
const accumulators = (statement: Statement): ReadonlyArray<Assign> => {
  const inner = new Set<Loop>()
  const combining = new Map<Buffer, Array<Assign>>()
  const excluded = new Set<Buffer>()
  const visit = (s: Statement): void => {
    switch (s._tag) {
      case "Assign":
        if (s.combine !== undefined) {
          const storage = storageOf(s.target.buffer)
          const own = combining.get(storage)
          if (own === undefined) combining.set(storage, [s])
          else own.push(s)
        }
        return
      case "For":
        inner.add(s.loop)
        s.body.forEach(visit)
        return
      case "If":
        s.whenTrue.forEach(visit)
        s.whenFalse.forEach(visit)
        return
      case "While":
        s.body.forEach(visit)
        return
      default:
    }
  }
  visit(statement)
  if (combining.size === 0) return []
  const counts = new Map<Buffer, number>()
  forEachAccess([statement], ({ buffer }, role) => {
    const storage = storageOf(buffer)
    if (!combining.has(storage)) return
    counts.set(storage, (counts.get(storage) ?? 0) + 1)
    if (role === "read" || role === "write" || storage !== buffer) excluded.add(storage)
  })
  return [...combining.values()].flatMap((list) => {
    const [first] = list
    if (
      list.length !== 1 ||
      excluded.has(first!.target.buffer) ||
      (first!.target.at.length === 0 && first!.target.buffer.role === "temporary")
    )
      return []
    const isFixed = first!.target.at.every(
      ({ dynamic, terms }) => dynamic.length === 0 && terms.every(({ loop }) => !inner.has(loop))
    )
    return isFixed ? list : []
  })
}

export const promote = (program: LoopProgram): LoopProgram => {
  const block = (statements: ReadonlyArray<Statement>): ReadonlyArray<Statement> =>
    statements.flatMap((statement): ReadonlyArray<Statement> => {
      switch (statement._tag) {
        case "For": {
          const own = accumulators(statement)
          if (own.length === 0) return [{ ...statement, body: block(statement.body) }]
          const locals = new Map<Buffer, { readonly target: Access; readonly local: Access }>()
          for (const { target } of own) {
            const local = access(makeBuffer("temporary", { elementType: target.buffer.elementType, shape: [] }))
            locals.set(target.buffer, { target, local })
          }
          const [inside] = rewrite([statement], { access: (a) => locals.get(a.buffer)?.local ?? a })
          return [
            ...Array.from(locals.values(), ({ local, target }) => assign(local, "copy", [target])),
            ...block([inside!]),
            ...Array.from(locals.values(), ({ local, target }) => assign(target, "copy", [local]))
          ]
        }
        default:
          return [mapBlocks(statement, block)]
      }
    })
  return { ...program, statements: block(program.statements) }
}
