// Long blocks: local variables whose lives do not overlap share one, and what is beyond the number that engines take is kept in arrays. Functions of JavaScript
// have their variables on the stack, those of WebAssembly have 50,000 at most.

import type { Type } from "@fluxion/core"
import * as Affine from "../loops/affine.ts"
import {
  type Access,
  access,
  assign,
  type Buffer,
  type Loop,
  type LoopProgram,
  makeBuffer,
  type Statement
} from "../loops/model.ts"
import { scopes } from "../loops/scopes.ts"
import { forEachAccess, rewrite } from "../loops/walk.ts"

/** How many local variables of a type a block may have before they are shared, and afterwards. */
const MOST = 2000

interface Life {
  readonly buffer: Buffer
  readonly first: number
  last: number
}

/** Variables that have to stay as they are: combined into, or the extent of a loop, whose identity counts. */
const pinned = ({ statements }: LoopProgram): ReadonlySet<Buffer> => {
  const found = new Set<Buffer>()
  forEachAccess(statements, ({ buffer }, role) => {
    if (role !== "read" && role !== "write") found.add(buffer)
  })
  const inLoop = ({ extent }: Loop): void => {
    if (typeof extent !== "number") forEachAccess([assignFrom(extent)], ({ buffer }) => found.add(buffer))
  }
  const visit = (statement: Statement): void => {
    switch (statement._tag) {
      case "For":
        inLoop(statement.loop)
        statement.body.forEach(visit)
        return
      case "Part":
        statement.body.forEach(visit)
        return
      case "If":
        statement.whenTrue.forEach(visit)
        statement.whenFalse.forEach(visit)
        return
      case "While":
        statement.test.forEach(visit)
        statement.body.forEach(visit)
        return
      default:
    }
  }
  statements.forEach(visit)
  return found
}

const assignFrom = (operand: Parameters<typeof assign>[2][number]): Statement =>
  assign(access(makeBuffer("temporary", { elementType: "index", shape: [] })), "copy", [operand])

/** Places of one type: variables first, then elements of an array. */
class Places {
  private readonly elementType: Type.ElementType
  private readonly most: number
  private readonly free: Array<Access> = []
  private readonly slots: Array<number> = []
  private variables = 0
  private slotCount = 0
  /** Accesses are made before the size of the array is known. */
  private readonly made: Array<{ readonly slot: number; readonly set: (place: Access) => void }> = []

  constructor(elementType: Type.ElementType, most: number) {
    this.elementType = elementType
    this.most = most
  }

  take(set: (place: Access) => void): () => void {
    const known = this.free.pop()
    if (known !== undefined || this.variables < this.most) {
      const place = known ?? access(makeBuffer("temporary", { elementType: this.elementType, shape: [] }))
      if (known === undefined) this.variables++
      set(place)
      return () => this.free.push(place)
    }
    const slot = this.slots.pop() ?? this.slotCount++
    this.made.push({ slot, set })
    return () => this.slots.push(slot)
  }

  finish(): void {
    const array = makeBuffer("temporary", { elementType: this.elementType, shape: [this.slotCount] })
    for (const { set, slot } of this.made) set(access(array, [Affine.constant(slot)]))
  }
}

export const shareLocals = (
  program: LoopProgram,
  { most }: { readonly most: number } = { most: MOST }
): LoopProgram => {
  const { declarations } = scopes(program)
  if (Array.from(declarations.values()).every(({ size }) => size <= most)) return program
  const kept = pinned(program)
  const places = new Map<Buffer, Access>()
  for (const [statements, declared] of declarations) {
    if (declared.size <= most) continue
    const lives = new Map<Buffer, Life>()
    statements.forEach((statement, i) =>
      forEachAccess([statement], ({ buffer }) => {
        if (declared.get(buffer) !== true || kept.has(buffer)) return
        const known = lives.get(buffer)
        if (known === undefined) lives.set(buffer, { buffer, first: i, last: i })
        else known.last = i
      })
    )
    const ending = new Map<number, Array<() => void>>()
    const byType = new Map<Type.ElementType, Places>()
    let released = 0
    // In the order of their first statements, as they were met.
    for (const { buffer, first, last } of lives.values()) {
      // A place is free again after the statement that uses it last.
      for (; released < first; released++) for (const release of ending.get(released) ?? []) release()
      let own = byType.get(buffer.elementType)
      if (own === undefined) byType.set(buffer.elementType, (own = new Places(buffer.elementType, most)))
      const release = own.take((place) => places.set(buffer, place))
      const list = ending.get(last)
      if (list === undefined) ending.set(last, [release])
      else list.push(release)
    }
    for (const own of byType.values()) own.finish()
  }
  return {
    ...program,
    statements: rewrite(program.statements, { access: (a) => places.get(a.buffer) ?? a })
  }
}
