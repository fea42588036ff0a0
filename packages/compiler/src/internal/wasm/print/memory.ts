// Where arrays are in memory.

import { type Buffer, storageOf } from "../../loops/model.ts"
import { bytesOf, inPrecision, type Data } from "../../precision.ts"
import { Refused } from "../../refusal.ts"
import type { Printer } from "./Printer.ts"

/** Bytes of a page of memory. */
export const PAGE = 65536

/** The most memory that addresses reach, which are signed. */
export const MOST_MEMORY = 2 ** 31

/** Subscripts and trip counts in bytes of reals are below 2^31. */
export const MOST_ELEMENTS = 2 ** 28

const bytesIn = (data: Data): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

const sizeOf = ({ shape }: Buffer): number => shape.reduce((a, b) => a * b, 1)

export const addressOf = (p: Printer, buffer: Buffer): number => {
  const storage = storageOf(buffer)
  const known = p.addresses.get(storage)
  if (known !== undefined) return known
  const size = sizeOf(storage)
  if (size >= MOST_ELEMENTS) {
    throw new Refused(`it has an array of ${size} elements, and ${MOST_ELEMENTS} are the most`)
  }
  const address =
    storage.role === "constant"
      ? p.module.data(bytesIn(inPrecision(p.options.precision, storage.data!)), 16)
      : storage.role === "temporary"
        ? arenaOf(p) + p.arena.offsets.get(storage)!
        : p.module.reserve(Math.max(1, size) * bytesOf(p.options.precision, storage.elementType), 16)
  p.addresses.set(storage, address)
  return address
}

const arenaOf = (p: Printer): number => {
  if (p.arenaBase < 0) p.arenaBase = p.module.reserve(p.arena.size, 16)
  return p.arenaBase
}

/** Where each lane of a vector loop has an array of its own, or what it combines into one. */
export const expandedAddress = (p: Printer, buffer: Buffer): number => {
  let address = p.expandedAddresses.get(buffer)
  if (address === undefined) {
    address = p.module.reserve(Math.max(1, sizeOf(buffer)) * 16, 16)
    p.expandedAddresses.set(buffer, address)
  }
  return address
}

/** Where the address and the capacity (in bytes) of a tape are. */
export const tapeOf = (p: Printer, buffer: Buffer): { readonly base: number; readonly capacity: number } => {
  let known = p.tapes.get(buffer)
  if (known === undefined) {
    known = { base: p.module.reserve(4, 4), capacity: p.module.reserve(4, 4) }
    p.tapes.set(buffer, known)
  }
  return known
}
