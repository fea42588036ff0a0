// Subscripts and addresses. The indices in them are elements of arrays themselves, so loading one is here too.

import * as Affine from "../../loops/affine.ts"
import type { Access, Buffer, For } from "../../loops/model.ts"
import { forEachAccess } from "../../loops/walk.ts"
import type { Local } from "../Code.ts"
import { addressOf, expandedAddress, shiftOf, STEP, tapeOf } from "./memory.ts"
import type { Printer } from "./Printer.ts"
import type { Cell } from "./update.ts"
import { localOf } from "./variables.ts"

const loads = { real: "f64.load", index: "i32.load", bool: "i32.load8_u" } as const
const stores = { real: "f64.store", index: "i32.store", bool: "i32.store8" } as const

type Terms = Affine.Affine["terms"]

const keyOf = (terms: Terms): string => {
  let key = ""
  for (const { factor, loop } of terms) key += `+${factor}l${loop.id}`
  return key
}

const pushMultiple = (p: Printer, local: Local, factor: number): void => {
  const { code } = p
  code.get(local)
  if (factor === 1) return
  code.i32Const(factor)
  code.op("i32.mul")
}

/** The terms of loops, outermost first. */
const sortedTerms = (p: Printer, a: Affine.Affine): Terms =>
  a.terms.length < 2 ? a.terms : a.terms.toSorted((x, y) => (p.order.get(x.loop) ?? 1e9) - (p.order.get(y.loop) ?? 1e9))

const knownSum = (p: Printer, key: string): Local | undefined => {
  for (let i = p.prefixes.length - 1; i >= 0; i--) {
    const local = p.prefixes[i]!.get(key)
    if (local !== undefined) return local
  }
  return undefined
}

/** Leaves the sum of terms on the stack, in units of `STEP`. Sums up to the innermost loop are kept by `prepareSums`. */
const pushTerms = (p: Printer, terms: Terms): void => {
  const { code } = p
  if (terms.length === 1 && terms[0]!.factor === 1) {
    code.get(p.loops.get(terms[0]!.loop)!)
    return
  }
  const local = knownSum(p, keyOf(terms))
  if (local !== undefined) {
    code.get(local)
    return
  }
  const last = terms.at(-1)!
  pushMultiple(p, p.loops.get(last.loop)!, last.factor)
  if (terms.length > 1) {
    pushTerms(p, terms.slice(0, -1))
    code.op("i32.add")
  }
}

/** At the start of a loop: the sums of terms that end with it, for all subscripts inside. */
export const prepareSums = (p: Printer, statement: For, wide: ReadonlySet<Buffer>): void => {
  const { loop } = statement
  const own = p.prefixes.at(-1)!
  forEachAccess(statement.body, (access) => {
    if (p.isVariable(access.buffer)) return
    const linear = Affine.linear(access)
    if (linear.terms.length < 1 || Affine.factorOf(linear, loop) === 0) return
    const scale = wide.has(access.buffer) ? 2 : 1
    const terms = sortedTerms(p, scale === 1 ? linear : Affine.scale(linear, scale))
    const place = terms.findIndex((term) => term.loop === loop)
    const prefix = terms.slice(0, place + 1)
    if (prefix.length === 1 && prefix[0]!.factor === 1) return
    const key = keyOf(prefix)
    if (own.has(key)) return
    pushTerms(p, prefix)
    const local = p.code.local("i32")
    p.code.set(local)
    own.set(key, local)
  })
}

/** Leaves the part of an address that is not fixed on the stack; gives the fixed part. */
export const pushAddress = (
  p: Printer,
  access: Access,
  options: { readonly base: number; readonly scale: number; readonly shift: number; readonly lane: number }
): number => {
  const { code } = p
  const { base, lane, scale, shift } = options
  const bytes = STEP >> shift
  const linear = Affine.scale(Affine.linear(access), scale)
  const vector = p.vectorMode
  // The place of another lane.
  const offset = lane === 0 || vector === undefined ? 0 : Affine.factorOf(linear, vector.loop) * lane
  const fixed = base + (linear.constant + offset) * bytes
  const terms = sortedTerms(p, linear)
  const isSmall = terms.every(({ factor }) => factor > 0) && linear.dynamic.length === 0 && fixed >= 0
  let parts = 0
  if (terms.length > 0) {
    pushTerms(p, terms)
    if (shift > 0) {
      code.i32Const(shift)
      code.op("i32.shr_s")
    }
    parts++
  }
  for (const { factor, index } of linear.dynamic) {
    pushIndex(p, index, lane)
    if (factor * bytes !== 1) {
      code.i32Const(factor * bytes)
      code.op("i32.mul")
    }
    if (parts++ > 0) code.op("i32.add")
  }
  const tape = access.buffer.role === "tape" ? tapeOf(p, access.buffer) : undefined
  if (tape !== undefined) {
    code.i32Const(0)
    code.memory("i32.load", tape.base)
    if (parts++ > 0) code.op("i32.add")
  }
  if (parts === 0) {
    code.i32Const(fixed)
    return 0
  }
  if (isSmall) return fixed
  if (fixed !== 0) {
    code.i32Const(fixed)
    code.op("i32.add")
  }
  return 0
}

export const pushPlace = (p: Printer, access: Access, lane = 0): number => {
  const { buffer } = access
  if (p.isExpanded(buffer)) {
    return pushAddress(p, access, { base: expandedAddress(p, buffer) + 8 * lane, scale: 2, shift: 0, lane: 0 })
  }
  const base = buffer.role === "tape" ? 0 : addressOf(p, buffer)
  return pushAddress(p, access, { base, scale: 1, shift: shiftOf[buffer.elementType], lane })
}

/** Leaves the value of a subscript on the stack. */
export const pushSubscript = (p: Printer, a: Affine.Affine, lane: number): void => {
  const { code } = p
  code.i32Const(a.constant)
  for (const { factor, loop } of a.terms) {
    pushMultiple(p, p.loops.get(loop)!, factor)
    code.i32Const(3)
    code.op("i32.shr_s")
    if (lane > 0 && p.vectorMode?.loop === loop) {
      code.i32Const(lane * factor)
      code.op("i32.add")
    }
    code.op("i32.add")
  }
  for (const { factor, index } of a.dynamic) {
    pushIndex(p, index, lane)
    if (factor !== 1) {
      code.i32Const(factor)
      code.op("i32.mul")
    }
    code.op("i32.add")
  }
}

/** Instructions for one element. A truth value of a lane is all ones in memory of its own: on the stack it is one of zero and one. */
export const elementCell = (p: Printer, buffer: Buffer, offset: number): Cell => {
  const { code } = p
  const { elementType } = buffer
  if (elementType === "bool" && p.isExpanded(buffer)) {
    return {
      load: () => {
        code.memory("i32.load8_u", offset)
        code.i32Const(1)
        code.op("i32.and")
      },
      store: (value) => {
        code.i32Const(0)
        value()
        code.op("i32.sub")
        code.op("i64.extend_i32_s")
        code.memory("i64.store", offset)
      }
    }
  }
  return {
    load: () => code.memory(loads[elementType], offset),
    store: (value) => {
      value()
      code.memory(stores[elementType], offset)
    }
  }
}

export const loadElement = (p: Printer, access: Access, lane: number): void =>
  elementCell(p, access.buffer, pushPlace(p, access, lane)).load()

export const pushIndex = (p: Printer, access: Access, lane: number): void => {
  if (!p.isVariable(access.buffer)) return loadElement(p, access, lane)
  const pair = p.vectorMode === undefined ? undefined : p.pairs.get(access.buffer)
  p.code.get(pair === undefined ? localOf(p, access.buffer) : pair[lane]!)
}
