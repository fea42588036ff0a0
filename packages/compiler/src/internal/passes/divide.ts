// Cuts long programs into parts, each a function of its own: engines optimise functions of moderate size (V8 compiles several at once, and none of WebAssembly
// beyond 7.3 MiB). Local variables that several parts use go through arrays.

import * as Affine from "../loops/affine.ts"
import {
  access,
  type Access,
  assign,
  type Buffer,
  type Loop,
  type LoopProgram,
  makeBuffer,
  makeLoop,
  type Statement
} from "../loops/model.ts"
import { isLocal, scopes } from "../loops/scopes.ts"
import { forEachAccess, rewrite } from "../loops/walk.ts"

/** About how many statements a part has. */
const SIZE = 1000

const weigh = (statements: ReadonlyArray<Statement>): number =>
  statements.reduce((sum, statement) => {
    switch (statement._tag) {
      case "For":
      case "Part":
        return sum + 1 + weigh(statement.body)
      case "If":
        return sum + 1 + weigh(statement.whenTrue) + weigh(statement.whenFalse)
      case "While":
        return sum + 1 + weigh(statement.test) + weigh(statement.body)
      default:
        return sum + 1
    }
  }, 0)

/** The statements in groups of about a size, in order. */
const cut = (statements: ReadonlyArray<Statement>, size: number): ReadonlyArray<ReadonlyArray<Statement>> => {
  const groups: Array<Array<Statement>> = []
  let room = 0
  for (const statement of statements) {
    const weight = weigh([statement])
    if (weight > room) {
      groups.push([])
      room = Math.max(size, weight)
    }
    groups.at(-1)!.push(statement)
    room -= weight
  }
  return groups
}

export const divide = (program: LoopProgram, { size }: { readonly size: number } = { size: SIZE }): LoopProgram => {
  if (weigh(program.statements) <= 2 * size) return program
  const groups = cut(program.statements, size)
  if (groups.length < 2) return program
  const { inMemory } = scopes(program)
  // The first and the last part that use a variable.
  const first = new Map<Buffer, number>()
  const last = new Map<Buffer, number>()
  groups.forEach((statements, part) =>
    forEachAccess(statements, ({ buffer }) => {
      if (!isLocal(buffer) || inMemory.has(buffer)) return
      if (!first.has(buffer)) first.set(buffer, part)
      last.set(buffer, part)
    })
  )
  const isCrossing = (buffer: Buffer): boolean => first.has(buffer) && first.get(buffer) !== last.get(buffer)
  const slots = new Map<Buffer, number>()
  const counts = { real: 0, index: 0, bool: 0 }
  for (const buffer of first.keys()) if (isCrossing(buffer)) slots.set(buffer, counts[buffer.elementType]++)
  const arrays = {
    real: makeBuffer("temporary", { elementType: "real", shape: [counts.real] }),
    index: makeBuffer("temporary", { elementType: "index", shape: [counts.index] }),
    bool: makeBuffer("temporary", { elementType: "bool", shape: [counts.bool] })
  }
  const slotOf = (buffer: Buffer): Access => access(arrays[buffer.elementType], [Affine.constant(slots.get(buffer)!)])
  return {
    ...program,
    statements: groups.map((statements, part): Statement => {
      const own = new Map<Buffer, Access>()
      const loops = new Map<Loop, Loop>()
      const renamed = (a: Access): Access => own.get(a.buffer) ?? a
      const renew = (loop: Loop): Loop => {
        if (typeof loop.extent === "number" || loop.extent._tag !== "Access") return loop
        let made = loops.get(loop)
        if (made === undefined) loops.set(loop, (made = makeLoop(renamed(loop.extent))))
        return made
      }
      const body: Array<Statement> = []
      for (const statement of statements) {
        const written = new Set<Buffer>()
        forEachAccess([statement], ({ buffer }, role) => {
          if (!isCrossing(buffer)) return
          if (!own.has(buffer)) {
            const local = access(makeBuffer("temporary", buffer))
            own.set(buffer, local)
            if (first.get(buffer)! < part) body.push(assign(local, "copy", [slotOf(buffer)]))
          }
          if (role !== "read") written.add(buffer)
        })
        body.push(
          ...rewrite([statement], {
            access: renamed,
            loop: renew,
            affine: (a) =>
              Affine.substitute(a, (loop) => {
                const made = loops.get(loop)
                return made === undefined ? undefined : Affine.ofLoop(made)
              })
          })
        )
        for (const buffer of written) {
          if (last.get(buffer)! > part) body.push(assign(slotOf(buffer), "copy", [own.get(buffer)!]))
        }
      }
      return { _tag: "Part", body }
    })
  }
}
