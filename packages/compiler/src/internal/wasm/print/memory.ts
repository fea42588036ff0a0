// Where arrays are in memory.

import type { Tensor } from "@fluxion/core"
import { type Buffer, storageOf } from "../../loops/model.ts"
import { Refused } from "../../refusal.ts"
import type { Printer } from "./Printer.ts"

/** Bytes of a page of memory. */
export const PAGE = 65536

/** The most memory that addresses reach, which are signed. */
export const MOST_MEMORY = 2 ** 31

/** Subscripts and trip counts in units of `STEP` are below 2^31. */
export const MOST_ELEMENTS = 2 ** 28

/** Loop variables count in the bytes of a real, so that the commonest subscript is an address. */
export const STEP = 8

export const bytesOf = { real: 8, index: 4, bool: 1 } as const

/** How far to shift a place in eighths of a byte count. */
export const shiftOf = { real: 0, index: 1, bool: 3 } as const

const bytesIn = (data: Tensor.Any["data"]): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)

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
      ? p.module.data(bytesIn(storage.data!), 16)
      : p.module.reserve(Math.max(1, size) * bytesOf[storage.elementType], 16)
  p.addresses.set(storage, address)
  return address
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
