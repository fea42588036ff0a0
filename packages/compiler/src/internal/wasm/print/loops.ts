// Loops, on single elements and on vectors.

import type { Buffer, Combine, For, Operand } from "../../loops/model.ts"
import { forEachAccess } from "../../loops/walk.ts"
import type { VectorLoop } from "../../passes/vectorise.ts"
import { Refused } from "../../refusal.ts"
import type { Local } from "../Code.ts"
import { addressOf, expandedAddress, MOST_ELEMENTS, STEP } from "./memory.ts"
import { type Printer, scalarMode } from "./Printer.ts"
import { combineElements, pushElement } from "./scalars.ts"
import { writeBlock } from "./statements.ts"
import { prepareSums } from "./subscripts.ts"
import { outOfMemory } from "./tapes.ts"
import { indicesOf, localOf, vectorOf } from "./variables.ts"

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
  if (from >= to) return
  const { isReverse, loop } = statement
  const variable = p.loops.get(loop)!
  const first = isReverse ? to - 1 : from
  code.i32Const(first * STEP)
  code.set(variable)
  code.loop((again) => {
    body()
    code.get(variable)
    code.i32Const((isReverse ? -by : by) * STEP)
    code.op("i32.add")
    code.tee(variable)
    code.i32Const((isReverse ? from : to) * STEP)
    code.op(isReverse ? "i32.ge_s" : "i32.lt_s")
    code.brIf(again)
  })
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
  const { isReverse, loop } = statement
  const variable = p.loops.get(loop)!
  const bound = code.local("i32")
  pushElement(p, loop.extent as Operand)
  code.i32Const(MOST_ELEMENTS)
  code.op("i32.ge_u")
  code.if(() => outOfMemory(p))
  pushElement(p, loop.extent as Operand)
  code.i32Const(STEP)
  code.op("i32.mul")
  code.set(bound)
  if (isReverse) {
    code.get(bound)
    code.i32Const(STEP)
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
      code.i32Const(isReverse ? -STEP : STEP)
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
  const whole = extent - (extent % 2)
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
  const before = { vectors: p.vectors, pairs: p.pairs }
  p.vectors = new Map()
  p.pairs = new Map()
  for (const buffer of outside) {
    if (buffer.elementType === "index") continue
    const local = vectorOf(p, buffer)
    code.get(localOf(p, buffer))
    if (buffer.elementType === "real") code.op("f64x2.splat")
    else {
      code.op("i64.extend_i32_u")
      code.op("i64x2.splat")
      code.op("i64x2.neg")
    }
    code.set(local)
  }
  for (const [buffer, combine] of combined) {
    const local = vectorOf(p, buffer)
    code.f64Const(identities[combine])
    code.op("f64x2.splat")
    code.get(localOf(p, buffer))
    code.lane("f64x2.replace_lane", 0)
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
    2,
    inside(new Set([...needs.expanded, ...needs.accumulated]))
  )
  p.mode = scalarMode
  for (const [buffer, combine] of combined) {
    const local = p.vectors.get(buffer)!
    code.get(local)
    code.lane("f64x2.extract_lane", 0)
    code.get(local)
    code.lane("f64x2.extract_lane", 1)
    combineElements(p, combine, "real")
    code.set(localOf(p, buffer))
  }
  for (const [buffer, combine] of arrays) gatherUp(p, buffer, combine)
  p.vectors = before.vectors
  p.pairs = before.pairs
  if (whole < extent) writeCounted(p, { ...statement, isReverse: false }, whole, extent, 1, inside(new Set()))
}

/** Sets the array of vectors into which a loop combines to what leaves values as they are. */
const clear = (p: Printer, buffer: Buffer, combine: Combine): void => {
  const { code } = p
  const base = expandedAddress(p, buffer)
  forEachPlace(p, buffer, (place) => {
    code.get(place)
    code.f64Const(identities[combine])
    code.op("f64x2.splat")
    code.memory("v128.store", base)
  })
}

/** Combines the lanes of that array into the buffer itself. */
const gatherUp = (p: Printer, buffer: Buffer, combine: Combine): void => {
  const { code } = p
  const base = expandedAddress(p, buffer)
  forEachPlace(p, buffer, (place) => {
    const half = (): void => {
      code.get(place)
      code.i32Const(1)
      code.op("i32.shr_u")
    }
    half()
    half()
    code.memory("f64.load", addressOf(p, buffer))
    code.get(place)
    code.memory("f64.load", base)
    code.get(place)
    code.memory("f64.load", base + 8)
    combineElements(p, combine, "real")
    combineElements(p, combine, "real")
    code.memory("f64.store", addressOf(p, buffer))
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
