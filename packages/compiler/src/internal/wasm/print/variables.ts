// The variables of the function that hold the local buffers of a program.

import type { Buffer } from "../../loops/model.ts"
import type { Local } from "../Code.ts"
import type { Printer } from "./Printer.ts"

export const localOf = (p: Printer, buffer: Buffer): Local => {
  let local = p.scalars.get(buffer)
  if (local === undefined) {
    local = p.code.local(buffer.elementType === "real" ? "f64" : "i32")
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

export const indicesOf = (p: Printer, buffer: Buffer): readonly [Local, Local] => {
  let pair = p.pairs.get(buffer)
  if (pair === undefined) {
    pair = [p.code.local("i32"), p.code.local("i32")]
    p.pairs.set(buffer, pair)
  }
  return pair
}
