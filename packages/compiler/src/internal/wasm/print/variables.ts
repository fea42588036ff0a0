// The variables of the function that hold the local buffers of a program.

import type { Buffer } from "../../loops/model.ts"
import type { Local } from "../Code.ts"
import type { Printer } from "./Printer.ts"

export const localOf = (p: Printer, buffer: Buffer): Local => {
  let local = p.scalars.get(buffer)
  if (local === undefined) {
    local = p.code.local(buffer.elementType !== "real" ? "i32" : p.wide.has(buffer) ? "f64" : p.reals.type)
    p.scalars.set(buffer, local)
  }
  return local
}

/** The local vector of a buffer: in the loop, or that of a number from outside. */
export const vectorOf = (p: Printer, buffer: Buffer): Local => {
  let local = p.vectors.get(buffer)
  if (local === undefined) {
    local = p.code.local("v128")
    p.vectors.set(buffer, local)
  }
  return local
}

/** The variables of the lanes for an index. */
export const indicesOf = (p: Printer, buffer: Buffer): ReadonlyArray<Local> => {
  let indices = p.indices.get(buffer)
  if (indices === undefined) {
    indices = p.reals.lanes.map(() => p.code.local("i32"))
    p.indices.set(buffer, indices)
  }
  return indices
}

/** Leaves the value of a variable on the stack, rounded if it is a sum. */
export const getVariable = (p: Printer, buffer: Buffer): void => {
  p.code.get(localOf(p, buffer))
  if (p.wide.has(buffer)) p.code.op("f32.demote_f64")
}

/** Assigns what `value` leaves on the stack to a variable. */
export const setVariable = (p: Printer, buffer: Buffer, value: () => void): void => {
  const local = localOf(p, buffer)
  value()
  if (p.wide.has(buffer)) p.code.op("f64.promote_f32")
  p.code.set(local)
}
