// Array contraction: a temporary buffer of which each iteration of a loop uses its own part keeps only one part.

import * as Affine from "../loops/affine.ts"
import {
  type Access,
  access,
  type Buffer,
  type Loop,
  type LoopProgram,
  makeBuffer,
  type Statement,
  storageOf
} from "../loops/model.ts"
import { forEachAccess, rewrite } from "../loops/walk.ts"

interface Uses {
  /** The loops around all uses. */
  loops: ReadonlyArray<Loop>
  readonly accesses: Array<Access>
}

const collect = (program: LoopProgram): ReadonlyMap<Buffer, Uses> => {
  const uses = new Map<Buffer, Uses>()
  const excluded = new Set<Buffer>()
  const see = (statement: Statement, loops: ReadonlyArray<Loop>): void =>
    forEachAccess([statement], (a) => {
      const { at, buffer } = a
      if (buffer.role !== "temporary" || at.length === 0) {
        if (at.length !== buffer.shape.length) excluded.add(storageOf(buffer))
        return
      }
      if (buffer.storage !== undefined) {
        excluded.add(storageOf(buffer))
        return
      }
      const known = uses.get(buffer)
      if (known === undefined) uses.set(buffer, { loops, accesses: [a] })
      else {
        known.accesses.push(a)
        if (known.loops !== loops) {
          let common = 0
          while (common < known.loops.length && known.loops[common] === loops[common]) common++
          if (common < known.loops.length) known.loops = known.loops.slice(0, common)
        }
      }
    })
  const visit = (statement: Statement, loops: ReadonlyArray<Loop>): void => {
    switch (statement._tag) {
      case "For": {
        see({ ...statement, body: [] }, loops)
        const inner = [...loops, statement.loop]
        for (const s of statement.body) visit(s, inner)
        return
      }
      case "If":
        see({ ...statement, whenTrue: [], whenFalse: [] }, loops)
        for (const s of statement.whenTrue) visit(s, loops)
        for (const s of statement.whenFalse) visit(s, loops)
        return
      case "While":
        for (const s of statement.test) visit(s, loops)
        see({ ...statement, test: [], body: [] }, loops)
        for (const s of statement.body) visit(s, loops)
        return
      default:
        see(statement, loops)
    }
  }
  for (const statement of program.statements) visit(statement, [])
  for (const buffer of excluded) uses.delete(buffer)
  return uses
}

export const contract = (program: LoopProgram): LoopProgram => {
  const replaced = new Map<
    Buffer,
    { readonly buffer: Buffer; readonly place: (at: ReadonlyArray<Affine.Affine>) => ReadonlyArray<Affine.Affine> }
  >()
  for (const [buffer, { accesses, loops }] of collect(program)) {
    if (loops.length === 0) continue
    // For each axis: the loops whose terms vanish, the size that is left and the offset.
    const dropped = buffer.shape.map((): Array<Loop> => [])
    const shape = [...buffer.shape]
    const offsets = buffer.shape.map(() => 0)
    let changes = false
    for (const loop of loops) {
      for (let axis = 0; axis < shape.length; axis++) {
        const subscripts = accesses.map(({ at }) => dropped[axis]!.reduce(Affine.without, at[axis]!))
        const factor = Affine.factorOf(subscripts[0]!, loop)
        if (factor === 0) continue
        let low = Infinity
        let high = -Infinity
        const fits = subscripts.every((subscript) => {
          if (Affine.factorOf(subscript, loop) !== factor) return false
          const range = Affine.range(Affine.without(subscript, loop))
          if (range === undefined) return false
          low = Math.min(low, range[0])
          high = Math.max(high, range[1])
          return high - low < Math.abs(factor)
        })
        if (!fits) continue
        dropped[axis]!.push(loop)
        shape[axis] = high - low + 1
        offsets[axis] = low
        changes = true
        break
      }
    }
    // An axis of which one element is used only.
    for (let axis = 0; axis < shape.length; axis++) {
      if (shape[axis] === 1 && dropped[axis]!.length === 0) changes = true
    }
    if (!changes) continue
    const kept = shape.flatMap((extent, axis) => (extent === 1 ? [] : [axis]))
    const contracted = makeBuffer("temporary", {
      elementType: buffer.elementType,
      shape: kept.map((axis) => shape[axis]!)
    })
    replaced.set(buffer, {
      buffer: contracted,
      place: (at) =>
        kept.map((axis) =>
          Affine.add(dropped[axis]!.reduce(Affine.without, at[axis]!), Affine.constant(-offsets[axis]!))
        )
    })
  }
  if (replaced.size === 0) return program
  return {
    ...program,
    statements: rewrite(program.statements, {
      access: (a) => {
        const by = replaced.get(a.buffer)
        return by === undefined ? a : access(by.buffer, by.place(a.at))
      }
    })
  }
}
