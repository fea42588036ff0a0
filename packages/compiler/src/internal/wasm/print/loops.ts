// Loops, on single elements and on vectors.

import type { Buffer, Combine, For, Operand } from "../../loops/model.ts"
import { forEachAccess } from "../../loops/walk.ts"
import type { VectorLoop } from "../../passes/vectorise.ts"
import { Refused } from "../../refusal.ts"
import type { Local } from "../Code.ts"
import { blocksOf, pushSumOfLanes } from "./blocks.ts"
import { addressOf, expandedAddress, MOST_ELEMENTS } from "./memory.ts"
import { type Printer, scalarMode } from "./Printer.ts"
import { combineElements, constant, pushElement } from "./scalars.ts"
import { writeBlock } from "./statements.ts"
import { prepareSums } from "./subscripts.ts"
import { outOfMemory } from "./tapes.ts"
import { getVariable, indicesOf, localOf, vectorOf } from "./variables.ts"

const identities: Readonly<Record<Combine, number>> = {
  add: -0,
  mul: 1,
  max: -Infinity,
  min: Infinity,
  and: 1,
  or: 0
}

/** Runs the variable of a loop over a range, in steps of `by`; both in elements. */
const writeCounted = (p: Printer, statement: For, from: number, to: number, by: number, body: () => void): void => {
  const { code } = p
  const step = p.reals.bytes
  if (from >= to) return
  const { isReverse, loop } = statement
  const variable = p.loops.get(loop)!
  const first = isReverse ? to - 1 : from
  const end = (isReverse ? from : to) * step
  /** One iteration after the other, up to what `limit` leaves on the stack. */
  const iterate = (limit: () => void): void =>
    code.loop((again) => {
      body()
      code.get(variable)
      code.i32Const((isReverse ? -by : by) * step)
      code.op("i32.add")
      code.tee(variable)
      limit()
      code.op(isReverse ? "i32.ge_s" : "i32.lt_s")
      code.brIf(again)
    })
  code.i32Const(first * step)
  code.set(variable)
  const blocks = blocksOf(p, statement, Math.ceil((to - from) / by))
  if (blocks === undefined) return iterate(() => code.i32Const(end))
  const limit = code.local("i32")
  blocks.begin()
  code.loop((again) => {
    code.get(variable)
    code.i32Const((isReverse ? 1 - blocks.size : blocks.size) * by * step)
    code.op("i32.add")
    code.tee(limit)
    code.i32Const(end)
    code.get(limit)
    code.i32Const(end)
    code.op(isReverse ? "i32.gt_s" : "i32.lt_s")
    code.op("select")
    code.set(limit)
    iterate(() => code.get(limit))
    blocks.fold()
    code.get(variable)
    code.i32Const(end)
    code.op(isReverse ? "i32.ge_s" : "i32.lt_s")
    code.brIf(again)
  })
  blocks.end()
  code.release(limit)
}

export const writeFor = (p: Printer, statement: For): void => {
  const { code } = p
  const { loop } = statement
  if (typeof loop.extent === "number" && loop.extent >= MOST_ELEMENTS) {
    throw new Refused(`it has a loop of ${loop.extent} iterations, and ${MOST_ELEMENTS} are the most`)
  }
  p.loops.set(loop, code.local("i32"))
  // A loop is written twice where elements are left over from vectors.
  if (!p.order.has(loop)) p.order.set(loop, p.order.size)
  const needs = p.mode._tag === "Scalar" ? p.vectorisation.get(loop) : undefined
  const inside = (wide: ReadonlySet<Buffer>) => (): void => {
    p.prefixes.push(new Map())
    prepareSums(p, statement, wide)
    writeBlock(p, statement.body)
    p.prefixes.pop()
  }
  if (typeof loop.extent !== "number") writeDynamicLoop(p, statement, inside(new Set()))
  else if (needs === undefined) {
    writeCounted(p, statement, 0, loop.extent, 1, inside(p.vectorMode?.needs.expanded ?? new Set()))
  } else writeVectorLoop(p, statement, loop.extent, needs, inside)
}

const writeDynamicLoop = (p: Printer, statement: For, body: () => void): void => {
  const { code } = p
  const step = p.reals.bytes
  const { isReverse, loop } = statement
  const variable = p.loops.get(loop)!
  const bound = code.local("i32")
  pushElement(p, loop.extent as Operand)
  code.i32Const(MOST_ELEMENTS)
  code.op("i32.ge_u")
  code.if(() => outOfMemory(p))
  pushElement(p, loop.extent as Operand)
  code.i32Const(step)
  code.op("i32.mul")
  code.set(bound)
  if (isReverse) {
    code.get(bound)
    code.i32Const(step)
    code.op("i32.sub")
  } else code.i32Const(0)
  code.set(variable)
  code.block((end) => {
    code.loop((again) => {
      code.get(variable)
      if (isReverse) {
        code.i32Const(0)
        code.op("i32.lt_s")
      } else {
        code.get(bound)
        code.op("i32.ge_s")
      }
      code.brIf(end)
      body()
      code.get(variable)
      code.i32Const(isReverse ? -step : step)
      code.op("i32.add")
      code.set(variable)
      code.br(again)
    })
  })
  code.release(bound)
}

const writeVectorLoop = (
  p: Printer,
  statement: For,
  extent: number,
  needs: VectorLoop,
  inside: (wide: ReadonlySet<Buffer>) => () => void
): void => {
  const { code } = p
  const { loop } = statement
  const { bytes, extract, lanes, masks, replace, splat } = p.reals
  const whole = extent - (extent % lanes.length)
  // What the loop assigns, reads from outside, and combines into.
  const assigned = new Set<Buffer>()
  const combined = new Map<Buffer, Combine>()
  const arrays = new Map<Buffer, Combine>()
  const outside = new Set<Buffer>()
  forEachAccess(statement.body, ({ buffer }, role) => {
    if (p.isVariable(buffer)) {
      if (role === "write") assigned.add(buffer)
      else if (role !== "read") combined.set(buffer, role)
    } else if (needs.accumulated.has(buffer) && role !== "read" && role !== "write") arrays.set(buffer, role)
  })
  forEachAccess(statement.body, ({ buffer }, role) => {
    if (p.isVariable(buffer) && role === "read" && !assigned.has(buffer) && !combined.has(buffer)) outside.add(buffer)
  })
  for (const buffer of assigned) combined.delete(buffer)
  const before = { vectors: p.vectors, indices: p.indices }
  p.vectors = new Map()
  p.indices = new Map()
  for (const buffer of outside) {
    if (buffer.elementType === "index") continue
    const local = vectorOf(p, buffer)
    getVariable(p, buffer)
    if (buffer.elementType === "real") code.op(splat)
    else {
      if (bytes === 8) code.op("i64.extend_i32_u")
      code.op(`${masks}.splat`)
      code.op(`${masks}.neg`)
    }
    code.set(local)
  }
  for (const [buffer, combine] of combined) {
    const local = vectorOf(p, buffer)
    constant(p, identities[combine])
    code.op(splat)
    if (!p.wide.has(buffer)) {
      code.get(localOf(p, buffer))
      code.lane(replace, 0)
    }
    code.set(local)
  }
  for (const [buffer, combine] of arrays) clear(p, buffer, combine)
  p.mode = { _tag: "Vector", loop, needs }
  // Index variables that the loop assigns differ from lane to lane.
  for (const buffer of assigned) if (buffer.elementType === "index") indicesOf(p, buffer)
  writeCounted(
    p,
    { ...statement, isReverse: false },
    0,
    whole,
    lanes.length,
    inside(new Set([...needs.expanded, ...needs.accumulated]))
  )
  p.mode = scalarMode
  for (const [buffer, combine] of combined) {
    const local = p.vectors.get(buffer)!
    if (p.wide.has(buffer)) {
      code.get(localOf(p, buffer))
      pushSumOfLanes(p, local)
      code.op("f64.add")
    } else {
      for (const lane of lanes) {
        code.get(local)
        code.lane(extract, lane)
        if (lane > 0) combineElements(p, combine, "real")
      }
    }
    code.set(localOf(p, buffer))
  }
  for (const [buffer, combine] of arrays) gatherUp(p, buffer, combine)
  p.vectors = before.vectors
  p.indices = before.indices
  if (whole < extent) writeCounted(p, { ...statement, isReverse: false }, whole, extent, 1, inside(new Set()))
}

/** Sets the array of vectors into which a loop combines to what leaves values as they are. */
const clear = (p: Printer, buffer: Buffer, combine: Combine): void => {
  const { code } = p
  const base = expandedAddress(p, buffer)
  forEachPlace(p, buffer, (place) => {
    code.get(place)
    constant(p, identities[combine])
    code.op(p.reals.splat)
    code.memory("v128.store", base)
  })
}

/** Combines the lanes of that array into the buffer itself. */
const gatherUp = (p: Printer, buffer: Buffer, combine: Combine): void => {
  const { code } = p
  const { bytes, lanes, load, store } = p.reals
  const base = expandedAddress(p, buffer)
  forEachPlace(p, buffer, (place) => {
    // One element for each vector: a half or a quarter of its bytes.
    const own = (): void => {
      code.get(place)
      code.i32Const(lanes.length / 2)
      code.op("i32.shr_u")
    }
    own()
    own()
    code.memory(load, addressOf(p, buffer))
    for (const lane of lanes) {
      code.get(place)
      code.memory(load, base + bytes * lane)
      if (lane > 0) combineElements(p, combine, "real")
    }
    combineElements(p, combine, "real")
    code.memory(store, addressOf(p, buffer))
  })
}

/** Visits the places of an array of vectors. */
const forEachPlace = (p: Printer, buffer: Buffer, visit: (place: Local) => void): void => {
  const { code } = p
  const size = buffer.shape.reduce((a, b) => a * b, 1)
  if (size === 0) return
  const place = code.local("i32")
  code.i32Const(0)
  code.set(place)
  code.loop((again) => {
    visit(place)
    code.get(place)
    code.i32Const(16)
    code.op("i32.add")
    code.tee(place)
    code.i32Const(16 * size)
    code.op("i32.lt_s")
    code.brIf(again)
  })
  code.release(place)
}
