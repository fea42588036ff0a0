// Sums of singles on vectors: of so many terms in single precision, and of those in double precision.

import type { Buffer, For } from "../../loops/model.ts"
import { addedBy } from "../../sums.ts"
import type { Local } from "../Code.ts"
import type { Printer } from "./Printer.ts"
import { vectorOf } from "./variables.ts"

/** How many terms are added up in single precision, in each lane. */
const MOST_TERMS = 128

/** Two vectors of doubles for the four lanes. */
interface Total {
  readonly low: Local
  readonly high: Local
}

const highHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]
const bothLows = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]

/** What a loop adds up on vectors, and how many iterations to take at once. */
export interface Blocks {
  readonly size: number
  readonly begin: () => void
  /** At the end of each block. */
  readonly fold: () => void
  readonly end: () => void
}

/** Leaves the lanes of a vector as doubles on the stack. */
const pushDoubles = (p: Printer, vector: Local, half: keyof Total): void => {
  const { code } = p
  code.get(vector)
  if (half === "high") {
    code.get(vector)
    code.shuffle(highHalf)
  }
  code.op("f64x2.promote_low_f32x4")
}

const clearVector = (p: Printer, vector: Local): void => {
  p.code.f32Const(-0)
  p.code.op("f32x4.splat")
  p.code.set(vector)
}

/** How to add up what `count` iterations of a loop that runs on vectors, or inside of one that does, add to variables. */
export const blocksOf = (p: Printer, { body }: For, count: number): Blocks | undefined => {
  if (p.reals.type !== "f32" || p.mode._tag !== "Vector") return undefined
  const added = addedBy(body, (buffer) => p.isVariable(buffer))
  const terms = Math.max(0, ...added.values())
  if (terms * count <= MOST_TERMS) return undefined
  const { code } = p
  const totals = new Map<Buffer, Total>()
  for (const buffer of added.keys()) totals.set(buffer, { low: code.local("v128"), high: code.local("v128") })
  const forEachHalf = (visit: (vector: Local, total: Local, half: keyof Total) => void): void => {
    for (const [buffer, total] of totals) {
      for (const half of ["low", "high"] as const) visit(vectorOf(p, buffer), total[half], half)
    }
  }
  const clear = (): void => {
    for (const buffer of totals.keys()) clearVector(p, vectorOf(p, buffer))
  }
  return {
    size: Math.max(1, Math.floor(MOST_TERMS / terms)),
    begin: () => {
      forEachHalf((vector, total, half) => {
        pushDoubles(p, vector, half)
        code.set(total)
      })
      clear()
    },
    fold: () => {
      forEachHalf((vector, total, half) => {
        code.get(total)
        pushDoubles(p, vector, half)
        code.op("f64x2.add")
        code.set(total)
      })
      clear()
    },
    end: () => {
      for (const [buffer, { high, low }] of totals) {
        code.get(low)
        code.op("f32x4.demote_f64x2_zero")
        code.get(high)
        code.op("f32x4.demote_f64x2_zero")
        code.shuffle(bothLows)
        code.set(vectorOf(p, buffer))
        code.release(low)
        code.release(high)
      }
    }
  }
}

/** Leaves the sum of the lanes of a vector on the stack, as a double. */
export const pushSumOfLanes = (p: Printer, vector: Local): void => {
  const { code } = p
  p.reals.lanes.forEach((lane) => {
    code.get(vector)
    code.lane("f32x4.extract_lane", lane)
    code.op("f64.promote_f32")
    if (lane > 0) code.op("f64.add")
  })
}
